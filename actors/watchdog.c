/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/watchdog.h"

#include "actors/actor.h"
#include "actors/actor_text.h"
#include "actors/runtime.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/memory.h"
#include "scheduler/thread.h"

#include <errno.h>
#include <execinfo.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
    FRAMES_MAX = 32,
    FRAMES_SKIPPED = 2, /* the signal's handler, and what returns from it */
    LOOKS_COUNT = 4,    /* in the limit */
};

static const uint64_t limit_ns_min = TROUPE_MS(1);

/* Two that are equal are of one handler. */
struct mark {
    troupe_pid pid;
    uint64_t handled_count;
    uint64_t read_ns;       /* when the worker last read the clock, */
    unsigned handlers_left; /* and in how many handlers it will again */
};

/* A question's way. Written by the watchdog, and by the signal's handler in the
 * worker, in turn. */
enum state {
    FREE,
    ASKED,    /* by the watchdog; the handler's from here on */
    ANSWERED, /* by the handler; the watchdog's */
};

struct answer {
    struct mark mark;
    const char *behaviour; /* valid for ever */
    uint32_t schema;       /* in hand; or 0 */
    bool is_body;
    int frames_count;
    void *frames[FRAMES_MAX];
};

struct tp_watch {
    struct tp_watchdog *watchdog;
    struct troupe_self *self; /* the worker's */
    /* The watchdog's. */
    const struct tp_actor *actor; /* that ran when it last looked */
    struct mark mark;
    uint64_t since_ns; /* when that was first seen; 0: there is none */
    bool is_told;
    /* A state. Written by the watchdog and by the worker's signal handler in
     * turn, each with release when it hands over; pairs with the acquire in
     * answer() and in take(). Stale: the handler waits for no next time, since
     * the signal comes after; the watchdog looks again. */
    uint32_t state;
    bool wants_stack;
    struct answer answer;
};

/* What handled the signal before us. Written once, before our handler is set.
 */
static struct sigaction earlier;
static pthread_once_t install_once = PTHREAD_ONCE_INIT;

/* ---- in the worker, when it is asked ------------------------------------- */

static uint32_t
schema_in_hand(const struct troupe_self *self)
{
    const struct troupe_message *message = self->in_hand;

    if (tp_containment.is_in_user_code == 0 || message == NULL ||
        message->kind > TP_MESSAGE_REQUEST) {
        return 0;
    }
    return message->schema;
}

static void
write_answer(
    const struct troupe_self *self, bool wants_stack, struct answer *answer)
{
    const struct tp_actor *actor = self->actor;

    answer->mark = (struct mark){.handled_count = self->handled_count,
        .read_ns = self->worker->now_ns,
        .handlers_left = self->worker->handlers_left};
    answer->frames_count = 0;
    if (actor == NULL || actor->table == NULL) {
        return; /* between two turns: no pid, which is no mark */
    }
    answer->mark.pid = self->pid;
    answer->behaviour = actor->table->name;
    answer->schema = schema_in_hand(self);
    answer->is_body = self->process != NULL;
    if (wants_stack && !answer->is_body) {
        answer->frames_count = backtrace(answer->frames, FRAMES_MAX);
    }
}

static void
answer(struct tp_watch *watch)
{
    if (ck_pr_load_32(&watch->state) != ASKED) {
        return;
    }
    ck_pr_fence_acquire();
    write_answer(watch->self, watch->wants_stack, &watch->answer);
    ck_pr_fence_release();
    ck_pr_store_32(&watch->state, ANSWERED);
    tp_parker_wake(&watch->watchdog->parker);
}

static void
on_urgent(int signal, siginfo_t *info, void *context)
{
    int errno_before = errno;

    if (info->si_code == SI_QUEUE && info->si_pid == getpid() &&
        info->si_value.sival_ptr != NULL) {
        answer(info->si_value.sival_ptr);
    } else if ((earlier.sa_flags & SA_SIGINFO) != 0) {
        earlier.sa_sigaction(signal, info, context);
    } else if (earlier.sa_handler != SIG_DFL && earlier.sa_handler != SIG_IGN) {
        earlier.sa_handler(signal);
    }
    errno = errno_before;
}

static void
install(void)
{
    struct sigaction action = {.sa_sigaction = on_urgent,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    void *frames[FRAMES_MAX];

    (void)backtrace(frames, FRAMES_MAX); /* so that it is loaded */
    sigemptyset(&action.sa_mask);
    sigaction(SIGURG, NULL, &earlier);
    sigaction(SIGURG, &action, NULL);
}

void
tp_watchdog_enter(const struct tp_watchdog *watchdog)
{
    sigset_t asked;

    if (watchdog->limit_ns > 0) {
        sigemptyset(&asked);
        sigaddset(&asked, SIGURG);
        pthread_sigmask(SIG_UNBLOCK, &asked, NULL);
    }
}

/* ---- what the log says --------------------------------------------------- */

/* What it handles. */
static const char *
name_of(const struct answer *answer)
{
    const struct troupe_schema *schema =
        answer->schema == 0 ? NULL
                            : troupe_schema_by_number_view(answer->schema);

    return schema == NULL ? "no message in hand" : schema->name;
}

static void
tell(struct tp_watch *watch, uint64_t now_ns)
{
    const struct answer *answer = &watch->answer;
    struct troupe_runtime *runtime = watch->watchdog->runtime;
    struct troupe_self nobody = {.runtime = runtime};
    char actor[TP_ACTOR_TEXT_BYTES];

    tp_log_write(&runtime->log, TROUPE_LOG_WARNING,
        "actor %s has not returned from its handler for %" PRIu64
        " ms: %s%s; its worker runs nobody else",
        tp_actor_text(&nobody, answer->mark.pid, answer->behaviour, actor),
        (now_ns - watch->since_ns) / 1000000, name_of(answer),
        answer->is_body ? ", in its body" : "");
    tp_log_write_stack(&runtime->log, TROUPE_LOG_WARNING, answer->frames,
        answer->frames_count, FRAMES_SKIPPED);
}

/* ---- the watchdog -------------------------------------------------------- */

static bool
is_ending(const struct tp_watchdog *watchdog)
{
    return ck_pr_load_32(&watchdog->is_ending) != 0;
}

static uint64_t
now(const struct tp_watchdog *watchdog)
{
    return tp_clock_now_ns(&watchdog->runtime->scheduler->clock);
}

/* False: the worker has not answered by deadline_ns. It will, perhaps, and
 * until then it is not asked again. */
static bool
take(struct tp_watch *watch, uint64_t deadline_ns)
{
    struct tp_watchdog *watchdog = watch->watchdog;

    while (ck_pr_load_32(&watch->state) != ANSWERED) {
        if (is_ending(watchdog) || now(watchdog) >= deadline_ns) {
            return false;
        }
        (void)tp_parker_park(&watchdog->parker, deadline_ns);
    }
    ck_pr_fence_acquire();
    ck_pr_store_32(&watch->state, FREE);
    return true;
}

static bool
ask(struct tp_watch *watch, bool wants_stack)
{
    union sigval value = {.sival_ptr = watch};

    if (ck_pr_load_32(&watch->state) == FREE) {
        watch->wants_stack = wants_stack;
        ck_pr_fence_release();
        ck_pr_store_32(&watch->state, ASKED);
        if (pthread_sigqueue(watch->self->worker->thread, SIGURG, value) != 0) {
            ck_pr_store_32(&watch->state, FREE);
            return false;
        }
    }
    return take(
        watch, now(watch->watchdog) + watch->watchdog->limit_ns / LOOKS_COUNT);
}

static bool
is_same(const struct mark *a, const struct mark *b)
{
    return a->pid != TROUPE_NO_PID && a->pid == b->pid &&
           a->handled_count == b->handled_count && a->read_ns == b->read_ns &&
           a->handlers_left == b->handlers_left;
}

static void
begin(struct tp_watch *watch, uint64_t now_ns)
{
    watch->mark = watch->answer.mark;
    watch->since_ns = now_ns;
    watch->is_told = false;
}

static void
look_closer(struct tp_watch *watch)
{
    uint64_t now_ns = now(watch->watchdog);
    bool is_late = watch->since_ns != 0 && !watch->is_told &&
                   now_ns - watch->since_ns >= watch->watchdog->limit_ns;

    if (!ask(watch, is_late)) {
        return;
    }
    if (watch->since_ns == 0 || !is_same(&watch->mark, &watch->answer.mark)) {
        begin(watch, now_ns);
    } else if (is_late && watch->wants_stack) { /* no late answer to a look */
        watch->is_told = true;
        tell(watch, now_ns);
    }
}

static void
look(struct tp_watch *watch)
{
    const struct tp_actor *actor = ck_pr_load_ptr(&watch->self->actor);

    if (actor == NULL || actor != watch->actor) {
        watch->actor = actor;
        watch->since_ns = 0;
    } else {
        look_closer(watch);
    }
}

static void *
run(void *arg)
{
    struct tp_watchdog *watchdog = arg;
    unsigned count = watchdog->runtime->scheduler->workers_count;

    tp_thread_name("watch", 0);
    while (!is_ending(watchdog) && ck_pr_load_32(&watchdog->is_looking) == 0) {
        (void)tp_parker_park(&watchdog->parker, UINT64_MAX);
    }
    ck_pr_fence_acquire();
    while (!is_ending(watchdog)) {
        (void)tp_parker_park(&watchdog->parker,
            now(watchdog) + watchdog->limit_ns / LOOKS_COUNT);
        for (unsigned i = 0; i < count && !is_ending(watchdog); i++) {
            look(&watchdog->watches[i]);
        }
    }
    return NULL;
}

/* ---- its life ------------------------------------------------------------ */

troupe_err
tp_watchdog_init(
    struct troupe_runtime *runtime, const struct troupe_options *options)
{
    struct tp_watchdog *watchdog = &runtime->watchdog;
    unsigned count = runtime->scheduler->workers_count;

    if (options->watchdog_ns == 0 || options->simulate) {
        return TROUPE_OK;
    }
    watchdog->watches =
        tp_memory_alloc_zeroed(count, sizeof(watchdog->watches[0]));
    if (watchdog->watches == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory to watch %u workers by", count);
    }
    watchdog->runtime = runtime;
    watchdog->limit_ns = options->watchdog_ns < limit_ns_min
                             ? limit_ns_min
                             : options->watchdog_ns;
    tp_parker_init(&watchdog->parker, &tp_parking_futex);
    for (unsigned i = 0; i < count; i++) {
        watchdog->watches[i].watchdog = watchdog;
        watchdog->watches[i].self = &runtime->workers[i];
    }
    pthread_once(&install_once, install);
    return TROUPE_OK;
}

void
tp_watchdog_fini(struct tp_watchdog *watchdog)
{
    tp_memory_free(watchdog->watches);
    watchdog->watches = NULL;
}

troupe_err
tp_watchdog_start(struct troupe_runtime *runtime)
{
    struct tp_watchdog *watchdog = &runtime->watchdog;
    int refused;

    if (watchdog->limit_ns == 0) {
        return TROUPE_OK;
    }
    refused = tp_thread_start(&watchdog->thread, run, watchdog);
    watchdog->has_thread = refused == 0;
    return refused == 0
               ? TROUPE_OK
               : tp_err_set(TROUPE_E_SYSTEM, "no thread for the watchdog: %s",
                     strerror(refused));
}

void
tp_watchdog_look(struct tp_watchdog *watchdog)
{
    if (watchdog->has_thread) {
        ck_pr_fence_release();
        ck_pr_store_32(&watchdog->is_looking, 1);
        tp_parker_wake(&watchdog->parker);
    }
}

void
tp_watchdog_stop(struct tp_watchdog *watchdog)
{
    if (watchdog->has_thread) {
        ck_pr_store_32(&watchdog->is_ending, 1);
        tp_parker_wake(&watchdog->parker);
        pthread_join(watchdog->thread, NULL);
        watchdog->has_thread = false;
        watchdog->is_ending = 0;
        watchdog->is_looking = 0;
    }
}

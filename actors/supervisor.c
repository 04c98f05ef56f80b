/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/supervisor.h"

#include "actors/child.h"
#include "actors/life.h"
#include "actors/post.h"
#include "actors/roots.h"
#include "actors/supervised.h"
#include "base/err.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static const uint64_t stop_ns_default = TROUPE_SECONDS(5);
/* After a start for which there was no memory, whatever the description says.
 */
static const uint64_t no_memory_backoff_ns = TROUPE_MS(10);

static void advance(struct troupe_self *self, struct tp_supervisor *supervisor);

/* ---- defaults ------------------------------------------------------------ */

static uint64_t
stop_ns(const struct tp_supervised *child)
{
    if (child->description.stop_ns != 0) {
        return child->description.stop_ns;
    }
    return child->description.supervisor != NULL ? TROUPE_FOREVER
                                                 : stop_ns_default;
}

/* ---- marking ------------------------------------------------------------- */

static void
want_down(struct troupe_self *self, struct tp_supervised *child)
{
    child->wants_up = false;
    (void)troupe_timer_cancel(self, &child->delay);
}

static void
want_gone(struct troupe_self *self, struct tp_supervised *child)
{
    want_down(self, child);
    child->is_leaving = true;
}

/* The supervisor ends when its children are gone. Takes why. */
static void
begin_ending(struct troupe_self *self, struct tp_supervisor *supervisor,
    struct tp_exit why)
{
    if (supervisor->is_ending) {
        tp_exit_release(self, &why);
        return;
    }
    supervisor->is_ending = true;
    supervisor->why = why;
    for (struct tp_supervised *child = supervisor->children.first;
         child != NULL; child = child->next) {
        want_gone(self, child);
    }
}

static void __attribute__((format(printf, 3, 4)))
give_up(struct troupe_self *self, struct tp_supervisor *supervisor,
    const char *format, ...)
{
    struct tp_exit why = {.kind = TROUPE_EXIT_FAILED};
    char pid[TP_PID_TEXT_BYTES];
    struct troupe_exit seen;
    va_list arguments;

    va_start(arguments, format);
    tp_exit_print_text(self, &why, format, arguments);
    va_end(arguments);
    seen = tp_exit_view(&why);
    tp_log_write(&self->runtime->log, TROUPE_LOG_ERROR,
        "supervisor %s gives up: %s", tp_pid_text(pid, self->pid), seen.text);
    begin_ending(self, supervisor, why);
}

/* ---- restarting ---------------------------------------------------------- */

static void
on_backoff_over(struct troupe_self *self, void *state, uint64_t context)
{
    TP_RUNTIME_CALL();
    struct tp_supervised *child = (struct tp_supervised *)(uintptr_t)context;

    child->delay = TROUPE_NO_TIMER;
    advance(self, state);
}

static void
delay(struct troupe_self *self, struct tp_supervised *child, uint64_t span_ns)
{
    /* Without memory for a timer there is no backoff. */
    if (span_ns > 0 && tp_timers_after_awaited(self, span_ns, on_backoff_over,
                           (uintptr_t)child, &child->delay) != TROUPE_OK) {
        child->delay = TROUPE_NO_TIMER;
    }
}

static bool
is_to_restart(const struct tp_supervised *child)
{
    struct troupe_exit why = tp_exit_view(&child->why);

    switch (child->description.restart) {
    case TROUPE_PERMANENT:
        return true;
    case TROUPE_TRANSIENT:
        return !troupe_exit_is_orderly(&why);
    default:
        return false;
    }
}

/* Who has to be started again with child. */
static void
want_others_down(struct troupe_self *self, struct tp_supervisor *supervisor,
    struct tp_supervised *child)
{
    struct tp_supervised *other =
        supervisor->description->strategy == TROUPE_ONE_FOR_ALL
            ? supervisor->children.first
            : child;

    if (supervisor->description->strategy == TROUPE_ONE_FOR_ONE) {
        return;
    }
    for (; other != NULL; other = other->next) {
        if (other != child && other->description.restart == TROUPE_TEMPORARY) {
            want_gone(self, other);
        } else {
            want_down(self, other);
        }
    }
}

static void
print_end(char *text, size_t size, const struct tp_supervised *child)
{
    struct troupe_exit why = tp_exit_view(&child->why);

    if (troupe_exit_print(text, size, &why) >= size) {
        memcpy(text + size - 4, "...", 4);
    }
}

/* A child has ended, or could not be started, and nobody had wanted that. */
static void
restart(struct troupe_self *self, struct tp_supervisor *supervisor,
    struct tp_supervised *child, uint64_t least_ns)
{
    char end[96];
    uint64_t span_ns;

    print_end(end, sizeof(end), child);
    if (!tp_restarts_count(&supervisor->restarts, troupe_now_ns(self))) {
        give_up(self, supervisor,
            "child %s ended more than %u times within %" PRIu64
            " ms; the last time it %s",
            child->description.name, tp_restarts_max(&supervisor->restarts),
            tp_restarts_within_ns(&supervisor->restarts) / 1000000, end);
        return;
    }
    tp_log_write(&self->runtime->log, TROUPE_LOG_INFO,
        "child %s %s and is started again (%u of %u)", child->description.name,
        end, supervisor->restarts.count,
        tp_restarts_max(&supervisor->restarts));
    want_others_down(self, supervisor, child);
    span_ns = tp_restarts_backoff_ns(&supervisor->restarts, self);
    delay(self, child, span_ns < least_ns ? least_ns : span_ns);
}

/* ---- doing the next thing ------------------------------------------------ */

/* The line comes after the kill, so that who reads it may rely on that. */
static void
kill_late(struct troupe_self *self, struct tp_supervised *child)
{
    tp_supervised_kill(self, child);
    if (self->chain.newest != NULL) {
        tp_post_flush(self);
    }
    tp_log_write(&self->runtime->log, TROUPE_LOG_WARNING,
        "child %s has not stopped within %" PRIu64 " ms and is killed",
        child->description.name, stop_ns(child) / 1000000);
}

static void
on_deadline(struct troupe_self *self, void *state, uint64_t context)
{
    TP_RUNTIME_CALL();
    struct tp_supervisor *supervisor = state;

    (void)context;
    supervisor->deadline = TROUPE_NO_TIMER;
    kill_late(self, supervisor->busy);
}

static void
stop_child(struct troupe_self *self, struct tp_supervisor *supervisor,
    struct tp_supervised *child)
{
    uint64_t span_ns = stop_ns(child);

    supervisor->busy = child;
    tp_supervised_stop(self, child);
    if (span_ns != TROUPE_FOREVER &&
        tp_timers_after_awaited(self, span_ns, on_deadline, 0,
            &supervisor->deadline) != TROUPE_OK) {
        tp_supervised_kill(self, child);
    }
}

static void
start_child(struct troupe_self *self, struct tp_supervisor *supervisor,
    struct tp_supervised *child)
{
    troupe_err err = tp_supervised_run(self, child, supervisor->life);

    if (err == TROUPE_OK) {
        supervisor->busy = child;
    } else {
        tp_exit_release(self, &child->why);
        child->why.kind = TROUPE_EXIT_FAILED;
        child->why.code = (int32_t)err;
        restart(self, supervisor, child, no_memory_backoff_ns);
    }
}

static void
let_go(struct troupe_self *self, struct tp_supervisor *supervisor)
{
    static const struct tp_exit shut_down = {.kind = TROUPE_EXIT_SHUTDOWN};
    struct tp_supervised *child = supervisor->children.first;

    while (child != NULL) {
        struct tp_supervised *next = child->next;

        if (child->is_leaving && tp_children_is_home(child)) {
            struct tp_exit why =
                child->lives_count > 0 ? child->why : shut_down;

            tp_children_remove(&supervisor->children, child);
            tp_supervised_abandon(self, &child, &why);
        }
        child = next;
    }
}

static void
advance(struct troupe_self *self, struct tp_supervisor *supervisor)
{
    while (supervisor->busy == NULL) {
        struct tp_supervised *child =
            tp_children_last_to_stop(&supervisor->children);

        if (child != NULL) {
            stop_child(self, supervisor, child);
            return;
        }
        let_go(self, supervisor);
        if (supervisor->is_ending) {
            if (supervisor->children.first == NULL) {
                tp_life_finish(
                    self, self->actor, tp_exit_share(&supervisor->why));
            }
            return;
        }
        tp_children_want_up(&supervisor->children);
        child = tp_children_first_to_start(&supervisor->children,
            supervisor->description->strategy == TROUPE_ONE_FOR_ONE);
        if (child == NULL) {
            return;
        }
        start_child(self, supervisor, child);
    }
}

/* ---- being told ---------------------------------------------------------- */

/* Whether it comes from a child of this life of the supervisor. */
static bool
is_mine(const struct tp_supervisor *supervisor,
    const struct troupe_message *message)
{
    return message->schema == supervisor->life;
}

static void
handle_ended(struct troupe_self *self, struct tp_supervisor *supervisor,
    struct troupe_message *token)
{
    struct tp_supervised *child = tp_supervised_of(token);
    bool was_stopped = child->phase == TP_SUPERVISED_STOPPING;

    tp_exit_release(self, &child->why);
    child->why = *tp_child_exit_of(token);
    child->token = token;
    child->phase = TP_SUPERVISED_DOWN;
    if (supervisor->busy == child) {
        supervisor->busy = NULL;
        (void)troupe_timer_cancel(self, &supervisor->deadline);
    }
    if (was_stopped) {
        return;
    }
    if (!is_to_restart(child)) {
        want_gone(self, child);
    } else if (child->wants_up) { /* else it was to be stopped anyway */
        restart(self, supervisor, child, 0);
    }
}

/* One whose start handler has failed will be ENDED; that is waited for. */
static void
handle_started(struct tp_supervisor *supervisor, struct troupe_message *echo)
{
    struct tp_supervised *child = tp_supervised_of(echo);

    child->echo = echo;
    if (child->phase == TP_SUPERVISED_STARTING && echo->err == 0) {
        child->phase = TP_SUPERVISED_UP;
        supervisor->busy = NULL;
    }
}

static void
handle_adopt(struct troupe_self *self, struct tp_supervisor *supervisor,
    struct troupe_message *adopt)
{
    struct tp_supervised *child = tp_supervised_of(adopt);

    tp_post_free(self, adopt);
    tp_children_append(&supervisor->children, child);
    if (supervisor->is_ending) {
        want_gone(self, child);
    }
}

static void
report_no_supervisor(struct troupe_self *self, const struct tp_actor *actor,
    const struct troupe_message *message)
{
    char pid[TP_PID_TEXT_BYTES];

    if (message->kind == TP_MESSAGE_ADOPT) {
        tp_log_write(&self->runtime->log, TROUPE_LOG_WARNING,
            "actor %s (%s) was given child %s, and is no supervisor",
            tp_pid_text(pid, self->pid), actor->table->name,
            tp_supervised_of(message)->description.name);
    }
}

void
tp_supervisor_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, void *state)
{
    struct tp_supervisor *supervisor = state;
    bool is_adopt = message->kind == TP_MESSAGE_ADOPT;

    if ((actor->flags & TP_ACTOR_SUPERVISES) == 0) {
        report_no_supervisor(self, actor, message);
        tp_supervisor_drop(self, message);
        return;
    }
    if (!is_adopt && !is_mine(supervisor, message)) {
        tp_supervisor_drop(self, message);
        return;
    }
    if (is_adopt) {
        handle_adopt(self, supervisor, message);
    } else if (message->kind == TP_MESSAGE_ENDED) {
        handle_ended(self, supervisor, message);
    } else {
        handle_started(supervisor, message);
    }
    advance(self, supervisor);
}

void
tp_supervisor_drop(struct troupe_self *self, struct troupe_message *message)
{
    static const struct tp_exit nobody = {.kind = TROUPE_EXIT_NO_SUCH_ACTOR};

    if (message->kind == TP_MESSAGE_ADOPT) {
        struct tp_supervised *child = tp_supervised_of(message);

        tp_supervised_abandon(self, &child, &nobody);
    } else if (message->kind == TP_MESSAGE_ENDED) {
        tp_exit_release(self, tp_child_exit_of(message));
    }
    tp_post_free(self, message);
}

void
tp_supervisor_sweep(struct troupe_self *self, struct troupe_message *message)
{
    tp_supervisor_drop(self, message);
}

void
tp_supervisor_stop(
    struct troupe_self *self, void *state, enum troupe_exit_kind kind)
{
    struct tp_supervisor *supervisor = state;

    begin_ending(self, supervisor, (struct tp_exit){.kind = (uint8_t)kind});
    advance(self, supervisor);
}

void
tp_supervisor_lose(struct troupe_self *self, void *state, troupe_pid watcher)
{
    struct tp_supervisor *supervisor = state;

    if (watcher == supervisor->owner) {
        tp_supervisor_stop(self, state, TROUPE_EXIT_SHUTDOWN);
    }
}

void
tp_supervisor_fini(struct troupe_self *self, void *state)
{
    static const struct tp_exit shut_down = {.kind = TROUPE_EXIT_SHUTDOWN};
    struct tp_supervisor *supervisor = state;

    while (supervisor->children.first != NULL) {
        struct tp_supervised *child = supervisor->children.first;

        tp_children_remove(&supervisor->children, child);
        tp_supervised_abandon(self, &child, &shut_down);
    }
    tp_exit_release(self, &supervisor->why);
    if (supervisor->is_root) {
        tp_roots_remove(self, self->pid);
    } else {
        tp_restarts_fini(&supervisor->restarts);
    }
}

/* ---- the behaviour ------------------------------------------------------- */

static void
make_children(struct troupe_self *self, struct tp_supervisor *supervisor)
{
    for (unsigned i = 0; i < supervisor->description->children_count; i++) {
        struct tp_supervised *child;

        if (tp_supervised_make(self,
                tp_supervised_described(supervisor->description, i),
                &child) != TROUPE_OK) {
            give_up(self, supervisor, "%s", troupe_err_detail());
            return;
        }
        tp_post_free(self, child->adopt); /* it is here */
        child->adopt = NULL;
        tp_children_append(&supervisor->children, child);
    }
}

static void
on_start(struct troupe_self *self, void *state)
{
    TP_RUNTIME_CALL();
    struct tp_supervisor *supervisor = state;

    supervisor->life = ck_pr_faa_32(&self->runtime->supervisors_count, 1) + 1;
    if (supervisor->is_root) {
        return; /* all that it needs is brought to it */
    }
    if (tp_restarts_init(&supervisor->restarts, supervisor->description)) {
        make_children(self, supervisor);
    } else {
        give_up(self, supervisor, "no memory to count restarts");
    }
    advance(self, supervisor);
}

/* What is linked with it may end: a supervisor has its children to look after.
 */
static void
on_exit_of_other(struct troupe_self *self, void *state, troupe_pid actor,
    const struct troupe_exit *why)
{
    (void)self, (void)state, (void)actor, (void)why;
}

static bool
has_ended(const struct tp_supervised *child)
{
    return child->lives_count > (child->phase == TP_SUPERVISED_DOWN ? 0 : 1);
}

static void
on_get_child(struct troupe_self *self, void *state,
    const struct troupe_get_child *get_child)
{
    TP_RUNTIME_CALL();
    struct tp_supervisor *supervisor = state;
    const struct tp_supervised *child =
        tp_children_at(&supervisor->children, get_child->index);
    struct troupe_child_info info = {
        .children_count = tp_children_count(&supervisor->children)};
    char end[96] = "";

    if (child != NULL) {
        if (has_ended(child)) {
            print_end(end, sizeof(end), child);
        }
        info.name = troupe_str_of(child->description.name);
        info.actor = child->pid;
        info.is_alive = child->phase != TP_SUPERVISED_DOWN;
        info.is_supervisor = child->description.supervisor != NULL;
        info.restarts_count =
            child->lives_count > 0 ? child->lives_count - 1 : 0;
    }
    info.last_end = troupe_str_of(end);
    (void)troupe_child_info_reply(self, info);
}

static void
on_end_child(struct troupe_self *self, void *state,
    const struct troupe_end_child *end_child)
{
    TP_RUNTIME_CALL();
    struct tp_supervisor *supervisor = state;
    struct tp_supervised *child =
        tp_children_find(&supervisor->children, end_child->actor);

    if (child != NULL) {
        if (child->phase == TP_SUPERVISED_DOWN) {
            tp_exit_release(self, &child->why);
            child->why.kind = TROUPE_EXIT_SHUTDOWN;
        }
        want_gone(self, child);
        advance(self, supervisor);
    }
}

TROUPE_BEHAVIOUR(troupe_supervisor, sizeof(struct tp_supervisor),
    TROUPE_ON_START(on_start), TROUPE_ON_EXIT(on_exit_of_other),
    TROUPE_ON(troupe_get_child, on_get_child),
    TROUPE_ON(troupe_end_child, on_end_child));

struct troupe_behaviour *
tp_supervisor_behaviour(void)
{
    return &troupe_supervisor_behaviour;
}

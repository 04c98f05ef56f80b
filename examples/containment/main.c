/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thousand actors, and one in a hundred of the messages is their end. Their
 * supervisor starts each again, and not one other message is lost.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <troupe/troupe.h>

enum { CLERKS_COUNT = 1000, LETTERS_COUNT = 20000, POISON_EVERY = 100 };

#define LETTER(FIELD) FIELD(uint64, number)
TROUPE_MESSAGE(letter, LETTER)
TROUPE_MESSAGE(done, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(work, TROUPE_NO_FIELDS)

struct stamp {
    int ink;
};

static struct stamp good_stamp = {1};

static volatile struct stamp *
find_stamp(uint64_t number)
{
    return number % POISON_EVERY == 0 ? NULL : &good_stamp;
}

/* The sanitizers would stop at the NULL before the processor does. */
__attribute__((no_sanitize("undefined"), no_sanitize("thread"))) static void
on_letter(struct troupe_self *self, void *state, const struct letter *letter)
{
    uint64_t *stamped = state;

    /* It does not look whether there is one. */
    *stamped += (uint64_t)find_stamp(letter->number)->ink;
    (void)troupe_reply(self, done);
}
TROUPE_BEHAVIOUR(clerk, sizeof(uint64_t), TROUPE_ON(letter, on_letter));

struct desk {
    troupe_pid clerks[CLERKS_COUNT];
    uint64_t sent;
    uint64_t done;
    uint64_t crashed;
};

static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct desk *desk = state;

    (void)context;
    if (troupe_answer_err(answer) == TROUPE_E_ACTOR_FAILED) {
        desk->crashed++;
    } else {
        TROUPE_CHECK(troupe_answer_err(answer));
        desk->done++;
    }
    if (desk->done + desk->crashed == LETTERS_COUNT) {
        printf("letters: %d\n", LETTERS_COUNT);
        printf("done: %" PRIu64 "\n", desk->done);
        printf("crashed: %" PRIu64 "\n", desk->crashed);
        troupe_runtime_quit(self);
    } else if (desk->sent == desk->done + desk->crashed) {
        TROUPE_CHECK(troupe_tell(self, troupe_self_pid(self), work));
    }
}

/* A letter for each clerk. */
static void
on_work(struct troupe_self *self, void *state, const struct work *work)
{
    struct desk *desk = state;

    (void)work;
    for (uint64_t i = 0; i < CLERKS_COUNT; i++) {
        TROUPE_CHECK(troupe_ask_then(self, desk->clerks[i], TROUPE_SECONDS(60),
            on_answer, 0, letter, .number = ++desk->sent * 7));
    }
}
TROUPE_BEHAVIOUR(desk, sizeof(struct desk), TROUPE_ON(work, on_work));

/* ---- the program --------------------------------------------------------- */

/* One supervisor, a thousand clerks. */
static void
hire(struct troupe_self *self, troupe_pid *clerks)
{
    static struct troupe_child children[CLERKS_COUNT];
    static struct troupe_supervisor office =
        TROUPE_SUPERVISOR(.restarts_max = LETTERS_COUNT / POISON_EVERY,
            .restarts_within_ns = TROUPE_FOREVER, TROUPE_CHILDREN(children));
    troupe_pid pid;

    for (int i = 0; i < CLERKS_COUNT; i++) {
        children[i] = (struct troupe_child)TROUPE_CHILD(.name = "clerk",
            .behaviour = &clerk_behaviour);
    }
    TROUPE_CHECK(troupe_supervise(self, &office, &pid, clerks));
}

struct log {
    uint64_t crashes; /* by all workers, both */
    uint64_t restarts;
};

static void
count_lines(void *context, enum troupe_log_level level, const char *line)
{
    struct log *log = context;

    if (level == TROUPE_LOG_ERROR) {
        __atomic_fetch_add(&log->crashes, 1, __ATOMIC_RELAXED);
    } else if (strstr(line, "is started again") != NULL) {
        __atomic_fetch_add(&log->restarts, 1, __ATOMIC_RELAXED);
    }
}

static uint64_t
count_dead_letters(const struct troupe_stop_report *report)
{
    uint64_t count = 0;

    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        count += report->dead_letters_count[i];
    }
    return count;
}

int
main(void)
{
    static struct desk desk;
    static struct log log;
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.log = count_lines, .log_context = &log), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    hire(self, desk.clerks);
    TROUPE_CHECK(troupe_spawn_with(
        self, desk, &TROUPE_SPAWN_OPTIONS(.state = &desk), &pid));
    TROUPE_CHECK(troupe_tell(self, pid, work));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report));
    printf("crashes in the log: %" PRIu64 "\n", log.crashes);
    printf("started again: %" PRIu64 "\n", log.restarts);
    printf("dead letters: %" PRIu64 "\n", count_dead_letters(&report));
    troupe_runtime_destroy(&runtime);
}

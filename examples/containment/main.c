/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thousand actors, and one in a hundred of the messages is their end. Each is
 * started again by the desk that notices, and every message is accounted for.
 */
#include <inttypes.h>
#include <stdio.h>
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

    *stamped +=
        (uint64_t)find_stamp(letter->number)->ink; /* NULL now and then */
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
on_start(struct troupe_self *self, void *state)
{
    struct desk *desk = state;

    for (int i = 0; i < CLERKS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn(self, clerk, &desk->clerks[i]));
    }
    TROUPE_CHECK(troupe_tell(self, troupe_self_pid(self), work));
}

static void
on_answer(struct troupe_self *self, void *state, uint64_t clerk_number,
    const struct troupe_answer *answer)
{
    struct desk *desk = state;

    if (troupe_answer_err(answer) == TROUPE_E_ACTOR_FAILED) {
        desk->crashed++;
        TROUPE_CHECK(troupe_spawn(self, clerk, &desk->clerks[clerk_number]));
    } else {
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
            on_answer, i, letter, .number = ++desk->sent * 7));
    }
}
TROUPE_BEHAVIOUR(desk, sizeof(struct desk), TROUPE_ON_START(on_start),
    TROUPE_ON(work, on_work));

/* The log has a line for each crash. */
static void
count_crashes(void *context, enum troupe_log_level level, const char *line)
{
    uint64_t *crashes = context;

    (void)line;
    if (level == TROUPE_LOG_ERROR) {
        __atomic_fetch_add(crashes, 1, __ATOMIC_RELAXED);
    }
}

int
main(void)
{
    static uint64_t crashes; /* logged by all workers */
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    troupe_pid pid;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.log = count_crashes, .log_context = &crashes),
        &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn(troupe_thread_self(runtime), desk, &pid));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report));
    printf("in the log: %" PRIu64 "\n", crashes);
    printf("dead letters: %" PRIu64 "\n",
        report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED]);
    printf("clerks alive: %" PRIu64 "\n", report.actors_alive_count - 1);
    troupe_runtime_destroy(&runtime);
}

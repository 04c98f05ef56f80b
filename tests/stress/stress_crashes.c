/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many actors crash on many workers while others talk to them: every message is
 * handled, or a dead letter, and no worker is lost.
 */
#include <stdio.h>

#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

enum { ACTORS_COUNT = 200, MESSAGES_COUNT = FEWER(40000), CRASH_EVERY = 50 };

#define TURN(FIELD) FIELD(uint64, number)
TROUPE_MESSAGE(item, TURN)
TROUPE_MESSAGE(burst, TURN)

struct worker_state {
    uint64_t handled_count;
};

static void
on_item(struct troupe_self *self, void *state, const struct item *item)
{
    struct worker_state *worker = state;

    (void)self;
    if (item->number % CRASH_EVERY == 0) {
        fault_do(item->number % 3 == 0 ? FAULT_OVERFLOW : FAULT_NULL);
    }
    worker->handled_count++;
}
TROUPE_BEHAVIOUR(
    fragile, sizeof(struct worker_state), TROUPE_ON(item, on_item));

struct feeder {
    troupe_pid fragile[ACTORS_COUNT];
};

static void
on_feeder_start(struct troupe_self *self, void *state)
{
    struct feeder *feeder = state;

    for (int i = 0; i < ACTORS_COUNT; i++) {
        CHECK(troupe_spawn(self, fragile, &feeder->fragile[i]) == TROUPE_OK);
    }
}

/* A few messages a turn; the next actor is a new one now and then, so that some
 * are alive to the end. */
static void
on_burst(struct troupe_self *self, void *state, const struct burst *burst)
{
    struct feeder *feeder = state;
    uint64_t number = burst->number;

    for (int i = 0; i < 20; i++, number++) {
        troupe_pid *to = &feeder->fragile[number * 7 % ACTORS_COUNT];

        if (number % CRASH_EVERY == 0) {
            CHECK(troupe_spawn(self, fragile, to) == TROUPE_OK);
        }
        CHECK(troupe_tell(self, *to, item, .number = number) == TROUPE_OK);
    }
    if (number < MESSAGES_COUNT) {
        CHECK(troupe_tell(self, troupe_self_pid(self), burst,
                  .number = number) == TROUPE_OK);
    }
}
TROUPE_BEHAVIOUR(feeder, sizeof(struct feeder),
    TROUPE_ON_START(on_feeder_start), TROUPE_ON(burst, on_burst));

static void
ignore(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

int
main(void)
{
    enum { FEEDERS_COUNT = 4 };
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    uint64_t crashed_count;
    uint64_t dead_count;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.workers_count = 4, .log = ignore), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    for (int i = 0; i < FEEDERS_COUNT; i++) {
        struct troupe_self *self = troupe_thread_self(runtime);
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn(self, feeder, &pid));
        TROUPE_CHECK(troupe_tell(self, pid, burst, .number = 0));
    }
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(100), &report));
    CHECK(report.is_drained);
    crashed_count = report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED];
    dead_count = report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR];
    /* Each crash met a new actor, which then had not crashed before. */
    CHECK(crashed_count == FEEDERS_COUNT * MESSAGES_COUNT / CRASH_EVERY);
    CHECK(report.messages_handled_count + crashed_count + dead_count ==
          FEEDERS_COUNT * (MESSAGES_COUNT + MESSAGES_COUNT / 20));
    troupe_runtime_destroy(&runtime);
    puts("every message was handled, or is a dead letter");
    return 0;
}

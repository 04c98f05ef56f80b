/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: no message is lost, doubled or reordered between actors; none waits for
 * ever, whoever pauses whom; slots that live and die by the thousand mix
 * nothing up; a flood holds bounded memory.
 *
 * Method: three small systems on all workers, each of which knows by itself
 * when it is complete and then quits. A lost wake-up or a ring of paused actors
 * shows as a hang, which ctest's timeout turns into a failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/check.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

enum {
    FLOOD_STEP = 1000,
    RING_LENGTH = 3,
    RING_BURST = 700, /* over the high mark of 512 */
    FLOOD_BYTES_MAX = 64 << 20,
};

/* At full size unless a sanitizer makes that long: TROUPE_TEST_FULL insists. */
static uint64_t flood_count = 5000000;
static uint64_t ring_rounds = 1000;
static uint64_t lives_count = 200000;

static void
choose_sizes(void)
{
    if (IS_SANITIZED && getenv("TROUPE_TEST_FULL") == NULL) {
        flood_count /= 20;
        ring_rounds /= 20;
        lives_count /= 20;
    }
}

#define NUMBER(FIELD) FIELD(uint64, value)
#define PEER(FIELD) FIELD(pid, pid)
#define PAIR(FIELD) FIELD(uint64, sender) FIELD(uint64, number)
TROUPE_MESSAGE(meet, PEER)
TROUPE_MESSAGE(step, NUMBER)
TROUPE_MESSAGE(item, PAIR)
TROUPE_MESSAGE(born, PEER)
TROUPE_MESSAGE(done, NUMBER)

static void
run(struct troupe_runtime *runtime)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;

    troupe_runtime_wait(runtime);
    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report), TROUPE_OK);
    assert_true(report.is_drained);
    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        assert_int_equal(report.dead_letters_count[i], 0);
    }
    troupe_runtime_destroy(&runtime);
}

static struct troupe_runtime *
start(void)
{
    struct troupe_runtime *runtime = NULL;

    assert_int_equal(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 4), &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    return runtime;
}

/* ---- a flood: a fast sender, a slow receiver ----------------------------- */

struct flooder {
    troupe_pid to;
    uint64_t sent;
};

static void
on_flooder_meet(struct troupe_self *self, void *state, const struct meet *meet)
{
    struct flooder *flooder = state;

    flooder->to = meet->pid;
    (void)troupe_tell(self, troupe_self_pid(self), step, .value = 0);
}

static void
on_flooder_step(struct troupe_self *self, void *state, const struct step *step)
{
    struct flooder *flooder = state;

    (void)step;
    for (int i = 0; i < FLOOD_STEP; i++) {
        CHECK(troupe_tell(self, flooder->to, item, .sender = 1,
                  .number = flooder->sent++) == TROUPE_OK);
    }
    if (flooder->sent < flood_count) {
        (void)troupe_tell(self, troupe_self_pid(self), step, .value = 0);
    }
}

TROUPE_BEHAVIOUR(flooder, sizeof(struct flooder),
    TROUPE_ON(meet, on_flooder_meet), TROUPE_ON(step, on_flooder_step));

struct drain {
    uint64_t next;
    uint64_t work;
};

static void
on_item(struct troupe_self *self, void *state, const struct item *item)
{
    struct drain *drain = state;

    CHECK(item->number == drain->next);
    drain->next++;
    for (int i = 0; i < 100; i++) { /* slower than its sender */
        drain->work = drain->work * 6364136223846793005u + item->number;
        __asm__ volatile("" : "+r"(drain->work));
    }
    if (drain->next == flood_count) {
        troupe_runtime_quit(self);
    }
}

TROUPE_BEHAVIOUR(drain, sizeof(struct drain), TROUPE_ON(item, on_item));

static long
resident_bytes(void)
{
    long total = 0;
    long resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    CHECK(statm != NULL);
    CHECK(fscanf(statm, "%ld %ld", &total, &resident) == 2);
    fclose(statm);
    return resident * sysconf(_SC_PAGESIZE);
}

static void
a_flood_loses_nothing_and_holds_bounded_memory(void **state)
{
    long before = resident_bytes();
    struct troupe_runtime *runtime = start();
    struct troupe_self *self = troupe_thread_self(runtime);
    troupe_pid sender = TROUPE_NO_PID;
    troupe_pid receiver = TROUPE_NO_PID;

    (void)state;
    assert_int_equal(troupe_spawn(self, drain, &receiver), TROUPE_OK);
    assert_int_equal(troupe_spawn(self, flooder, &sender), TROUPE_OK);
    (void)troupe_tell(self, sender, meet, .pid = receiver);
    run(runtime);
    /* A sanitizer keeps freed memory back, so its figure says nothing. */
    if (!IS_SANITIZED) {
        assert_true(resident_bytes() - before < FLOOD_BYTES_MAX);
    }
}

/* ---- a ring whose members congest each other ----------------------------- */

struct member {
    troupe_pid next;
    uint64_t received;
    uint64_t rounds;
};

static void
on_member_meet(struct troupe_self *self, void *state, const struct meet *meet)
{
    struct member *member = state;

    (void)self;
    member->next = meet->pid;
}

/* Each burst that comes in goes out again, larger than the next one's mark. */
static void
on_member_step(struct troupe_self *self, void *state, const struct step *step)
{
    struct member *member = state;

    member->received++;
    if (member->received % RING_BURST != 0) {
        return;
    }
    member->rounds++;
    for (int i = 0; i < RING_BURST; i++) {
        CHECK(troupe_tell(self, member->next, step, .value = step->value + 1) ==
              TROUPE_OK);
    }
    if (member->rounds == ring_rounds) {
        troupe_runtime_quit(self);
    }
}

TROUPE_BEHAVIOUR(member, sizeof(struct member), TROUPE_ON(meet, on_member_meet),
    TROUPE_ON(step, on_member_step));

static void
a_ring_of_floods_never_stands_still(void **state)
{
    struct troupe_runtime *runtime = start();
    struct troupe_self *self = troupe_thread_self(runtime);
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    troupe_pid members[RING_LENGTH];

    (void)state;
    for (int i = 0; i < RING_LENGTH; i++) {
        assert_int_equal(troupe_spawn(self, member, &members[i]), TROUPE_OK);
    }
    for (int i = 0; i < RING_LENGTH; i++) {
        (void)troupe_tell(
            self, members[i], meet, .pid = members[(i + 1) % RING_LENGTH]);
    }
    for (int i = 0; i < RING_LENGTH * RING_BURST; i++) {
        (void)troupe_tell(self, members[i % RING_LENGTH], step, .value = 0);
    }
    troupe_runtime_wait(runtime);
    /* The ring turns for ever: it is halted, not drained. */
    assert_int_equal(troupe_runtime_stop(runtime, 0, &report), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
}

/* ---- births and deaths --------------------------------------------------- */

struct parent {
    uint64_t born;
    uint64_t done;
};

static void
on_child_born(struct troupe_self *self, void *state, const struct born *born)
{
    (void)state;
    (void)troupe_tell(self, born->pid, done, .value = 1);
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(child, 100, TROUPE_ON(born, on_child_born));

static void
on_parent_step(struct troupe_self *self, void *state, const struct step *step)
{
    struct parent *parent = state;
    troupe_pid pid = TROUPE_NO_PID;

    for (uint64_t i = 0; i < step->value && parent->born < lives_count; i++) {
        CHECK(troupe_spawn(self, child, &pid) == TROUPE_OK);
        (void)troupe_tell(self, pid, born, .pid = troupe_self_pid(self));
        parent->born++;
    }
}

static void
on_parent_done(struct troupe_self *self, void *state, const struct done *done)
{
    struct parent *parent = state;

    parent->done += done->value;
    if (parent->done == lives_count) {
        troupe_runtime_quit(self);
    } else if (parent->done % 100 == 0) {
        (void)troupe_tell(self, troupe_self_pid(self), step, .value = 100);
    }
}

TROUPE_BEHAVIOUR(parent, sizeof(struct parent), TROUPE_ON(step, on_parent_step),
    TROUPE_ON(done, on_parent_done));

static void
actors_are_born_and_die_by_the_thousand(void **state)
{
    struct troupe_runtime *runtime = start();
    struct troupe_self *self = troupe_thread_self(runtime);
    troupe_pid pid = TROUPE_NO_PID;

    (void)state;
    assert_int_equal(troupe_spawn(self, parent, &pid), TROUPE_OK);
    (void)troupe_tell(self, pid, step, .value = 300);
    run(runtime);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_loses_nothing_and_holds_bounded_memory),
        cmocka_unit_test(a_ring_of_floods_never_stands_still),
        cmocka_unit_test(actors_are_born_and_die_by_the_thousand),
    };

    choose_sizes();
    return cmocka_run_group_tests_name("actors", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: actors that flood each other in a ring all come to their end, however
 * low their marks are.
 *
 * Method: rings of two and three actors, each of which sends bursts to the next
 * one, and is paused on it by the code that ships: actors/actor.c,
 * actors/post.c and mailbox/limit.c, a step at each operation on a shared word.
 * As many workers take what is ready, first come first served. A worker goes on
 * until it finds nothing to do, but for two times at most when another takes
 * its place in the middle of whatever it does: every choice of these two
 * moments and workers is run. In the end every message has been handled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "actors/runtime.h"
#include "scheduler/simulation.h"
#include "tests/support/check.h"
#include "tests/support/steps.h"
#include "troupe/troupe.h"

#define NEXT(FIELD) FIELD(pid, next) FIELD(uint64, left)
TROUPE_MESSAGE(item, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(go, NEXT)

enum {
    WORKERS_MAX = 3,
    BURST_ITEMS = 2,
    PREEMPTIONS = 2,
    STEPS_MAX = 5000, /* far more than any order takes */
};

static struct troupe_runtime *runtime;
static struct troupe_self selves[WORKERS_MAX];
static struct tp_worker workers[WORKERS_MAX];
static unsigned ring_length;
static unsigned bursts_count; /* of each actor */
static unsigned handled_count;
static bool is_idle; /* the worker that paused has nothing to do */

/* ---- the actors ---------------------------------------------------------- */

static void
on_item(struct troupe_self *self, void *state, const struct item *item)
{
    (void)self, (void)state, (void)item;
    handled_count++;
}

static void
on_go(struct troupe_self *self, void *state, const struct go *go)
{
    (void)state;
    handled_count++;
    for (int i = 0; i < BURST_ITEMS; i++) {
        CHECK(troupe_tell(self, go->next, item) == TROUPE_OK);
    }
    if (go->left > 1) {
        CHECK(troupe_tell(self, troupe_self_pid(self), go, .next = go->next,
                  .left = go->left - 1) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(flooder, 0, TROUPE_ON(item, on_item), TROUPE_ON(go, on_go));

static bool
is_over(void)
{
    return handled_count == ring_length * bursts_count * (BURST_ITEMS + 1);
}

/* ---- the workers --------------------------------------------------------- */

static struct tp_task *
take_ready(void)
{
    struct tp_simulation *simulation = runtime->scheduler->simulation;
    struct tp_task *task = simulation->oldest;

    if (task != NULL) {
        simulation->oldest = task->next;
        simulation->ready_count--;
        if (simulation->oldest == NULL) {
            simulation->end = &simulation->oldest;
        }
    }
    return task;
}

static void
work(void *arg)
{
    struct troupe_self *self = arg;

    steps_pause();
    while (!is_over()) {
        struct tp_task *task = take_ready();

        if (task != NULL) {
            tp_actor_run(self->worker, task);
        } else {
            is_idle = true;
            steps_pause();
        }
    }
}

/* ---- the world ----------------------------------------------------------- */

static void
spawn_ring(const struct troupe_mailbox_options *mailbox)
{
    struct troupe_self *self = troupe_thread_self(runtime);
    troupe_pid ring[WORKERS_MAX];

    for (unsigned i = 0; i < ring_length; i++) {
        CHECK(troupe_spawn_with(self, flooder,
                  &TROUPE_SPAWN_OPTIONS(.mailbox = *mailbox),
                  &ring[i]) == TROUPE_OK);
    }
    for (unsigned i = 0; i < ring_length; i++) {
        CHECK(
            troupe_tell(self, ring[i], go, .next = ring[(i + 1) % ring_length],
                .left = bursts_count) == TROUPE_OK);
    }
}

/* The marks are the actors' own, or the runtime's. */
static void
begin(struct steps *steps, const struct troupe_mailbox_options *mailbox,
    bool is_own)
{
    const struct troupe_mailbox_options none = {
        .policy = TROUPE_MAILBOX_DEFAULT};

    handled_count = 0;
    CHECK(troupe_runtime_create(
              &TROUPE_OPTIONS(.simulate = true, .seed = 1,
                  .actors_count_max = 64, .mailbox = is_own ? none : *mailbox),
              &runtime) == TROUPE_OK);
    for (unsigned i = 0; i < ring_length; i++) {
        selves[i] = runtime->workers[0];
        workers[i] = runtime->scheduler->workers[0];
        selves[i].worker = &workers[i];
        workers[i].local = &selves[i];
    }
    spawn_ring(is_own ? mailbox : &none);
    CHECK(troupe_runtime_start(runtime) == TROUPE_OK);
    steps_init(steps, false);
    for (unsigned i = 0; i < ring_length; i++) {
        steps_add(steps, work, &selves[i]);
    }
}

struct preemption {
    unsigned step;
    unsigned by; /* so many workers further */
};

/* Runs one order and returns how many steps it had. */
static unsigned
run(struct steps *steps, const struct preemption *preemptions)
{
    unsigned current = 0;
    unsigned step = 0;

    while (!is_over()) {
        CHECK(step < STEPS_MAX); /* or the ring stands still */
        for (int i = 0; i < PREEMPTIONS; i++) {
            if (preemptions[i].step == step) {
                current = (current + preemptions[i].by) % ring_length;
            }
        }
        is_idle = false;
        if (!steps_take(steps, current) || is_idle) {
            current = (current + 1) % ring_length;
        }
        step++;
    }
    CHECK(steps_finish(steps, STEPS_MAX));
    return step;
}

static void
end(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    uint64_t dead = 0;

    CHECK(troupe_runtime_stop(runtime, 0, &report) == TROUPE_OK);
    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        dead += report.dead_letters_count[i];
    }
    CHECK(dead == 0);
    CHECK(report.actors_alive_count == ring_length);
    troupe_runtime_destroy(&runtime);
}

static unsigned
run_one(const struct troupe_mailbox_options *mailbox, bool is_own,
    const struct preemption *preemptions)
{
    static struct steps steps;
    unsigned steps_count;

    begin(&steps, mailbox, is_own);
    steps_count = run(&steps, preemptions);
    end();
    return steps_count;
}

/* Both moments, and which of the others comes at each. */
static void
run_all(unsigned length, unsigned bursts,
    const struct troupe_mailbox_options *mailbox, bool is_own)
{
    struct preemption preemptions[PREEMPTIONS] = {{0, 0}, {0, 0}};
    unsigned last;
    uint64_t orders_count = 0;

    ring_length = length;
    bursts_count = bursts;
    last = run_one(mailbox, is_own, preemptions);
    for (unsigned first = 0; first < last; first++) {
        for (unsigned second = first + 1; second < last; second++) {
            for (unsigned by = 0; by < (length - 1) * (length - 1); by++) {
                preemptions[0] =
                    (struct preemption){first, 1 + by % (length - 1)};
                preemptions[1] =
                    (struct preemption){second, 1 + by / (length - 1)};
                run_one(mailbox, is_own, preemptions);
                orders_count++;
            }
        }
    }
    print_message("%u actors: %u steps, %llu orders\n", length, last,
        (unsigned long long)orders_count);
    assert_true(orders_count > 1000);
}

static const struct troupe_mailbox_options low_marks = {
    .messages_high = 2,
    .messages_low = 1,
    .messages_hard = 100,
};
static const struct troupe_mailbox_options lowest_marks = {
    .messages_high = 1,
    .messages_hard = 100,
};

static void
a_ring_of_two_with_its_own_marks_comes_to_its_end(void **state)
{
    (void)state;
    run_all(2, 2, &low_marks, true);
    run_all(2, 1, &lowest_marks, true);
}

static void
a_ring_of_two_with_the_runtimes_marks_comes_to_its_end(void **state)
{
    (void)state;
    run_all(2, 2, &low_marks, false);
    run_all(2, 1, &lowest_marks, false);
}

static void
a_ring_of_three_with_its_own_marks_comes_to_its_end(void **state)
{
    (void)state;
    run_all(3, 1, &low_marks, true);
}

static void
a_ring_of_three_with_the_runtimes_marks_comes_to_its_end(void **state)
{
    (void)state;
    run_all(3, 1, &low_marks, false);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_of_two_with_its_own_marks_comes_to_its_end),
        cmocka_unit_test(
            a_ring_of_two_with_the_runtimes_marks_comes_to_its_end),
        cmocka_unit_test(a_ring_of_three_with_its_own_marks_comes_to_its_end),
        cmocka_unit_test(
            a_ring_of_three_with_the_runtimes_marks_comes_to_its_end),
    };
    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}

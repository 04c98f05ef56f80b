/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: work that is made ready while a worker goes to sleep does not lie there
 * while it sleeps; nor is a halt or a drain missed.
 *
 * Method: a worker that has found nothing goes to sleep, and looks for work
 * whenever it is woken; another thread makes work in one of the ways that there
 * are, or halts, or drains. Every order of the operations of scheduler.c,
 * worker.c and parker.c, in both kinds of memory: each of these pairs writes
 * something, then looks for what the other writes. The futex is a model: it
 * looks at the word and falls asleep in one step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scheduler/scheduler.c"
#include "tests/support/check.h"
#include "tests/support/jobs.h"
#include "tests/support/orders.h"

enum { FIRST, SECOND, JOBS = 2 }; /* workers */

static struct tp_scheduler *scheduler; /* the same one in all orders */
static struct tp_scheduler fresh;
static struct tp_worker fresh_workers[2];
static struct job jobs[JOBS];
enum { DRAINER = 2, PARKERS };
static bool is_asleep[PARKERS]; /* noted in the steps of the parker's word */
static unsigned ran_count;      /* by the first worker */
static unsigned expected_count;
static bool has_ended;
static bool is_drained;

/* ---- the model ----------------------------------------------------------- */

static size_t
index_of(const uint32_t *word)
{
    if (word == &scheduler->drainer.word) {
        return DRAINER;
    }
    return word == &scheduler->workers[FIRST].parker.word ? FIRST : SECOND;
}

static bool
is_first_awake(void)
{
    return !is_asleep[FIRST];
}

static bool
is_second_awake(void)
{
    return !is_asleep[SECOND];
}

static bool
is_drainer_awake(void)
{
    return !is_asleep[DRAINER];
}

static void
model_wait(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
    static bool (*const are_awake[PARKERS])(void) = {
        is_first_awake, is_second_awake, is_drainer_awake};

    (void)deadline_ns; /* it never comes */
    steps_touch(word, "futex wait");
    is_asleep[index_of(word)] = *word == seen;
    steps_idle(word, are_awake[index_of(word)]);
}

static void
model_wake(uint32_t *word)
{
    steps_touch(word, "futex wake");
    is_asleep[index_of(word)] = false;
}

static const struct tp_parking model = {model_wait, model_wake};

/* ---- the worker ---------------------------------------------------------- */

/* However young a task is: a search goes on until it is old enough. */
static struct tp_task *
steal_from(struct tp_worker *other)
{
    struct tp_task *task = tp_run_queue_try_pop(&other->queue);

    return task != NULL ? task : tp_deque_try_steal(&other->newborns);
}

static struct tp_task *
find(struct tp_worker *worker)
{
    struct tp_task *task = tp_worker_find_own(worker);

    for (unsigned i = 0; task == NULL && i < scheduler->workers_count; i++) {
        if (i != worker->index) {
            task = steal_from(&scheduler->workers[i]);
        }
    }
    return task;
}

/* As search(), which looks about for a while before it sleeps. */
static void
sleep_and_search(void *arg)
{
    struct tp_worker *worker = &scheduler->workers[FIRST];
    struct tp_task *task = NULL;

    (void)arg;
    while (task == NULL && !is_halting(scheduler)) {
        sleep_until_woken(worker);
        task = find(worker);
    }
    end_search(worker);
    ran_count += task != NULL;
    has_ended = true;
}

/* It has found another task, which it will not return from. */
static void
end_search_with_a_task(void *arg)
{
    (void)arg;
    end_search(&scheduler->workers[SECOND]);
}

/* ---- what it is to see --------------------------------------------------- */

static void
displace_a_task(void *arg)
{
    (void)arg;
    tp_worker_displace(&scheduler->workers[SECOND], &jobs[0].task);
}

static void
make_a_newborn(void *arg)
{
    (void)arg;
    tp_worker_ready_newborn(&scheduler->workers[SECOND], &jobs[0].task);
}

/* It has another that is next, so the one that yields may be run elsewhere. */
static void
yield(void *arg)
{
    (void)arg;
    scheduler->workers[SECOND].next = &jobs[1].task;
    tp_worker_yield(&scheduler->workers[SECOND], &jobs[0].task);
}

/* It has taken both, and runs one of them itself. */
static void
share_what_was_taken(void *arg)
{
    (void)arg;
    jobs[0].task.next = &jobs[1].task;
    scheduler->workers[SECOND].taken = &jobs[0].task;
    CHECK(tp_worker_find_own(&scheduler->workers[SECOND]) == &jobs[0].task);
}

static void
inject_a_task(void *arg)
{
    (void)arg;
    tp_scheduler_ready(scheduler, &jobs[0].task);
}

static void
inject_a_bound_task(void *arg)
{
    (void)arg;
    jobs[0].task.bound = 1 + FIRST;
    tp_scheduler_ready(scheduler, &jobs[0].task);
}

static void
halt(void *arg)
{
    (void)arg;
    join_workers(scheduler, 0);
}

static void
drain(void *arg)
{
    (void)arg;
    is_drained = tp_scheduler_drain(scheduler, UINT64_MAX);
}

/* ---- the world ----------------------------------------------------------- */

static unsigned workers_count;
static bool is_second_searching;
static void (*make)(void *arg);
static const char *make_name;

static void
create(void)
{
    struct tp_scheduler_options options = jobs_options(workers_count);

    options.parking = &model;
    CHECK(tp_scheduler_create(&options, &scheduler) == TROUPE_OK);
    scheduler->idle = SEARCHER;
    fresh = *scheduler;
    memcpy(fresh_workers, scheduler->workers,
        workers_count * sizeof(fresh_workers[0]));
}

static void
begin(struct steps *steps)
{
    if (scheduler == NULL) {
        create();
    }
    *scheduler = fresh;
    memcpy(scheduler->workers, fresh_workers,
        workers_count * sizeof(fresh_workers[0]));
    for (int i = 0; i < JOBS; i++) {
        job_init(&jobs[i], NULL);
    }
    memset(is_asleep, 0, sizeof(is_asleep));
    ran_count = 0;
    is_drained = false;
    has_ended = false;
    steps_add(steps, sleep_and_search, NULL);
    if (is_second_searching) {
        steps_add(steps, end_search_with_a_task, NULL);
        scheduler->idle += SEARCHER;
    }
    steps_add_named(steps, make_name, make, NULL);
}

static uint64_t
end(void)
{
    CHECK(ran_count == expected_count);
    CHECK(make != drain || is_drained);
    CHECK(make != halt || has_ended);
    return scheduler->idle >> 32; /* wake-ups */
}

static void
run_all(unsigned workers, const char *name, void (*maker)(void *arg),
    unsigned expected)
{
    static const struct orders_world world = {.begin = begin, .end = end};

    workers_count = workers;
    make = maker;
    make_name = name;
    expected_count = expected;
    assert_true(orders_run_both(world) > 5);
}

#define RUN_ALL(workers, maker, expected)                                      \
    run_all(workers, #maker, maker, expected)

static void
a_task_that_a_worker_makes_ready_wakes_one_that_goes_to_sleep(void **state)
{
    (void)state;
    RUN_ALL(2, displace_a_task, 1);
    RUN_ALL(2, make_a_newborn, 1);
    RUN_ALL(2, yield, 1);
    RUN_ALL(2, share_what_was_taken, 1);
}

static void
a_task_that_is_injected_wakes_one_that_goes_to_sleep(void **state)
{
    (void)state;
    RUN_ALL(1, inject_a_task, 1);
    RUN_ALL(1, inject_a_bound_task, 1);
}

/* Who makes a task may have seen it search, and have woken nobody. */
static void
the_last_to_search_wakes_another_for_what_is_left(void **state)
{
    (void)state;
    is_second_searching = true;
    RUN_ALL(2, inject_a_task, 1);
    is_second_searching = false;
}

static void
a_halt_and_a_drain_are_not_missed_by_one_that_goes_to_sleep(void **state)
{
    (void)state;
    RUN_ALL(1, halt, 0);
    RUN_ALL(1, drain, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_task_that_a_worker_makes_ready_wakes_one_that_goes_to_sleep),
        cmocka_unit_test(a_task_that_is_injected_wakes_one_that_goes_to_sleep),
        cmocka_unit_test(the_last_to_search_wakes_another_for_what_is_left),
        cmocka_unit_test(
            a_halt_and_a_drain_are_not_missed_by_one_that_goes_to_sleep),
    };
    return cmocka_run_group_tests_name("wake", tests, NULL, NULL);
}

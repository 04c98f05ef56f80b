/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: work that is made ready while a worker goes to sleep, one of the pool
 * or a lone one, does not lie there while it sleeps; nor is a halt or a drain
 * missed; and a drain waits for lone workers, too.
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

enum { FIRST, SECOND, JOBS = 2 }; /* workers of the pool */

static struct tp_scheduler *scheduler; /* the same one in all orders */
static struct tp_scheduler fresh;
static struct tp_worker fresh_workers[2];
static struct tp_worker *lone; /* NULL: there is none */
static struct tp_worker fresh_lone;
static struct tp_worker *timed; /* another one, which sleeps; or NULL */
static struct tp_worker fresh_timed;
static struct job jobs[JOBS];
enum { DRAINER = 2, LONE, TIMED, PARKERS };
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
    if (lone != NULL && word == &lone->parker.word) {
        return LONE;
    }
    if (timed != NULL && word == &timed->parker.word) {
        return TIMED;
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

static bool
is_timed_awake(void)
{
    return !is_asleep[TIMED];
}

static bool
is_lone_awake(void)
{
    return !is_asleep[LONE];
}

static void
model_wait(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
    static bool (*const are_awake[PARKERS])(void) = {is_first_awake,
        is_second_awake, is_drainer_awake, is_lone_awake, is_timed_awake};

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
    tell_to_end(scheduler);
}

static void
drain(void *arg)
{
    (void)arg;
    is_drained = tp_scheduler_drain(scheduler, UINT64_MAX);
}

/* ---- a lone worker ------------------------------------------------------- */

static unsigned lone_ran_count;
static unsigned expected_lone_count;
static uint32_t runs; /* what is run is noted here, and who looks, looks here */

static bool
has_lone_one_run(void)
{
    return lone_ran_count > 0;
}

/* As run_lone_until_halted(). */
static void
sleep_and_run_alone(void *arg)
{
    (void)arg;
    while (!is_halting(scheduler)) {
        struct tp_task *task = tp_worker_find_bound(lone);

        if (task == NULL) {
            sleep_until_woken(lone);
        } else {
            steps_touch(&runs, "a lone worker runs a task");
            lone_ran_count++;
        }
    }
    has_ended = true;
}

static void
inject_a_task_for_the_lone_one(void *arg)
{
    (void)arg;
    jobs[0].task.bound = 1 + lone->index;
    tp_scheduler_ready(scheduler, &jobs[0].task);
    steps_await(&runs, has_lone_one_run);
    tell_to_end(scheduler);
}

static void
run_a_task(unsigned *count)
{
    steps_touch(&scheduler->drain, "a task runs");
    CHECK(is_draining(scheduler->drain));
    ++*count;
}

/* As run_until_halted(), and a task makes one ready for the lone worker. */
static void
search_and_hand_on(void *arg)
{
    struct tp_worker *worker = &scheduler->workers[FIRST];

    (void)arg;
    for (;;) {
        struct tp_task *task;

        sleep_until_woken(worker);
        task = find(worker);
        if (task != NULL) {
            end_search(worker);
            run_a_task(&ran_count);
            if (expected_lone_count > 0) {
                jobs[1].task.bound = 1 + lone->index;
                tp_worker_ready(worker, &jobs[1].task);
            }
            ck_pr_add_64(&scheduler->idle, SEARCHER);
        }
    }
}

/* The task that it runs makes another one ready. */
static void
hand_on_then_sleep(void *arg)
{
    (void)arg;
    tp_worker_ready(lone, &jobs[0].task);
    for (;;) {
        if (tp_worker_find_bound(lone) == NULL) {
            sleep_until_woken(lone);
        } else {
            run_a_task(&lone_ran_count);
        }
    }
}

/* Another lone worker, which sleeps; its timer is due, and the task that comes
 * of it makes one ready for the first lone worker. Then it sleeps for good. */
static void
wake_by_itself_and_hand_on(void *arg)
{
    (void)arg;
    CHECK(claim(timed));
    jobs[0].task.bound = 1 + lone->index;
    tp_worker_ready(timed, &jobs[0].task);
    sleep_until_woken(timed);
}

static void
sleep_in_the_pool(void *arg)
{
    (void)arg;
    sleep_until_woken(&scheduler->workers[FIRST]);
}

static void
sleep_and_count(void *arg)
{
    (void)arg;
    for (;;) {
        if (tp_worker_find_bound(lone) == NULL) {
            sleep_until_woken(lone);
        } else {
            lone_ran_count++;
        }
    }
}

/* ---- the world ----------------------------------------------------------- */

static unsigned workers_count;
static bool is_second_searching;
static void (*run_first)(void *arg);
static void (*run_lone)(void *arg); /* NULL: there is no lone worker */
static void (*run_timed)(void *arg);
static void (*make)(void *arg);
static const char *make_name;

static void
create(void)
{
    struct tp_scheduler_options options = jobs_options(workers_count);

    options.parking = &model;
    options.lone_max = 2;
    CHECK(tp_scheduler_create(&options, &scheduler) == TROUPE_OK);
    scheduler->idle = SEARCHER;
    if (run_lone != NULL) {
        CHECK(tp_lone_add(scheduler, NULL, &lone) == TROUPE_OK);
        scheduler->lone.awake = TP_LONE_AWAKE;
        fresh_lone = *lone;
    }
    if (run_timed != NULL) {
        CHECK(tp_lone_add(scheduler, NULL, &timed) == TROUPE_OK);
        timed->asleep = 1;
        fresh_timed = *timed;
    }
    if (run_first == NULL) {
        scheduler->idle = SLEEPER; /* and nobody wakes it */
    }
    scheduler->drain = make == NULL;
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
    lone_ran_count = 0;
    is_drained = false;
    has_ended = false;
    if (run_first != NULL) {
        steps_add_named(steps, "first", run_first, NULL);
    }
    if (run_lone != NULL) {
        *lone = fresh_lone;
        steps_add_named(steps, "lone", run_lone, NULL);
    }
    if (is_second_searching) {
        steps_add(steps, end_search_with_a_task, NULL);
        scheduler->idle += SEARCHER;
    }
    if (run_timed != NULL) {
        *timed = fresh_timed;
        steps_add_named(steps, "timed", run_timed, NULL);
    }
    if (make != NULL) {
        steps_add_named(steps, make_name, make, NULL);
    }
}

static uint64_t
end(void)
{
    CHECK(ran_count == expected_count);
    CHECK(lone_ran_count == expected_lone_count);
    CHECK(make != drain || is_drained);
    CHECK(make != NULL || scheduler->drain == 2);
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

static int
setup(void **state)
{
    (void)state;
    run_first = sleep_and_search;
    run_lone = NULL;
    run_timed = NULL;
    expected_lone_count = 0;
    return 0;
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

static void
a_task_for_a_lone_worker_wakes_it_and_so_does_the_end(void **state)
{
    (void)state;
    run_first = NULL;
    run_lone = sleep_and_run_alone;
    expected_lone_count = 1;
    RUN_ALL(1, inject_a_task_for_the_lone_one, 0);
}

static void
a_drain_is_not_missed_by_a_lone_worker_that_goes_to_sleep(void **state)
{
    (void)state;
    run_first = NULL;
    run_lone = sleep_and_run_alone;
    RUN_ALL(1, drain, 0);
}

/* A drain is under way, and each of the two may be the last to sleep. */
static void
a_drain_waits_for_what_lone_workers_hand_on_and_are_handed(void **state)
{
    (void)state;
    run_first = search_and_hand_on;
    run_lone = hand_on_then_sleep;
    RUN_ALL(1, NULL, 1);
    expected_lone_count = 1;
    RUN_ALL(1, NULL, 1);
}

static void
go_on(struct steps *steps, size_t thread)
{
    while (steps_can_take(steps, thread)) {
        steps_take(steps, thread);
    }
}

enum { FIRST_THREAD, LONE_THREAD, TIMED_THREAD };

/* The first goes so many steps ahead after it has said that it sleeps. */
static void
play_beginning(struct steps *steps, int steps_count)
{
    steps_init(steps, false);
    begin(steps);
    while (TP_LONE_AWAKE_OF(scheduler->lone.awake) != 0) {
        steps_take(steps, LONE_THREAD);
    }
    while (scheduler->workers[FIRST].asleep == 0) {
        steps_take(steps, FIRST_THREAD);
    }
    for (int i = 0; i < steps_count; i++) {
        steps_take(steps, FIRST_THREAD);
    }
}

static bool
is_over_before(int steps_count)
{
    struct steps steps;

    play_beginning(&steps, steps_count);
    return scheduler->drain == 2;
}

/* Whether the drain ends while a task waits. */
static bool
play_with_first_ahead(int steps_count)
{
    struct steps steps;
    bool has_ended_early;

    play_beginning(&steps, steps_count);
    go_on(&steps, TIMED_THREAD);
    go_on(&steps, FIRST_THREAD);
    has_ended_early = scheduler->drain == 2;
    go_on(&steps, LONE_THREAD);
    assert_int_equal(lone_ran_count, 1);
    assert_int_equal(scheduler->drain, 2);
    return has_ended_early;
}

/*
 * A lone worker is counted as asleep and has not said so yet. So many steps
 * after that, while one of the pool looks whether all is done, another lone
 * worker wakes because its timer is due, makes a task ready for the first,
 * which it finds awake, and sleeps again: who looks finds all asleep both
 * times, but not the same word. But for its last step: it has looked, and says
 * so.
 */
static void
a_drain_does_not_end_behind_a_lone_worker_that_wakes_by_itself(void **state)
{
    int steps_count = 0;
    int early_count = 0;

    (void)state;
    run_first = sleep_in_the_pool;
    run_lone = sleep_and_count;
    run_timed = wake_by_itself_and_hand_on;
    workers_count = 1;
    make = NULL;
    while (!is_over_before(steps_count)) {
        early_count += play_with_first_ahead(steps_count);
        steps_count++;
    }
    assert_true(steps_count > 20);
    assert_int_equal(early_count, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            a_task_that_a_worker_makes_ready_wakes_one_that_goes_to_sleep,
            setup),
        cmocka_unit_test_setup(
            a_task_that_is_injected_wakes_one_that_goes_to_sleep, setup),
        cmocka_unit_test_setup(
            the_last_to_search_wakes_another_for_what_is_left, setup),
        cmocka_unit_test_setup(
            a_halt_and_a_drain_are_not_missed_by_one_that_goes_to_sleep, setup),
        cmocka_unit_test_setup(
            a_task_for_a_lone_worker_wakes_it_and_so_does_the_end, setup),
        cmocka_unit_test_setup(
            a_drain_is_not_missed_by_a_lone_worker_that_goes_to_sleep, setup),
        cmocka_unit_test_setup(
            a_drain_waits_for_what_lone_workers_hand_on_and_are_handed, setup),
        cmocka_unit_test_setup(
            a_drain_does_not_end_behind_a_lone_worker_that_wakes_by_itself,
            setup),
    };
    return cmocka_run_group_tests_name("wake", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: no task is left lying while its workers sleep, and drain says that all
 * is done only when it is.
 *
 * Method: scheduler.c is compiled into this file, so that its threads are
 * stepped ones and the futex a model: it looks at the word and falls asleep in
 * one step, and in every other run some of its sleeps end for no reason. In
 * half of the runs workers sleep in a loop instead (net/loop.h), which does not
 * look at the word: a wake stays until a wait has returned. They poll it, too.
 * A run has far too many steps for every order, so orders are drawn from a
 * seed, in bursts, as a machine would, and in half of them stores are buffered;
 * each run's seed is printed if it fails, and TROUPE_TEST_SEED=n runs that one
 * alone. The orders that are known to be delicate are played one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "base/random.h"
#include "tests/support/check.h"
#include "tests/support/steps.h"

static int add_thread(pthread_t *thread, void *(*run)(void *), void *arg);
static int join_thread(pthread_t thread);

#define pthread_create(thread, attributes, run, arg)                           \
    add_thread(thread, run, arg)
#define pthread_join(thread, result) join_thread(thread)
#define pthread_setname_np(thread, name) ((void)(name))
#include "scheduler/lone.c"
#include "scheduler/scheduler.c"
#include "scheduler/thread.c"
#undef pthread_create
#undef pthread_join
#undef pthread_setname_np

#include "tests/support/jobs.h"

enum {
    WORKERS_MAX = 3,
    MAIN = 0, /* the thread that makes the scheduler; worker i is 1 + i */
    JOBS = 6,
    RUNS = 150,
    STEPS_MAX = 200000, /* of a run that ends, by far */
    STORE_STEPS = 20,   /* that a store may be late */
};

static struct steps steps;
static uint64_t now_ns;
static struct tp_scheduler *scheduler;
static struct job jobs[JOBS];
static void *(*thread_mains[WORKERS_MAX])(void *);
static void *thread_args[WORKERS_MAX];
static unsigned threads_count;
static unsigned workers_count;
static bool is_main_done;
static struct tp_timeout timeout;
static bool is_released;
static uint32_t *asleep_on[WORKERS_MAX + 1]; /* a model futex; NULL: awake */
static unsigned idle_wakes_period;           /* 0: none */
static unsigned waits_count;

/* ---- the model ----------------------------------------------------------- */

static size_t
current_thread(void)
{
    return (size_t)(steps.current - steps.threads);
}

static void
model_wait(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
    size_t own = current_thread();

    (void)deadline_ns; /* it never comes */
    steps_pause();
    asleep_on[own] = *word == seen ? word : NULL;
    waits_count++;
    if (idle_wakes_period != 0 && waits_count % idle_wakes_period == 0) {
        steps_pause();
        asleep_on[own] = NULL;
    }
    while (asleep_on[own] != NULL) {
        steps_pause();
    }
}

static void
model_wake(uint32_t *word)
{
    steps_pause();
    for (size_t i = 0; i <= WORKERS_MAX; i++) {
        if (asleep_on[i] == word) {
            asleep_on[i] = NULL;
        }
    }
}

static const struct tp_parking model = {model_wait, model_wake};

/* The same of a worker that parks in a loop; it has a signal that stays. */
static bool is_signalled[WORKERS_MAX];

static void
loop_wait(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
    struct tp_worker *worker = tp_worker_of_parker(word);
    size_t own = current_thread();
    bool ends_early =
        idle_wakes_period != 0 && ++waits_count % idle_wakes_period == 0;

    (void)seen, (void)deadline_ns;
    steps_pause();
    asleep_on[own] = word;
    while (!is_signalled[worker->index] && !ends_early) {
        steps_pause();
    }
    asleep_on[own] = NULL;
    steps_pause();
    is_signalled[worker->index] = false;
}

static void
loop_wake(uint32_t *word)
{
    steps_pause();
    is_signalled[tp_worker_of_parker(word)->index] = true;
}

static troupe_err
open_loop(struct tp_worker *worker)
{
    worker->io = &is_signalled[worker->index];
    return TROUPE_OK;
}

static void
close_loop(struct tp_worker *worker)
{
    worker->io = NULL;
}

static void
poll_loop(struct tp_worker *worker)
{
    (void)worker;
    steps_pause();
}

static const struct tp_io loop = {
    open_loop, close_loop, poll_loop, {loop_wait, loop_wake}};
static bool has_loop;

static void
run_thread(void *arg)
{
    uintptr_t index = (uintptr_t)arg;

    thread_mains[index](thread_args[index]);
}

/* Worker threads are added before the run: here each only learns its main. */
static int
add_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
    *thread = (pthread_t)threads_count;
    thread_mains[threads_count] = run;
    thread_args[threads_count] = arg;
    threads_count++;
    return 0;
}

static int
join_thread(pthread_t thread)
{
    while (!steps.threads[1 + thread].is_done) {
        steps_pause();
    }
    return 0;
}

static void
worker_thread(void *arg)
{
    uintptr_t index = (uintptr_t)arg;

    while (threads_count <= index) {
        steps_pause();
    }
    run_thread(arg);
}

/* ---- the world ----------------------------------------------------------- */

static void (*main_of_run)(void);

static void
main_thread(void *arg)
{
    (void)arg;
    CHECK(tp_scheduler_start(scheduler) == TROUPE_OK);
    main_of_run();
    tp_scheduler_halt(scheduler);
    is_main_done = true;
}

static void note_release(struct tp_worker *worker, struct tp_timeout *released);

static void
begin(unsigned workers, void (*run_main)(void))
{
    struct tp_scheduler_options options = jobs_options(workers);

    options.parking = &model;
    options.io = has_loop ? &loop : NULL;
    memset(is_signalled, 0, sizeof(is_signalled));
    options.hooks.release = note_release;
    CHECK(tp_scheduler_create(&options, &scheduler) == TROUPE_OK);
    for (int i = 0; i < JOBS; i++) {
        job_init(&jobs[i], NULL);
        jobs[i].number = i;
    }
    now_ns = 0;
    memset(asleep_on, 0, sizeof(asleep_on));
    idle_wakes_period = 0;
    waits_count = 0;
    threads_count = 0;
    workers_count = workers;
    is_main_done = false;
    main_of_run = run_main;
    steps_init(&steps, false);
    steps_add(&steps, main_thread, NULL);
    for (uintptr_t i = 0; i < workers; i++) {
        steps_add(&steps, worker_thread, (void *)i);
    }
}

static void
end(void)
{
    CHECK(is_main_done);
    tp_scheduler_destroy(&scheduler);
}

static void
check_each_ran(int count)
{
    for (int i = 0; i < JOBS; i++) {
        CHECK(job_runs_count(&jobs[i]) == count);
    }
}

/* ---- orders from a seed -------------------------------------------------- */

/* A step of the thread's, or its oldest store gets to memory. */
static void
go_on(size_t thread, bool is_store_due)
{
    bool has_store = steps.threads[thread].stores_count > 0;

    if (has_store && (is_store_due || !steps_can_take(&steps, thread))) {
        steps_flush(&steps, thread);
    } else {
        steps_take(&steps, thread);
    }
}

static void
run_seed(uint64_t seed, unsigned workers, void (*run_main)(void))
{
    /* In long ones, others stand still where it matters for a whole search. */
    static const uint64_t bursts[] = {4, 40, 400};
    struct tp_random random;
    uint64_t burst = bursts[seed % 3];
    size_t thread = MAIN;

    tp_random_init(&random, seed);
    has_loop = seed / 4 % 2 == 0;
    begin(workers, run_main);
    has_loop = false;
    steps.has_stores = seed / 2 % 2 == 0;
    idle_wakes_period = seed % 2 == 0 ? 0 : 3;
    for (int i = 0; i < STEPS_MAX && !is_main_done; i++) {
        if (tp_random_below(&random, burst) == 0) {
            thread = tp_random_below(&random, 1 + workers);
        }
        go_on(thread, tp_random_below(&random, STORE_STEPS) == 0);
    }
    if (!is_main_done) {
        fprintf(stderr, "TROUPE_TEST_SEED=%llu hangs with %u workers\n",
            (unsigned long long)seed, workers);
    }
    end();
}

static void
run_seeds(unsigned workers_min, void (*run_main)(void))
{
    unsigned choices = 1 + WORKERS_MAX - workers_min;
    const char *only = getenv("TROUPE_TEST_SEED");
    uint64_t first = only != NULL ? strtoull(only, NULL, 10) : 1;
    uint64_t runs = getenv("TROUPE_TEST_FULL") != NULL ? 20 * RUNS : RUNS;
    uint64_t last = only != NULL ? first : runs;

    for (uint64_t seed = first; seed <= last; seed++) {
        run_seed(seed, workers_min + (unsigned)(seed / 3 % choices), run_main);
    }
    print_message("%llu orders\n", (unsigned long long)(last + 1 - first));
}

static void
wait_until_each_ran(void)
{
    for (int i = 0; i < JOBS; i++) {
        while (job_runs_count(&jobs[i]) == 0) {
            steps_pause();
        }
    }
}

/* Without drain, whose waking of all would hide a lost wake-up. */
static void
inject_one_by_one(void)
{
    for (int i = 0; i < JOBS; i++) {
        tp_scheduler_ready(scheduler, &jobs[i].task);
    }
    wait_until_each_ran();
    check_each_ran(1);
}

static void
inject_bound_ones(void)
{
    for (int i = 0; i < JOBS; i++) {
        jobs[i].task.bound = 1 + (uint32_t)i % workers_count;
        tp_scheduler_ready(scheduler, &jobs[i].task);
    }
    wait_until_each_ran();
    check_each_ran(1);
}

static void
ready_two_more(struct tp_worker *worker, struct job *job)
{
    for (int i = 2 * job->number + 1; i <= 2 * job->number + 2; i++) {
        if (i < JOBS && i % 3 == 1) {
            tp_worker_ready_newborn(worker, &jobs[i].task);
        } else if (i < JOBS) {
            tp_worker_ready(worker, &jobs[i].task);
        }
    }
}

static void
grow_a_tree(void)
{
    for (int i = 0; i < JOBS; i++) {
        jobs[i].run = ready_two_more;
    }
    tp_scheduler_ready(scheduler, &jobs[0].task);
    wait_until_each_ran();
    check_each_ran(1);
}

/* Jobs that do not return until another, which is ready, has run elsewhere. */
static void
wait_for_the_next(struct tp_worker *worker, struct job *job)
{
    (void)worker;
    while (job_runs_count(&jobs[job->number + 1]) == 0) {
        steps_pause();
    }
}

static void
ready_two_and_wait_for_the_first(struct tp_worker *worker, struct job *job)
{
    tp_worker_ready(worker, &jobs[job->number + 1].task);
    tp_worker_ready(worker, &jobs[job->number + 2].task);
    wait_for_the_next(worker, job);
}

static void
ready_a_newborn_and_wait_for_it(struct tp_worker *worker, struct job *job)
{
    tp_worker_ready_newborn(worker, &jobs[job->number + 1].task);
    wait_for_the_next(worker, job);
}

static void
wait_until_all_sleep(void)
{
    for (unsigned i = 0; i < workers_count; i++) {
        while (asleep_on[1 + i] == NULL) {
            steps_pause();
        }
    }
}

static void
inject_for_a_busy_worker(void)
{
    for (int i = 0; i < JOBS; i += 2) {
        wait_until_all_sleep();
        jobs[i].run = wait_for_the_next;
        tp_scheduler_ready(scheduler, &jobs[i].task);
        tp_scheduler_ready(scheduler, &jobs[i + 1].task);
        while (job_runs_count(&jobs[i]) == 0 ||
               job_runs_count(&jobs[i + 1]) == 0) {
            steps_pause();
        }
    }
}

static void
let_a_busy_worker_be_helped(void)
{
    for (int i = 0; i < JOBS; i += 3) {
        wait_until_all_sleep();
        jobs[i].run = ready_two_and_wait_for_the_first;
        tp_scheduler_ready(scheduler, &jobs[i].task);
        while (job_runs_count(&jobs[i + 2]) == 0) {
            steps_pause();
        }
    }
}

static void
let_newborns_be_stolen(void)
{
    for (int i = 0; i < JOBS; i += 2) {
        jobs[i].run = ready_a_newborn_and_wait_for_it;
        tp_scheduler_ready(scheduler, &jobs[i].task);
        while (job_runs_count(&jobs[i + 1]) == 0) {
            steps_pause();
        }
    }
}

static void
drain_a_tree(void)
{
    for (int i = 0; i < JOBS; i++) {
        jobs[i].run = ready_two_more;
        jobs[i].task.bound = i % 3 == 2 ? workers_count : 0;
    }
    tp_scheduler_ready(scheduler, &jobs[0].task);
    CHECK(tp_scheduler_drain(scheduler, UINT64_MAX));
    check_each_ran(1);
}

static void
time_out_and_let_cancel(struct tp_worker *worker, struct job *job)
{
    (void)job;
    tp_worker_add_timeout(worker, &timeout, UINT64_MAX / 2, TP_TIMEOUT_AWAITED);
    jobs[1].task.bound = 1 + (worker->index + 1) % workers_count;
    tp_worker_ready(worker, &jobs[1].task);
}

static void
cancel(struct tp_worker *worker, struct job *job)
{
    (void)job;
    CHECK(tp_worker_cancel_timeout(worker, &timeout) == TP_TIMEOUT_HANDED_ON);
}

/* What is watched becomes old enough to be stolen after some looks. */
uint64_t
time_of_the_steps(const struct tp_clock *clock)
{
    (void)clock;
    now_ns += TP_RUN_QUEUE_STEAL_AGE_NS / 4;
    return now_ns;
}

static void
note_release(struct tp_worker *worker, struct tp_timeout *released)
{
    CHECK(released == &timeout);
    CHECK(worker->index == released->worker_index);
    is_released = true;
}

static void
drain_past_a_cancelled_timeout(void)
{
    is_released = false;
    jobs[0].run = time_out_and_let_cancel;
    jobs[1].run = cancel;
    tp_scheduler_ready(scheduler, &jobs[0].task);
    CHECK(tp_scheduler_drain(scheduler, UINT64_MAX));
    CHECK(job_runs_count(&jobs[1]) == 1);
    CHECK(is_released);
}

static void
ring_next_year(struct tp_worker *worker, struct job *job)
{
    ready_two_more(worker, job);
    tp_worker_add_timeout(
        worker, &timeout, UINT64_MAX / 2, TP_TIMEOUT_UNAWAITED);
}

static void
drain_past_a_timeout_that_is_not_awaited(void)
{
    for (int i = 0; i < JOBS; i++) {
        jobs[i].run = i == 0 ? ring_next_year : ready_two_more;
    }
    tp_scheduler_ready(scheduler, &jobs[0].task);
    CHECK(tp_scheduler_drain(scheduler, UINT64_MAX));
    check_each_ran(1);
}

static void
tasks_injected_one_by_one_all_run(void **state)
{
    (void)state;
    run_seeds(1, inject_one_by_one);
}

static void
tasks_bound_to_sleeping_workers_all_run(void **state)
{
    (void)state;
    run_seeds(1, inject_bound_ones);
}

static void
tasks_that_tasks_make_ready_all_run(void **state)
{
    (void)state;
    run_seeds(1, grow_a_tree);
}

static void
a_sleeping_worker_helps_one_that_does_not_return(void **state)
{
    (void)state;
    run_seeds(2, inject_for_a_busy_worker);
    run_seeds(2, let_a_busy_worker_be_helped);
    run_seeds(2, let_newborns_be_stolen);
}

static void
drain_ends_when_all_have_run_and_not_before(void **state)
{
    (void)state;
    run_seeds(1, drain_a_tree);
    run_seeds(2, drain_past_a_cancelled_timeout);
    run_seeds(1, drain_past_a_timeout_that_is_not_awaited);
}

/* ---- delicate orders ----------------------------------------------------- */

enum { FIRST = 1, SECOND = 2 }; /* workers 0 and 1, as threads */

static bool
is_second_asleep(void)
{
    return asleep_on[SECOND] != NULL;
}

static bool
is_second_claimed(void)
{
    return scheduler->workers[1].asleep != 1;
}

static bool
is_second_woken(void)
{
    return scheduler->workers[1].parker.word == TP_PARKER_WOKEN;
}

static bool
does_first_run_a_job(void)
{
    return job_runs_count(&jobs[0]) == 1;
}

/* Or for long enough that it stands there for ever. */
static void
let_go_on_until(size_t thread, bool (*is_so)(void))
{
    for (int i = 0; i < STEPS_MAX / 10 && !is_so(); i++) {
        steps_take(&steps, thread);
    }
}

static void
pause_then_ready_two(struct tp_worker *worker, struct job *job)
{
    (void)job;
    steps_pause();
    tp_worker_ready(worker, &jobs[1].task);
    tp_worker_ready(worker, &jobs[2].task);
}

static void
drain_while_the_first_is_busy(void)
{
    jobs[0].run = pause_then_ready_two;
    jobs[0].task.bound = FIRST;
    while (!is_second_asleep()) {
        steps_pause();
    }
    tp_scheduler_ready(scheduler, &jobs[0].task);
    while (!does_first_run_a_job()) {
        steps_pause();
    }
    CHECK(tp_scheduler_drain(scheduler, UINT64_MAX));
    for (int i = 0; i < 3; i++) {
        CHECK(job_runs_count(&jobs[i]) == 1);
    }
}

/*
 * The first worker runs a job. Drain wakes the second, which was asleep; before
 * it goes on, the first makes two jobs ready and claims it, and stands still
 * between its claim and its count. The second runs one of the jobs and sleeps
 * again. The first is still in its job, and has another: all is not done.
 */
static void
a_worker_that_is_claimed_and_woken_by_two_is_not_counted_twice(void **state)
{
    (void)state;
    begin(2, drain_while_the_first_is_busy);
    let_go_on_until(MAIN, does_first_run_a_job); /* as far as it can alone */
    let_go_on_until(SECOND, is_second_asleep);
    for (int i = 0; i < STEPS_MAX && !does_first_run_a_job(); i++) {
        steps_take(&steps, i % 2 == 0 ? MAIN : FIRST);
    }
    let_go_on_until(MAIN, is_second_woken);
    assert_true(is_second_woken());
    let_go_on_until(FIRST, is_second_claimed);
    assert_true(is_second_claimed());
    asleep_on[SECOND] = NULL;
    let_go_on_until(SECOND, is_second_asleep);
    assert_true(is_draining(scheduler->drain));
    assert_true(steps_finish(&steps, STEPS_MAX));
    end();
}

static bool are_two_injected;

static void
pause_until_two_are_injected(struct tp_worker *worker, struct job *job)
{
    (void)worker;
    (void)job;
    while (!are_two_injected) {
        steps_pause();
    }
}

/* Job 2, injected last and so taken first, waits for job 1. */
static void
wait_for_the_one_before(struct tp_worker *worker, struct job *job)
{
    (void)worker;
    while (job_runs_count(&jobs[job->number - 1]) == 0) {
        steps_pause();
    }
}

static void
inject_two_while_the_first_is_busy(void)
{
    are_two_injected = false;
    jobs[0].run = pause_until_two_are_injected;
    jobs[0].task.bound = FIRST;
    jobs[2].run = wait_for_the_one_before;
    wait_until_all_sleep();
    tp_scheduler_ready(scheduler, &jobs[0].task);
    while (!does_first_run_a_job()) {
        steps_pause();
    }
    tp_scheduler_ready(scheduler, &jobs[1].task);
    tp_scheduler_ready(scheduler, &jobs[2].task);
    are_two_injected = true;
    while (job_runs_count(&jobs[1]) == 0) {
        steps_pause();
    }
}

static bool
are_injected_ones_taken(void)
{
    return scheduler->injected.head == NULL;
}

/*
 * Both jobs are injected while the first worker is busy, and the second is
 * woken for them; but the first comes and takes them. The second sees nothing
 * and sleeps again, before the first lets others see the job that it does not
 * run itself: it has to be woken once more.
 */
static void
who_takes_many_wakes_another_for_the_rest(void **state)
{
    (void)state;
    begin(2, inject_two_while_the_first_is_busy);
    for (int i = 0; i < STEPS_MAX && !does_first_run_a_job(); i++) {
        steps_take(&steps, (size_t)i % 3);
    }
    assert_true(is_second_asleep());
    for (int i = 0; i < STEPS_MAX && !are_two_injected; i++) {
        steps_take(&steps, MAIN);
    }
    let_go_on_until(FIRST, are_injected_ones_taken);
    let_go_on_until(SECOND, is_second_asleep);
    assert_true(is_second_asleep());
    assert_true(steps_finish(&steps, STEPS_MAX));
    end();
}

static void
inject_one_for_a_sleeper(void)
{
    wait_until_all_sleep();
    tp_scheduler_ready(scheduler, &jobs[0].task);
    while (!does_first_run_a_job()) {
        steps_pause();
    }
}

static bool
is_first_claimed(void)
{
    return scheduler->workers[0].asleep != 1;
}

/*
 * The worker sleeps, is claimed, and wakes for no reason, twice, before it is
 * counted and woken: it must not go on.
 */
static void
a_claimed_worker_that_wakes_for_no_reason_waits_for_its_wake(void **state)
{
    (void)state;
    begin(1, inject_one_for_a_sleeper);
    for (int i = 0; i < STEPS_MAX && asleep_on[FIRST] == NULL; i++) {
        steps_take(&steps, i % 2 == 0 ? MAIN : FIRST);
    }
    let_go_on_until(MAIN, is_first_claimed);
    assert_true(is_first_claimed());
    for (int i = 0; i < 50; i++) {
        asleep_on[FIRST] = NULL;
        steps_take(&steps, FIRST);
    }
    assert_false(does_first_run_a_job());
    assert_int_equal(SLEEPERS_OF(scheduler->idle), 1);
    assert_int_equal(SEARCHERS_OF(scheduler->idle), 0);
    assert_true(steps_finish(&steps, STEPS_MAX));
    end();
}

static bool may_return;

static void
run_until_it_may_return(struct tp_worker *worker, struct job *job)
{
    (void)worker, (void)job;
    while (!may_return) {
        steps_pause();
    }
}

static bool
is_first_counted(void)
{
    return SLEEPERS_OF(scheduler->idle) == 1;
}

static bool
does_first_sleep(void)
{
    return scheduler->workers[0].asleep == 1;
}

static bool
does_second_sleep(void)
{
    return scheduler->workers[1].asleep == 1;
}

static bool
does_drain_wait(void)
{
    return is_draining(scheduler->drain);
}

static void
drain_with_one_bound_job(void)
{
    jobs[0].run = run_until_it_may_return;
    jobs[0].task.bound = FIRST;
    tp_scheduler_ready(scheduler, &jobs[0].task);
    CHECK(tp_scheduler_drain(scheduler, UINT64_MAX));
    CHECK(job_runs_count(&jobs[0]) == 1);
}

/*
 * The first worker counts itself as asleep; its job comes, and drain, before it
 * has said so. The second is the last to sleep, and so many steps later, while
 * it looks whether all is done, the first takes its job. Returns whether the
 * second was still looking.
 */
static bool
run_with_second_ahead(int steps_count)
{
    bool was_looking;

    may_return = false;
    begin(2, drain_with_one_bound_job);
    let_go_on_until(FIRST, is_first_counted);
    assert_true(is_first_counted() && !does_first_sleep());
    let_go_on_until(MAIN, does_drain_wait);
    assert_true(does_drain_wait());
    let_go_on_until(FIRST, does_first_sleep);
    assert_true(does_first_sleep());
    let_go_on_until(SECOND, does_second_sleep);
    assert_true(does_second_sleep());
    for (int i = 0; i < steps_count; i++) {
        steps_take(&steps, SECOND);
    }
    was_looking = asleep_on[SECOND] == NULL;
    let_go_on_until(FIRST, does_first_run_a_job);
    for (int i = 0; i < STEPS_MAX / 10; i++) {
        steps_take(&steps, SECOND);
    }
    assert_true(does_drain_wait());
    may_return = true;
    assert_true(steps_finish(&steps, STEPS_MAX));
    end();
    return was_looking;
}

static void
drain_does_not_end_while_a_worker_wakes_behind_who_looks(void **state)
{
    (void)state;
    int steps_count = 0;

    while (run_with_second_ahead(steps_count)) {
        steps_count++;
    }
    assert_true(steps_count > 1);
}

static bool
has_drain_ended(void)
{
    return scheduler->drain == 2;
}

static bool
does_second_drain_sleep(void)
{
    return scheduler->drain == 3 && asleep_on[MAIN] != NULL;
}

static void
drain_then_drain_with_one_bound_job(void)
{
    CHECK(tp_scheduler_drain(scheduler, UINT64_MAX));
    drain_with_one_bound_job();
}

/*
 * Both workers sleep and find that all is done; the second stands still so many
 * steps after it has said that it sleeps. The first ends the drain, and in the
 * next one runs a job. What the second has seen is no word about that one.
 * Returns false when the second has ended the drain itself.
 */
static bool
run_with_second_in_an_earlier_drain(int steps_count)
{
    bool is_ended_by_second;

    may_return = false;
    begin(2, drain_then_drain_with_one_bound_job);
    let_go_on_until(MAIN, does_drain_wait);
    for (int i = 0; i < 50; i++) { /* nobody sleeps, so it wakes nobody */
        steps_take(&steps, MAIN);
    }
    let_go_on_until(FIRST, does_first_sleep);
    let_go_on_until(SECOND, does_second_sleep);
    for (int i = 0; i < steps_count; i++) {
        steps_take(&steps, SECOND);
    }
    is_ended_by_second = has_drain_ended();
    let_go_on_until(FIRST, has_drain_ended);
    assert_true(has_drain_ended());
    for (int i = 0; i < STEPS_MAX / 10 && !does_second_drain_sleep(); i++) {
        steps_take(&steps, i % 2 == 0 ? MAIN : FIRST);
    }
    let_go_on_until(FIRST, does_first_run_a_job);
    if (!is_ended_by_second) {
        assert_true(does_second_drain_sleep() && does_first_run_a_job());
        for (int i = 0; i < STEPS_MAX / 10; i++) {
            steps_take(&steps, SECOND);
        }
        assert_true(does_drain_wait());
    }
    may_return = true;
    assert_true(steps_finish(&steps, STEPS_MAX));
    end();
    return !is_ended_by_second;
}

static void
what_was_seen_in_one_drain_does_not_end_the_next(void **state)
{
    (void)state;
    int steps_count = 0;

    while (run_with_second_in_an_earlier_drain(steps_count)) {
        steps_count++;
    }
    assert_true(steps_count > 1);
}

static bool may_make_a_newborn;

static void
make_a_newborn_and_wait_for_it(struct tp_worker *worker, struct job *job)
{
    while (!may_make_a_newborn) {
        steps_pause();
    }
    ready_a_newborn_and_wait_for_it(worker, job);
}

static void
inject_one_that_makes_a_newborn(void)
{
    may_make_a_newborn = false;
    jobs[0].run = make_a_newborn_and_wait_for_it;
    jobs[0].task.bound = FIRST;
    tp_scheduler_ready(scheduler, &jobs[0].task);
    while (job_runs_count(&jobs[1]) == 0) {
        steps_pause();
    }
}

static bool
is_second_counted_only(void)
{
    return SLEEPERS_OF(scheduler->idle) == 1 &&
           scheduler->workers[1].asleep == 0;
}

static bool
is_newborn_there(void)
{
    return scheduler->workers[0].newborns.newest == 1;
}

/*
 * The second worker is counted as asleep and has not said so yet when the first
 * makes a newborn and looks for somebody to wake: the last look of the second
 * has to see it.
 */
static void
a_newborn_is_seen_by_who_is_about_to_sleep(void **state)
{
    (void)state;
    begin(2, inject_one_that_makes_a_newborn);
    let_go_on_until(MAIN, does_first_run_a_job); /* as far as it can alone */
    let_go_on_until(FIRST, does_first_run_a_job);
    assert_true(does_first_run_a_job());
    let_go_on_until(SECOND, is_second_counted_only);
    assert_true(is_second_counted_only());
    may_make_a_newborn = true;
    let_go_on_until(FIRST, is_newborn_there);
    assert_true(is_newborn_there());
    for (int i = 0; i < STEPS_MAX / 10; i++) {
        steps_take(&steps, FIRST);
    }
    assert_true(steps_finish(&steps, STEPS_MAX));
    end();
}

static void
ring_next_year_and_wait_for_drain(struct tp_worker *worker, struct job *job)
{
    (void)job;
    tp_worker_add_timeout(worker, &timeout, UINT64_MAX / 2, TP_TIMEOUT_AWAITED);
    while (!does_drain_wait()) {
        steps_pause();
    }
}

static void
drain_in_no_time(void)
{
    jobs[0].run = ring_next_year_and_wait_for_drain;
    tp_scheduler_ready(scheduler, &jobs[0].task);
    while (!does_first_run_a_job()) {
        steps_pause();
    }
    CHECK(!tp_scheduler_drain(scheduler, 0));
}

/* The worker sleeps with nothing to run, but somebody waits for its timeout. */
static void
drain_waits_for_a_timeout_that_is_awaited(void **state)
{
    (void)state;
    begin(1, drain_in_no_time);
    for (int i = 0; i < STEPS_MAX && !does_drain_wait(); i++) {
        steps_take(&steps, i % 2 == 0 ? MAIN : FIRST);
    }
    for (int i = 0; i < STEPS_MAX / 10; i++) {
        steps_take(&steps, FIRST);
    }
    assert_true(does_first_sleep());
    assert_true(is_draining(scheduler->drain));
    assert_true(steps_finish(&steps, STEPS_MAX));
    end();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_injected_one_by_one_all_run),
        cmocka_unit_test(tasks_bound_to_sleeping_workers_all_run),
        cmocka_unit_test(tasks_that_tasks_make_ready_all_run),
        cmocka_unit_test(a_sleeping_worker_helps_one_that_does_not_return),
        cmocka_unit_test(drain_ends_when_all_have_run_and_not_before),
        cmocka_unit_test(
            a_worker_that_is_claimed_and_woken_by_two_is_not_counted_twice),
        cmocka_unit_test(who_takes_many_wakes_another_for_the_rest),
        cmocka_unit_test(
            a_claimed_worker_that_wakes_for_no_reason_waits_for_its_wake),
        cmocka_unit_test(
            drain_does_not_end_while_a_worker_wakes_behind_who_looks),
        cmocka_unit_test(what_was_seen_in_one_drain_does_not_end_the_next),
        cmocka_unit_test(drain_waits_for_a_timeout_that_is_awaited),
        cmocka_unit_test(a_newborn_is_seen_by_who_is_about_to_sleep),
    };
    return cmocka_run_group_tests_name("worker_sleep", tests, NULL, NULL);
}

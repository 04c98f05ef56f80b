/* SPDX-License-Identifier: BSD-2-Clause */
/* thrashing: 5,000 threads on a few processors. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

struct result {
    double ms;
    double switches; /* of the process, in the kernel */
    uint64_t work;   /* that has been done */
};

static struct result
begin(void)
{
    return (struct result){.ms = (double)timing_now_ns() / 1e6,
        .switches = (double)timing_switches_count()};
}

static void
finish(struct result *result, uint64_t work)
{
    result->ms = (double)timing_now_ns() / 1e6 - result->ms;
    result->switches = (double)timing_switches_count() - result->switches;
    result->work = work;
}

/* Runs the threads, from when all are there; their work is not yet known. */
static struct result
run_all(unsigned count, threads_body *body, void *context)
{
    struct threads *threads =
        threads_gather(count, THREADS_STACK_BYTES, body, context);
    struct result result = begin();

    if (threads != NULL) {
        threads_go(threads);
        threads_join(threads);
    }
    finish(&result, 0);
    return result;
}

/* ---- they compute -------------------------------------------------------- */

struct sum {
    uint64_t rounds_each;
    uint64_t done; /* rounds, added to once by each thread */
};

static void
compute(void *context, unsigned index)
{
    struct sum *sum = context;
    volatile uint64_t value = index;

    for (uint64_t i = 0; i < sum->rounds_each; i++) {
        value = value * 6364136223846793005u + 1;
    }
    __atomic_fetch_add(&sum->done, sum->rounds_each, __ATOMIC_RELAXED);
}

static struct result
compute_by(unsigned threads_count, uint64_t rounds_count)
{
    struct sum sum = {.rounds_each = rounds_count / threads_count};
    struct result result = run_all(threads_count, compute, &sum);

    result.work = sum.done;
    return result;
}

/* ---- broken: they pass a turn around, each asleep until it comes --------- */

struct ring {
    unsigned count;
    uint64_t turns_left; /* whose turn it is */
    sem_t *turns;
};

static void
pass_turns(void *context, unsigned index)
{
    struct ring *ring = context;
    unsigned next = (index + 1) % ring->count;

    for (;;) {
        sem_wait(&ring->turns[index]);
        if (ring->turns_left == 0) {
            break;
        }
        ring->turns_left--;
        sem_post(&ring->turns[next]);
    }
    sem_post(&ring->turns[next]); /* each tells the next that it is over */
}

static struct result
pass_by_threads(unsigned count, uint64_t turns_count)
{
    struct ring ring = {count, turns_count, calloc(count, sizeof(sem_t))};
    struct result result;

    if (ring.turns == NULL) {
        abort();
    }
    for (unsigned i = 0; i < count; i++) {
        sem_init(&ring.turns[i], 0, i == 0);
    }
    result = run_all(count, pass_turns, &ring);
    result.work = turns_count - ring.turns_left;
    free(ring.turns);
    return result;
}

/* ---- mended: as many turns, by actors ------------------------------------ */

#define TURN(FIELD) FIELD(uint64, left)
#define NEXT(FIELD) FIELD(pid, pid)
TROUPE_MESSAGE(turn, TURN)
TROUPE_MESSAGE(your_next, NEXT)

static void
on_your_next(
    struct troupe_self *self, void *state, const struct your_next *next)
{
    troupe_pid *own = state;

    (void)self;
    *own = next->pid;
}

static uint64_t turns_left;

static void
on_turn(struct troupe_self *self, void *state, const struct turn *turn)
{
    const troupe_pid *next = state;

    turns_left = turn->left;
    if (turn->left == 0) {
        troupe_runtime_quit(self);
    } else {
        (void)troupe_tell(self, *next, turn, .left = turn->left - 1);
    }
}

TROUPE_BEHAVIOUR(turn_taker, sizeof(troupe_pid),
    TROUPE_ON(your_next, on_your_next), TROUPE_ON(turn, on_turn));

static struct result
pass_by_actors(unsigned count, uint64_t turns_count)
{
    struct troupe_self *self = system_begin(NULL);
    troupe_pid first;
    troupe_pid next;
    struct result result;

    TROUPE_CHECK(troupe_spawn(self, turn_taker, &first));
    next = first;
    for (unsigned i = 1; i < count; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn_with(
            self, turn_taker, &TROUPE_SPAWN_OPTIONS(.state = &next), &pid));
        next = pid;
    }
    TROUPE_CHECK(troupe_tell(self, first, your_next, .pid = next));
    result = begin();
    TROUPE_CHECK(troupe_tell(self, first, turn, .left = turns_count));
    system_wait();
    finish(&result, turns_count - turns_left);
    system_end(NULL);
    return result;
}

/* ---- they are all woken for one thing to do ------------------------------ */

struct herd {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned awake_count; /* in this round; under the lock */
    unsigned round;
    unsigned rounds_count;
    unsigned count;
};

static void
wake_up(void *context, unsigned index)
{
    struct herd *herd = context;

    (void)index;
    for (unsigned round = 1; round <= herd->rounds_count; round++) {
        pthread_mutex_lock(&herd->lock);
        if (++herd->awake_count == herd->count) {
            herd->awake_count = 0;
            herd->round++;
            pthread_cond_broadcast(&herd->changed);
        }
        while (herd->round < round) {
            pthread_cond_wait(&herd->changed, &herd->lock);
        }
        pthread_mutex_unlock(&herd->lock);
    }
}

static struct result
wake_herd(unsigned count, unsigned rounds_count)
{
    struct herd herd = {.lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .rounds_count = rounds_count,
        .count = count};
    struct result result = run_all(count, wake_up, &herd);

    result.work = (uint64_t)herd.round * count;
    return result;
}

/* ---- the lab ------------------------------------------------------------- */

static void
tell(struct lab_report *report, const char *who, const char *what,
    const struct result *result)
{
    char label[LAB_TEXT_SIZE];

    lab_measured(report, who, what, "ms", result->ms);
    snprintf(label, sizeof(label), "%s: switches", what);
    lab_measured(report, who, label, "", result->switches);
}

static void
run(struct lab_report *report)
{
    unsigned many = (unsigned)lab_size(report, 5000, 100);
    unsigned few = timing_processors_count();
    uint64_t rounds_count = lab_size(report, 500000000, 1000000);
    uint64_t turns_count = lab_size(report, 200000, 5000);
    struct result alone = compute_by(few, rounds_count);
    struct result crowd = compute_by(many, rounds_count);
    struct result ring = pass_by_threads(many, turns_count);
    struct result actors = lab_is_fixed(report)
                               ? pass_by_actors(many, turns_count)
                               : pass_by_threads(many, turns_count);
    struct result herd = wake_herd(many, 5);
    char who[LAB_TEXT_SIZE];

    if (crowd.work == 0 || ring.work == 0 || herd.work == 0) {
        lab_conclude(report, LAB_NOT_SHOWN,
            "The system gave fewer than %u threads.", many);
        return;
    }
    snprintf(who, sizeof(who), "%u threads", many);
    tell(report, "a thread a processor", "to compute", &alone);
    tell(report, who, "to compute", &crowd);
    tell(report, who, "to pass a turn around", &ring);
    snprintf(who, sizeof(who), "%u actors", many);
    tell(report, who, "to pass a turn around", &actors);
    snprintf(who, sizeof(who), "%u threads", many);
    tell(report, who, "to be woken 5 times", &herd);
    lab_expect_at_least(report, "rounds computed by many threads",
        rounds_count - many, crowd.work);
    lab_expect_equal(report, "turns passed by threads", turns_count, ring.work);
    lab_expect_equal(
        report, "turns passed by actors", turns_count, actors.work);
    lab_expect_at_least(report, "switches of threads that pass turns",
        turns_count / 2, (uint64_t)ring.switches);
    lab_expect_at_most(report, "switches while actors pass as many",
        turns_count / 5, (uint64_t)actors.switches);
    lab_say(report,
        "%u threads that compute the same in all as %u: the system gives each "
        "a "
        "few milliseconds, and a switch costs microseconds. Threads that hand "
        "on a turn, or are all woken for one thing, switch each time, and that "
        "is what takes the time; actors that hand it on stay on their "
        "processor.",
        many, few);
    lab_conclude(report, LAB_PARTLY,
        "To compute with %u threads took %.2f times as long as with %u; to "
        "pass a turn around took %.0f times as long as with actors.",
        many, crowd.ms / alone.ms, few, ring.ms / actors.ms);
}

const struct lab lab_thrashing = {
    .name = "thrashing",
    .claim = "With 5,000 threads a machine does nothing but switch between "
             "them.",
    .drawn = "ms",
    .duration_s = 5,
    .run = run,
};

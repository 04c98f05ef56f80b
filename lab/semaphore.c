/* SPDX-License-Identifier: BSD-2-Clause */
/* semaphore: 50 clients, 10 permits. */
#include "lab/lab.h"
#include "lab/scenes.h"
#include "lab/shown.h"
#include "lab/system.h"
#include "lab/threads.h"

#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>

enum { CLIENTS_COUNT = 50, PERMITS_COUNT = 10 };

static int64_t permits;
static int64_t in_use;
static int64_t most_in_use;

/* What a client does with a permit. */
static void
use_permit(void)
{
    in_use++;
    most_in_use = in_use > most_in_use ? in_use : most_in_use;
    stage_pause("works with a permit");
    in_use--;
}

/* ---- broken: look, then take --------------------------------------------- */

static void
take_a_look_first(void *context)
{
    (void)context;
    if (stage_read(&permits) > 0) {
        stage_write(&permits, permits - 1);
        use_permit();
        stage_write(&permits, permits + 1);
    }
}

/* ---- mended: look and take are one step ---------------------------------- */

static struct stage_lock lock;

static void
take_at_once(void *context)
{
    bool is_mine;

    (void)context;
    stage_lock(&lock); /* as sem_trywait() does in one instruction */
    is_mine = stage_read(&permits) > 0;
    if (is_mine) {
        stage_write(&permits, permits - 1);
    }
    stage_unlock(&lock);
    if (is_mine) {
        use_permit();
        stage_lock(&lock);
        stage_write(&permits, permits + 1);
        stage_unlock(&lock);
    }
}

/* ---- actors: one who has the permits, and a queue ------------------------ */

TROUPE_MESSAGE(want_permit, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(permit, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(permit_back, TROUPE_NO_FIELDS)

struct office {
    unsigned in_use;
    unsigned most_in_use;
    unsigned served_count;
    unsigned waiting_count;
    struct troupe_request *waiting[CLIENTS_COUNT]; /* oldest first */
};

static void
on_want_permit(
    struct troupe_self *self, void *state, const struct want_permit *want)
{
    struct office *office = state;

    (void)want;
    if (office->in_use < PERMITS_COUNT) {
        office->in_use++;
        (void)troupe_reply(self, permit);
    } else {
        TROUPE_CHECK(troupe_request_keep(
            self, &office->waiting[office->waiting_count++]));
    }
    if (office->in_use > office->most_in_use) {
        office->most_in_use = office->in_use;
    }
}

static void
on_permit_back(
    struct troupe_self *self, void *state, const struct permit_back *back)
{
    struct office *office = state;

    (void)back;
    office->served_count++;
    if (office->waiting_count > 0) { /* the permit goes to the next */
        (void)troupe_reply_to(self, &office->waiting[0], permit);
        office->waiting_count--;
        for (unsigned i = 0; i < office->waiting_count; i++) {
            office->waiting[i] = office->waiting[i + 1];
        }
    } else {
        office->in_use--;
    }
    if (office->served_count == CLIENTS_COUNT) {
        most_in_use = (int64_t)office->most_in_use;
        troupe_runtime_quit(self);
    }
}

TROUPE_BEHAVIOUR(office, sizeof(struct office),
    TROUPE_ON(want_permit, on_want_permit),
    TROUPE_ON(permit_back, on_permit_back));

static troupe_pid the_office;

static void
be_client(struct troupe_self *self, void *state)
{
    struct permit mine;

    (void)state;
    TROUPE_CHECK(troupe_ask(
        self, the_office, TROUPE_SECONDS(60), permit, &mine, want_permit));
    TROUPE_CHECK(troupe_sleep(self, TROUPE_MS(1))); /* works with it */
    TROUPE_CHECK(troupe_tell(self, the_office, permit_back));
}

TROUPE_PROCESS(client, 0, be_client);

static uint64_t
run_actors(void)
{
    struct troupe_self *self = system_begin(NULL);
    troupe_pid pid;

    most_in_use = 0;
    TROUPE_CHECK(troupe_spawn(self, office, &the_office));
    for (int i = 0; i < CLIENTS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn(self, client, &pid));
    }
    system_wait();
    system_end(NULL);
    return (uint64_t)most_in_use;
}

/* ---- in every order: two clients, one permit ----------------------------- */

static void
begin_with(struct stage *stage, void (*body)(void *))
{
    permits = 1;
    in_use = most_in_use = 0;
    lock = (struct stage_lock){0};
    stage_add(stage, "Alice", body, NULL);
    stage_add(stage, "Bob", body, NULL);
}

static void
begin_broken(struct stage *stage)
{
    begin_with(stage, take_a_look_first);
}

static void
begin_mended(struct stage *stage)
{
    begin_with(stage, take_at_once);
}

static bool
was_one_at_a_time(struct troupe_explored *run)
{
    (void)run;
    return most_in_use <= 1;
}

const struct scene scene_semaphore = {
    .name = "semaphore",
    .story =
        "There is one permit. Alice and Bob look whether there is one, and "
        "take it. Let both work with it at once.",
    .begin = begin_broken,
    .words = {{"permits", &permits}, {"most in use at once", &most_in_use}},
    .is_right = was_one_at_a_time,
};

static const struct scene at_once = {
    .name = "semaphore, in one step",
    .begin = begin_mended,
    .words = {{"permits", &permits}, {"most in use at once", &most_in_use}},
    .is_right = was_one_at_a_time,
};

/* ---- for real ------------------------------------------------------------ */

struct pool {
    sem_t permits;
    int in_use;
    int most_in_use;
    int served_count;
};

static void
use_pool(void *context, unsigned index)
{
    struct pool *pool = context;
    int mine;
    int most;

    (void)index;
    sem_wait(&pool->permits);
    mine = __atomic_add_fetch(&pool->in_use, 1, __ATOMIC_RELAXED);
    most = __atomic_load_n(&pool->most_in_use, __ATOMIC_RELAXED);
    while (
        mine > most && !__atomic_compare_exchange_n(&pool->most_in_use, &most,
                           mine, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    sched_yield(); /* works with it */
    __atomic_fetch_sub(&pool->in_use, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&pool->served_count, 1, __ATOMIC_RELAXED);
    sem_post(&pool->permits);
}

static void
run(struct lab_report *report)
{
    struct pool pool = {.in_use = 0};
    uint64_t broken;
    uint64_t mended;
    uint64_t actors;

    lab_say(report,
        "One permit, and two clients that look whether it is there before they "
        "take it:");
    broken = shown_worst(report, "look, then take", &scene_semaphore);
    mended = shown_orders(report, "in one step",
        lab_is_fixed(report) ? &at_once : &scene_semaphore);
    lab_expect_at_least(
        report, "orders in which two have the one permit", 1, broken);
    lab_expect_equal(report, "the same in one step", 0, mended);
    lab_say(report,
        "Every order. Now %d clients over %d permits, for real:", CLIENTS_COUNT,
        PERMITS_COUNT);
    sem_init(&pool.permits, 0, PERMITS_COUNT);
    if (!threads_run(CLIENTS_COUNT, use_pool, &pool)) {
        lab_conclude(report, LAB_NOT_SHOWN, "The system gave fewer threads.");
        return;
    }
    sem_destroy(&pool.permits);
    actors = run_actors();
    lab_measured(
        report, "threads, sem_t", "most permits in use", "", pool.most_in_use);
    lab_measured(
        report, "actors, an office", "most permits in use", "", (double)actors);
    lab_expect_at_most(report, "permits in use by threads", PERMITS_COUNT,
        (uint64_t)pool.most_in_use);
    lab_expect_equal(
        report, "threads served", CLIENTS_COUNT, (uint64_t)pool.served_count);
    lab_expect_at_most(
        report, "permits in use by actors", PERMITS_COUNT, actors);
    lab_say(report,
        "A semaphore does not say who gets the permit next; an actor that has "
        "the permits has a queue, and can say anything about it.");
    lab_conclude(report, LAB_HOLDS,
        "Never more than %d of %d were in use. Counted by hand, without a "
        "lock, "
        "%u orders give one permit to two.",
        PERMITS_COUNT, PERMITS_COUNT, (unsigned)broken);
}

const struct lab lab_semaphore = {
    .name = "semaphore",
    .claim = "A semaphore of 10 lets in 10 at a time, and never an eleventh.",
    .duration_s = 1,
    .run = run,
};

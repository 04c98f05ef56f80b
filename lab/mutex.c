/* SPDX-License-Identifier: BSD-2-Clause */
/* mutex: what it guarantees, and what it does not. */
#include "lab/lab.h"
#include "lab/scenes.h"
#include "lab/shown.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <ck_spinlock.h>
#include <pthread.h>
#include <stdlib.h>

static int64_t alice;
static int64_t bob;
static int64_t seen;
static struct stage_lock lock;

/* ---- whoever writes locks ------------------------------------------------ */

static void
move_money(void *context)
{
    (void)context;
    stage_lock(&lock);
    stage_write(&alice, stage_read(&alice) - 30);
    stage_write(&bob, stage_read(&bob) + 30);
    stage_unlock(&lock);
}

/* ---- broken: a reader who does not --------------------------------------- */

static void
sum_up(void *context)
{
    (void)context;
    seen = stage_read(&alice) + stage_read(&bob);
}

/* ---- mended: a reader who does ------------------------------------------- */

static void
sum_up_alone(void *context)
{
    (void)context;
    stage_lock(&lock);
    seen = stage_read(&alice) + stage_read(&bob);
    stage_unlock(&lock);
}

/* ---- actors: both balances are one actor's state ------------------------- */

struct till {
    int64_t alice;
    int64_t bob;
};

#define CENTS(FIELD) FIELD(int64, cents)
TROUPE_MESSAGE(move, CENTS)
TROUPE_MESSAGE(sum, CENTS)
TROUPE_MESSAGE(get_sum, TROUPE_NO_FIELDS)

static void
on_move(struct troupe_self *self, void *state, const struct move *move)
{
    struct till *till = state;

    (void)self;
    till->alice -= move->cents;
    till->bob += move->cents;
}

static void
on_get_sum(struct troupe_self *self, void *state, const struct get_sum *get)
{
    const struct till *till = state;

    (void)get;
    (void)troupe_reply(self, sum, .cents = till->alice + till->bob);
}

TROUPE_BEHAVIOUR(till, sizeof(struct till), TROUPE_ON(move, on_move),
    TROUPE_ON(get_sum, on_get_sum));

/* ---- in every order ------------------------------------------------------ */

static void
begin_with(struct stage *stage, void (*reader)(void *))
{
    alice = bob = 100;
    seen = 0;
    lock = (struct stage_lock){0};
    stage_add(stage, "Writer", move_money, NULL);
    stage_add(stage, "Reader", reader, NULL);
}

static void
begin_broken(struct stage *stage)
{
    begin_with(stage, sum_up);
}

static void
begin_mended(struct stage *stage)
{
    begin_with(stage, sum_up_alone);
}

static bool
is_sum_right(struct troupe_explored *run)
{
    (void)run;
    return seen == 200;
}

const struct scene scene_mutex = {
    .name = "mutex",
    .story =
        "Alice and Bob have 100 each. A writer moves 30 from one to the "
        "other, with a lock; a reader adds both up, without. It should see "
        "200. Let it see something else.",
    .begin = begin_broken,
    .words = {{"alice", &alice}, {"bob", &bob}, {"seen", &seen}},
    .is_right = is_sum_right,
};

static const struct scene with_lock = {
    .name = "mutex, and the reader locks",
    .begin = begin_mended,
    .words = {{"alice", &alice}, {"bob", &bob}, {"seen", &seen}},
    .is_right = is_sum_right,
};

static troupe_pid the_till;

static void
on_writer_start(struct troupe_self *self, void *state)
{
    (void)state;
    (void)troupe_tell(self, the_till, move, .cents = 30);
}

TROUPE_BEHAVIOUR(mover, 0, TROUPE_ON_START(on_writer_start));

static void
on_sum(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    int64_t *cents = state;
    struct sum sum;

    (void)self;
    (void)context;
    TROUPE_CHECK(sum_from(answer, &sum));
    *cents = sum.cents;
}

static void
on_reader_start(struct troupe_self *self, void *state)
{
    (void)state;
    TROUPE_CHECK(troupe_ask_then(
        self, the_till, TROUPE_SECONDS(60), on_sum, 0, get_sum));
}

TROUPE_BEHAVIOUR(auditor, sizeof(int64_t), TROUPE_ON_START(on_reader_start));

static troupe_pid the_reader;

static void
begin_actors(struct troupe_self *self, void *context)
{
    struct till till = {100, 100};
    troupe_pid pid;

    (void)context;
    TROUPE_CHECK(troupe_spawn_with(
        self, till, &TROUPE_SPAWN_OPTIONS(.state = &till), &the_till));
    TROUPE_CHECK(troupe_spawn(self, mover, &pid));
    TROUPE_CHECK(troupe_spawn(self, auditor, &the_reader));
}

static bool
has_reader_seen_all(struct troupe_explored *run)
{
    const int64_t *cents = troupe_explored_state_view(run, the_reader);

    return cents != NULL && *cents == 200;
}

static void
look(struct troupe_explored *run, char *line)
{
    snprintf(line, SCENE_LINE_SIZE, "the reader saw %s",
        has_reader_seen_all(run) ? "200" : "something else");
}

static const struct scene of_actors = {
    .name = "mutex, by actors",
    .setup = begin_actors,
    .look = look,
    .is_right = has_reader_seen_all,
};

/* ---- what locks cost ----------------------------------------------------- */

struct locks {
    pthread_mutex_t mutex;
    ck_spinlock_fas_t spin;
    ck_spinlock_ticket_t ticket;
    uint64_t rounds_count;
    uint64_t sum; /* under the lock */
};

static void
use_mutex(void *context, unsigned index)
{
    struct locks *locks = context;

    (void)index;
    for (uint64_t i = 0; i < locks->rounds_count; i++) {
        pthread_mutex_lock(&locks->mutex);
        locks->sum++;
        pthread_mutex_unlock(&locks->mutex);
    }
}

static void
use_spinlock(void *context, unsigned index)
{
    struct locks *locks = context;

    (void)index;
    for (uint64_t i = 0; i < locks->rounds_count; i++) {
        ck_spinlock_fas_lock(&locks->spin);
        locks->sum++;
        ck_spinlock_fas_unlock(&locks->spin);
    }
}

static void
use_ticket(void *context, unsigned index)
{
    struct locks *locks = context;

    (void)index;
    for (uint64_t i = 0; i < locks->rounds_count; i++) {
        ck_spinlock_ticket_lock(&locks->ticket);
        locks->sum++;
        ck_spinlock_ticket_unlock(&locks->ticket);
    }
}

static void
measure_lock(struct lab_report *report, const char *who, threads_body *use,
    unsigned threads_count)
{
    struct locks locks = {.mutex = PTHREAD_MUTEX_INITIALIZER,
        .rounds_count = lab_size(report, 2000000, 1000) / threads_count};
    uint64_t start_ns;
    char what[LAB_TEXT_SIZE];

    ck_spinlock_fas_init(&locks.spin);
    ck_spinlock_ticket_init(&locks.ticket);
    start_ns = timing_now_ns();
    if (!threads_run(threads_count, use, &locks)) {
        return;
    }
    snprintf(what, sizeof(what), "lock and unlock, %u thread%s", threads_count,
        threads_count > 1 ? "s" : "");
    lab_measured(report, who, what, "ns",
        (double)(timing_now_ns() - start_ns) / (double)locks.sum);
    snprintf(what, sizeof(what), "rounds counted under %s", who);
    lab_expect_equal(
        report, what, locks.rounds_count * threads_count, locks.sum);
}

static void
run(struct lab_report *report)
{
    uint64_t broken;
    uint64_t mended;
    uint64_t actors;

    lab_say(report,
        "Alice and Bob have 100 each. A writer moves 30 under a lock; a reader "
        "adds both up without taking it. It sees a sum that never was:");
    broken = shown_worst(report, "a reader without", &scene_mutex);
    mended = shown_orders(report, "a reader who locks",
        lab_is_fixed(report) ? &with_lock : &scene_mutex);
    actors = shown_orders(report, "actors", &of_actors);
    lab_expect_at_least(report,
        "orders in which a reader without it sees a wrong sum", 1, broken);
    lab_expect_equal(
        report, "orders in which a reader who locks does", 0, mended);
    lab_expect_equal(report, "orders in which an actor does", 0, actors);
    lab_say(report,
        "A mutex keeps out whoever asks it, and nobody else: it is an "
        "agreement. The state of an actor has no other way to it. What the "
        "agreement costs, with pthread's mutex and two spinlocks of "
        "Concurrency Kit; who spins while the holder has no processor spins in "
        "vain:");
    for (unsigned count = 1; count <= 2; count++) {
        measure_lock(report, "pthread mutex", use_mutex, count);
        measure_lock(report, "CK spinlock (fas)", use_spinlock, count);
        measure_lock(report, "CK ticket lock", use_ticket, count);
    }
    lab_conclude(report, LAB_PARTLY,
        "It protects from those who lock it too. One reader who does not sees "
        "a wrong sum in %u of the orders.",
        (unsigned)broken);
}

const struct lab lab_mutex = {
    .name = "mutex",
    .claim = "A mutex protects the data it belongs to.",
    .drawn = "ns",
    .duration_s = 2,
    .run = run,
};

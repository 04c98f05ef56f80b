/* SPDX-License-Identifier: BSD-2-Clause */
/* race: two updates, one lost. */
#include "lab/lab.h"
#include "lab/scenes.h"
#include "lab/shown.h"
#include "lab/system.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

enum { DEPOSITORS_COUNT = 2, TRIES_COUNT = 1000 };

static int64_t balance;

/* ---- broken: read, reckon, write ----------------------------------------- */

static void
deposit(void *cents)
{
    int64_t seen = stage_read(&balance);

    stage_write(&balance, seen + *(const int64_t *)cents);
}

/* ---- mended: one at a time ----------------------------------------------- */

static struct stage_lock lock;

static void
deposit_alone(void *cents)
{
    stage_lock(&lock);
    int64_t seen = stage_read(&balance);

    stage_write(&balance, seen + *(const int64_t *)cents);
    stage_unlock(&lock);
}

/* ---- actors: the balance is the account's own ---------------------------- */

#define CENTS(FIELD) FIELD(int64, cents)
TROUPE_MESSAGE(deposit, CENTS)
TROUPE_MESSAGE(get_balance, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(balance, CENTS)

static void
on_deposit(struct troupe_self *self, void *state, const struct deposit *deposit)
{
    int64_t *cents = state;

    (void)self;
    *cents += deposit->cents;
}

static void
on_get_balance(
    struct troupe_self *self, void *state, const struct get_balance *get)
{
    const int64_t *cents = state;

    (void)get;
    (void)troupe_reply(self, balance, .cents = *cents);
}

TROUPE_BEHAVIOUR(account, sizeof(int64_t), TROUPE_ON(deposit, on_deposit),
    TROUPE_ON(get_balance, on_get_balance));

/* ---- in every order ------------------------------------------------------ */

static const int64_t amounts[DEPOSITORS_COUNT] = {50, 20};

static void
begin_with(struct stage *stage, void (*body)(void *))
{
    balance = 100;
    lock = (struct stage_lock){0};
    stage_add(stage, "Alice", body, (void *)(uintptr_t)&amounts[0]);
    stage_add(stage, "Bob", body, (void *)(uintptr_t)&amounts[1]);
}

static void
begin_broken(struct stage *stage)
{
    begin_with(stage, deposit);
}

static void
begin_mended(struct stage *stage)
{
    begin_with(stage, deposit_alone);
}

static bool
is_all_there(struct troupe_explored *run)
{
    (void)run;
    return balance == 170;
}

const struct scene scene_race = {
    .name = "race",
    .story = "An account holds 100. Alice deposits 50 and Bob 20, each by "
             "reading the balance and writing a new one. In the end there "
             "should be 170. Lose some of it.",
    .begin = begin_broken,
    .words = {{"balance", &balance}},
    .is_right = is_all_there,
};

static const struct scene with_lock = {
    .name = "race, with a lock",
    .begin = begin_mended,
    .words = {{"balance", &balance}},
    .is_right = is_all_there,
};

static troupe_pid account;

/* Two actors, so that nothing says whose message comes first. */
static void
on_start(struct troupe_self *self, void *state)
{
    const int64_t *cents = state;

    (void)troupe_tell(self, account, deposit, .cents = *cents);
}

TROUPE_BEHAVIOUR(depositor, sizeof(int64_t), TROUPE_ON_START(on_start));

static void
begin_actors(struct troupe_self *self, void *context)
{
    int64_t cents = 100;
    troupe_pid pid;

    (void)context;
    TROUPE_CHECK(troupe_spawn_with(
        self, account, &TROUPE_SPAWN_OPTIONS(.state = &cents), &account));
    for (int i = 0; i < DEPOSITORS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn_with(self, depositor,
            &TROUPE_SPAWN_OPTIONS(.state = &amounts[i]), &pid));
    }
}

static int64_t
see_balance(struct troupe_explored *run)
{
    const int64_t *cents = troupe_explored_state_view(run, account);

    return cents != NULL ? *cents : 0;
}

static void
look(struct troupe_explored *run, char *line)
{
    snprintf(line, SCENE_LINE_SIZE, "balance = %" PRId64, see_balance(run));
}

static bool
has_account_all(struct troupe_explored *run)
{
    return see_balance(run) == 170;
}

static const struct scene of_actors = {
    .name = "race, by actors",
    .setup = begin_actors,
    .look = look,
    .is_right = has_account_all,
};

static void
explore(struct lab_report *report)
{
    uint64_t wrong_count;

    lab_say(report,
        "An account holds 100; Alice deposits 50 and Bob 20. Each reads the "
        "balance and writes a new one. One of the orders that lose:");
    wrong_count = shown_worst(report, "broken", &scene_race);
    lab_expect_at_least(
        report, "orders in which a deposit is lost", 1, wrong_count);
    wrong_count = shown_orders(
        report, "with a lock", lab_is_fixed(report) ? &with_lock : &scene_race);
    lab_expect_equal(report, "the same with a lock", 0, wrong_count);
    wrong_count = shown_orders(report, "actors", &of_actors);
    lab_expect_equal(report, "the same with an account actor", 0, wrong_count);
    lab_say(report, "Every order of their steps, each tried once.");
}

/* ---- for real ------------------------------------------------------------ */

struct shared {
    volatile int64_t cents; /* volatile: each round reads and writes it */
    pthread_mutex_t mutex;
    uint64_t rounds_count;
    bool is_locked;
};

static void
deposit_many(void *context, unsigned index)
{
    struct shared *shared = context;

    (void)index;
    for (uint64_t i = 0; i < shared->rounds_count; i++) {
        if (shared->is_locked) {
            pthread_mutex_lock(&shared->mutex);
        }
        shared->cents = shared->cents + 1;
        if (shared->is_locked) {
            pthread_mutex_unlock(&shared->mutex);
        }
    }
}

/* How much is missing in the end. */
static uint64_t
lose_by_threads(uint64_t rounds_count, bool is_locked)
{
    struct shared shared = {.mutex = PTHREAD_MUTEX_INITIALIZER,
        .rounds_count = rounds_count,
        .is_locked = is_locked};

    if (!threads_run(DEPOSITORS_COUNT, deposit_many, &shared)) {
        return UINT64_MAX;
    }
    return DEPOSITORS_COUNT * rounds_count - (uint64_t)shared.cents;
}

TROUPE_MESSAGE(rounds_done, TROUPE_NO_FIELDS)

struct errand {
    troupe_pid crowd;
    uint64_t rounds_count;
};

/* In sequential style a tell waits while the account has too much to do. */
static void
deposit_rounds(struct troupe_self *self, void *state)
{
    const struct errand *errand = state;

    for (uint64_t i = 0; i < errand->rounds_count; i++) {
        TROUPE_CHECK(troupe_tell(self, account, deposit, .cents = 1));
    }
    TROUPE_CHECK(troupe_tell(self, errand->crowd, rounds_done));
}

TROUPE_PROCESS(eager, sizeof(struct errand), deposit_rounds);

static void
on_rounds_done(
    struct troupe_self *self, void *state, const struct rounds_done *done)
{
    unsigned *done_count = state;

    (void)done;
    if (++*done_count == DEPOSITORS_COUNT) {
        troupe_runtime_quit(self);
    }
}

TROUPE_BEHAVIOUR(
    crowd, sizeof(unsigned), TROUPE_ON(rounds_done, on_rounds_done));

static uint64_t
lose_by_actors(uint64_t rounds_count)
{
    struct troupe_self *self = system_begin(NULL);
    struct errand errand = {.rounds_count = rounds_count};
    struct balance sum;
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(self, account, &account));
    TROUPE_CHECK(troupe_spawn(self, crowd, &errand.crowd));
    for (int i = 0; i < DEPOSITORS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn_with(
            self, eager, &TROUPE_SPAWN_OPTIONS(.state = &errand), &pid));
    }
    system_wait();
    TROUPE_CHECK(troupe_ask(
        self, account, TROUPE_SECONDS(60), balance, &sum, get_balance));
    system_end(NULL);
    return DEPOSITORS_COUNT * rounds_count - (uint64_t)sum.cents;
}

static uint64_t
do_for_real(struct lab_report *report)
{
    uint64_t rounds_count = lab_size(report, 5000000, 20000);
    uint64_t lost = lose_by_threads(rounds_count, false);
    uint64_t lost_locked = lose_by_threads(rounds_count, lab_is_fixed(report));
    uint64_t lost_by_actors = lose_by_actors(rounds_count);

    lab_measured(report, "broken", "deposits lost", "", (double)lost);
    lab_measured(
        report, "with a lock", "deposits lost", "", (double)lost_locked);
    lab_measured(report, "actors", "deposits lost", "", (double)lost_by_actors);
    lab_expect_equal(report, "deposits of threads with a lock that are lost", 0,
        lost_locked);
    lab_expect_equal(
        report, "deposits of actors that are lost", 0, lost_by_actors);
    lab_say(report,
        "For real, %" PRIu64 " deposits by each of two: whoever is between "
        "read and write when the other writes wipes that out.",
        rounds_count);
    return lost;
}

/* Each try is two threads that deposit once, as a test would have it. */
static uint64_t
try_like_a_test(struct lab_report *report)
{
    uint64_t count = lab_size(report, TRIES_COUNT, 50);
    uint64_t failures = 0;

    for (uint64_t i = 0; i < count; i++) {
        failures += lose_by_threads(1, false) != 0;
    }
    lab_measured(report, "broken", "runs of a test", "", (double)count);
    lab_measured(report, "broken", "that fail", "", (double)failures);
    lab_say(report,
        "Why tests pass and production fails: a test that lets two threads "
        "deposit once each, and looks. The explorer needed six runs, and one "
        "would have been enough that it chooses itself.");
    return failures;
}

static void
run(struct lab_report *report)
{
    uint64_t lost;
    uint64_t failures;

    explore(report);
    lost = do_for_real(report);
    failures = try_like_a_test(report);
    lab_conclude(report, LAB_HOLDS,
        "Four of six orders lose a deposit; %" PRIu64
        " were lost here for real, and %" PRIu64
        " test runs noticed. With a lock, or an actor, none can be.",
        lost, failures);
}

const struct lab lab_race = {
    .name = "race",
    .claim =
        "Two threads that update one balance can lose an update, and tests "
        "do not notice.",
    .drawn = NULL,
    .duration_s = 3,
    .run = run,
};

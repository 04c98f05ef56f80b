/* SPDX-License-Identifier: BSD-2-Clause */
/* deadlock: two rows, taken in opposite order. */
#include "lab/lab.h"
#include "lab/scenes.h"
#include "lab/shown.h"
#include "lab/system.h"
#include "lab/task_state.h"
#include "lab/threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct stage_lock row_a;
static struct stage_lock row_b;
static int64_t done;

/* ---- broken: each takes its own row first -------------------------------- */

struct rows {
    struct stage_lock *mine;
    struct stage_lock *theirs;
};

static const struct rows rows_of_alice = {&row_a, &row_b};
static const struct rows rows_of_bob = {&row_b, &row_a};

static void
transfer(void *context)
{
    const struct rows *rows = context;

    stage_lock(rows->mine);
    stage_lock(rows->theirs);
    done++; /* both are mine now */
    stage_unlock(rows->theirs);
    stage_unlock(rows->mine);
}

/* ---- mended: the lower address first, whoever it is ---------------------- */

static void
transfer_in_order(void *context)
{
    const struct rows *rows = context;
    bool is_mine_first = rows->mine < rows->theirs;
    struct stage_lock *first = is_mine_first ? rows->mine : rows->theirs;
    struct stage_lock *second = is_mine_first ? rows->theirs : rows->mine;

    stage_lock(first);
    stage_lock(second);
    done++; /* both are mine now */
    stage_unlock(second);
    stage_unlock(first);
}

/* ---- actors: two that ask each other ------------------------------------- */

#define PEER(FIELD) FIELD(pid, peer)
TROUPE_MESSAGE(ask_of, PEER)
TROUPE_MESSAGE(may_i, PEER)
TROUPE_MESSAGE(you_may, TROUPE_NO_FIELDS)

static char refusal[512]; /* what the runtime said of the ask */

/* Whoever is asked asks the other one before it answers. */
static void
keep_row(struct troupe_self *self, void *state)
{
    const struct troupe_message *message;
    struct you_may you_may;
    struct may_i may_i;
    struct ask_of ask_of;

    (void)state;
    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        if (ask_of_in(message, &ask_of)) {
            (void)troupe_ask(self, ask_of.peer, TROUPE_SECONDS(60), you_may,
                &you_may, may_i, .peer = troupe_self_pid(self));
            troupe_runtime_quit(self);
        } else if (may_i_in(message, &may_i)) {
            if (troupe_ask(self, may_i.peer, TROUPE_SECONDS(60), you_may,
                    &you_may, may_i,
                    .peer = troupe_self_pid(self)) == TROUPE_E_CYCLE) {
                snprintf(refusal, sizeof(refusal), "%s", troupe_err_detail());
            }
            (void)troupe_reply(self, you_may);
        }
    }
}

TROUPE_PROCESS(row_keeper, 0, keep_row);

/* ---- in every order ------------------------------------------------------ */

static void
begin_with(struct stage *stage, void (*body)(void *))
{
    done = 0;
    row_a = (struct stage_lock){.name = "row A"};
    row_b = (struct stage_lock){.name = "row B"};
    stage_add(stage, "Alice", body, (void *)(uintptr_t)&rows_of_alice);
    stage_add(stage, "Bob", body, (void *)(uintptr_t)&rows_of_bob);
}

static void
begin_broken(struct stage *stage)
{
    begin_with(stage, transfer);
}

static void
begin_mended(struct stage *stage)
{
    begin_with(stage, transfer_in_order);
}

static bool
are_both_done(struct troupe_explored *run)
{
    (void)run;
    return done == 2;
}

const struct scene scene_deadlock = {
    .name = "deadlock",
    .story = "Alice moves money from row A to row B, Bob from B to A. Each "
             "locks its own row, and then the other. Bring them to a stop.",
    .begin = begin_broken,
    .words = {{"transfers done", &done}},
    .is_right = are_both_done,
};

static const struct scene in_order = {
    .name = "deadlock, with an order of the rows",
    .begin = begin_mended,
    .words = {{"transfers done", &done}},
    .is_right = are_both_done,
};

/* ---- for real ------------------------------------------------------------ */

struct holder {
    pthread_mutex_t *mine;
    pthread_mutex_t *theirs;
    pthread_barrier_t *both_have_one;
    pid_t number; /* written once, before the barrier */
};

static void *
take_both(void *arg)
{
    struct holder *holder = arg;

    holder->number = task_number();
    pthread_mutex_lock(holder->mine);
    pthread_barrier_wait(holder->both_have_one);
    pthread_mutex_lock(holder->theirs);
    return NULL;
}

/* Freezes two threads, which stay so until the process ends, and says who waits
 * for whom, as a dump of all threads would. */
static uint64_t
freeze_two(struct lab_report *report)
{
    static pthread_mutex_t rows[2] = {
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
    static pthread_barrier_t both_have_one;
    static struct holder holders[2];
    uint64_t waits_count = 0;
    char dump[512] = "";

    pthread_barrier_init(&both_have_one, NULL, 3);
    for (int i = 0; i < 2; i++) {
        pthread_t thread;

        holders[i] = (struct holder){&rows[i], &rows[1 - i], &both_have_one, 0};
        if (pthread_create(&thread, NULL, take_both, &holders[i]) != 0) {
            return 0;
        }
        pthread_detach(thread);
    }
    pthread_barrier_wait(&both_have_one);
    for (int i = 0; i < 2; i++) {
        const char *state = task_await(holders[i].number, "blocked");
        int owner = holders[i].theirs->__data.__owner;
        size_t used = strlen(dump);

        snprintf(dump + used, sizeof(dump) - used,
            "thread %d: %s in pthread_mutex_lock(), row %c, which thread %d "
            "has\n",
            i + 1, state, i == 0 ? 'B' : 'A',
            owner == holders[1 - i].number ? 2 - i : 0);
        waits_count += owner == holders[1 - i].number;
    }
    lab_show(report, dump);
    return waits_count;
}

/* ---- the lab ------------------------------------------------------------- */

static void
ask_each_other(struct lab_report *report)
{
    struct troupe_self *self = system_begin(NULL);
    troupe_pid one;
    troupe_pid other;

    TROUPE_CHECK(troupe_spawn(self, row_keeper, &one));
    TROUPE_CHECK(troupe_spawn(self, row_keeper, &other));
    TROUPE_CHECK(troupe_tell(self, one, ask_of, .peer = other));
    system_wait();
    system_end(NULL);
    lab_say(report,
        "Two actors have no locks, and can still wait for each other: one asks "
        "the other, which asks back before it answers. The runtime sees that "
        "this answer could never come, and refuses the second ask:");
    lab_show(report, refusal);
    lab_expect_equal(report, "the runtime names the cycle of two actors", 1,
        strstr(refusal, "cycle of asks: ") != NULL);
}

static void
run(struct lab_report *report)
{
    uint64_t broken;
    uint64_t mended;

    lab_say(report,
        "Alice moves money from row A to row B, Bob from B to A, and each "
        "locks "
        "its own row first. The shortest order that ends in a deadlock:");
    broken = shown_worst(report, "own row first", &scene_deadlock);
    mended = shown_orders(report, "lower row first",
        lab_is_fixed(report) ? &in_order : &scene_deadlock);
    lab_expect_at_least(report, "orders that freeze, own row first", 1, broken);
    lab_expect_equal(report, "orders that freeze, lower row first", 0, mended);
    lab_say(report,
        "Every order, each tried once. Now two threads for real, each with a "
        "row; both are frozen, and this is what they wait for:");
    lab_expect_equal(report, "frozen threads whose row the other one has", 2,
        freeze_two(report));
    ask_each_other(report);
    lab_conclude(report, LAB_HOLDS,
        "%u orders freeze both; with one order for all locks none does. Actors "
        "that ask each other are told so.",
        (unsigned)broken);
}

const struct lab lab_deadlock = {
    .name = "deadlock",
    .claim = "Two threads that lock two rows in opposite order freeze, for "
             "ever.",
    .duration_s = 1,
    .run = run,
};

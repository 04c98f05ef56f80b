/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: on threads too, a timer runs never early, never once it is cancelled,
 * and as often as it should, though its actor is carried from worker to worker.
 *
 * Method: first an actor that is bound to one worker sets timers, binds itself
 * to another and cancels them from there, or lets them run. Then many actors
 * pass tokens round; each token sets and cancels timers at random, and each
 * timer that runs looks whether it may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>

#include "actors/actor.h"
#include "actors/self.h"
#include "base/clock.h"
#include "tests/support/check.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

#define PEER(FIELD) FIELD(pid, peer)
TROUPE_MESSAGE(ping, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(meet, PEER)
TROUPE_MESSAGE(token, TROUPE_NO_FIELDS)

static uint64_t
real_now_ns(void)
{
    struct tp_clock clock = tp_clock_monotonic();

    return tp_clock_now_ns(&clock);
}

/* ---- an actor that moves ------------------------------------------------- */

enum { MOVES_COUNT = 100 };

struct mover {
    troupe_pid echo;
    int moves_count;
    uint32_t set_on; /* the worker */
    int beats_count; /* of the periodic timer, since the last move */
    troupe_timer beat;
    troupe_timer doomed[4];
    bool has_run[4]; /* before it was cancelled */
};

static void
on_doom(struct troupe_self *self, void *state, uint64_t context)
{
    struct mover *mover = state;

    (void)self;
    CHECK(mover->set_on != UINT32_MAX);
    CHECK(context / 4 == (uint64_t)mover->moves_count);
    CHECK(!mover->has_run[context % 4]);
    mover->has_run[context % 4] = true;
}

static void
on_beat(struct troupe_self *self, void *state, uint64_t context)
{
    struct mover *mover = state;

    CHECK(context == 42);
    mover->beats_count++;
    if (mover->beats_count == 2) {
        CHECK(troupe_tell(self, mover->echo, ping) == TROUPE_OK);
    }
}

static uint32_t
other_worker(const struct troupe_self *self)
{
    return 1 - self->worker->index;
}

/* Some will have run, some be due, and some be far from it. */
static void
set_doomed_and_move(struct troupe_self *self, struct mover *mover)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t context = (uint64_t)mover->moves_count * 4 + i;

        mover->has_run[i] = false;
        CHECK(troupe_after(self, TROUPE_US(300) * i * i, on_doom, context,
                  &mover->doomed[i]) == TROUPE_OK);
    }
    mover->set_on = self->worker->index;
    self->actor->task.bound = 1 + other_worker(self);
    CHECK(troupe_tell(self, mover->echo, ping) == TROUPE_OK);
}

static void
arrive(struct troupe_self *self, struct mover *mover)
{
    for (unsigned i = 0; i < 4; i++) {
        CHECK(
            troupe_timer_cancel(self, &mover->doomed[i]) != mover->has_run[i]);
    }
    mover->set_on = UINT32_MAX;
    mover->beats_count = 0; /* the second from now goes on */
    if (++mover->moves_count == MOVES_COUNT) {
        CHECK(troupe_timer_cancel(self, &mover->beat));
        troupe_runtime_quit(self);
    }
}

static void
on_pong(struct troupe_self *self, void *state, const struct ping *ping)
{
    struct mover *mover = state;

    (void)ping;
    if (mover->set_on == UINT32_MAX) {
        set_doomed_and_move(self, mover);
    } else if (self->worker->index != mover->set_on) {
        arrive(self, mover);
    } else {
        /* This run began before the move; the next one will be there. */
        CHECK(troupe_tell(self, mover->echo, ping) == TROUPE_OK);
    }
}

static void
on_meet(struct troupe_self *self, void *state, const struct meet *meet)
{
    struct mover *mover = state;

    mover->echo = meet->peer;
    mover->set_on = UINT32_MAX;
    CHECK(troupe_every(self, TROUPE_US(600), on_beat, 42, &mover->beat) ==
          TROUPE_OK);
}

TROUPE_BEHAVIOUR(mover, sizeof(struct mover), TROUPE_ON(meet, on_meet),
    TROUPE_ON(ping, on_pong));

static void
on_ping(struct troupe_self *self, void *state, const struct ping *ping)
{
    (void)state, (void)ping;
    CHECK(troupe_tell(self, troupe_sender(self), ping) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(echo, 0, TROUPE_ON(ping, on_ping));

static void
timers_move_with_their_actor_and_are_cancelled_from_elsewhere(void **state)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;
    troupe_pid peer;

    (void)state;
    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 2), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, mover, &pid));
    TROUPE_CHECK(troupe_spawn(self, echo, &peer));
    TROUPE_CHECK(troupe_tell(self, pid, meet, .peer = peer));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(60), NULL));
    troupe_runtime_destroy(&runtime);
}

/* ---- many actors --------------------------------------------------------- */

enum {
    ACTORS_COUNT = 24,
    TOKENS_COUNT = 8,
    TOKEN_MOVES_COUNT = FEWER(40000),
    PLACES_COUNT = 16,
};

struct place {
    troupe_timer timer;
    uint64_t set_at_ns;
    uint64_t delay_ns;
    uint32_t number; /* of the timer that is set here */
    bool is_set;
    bool is_periodic;
};

struct juggler {
    uint32_t numbers;
    struct place places[PLACES_COUNT];
};

static troupe_pid jugglers[ACTORS_COUNT];
static _Atomic(int) moves_count;
static _Atomic(int) set_count;
static _Atomic(int) ended_count; /* once run, or cancelled */
static _Atomic(int) too_late_count;

static void
on_due(struct troupe_self *self, void *state, uint64_t context)
{
    struct juggler *juggler = state;
    struct place *place = &juggler->places[context % PLACES_COUNT];

    (void)self;
    CHECK(place->is_set);
    CHECK(place->number == context / PLACES_COUNT);
    CHECK(real_now_ns() >= place->set_at_ns + place->delay_ns);
    if (!place->is_periodic) {
        place->is_set = false;
        atomic_fetch_add(&ended_count, 1);
    }
}

static void
set_at(struct troupe_self *self, struct juggler *juggler, uint64_t i)
{
    struct place *place = &juggler->places[i];
    uint64_t context = ++juggler->numbers * (uint64_t)PLACES_COUNT + i;

    place->is_set = true;
    place->number = juggler->numbers;
    place->set_at_ns = troupe_now_ns(self);
    place->is_periodic = troupe_random_below(self, 4) == 0;
    place->delay_ns = 1 + troupe_random_below(self, TROUPE_MS(2));
    CHECK((place->is_periodic ? troupe_every : troupe_after)(self,
              place->delay_ns, on_due, context, &place->timer) == TROUPE_OK);
    atomic_fetch_add(&set_count, 1);
}

static void
cancel_at(struct troupe_self *self, struct juggler *juggler, uint64_t i)
{
    struct place *place = &juggler->places[i];

    CHECK(troupe_timer_cancel(self, &place->timer) == place->is_set);
    if (place->is_set) {
        place->is_set = false;
        atomic_fetch_add(&ended_count, 1);
        if (real_now_ns() > place->set_at_ns + place->delay_ns) {
            atomic_fetch_add(&too_late_count, 1);
        }
    }
}

static void
on_token(struct troupe_self *self, void *state, const struct token *token)
{
    struct juggler *juggler = state;
    uint64_t i = troupe_random_below(self, PLACES_COUNT);

    (void)token;
    cancel_at(self, juggler, i);
    set_at(self, juggler, i);
    if (atomic_fetch_add(&moves_count, 1) == TOKEN_MOVES_COUNT) {
        troupe_runtime_quit(self);
    }
    if (atomic_load(&moves_count) <= TOKEN_MOVES_COUNT) {
        CHECK(
            troupe_tell(self, jugglers[troupe_random_below(self, ACTORS_COUNT)],
                token) == TROUPE_OK);
    }
}

static void
on_leave(struct troupe_self *self, void *state, const struct ping *ping)
{
    struct juggler *juggler = state;

    (void)ping;
    for (uint64_t i = 0; i < PLACES_COUNT; i += 2) {
        cancel_at(self, juggler, i);
    }
    for (uint64_t i = 1; i < PLACES_COUNT; i += 2) {
        atomic_fetch_add(&ended_count, juggler->places[i].is_set);
        juggler->places[i].is_set = false;
    }
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(juggler, sizeof(struct juggler), TROUPE_ON(token, on_token),
    TROUPE_ON(ping, on_leave));

static void
each_timer_runs_or_is_cancelled_and_never_both(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    struct troupe_self *self;

    (void)state;
    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 4), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    for (int i = 0; i < ACTORS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn(self, juggler, &jugglers[i]));
    }
    for (int i = 0; i < TOKENS_COUNT; i++) {
        TROUPE_CHECK(troupe_tell(self, jugglers[i], token));
    }
    troupe_runtime_wait(runtime);
    for (int i = 0; i < ACTORS_COUNT; i++) {
        TROUPE_CHECK(troupe_tell(self, jugglers[i], ping));
    }
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report));
    assert_true(report.is_drained);
    assert_int_equal(report.actors_alive_count, 0);
    assert_int_equal(atomic_load(&set_count), atomic_load(&ended_count));
    troupe_runtime_destroy(&runtime);
    print_message("%d set, %d cancelled when they were due already\n",
        atomic_load(&set_count), atomic_load(&too_late_count));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            timers_move_with_their_actor_and_are_cancelled_from_elsewhere),
        cmocka_unit_test(each_timer_runs_or_is_cancelled_and_never_both),
    };
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: on threads too, what is to be told later is told once or cancelled,
 * never both, whoever said it, and all of its memory comes back.
 *
 * Method: actors pass tokens round; each token sets a delayed tell at random
 * and cancels another, and some actors end meanwhile. Threads outside do the
 * same, with delays so short that they cancel what is on its way to a wheel, in
 * it, or told. Who is told marks the number, once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(uint32, number)
TROUPE_MESSAGE(token, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(mark, NUMBER)

enum {
    ACTORS_COUNT = 16,
    TOKENS_COUNT = 6,
    THREADS_COUNT = 2,
    ROUNDS_COUNT = FEWER(10000), /* of a thread */
    MOVES_COUNT = FEWER(30000),
    PLACES_COUNT = 8,
    NUMBERS_COUNT = MOVES_COUNT + TOKENS_COUNT + THREADS_COUNT * ROUNDS_COUNT,
};

enum fate { UNSET, SET, TOLD, CANCELLED };

static _Atomic(unsigned char) fates[NUMBERS_COUNT];
static _Atomic(uint32_t) numbers_count;
static _Atomic(int) moves_count;
static _Atomic(int) cancelled_count;
static troupe_pid actors[ACTORS_COUNT];
static troupe_pid marker_pid;

static void
on_mark(struct troupe_self *self, void *state, const struct mark *mark)
{
    (void)self, (void)state;
    CHECK(atomic_exchange(&fates[mark->number], TOLD) == SET);
}

TROUPE_BEHAVIOUR(marker, 0, TROUPE_ON(mark, on_mark));

struct place {
    troupe_timer timer;
    uint32_t number;
};

struct juggler {
    struct place places[PLACES_COUNT];
};

/* False: all numbers are used. */
static bool
set_at(struct troupe_self *self, struct place *place)
{
    uint32_t number = atomic_fetch_add(&numbers_count, 1);
    uint64_t delay_ns = troupe_random_below(self, TROUPE_MS(2));

    if (number >= NUMBERS_COUNT) {
        return false;
    }
    atomic_store(&fates[number], SET);
    place->number = number;
    CHECK(troupe_tell_after(self, marker_pid, delay_ns, &place->timer, mark,
              .number = number) == TROUPE_OK);
    return true;
}

static void
cancel_at(struct troupe_self *self, struct place *place)
{
    if (place->timer != TROUPE_NO_TIMER &&
        troupe_timer_cancel(self, &place->timer)) {
        CHECK(atomic_exchange(&fates[place->number], CANCELLED) == SET);
        atomic_fetch_add(&cancelled_count, 1);
    }
}

static void
on_token(struct troupe_self *self, void *state, const struct token *token)
{
    struct juggler *juggler = state;
    struct place *place =
        &juggler->places[troupe_random_below(self, PLACES_COUNT)];

    (void)token;
    cancel_at(self, place);
    (void)set_at(self, place);
    if (atomic_fetch_add(&moves_count, 1) >= MOVES_COUNT) {
        troupe_runtime_quit(self);
        return;
    }
    CHECK(troupe_tell(self, actors[troupe_random_below(self, ACTORS_COUNT)],
              token) == TROUPE_OK);
    if (troupe_random_below(self, 100) == 0) {
        troupe_fail(self, 1, "to begin another life");
    }
}

TROUPE_BEHAVIOUR(juggler, sizeof(struct juggler), TROUPE_ON(token, on_token));

/* They fail on a token that they have passed on: so none is lost. */
static const struct troupe_child child =
    TROUPE_CHILD(.name = "juggler", .behaviour = &juggler_behaviour);

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void *
juggle_outside(void *arg)
{
    struct troupe_runtime *runtime = arg;
    struct troupe_self *self = troupe_thread_self(runtime);
    struct place places[PLACES_COUNT] = {{0, 0}};

    CHECK(self != NULL);
    for (int i = 0; i < ROUNDS_COUNT; i++) {
        struct place *place = &places[troupe_random_below(self, PLACES_COUNT)];

        cancel_at(self, place);
        (void)set_at(self, place);
        if (i % 3 == 0) {
            cancel_at(self, place);
        }
    }
    return NULL;
}

static void
begin(struct troupe_runtime *runtime, struct troupe_self *self)
{
    static struct troupe_child described[ACTORS_COUNT];
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.restarts_max = 1000000, .children = described,
            .children_count = ACTORS_COUNT);

    for (int i = 0; i < ACTORS_COUNT; i++) {
        described[i] = child;
    }
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn(self, marker, &marker_pid));
    TROUPE_CHECK(troupe_supervise(self, &tree, NULL, actors));
    for (int i = 0; i < TOKENS_COUNT; i++) {
        TROUPE_CHECK(troupe_tell(self, actors[i], token));
    }
}

static void
each_is_told_or_cancelled_and_never_both(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    pthread_t threads[THREADS_COUNT];
    uint64_t left_count = 0;

    (void)state;
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.workers_count = 4, .log = keep_quiet), &runtime));
    begin(runtime, troupe_thread_self(runtime));
    for (int i = 0; i < THREADS_COUNT; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, juggle_outside, runtime), 0);
    }
    troupe_runtime_wait(runtime);
    for (int i = 0; i < THREADS_COUNT; i++) {
        pthread_join(threads[i], NULL);
    }
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report));
    for (uint32_t i = 0; i < NUMBERS_COUNT; i++) {
        left_count += atomic_load(&fates[i]) == SET;
    }
    assert_int_equal(left_count,
        report.dead_letters_count[TROUPE_DEAD_LETTER_RUNTIME_STOPPED]);
    troupe_runtime_destroy(&runtime);
    print_message("%u set, %d cancelled, %llu left at the stop\n",
        atomic_load(&numbers_count), atomic_load(&cancelled_count),
        (unsigned long long)left_count);
    assert_int_equal(tp_memory_mappings_count(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_told_or_cancelled_and_never_both),
    };
    return cmocka_run_group_tests_name("delayed", tests, NULL, NULL);
}

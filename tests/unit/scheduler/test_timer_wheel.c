/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: timers expire exactly when and in the order in which they should.
 *
 * Method: the edges one by one in virtual time, then random adds, removes,
 * advances and pops beside a model that searches all timers for the earliest.
 * Each run's seed is printed; TROUPE_TEST_SEED=n runs that one alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/random.h"
#include "scheduler/timer_wheel.h"

#define TICK ((uint64_t)TP_TIMER_TICK_NS)
#define NEVER UINT64_MAX

static struct tp_timer_wheel wheel;

static struct tp_timer *
advance_and_pop(uint64_t now_ns)
{
    tp_timer_wheel_advance(&wheel, now_ns);
    return tp_timer_wheel_pop_expired(&wheel);
}

static void
add(struct tp_timer *timer, uint64_t expires_ns)
{
    tp_timer_init(timer);
    tp_timer_wheel_add(&wheel, timer, expires_ns);
}

static void
an_empty_wheel_expires_nothing_and_needs_no_look(void **state)
{
    (void)state;
    tp_timer_wheel_init(&wheel, 5 * TICK);
    assert_null(advance_and_pop(6 * TICK));
    assert_null(advance_and_pop(NEVER));
    assert_true(tp_timer_wheel_next_ns(&wheel) == NEVER);
}

static void
a_timer_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct tp_timer) <= 32);
}

static void
a_timer_expires_in_the_first_tick_that_is_not_early(void **state)
{
    struct tp_timer timer;

    (void)state;
    tp_timer_wheel_init(&wheel, 0);
    add(&timer, 3 * TICK + 1);
    assert_null(advance_and_pop(3 * TICK + 1));
    assert_null(advance_and_pop(4 * TICK - 1));
    assert_true(tp_timer_is_pending(&timer));
    assert_ptr_equal(advance_and_pop(4 * TICK), &timer);
    assert_false(tp_timer_is_pending(&timer));
    assert_null(tp_timer_wheel_pop_expired(&wheel));
}

static void
expires_exactly_at(uint64_t start_ns, uint64_t tick)
{
    struct tp_timer timer;

    tp_timer_wheel_init(&wheel, start_ns);
    add(&timer, tick * TICK);
    assert_null(advance_and_pop(tick * TICK - 1));
    assert_ptr_equal(advance_and_pop(tick * TICK), &timer);
}

static void
timers_around_every_cascade_expire_exactly(void **state)
{
    (void)state;
    for (int shift = 6; shift < 45; shift += 6) {
        uint64_t boundary = UINT64_C(1) << shift;

        for (uint64_t start = 0; start < 3; start++) {
            expires_exactly_at(start * TICK, boundary - 1 + start);
            expires_exactly_at(start * TICK, boundary);
            expires_exactly_at((boundary - 1) * TICK, boundary + start);
            expires_exactly_at((boundary - 3) * TICK, 2 * boundary + start);
            expires_exactly_at(boundary * TICK - 1, 3 * boundary - start);
        }
    }
}

static void
timers_that_meet_in_a_tick_by_different_ways_expire_as_added(void **state)
{
    struct tp_timer timers[5];
    uint64_t meeting_tick = 64 * 64 + 64 + 1;
    uint64_t add_ticks[] = {0, 63, 64 * 64 - 1, 64 * 64 + 5, 64 * 64 + 64};

    (void)state;
    tp_timer_wheel_init(&wheel, 0);
    for (int i = 0; i < 5; i++) {
        assert_null(advance_and_pop(add_ticks[i] * TICK));
        add(&timers[i], meeting_tick * TICK);
    }
    tp_timer_wheel_advance(&wheel, meeting_tick * TICK);
    for (int i = 0; i < 5; i++) {
        assert_ptr_equal(tp_timer_wheel_pop_expired(&wheel), &timers[i]);
    }
}

static void
a_timer_in_the_past_expires_at_the_next_advance_and_first(void **state)
{
    struct tp_timer past, present, future;

    (void)state;
    tp_timer_wheel_init(&wheel, 10 * TICK + 7);
    add(&future, 11 * TICK);
    add(&present, 10 * TICK + 7);
    add(&past, 0);
    assert_null(tp_timer_wheel_pop_expired(&wheel));
    assert_true(tp_timer_wheel_next_ns(&wheel) <= 10 * TICK + 7);
    assert_ptr_equal(advance_and_pop(10 * TICK + 7), &present);
    assert_ptr_equal(advance_and_pop(11 * TICK), &past);
    assert_ptr_equal(tp_timer_wheel_pop_expired(&wheel), &future);
}

static void
popping_ends_though_each_timer_is_added_again_at_once(void **state)
{
    struct tp_timer timer;

    (void)state;
    tp_timer_wheel_init(&wheel, 0);
    add(&timer, 0);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(advance_and_pop(TICK), &timer);
        tp_timer_wheel_add(&wheel, &timer, 0);
        assert_null(tp_timer_wheel_pop_expired(&wheel));
    }
}

static void
time_that_goes_back_changes_nothing(void **state)
{
    struct tp_timer timer;

    (void)state;
    tp_timer_wheel_init(&wheel, 100 * TICK);
    add(&timer, 101 * TICK);
    assert_null(advance_and_pop(50 * TICK));
    assert_null(advance_and_pop(101 * TICK - 1));
    assert_ptr_equal(advance_and_pop(101 * TICK), &timer);
}

static void
the_end_of_time_never_comes(void **state)
{
    struct tp_timer never, last;

    (void)state;
    tp_timer_wheel_init(&wheel, 0);
    add(&never, NEVER);
    assert_true(tp_timer_wheel_next_ns(&wheel) == NEVER);
    add(&last, NEVER - TICK + 1);
    assert_null(advance_and_pop(NEVER - TICK));
    assert_ptr_equal(advance_and_pop(NEVER - TICK + 1), &last);
    assert_null(advance_and_pop(NEVER));
    assert_true(tp_timer_wheel_remove(&wheel, &never));
}

/* Adds three to one slot, removes one of them, expects the two others. */
static void
expect_others_after_removing(int removed, uint64_t tick)
{
    struct tp_timer timers[3];

    tp_timer_wheel_init(&wheel, 0);
    for (int i = 0; i < 3; i++) {
        add(&timers[i], tick * TICK);
    }
    assert_true(tp_timer_wheel_remove(&wheel, &timers[removed]));
    assert_false(tp_timer_is_pending(&timers[removed]));
    assert_false(tp_timer_wheel_remove(&wheel, &timers[removed]));
    tp_timer_wheel_advance(&wheel, tick * TICK);
    for (int i = 0; i < 3; i++) {
        if (i != removed) {
            assert_ptr_equal(tp_timer_wheel_pop_expired(&wheel), &timers[i]);
        }
    }
    assert_null(tp_timer_wheel_pop_expired(&wheel));
}

static void
the_first_middle_or_last_of_a_slot_can_be_removed(void **state)
{
    (void)state;
    for (int removed = 0; removed < 3; removed++) {
        expect_others_after_removing(removed, 1);
        expect_others_after_removing(removed, 1000);
    }
}

static void
a_wheel_emptied_by_removal_needs_no_look(void **state)
{
    struct tp_timer timers[45];

    (void)state;
    tp_timer_wheel_init(&wheel, 0);
    for (int i = 0; i < 45; i++) {
        add(&timers[i], TICK << i);
    }
    for (int i = 0; i < 45; i++) {
        assert_true(tp_timer_wheel_next_ns(&wheel) <= TICK << i);
        assert_true(tp_timer_wheel_remove(&wheel, &timers[i]));
    }
    assert_true(tp_timer_wheel_next_ns(&wheel) == NEVER);
}

static void
an_expired_timer_can_still_be_removed(void **state)
{
    struct tp_timer first, second, late;

    (void)state;
    tp_timer_wheel_init(&wheel, 0);
    add(&first, TICK);
    add(&second, TICK);
    assert_ptr_equal(advance_and_pop(TICK), &first);
    add(&late, 0);
    assert_true(tp_timer_wheel_remove(&wheel, &second));
    assert_true(tp_timer_wheel_remove(&wheel, &late));
    assert_null(advance_and_pop(2 * TICK));
    assert_true(tp_timer_wheel_next_ns(&wheel) == NEVER);
}

static void
looking_when_told_to_finds_any_timer_within_eight_looks(void **state)
{
    struct tp_random random;

    (void)state;
    tp_random_init(&random, 3);
    for (int i = 0; i < 10000; i++) {
        uint64_t start_ns = tp_random_u64(&random) >> 1;
        uint64_t expires_ns =
            start_ns + (tp_random_u64(&random) >> (1 + i % 63));
        struct tp_timer timer;
        struct tp_timer *popped = NULL;

        tp_timer_wheel_init(&wheel, start_ns);
        add(&timer, expires_ns);
        for (int look = 0; look < TP_TIMER_LEVELS_COUNT && !popped; look++) {
            popped = advance_and_pop(tp_timer_wheel_next_ns(&wheel));
        }
        assert_ptr_equal(popped, &timer);
        assert_true(wheel.now_ns >= expires_ns);
        assert_true(wheel.now_ns - expires_ns < TICK);
    }
}

static void
a_million_timers_expire_in_order(void **state)
{
    enum { COUNT = 1000000 };
    const uint64_t day_ns = UINT64_C(86400) * 1000000000;
    struct tp_timer *timers = calloc(COUNT, sizeof(*timers));
    struct tp_timer *timer;
    uint64_t previous_tick = 0;
    int popped_count = 0;
    struct tp_random random;

    (void)state;
    assert_non_null(timers);
    tp_random_init(&random, 11);
    tp_timer_wheel_init(&wheel, 0);
    for (int i = 0; i < COUNT; i++) {
        tp_timer_wheel_add(
            &wheel, &timers[i], tp_random_below(&random, day_ns));
    }
    tp_timer_wheel_advance(&wheel, day_ns);
    while ((timer = tp_timer_wheel_pop_expired(&wheel)) != NULL) {
        assert_true(timer->expires_tick >= previous_tick);
        previous_tick = timer->expires_tick;
        popped_count++;
    }
    assert_int_equal(popped_count, COUNT);
    free(timers);
}

/* ---- beside a model ---- */

enum { MODEL_TIMERS_COUNT = 150, MODEL_STEPS_COUNT = 3000 };

enum model_state { IDLE, WAITING, EXPIRED };

struct model_timer {
    struct tp_timer timer;
    enum model_state state;
    uint64_t due_ns; /* the start of the tick it expires in */
    uint64_t number; /* of its add */
};

struct model {
    struct tp_random random;
    uint64_t now_ns;
    uint64_t adds_count;
    struct model_timer timers[MODEL_TIMERS_COUNT];
};

static struct model model;

/* Of any magnitude: as many under a microsecond as over a month. */
static uint64_t
random_span_ns(void)
{
    return tp_random_u64(&model.random) >>
           (7 + tp_random_below(&model.random, 57));
}

static struct model_timer *
random_timer(void)
{
    return &model.timers[tp_random_below(&model.random, MODEL_TIMERS_COUNT)];
}

/* In the past, now, or to come; then again where others are already. */
static uint64_t
random_expires_ns(void)
{
    uint64_t span_ns = random_span_ns();

    switch (tp_random_below(&model.random, 8)) {
    case 0:
        return model.now_ns - (span_ns < model.now_ns ? span_ns : 0);
    case 1:
    case 2:
        return random_timer()->due_ns;
    default:
        return model.now_ns + span_ns;
    }
}

static void
add_or_remove(struct model_timer *chosen)
{
    bool is_removed = tp_timer_wheel_remove(&wheel, &chosen->timer);
    uint64_t expires_ns = random_expires_ns();

    assert_int_equal(is_removed, chosen->state != IDLE);
    assert_false(tp_timer_is_pending(&chosen->timer));
    if (is_removed && tp_random_below(&model.random, 2) == 0) {
        chosen->state = IDLE;
        return;
    }
    tp_timer_wheel_add(&wheel, &chosen->timer, expires_ns);
    assert_true(tp_timer_is_pending(&chosen->timer));
    chosen->state = WAITING;
    chosen->number = model.adds_count++;
    chosen->due_ns = expires_ns > model.now_ns
                         ? (expires_ns + TICK - 1) / TICK * TICK
                         : model.now_ns / TICK * TICK;
}

/* The earliest in that state, by tick, then by add; NULL if there is none. */
static struct model_timer *
earliest(enum model_state state)
{
    struct model_timer *best = NULL;

    for (int i = 0; i < MODEL_TIMERS_COUNT; i++) {
        struct model_timer *timer = &model.timers[i];

        if (timer->state == state &&
            (best == NULL || timer->due_ns < best->due_ns ||
                (timer->due_ns == best->due_ns &&
                    timer->number < best->number))) {
            best = timer;
        }
    }
    return best;
}

static void
check_next_ns(void)
{
    uint64_t next_ns = tp_timer_wheel_next_ns(&wheel);
    struct model_timer *waiting = earliest(WAITING);
    bool is_late = waiting != NULL && waiting->due_ns <= model.now_ns;

    if (is_late || earliest(EXPIRED) != NULL) {
        assert_true(next_ns <= model.now_ns);
    } else if (waiting == NULL) {
        assert_true(next_ns == NEVER);
    } else {
        assert_true(next_ns <= waiting->due_ns);
        assert_true(next_ns > model.now_ns); /* or its owner would spin */
    }
}

static void
advance_model(void)
{
    model.now_ns += random_span_ns();
    if (tp_random_below(&model.random, 3) == 0) {
        uint64_t next_ns = tp_timer_wheel_next_ns(&wheel);

        model.now_ns =
            next_ns > model.now_ns && next_ns != NEVER ? next_ns : model.now_ns;
    }
    tp_timer_wheel_advance(&wheel, model.now_ns);
    for (int i = 0; i < MODEL_TIMERS_COUNT; i++) {
        struct model_timer *timer = &model.timers[i];

        if (timer->state == WAITING && timer->due_ns <= model.now_ns) {
            timer->state = EXPIRED;
        }
    }
}

/* Often all of them, sometimes only a few; with adds and removes between. */
static void
pop_and_compare(void)
{
    bool is_leaving_some = tp_random_below(&model.random, 4) == 0;

    for (;;) {
        struct model_timer *expected = earliest(EXPIRED);
        struct tp_timer *popped;

        if (is_leaving_some && tp_random_below(&model.random, 3) == 0) {
            return;
        }
        popped = tp_timer_wheel_pop_expired(&wheel);
        assert_ptr_equal(popped, expected ? &expected->timer : NULL);
        if (expected == NULL) {
            return;
        }
        assert_false(tp_timer_is_pending(popped));
        expected->state = IDLE;
        if (tp_random_below(&model.random, 4) == 0) {
            add_or_remove(random_timer());
        }
    }
}

static void
run_beside_the_model(uint64_t seed)
{
    print_message("seed %llu\n", (unsigned long long)seed);
    tp_random_init(&model.random, seed);
    model.now_ns = random_span_ns();
    model.adds_count = 0;
    tp_timer_wheel_init(&wheel, model.now_ns);
    for (int i = 0; i < MODEL_TIMERS_COUNT; i++) {
        model.timers[i] = (struct model_timer){.due_ns = model.now_ns};
        tp_timer_init(&model.timers[i].timer);
    }
    for (int i = 0; i < MODEL_STEPS_COUNT && model.now_ns >> 62 == 0; i++) {
        for (uint64_t n = tp_random_below(&model.random, 12); n > 0; n--) {
            add_or_remove(random_timer());
        }
        check_next_ns();
        advance_model();
        pop_and_compare();
        check_next_ns();
    }
}

static void
random_timers_expire_as_in_a_model_that_searches_them_all(void **state)
{
    const char *seed = getenv("TROUPE_TEST_SEED");

    (void)state;
    if (seed != NULL) {
        run_beside_the_model(strtoull(seed, NULL, 10));
        return;
    }
    for (uint64_t i = 1; i <= 20; i++) {
        run_beside_the_model(i);
    }
    run_beside_the_model(tp_random_seed());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_wheel_expires_nothing_and_needs_no_look),
        cmocka_unit_test(a_timer_is_small),
        cmocka_unit_test(a_timer_expires_in_the_first_tick_that_is_not_early),
        cmocka_unit_test(timers_around_every_cascade_expire_exactly),
        cmocka_unit_test(
            timers_that_meet_in_a_tick_by_different_ways_expire_as_added),
        cmocka_unit_test(
            a_timer_in_the_past_expires_at_the_next_advance_and_first),
        cmocka_unit_test(popping_ends_though_each_timer_is_added_again_at_once),
        cmocka_unit_test(time_that_goes_back_changes_nothing),
        cmocka_unit_test(the_end_of_time_never_comes),
        cmocka_unit_test(the_first_middle_or_last_of_a_slot_can_be_removed),
        cmocka_unit_test(a_wheel_emptied_by_removal_needs_no_look),
        cmocka_unit_test(an_expired_timer_can_still_be_removed),
        cmocka_unit_test(
            looking_when_told_to_finds_any_timer_within_eight_looks),
        cmocka_unit_test(a_million_timers_expire_in_order),
        cmocka_unit_test(
            random_timers_expire_as_in_a_model_that_searches_them_all),
    };
    return cmocka_run_group_tests_name("timer_wheel", tests, NULL, NULL);
}

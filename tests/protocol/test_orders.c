/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: the search for orders finds what there is, leaves out nothing that
 * differs, and draws what fails (tests/support/orders.h).
 *
 * Method: small programs of which it is known what can come of them, in both
 * kinds of memory; and each, and many more that are drawn from seeds, with and
 * without reduction: the results must be the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ck_pr.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

enum { WORDS = 3 };

static uint64_t words[WORDS];
static uint64_t seen[STEPS_THREADS_MAX];

static void
forget(void)
{
    memset(words, 0, sizeof(words));
    memset(seen, 0, sizeof(seen));
}

static uint64_t
end(void)
{
    uint64_t result = 0;

    for (int i = 0; i < STEPS_THREADS_MAX; i++) {
        result = result * 10 + seen[i];
    }
    for (int i = 0; i < WORDS; i++) {
        result = result * 10 + words[i];
    }
    return result;
}

/* ---- programs ------------------------------------------------------------ */

/* Each says that it is there, then looks for the other. */
static bool has_fence;

static void
say_and_look(void *arg)
{
    size_t own = *(const size_t *)arg;

    ck_pr_store_64(&words[own], 1);
    if (has_fence) {
        ck_pr_fence_memory();
    }
    seen[own] = 1 + ck_pr_load_64(&words[1 - own]);
}

static const size_t numbers[] = {0, 1, 2, 3};

static void *
number(size_t i)
{
    return (void *)(uintptr_t)&numbers[i];
}

static void
begin_flags(struct steps *steps)
{
    forget();
    steps_add(steps, say_and_look, number(0));
    steps_add(steps, say_and_look, number(1));
}

/* A message and its flag are stored in this order. */
static void
send_plainly(void *arg)
{
    (void)arg;
    ck_pr_store_64(&words[0], 1);
    ck_pr_store_64(&words[1], 1);
    ck_pr_store_64(&words[1], 2);
}

static void
receive_plainly(void *arg)
{
    (void)arg;
    seen[0] = ck_pr_load_64(&words[1]);
    seen[1] = ck_pr_load_64(&words[0]);
}

static void
begin_message(struct steps *steps)
{
    forget();
    steps_add(steps, send_plainly, NULL);
    steps_add(steps, receive_plainly, NULL);
}

/* Read-modify-writes and loads of three words, all over the place. */
static void
mix(void *arg)
{
    size_t own = *(const size_t *)arg;

    ck_pr_faa_64(&words[own], 1);
    seen[own] = ck_pr_load_64(&words[(own + 1) % WORDS]);
    ck_pr_store_64(&words[(own + 2) % WORDS], own);
    seen[own] = seen[own] % 3 * 3 + ck_pr_faa_64(&words[own], 2) % 3;
}

static void
begin_mix(struct steps *steps)
{
    forget();
    steps_add(steps, mix, number(0));
    steps_add(steps, mix, number(1));
}

static void
add_by_cas(void *arg)
{
    uint64_t was = ck_pr_load_64(&words[0]);

    while (!ck_pr_cas_64_value(&words[0], was, was + 1, &was)) {
    }
    seen[*(const size_t *)arg] = was;
}

static void
begin_counter(struct steps *steps)
{
    forget();
    for (size_t i = 0; i < 3; i++) {
        steps_add(steps, add_by_cas, number(i));
    }
}

/* A lock that is taken where the thread waits, and one that waits too late. */
static bool
is_free(void)
{
    return words[0] == 0;
}

static void
lock_and_add(void *arg)
{
    steps_await(&words[0], is_free);
    ck_pr_store_64(&words[0], 1);
    seen[*(const size_t *)arg] = ck_pr_load_64(&words[1]);
    ck_pr_faa_64(&words[1], 1);
    ck_pr_store_64(&words[0], 0);
}

static void
begin_locks(struct steps *steps)
{
    forget();
    steps_add(steps, lock_and_add, number(0));
    steps_add(steps, lock_and_add, number(1));
}

static bool
is_shown(void)
{
    return words[0] == 1;
}

static void
show_and_hide(void *arg)
{
    (void)arg;
    ck_pr_fas_64(&words[0], 1);
    ck_pr_faa_64(&words[1], 1);
    ck_pr_fas_64(&words[0], 0);
}

static void catch (void *arg)
{
    (void)arg;
    steps_idle(&words[0], is_shown);
    seen[0] = 1 + ck_pr_load_64(&words[1]);
}

static void
begin_hiding(struct steps *steps)
{
    forget();
    steps_add(steps, show_and_hide, NULL);
    steps_add(steps, catch, NULL);
}

/* What a seed says: a few operations a thread. */
enum { CHANCE_THREADS = 3, CHANCE_OPERATIONS = 3, CHANCE_SEEDS = 150 };

static unsigned drawn[CHANCE_THREADS][CHANCE_OPERATIONS];

static bool
is_even(void)
{
    return words[0] % 2 == 0;
}

static void
operate(unsigned operation, uint64_t *noted)
{
    uint64_t *word = &words[operation % 2];
    uint64_t was = 0;

    switch (operation / 2 % 6) {
    case 0:
        was = ck_pr_load_64(word);
        break;
    case 1:
        ck_pr_store_64(word, *noted % 3 + 1);
        break;
    case 2:
        was = ck_pr_faa_64(word, 1);
        break;
    case 3:
        (void)ck_pr_cas_64_value(word, 1, 2, &was);
        break;
    case 4:
        steps_idle(&words[0], is_even);
        break;
    default:
        ck_pr_fence_memory();
        break;
    }
    *noted = *noted * 7 + was;
}

static void
run_drawn(void *arg)
{
    size_t own = *(const size_t *)arg;

    seen[own] = own;
    for (int i = 0; i < CHANCE_OPERATIONS; i++) {
        operate(drawn[own][i], &seen[own]);
    }
}

static void
begin_drawn(struct steps *steps)
{
    forget();
    for (size_t i = 0; i < CHANCE_THREADS; i++) {
        steps_add(steps, run_drawn, number(i));
    }
}

static uint64_t
end_drawn(void)
{
    uint64_t result = 0;

    for (int i = 0; i < CHANCE_THREADS; i++) {
        result = result * 4093 + seen[i];
    }
    return (result * 16 + words[0]) * 16 + words[1];
}

/* ---- what comes of them -------------------------------------------------- */

static bool
has_result(const struct orders_report *report, uint64_t result)
{
    for (size_t i = 0; i < report->results_count; i++) {
        if (report->results[i] == result) {
            return true;
        }
    }
    return false;
}

static void
a_store_that_waits_in_its_buffer_is_seen_late_unless_there_is_a_fence(
    void **state)
{
    struct orders_world world = {.begin = begin_flags, .end = end};
    const uint64_t both_too_early = 1100110;
    struct orders_report report;

    (void)state;
    for (int i = 0; i < 4; i++) {
        has_fence = i % 2 == 1;
        world.has_stores = i / 2 == 1;
        orders_run(&world, &report);
        assert_false(report.has_failed);
        assert_int_equal(has_result(&report, both_too_early),
            world.has_stores && !has_fence);
        assert_int_equal(
            report.results_count, 3 + (world.has_stores && !has_fence));
    }
}

static void
stores_get_to_memory_in_their_order(void **state)
{
    struct orders_world world = {.begin = begin_message, .end = end};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct orders_report report;

        world.has_stores = i == 1;
        orders_run(&world, &report);
        assert_false(report.has_failed);
        assert_false(has_result(&report, 1000120));
        assert_false(has_result(&report, 2000120));
        assert_int_equal(report.results_count, 4); /* 00 01 11 21 */
    }
}

/* Returns how many orders it was, without the reduction. */
static uint64_t
compare(struct orders_world world, struct orders_report *reduced)
{
    struct orders_report all;

    orders_run(&world, reduced);
    world.is_unreduced = true;
    orders_run(&world, &all);
    assert_false(reduced->has_failed);
    assert_false(all.has_failed);
    assert_true(reduced->orders_count <= all.orders_count);
    assert_int_equal(reduced->results_count, all.results_count);
    assert_memory_equal(reduced->results, all.results,
        all.results_count * sizeof(all.results[0]));
    return all.orders_count;
}

static void
what_is_left_out_would_have_come_to_the_same(void **state)
{
    static void (*const programs[])(struct steps * steps) = {begin_flags,
        begin_message, begin_mix, begin_counter, begin_locks, begin_hiding};
    struct orders_report reduced;

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(programs) / sizeof(programs[0]); i++) {
        uint64_t count = compare(
            (struct orders_world){
                .begin = programs[i / 2], .end = end, .has_stores = i % 2 == 1},
            &reduced);

        printf("%zu results of all %llu, %llu with reduction\n",
            reduced.results_count, (unsigned long long)count,
            (unsigned long long)reduced.orders_count);
        assert_true(reduced.orders_count < count);
    }
}

/* A thread that cannot go on where all others sleep could have come before. */
static void
the_same_of_one_that_waits_where_all_others_sleep(void **state)
{
    static const unsigned program[CHANCE_THREADS][CHANCE_OPERATIONS] = {
        {10, 8, 8}, {4, 10, 2}, {5, 8, 0}};
    struct orders_report reduced;

    (void)state;
    memcpy(drawn, program, sizeof(drawn));
    (void)compare((struct orders_world){.begin = begin_drawn, .end = end_drawn},
        &reduced);
    assert_int_equal(reduced.results_count, 3);
}

static void
the_same_of_programs_drawn_from_seeds(void **state)
{
    uint64_t sums[2] = {0, 0};

    (void)state;
    for (uint64_t seed = 1; seed <= CHANCE_SEEDS; seed++) {
        struct tp_random random;
        struct orders_report reduced;

        tp_random_init(&random, seed);
        for (int i = 0; i < CHANCE_THREADS * CHANCE_OPERATIONS; i++) {
            drawn[i / CHANCE_OPERATIONS][i % CHANCE_OPERATIONS] =
                (unsigned)tp_random_below(&random, 12);
        }
        sums[0] += compare((struct orders_world){.begin = begin_drawn,
                               .end = end_drawn,
                               .has_stores = seed % 2 == 1},
            &reduced);
        sums[1] += reduced.orders_count;
    }
    printf("%llu programs, of all %llu orders %llu with reduction\n",
        (unsigned long long)CHANCE_SEEDS, (unsigned long long)sums[0],
        (unsigned long long)sums[1]);
}

/* ---- what fails ---------------------------------------------------------- */

static uint64_t
end_if_one_saw_the_other(void)
{
    CHECK(seen[0] == 2 || seen[1] == 2);
    return 0;
}

static void
the_shortest_order_that_fails_is_drawn(void **state)
{
    const struct orders_world world = {.begin = begin_flags,
        .end = end_if_one_saw_the_other,
        .has_stores = true};
    struct orders_report report;

    (void)state;
    has_fence = false;
    orders_run(&world, &report);
    assert_true(report.has_failed);
    assert_string_equal(report.drawing,
        "      0 say_and_look                                  "
        "1 say_and_look\n"
        "   1  store words[own], buffered\n"
        "   2  load words[1 - own]: 0\n"
        "   3                                                  "
        "store words[own], buffered\n"
        "   4                                                  "
        "load words[1 - own]: 0\n"
        "   5  flush words[own]: 0 -> 1\n"
        "   6                                                  "
        "flush words[own]: 0 -> 1\n");
    free(report.drawing);
}

static void
miss(void *arg)
{
    (void)arg;
    steps_await(&words[0], is_shown);
}

static void
begin_missing(struct steps *steps)
{
    forget();
    steps_add(steps, show_and_hide, NULL);
    steps_add(steps, miss, NULL);
}

static void
crash(void *arg)
{
    (void)arg;
    if (ck_pr_load_64(&words[0]) == 1) {
        abort();
    }
}

static void
begin_crash(struct steps *steps)
{
    forget();
    steps_add(steps, show_and_hide, NULL);
    steps_add(steps, crash, NULL);
}

static void
spin(void *arg)
{
    (void)arg;
    while (ck_pr_load_64(&words[0]) == 0) {
    }
}

static void
begin_spinning(struct steps *steps)
{
    forget();
    steps_add(steps, spin, NULL);
}

static void
who_waits_in_vain_crashes_or_spins_is_found(void **state)
{
    static const struct {
        void (*begin)(struct steps *steps);
        const char *last;
    } bad[] = {
        {begin_missing, "await words[0]: for ever\n"},
        {begin_crash, "load words[0]: FAILS here\n"},
        {begin_spinning, "load words[0]: for ever\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct orders_world world = {.begin = bad[i].begin, .end = end};
        struct orders_report report;
        size_t length;

        orders_run(&world, &report);
        assert_true(report.has_failed);
        length = strlen(report.drawing);
        assert_true(length > strlen(bad[i].last));
        assert_string_equal(
            report.drawing + length - strlen(bad[i].last), bad[i].last);
        free(report.drawing);
    }
}

/* A thread that stands still with the lock holds up the other. */
static void
who_is_held_up_by_a_frozen_thread_is_found(void **state)
{
    struct orders_world world = {.begin = begin_locks, .end = end};
    struct orders_report report;

    (void)state;
    for (world.frozen_at = 1; world.frozen_at <= 7; world.frozen_at++) {
        orders_run(&world, &report);
        assert_int_equal(
            report.has_failed, world.frozen_at >= 3 && world.frozen_at <= 5);
        free(report.drawing);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_store_that_waits_in_its_buffer_is_seen_late_unless_there_is_a_fence),
        cmocka_unit_test(stores_get_to_memory_in_their_order),
        cmocka_unit_test(what_is_left_out_would_have_come_to_the_same),
        cmocka_unit_test(the_same_of_one_that_waits_where_all_others_sleep),
        cmocka_unit_test(the_same_of_programs_drawn_from_seeds),
        cmocka_unit_test(the_shortest_order_that_fails_is_drawn),
        cmocka_unit_test(who_waits_in_vain_crashes_or_spins_is_found),
        cmocka_unit_test(who_is_held_up_by_a_frozen_thread_is_found),
    };
    return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: no wake-up is lost on the real futex, and what the waker wrote is seen.
 *
 * Method: two threads hand a plain counter back and forth, each parked while it
 * is the other's turn. A lost wake-up hangs; TSan sees whether the park carries
 * the counter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "scheduler/parker.h"
#include "tests/support/check.h"

enum { ROUNDS = 20000 };

static struct tp_parker parkers[2];
static int counter; /* whoever's turn it is */

static void
wait_for_turn(int own)
{
    /* Only the other thread's wake is a turn. */
    while (!tp_parker_park(&parkers[own], UINT64_MAX)) {
    }
}

static void *
play(void *arg)
{
    int own = (int)(intptr_t)arg;

    for (int i = 0; i < ROUNDS; i++) {
        wait_for_turn(own);
        CHECK(counter == 2 * i + own);
        counter++;
        tp_parker_wake(&parkers[1 - own]);
    }
    return NULL;
}

static void
two_threads_take_turns(void **state)
{
    pthread_t threads[2];

    (void)state;
    tp_parker_init(&parkers[0], &tp_parking_futex);
    tp_parker_init(&parkers[1], &tp_parking_futex);
    tp_parker_wake(&parkers[0]);
    for (intptr_t i = 0; i < 2; i++) {
        CHECK(pthread_create(&threads[i], NULL, play, (void *)i) == 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(counter, 2 * ROUNDS);
}

static _Atomic(int) asked;
static int answered;

static void *
answer_all(void *arg)
{
    (void)arg;
    while (answered < ROUNDS) {
        tp_parker_park(&parkers[0], UINT64_MAX);
        answered = atomic_load(&asked);
    }
    return NULL;
}

/* Wakes that nobody waits for meet parks that have just begun. */
static void
the_last_of_many_wakes_is_not_lost(void **state)
{
    pthread_t thread;

    (void)state;
    tp_parker_init(&parkers[0], &tp_parking_futex);
    CHECK(pthread_create(&thread, NULL, answer_all, NULL) == 0);
    for (int i = 0; i < ROUNDS; i++) {
        asked++;
        tp_parker_wake(&parkers[0]);
    }
    pthread_join(thread, NULL);
    assert_int_equal(answered, ROUNDS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads_take_turns),
        cmocka_unit_test(the_last_of_many_wakes_is_not_lost),
    };
    return cmocka_run_group_tests_name("parker", tests, NULL, NULL);
}

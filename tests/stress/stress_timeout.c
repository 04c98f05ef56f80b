/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: of every timeout exactly one thing happens: it expires, or it is
 * cancelled; and its memory comes back once.
 *
 * Method: one thread has the wheel: it adds timeouts, lets virtual time go on,
 * and takes what expired and what was cancelled. Another cancels as many as it
 * can, some before and some after they are due. What each thread was told must
 * fit together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "scheduler/timeout.h"
#include "tests/support/check.h"

enum {
    TIMEOUTS = 20000,
    LIFE_TICKS = 20,
    ADDED_PER_LIFE = 2 * LIFE_TICKS,
};

struct record {
    struct tp_timeout timeout; /* overwritten when it has come back */
    bool is_expired;           /* told to the wheel's thread */
    bool is_released;
    bool is_cancelled; /* told to the canceller */
    bool is_too_late;
};

static struct tp_timeouts its;
static struct tp_timeouts mine;
static struct record records[TIMEOUTS];
static _Atomic(int) added_count;
static _Atomic(int) cancelled_count; /* tried */

static struct record *
record_of(struct tp_timeout *timeout)
{
    return (struct record *)(void *)timeout;
}

/* From here on the memory is somebody else's. */
static void
release(struct record *record)
{
    CHECK(!record->is_released);
    CHECK(!record->is_expired);
    CHECK(!tp_timer_is_pending(&record->timeout.timer));
    record->is_released = true;
    memset(&record->timeout, 0xa5, sizeof(record->timeout));
}

static void
tick(uint64_t now_ns)
{
    struct tp_timeout *timeout;

    while ((timeout = tp_timeouts_take_cancelled(&its)) != NULL) {
        release(record_of(timeout));
    }
    while ((timeout = tp_timeouts_pop_expired(&its, now_ns)) != NULL) {
        struct record *record = record_of(timeout);

        CHECK(!record->is_expired);
        CHECK(!record->is_released);
        record->is_expired = true;
        /* It becomes a message: all but the state is written anew. */
        memset(timeout, 0xa5, offsetof(struct tp_timeout, state));
    }
}

static void *
keep_time(void *arg)
{
    uint64_t now_ns = 0;

    (void)arg;
    for (int i = 0; i < TIMEOUTS; i++) {
        tp_timeouts_add(&its, &records[i].timeout,
            now_ns + LIFE_TICKS * (uint64_t)TP_TIMER_TICK_NS,
            TP_TIMEOUT_AWAITED);
        atomic_store(&added_count, i + 1);
        now_ns += TP_TIMER_TICK_NS / 2;
        tick(now_ns);
        if (i % 16 == 0) {
            sched_yield();
        }
    }
    while (atomic_load(&cancelled_count) < TIMEOUTS) {
        now_ns += TP_TIMER_TICK_NS;
        tick(now_ns);
        sched_yield();
    }
    tick(now_ns + 2 * LIFE_TICKS * (uint64_t)TP_TIMER_TICK_NS);
    return NULL;
}

/* So many that the i-th is about to expire, or just has. */
static int
added_before(int i)
{
    int added = i + ADDED_PER_LIFE - 6 + i % 8;

    return added < TIMEOUTS ? added : TIMEOUTS;
}

static void *
cancel_all(void *arg)
{
    (void)arg;
    for (int i = 0; i < TIMEOUTS; i++) {
        enum tp_timeout_cancel done;

        while (atomic_load(&added_count) < added_before(i)) {
            sched_yield();
        }
        done = tp_timeout_cancel(&mine, &its, &records[i].timeout);
        CHECK(done != TP_TIMEOUT_IS_YOURS);
        records[i].is_cancelled = done == TP_TIMEOUT_HANDED_ON;
        records[i].is_too_late = done == TP_TIMEOUT_TOO_LATE;
        atomic_store(&cancelled_count, i + 1);
    }
    return NULL;
}

static void
each_timeout_expires_or_is_released_once(void **state)
{
    pthread_t threads[2];
    int expired_count = 0;

    (void)state;
    tp_timeouts_init(&its, 0, 0);
    tp_timeouts_init(&mine, 1, 0);
    CHECK(pthread_create(&threads[0], NULL, keep_time, NULL) == 0);
    CHECK(pthread_create(&threads[1], NULL, cancel_all, NULL) == 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    for (int i = 0; i < TIMEOUTS; i++) {
        assert_int_equal(records[i].is_expired, records[i].is_too_late);
        assert_int_equal(records[i].is_released, records[i].is_cancelled);
        assert_int_not_equal(records[i].is_expired, records[i].is_released);
        expired_count += records[i].is_expired;
    }
    assert_null(tp_timeouts_take_any(&its));
    print_message("%d of %d expired\n", expired_count, (int)TIMEOUTS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_timeout_expires_or_is_released_once),
    };
    return cmocka_run_group_tests_name("timeout", tests, NULL, NULL);
}

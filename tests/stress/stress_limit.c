/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: whoever pauses on a congested mailbox is resumed, and the counts and
 * the mark are right in the end.
 *
 * Method: PAUSERS threads stand for actors: each adds MESSAGES messages and,
 * told that the mailbox is congested, pauses and waits on a semaphore of its
 * own until somebody resumes it. One thread stands for the owner and takes off
 * what was added. A pauser that nobody resumes hangs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "mailbox/limit.h"
#include "tests/support/check.h"

enum { PAUSERS = 3, MESSAGES = 20000, BYTES = 100 };

static const struct tp_limit_marks marks = {
    .messages_high = 16,
    .messages_low = 4,
    .messages_hard = 17,
    .bytes_high = 1 << 20,
    .bytes_low = 1 << 19,
    .bytes_hard = 1 << 21,
};

static struct tp_limit limit;
static sem_t resumed[PAUSERS];
static _Atomic(int) pushed_count;
static _Atomic(int) pauses_count;
static _Atomic(int) refusals_count;

static void
resume_all(void)
{
    struct troupe_message *resume = tp_limit_take_paused(&limit);

    while (resume != NULL) {
        struct troupe_message *next = resume->next;

        CHECK(resume->request == 42);
        sem_post(&resumed[resume->sender]);
        free(resume);
        resume = next;
    }
}

static void
pause_until_resumed(uintptr_t own)
{
    struct troupe_message *resume = malloc(sizeof(*resume));

    CHECK(resume != NULL);
    resume->sender = (troupe_pid)own;
    resume->request = 42;
    atomic_fetch_add(&pauses_count, 1);
    if (!tp_limit_pause(&limit, &resume)) {
        resume_all();
    }
    CHECK(sem_wait(&resumed[own]) == 0);
}

static void *
send_all(void *arg)
{
    for (int i = 0; i < MESSAGES; i++) {
        enum tp_limit_verdict verdict;

        while ((verdict = tp_limit_add(&limit, &marks, BYTES)) ==
               TP_LIMIT_REFUSED) {
            atomic_fetch_add(&refusals_count, 1);
            sched_yield();
        }
        atomic_fetch_add(&pushed_count, 1);
        if (verdict == TP_LIMIT_TAKEN_BUT_CONGESTED) {
            pause_until_resumed((uintptr_t)arg);
        }
    }
    return NULL;
}

static void *
own(void *arg)
{
    int left = PAUSERS * MESSAGES;

    (void)arg;
    while (left > 0) {
        int taken = atomic_exchange(&pushed_count, 0);

        if (taken == 0) {
            sched_yield();
        } else if (tp_limit_subtract(&limit, &marks, (uint64_t)taken,
                       (uint64_t)taken * BYTES)) {
            resume_all();
        }
        left -= taken;
    }
    return NULL;
}

static void
whoever_pauses_is_resumed(void **state)
{
    pthread_t threads[PAUSERS + 1];

    (void)state;
    for (uintptr_t i = 0; i < PAUSERS; i++) {
        CHECK(sem_init(&resumed[i], 0, 0) == 0);
        CHECK(pthread_create(&threads[i], NULL, send_all, (void *)i) == 0);
    }
    CHECK(pthread_create(&threads[PAUSERS], NULL, own, NULL) == 0);
    for (int i = 0; i <= PAUSERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(limit.held == 0);
    assert_null(limit.paused);
    print_message("%d pauses, %d refusals\n", atomic_load(&pauses_count),
        atomic_load(&refusals_count));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_pauses_is_resumed),
    };
    return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}

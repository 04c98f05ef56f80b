/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/handover.h"

#include "bench/bench.h"
#include "bench/machine.h"

#include <ck_pr.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    SERIES_COUNT = 1000,
    ROUNDS_COUNT = 10, /* in a series: on a busy machine few go undisturbed */
    WAKES_COUNT = 50,
    SLEEP_NS = 200000, /* so that the other one sleeps, too */
};
#define SERIES_NS_MAX UINT64_C(100000000) /* all of them */
/* A line that takes longer was not handed over at once: a thread did not run.
 */
#define LINE_NS_MAX 5000

/* Puts this thread on the index-th processor that it may run on. */
static void
stay_on(unsigned index)
{
    cpu_set_t allowed;
    cpu_set_t one;

    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        return;
    }
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && index-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            (void)sched_setaffinity(0, sizeof(one), &one);
            return;
        }
    }
}

/*
 * The word alone on its line. Odd: it is the other thread's turn, even: the
 * measuring one's. Each stores the next number, which pairs with the load that
 * the other spins on. LAST ends the other thread.
 */
struct line {
    uint32_t turn __attribute__((aligned(64)));
    uint64_t woken_ns __attribute__((aligned(64)));
};
#define LAST UINT32_MAX

static void *
answer(void *context)
{
    struct line *line = context;
    uint32_t turn;

    stay_on(1);
    while ((turn = ck_pr_load_32(&line->turn)) != LAST) {
        if (turn % 2 == 1) {
            ck_pr_store_32(&line->turn, turn + 1);
        } else {
            ck_pr_stall();
        }
    }
    return NULL;
}

static double
series_ns(struct line *line, uint32_t *turn)
{
    uint64_t start_ns = bench_now_ns();

    for (int i = 0; i < ROUNDS_COUNT; i++) {
        ck_pr_store_32(&line->turn, *turn + 1);
        *turn += 2;
        while (ck_pr_load_32(&line->turn) != *turn) {
            ck_pr_stall();
        }
    }
    return (double)(bench_now_ns() - start_ns) / (2 * ROUNDS_COUNT);
}

/* On a thread of its own, as it is bound to a processor. */
static void *
measure_line(void *context)
{
    struct line line = {0, 0};
    double *least_ns = context;
    uint32_t turn = 0;
    uint64_t start_ns = bench_now_ns();
    pthread_t other;

    stay_on(0);
    if (pthread_create(&other, NULL, answer, &line) != 0) {
        return NULL;
    }
    for (int i = 0;
         i < SERIES_COUNT && bench_now_ns() - start_ns < SERIES_NS_MAX; i++) {
        double ns = series_ns(&line, &turn);

        if (*least_ns <= 0 || ns < *least_ns) {
            *least_ns = ns;
        }
    }
    ck_pr_store_32(&line.turn, LAST);
    pthread_join(other, NULL);
    return NULL;
}

double
bench_handover_line_ns(void)
{
    double least_ns = 0;
    pthread_t thread;

    if (bench_machine_processors_count() > 1 &&
        pthread_create(&thread, NULL, measure_line, &least_ns) == 0) {
        pthread_join(thread, NULL);
    }
    return least_ns < LINE_NS_MAX ? least_ns : 0;
}

/* ---- waking -------------------------------------------------------------- */

static void
futex(uint32_t *word, int operation, uint32_t value)
{
    syscall(
        SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

/* Sleeps while it is not its turn, and notes when it was woken. */
static void *
sleep_and_answer(void *context)
{
    struct line *line = context;
    uint32_t turn;

    while ((turn = ck_pr_load_32(&line->turn)) != LAST) {
        if (turn % 2 == 1) {
            line->woken_ns = bench_now_ns();
            ck_pr_fence_release();
            ck_pr_store_32(&line->turn, turn + 1);
        } else {
            futex(&line->turn, FUTEX_WAIT, turn);
        }
    }
    return NULL;
}

static uint64_t
wake_once(struct line *line, uint32_t *turn)
{
    struct timespec pause = {.tv_nsec = SLEEP_NS};
    uint64_t start_ns;

    nanosleep(&pause, NULL);
    start_ns = bench_now_ns();
    ck_pr_store_32(&line->turn, *turn + 1);
    futex(&line->turn, FUTEX_WAKE, 1);
    *turn += 2;
    while (ck_pr_load_32(&line->turn) != *turn) {
        ck_pr_stall();
    }
    ck_pr_fence_acquire();
    return line->woken_ns - start_ns;
}

double
bench_handover_wake_ns(void)
{
    struct line line = {0, 0};
    uint64_t least_ns = UINT64_MAX;
    uint32_t turn = 0;
    pthread_t other;

    if (pthread_create(&other, NULL, sleep_and_answer, &line) != 0) {
        return 0;
    }
    for (int i = 0; i < WAKES_COUNT; i++) {
        uint64_t ns = wake_once(&line, &turn);

        least_ns = ns < least_ns ? ns : least_ns;
    }
    ck_pr_store_32(&line.turn, LAST);
    futex(&line.turn, FUTEX_WAKE, 1);
    pthread_join(other, NULL);
    return (double)least_ns;
}

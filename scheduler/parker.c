/* SPDX-License-Identifier: BSD-2-Clause */
#include "scheduler/parker.h"

#include <ck_pr.h>
#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* FUTEX_WAIT_BITSET takes a time on the monotonic clock, FUTEX_WAIT a span.
 * That the word has changed, or the deadline has come, is an error for the
 * system; who tells or asks keeps its errno. */
static void
futex_wait(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
    struct timespec deadline = {
        .tv_sec = (time_t)(deadline_ns / 1000000000),
        .tv_nsec = (long)(deadline_ns % 1000000000),
    };
    int errno_before = errno;

    syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, seen,
        deadline_ns == UINT64_MAX ? NULL : &deadline, NULL,
        FUTEX_BITSET_MATCH_ANY);
    errno = errno_before;
}

static void
futex_wake(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

const struct tp_parking tp_parking_futex = {futex_wait, futex_wake};

void
tp_parker_init(struct tp_parker *parker, const struct tp_parking *parking)
{
    ck_pr_store_32(&parker->word, TP_PARKER_EMPTY);
    parker->parking = parking;
}

bool
tp_parker_park(struct tp_parker *parker, uint64_t deadline_ns)
{
    uint32_t was;

    ck_pr_fence_release();
    if (ck_pr_cas_32(&parker->word, TP_PARKER_EMPTY, TP_PARKER_PARKED)) {
        parker->parking->wait(&parker->word, TP_PARKER_PARKED, deadline_ns);
    }
    was = ck_pr_fas_32(&parker->word, TP_PARKER_EMPTY);
    ck_pr_fence_acquire();
    return was == TP_PARKER_WOKEN;
}

void
tp_parker_wake(struct tp_parker *parker)
{
    ck_pr_fence_release();
    if (ck_pr_fas_32(&parker->word, TP_PARKER_WOKEN) == TP_PARKER_PARKED) {
        parker->parking->wake(&parker->word);
    }
}

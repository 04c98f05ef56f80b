/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parker: where one thread sleeps until another wakes it.
 *
 *          wake                       park (returns at once)
 *     EMPTY -----> WOKEN -------------------------> EMPTY
 *       | park                                        ^
 *       +----> PARKED ---wake---> WOKEN ---returns----+
 *                 \------------deadline---------------+
 *
 *     from      to       by               called by
 *     EMPTY  -> PARKED   tp_parker_park   the one thread that parks here
 *     PARKED -> WOKEN    tp_parker_wake   any thread; then it wakes the one
 *     EMPTY  -> WOKEN    tp_parker_wake   any thread
 *     WOKEN  -> EMPTY    tp_parker_park   the one thread
 *     PARKED -> EMPTY    tp_parker_park   the one thread, at its deadline
 *
 * No wake-up is lost: both sides change the word by read-modify-writes. A wake
 * before the park leaves WOKEN, and the park returns at once; a wake after it
 * finds PARKED and wakes. A park may return without a wake: callers look again
 * at what they wait for.
 *
 * The last step, to give up the processor while the word is what was seen, is
 * two functions, so that an event loop or an explorer can stand in for the
 * futex.
 */
#ifndef TROUPE_SCHEDULER_PARKER_H
#define TROUPE_SCHEDULER_PARKER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * wait: returns when wake was called on the word, when it differs from seen, or
 * at deadline_ns on the monotonic clock (UINT64_MAX: never), or for no reason.
 * wake: makes the one that waits return. Both any thread.
 */
struct tp_parking {
    void (*wait)(uint32_t *word, uint32_t seen, uint64_t deadline_ns);
    void (*wake)(uint32_t *word);
};

extern const struct tp_parking tp_parking_futex;

enum tp_parker_state {
    TP_PARKER_EMPTY,
    TP_PARKER_PARKED,
    TP_PARKER_WOKEN,
};

struct tp_parker {
    /*
     * A tp_parker_state. Written as in the table above; each write releases or
     * acquires, so that the woken thread sees what its waker did before. It is
     * never only read, so never stale. Alone on its line: it is written by
     * strangers.
     */
    uint32_t word __attribute__((aligned(64)));
    const struct tp_parking *parking;
};

void tp_parker_init(struct tp_parker *parker, const struct tp_parking *parking);

/*
 * Sleeps until woken or deadline_ns (UINT64_MAX: never). True: it was woken,
 * and that wake is used up. Its one thread.
 */
bool tp_parker_park(struct tp_parker *parker, uint64_t deadline_ns);

/* Ends the park that is under way, or the next one. Any thread. */
void tp_parker_wake(struct tp_parker *parker);

#endif

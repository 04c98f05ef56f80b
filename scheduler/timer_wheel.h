/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timer_wheel: what is due, and when to look again.
 *
 * A hierarchical timing wheel (Varghese and Lauck, 1987). Time is cut into
 * ticks of 2^19 ns, about half a millisecond. A tick number is read as eight
 * digits of six bits, which reach further than 64 bits of nanoseconds, so no
 * timer is too far away. A level is one digit, with a slot for each of its 64
 * values.
 *
 * Invariant: a timer lies at the level of the highest digit in which its tick
 * differs from the current tick, in the slot of its own digit there. Its digit
 * is then greater than the current one, and all higher digits are equal. So
 *
 *  - whatever lies at a lower level is due before all that lies higher, and
 *    within a level a lower slot is due before a higher one: the next slot is
 *    the lowest bit of the lowest level that has one, and empty time, however
 *    long, is passed over in one step;
 *  - when time enters a slot, its timers move down (cascade), each at most
 *    seven times in its life;
 *  - timers of one tick are always in one slot, and lists are filled at the
 *    tail, so they stay in the order in which they were added.
 *
 * Order: timers expire by tick, those of one tick in the order of adding.
 *
 * Precision: never early; late by less than one tick plus the time to the
 * owner's next advance. A timer that is in the past when it is added expires
 * at the next advance, before all others, even if time stands still; never at
 * once, so that an owner that pops until nothing is left comes to an end.
 *
 * Who may call what: one thread, the owner, everything.
 *
 * Cost: add and remove are a few writes, whatever is pending. A wheel is 8 KiB
 * and a timer 24 bytes inside whatever it is for; nothing is allocated.
 *
 * Not chosen: a heap (a logarithm of cache misses to add and to cancel, and
 * nearly every timer here is a deadline that is cancelled), a sorted list.
 */
#ifndef TROUPE_SCHEDULER_TIMER_WHEEL_H
#define TROUPE_SCHEDULER_TIMER_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TP_TIMER_TICK_NS = 1 << 19,
    TP_TIMER_LEVELS_COUNT = 8,
    TP_TIMER_SLOTS_COUNT = 64,
};

/* Closes to a ring: a list is a link that belongs to no timer. */
struct tp_timer_link {
    struct tp_timer_link *next;
    struct tp_timer_link *prev;
};

/* Part of whatever is to be timed, which must not move while it is pending. */
struct tp_timer {
    struct tp_timer_link link; /* next is NULL: in no wheel */
    uint64_t expires_tick;     /* not after the current tick: late or expired */
};

struct tp_timer_wheel {
    uint64_t now_ns; /* of the last advance */
    uint64_t now_tick;

    /* A bit a slot, set while the slot has timers. */
    uint64_t occupied[TP_TIMER_LEVELS_COUNT];

    /* Expired, not popped yet. */
    struct tp_timer_link expired;

    /* In the past already when added: expires at the next advance. */
    struct tp_timer_link late;

    struct tp_timer_link slots[TP_TIMER_LEVELS_COUNT][TP_TIMER_SLOTS_COUNT];
};

/*
 * Makes an empty wheel in caller's memory, which must not move from here on.
 * There is nothing to undo; timers still pending are their owners' memory.
 */
void tp_timer_wheel_init(struct tp_timer_wheel *wheel, uint64_t now_ns);

/* Before the first add, so that it can be asked whether it is pending. */
void tp_timer_init(struct tp_timer *timer);

/* True between add and the pop or remove that takes it out. */
bool tp_timer_is_pending(const struct tp_timer *timer);

/*
 * The timer is not pending. expires_ns is on the clock that the owner advances
 * by; UINT64_MAX never comes.
 */
void tp_timer_wheel_add(
    struct tp_timer_wheel *wheel, struct tp_timer *timer, uint64_t expires_ns);

/*
 * True: it was pending, expired but not popped included, and is not any more.
 * A timer that is not pending is left alone.
 */
bool tp_timer_wheel_remove(
    struct tp_timer_wheel *wheel, struct tp_timer *timer);

/* Makes all that is due by now_ns ready to pop; an earlier now_ns is ignored.
 */
void tp_timer_wheel_advance(struct tp_timer_wheel *wheel, uint64_t now_ns);

/*
 * The next expired timer, no longer pending; NULL if there is none. Adding and
 * removing any timer between two pops is fine.
 */
struct tp_timer *tp_timer_wheel_pop_expired(struct tp_timer_wheel *wheel);

/*
 * A time to sleep until: not later than the next expiry, UINT64_MAX if nothing
 * will expire, and not after the last advance if something waits already. It
 * may be the time of a cascade: advancing to it then expires nothing, and the
 * next answer is later.
 */
uint64_t tp_timer_wheel_next_ns(const struct tp_timer_wheel *wheel);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "scheduler/timer_wheel.h"

#include "base/assert.h"

#include <stddef.h>

enum {
    TICK_BITS = 19,
    DIGIT_BITS = 6,
    TICKS_BITS = 64 - TICK_BITS, /* of the ticks that can ever come */
};

_Static_assert(TP_TIMER_TICK_NS == 1 << TICK_BITS, "a tick is a shift");
_Static_assert(TP_TIMER_SLOTS_COUNT == 1 << DIGIT_BITS, "a slot is a digit");
_Static_assert(TP_TIMER_LEVELS_COUNT *DIGIT_BITS > TICKS_BITS,
    "the highest level reaches the end of time, rounded up");

struct slot {
    unsigned int level;
    unsigned int digit;
};

static void
list_init(struct tp_timer_link *list)
{
    list->next = list;
    list->prev = list;
}

static bool
list_is_empty(const struct tp_timer_link *list)
{
    return list->next == list;
}

static void
list_append(struct tp_timer_link *list, struct tp_timer *timer)
{
    struct tp_timer_link *link = &timer->link;

    link->next = list;
    link->prev = list->prev;
    list->prev->next = link;
    list->prev = link;
}

static void
list_remove(struct tp_timer *timer)
{
    struct tp_timer_link *link = &timer->link;

    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = NULL;
}

/* Moves all of from behind the last of list. */
static void
list_append_all(struct tp_timer_link *list, struct tp_timer_link *from)
{
    if (list_is_empty(from)) {
        return;
    }
    from->next->prev = list->prev;
    list->prev->next = from->next;
    from->prev->next = list;
    list->prev = from->prev;
    list_init(from);
}

static struct tp_timer *
timer_of(struct tp_timer_link *link)
{
    return (struct tp_timer *)link; /* its first member */
}

/* The slot for a tick that is still to come. */
static struct slot
slot_of(const struct tp_timer_wheel *wheel, uint64_t tick)
{
    uint64_t differing = tick ^ wheel->now_tick;
    unsigned int highest_bit = 63 - (unsigned int)__builtin_clzll(differing);
    unsigned int level = highest_bit / DIGIT_BITS;

    return (struct slot){
        .level = level,
        .digit = tick >> level * DIGIT_BITS & (TP_TIMER_SLOTS_COUNT - 1),
    };
}

/* The slot that time enters next; false: no timer is to come. */
static bool
find_next_slot(const struct tp_timer_wheel *wheel, struct slot *slot)
{
    for (unsigned int level = 0; level < TP_TIMER_LEVELS_COUNT; level++) {
        uint64_t occupied = wheel->occupied[level];

        if (occupied != 0) {
            slot->level = level;
            slot->digit = (unsigned int)__builtin_ctzll(occupied);
            return true;
        }
    }
    return false;
}

/* Current digits above the slot's, then its own, then zeros. */
static uint64_t
first_tick_of(const struct tp_timer_wheel *wheel, struct slot slot)
{
    unsigned int shift = slot.level * DIGIT_BITS;
    uint64_t higher = wheel->now_tick >> shift >> DIGIT_BITS;

    return (higher << DIGIT_BITS | slot.digit) << shift;
}

/* Puts a timer where the invariant wants it, now that now_tick is current. */
static void
place(struct tp_timer_wheel *wheel, struct tp_timer *timer)
{
    struct slot slot = slot_of(wheel, timer->expires_tick);

    list_append(&wheel->slots[slot.level][slot.digit], timer);
    wheel->occupied[slot.level] |= UINT64_C(1) << slot.digit;
}

/* Time enters a slot: what is due there expires, the rest moves down. */
static void
enter(struct tp_timer_wheel *wheel, struct slot slot)
{
    struct tp_timer_link entered;

    list_init(&entered);
    list_append_all(&entered, &wheel->slots[slot.level][slot.digit]);
    wheel->occupied[slot.level] &= ~(UINT64_C(1) << slot.digit);
    if (slot.level == 0) {
        list_append_all(&wheel->expired, &entered);
    }
    while (!list_is_empty(&entered)) {
        struct tp_timer *timer = timer_of(entered.next);

        list_remove(timer);
        if (timer->expires_tick == wheel->now_tick) {
            list_append(&wheel->expired, timer);
        } else {
            place(wheel, timer);
        }
    }
}

void
tp_timer_wheel_init(struct tp_timer_wheel *wheel, uint64_t now_ns)
{
    wheel->now_ns = now_ns;
    wheel->now_tick = now_ns >> TICK_BITS;
    list_init(&wheel->expired);
    list_init(&wheel->late);
    for (int level = 0; level < TP_TIMER_LEVELS_COUNT; level++) {
        wheel->occupied[level] = 0;
        for (int digit = 0; digit < TP_TIMER_SLOTS_COUNT; digit++) {
            list_init(&wheel->slots[level][digit]);
        }
    }
}

void
tp_timer_init(struct tp_timer *timer)
{
    timer->link.next = NULL;
}

bool
tp_timer_is_pending(const struct tp_timer *timer)
{
    return timer->link.next != NULL;
}

/* Rounded up, so that a timer is never early. */
static uint64_t
tick_at_or_after(uint64_t ns)
{
    return (ns >> TICK_BITS) + (ns % TP_TIMER_TICK_NS != 0);
}

void
tp_timer_wheel_add(
    struct tp_timer_wheel *wheel, struct tp_timer *timer, uint64_t expires_ns)
{
    TP_ASSERT(!tp_timer_is_pending(timer));
    if (expires_ns <= wheel->now_ns) {
        timer->expires_tick = wheel->now_tick;
        list_append(&wheel->late, timer);
        return;
    }
    timer->expires_tick = tick_at_or_after(expires_ns);
    place(wheel, timer);
}

bool
tp_timer_wheel_remove(struct tp_timer_wheel *wheel, struct tp_timer *timer)
{
    struct slot slot;

    if (!tp_timer_is_pending(timer)) {
        return false;
    }
    list_remove(timer);
    if (timer->expires_tick <= wheel->now_tick) {
        return true; /* it was in late or expired, which have no bit */
    }
    slot = slot_of(wheel, timer->expires_tick);
    if (list_is_empty(&wheel->slots[slot.level][slot.digit])) {
        wheel->occupied[slot.level] &= ~(UINT64_C(1) << slot.digit);
    }
    return true;
}

void
tp_timer_wheel_advance(struct tp_timer_wheel *wheel, uint64_t now_ns)
{
    uint64_t target_tick = now_ns >> TICK_BITS;
    struct slot slot;

    list_append_all(&wheel->expired, &wheel->late);
    if (now_ns <= wheel->now_ns) {
        return;
    }
    while (find_next_slot(wheel, &slot) &&
           first_tick_of(wheel, slot) <= target_tick) {
        wheel->now_tick = first_tick_of(wheel, slot);
        enter(wheel, slot);
    }
    wheel->now_tick = target_tick;
    wheel->now_ns = now_ns;
}

struct tp_timer *
tp_timer_wheel_pop_expired(struct tp_timer_wheel *wheel)
{
    struct tp_timer *timer;

    if (list_is_empty(&wheel->expired)) {
        return NULL;
    }
    timer = timer_of(wheel->expired.next);
    list_remove(timer);
    return timer;
}

uint64_t
tp_timer_wheel_next_ns(const struct tp_timer_wheel *wheel)
{
    struct slot slot;
    uint64_t tick;

    if (!list_is_empty(&wheel->expired) || !list_is_empty(&wheel->late)) {
        return wheel->now_ns;
    }
    if (!find_next_slot(wheel, &slot)) {
        return UINT64_MAX;
    }
    tick = first_tick_of(wheel, slot);
    return tick >> TICKS_BITS == 0 ? tick << TICK_BITS : UINT64_MAX;
}

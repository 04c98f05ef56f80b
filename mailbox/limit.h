/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limit: how much waits in a mailbox, and who is paused until it is less.
 *
 * One word counts messages and bytes and holds the mark "congested", so that
 * every change of the three is one read-modify-write. A mailbox is congested
 * from when it reaches the high mark until it falls to the low mark. Above the
 * hard mark nothing is taken. The marks are the caller's: each mailbox may have
 * its own (actors/profile.h).
 *
 * Beside it stands the stack of the paused: a RESUME message for each, in which
 * `sender` is who is to be resumed. Whoever clears the mark takes the stack.
 *
 * A sender calls tp_limit_add() before it pushes its message: one
 * compare-and-swap, so that the hard mark is exact. Or, for several messages at
 * once, it looks for room first and calls tp_limit_add_granted() before it
 * pushes them, which is cheaper: then senders together may exceed the hard mark
 * by what they push at a time. The owner calls tp_limit_subtract() when it has
 * handled some.
 *
 *     tp_limit_add, tp_limit_add_granted   any thread
 *     tp_limit_is_full, tp_limit_is_exceeded   any thread; stale at once
 *     tp_limit_is_congested           any thread
 *     tp_limit_subtract               owner
 *     tp_limit_pause                  any thread
 *     tp_limit_take_paused            any thread
 *
 * Nobody stays paused on a mailbox that is not congested. tp_limit_pause()
 * pushes the RESUME message, then looks at the mark; whoever clears the mark
 * then looks at the stack. Both are a read-modify-write followed by a read,
 * with a full fence between, so at least one of the two sees the other: either
 * the clearer takes the new entry, or the pauser is told that there is no
 * congestion any more and takes the stack itself.
 *
 * The mark is never left behind on an empty mailbox. It is set by a
 * compare-and-swap of the whole word, only while the counts reach the high
 * mark, which is never 0, and cleared by the owner when it brings them to the
 * low mark. Whatever marks callers bring, those of another mailbox even, the
 * owner that takes off the last message clears it, because no low mark is below
 * 0.
 *
 * No ring of paused actors. An actor that is congested is not paused, and one
 * that is paused looks again after every wake-up, and it is woken by the very
 * message that congested it, because the mark is set before that message is
 * pushed. So in any chain "A is paused on B" the next one, B, is congested and
 * therefore not paused: it runs, its mailbox falls to the low mark, A is
 * resumed. (To be congested is looked at before a pause and after every
 * wake-up; either would do to break a ring, both are kept: the first spares a
 * pause, the second needs no argument about who came last.) This asks nothing
 * of the marks but that low is below high, and nothing of how B treats its
 * senders: the mark "congested" is kept for all policies alike, also for those
 * that pause nobody. (tests: test_pause for each pair, test_ring for rings of
 * two and three.)
 *
 * One exception: a router (actors/router.h) stays paused though it is
 * congested, on an actor that is no router. Else there were no backpressure
 * through it: those whom it should hold up would resume it, and it would hand
 * on all that they send until its routee is full. A ring is as impossible as
 * before: whoever a router is held on is congested, and no router, so it runs.
 * (tests: a_flood_through_a_router_holds_bounded_memory,
 * a_ring_through_a_router_comes_to_its_end)
 */
#ifndef TROUPE_MAILBOX_LIMIT_H
#define TROUPE_MAILBOX_LIMIT_H

#include "base/assert.h"
#include "mailbox/message.h"

#include <ck_pr.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes in the low 40 bits, messages in the next 23, the mark on top. */
enum { TP_LIMIT_BYTES_BITS = 40 };

/*
 * The highest marks. What the word can count is more, by what
 * tp_limit_add_granted() may add beyond a hard mark.
 */
#define TP_LIMIT_MESSAGES_MAX UINT64_C(8000000)
#define TP_LIMIT_BYTES_MAX UINT64_C(1000000000000)

#define TP_LIMIT_CONGESTED (UINT64_C(1) << 63)
#define TP_LIMIT_OF(messages, bytes)                                           \
    ((uint64_t)(messages) << TP_LIMIT_BYTES_BITS | (uint64_t)(bytes))

/* When a mailbox is congested, no longer congested, full. 1 <= high <= hard,
 * low < high. */
struct tp_limit_marks {
    uint64_t messages_high;
    uint64_t messages_low;
    uint64_t messages_hard;
    uint64_t bytes_high;
    uint64_t bytes_low;
    uint64_t bytes_hard;
};

extern const struct tp_limit_marks tp_limit_marks_default;

struct tp_limit {
    /*
     * TP_LIMIT_OF what waits, with TP_LIMIT_CONGESTED. Written by senders and
     * by the owner, by read-modify-writes only. It orders nothing but itself
     * and `paused` (see above); a stale read costs a pause too many, undone at
     * once.
     */
    uint64_t held;
    /*
     * RESUME messages linked by next. Pushed by any thread that pauses an
     * actor, taken whole by whoever finds `held` uncongested. The push releases
     * the message and pairs with the acquire in tp_limit_take_paused(). A stale
     * NULL is excluded by the full fences of the header where it matters; else
     * somebody else has taken the stack.
     */
    struct troupe_message *paused;
};

enum tp_limit_verdict {
    TP_LIMIT_TAKEN,
    TP_LIMIT_TAKEN_BUT_CONGESTED,
    TP_LIMIT_REFUSED, /* above the hard mark; nothing was added */
};

/* Whether the counts in held have come to one of the two. */
static inline bool
tp_limit_reaches(uint64_t held, uint64_t messages, uint64_t bytes)
{
    uint64_t counts = held & ~TP_LIMIT_CONGESTED;

    return counts >> TP_LIMIT_BYTES_BITS >= messages ||
           (counts & (TP_LIMIT_OF(1, 0) - 1)) >= bytes;
}

/* Whether more waits than the high mark allows. */
static inline bool
tp_limit_is_exceeded(struct tp_limit *limit, const struct tp_limit_marks *marks)
{
    return tp_limit_reaches(ck_pr_load_64(&limit->held),
        marks->messages_high + 1, marks->bytes_high + 1);
}

/* Whether a message is refused just now. */
static inline bool
tp_limit_is_full(struct tp_limit *limit, const struct tp_limit_marks *marks)
{
    return tp_limit_reaches(
        ck_pr_load_64(&limit->held), marks->messages_hard, marks->bytes_hard);
}

/* Sets the mark if the counts reach the high mark. True: it is set. */
bool tp_limit_congest(
    struct tp_limit *limit, const struct tp_limit_marks *marks);

/*
 * Counts delta, TP_LIMIT_OF messages that are taken in any case, because the
 * caller has found before that there is room. True: the mailbox is congested.
 */
static inline bool
tp_limit_add_granted(
    struct tp_limit *limit, const struct tp_limit_marks *marks, uint64_t delta)
{
    uint64_t held = ck_pr_faa_64(&limit->held, delta) + delta;

    if (__builtin_expect((held & TP_LIMIT_CONGESTED) == 0 &&
                             !tp_limit_reaches(
                                 held, marks->messages_high, marks->bytes_high),
            1)) {
        return false;
    }
    return tp_limit_congest(limit, marks);
}

/* Counts one message of so many bytes, if there is room. */
enum tp_limit_verdict tp_limit_add(
    struct tp_limit *limit, const struct tp_limit_marks *marks, uint64_t bytes);

/* Clears the mark if the counts are at the low mark. True: this call did it. */
bool tp_limit_relieve(
    struct tp_limit *limit, const struct tp_limit_marks *marks);

/*
 * Takes off what the owner has handled. True: the congestion has just ended,
 * and the caller must resume whom tp_limit_take_paused() returns.
 */
static inline bool
tp_limit_subtract(struct tp_limit *limit, const struct tp_limit_marks *marks,
    uint64_t messages, uint64_t bytes)
{
    uint64_t delta = TP_LIMIT_OF(messages, bytes);
    uint64_t was = ck_pr_faa_64(&limit->held, -delta);

    TP_ASSERT_SLOW((was & ~TP_LIMIT_CONGESTED) >= delta);
    return __builtin_expect((was & TP_LIMIT_CONGESTED) != 0, 0) &&
           tp_limit_relieve(limit, marks);
}

/* Whether senders are to be paused. */
static inline bool
tp_limit_is_congested(const struct tp_limit *limit)
{
    return (ck_pr_load_64(&limit->held) & TP_LIMIT_CONGESTED) != 0;
}

/*
 * Puts *resume on the stack of the paused, takes it and sets it to NULL. False:
 * there is no congestion any more, and the caller must resume whom
 * tp_limit_take_paused() returns, itself perhaps among them.
 */
bool tp_limit_pause(struct tp_limit *limit, struct troupe_message **resume);

/* All RESUME messages, linked by next; the caller sends each to its sender. */
struct troupe_message *tp_limit_take_paused(struct tp_limit *limit);

#endif

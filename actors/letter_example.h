/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * letter_example: the last dead letter of a row, for people to read.
 *
 * It keeps the first bytes of the payload as they are and makes text of them
 * only when somebody reads: to copy a few words is cheap enough to be done for
 * each letter of a flood, to print is not.
 *
 * `sequence` is even at rest and odd while somebody writes. A writer makes it
 * odd by compare-and-swap, writes the words, and makes it even again. Who finds
 * it odd, or loses the swap, leaves the example as it is: nobody waits for
 * another, and there is one writer at a time. A reader copies the words between
 * two looks at `sequence` and keeps them if both were the same even number.
 * Then no write had begun before the second look that had not ended before the
 * first, so all words are of one letter.
 *
 *     tp_letter_example_try_write    any thread
 *     tp_letter_example_try_read     any thread
 *     tp_letter_example_print        any thread
 *
 * Not chosen: a lock for readers too (a reader that sleeps would keep the
 * example old), a pointer that is swapped (needs memory, and somebody who knows
 * when nobody reads the old one any more).
 */
#ifndef TROUPE_ACTORS_LETTER_EXAMPLE_H
#define TROUPE_ACTORS_LETTER_EXAMPLE_H

#include "troupe/dead_letters.h"

enum {
    TP_LETTER_EXAMPLE_WORDS = 18,
    TP_LETTER_EXAMPLE_BYTES = 8 * TP_LETTER_EXAMPLE_WORDS,
};

struct tp_dead_letter {
    enum troupe_dead_letter_cause cause;
    uint32_t schema;
    troupe_pid receiver;
    troupe_pid sender;
    const uint8_t *payload; /* NULL: it could not be made */
    size_t payload_size;
};

struct tp_letter_example {
    /*
     * Odd while somebody writes; 0: nobody has yet. Written by any thread, odd
     * by compare-and-swap and even again by the same, with a store fence after
     * the one and before the other; they pair with the load fences of a reader.
     * Stale: a write, or a reading, that is given up.
     */
    uint64_t sequence;
    /*
     * The words. Written by whoever has made `sequence` odd, between its two
     * fences. Stale: `sequence` has changed, and what was read is dropped.
     */
    uint64_t receiver;
    uint64_t sender;
    uint64_t schema_and_size; /* schema above, payload bytes kept below */
    uint64_t payload[TP_LETTER_EXAMPLE_WORDS];
};

/* False: another thread was writing, and its letter is as good. */
bool tp_letter_example_try_write(
    struct tp_letter_example *example, const struct tp_dead_letter *letter);

/* A copy. letter->payload points into `bytes`; its cause is not set. */
struct tp_letter_copy {
    struct tp_dead_letter letter;
    uint8_t bytes[TP_LETTER_EXAMPLE_BYTES];
};

/* False, and *copy means nothing: there is none, or it changed all the while.
 */
bool tp_letter_example_try_read(
    const struct tp_letter_example *example, struct tp_letter_copy *copy);

/* Writes the letter as a person reads it to out, of TROUPE_DEAD_LETTER_TEXT_
 * BYTES; what is too long ends in "...". Returns the length. */
size_t tp_letter_example_print(char *out, const struct tp_dead_letter *letter);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * letter_table: dead letters counted by cause, message and receiver.
 *
 * A kind is a cause with a message; it has a row for each of its first
 * receivers and one that the others share. Kinds lie in a hash by open
 * addressing. When it is full, the further kinds of a cause share a place that
 * is kept for that cause. So the table is bounded, every letter is counted in
 * one row, and a row that is shared says so.
 *
 * A place is claimed by a compare-and-swap of its key from 0 and stays its
 * kind's for ever; a row is claimed in the same way by its receiver. Both keys
 * are one word, so there is no moment in which a place is half claimed, and
 * nobody waits for another. After that a letter costs two additions and the
 * copy of its first bytes (letter_example.h), whose loser goes on without.
 *
 *     tp_letter_table_create    one thread
 *     tp_letter_table_destroy   one thread
 *     tp_letter_table_add       any thread
 *     all others                any thread; exact when no thread adds
 *
 * The memory is mapped: what was never touched costs nothing.
 *
 * Not chosen: a row for each receiver without a bound (a flood to a million
 * dead actors would fill any table with one kind), rows that give way to newer
 * ones (a count that begins again looks like a small one).
 */
#ifndef TROUPE_ACTORS_LETTER_TABLE_H
#define TROUPE_ACTORS_LETTER_TABLE_H

#include "actors/letter_example.h"

enum {
    TP_LETTER_TABLE_KINDS = 127,
    TP_LETTER_TABLE_RECEIVERS = 7,
    TP_LETTER_TABLE_PLACES =
        TP_LETTER_TABLE_KINDS + TROUPE_DEAD_LETTER_CAUSES_COUNT,
    TP_LETTER_TABLE_ROWS =
        TP_LETTER_TABLE_PLACES * (TP_LETTER_TABLE_RECEIVERS + 1),
};

struct tp_letter_row {
    /*
     * The pid, or all ones for TROUPE_NO_PID; 0: free, and always in the shared
     * row. Written once, by compare-and-swap, by any thread, and released by
     * the count that is raised after it. A stale 0 costs a compare-and-swap
     * that fails.
     */
    uint64_t receiver;
    /*
     * Added to by any thread, with release after the keys are there; pairs with
     * the acquire of who reads a row that counts something. Stale: a count of a
     * moment ago.
     */
    uint64_t count;
    struct tp_letter_example example;
};

struct tp_letter_kind {
    /* 1 + cause in the high half, schema in the low one; 0: free, and always in
     * the places of further kinds. Written once, released, and stale, as a
     * row's receiver. */
    uint64_t key;
    /* Added to by any thread. Orders nothing. Stale: as a row's. */
    uint64_t count;
};

struct tp_letter_table {
    /* The last ones are for further kinds, one a cause. */
    struct tp_letter_kind kinds[TP_LETTER_TABLE_PLACES];
    /* The last one of a kind is for further receivers. */
    struct tp_letter_row rows[TP_LETTER_TABLE_PLACES]
                             [TP_LETTER_TABLE_RECEIVERS + 1];
};

/* How many there have been, this one included. */
struct tp_letter_counts {
    uint64_t of_kind;
    uint64_t of_row;
};

/* NULL: no memory. */
struct tp_letter_table *tp_letter_table_create(void);

/* Sets *table to NULL; it may be that already. */
void tp_letter_table_destroy(struct tp_letter_table **table);

struct tp_letter_counts tp_letter_table_add(
    struct tp_letter_table *table, const struct tp_dead_letter *letter);

/* How many there were of this cause. */
uint64_t tp_letter_table_count(
    const struct tp_letter_table *table, enum troupe_dead_letter_cause cause);

/*
 * The numbers of all rows that count something, highest counts first. Returns
 * how many.
 */
size_t tp_letter_table_order(const struct tp_letter_table *table,
    uint16_t numbers[TP_LETTER_TABLE_ROWS]);

void tp_letter_table_read(const struct tp_letter_table *table, uint16_t number,
    struct troupe_dead_letters_row *row);

#endif

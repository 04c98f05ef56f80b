/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/letter_table.h"

#include "base/memory.h"

#include <ck_pr.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_OF_KIND = TP_LETTER_TABLE_RECEIVERS + 1 };

/* No slot lives so often that this is its pid. */
static const uint64_t nobody = UINT64_MAX;

struct tp_letter_table *
tp_letter_table_create(void)
{
    return tp_memory_map(sizeof(struct tp_letter_table));
}

void
tp_letter_table_destroy(struct tp_letter_table **table)
{
    if (*table != NULL) {
        tp_memory_unmap(*table, sizeof(**table));
        *table = NULL;
    }
}

/* ---- counting ------------------------------------------------------------ */

/* Whether the word is `key`, from now on perhaps. */
static bool
claim(uint64_t *word, uint64_t key)
{
    uint64_t seen = ck_pr_load_64(word);

    return seen == key ||
           (seen == 0 &&
               (ck_pr_cas_64_value(word, 0, key, &seen) || seen == key));
}

static unsigned
place_of(struct tp_letter_table *table, const struct tp_dead_letter *letter)
{
    uint64_t key = (uint64_t)(letter->cause + 1) << 32 | letter->schema;
    unsigned start = (unsigned)(key ^ key >> 29) % TP_LETTER_TABLE_KINDS;

    for (unsigned i = 0; i < TP_LETTER_TABLE_KINDS; i++) {
        unsigned place = (start + i) % TP_LETTER_TABLE_KINDS;

        if (claim(&table->kinds[place].key, key)) {
            return place;
        }
    }
    return TP_LETTER_TABLE_KINDS + letter->cause;
}

static struct tp_letter_row *
row_of(struct tp_letter_row *rows, troupe_pid receiver)
{
    uint64_t key = receiver == TROUPE_NO_PID ? nobody : receiver;
    unsigned i = 0;

    while (i < TP_LETTER_TABLE_RECEIVERS && !claim(&rows[i].receiver, key)) {
        i++;
    }
    return &rows[i];
}

struct tp_letter_counts
tp_letter_table_add(
    struct tp_letter_table *table, const struct tp_dead_letter *letter)
{
    unsigned place = place_of(table, letter);
    struct tp_letter_row *row = row_of(table->rows[place], letter->receiver);
    struct tp_letter_counts counts;

    ck_pr_fence_release(); /* keys before counts: pairs with read_keys() */
    counts.of_kind = ck_pr_faa_64(&table->kinds[place].count, 1) + 1;
    counts.of_row = ck_pr_faa_64(&row->count, 1) + 1;
    (void)tp_letter_example_try_write(&row->example, letter);
    return counts;
}

/* ---- reading ------------------------------------------------------------- */

static bool
is_shared_place(unsigned place)
{
    return place >= TP_LETTER_TABLE_KINDS;
}

static enum troupe_dead_letter_cause
cause_of(const struct tp_letter_table *table, unsigned place)
{
    uint64_t key = ck_pr_load_64(&table->kinds[place].key);

    return (enum troupe_dead_letter_cause)(is_shared_place(place)
                                               ? place - TP_LETTER_TABLE_KINDS
                                               : (key >> 32) - 1);
}

uint64_t
tp_letter_table_count(
    const struct tp_letter_table *table, enum troupe_dead_letter_cause cause)
{
    uint64_t count = 0;

    for (unsigned place = 0; place < TP_LETTER_TABLE_PLACES; place++) {
        if (cause_of(table, place) == cause) {
            count += ck_pr_load_64(&table->kinds[place].count);
        }
    }
    return count;
}

struct ranked {
    uint64_t count;
    uint16_t number;
};

/* Equal counts in the order of the table, so that equal runs print the same. */
static int
compare(const void *left, const void *right)
{
    const struct ranked *a = left;
    const struct ranked *b = right;

    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }
    return a->number < b->number ? -1 : 1;
}

size_t
tp_letter_table_order(
    const struct tp_letter_table *table, uint16_t numbers[TP_LETTER_TABLE_ROWS])
{
    struct ranked ranked[TP_LETTER_TABLE_ROWS];
    size_t count = 0;

    for (unsigned place = 0; place < TP_LETTER_TABLE_PLACES; place++) {
        for (unsigned i = 0; i < ROWS_OF_KIND; i++) {
            ranked[count].count = ck_pr_load_64(&table->rows[place][i].count);
            ranked[count].number = (uint16_t)(place * ROWS_OF_KIND + i);
            count += ranked[count].count > 0;
        }
    }
    qsort(ranked, count, sizeof(ranked[0]), compare);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = ranked[i].number;
    }
    return count;
}

static const char *
name_of(uint32_t schema)
{
    const struct troupe_schema *known = troupe_schema_by_number_view(schema);

    return known == NULL ? "?" : known->name;
}

/* What the keys say, which is right whatever the example is, of a row that has
 * been found to count something. */
static void
read_keys(const struct tp_letter_table *table, uint16_t number,
    struct troupe_dead_letters_row *row)
{
    unsigned place = number / ROWS_OF_KIND;
    const struct tp_letter_row *shown =
        &table->rows[place][number % ROWS_OF_KIND];
    uint64_t receiver;

    ck_pr_fence_acquire(); /* pairs with tp_letter_table_add() */
    receiver = ck_pr_load_64(&shown->receiver);
    *row = (struct troupe_dead_letters_row){
        .cause = cause_of(table, place),
        .message = name_of((uint32_t)ck_pr_load_64(&table->kinds[place].key)),
        .has_many_messages = is_shared_place(place),
        .receiver = receiver == nobody ? TROUPE_NO_PID : receiver,
        .has_many_receivers =
            number % ROWS_OF_KIND == TP_LETTER_TABLE_RECEIVERS,
        .count = ck_pr_load_64(&shown->count),
    };
}

void
tp_letter_table_read(const struct tp_letter_table *table, uint16_t number,
    struct troupe_dead_letters_row *row)
{
    const struct tp_letter_row *shown =
        &table->rows[number / ROWS_OF_KIND][number % ROWS_OF_KIND];
    struct tp_letter_copy copy;

    read_keys(table, number, row);
    if (!tp_letter_example_try_read(&shown->example, &copy)) {
        return;
    }
    row->message = name_of(copy.letter.schema);
    row->receiver = copy.letter.receiver;
    row->sender = copy.letter.sender;
    (void)tp_letter_example_print(row->example, &copy.letter);
}

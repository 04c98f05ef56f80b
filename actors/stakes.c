/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/stakes.h"

#include "actors/words.h"
#include "base/memory.h"

#include <string.h>

enum { LINES_MIN = 16 };

static struct tp_stake **
line_of(struct tp_stakes *stakes, troupe_pid pid)
{
    uint64_t hash = pid * UINT64_C(0x9e3779b97f4a7c15);

    return &stakes->lines[hash >> 32 & stakes->mask];
}

static void
put_in_line(struct tp_stakes *stakes, struct tp_stake *stake)
{
    struct tp_stake **line = line_of(stakes, stake->pid);

    stake->next = *line;
    *line = stake;
}

/* Twice as many lines. In each the latest stake stays first. */
static void
part_lines(struct tp_stakes *stakes, struct tp_stake **old, uint32_t old_count)
{
    for (uint32_t i = 0; i < old_count; i++) {
        struct tp_stake *turned = NULL;

        while (old[i] != NULL) {
            struct tp_stake *stake = old[i];

            old[i] = stake->next;
            stake->next = turned;
            turned = stake;
        }
        while (turned != NULL) {
            struct tp_stake *next = turned->next;

            put_in_line(stakes, turned);
            turned = next;
        }
    }
}

/* Without memory for more lines it gets slow, not full. False: not even the
 * first could be made. */
static bool
make_lines(struct tp_stakes *stakes)
{
    struct tp_stake **old = stakes->lines;
    uint32_t old_count = old == NULL ? 0 : stakes->mask + 1;
    uint32_t count = old == NULL ? LINES_MIN : 2 * old_count;
    struct tp_stake **made;

    if (old != NULL && stakes->count < old_count) {
        return true;
    }
    made = tp_memory_alloc_zeroed(count, sizeof(struct tp_stake *));
    if (made == NULL) {
        return old != NULL;
    }
    stakes->lines = made;
    stakes->mask = count - 1;
    part_lines(stakes, old, old_count);
    tp_memory_free(old);
    return true;
}

static void
count_stakes(struct tp_stakes *stakes, troupe_pid pid, uint32_t delta)
{
    uint32_t i = troupe_pid_slot(pid) % TP_STAKES_COUNTS;

    ck_pr_store_32(&stakes->counts[i], stakes->counts[i] + delta);
    stakes->count += delta;
}

/* A stake of nobody yet; NULL: no memory. */
struct tp_stake *
tp_stakes_make(struct tp_stakes *stakes)
{
    return make_lines(stakes)
               ? tp_memory_alloc_zeroed(1, sizeof(struct tp_stake))
               : NULL;
}

void
tp_stakes_add(struct tp_stakes *stakes, struct tp_stake *stake,
    enum tp_stake_kind kind, troupe_pid pid, struct tp_word *word)
{
    stake->kind = kind;
    stake->pid = pid;
    stake->word = word;
    put_in_line(stakes, stake);
    count_stakes(stakes, pid, 1);
}

static struct tp_stake **
first_of(struct tp_stakes *stakes, troupe_pid pid)
{
    static struct tp_stake *none;

    return stakes->lines == NULL ? &none : line_of(stakes, pid);
}

struct tp_stake **
tp_stakes_find_any(struct tp_stakes *stakes, troupe_pid pid)
{
    struct tp_stake **place = first_of(stakes, pid);

    while (*place != NULL && (*place)->pid != pid) {
        place = &(*place)->next;
    }
    return place;
}

struct tp_stake **
tp_stakes_find(struct tp_stakes *stakes, enum tp_stake_kind kind,
    troupe_pid pid, const char *text)
{
    struct tp_stake **place = first_of(stakes, pid);

    while (*place != NULL &&
           ((*place)->pid != pid || (*place)->kind != kind ||
               (text != NULL && strcmp((*place)->word->text, text) != 0))) {
        place = &(*place)->next;
    }
    return place;
}

struct tp_stake *
tp_stakes_take(struct tp_stakes *stakes, struct tp_stake **place)
{
    struct tp_stake *stake = *place;

    *place = stake->next;
    count_stakes(stakes, stake->pid, UINT32_MAX); /* one less */
    return stake;
}

void
tp_stake_move(struct tp_stake *stake, uint32_t place)
{
    stake->place = place;
}

void
tp_stakes_fini(struct tp_stakes *stakes)
{
    for (uint32_t i = 0; stakes->lines != NULL && i <= stakes->mask; i++) {
        while (stakes->lines[i] != NULL) {
            struct tp_stake *stake = stakes->lines[i];

            stakes->lines[i] = stake->next;
            tp_memory_free(stake);
        }
    }
    tp_memory_free(stakes->lines);
    stakes->lines = NULL;
}

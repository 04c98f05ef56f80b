/* SPDX-License-Identifier: BSD-2-Clause */
#include "exploration/search.h"

#include "base/err.h"
#include "base/memory.h"

static troupe_err
no_memory(void)
{
    return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for the next step");
}

static bool
make_room(struct tp_search *search)
{
    size_t wanted = search->room == 0 ? 64 : 2 * search->room;
    void *points;

    if (search->count < search->room) {
        return true;
    }
    points =
        tp_memory_realloc(search->points, wanted * sizeof(search->points[0]));
    if (points == NULL) {
        return false;
    }
    search->points = points;
    search->room = wanted;
    return true;
}

static struct tp_branch *
find(struct tp_search_point *point, const struct tp_choice *choice)
{
    for (size_t i = 0; i < point->count; i++) {
        if (tp_choice_is_same(&point->branches[i].choice, choice)) {
            return &point->branches[i];
        }
    }
    return NULL;
}

/* What was done at the point before sleeps on if it commutes with the step. */
static void
lay_asleep(const struct tp_search_point *before, struct tp_search_point *point)
{
    const struct tp_choice *step = &before->branches[before->taken].choice;

    for (size_t i = 0; i < before->count; i++) {
        const struct tp_branch *done = &before->branches[i];
        struct tp_branch *branch;

        if (done->is_done && tp_choice_commutes(&done->choice, step) &&
            (branch = find(point, &done->choice)) != NULL) {
            *branch = *done;
        }
    }
}

static bool
take_first_awake(struct tp_search_point *point)
{
    for (size_t i = 0; i < point->count; i++) {
        if (!point->branches[i].is_done) {
            point->taken = i;
            return true;
        }
    }
    return false;
}

troupe_err
tp_search_open(struct tp_search *search, const struct tp_offer *offers,
    size_t count, bool *is_open)
{
    struct tp_search_point *point;

    *is_open = false;
    if (!make_room(search)) {
        return no_memory();
    }
    point = &search->points[search->count];
    point->branches = tp_memory_alloc(count * sizeof(point->branches[0]));
    if (point->branches == NULL) {
        return no_memory();
    }
    point->count = count;
    for (size_t i = 0; i < count; i++) {
        point->branches[i] = (struct tp_branch){offers[i].choice, false};
    }
    if (search->count > 0) {
        lay_asleep(point - 1, point);
    }
    *is_open = take_first_awake(point);
    if (*is_open) {
        search->count++;
    } else {
        tp_memory_free(point->branches);
    }
    return TROUPE_OK;
}

static void
drop_last(struct tp_search *search)
{
    tp_memory_free(search->points[--search->count].branches);
}

bool
tp_search_advance(struct tp_search *search, size_t steps_max)
{
    while (search->count > steps_max) {
        drop_last(search);
    }
    while (search->count > 0) {
        struct tp_search_point *last = &search->points[search->count - 1];

        last->branches[last->taken].is_done = true;
        if (take_first_awake(last)) {
            return true;
        }
        drop_last(search);
    }
    return false;
}

void
tp_search_fini(struct tp_search *search)
{
    while (search->count > 0) {
        drop_last(search);
    }
    tp_memory_free(search->points);
    search->points = NULL;
}

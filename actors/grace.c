/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/grace.h"

#include "base/memory.h"

void
tp_grace_init(struct tp_grace *grace)
{
    *grace = (struct tp_grace){.epoch = 1};
}

static void
free_all(struct tp_grace_retired *retired)
{
    while (retired != NULL) {
        struct tp_grace_retired *next = retired->next;

        tp_memory_free(retired);
        retired = next;
    }
}

void
tp_grace_fini(struct tp_grace *grace)
{
    free_all(grace->retired);
    grace->retired = NULL;
}

void
tp_grace_list(struct tp_grace *grace, struct tp_grace_reader *reader)
{
    struct tp_grace_reader *first = ck_pr_load_ptr(&grace->readers);

    do {
        reader->next = first;
        ck_pr_fence_release(); /* pairs with the acquire in oldest_mark() */
    } while (!ck_pr_cas_ptr_value(&grace->readers, first, reader, &first));
    reader->is_listed = true;
}

void
tp_grace_retire(struct tp_grace *grace, struct tp_grace_retired *retired)
{
    uint64_t epoch = ck_pr_load_64(&grace->epoch);

    retired->epoch = epoch;
    retired->next = grace->retired;
    grace->retired = retired;
    ck_pr_fence_release(); /* what was unlinked; pairs with tp_grace_begin() */
    ck_pr_store_64(&grace->epoch, epoch + 1);
}

/* The epoch of whoever has read for longest; UINT64_MAX: nobody reads. */
static uint64_t
oldest_mark(struct tp_grace *grace)
{
    struct tp_grace_reader *reader = ck_pr_load_ptr(&grace->readers);
    uint64_t oldest = UINT64_MAX;

    ck_pr_fence_acquire();
    for (; reader != NULL; reader = reader->next) {
        uint64_t mark = ck_pr_load_64(&reader->mark);

        if (mark != 0 && mark < oldest) {
            oldest = mark;
        }
    }
    ck_pr_fence_acquire(); /* pairs with the release in tp_grace_end() */
    return oldest;
}

void
tp_grace_reclaim(struct tp_grace *grace)
{
    struct tp_grace_retired **place = &grace->retired;
    uint64_t oldest;

    if (*place == NULL) {
        return;
    }
    ck_pr_fence_memory(); /* what was unlinked before the marks are read */
    oldest = oldest_mark(grace);
    /* The newest are first; behind one that is old enough all others are. */
    while (*place != NULL && (*place)->epoch >= oldest) {
        place = &(*place)->next;
    }
    free_all(*place);
    *place = NULL;
}

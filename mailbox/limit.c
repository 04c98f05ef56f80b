/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/limit.h"

const struct tp_limit_marks tp_limit_marks_default = {
    .messages_high = 512,
    .messages_low = 128,
    .messages_hard = 1 << 20,
    .bytes_high = 1 << 20,
    .bytes_low = 1 << 18,
    .bytes_hard = 1 << 28,
};

/*
 * Clears the mark if the counts are at the low mark. True: this call did it.
 * The fence pairs with the one in tp_limit_pause().
 */
bool
tp_limit_relieve(struct tp_limit *limit, const struct tp_limit_marks *marks)
{
    uint64_t held = ck_pr_load_64(&limit->held);

    while ((held & TP_LIMIT_CONGESTED) != 0 &&
           !tp_limit_reaches(
               held, marks->messages_low + 1, marks->bytes_low + 1)) {
        if (ck_pr_cas_64_value(
                &limit->held, held, held & ~TP_LIMIT_CONGESTED, &held)) {
            ck_pr_fence_memory();
            return true;
        }
    }
    return false;
}

/* Sets the mark if the counts reach the high mark. True: it is set. */
bool
tp_limit_congest(struct tp_limit *limit, const struct tp_limit_marks *marks)
{
    uint64_t held = ck_pr_load_64(&limit->held);

    while ((held & TP_LIMIT_CONGESTED) == 0) {
        if (!tp_limit_reaches(held, marks->messages_high, marks->bytes_high)) {
            return false;
        }
        if (ck_pr_cas_64_value(
                &limit->held, held, held | TP_LIMIT_CONGESTED, &held)) {
            return true;
        }
    }
    return true;
}

enum tp_limit_verdict
tp_limit_add(
    struct tp_limit *limit, const struct tp_limit_marks *marks, uint64_t bytes)
{
    uint64_t seen = ck_pr_load_64(&limit->held);
    uint64_t held;

    do {
        held = seen + TP_LIMIT_OF(1, bytes);
        if (tp_limit_reaches(
                held, marks->messages_hard + 1, marks->bytes_hard + 1)) {
            return TP_LIMIT_REFUSED;
        }
        if (tp_limit_reaches(held, marks->messages_high, marks->bytes_high)) {
            held |= TP_LIMIT_CONGESTED;
        }
    } while (!ck_pr_cas_64_value(&limit->held, seen, held, &seen));
    return (held & TP_LIMIT_CONGESTED) != 0 ? TP_LIMIT_TAKEN_BUT_CONGESTED
                                            : TP_LIMIT_TAKEN;
}

bool
tp_limit_pause(struct tp_limit *limit, struct troupe_message **resume)
{
    struct troupe_message *taken = *resume;
    struct troupe_message *seen = ck_pr_load_ptr(&limit->paused);

    *resume = NULL;
    do {
        taken->next = seen;
        ck_pr_fence_release();
    } while (!ck_pr_cas_ptr_value(&limit->paused, seen, taken, &seen));

    /* Pairs with the fence in tp_limit_relieve(): see the header. */
    ck_pr_fence_memory();
    return tp_limit_is_congested(limit);
}

struct troupe_message *
tp_limit_take_paused(struct tp_limit *limit)
{
    struct troupe_message *all;

    if (ck_pr_load_ptr(&limit->paused) == NULL) {
        return NULL;
    }
    all = ck_pr_fas_ptr(&limit->paused, NULL);
    ck_pr_fence_acquire();
    return all;
}

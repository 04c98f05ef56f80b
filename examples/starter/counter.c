/* SPDX-License-Identifier: BSD-2-Clause */
#include "counter.h"

/* Begins as zeros. Only the handlers below ever see it, one at a time. */
struct counter {
    int64_t sum;
};

static void
on_add(struct troupe_self *self, void *state, const struct add *add)
{
    struct counter *counter = state;

    (void)self;
    counter->sum += add->amount;
}

static void
on_get_sum(struct troupe_self *self, void *state, const struct get_sum *request)
{
    struct counter *counter = state;

    (void)request;
    troupe_reply(self, sum, .value = counter->sum);
}

TROUPE_BEHAVIOUR(counter, sizeof(struct counter), TROUPE_ON(add, on_add),
    TROUPE_ON(get_sum, on_get_sum));

/* SPDX-License-Identifier: BSD-2-Clause */
/* An answer to the exercise seats: the seller looks and sells. */
#include <troupe/troupe.h>

TROUPE_MESSAGE(buy, TROUPE_NO_FIELDS)

/* ---- the seller ---------------------------------------------------------- */

static void
on_buy(struct troupe_self *self, void *state, const struct buy *buy)
{
    int64_t *free_seats = state;

    (void)self;
    (void)buy;
    *free_seats -= *free_seats > 0;
}

TROUPE_BEHAVIOUR(seller, sizeof(int64_t), TROUPE_ON(buy, on_buy));

/* ---- a buyer ------------------------------------------------------------- */

static void
on_start(struct troupe_self *self, void *state)
{
    const troupe_pid *the_seller = state;

    (void)troupe_tell(self, *the_seller, buy);
}

TROUPE_BEHAVIOUR(buyer, sizeof(troupe_pid), TROUPE_ON_START(on_start));

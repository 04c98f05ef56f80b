/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exercise seats. A seller, whose state is the number of free seats, one at
 * first, and two buyers, whose state begins with the seller's pid. Nothing is
 * shared, and the seat is sold twice.
 *
 * Mend it: in the end there should be no free seat, and never less than none.
 */
#include <troupe/troupe.h>

#define SEATS(FIELD) FIELD(int64, count)
TROUPE_MESSAGE(get_seats, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(seats, SEATS)
TROUPE_MESSAGE(buy, TROUPE_NO_FIELDS)

/* ---- the seller ---------------------------------------------------------- */

static void
on_get_seats(struct troupe_self *self, void *state, const struct get_seats *get)
{
    const int64_t *free_seats = state;

    (void)get;
    (void)troupe_reply(self, seats, .count = *free_seats);
}

static void
on_buy(struct troupe_self *self, void *state, const struct buy *buy)
{
    int64_t *free_seats = state;

    (void)self;
    (void)buy;
    --*free_seats;
}

TROUPE_BEHAVIOUR(seller, sizeof(int64_t), TROUPE_ON(get_seats, on_get_seats),
    TROUPE_ON(buy, on_buy));

/* ---- a buyer ------------------------------------------------------------- */

static void
on_seats(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    const troupe_pid *the_seller = state;
    struct seats seats;

    (void)context;
    if (seats_from(answer, &seats) == TROUPE_OK && seats.count > 0) {
        (void)troupe_tell(self, *the_seller, buy);
    }
}

static void
on_start(struct troupe_self *self, void *state)
{
    const troupe_pid *the_seller = state;

    TROUPE_CHECK(troupe_ask_then(
        self, *the_seller, TROUPE_SECONDS(5), on_seats, 0, get_seats));
}

TROUPE_BEHAVIOUR(buyer, sizeof(troupe_pid), TROUPE_ON_START(on_start));

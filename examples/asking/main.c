/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asking: an actor asks another and goes on; a continuation gets the answer, or
 * the reason why there is none. The clerk asks three for a price, one after the
 * other: a shop, somebody who never answers, and a shop that has closed.
 */
#include <stdio.h>
#include <troupe/troupe.h>

#define PRICE(FIELD) FIELD(uint32, cents)
#define OPEN(FIELD) FIELD(pid, shop) FIELD(pid, silent) FIELD(pid, closed)
TROUPE_MESSAGE(get_price, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(price, PRICE)
TROUPE_MESSAGE(open, OPEN)

static void
on_get_price(
    struct troupe_self *self, void *state, const struct get_price *request)
{
    (void)state, (void)request;
    troupe_reply(self, price, .cents = 250);
}

TROUPE_BEHAVIOUR(shop, 0, TROUPE_ON(get_price, on_get_price));

static void
on_get_price_silently(
    struct troupe_self *self, void *state, const struct get_price *request)
{
    (void)self, (void)state, (void)request;
}

TROUPE_BEHAVIOUR(silent, 0, TROUPE_ON(get_price, on_get_price_silently));

enum { ASKED_COUNT = 3 };

struct clerk {
    troupe_pid asked[ASKED_COUNT];
};

static void on_price(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer);

static void
ask_next(struct troupe_self *self, const struct clerk *clerk, uint64_t i)
{
    if (i == ASKED_COUNT) {
        troupe_runtime_quit(self);
        return;
    }
    TROUPE_CHECK(troupe_ask_then(
        self, clerk->asked[i], TROUPE_SECONDS(5), on_price, i, get_price));
}

static void
on_price(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct price price;
    troupe_err err = price_from(answer, &price);

    if (err == TROUPE_OK) {
        printf("%u: %u cents\n", (unsigned)context, price.cents);
    } else {
        printf("%u: %s\n", (unsigned)context, troupe_err_text(err));
    }
    ask_next(self, state, context + 1);
}

static void
on_open(struct troupe_self *self, void *state, const struct open *open)
{
    struct clerk *clerk = state;

    clerk->asked[0] = open->shop;
    clerk->asked[1] = open->silent;
    clerk->asked[2] = open->closed;
    ask_next(self, clerk, 0);
}

TROUPE_BEHAVIOUR(clerk, sizeof(struct clerk), TROUPE_ON(open, on_open));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid open_shop;
    troupe_pid closed_shop;
    troupe_pid mute;
    troupe_pid asker;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, shop, &open_shop));
    TROUPE_CHECK(troupe_spawn(self, silent, &mute));
    TROUPE_CHECK(troupe_spawn(self, shop, &closed_shop));
    TROUPE_CHECK(troupe_spawn(self, clerk, &asker));
    TROUPE_CHECK(troupe_stop(self, closed_shop));
    TROUPE_CHECK(troupe_tell(self, asker, open, .shop = open_shop,
        .silent = mute, .closed = closed_shop));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conflation: an exchange changes its prices faster than a display can show
 * them. Of each symbol the display wants the latest price only, so what it
 * shows is never old, and its mailbox never holds more than there are symbols.
 *
 * Simulated, so that the display does not run while the exchange sends.
 */
#include <inttypes.h>
#include <stdio.h>
#include <troupe/troupe.h>

enum { CHANGES = 1000 };

#define PRICE(FIELD) FIELD(str, symbol) FIELD(uint64, cents)
#define BEGIN(FIELD) FIELD(pid, display)
TROUPE_MESSAGE(price, PRICE)
TROUPE_MESSAGE(begin, BEGIN)
TROUPE_MESSAGE(close, TROUPE_NO_FIELDS)

static void
on_price(struct troupe_self *self, void *state, const struct price *price)
{
    (void)self, (void)state;
    printf("%.*s %" PRIu64 ".%02" PRIu64 "\n", (int)price->symbol.length,
        price->symbol.data, price->cents / 100, price->cents % 100);
}

static void
on_close(struct troupe_self *self, void *state, const struct close *close)
{
    (void)state, (void)close;
    printf("closed; %" PRIu64 " prices were replaced by later ones\n",
        troupe_replaced_count(self));
}

TROUPE_BEHAVIOUR(display, 0, TROUPE_ON_LATEST_BY(price, symbol, on_price),
    TROUPE_ON(close, on_close));

static void
on_begin(struct troupe_self *self, void *state, const struct begin *begin)
{
    static const char *const symbols[] = {"ANT", "BEE", "CAT"};

    (void)state;
    for (uint64_t change = 1; change <= CHANGES; change++) {
        for (uint64_t i = 0; i < 3; i++) {
            troupe_tell(self, begin->display, price,
                .symbol = troupe_str_of(symbols[i]),
                .cents = 10000 * (i + 1) + change);
        }
    }
    troupe_tell(self, begin->display, close);
}

TROUPE_BEHAVIOUR(exchange, 0, TROUPE_ON(begin, on_begin));

int
main(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime = NULL;
    struct troupe_self *self;
    troupe_pid display;
    troupe_pid exchange;

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, display, &display));
    TROUPE_CHECK(troupe_spawn(self, exchange, &exchange));
    troupe_tell(self, exchange, begin, .display = display);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(10), &report));
    troupe_stop_report_print(stdout, &report);
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking many at once, and going on when enough have replied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(int64, value)
#define PLAN(FIELD)                                                            \
    FIELD(bin, pids)                                                           \
    FIELD(uint64, quorum) FIELD(uint64, timeout_ns) FIELD(boolean, stops)
TROUPE_MESSAGE(set_price, NUMBER)
TROUPE_MESSAGE(get_price, NUMBER)
TROUPE_MESSAGE(price, NUMBER)
TROUPE_MESSAGE(survey, PLAN)
TROUPE_MESSAGE(get_results, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(results, NUMBER)

static const uint64_t long_ns = TROUPE_SECONDS(3600);

/* ---- shops --------------------------------------------------------------- */

enum { SILENT = -1, REFUSING = -2 };

struct shop {
    int64_t price;
    struct troupe_request *held;
};

static void
on_set_price(
    struct troupe_self *self, void *state, const struct set_price *set_price)
{
    struct shop *shop = state;

    (void)self;
    shop->price = set_price->value;
}

static void
on_get_price(
    struct troupe_self *self, void *state, const struct get_price *get_price)
{
    struct shop *shop = state;

    if (shop->price == SILENT) {
        CHECK(troupe_request_keep(self, &shop->held) == TROUPE_OK);
    } else if (shop->price != REFUSING) {
        CHECK(troupe_reply(self, price,
                  .value = shop->price * get_price->value) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(shop, sizeof(struct shop), TROUPE_ON(set_price, on_set_price),
    TROUPE_ON(get_price, on_get_price));

/* ---- a buyer ------------------------------------------------------------- */

enum { SHOPS_COUNT = 8 };

struct seen {
    int ended_count;
    troupe_err refused; /* what troupe_gather() returned */
    troupe_err err;
    size_t count;
    size_t replies_count;
    troupe_err errs[SHOPS_COUNT];
    int64_t prices[SHOPS_COUNT];
    uint64_t at_ns;
    bool crashes;
};

static struct seen seen; /* the buyer's; the test looks when it is done */

static void
on_prices(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_gathered *gathered)
{
    (void)state;
    CHECK(context == 77);
    seen.ended_count++;
    seen.at_ns = troupe_now_ns(self);
    seen.err = troupe_gathered_err(gathered);
    seen.count = troupe_gathered_count(gathered);
    seen.replies_count = troupe_gathered_replies_count(gathered);
    for (size_t i = 0; i < seen.count; i++) {
        const struct troupe_answer *answer =
            troupe_gathered_answer_view(gathered, i);
        struct price price = {0};

        seen.errs[i] = price_from(answer, &price);
        CHECK(seen.errs[i] == troupe_answer_err(answer));
        seen.prices[i] = price.value;
        CHECK(seen.errs[i] != TROUPE_OK ||
              troupe_message_sender(troupe_answer_message_view(answer)) ==
                  troupe_gathered_pid(gathered, i));
    }
    if (seen.crashes) {
        fault_do(FAULT_NULL);
    }
}

static void
on_survey(struct troupe_self *self, void *state, const struct survey *survey)
{
    troupe_pid pids[SHOPS_COUNT];

    (void)state;
    memcpy(pids, survey->pids.data, survey->pids.size);
    seen.refused = troupe_gather(self,
        &TROUPE_GATHER(.to = pids,
            .to_count = survey->pids.size / sizeof(pids[0]),
            .quorum = survey->quorum, .timeout_ns = survey->timeout_ns,
            .then = on_prices, .context = 77),
        get_price, .value = 10);
    if (survey->stops) {
        CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
    }
}

static void
on_get_results(
    struct troupe_self *self, void *state, const struct get_results *get)
{
    (void)state, (void)get;
    CHECK(troupe_reply(self, results, .value = seen.ended_count) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(buyer, 0, TROUPE_ON(survey, on_survey),
    TROUPE_ON(get_results, on_get_results));

/* ---- a market ------------------------------------------------------------ */

static struct market {
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid shops[SHOPS_COUNT];
    troupe_pid buyer;
    struct troupe_stop_report report;
} market;

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

/* The shops have prices 1, 2, ...; the buyer has asked nobody yet. */
static void
begin(bool simulate)
{
    memset(&market, 0, sizeof(market));
    memset(&seen, 0, sizeof(seen));
    market.report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    assert_int_equal(troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 3,
                                               .simulate = simulate, .seed = 11,
                                               .log = keep_quiet),
                         &market.runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(market.runtime), TROUPE_OK);
    market.self = troupe_thread_self(market.runtime);
    assert_int_equal(
        troupe_spawn(market.self, buyer, &market.buyer), TROUPE_OK);
    for (int i = 0; i < SHOPS_COUNT; i++) {
        assert_int_equal(
            troupe_spawn(market.self, shop, &market.shops[i]), TROUPE_OK);
        (void)troupe_tell(
            market.self, market.shops[i], set_price, .value = i + 1);
    }
}

static void
finish(void)
{
    assert_int_equal(
        troupe_runtime_stop(market.runtime, long_ns, &market.report),
        TROUPE_OK);
    assert_true(market.report.is_drained);
    troupe_runtime_destroy(&market.runtime);
}

static void
set(int index, int64_t price)
{
    (void)troupe_tell(
        market.self, market.shops[index], set_price, .value = price);
}

struct plan {
    size_t shops_count; /* the first so many */
    size_t quorum;
    uint64_t timeout_ns; /* 0: long */
    bool stops;
};

static void
start(struct plan plan)
{
    assert_int_equal(
        troupe_tell(market.self, market.buyer, survey,
            .pids = {(const uint8_t *)market.shops,
                (uint32_t)(plan.shops_count * sizeof(market.shops[0]))},
            .quorum = plan.quorum,
            .timeout_ns = plan.timeout_ns == 0 ? long_ns : plan.timeout_ns,
            .stops = plan.stops),
        TROUPE_OK);
}

static int
ended_count(void)
{
    struct results results = {-1};

    assert_int_equal(troupe_ask(market.self, market.buyer, long_ns, results,
                         &results, get_results),
        TROUPE_OK);
    return (int)results.value;
}

/* Runs until the gathering has ended. */
static void
gather(struct plan plan)
{
    start(plan);
    while (ended_count() == 0 && seen.refused == TROUPE_OK) {
    }
}

/* ---- tests --------------------------------------------------------------- */

static void
all_are_asked_and_all_replies_are_there(bool simulate)
{
    begin(simulate);
    gather((struct plan){.shops_count = SHOPS_COUNT});
    finish();
    assert_int_equal(seen.err, TROUPE_OK);
    assert_int_equal(seen.ended_count, 1);
    assert_int_equal(seen.count, SHOPS_COUNT);
    assert_int_equal(seen.replies_count, SHOPS_COUNT);
    for (int i = 0; i < SHOPS_COUNT; i++) {
        assert_int_equal(seen.errs[i], TROUPE_OK);
        assert_int_equal(seen.prices[i], 10 * (i + 1));
    }
}

static void
in_a_simulation_all_are_asked_and_all_replies_are_there(void **state)
{
    (void)state;
    all_are_asked_and_all_replies_are_there(true);
}

static void
on_threads_all_are_asked_and_all_replies_are_there(void **state)
{
    (void)state;
    all_are_asked_and_all_replies_are_there(false);
}

static void
a_gathering_ends_with_the_quorum(void **state)
{
    (void)state;
    begin(true);
    set(0, SILENT);
    set(1, SILENT);
    gather((struct plan){.shops_count = 4, .quorum = 2});
    assert_int_equal(seen.err, TROUPE_OK);
    assert_int_equal(seen.replies_count, 2);
    assert_int_equal(seen.errs[0], TROUPE_E_TIMED_OUT);
    assert_int_equal(seen.errs[1], TROUPE_E_TIMED_OUT);
    assert_int_equal(seen.prices[2], 30);
    assert_int_equal(seen.prices[3], 40);
    finish();
    assert_int_equal(seen.ended_count, 1);
}

/* What comes after the quorum is a late reply. */
static void
replies_after_the_quorum_are_late(void **state)
{
    (void)state;
    begin(true);
    gather((struct plan){.shops_count = SHOPS_COUNT, .quorum = 3});
    assert_int_equal(seen.replies_count, 3);
    finish();
    assert_int_equal(seen.ended_count, 1);
    assert_int_equal(
        market.report.dead_letters_count[TROUPE_DEAD_LETTER_LATE_REPLY],
        SHOPS_COUNT - 3);
}

static void
a_gathering_ends_when_its_quorum_is_out_of_reach(void **state)
{
    (void)state;
    begin(true);
    set(0, SILENT);
    set(1, REFUSING);
    (void)troupe_stop(market.self, market.shops[2]);
    gather((struct plan){.shops_count = 4, .quorum = 3});
    assert_int_equal(seen.err, TROUPE_E_NO_QUORUM);
    assert_int_equal(seen.errs[1], TROUPE_E_NO_REPLY);
    assert_int_equal(seen.errs[2], TROUPE_E_NO_SUCH_ACTOR);
    finish();
    assert_int_equal(seen.ended_count, 1);
}

static void
a_gathering_ends_at_its_deadline(void **state)
{
    uint64_t begun_ns;

    (void)state;
    begin(true);
    set(0, SILENT);
    set(1, SILENT);
    begun_ns = troupe_now_ns(market.self);
    start((struct plan){
        .shops_count = 4, .quorum = 3, .timeout_ns = TROUPE_SECONDS(2)});
    finish();
    assert_int_equal(seen.ended_count, 1);
    assert_int_equal(seen.err, TROUPE_E_TIMED_OUT);
    assert_int_equal(seen.replies_count, 2);
    assert_int_equal(seen.errs[0], TROUPE_E_TIMED_OUT);
    assert_int_equal(seen.prices[3], 40);
    assert_true(seen.at_ns >= begun_ns + TROUPE_SECONDS(2));
    assert_true(seen.at_ns < begun_ns + TROUPE_SECONDS(3));
}

static void
who_cannot_be_asked_counts_as_no_reply(void **state)
{
    (void)state;
    begin(true);
    market.shops[1] = TROUPE_NO_PID;
    gather((struct plan){.shops_count = 4, .quorum = 3});
    assert_int_equal(seen.err, TROUPE_OK);
    assert_int_equal(seen.errs[1], TROUPE_E_NO_SUCH_ACTOR);
    assert_int_equal(seen.replies_count, 3);
    finish();
}

static void
a_gathering_that_cannot_reach_its_quorum_is_refused(void **state)
{
    (void)state;
    begin(true);
    market.shops[1] = TROUPE_NO_PID;
    gather((struct plan){.shops_count = 4});
    assert_int_equal(seen.refused, TROUPE_E_NO_QUORUM);
    assert_non_null(strstr(
        troupe_err_detail(), "only 3 of 4 could be asked, for a quorum of 4"));
    finish();
    assert_int_equal(seen.ended_count, 0);
    assert_int_equal(
        market.report.dead_letters_count[TROUPE_DEAD_LETTER_LATE_REPLY], 3);
}

static void
a_gathering_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    begin(true);
    gather((struct plan){.shops_count = 3, .quorum = 4});
    assert_int_equal(seen.refused, TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(
        troupe_err_detail(), "a quorum of 4 cannot be reached by asking 3"));
    gather((struct plan){.shops_count = 0});
    assert_int_equal(seen.refused, TROUPE_E_INVALID_ARGUMENT);
    assert_int_equal(troupe_gather(market.self,
                         &TROUPE_GATHER(.to = market.shops, .to_count = 1,
                             .then = on_prices),
                         get_price),
        TROUPE_E_WRONG_THREAD);
    assert_int_equal(
        troupe_gather(market.self, &(struct troupe_gather){0}, get_price),
        TROUPE_E_ABI_MISMATCH);
    finish();
}

/* With replies that it has gathered and with asks that are open. */
static void
an_actor_that_ends_leaves_nothing_of_its_gathering(bool simulate)
{
    uint64_t blocks_count = tp_memory_blocks_count();

    for (int i = 0; i < 20; i++) {
        begin(simulate);
        set(0, SILENT);
        start((struct plan){.shops_count = SHOPS_COUNT, .stops = i % 2 == 0});
        if (i % 2 != 0) {
            (void)ended_count();
            (void)troupe_stop(market.self, market.buyer);
        }
        finish();
        assert_int_equal(seen.ended_count, 0);
    }
    assert_int_equal(tp_memory_blocks_count(), blocks_count);
}

static void
in_a_simulation_the_end_leaves_nothing(void **state)
{
    (void)state;
    an_actor_that_ends_leaves_nothing_of_its_gathering(true);
}

static void
on_threads_the_end_leaves_nothing(void **state)
{
    (void)state;
    an_actor_that_ends_leaves_nothing_of_its_gathering(false);
}

static void
a_stop_in_the_middle_leaves_nothing(void **state)
{
    uint64_t blocks_count = tp_memory_blocks_count();

    (void)state;
    begin(true);
    set(0, SILENT);
    start((struct plan){.shops_count = SHOPS_COUNT});
    (void)ended_count();
    assert_int_equal(
        troupe_runtime_stop(market.runtime, 0, &market.report), TROUPE_OK);
    assert_int_equal(market.report.actors_waiting_count, 1);
    troupe_runtime_destroy(&market.runtime);
    assert_int_equal(tp_memory_blocks_count(), blocks_count);
}

static void
a_crash_of_who_gathers_leaves_nothing(void **state)
{
    uint64_t blocks_count = tp_memory_blocks_count();

    (void)state;
    fault_put_handlers_back();
    begin(true);
    seen.crashes = true;
    set(0, SILENT);
    start((struct plan){.shops_count = SHOPS_COUNT, .quorum = 3});
    finish();
    assert_int_equal(seen.ended_count, 1);
    assert_int_equal(market.report.actors_alive_count, SHOPS_COUNT);
    assert_int_equal(tp_memory_blocks_count(), blocks_count);
}

int
main(void)
{
    struct troupe_runtime *runtime;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            in_a_simulation_all_are_asked_and_all_replies_are_there),
        cmocka_unit_test(on_threads_all_are_asked_and_all_replies_are_there),
        cmocka_unit_test(a_gathering_ends_with_the_quorum),
        cmocka_unit_test(replies_after_the_quorum_are_late),
        cmocka_unit_test(a_gathering_ends_when_its_quorum_is_out_of_reach),
        cmocka_unit_test(a_gathering_ends_at_its_deadline),
        cmocka_unit_test(who_cannot_be_asked_counts_as_no_reply),
        cmocka_unit_test(a_gathering_that_cannot_reach_its_quorum_is_refused),
        cmocka_unit_test(a_gathering_that_makes_no_sense_is_refused),
        cmocka_unit_test(in_a_simulation_the_end_leaves_nothing),
        cmocka_unit_test(on_threads_the_end_leaves_nothing),
        cmocka_unit_test(a_stop_in_the_middle_leaves_nothing),
        cmocka_unit_test(a_crash_of_who_gathers_leaves_nothing),
    };

    for (int i = 0; i < FAULT_SIGNALS_COUNT; i++) {
        signal(fault_signals_of_all[i], SIG_DFL); /* a sanitizer's go */
    }
    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    troupe_runtime_destroy(&runtime);
    fault_save_handlers();
    return cmocka_run_group_tests_name("gather", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/load/source.h"

#include <string.h>

#define SECOND UINT64_C(1000000000)
#define BEGIN (50 * SECOND)

static struct bank_plan plan;

static int
make_plan(void **state)
{
    char why[BANK_MIX_WHY_SIZE];

    (void)state;
    plan = (struct bank_plan){.connections_count = 1, .accounts_count = 10};
    assert_true(bank_mix_parse(&plan.mix, "deposit=1,transfer=1", why));
    assert_true(bank_zipf_init(&plan.zipf, plan.accounts_count, 0));
    return 0;
}

static int
end_plan(void **state)
{
    (void)state;
    bank_zipf_fini(&plan.zipf);
    return 0;
}

static struct bank_source
running(uint32_t index)
{
    struct bank_source source;

    bank_source_init(&source, &plan, index);
    bank_source_run(&source, BEGIN);
    return source;
}

/* How many are made at that time. */
static uint64_t
make_all(struct bank_source *source, uint64_t now_ns)
{
    struct bank_request request;
    uint64_t due_ns;
    uint64_t count = 0;

    while (
        bank_source_next(source, now_ns, &request, &due_ns) == BANK_DUE_NOW) {
        count++;
    }
    return count;
}

static void
a_closed_loop_is_due_whenever_there_is_room(void **state)
{
    struct bank_source source;
    struct bank_request request;
    uint64_t due_ns;

    (void)state;
    plan.requests_count = 3;
    source = running(0);
    assert_int_equal(
        bank_source_next(&source, BEGIN + 7, &request, &due_ns), BANK_DUE_NOW);
    assert_int_equal(due_ns, BEGIN + 7);
    assert_int_equal(make_all(&source, BEGIN + 9), 2);
    assert_int_equal(bank_source_unsent_count(&source), 0);
}

static void
all_connections_together_make_as_many_as_are_asked_for(void **state)
{
    uint64_t sum = 0;

    (void)state;
    plan.requests_count = 1000;
    plan.connections_count = 7;
    for (uint32_t i = 0; i < 7; i++) {
        struct bank_source source = running(i);

        sum += make_all(&source, BEGIN);
    }
    assert_int_equal(sum, 1000);
}

/* The point of an open loop: a server that stalled for half a second finds the
 * requests of it timed from when each was due. */
static void
an_open_loop_that_was_kept_waiting_is_timed_from_when_it_was_due(void **state)
{
    struct bank_source source;
    struct bank_request request;
    uint64_t due_ns;

    (void)state;
    plan.rate = 1000;
    plan.duration_ns = SECOND;
    source = running(0);
    for (uint64_t i = 0; i <= 500; i++) {
        assert_int_equal(
            bank_source_next(&source, BEGIN + SECOND / 2, &request, &due_ns),
            BANK_DUE_NOW);
        assert_int_equal(due_ns, BEGIN + i * SECOND / 1000);
    }
    assert_int_equal(
        bank_source_next(&source, BEGIN + SECOND / 2, &request, &due_ns),
        BANK_DUE_LATER);
    assert_in_range(
        due_ns, BEGIN + SECOND / 2 + 1, BEGIN + SECOND * 501 / 1000);
}

static void
connections_of_an_open_loop_take_turns(void **state)
{
    struct bank_source source;
    struct bank_request request;
    uint64_t due_ns;

    (void)state;
    plan.rate = 1000;
    plan.duration_ns = SECOND;
    plan.connections_count = 4;
    source = running(3);
    for (uint64_t i = 0; i < 2; i++) {
        (void)bank_source_next(&source, BEGIN + SECOND, &request, &due_ns);
        assert_int_equal(due_ns, BEGIN + (i * 4 + 3) * SECOND / 1000);
    }
}

static void
what_was_due_and_not_sent_when_it_is_over_is_counted(void **state)
{
    struct bank_source source;

    (void)state;
    plan.rate = 1000;
    plan.duration_ns = SECOND;
    source = running(0);
    assert_int_equal(make_all(&source, BEGIN + SECOND / 10), 101);
    assert_int_equal(
        make_all(&source, BEGIN + SECOND + BANK_SOURCE_GRACE_NS), 0);
    assert_int_equal(bank_source_unsent_count(&source), 899);
}

static void
nothing_is_unsent_of_an_open_loop_that_kept_up(void **state)
{
    struct bank_source source;

    (void)state;
    plan.rate = 1000;
    plan.duration_ns = SECOND;
    source = running(0);
    assert_int_equal(make_all(&source, BEGIN + SECOND), 1000);
    assert_int_equal(bank_source_unsent_count(&source), 0);
}

static void
a_transfer_is_between_two_accounts_that_there_are(void **state)
{
    struct bank_source source;
    struct bank_request request;
    uint64_t due_ns;

    (void)state;
    plan.requests_count = 1000;
    source = running(0);
    while (
        bank_source_next(&source, BEGIN, &request, &due_ns) == BANK_DUE_NOW) {
        assert_in_range(request.account, 0, 9);
        assert_in_range(request.to, 0, 9);
        assert_in_range(request.cents, 1, BANK_SOURCE_CENTS_MAX);
        assert_true(request.kind == BANK_REQUEST_DEPOSIT ||
                    request.to != request.account);
    }
}

static void
a_list_is_each_account_once(void **state)
{
    struct bank_source source;
    struct bank_request request;
    uint64_t due_ns;

    (void)state;
    bank_source_init(&source, &plan, 0);
    bank_source_list(&source, BANK_REQUEST_OPEN, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(
            bank_source_next(&source, BEGIN, &request, &due_ns), BANK_DUE_NOW);
        assert_int_equal(request.kind, BANK_REQUEST_OPEN);
        assert_int_equal(request.account, i);
    }
    assert_int_equal(make_all(&source, BEGIN), 0);
}

#define PLANNED(NAME) cmocka_unit_test_setup_teardown(NAME, make_plan, end_plan)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PLANNED(a_closed_loop_is_due_whenever_there_is_room),
        PLANNED(all_connections_together_make_as_many_as_are_asked_for),
        PLANNED(
            an_open_loop_that_was_kept_waiting_is_timed_from_when_it_was_due),
        PLANNED(connections_of_an_open_loop_take_turns),
        PLANNED(what_was_due_and_not_sent_when_it_is_over_is_counted),
        PLANNED(nothing_is_unsent_of_an_open_loop_that_kept_up),
        PLANNED(a_transfer_is_between_two_accounts_that_there_are),
        PLANNED(a_list_is_each_account_once),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}

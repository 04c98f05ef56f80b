/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/load/flights.h"

static const struct bank_request deposit = {
    .kind = BANK_REQUEST_DEPOSIT, .cents = 5};

static void
an_answer_ends_the_request_of_its_id_once(void **state)
{
    struct bank_flights flights;
    struct bank_flight flight;
    uint32_t id;

    (void)state;
    assert_true(bank_flights_init(&flights, 2));
    id = bank_flights_begin(&flights, &deposit, 77);
    assert_int_equal(bank_flights_count(&flights), 1);
    assert_true(bank_flights_end(&flights, id, &flight));
    assert_int_equal(flight.due_ns, 77);
    assert_int_equal(flight.cents, 5);
    assert_int_equal(flight.kind, BANK_REQUEST_DEPOSIT);
    assert_int_equal(bank_flights_count(&flights), 0);
    assert_false(bank_flights_end(&flights, id, &flight));
    bank_flights_fini(&flights);
}

static void
an_old_id_of_a_place_that_is_taken_again_is_known_as_old(void **state)
{
    struct bank_flights flights;
    struct bank_flight flight;
    uint32_t old;
    uint32_t new;

    (void)state;
    assert_true(bank_flights_init(&flights, 1));
    old = bank_flights_begin(&flights, &deposit, 1);
    assert_true(bank_flights_end(&flights, old, &flight));
    new = bank_flights_begin(&flights, &deposit, 2);
    assert_int_not_equal(old, new);
    assert_false(bank_flights_end(&flights, old, &flight));
    assert_true(bank_flights_end(&flights, new, &flight));
    bank_flights_fini(&flights);
}

static void
an_id_beyond_the_places_is_nobodys(void **state)
{
    struct bank_flights flights;
    struct bank_flight flight;

    (void)state;
    assert_true(bank_flights_init(&flights, 2));
    (void)bank_flights_begin(&flights, &deposit, 1);
    assert_false(bank_flights_end(&flights, 2, &flight));
    assert_false(bank_flights_end(&flights, UINT32_MAX, &flight));
    bank_flights_fini(&flights);
}

/* What is in flight goes up and down between 1 and 3. */
static void
where_answers_come_in_order_the_first_is_the_oldest(void **state)
{
    struct bank_flights flights;
    struct bank_flight flight;
    uint64_t begun = 0;
    uint64_t ended = 0;

    (void)state;
    assert_true(bank_flights_init(&flights, 3));
    while (ended < 1000) {
        while (flights.free_count > begun % 3) {
            (void)bank_flights_begin(&flights, &deposit, begun++);
        }
        assert_true(
            bank_flights_end(&flights, bank_flights_first(&flights), &flight));
        assert_int_equal(flight.due_ns, ended++);
    }
    bank_flights_fini(&flights);
}

static void
in_order_too_nobody_is_answered_if_none_is_in_flight(void **state)
{
    struct bank_flights flights;
    struct bank_flight flight;

    (void)state;
    assert_true(bank_flights_init(&flights, 3));
    assert_false(
        bank_flights_end(&flights, bank_flights_first(&flights), &flight));
    bank_flights_fini(&flights);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_ends_the_request_of_its_id_once),
        cmocka_unit_test(
            an_old_id_of_a_place_that_is_taken_again_is_known_as_old),
        cmocka_unit_test(an_id_beyond_the_places_is_nobodys),
        cmocka_unit_test(where_answers_come_in_order_the_first_is_the_oldest),
        cmocka_unit_test(in_order_too_nobody_is_answered_if_none_is_in_flight),
    };
    return cmocka_run_group_tests_name("flights", tests, NULL, NULL);
}

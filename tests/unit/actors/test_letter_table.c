/* SPDX-License-Identifier: BSD-2-Clause */
/* The table and the alarm by themselves: when they are full, and when time goes
 * on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "actors/letter_alarm.h"
#include "actors/letter_table.h"

static struct tp_letter_counts
add(struct tp_letter_table *table, uint32_t schema, troupe_pid receiver)
{
    struct tp_dead_letter letter = {
        .cause = TROUPE_DEAD_LETTER_DECODE,
        .schema = schema,
        .receiver = receiver,
    };

    return tp_letter_table_add(table, &letter);
}

static void
kinds_that_find_no_place_share_one_of_their_cause(void **state)
{
    struct tp_letter_table *table = tp_letter_table_create();
    uint16_t numbers[TP_LETTER_TABLE_ROWS];
    struct troupe_dead_letters_row row;

    (void)state;
    for (uint32_t schema = 1; schema <= TP_LETTER_TABLE_KINDS; schema++) {
        assert_int_equal(add(table, schema, 1).of_kind, 1);
    }
    for (uint32_t i = 1; i <= 10; i++) {
        assert_int_equal(add(table, 1000 + i, 1).of_kind, i);
    }
    assert_int_equal(add(table, 1, 1).of_row, 2);
    assert_int_equal(
        tp_letter_table_order(table, numbers), TP_LETTER_TABLE_KINDS + 1);
    tp_letter_table_read(table, numbers[0], &row);
    assert_true(row.has_many_messages);
    assert_int_equal(row.cause, TROUPE_DEAD_LETTER_DECODE);
    assert_int_equal(row.count, 10);
    tp_letter_table_read(table, numbers[1], &row);
    assert_false(row.has_many_messages);
    assert_int_equal(row.count, 2);
    assert_int_equal(tp_letter_table_count(table, TROUPE_DEAD_LETTER_DECODE),
        TP_LETTER_TABLE_KINDS + 11);
    assert_int_equal(
        tp_letter_table_count(table, TROUPE_DEAD_LETTER_NO_HANDLER), 0);
    tp_letter_table_destroy(&table);
    assert_null(table);
}

/* All rows of all kinds at once, the shared ones too. */
static void
every_row_can_be_in_use(void **state)
{
    struct tp_letter_table *table = tp_letter_table_create();
    uint16_t numbers[TP_LETTER_TABLE_ROWS];

    (void)state;
    for (uint32_t schema = 1; schema <= 2 * TP_LETTER_TABLE_KINDS; schema++) {
        for (troupe_pid pid = 0; pid <= TP_LETTER_TABLE_RECEIVERS; pid++) {
            (void)add(table, schema, pid);
        }
    }
    assert_int_equal(tp_letter_table_order(table, numbers),
        (TP_LETTER_TABLE_KINDS + 1) * (TP_LETTER_TABLE_RECEIVERS + 1));
    assert_int_equal(tp_letter_table_count(table, TROUPE_DEAD_LETTER_DECODE),
        2 * TP_LETTER_TABLE_KINDS * (TP_LETTER_TABLE_RECEIVERS + 1));
    tp_letter_table_destroy(&table);
}

/* ---- the alarm ----------------------------------------------------------- */

static struct tp_letter_alarm
alarm_of(uint32_t letters_max, uint64_t period_ns)
{
    struct troupe_options options = troupe_options_default();
    struct tp_letter_alarm alarm;

    options.dead_letters_max = letters_max;
    options.dead_letters_period_ns = period_ns;
    assert_int_equal(tp_letter_alarm_init(&alarm, &options), TROUPE_OK);
    return alarm;
}

static void
the_one_too_many_raises_the_alarm_and_those_after_it_do_not(void **state)
{
    struct tp_letter_alarm alarm = alarm_of(3, TROUPE_MS(10));
    uint64_t now_ns = TROUPE_SECONDS(7);

    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        assert_false(tp_letter_alarm_count(&alarm, now_ns + TROUPE_MS(3) * i));
    }
    assert_true(tp_letter_alarm_count(&alarm, now_ns + TROUPE_MS(10) - 1000));
    assert_false(tp_letter_alarm_count(&alarm, now_ns + TROUPE_MS(10) - 1000));
    /* The next period, and the one after a long time. */
    for (int period = 0; period < 2; period++) {
        now_ns += period == 0 ? TROUPE_MS(10) : TROUPE_SECONDS(3600);
        for (int i = 0; i < 10; i++) {
            assert_int_equal(tp_letter_alarm_count(&alarm, now_ns), i == 3);
        }
    }
}

static void
a_period_begins_with_its_first_letter(void **state)
{
    struct tp_letter_alarm alarm = alarm_of(3, TROUPE_MS(10));
    uint64_t now_ns = TROUPE_MS(19);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_false(tp_letter_alarm_count(&alarm, now_ns));
    }
    assert_true(tp_letter_alarm_count(&alarm, now_ns + TROUPE_MS(9)));
}

static void
as_many_as_are_allowed_never_raise_it(void **state)
{
    struct tp_letter_alarm alarm = alarm_of(3, TROUPE_MS(10));

    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        for (int letter = 0; letter < 3; letter++) {
            assert_false(tp_letter_alarm_count(&alarm, TROUPE_MS(10) * i));
        }
    }
}

static void
a_clock_that_lags_begins_no_period(void **state)
{
    struct tp_letter_alarm alarm = alarm_of(3, TROUPE_MS(10));
    uint64_t now_ns = TROUPE_SECONDS(7);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_false(
            tp_letter_alarm_count(&alarm, now_ns - (uint64_t)i * 50000));
    }
    assert_true(tp_letter_alarm_count(&alarm, now_ns - 100000));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_that_find_no_place_share_one_of_their_cause),
        cmocka_unit_test(every_row_can_be_in_use),
        cmocka_unit_test(
            the_one_too_many_raises_the_alarm_and_those_after_it_do_not),
        cmocka_unit_test(a_period_begins_with_its_first_letter),
        cmocka_unit_test(as_many_as_are_allowed_never_raise_it),
        cmocka_unit_test(a_clock_that_lags_begins_no_period),
    };
    return cmocka_run_group_tests_name("letter table", tests, NULL, NULL);
}

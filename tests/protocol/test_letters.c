/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a reader of an example never sees half of one letter and half of
 * another, and two letters that claim places at once are both counted, each in
 * its own row.
 *
 * Method: one or two threads write or add, one reads. Every order of the
 * operations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "actors/letter_table.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

enum { LETTERS = 3 };

/* Each word of a letter says which one it is of. */
static struct tp_dead_letter
letter_of(uint64_t number)
{
    static const uint64_t payloads[LETTERS] = {
        0, 0x0101010101010101, 0x0202020202020202};

    return (struct tp_dead_letter){
        .cause = TROUPE_DEAD_LETTER_DECODE,
        .schema = (uint32_t)number,
        .receiver = number,
        .sender = number,
        .payload = (const uint8_t *)&payloads[number],
        .payload_size = sizeof(payloads[number]),
    };
}

/* ---- the example --------------------------------------------------------- */

static struct tp_letter_example example;
static struct tp_letter_copy copy;
static bool was_read;
static unsigned written_count;

static void
write_letter(void *arg)
{
    struct tp_dead_letter letter = letter_of(*(const uint64_t *)arg);

    written_count += tp_letter_example_try_write(&example, &letter);
}

static void
write_both(void *arg)
{
    static const uint64_t numbers[] = {1, 2};

    (void)arg;
    write_letter((void *)(uintptr_t)&numbers[0]);
    write_letter((void *)(uintptr_t)&numbers[1]);
}

static void
read_letter(void *arg)
{
    (void)arg;
    was_read = tp_letter_example_try_read(&example, &copy);
}

static void
check_whole(const struct tp_letter_copy *seen)
{
    struct tp_dead_letter letter = letter_of(seen->letter.sender);

    CHECK(seen->letter.sender == 1 || seen->letter.sender == 2);
    CHECK(seen->letter.schema == letter.schema);
    CHECK(seen->letter.receiver == letter.receiver);
    CHECK(seen->letter.payload_size == letter.payload_size);
    CHECK(memcmp(seen->bytes, letter.payload, letter.payload_size) == 0);
}

static void
forget(void)
{
    memset(&example, 0, sizeof(example));
    memset(&copy, 0, sizeof(copy));
    was_read = false;
    written_count = 0;
}

static void
begin_reading(struct steps *steps)
{
    forget();
    steps_add(steps, write_both, NULL);
    steps_add(steps, read_letter, NULL);
}

static uint64_t
end_reading(void)
{
    uint64_t seen_sender = copy.letter.sender;

    CHECK(written_count == 2);
    if (was_read) {
        check_whole(&copy);
    }
    CHECK(tp_letter_example_try_read(&example, &copy));
    check_whole(&copy);
    CHECK(copy.letter.sender == 2);
    return was_read ? seen_sender : 0;
}

static void
a_reader_sees_one_letter_in_every_order(void **state)
{
    static const struct orders_world world = {
        .begin = begin_reading,
        .end = end_reading,
    };

    (void)state;
    assert_true(orders_run_all(&world) > 5);
}

static void
begin_writing(struct steps *steps)
{
    static uint64_t numbers[] = {1, 2};

    forget();
    steps_add(steps, write_letter, &numbers[0]);
    steps_add(steps, write_letter, &numbers[1]);
}

static uint64_t
end_writing(void)
{
    CHECK(written_count >= 1);
    CHECK(tp_letter_example_try_read(&example, &copy));
    check_whole(&copy);
    return written_count << 2 | copy.letter.sender;
}

static void
two_writers_leave_one_whole_letter_in_every_order(void **state)
{
    static const struct orders_world world = {
        .begin = begin_writing,
        .end = end_writing,
    };

    (void)state;
    assert_true(orders_run_all(&world) > 5);
}

/* ---- the table ----------------------------------------------------------- */

static struct tp_letter_table table;
static bool are_same_receiver;

static void
add_first(void *arg)
{
    struct tp_dead_letter letter = letter_of(1);

    (void)arg;
    (void)tp_letter_table_add(&table, &letter);
}

static void
add_second(void *arg)
{
    struct tp_dead_letter letter = letter_of(1);

    (void)arg;
    letter.receiver = are_same_receiver ? 1 : 2;
    (void)tp_letter_table_add(&table, &letter);
}

static void
begin_adding(struct steps *steps)
{
    memset(&table, 0, sizeof(table));
    steps_add(steps, add_first, NULL);
    steps_add(steps, add_second, NULL);
}

static uint64_t
end_adding(void)
{
    uint16_t numbers[TP_LETTER_TABLE_ROWS];
    struct troupe_dead_letters_row row;

    CHECK(tp_letter_table_count(&table, TROUPE_DEAD_LETTER_DECODE) == 2);
    CHECK(
        tp_letter_table_order(&table, numbers) == (are_same_receiver ? 1 : 2));
    tp_letter_table_read(&table, numbers[0], &row);
    CHECK(row.count == (are_same_receiver ? 2 : 1));
    CHECK(row.receiver != TROUPE_NO_PID);
    return row.receiver;
}

static void
places_are_claimed_by_one_in_every_order(void **state)
{
    static const struct orders_world world = {
        .begin = begin_adding,
        .end = end_adding,
    };

    (void)state;
    are_same_receiver = false;
    assert_true(orders_run_all(&world) > 5);
    are_same_receiver = true;
    assert_true(orders_run_all(&world) > 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_sees_one_letter_in_every_order),
        cmocka_unit_test(two_writers_leave_one_whole_letter_in_every_order),
        cmocka_unit_test(places_are_claimed_by_one_in_every_order),
    };
    return cmocka_run_group_tests_name("letters", tests, NULL, NULL);
}

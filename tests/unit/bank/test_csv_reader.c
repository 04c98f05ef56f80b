/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/csv_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct bank_csv_reader reader;

static void
open_bytes(const char *bytes, size_t length)
{
    FILE *stream = tmpfile();

    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, length, stream), length);
    rewind(stream);
    assert_true(bank_csv_reader_init(&reader, stream));
}

static void
open_text(const char *text)
{
    open_bytes(text, strlen(text));
}

static void
close_text(void)
{
    fclose(reader.stream);
    bank_csv_reader_fini(&reader);
}

/* The next record's fields, each in brackets. */
static void
expect_record(const char *expected)
{
    char text[256] = "";

    assert_int_equal(bank_csv_reader_next(&reader), BANK_CSV_RECORD);
    for (size_t i = 0; i < reader.fields_count; i++) {
        strcat(text, "[");
        strncat(text, reader.fields[i].bytes, reader.fields[i].length);
        strcat(text, "]");
    }
    assert_string_equal(text, expected);
}

static void
expect_position(struct bank_csv_position position, size_t line, size_t column)
{
    assert_int_equal(position.line, line);
    assert_int_equal(position.column, column);
}

static void
expect_flaw(size_t line, size_t column, const char *flaw)
{
    assert_int_equal(bank_csv_reader_next(&reader), BANK_CSV_MALFORMED);
    assert_non_null(strstr(reader.flaw, flaw));
    expect_position(reader.flaw_position, line, column);
    close_text();
}

static void
expect_end(void)
{
    assert_int_equal(bank_csv_reader_next(&reader), BANK_CSV_END);
    close_text();
}

static void
records_end_with_lf_crlf_or_the_file(void **state)
{
    (void)state;
    open_text("a,b\r\nc,\n,d");
    expect_record("[a][b]");
    expect_record("[c][]");
    expect_record("[][d]");
    expect_end();
}

static void
an_empty_file_has_no_records(void **state)
{
    (void)state;
    open_text("");
    expect_end();
    open_text("\xef\xbb\xbf");
    expect_end();
    open_text("# only a comment");
    expect_end();
}

static void
a_byte_order_mark_is_no_part_of_the_first_field(void **state)
{
    (void)state;
    open_text("\xef\xbb\xbf"
              "a,b\n");
    expect_record("[a][b]");
    expect_position(bank_csv_reader_locate(&reader, 1), 1, 3);
    expect_end();
}

static void
comments_and_blank_lines_are_skipped_and_counted(void **state)
{
    (void)state;
    open_text("# one, \"two\n\n\r\na,b\n#\n\nc,d\n#last");
    expect_record("[a][b]");
    expect_position(bank_csv_reader_locate(&reader, 0), 4, 1);
    expect_record("[c][d]");
    expect_position(bank_csv_reader_locate(&reader, 0), 7, 1);
    expect_end();
}

static void
quotes_hold_commas_marks_line_breaks_and_numbers_signs(void **state)
{
    (void)state;
    open_text("\"a,b\",\"c\"\"d\"\n\"#e\",\"f\n# g\r\n\nh\",i\nj,k\n");
    expect_record("[a,b][c\"d]");
    expect_record("[#e][f\n# g\r\n\nh][i]");
    expect_position(bank_csv_reader_locate(&reader, 1), 2, 6);
    expect_position(bank_csv_reader_locate(&reader, 2), 5, 4);
    expect_record("[j][k]");
    expect_position(bank_csv_reader_locate(&reader, 0), 6, 1);
    expect_end();
}

static void
spaces_belong_to_fields(void **state)
{
    (void)state;
    open_text(" a , b\t\n");
    expect_record("[ a ][ b\t]");
    expect_end();
}

static void
each_field_is_located_at_its_first_byte(void **state)
{
    (void)state;
    open_text("x\n\"a\",,ccc\r\n");
    expect_record("[x]");
    expect_record("[a][][ccc]");
    expect_position(bank_csv_reader_locate(&reader, 0), 2, 1);
    expect_position(bank_csv_reader_locate(&reader, 1), 2, 5);
    expect_position(bank_csv_reader_locate(&reader, 2), 2, 6);
    expect_position(bank_csv_reader_locate(&reader, 3), 2, 9);
    expect_end();
}

static void
a_record_without_its_line_break_ends_behind_its_last_byte(void **state)
{
    (void)state;
    open_text("a,b");
    expect_record("[a][b]");
    expect_position(bank_csv_reader_locate(&reader, 2), 1, 4);
    expect_end();
}

static void
more_fields_than_are_kept_are_counted(void **state)
{
    (void)state;
    open_text("1,2,3,4,5,6,7\n");
    assert_int_equal(bank_csv_reader_next(&reader), BANK_CSV_RECORD);
    assert_int_equal(reader.fields_count, 7);
    expect_position(bank_csv_reader_locate(&reader, 5), 1, 11);
    expect_end();
}

static void
a_field_longer_than_is_kept_keeps_its_length(void **state)
{
    char text[2 * BANK_CSV_FIELD_KEPT_SIZE];

    (void)state;
    memset(text, 'x', sizeof(text));
    open_bytes(text, sizeof(text));
    assert_int_equal(bank_csv_reader_next(&reader), BANK_CSV_RECORD);
    assert_int_equal(reader.fields[0].length, sizeof(text));
    expect_end();
}

static void
a_mark_inside_an_unquoted_field_is_malformed(void **state)
{
    (void)state;
    open_text("a,b\nc,d\"e\n");
    expect_record("[a][b]");
    expect_flaw(2, 4, "does not begin with one");
}

static void
text_behind_a_closing_mark_is_malformed(void **state)
{
    (void)state;
    open_text("\"a\nb\"c,d\n");
    expect_flaw(2, 3, "text behind the quotation mark");
}

static void
a_mark_that_is_never_closed_is_located_where_it_opens(void **state)
{
    (void)state;
    open_text("a,b\nc,\"d\ne,f\n");
    expect_record("[a][b]");
    expect_flaw(2, 3, "missing");
}

static void
a_carriage_return_alone_is_malformed(void **state)
{
    (void)state;
    open_text("a,b\rc,d\n");
    expect_flaw(1, 4, "carriage return");
    open_text("a,b\rc,d");
    expect_flaw(1, 4, "carriage return");
    open_text("a,b\r\"c\n# d\"\n");
    expect_flaw(1, 4, "carriage return");
    open_text("\"a\r\nb\",c\rd\r\n");
    expect_flaw(2, 5, "carriage return");
}

static void
a_line_of_carriage_returns_is_blank(void **state)
{
    (void)state;
    open_text("\r\r\n# a comment\na,b\r\r\n\"c\rd\",e\r");
    expect_record("[a][b]");
    expect_record("[c\rd][e]");
    expect_end();
}

static void
a_record_of_a_million_bytes_is_refused_where_it_begins(void **state)
{
    size_t length = BANK_CSV_RECORD_MAX + 100;
    char *text = malloc(length);

    (void)state;
    assert_non_null(text);
    memset(text, '\n', length);
    memcpy(text, "a\nb,\"", 5);
    open_bytes(text, length);
    free(text);
    expect_record("[a]");
    expect_flaw(2, 1, "more than a million bytes");
}

/* More than the buffer holds, with every record cut somewhere by its end. */
static void
records_across_the_buffers_end_stay_whole(void **state)
{
    enum { RECORDS = 20000 };
    FILE *stream = tmpfile();

    (void)state;
    assert_non_null(stream);
    for (int i = 0; i < RECORDS; i++) {
        fprintf(stream, "%d,\"%080d\n\"\n", i, i);
    }
    rewind(stream);
    assert_true(bank_csv_reader_init(&reader, stream));
    for (int i = 0; i < RECORDS; i++) {
        char expected[128];

        snprintf(expected, sizeof(expected), "[%d][%080d\n]", i, i);
        expect_record(expected);
    }
    expect_position(
        bank_csv_reader_locate(&reader, 0), (size_t)2 * RECORDS - 1, 1);
    expect_end();
}

static void
what_cannot_be_read_says_why(void **state)
{
    FILE *stream = fopen("/", "r");

    (void)state;
    assert_non_null(stream);
    assert_true(bank_csv_reader_init(&reader, stream));
    assert_int_equal(bank_csv_reader_next(&reader), BANK_CSV_UNREADABLE);
    assert_int_equal(errno, EISDIR);
    close_text();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_end_with_lf_crlf_or_the_file),
        cmocka_unit_test(an_empty_file_has_no_records),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_first_field),
        cmocka_unit_test(comments_and_blank_lines_are_skipped_and_counted),
        cmocka_unit_test(
            quotes_hold_commas_marks_line_breaks_and_numbers_signs),
        cmocka_unit_test(spaces_belong_to_fields),
        cmocka_unit_test(each_field_is_located_at_its_first_byte),
        cmocka_unit_test(
            a_record_without_its_line_break_ends_behind_its_last_byte),
        cmocka_unit_test(more_fields_than_are_kept_are_counted),
        cmocka_unit_test(a_field_longer_than_is_kept_keeps_its_length),
        cmocka_unit_test(a_mark_inside_an_unquoted_field_is_malformed),
        cmocka_unit_test(text_behind_a_closing_mark_is_malformed),
        cmocka_unit_test(a_mark_that_is_never_closed_is_located_where_it_opens),
        cmocka_unit_test(a_carriage_return_alone_is_malformed),
        cmocka_unit_test(a_line_of_carriage_returns_is_blank),
        cmocka_unit_test(
            a_record_of_a_million_bytes_is_refused_where_it_begins),
        cmocka_unit_test(records_across_the_buffers_end_stay_whole),
        cmocka_unit_test(what_cannot_be_read_says_why),
    };
    return cmocka_run_group_tests_name("csv_reader", tests, NULL, NULL);
}

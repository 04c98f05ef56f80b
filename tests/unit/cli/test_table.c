/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/table.h"

#include <stdlib.h>

/* Prints a table of two variants and two figures. */
static char *
print_sample(size_t width)
{
    struct cli_table table;
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    assert_true(cli_table_init(&table, 3, 3));
    cli_table_set(&table, 0, 0, "variant");
    cli_table_set(&table, 0, 1, "lost");
    cli_table_set(&table, 0, 2, "caf\xc3\xa9");
    cli_table_set(&table, 1, 0, "unsafe");
    cli_table_set(&table, 1, 1, "%d", 12345);
    cli_table_set(&table, 1, 2, "1.5");
    cli_table_set(&table, 2, 0, "locks");
    cli_table_set(&table, 2, 1, "%d", 0);
    cli_table_print(&table, stream, width);
    cli_table_fini(&table);
    fclose(stream);
    return text;
}

static void
figures_stand_below_their_heading(void **state)
{
    char *text = print_sample(0);

    (void)state;
    assert_string_equal(text, "variant   lost  caf\xc3\xa9\n"
                              "unsafe   12345   1.5\n"
                              "locks        0      \n");
    free(text);
}

static void
a_table_as_wide_as_the_terminal_stays_upright(void **state)
{
    char *text = print_sample(20);

    (void)state;
    assert_memory_equal(text, "variant   lost", 14);
    free(text);
}

static void
a_table_that_is_too_wide_is_turned_on_its_side(void **state)
{
    char *text = print_sample(19);

    (void)state;
    assert_string_equal(text, "variant  unsafe  locks\n"
                              "lost      12345      0\n"
                              "caf\xc3\xa9        1.5       \n");
    free(text);
}

static void
a_stream_that_is_no_terminal_has_no_width(void **state)
{
    FILE *stream = tmpfile();

    (void)state;
    assert_non_null(stream);
    assert_int_equal(cli_table_width_of(stream), 0);
    fclose(stream);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_stand_below_their_heading),
        cmocka_unit_test(a_table_as_wide_as_the_terminal_stays_upright),
        cmocka_unit_test(a_table_that_is_too_wide_is_turned_on_its_side),
        cmocka_unit_test(a_stream_that_is_no_terminal_has_no_width),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/nearest.h"

static void
a_word_is_no_edit_from_itself(void **state)
{
    (void)state;
    assert_int_equal(cli_nearest_distance("threads", "threads"), 0);
    assert_int_equal(cli_nearest_distance("", ""), 0);
}

static void
inserting_deleting_replacing_and_swapping_count_one_each(void **state)
{
    (void)state;
    assert_int_equal(cli_nearest_distance("thread", "threads"), 1);
    assert_int_equal(cli_nearest_distance("threads", "thread"), 1);
    assert_int_equal(cli_nearest_distance("threats", "threads"), 1);
    assert_int_equal(cli_nearest_distance("thraeds", "threads"), 1);
    assert_int_equal(cli_nearest_distance("", "seed"), 4);
    assert_int_equal(cli_nearest_distance("abcd", "dcba"), 3);
}

static void
letters_beyond_the_limit_count_one_each(void **state)
{
    char longest[CLI_NEAREST_LETTERS_MAX + 3] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(longest) - 1; i++) {
        longest[i] = 'x';
    }
    assert_int_equal(
        cli_nearest_distance(longest, ""), CLI_NEAREST_LETTERS_MAX + 2);
}

static void
a_word_that_has_been_begun_is_the_nearest(void **state)
{
    static const char *const words[] = {"listen", "token-file", "tokens"};

    (void)state;
    assert_string_equal(cli_nearest("token", words, 3), "token-file");
    assert_string_equal(cli_nearest("tokne", words, 3), "tokens");
}

static void
the_nearest_is_the_first_of_the_closest(void **state)
{
    static const char *const words[] = {
        "compare", "generate", "replay", "help"};

    (void)state;
    assert_string_equal(cli_nearest("compre", words, 4), "compare");
    assert_string_equal(cli_nearest("relpay", words, 4), "replay");
    assert_string_equal(cli_nearest("hepl", words, 4), "help");
    assert_string_equal(cli_nearest("xxxx", words + 3, 1), "help");
    assert_string_equal(
        cli_nearest("bat", (const char *[]){"cat", "hat"}, 2), "cat");
    assert_string_equal(
        cli_nearest("", (const char *[]){"help", "xx"}, 2), "xx");
    assert_null(cli_nearest("anything", words, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_no_edit_from_itself),
        cmocka_unit_test(
            inserting_deleting_replacing_and_swapping_count_one_each),
        cmocka_unit_test(letters_beyond_the_limit_count_one_each),
        cmocka_unit_test(a_word_that_has_been_begun_is_the_nearest),
        cmocka_unit_test(the_nearest_is_the_first_of_the_closest),
    };
    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}

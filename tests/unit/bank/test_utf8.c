/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/utf8.h"

#include <string.h>

static bool
is_valid(const char *bytes)
{
    return bank_utf8_is_valid(bytes, strlen(bytes));
}

static void
text_of_any_script_is_valid(void **state)
{
    (void)state;
    assert_true(is_valid(""));
    assert_true(is_valid("alice"));
    assert_true(is_valid("Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x8f\xa6"));
    assert_true(is_valid("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"));
}

static void
what_the_standard_forbids_is_not_valid(void **state)
{
    static const char *const texts[] = {"\x80", "\xc3", "a\xe2\x82", "\xc0\xaf",
        "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3(",
        "\xe2\x28\xa1"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(is_valid(texts[i]));
    }
    assert_false(bank_utf8_is_valid("\xc3\xab", 1));
}

static void
a_quoted_text_cannot_write_to_the_terminal(void **state)
{
    char text[BANK_UTF8_QUOTED_SIZE];

    (void)state;
    assert_string_equal(
        bank_utf8_quote(text, "a\033[2J\n", 6), "\"a\\x1b[2J\\x0a\"");
    assert_string_equal(
        bank_utf8_quote(text, "Zo\xc3\xab\xff", 5), "\"Zo\xc3\xab\\xff\"");
    assert_string_equal(bank_utf8_quote(text, "\0\x7f", 2), "\"\\x00\\x7f\"");
    assert_string_equal(bank_utf8_quote(text,
                            "\xc2\x9b"
                            "2J\xc2\xa0",
                            6),
        "\"\\xc2\\x9b"
        "2J\xc2\xa0\"");
}

static void
a_long_text_is_cut_where_a_buffer_still_holds_it(void **state)
{
    char text[BANK_UTF8_QUOTED_SIZE];
    char bytes[100];

    (void)state;
    memset(bytes, '\x01', sizeof(bytes));
    bank_utf8_quote(text, bytes, sizeof(bytes));
    assert_int_equal(
        strlen(text), 1 + 4 * BANK_UTF8_QUOTED_MAX + strlen("...\""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_any_script_is_valid),
        cmocka_unit_test(what_the_standard_forbids_is_not_valid),
        cmocka_unit_test(a_quoted_text_cannot_write_to_the_terminal),
        cmocka_unit_test(a_long_text_is_cut_where_a_buffer_still_holds_it),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}

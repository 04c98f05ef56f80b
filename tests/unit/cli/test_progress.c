/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/progress.h"

#include <stdlib.h>
#include <string.h>

/* A stream into memory that plays the terminal. */
struct screen {
    FILE *stream;
    char *text;
    size_t size;
};

static void
open_screen(struct screen *screen)
{
    screen->stream = open_memstream(&screen->text, &screen->size);
    assert_non_null(screen->stream);
}

static void
close_screen(struct screen *screen)
{
    fclose(screen->stream);
    free(screen->text);
}

static void
a_bar_is_redrawn_when_its_percentage_changes(void **state)
{
    struct cli_progress progress;
    struct screen screen;
    size_t size;

    (void)state;
    open_screen(&screen);
    cli_progress_init_on(&progress, screen.stream, "reading", 1000);
    cli_progress_update(&progress, 500);
    assert_non_null(strstr(screen.text, "reading [####################    "));
    assert_non_null(strstr(screen.text, " 50 %"));
    size = screen.size;
    cli_progress_update(&progress, 509);
    assert_int_equal(screen.size, size);
    cli_progress_update(&progress, 510);
    assert_true(screen.size > size);
    cli_progress_fini(&progress);
    close_screen(&screen);
}

static void
more_than_everything_is_a_hundred_percent(void **state)
{
    struct cli_progress progress;
    struct screen screen;

    (void)state;
    open_screen(&screen);
    cli_progress_init_on(&progress, screen.stream, "reading", UINT64_MAX / 2);
    cli_progress_update(&progress, UINT64_MAX);
    assert_non_null(strstr(screen.text, "100 %"));
    cli_progress_fini(&progress);
    close_screen(&screen);
}

static void
without_a_total_a_count_is_shown(void **state)
{
    struct cli_progress progress;
    struct screen screen;

    (void)state;
    open_screen(&screen);
    cli_progress_init_on(&progress, screen.stream, "reading", 0);
    cli_progress_update(&progress, 3 * CLI_PROGRESS_COUNT_STEP);
    assert_non_null(strstr(screen.text, "reading 3,145,728"));
    cli_progress_fini(&progress);
    close_screen(&screen);
}

static void
the_line_is_erased_at_the_end(void **state)
{
    struct cli_progress progress;
    struct screen screen;

    (void)state;
    open_screen(&screen);
    cli_progress_init_on(&progress, screen.stream, "reading", 10);
    cli_progress_update(&progress, 10);
    cli_progress_fini(&progress);
    assert_string_equal(screen.text + screen.size - 4, "\r\033[K");
    close_screen(&screen);
}

static void
what_was_never_drawn_is_not_erased(void **state)
{
    struct cli_progress progress;
    struct screen screen;

    (void)state;
    open_screen(&screen);
    cli_progress_init_on(&progress, screen.stream, "reading", 10);
    cli_progress_fini(&progress);
    fflush(screen.stream);
    assert_int_equal(screen.size, 0);
    close_screen(&screen);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bar_is_redrawn_when_its_percentage_changes),
        cmocka_unit_test(more_than_everything_is_a_hundred_percent),
        cmocka_unit_test(without_a_total_a_count_is_shown),
        cmocka_unit_test(the_line_is_erased_at_the_end),
        cmocka_unit_test(what_was_never_drawn_is_not_erased),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/nearest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { ROW_SIZE = CLI_NEAREST_LETTERS_MAX + 1 };

static size_t
smaller(size_t left, size_t right)
{
    return left < right ? left : right;
}

/*
 * One row of the table of distances between prefixes: rows[0] is the row being
 * filled, rows[1] and rows[2] are the one and two before it.
 */
static void
fill_row(size_t *const rows[3], const char *left, size_t row, const char *right,
    size_t right_length)
{
    rows[0][0] = row;
    for (size_t i = 1; i <= right_length; i++) {
        size_t replaced = rows[1][i - 1] + (left[row - 1] != right[i - 1]);

        rows[0][i] = smaller(replaced, smaller(rows[1][i], rows[0][i - 1]) + 1);
        if (row > 1 && i > 1 && left[row - 1] == right[i - 2] &&
            left[row - 2] == right[i - 1]) {
            rows[0][i] = smaller(rows[0][i], rows[2][i - 2] + 1);
        }
    }
}

size_t
cli_nearest_distance(const char *left, const char *right)
{
    size_t left_length = strnlen(left, CLI_NEAREST_LETTERS_MAX);
    size_t right_length = strnlen(right, CLI_NEAREST_LETTERS_MAX);
    size_t table[3][ROW_SIZE] = {{0}};
    size_t *rows[3] = {table[0], table[1], table[2]};

    for (size_t i = 0; i <= right_length; i++) {
        rows[0][i] = i;
    }
    for (size_t row = 1; row <= left_length; row++) {
        size_t *oldest = rows[2];

        rows[2] = rows[1];
        rows[1] = rows[0];
        rows[0] = oldest;
        fill_row(rows, left, row, right, right_length);
    }
    return rows[0][right_length] + strlen(left + left_length) +
           strlen(right + right_length);
}

const char *
cli_nearest(const char *typed, const char *const *words, size_t words_count)
{
    size_t typed_length = strlen(typed);
    const char *nearest = NULL;
    size_t nearest_distance = SIZE_MAX;

    for (size_t i = 0; i < words_count; i++) {
        bool is_begun =
            typed_length > 0 && strncmp(typed, words[i], typed_length) == 0;
        size_t distance = is_begun ? 0 : cli_nearest_distance(typed, words[i]);

        if (distance < nearest_distance) {
            nearest = words[i];
            nearest_distance = distance;
        }
    }
    return nearest;
}

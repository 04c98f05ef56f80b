/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: figures in aligned columns.
 *
 * Cells are texts; the first row holds the headings. The first column is
 * aligned left, the others right. A table that is wider than the terminal it
 * is printed on is turned on its side, a line a heading, because wrapped
 * columns cannot be read.
 *
 *     every function    one thread a table
 */
#ifndef TROUPE_CLI_TABLE_H
#define TROUPE_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cli_table {
    size_t rows_count; /* with the headings */
    size_t columns_count;
    char **cells; /* row by row; the table's own; NULL until set */
};

/* False: out of memory, and there is nothing to fini. */
bool cli_table_init(
    struct cli_table *table, size_t rows_count, size_t columns_count);
void cli_table_fini(struct cli_table *table);

/* Formats one cell. What finds no memory stays empty. */
void cli_table_set(struct cli_table *table, size_t row, size_t column,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* width: columns to fit into, 0 for no limit. */
void cli_table_print(const struct cli_table *table, FILE *stream, size_t width);

/* The columns of the terminal behind stream; 0 if it is none. */
size_t cli_table_width_of(FILE *stream);

#endif

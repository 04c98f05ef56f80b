/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>

enum { GAP = 2 };

/* A table as it is printed: upright, or with rows and columns exchanged. */
struct layout {
    const struct cli_table *table;
    bool is_on_its_side;
    size_t rows_count;
    size_t columns_count;
};

bool
cli_table_init(struct cli_table *table, size_t rows_count, size_t columns_count)
{
    table->rows_count = rows_count;
    table->columns_count = columns_count;
    table->cells = calloc(rows_count * columns_count, sizeof(*table->cells));
    return table->cells != NULL;
}

void
cli_table_fini(struct cli_table *table)
{
    for (size_t i = 0; i < table->rows_count * table->columns_count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    table->cells = NULL;
}

void
cli_table_set(
    struct cli_table *table, size_t row, size_t column, const char *format, ...)
{
    char **cell = &table->cells[row * table->columns_count + column];
    va_list arguments;

    free(*cell);
    va_start(arguments, format);
    if (vasprintf(cell, format, arguments) < 0) {
        *cell = NULL;
    }
    va_end(arguments);
}

static struct layout
lay_out(const struct cli_table *table, bool is_on_its_side)
{
    return (struct layout){
        .table = table,
        .is_on_its_side = is_on_its_side,
        .rows_count = is_on_its_side ? table->columns_count : table->rows_count,
        .columns_count =
            is_on_its_side ? table->rows_count : table->columns_count,
    };
}

static const char *
cell_at(const struct layout *layout, size_t row, size_t column)
{
    const struct cli_table *table = layout->table;
    const char *cell = layout->is_on_its_side
                           ? table->cells[column * table->columns_count + row]
                           : table->cells[row * table->columns_count + column];

    return cell != NULL ? cell : "";
}

/* Characters, not bytes: what continues a UTF-8 sequence takes no room. */
static size_t
width_of(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++) {
        width += (*text & 0xc0) != 0x80;
    }
    return width;
}

static size_t
column_width(const struct layout *layout, size_t column)
{
    size_t widest = 0;

    for (size_t row = 0; row < layout->rows_count; row++) {
        size_t width = width_of(cell_at(layout, row, column));

        widest = width > widest ? width : widest;
    }
    return widest;
}

static size_t
layout_width(const struct layout *layout)
{
    size_t width = (layout->columns_count - 1) * GAP;

    for (size_t column = 0; column < layout->columns_count; column++) {
        width += column_width(layout, column);
    }
    return width;
}

static void
print_row(const struct layout *layout, size_t row, FILE *stream)
{
    for (size_t column = 0; column < layout->columns_count; column++) {
        const char *cell = cell_at(layout, row, column);
        int padding = (int)(column_width(layout, column) - width_of(cell));

        if (column == 0) {
            fprintf(stream, "%s%*s", cell, padding, "");
        } else {
            fprintf(stream, "%*s%s", GAP + padding, "", cell);
        }
    }
    fputc('\n', stream);
}

void
cli_table_print(const struct cli_table *table, FILE *stream, size_t width)
{
    struct layout layout = lay_out(table, false);

    if (width > 0 && layout_width(&layout) > width) {
        layout = lay_out(table, true);
    }
    for (size_t row = 0; row < layout.rows_count; row++) {
        print_row(&layout, row, stream);
    }
}

size_t
cli_table_width_of(FILE *stream)
{
    struct winsize size;
    int descriptor = fileno(stream);

    if (descriptor < 0 || ioctl(descriptor, TIOCGWINSZ, &size) != 0) {
        return 0;
    }
    return size.ws_col;
}

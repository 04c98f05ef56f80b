/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/order_drawing.h"

#include "tests/support/check.h"

#include <stdio.h>
#include <string.h>

enum { NUMBER_WIDTH = 4, LINE_WIDTH = 100, VALUE_BYTES = 24, TEXT_BYTES = 256 };

/* Addresses differ from run to run, but for their last digits. */
static const char *
print_value(char *text, uint64_t value)
{
    bool is_address =
        value >> 40 == 0x7f || value >> 40 == 0x55 || value >> 40 == 0x56;

    if (is_address) {
        snprintf(text, VALUE_BYTES, "*%03x", (unsigned)(value & 0xfff));
    } else if (value < 1 << 16) {
        snprintf(text, VALUE_BYTES, "%u", (unsigned)value);
    } else {
        snprintf(text, VALUE_BYTES, "0x%llx", (unsigned long long)value);
    }
    return text;
}

static void
print_step(char *text, const struct order_step *step)
{
    const struct steps_operation *operation = &step->operation;
    const char *name = step->is_flush ? "flush" : operation->name;
    const char *word = operation->what + (operation->what[0] == '&');
    char was[VALUE_BYTES];
    char is[VALUE_BYTES];

    print_value(was, step->was);
    print_value(is, step->is);
    if (step->outcome == ORDER_STEP_WAITS) {
        snprintf(text, TEXT_BYTES, "%s %s: for ever", name, word);
    } else if (step->outcome == ORDER_STEP_FAILED) {
        snprintf(text, TEXT_BYTES, "%s %s: FAILS here", name, word);
    } else if (operation->bytes_count == 0) {
        snprintf(text, TEXT_BYTES, "%s", name);
    } else if (step->is_buffered) {
        snprintf(text, TEXT_BYTES, "%s %s, buffered", name, word);
    } else if (step->was != step->is) {
        snprintf(text, TEXT_BYTES, "%s %s: %s -> %s", name, word, was, is);
    } else {
        snprintf(text, TEXT_BYTES, "%s %s: %s", name, word, was);
    }
}

static void
print_heads(FILE *out, const struct order *order, int width)
{
    fprintf(out, "%*s", NUMBER_WIDTH, "");
    for (unsigned i = 0; i < order->threads_count; i++) {
        bool is_last = i + 1 == order->threads_count;

        fprintf(out, "  %u %-*s", i, is_last ? 0 : width - 4, order->names[i]);
    }
    fprintf(out, "\n");
}

char *
order_drawing(const struct order *order)
{
    int width = (LINE_WIDTH - NUMBER_WIDTH) / (int)order->threads_count;
    char *drawing = NULL;
    size_t bytes_count;
    FILE *out = open_memstream(&drawing, &bytes_count);

    CHECK(out != NULL);
    print_heads(out, order, width);
    for (size_t i = 0; i < order->count; i++) {
        const struct order_step *step = &order->steps[i];
        char text[TEXT_BYTES];

        print_step(text, step);
        fprintf(out, "%*zu%*s  %s\n", NUMBER_WIDTH, i + 1,
            (int)step->thread * width, "", text);
    }
    CHECK(fclose(out) == 0);
    return drawing;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/picture.h"

#include "cli/number.h"
#include "lab/lab.h"

#include <math.h>
#include <string.h>

enum {
    WIDTH = 760,
    LEFT = 250,  /* of the bars */
    RIGHT = 640, /* of the longest */
    ROW = 20,
    GAP = 12,
    TOP = 44,
    LOGARITHMIC_FROM = 50,
};

static const char *const colours[] = {
    "#b5483a", "#3f7a4a", "#2f5f9e", "#c08a2d", "#7a4f95", "#5f6b73"};

struct scale {
    double least;
    double most;
    bool is_logarithmic;
};

static bool
is_drawn(const struct lab_report *report, const struct lab_figure *figure)
{
    return strcmp(figure->unit, report->lab->drawn) == 0;
}

/* False: there is nothing to draw. */
static bool
find_scale(const struct lab_report *report, struct scale *scale)
{
    *scale = (struct scale){INFINITY, 0, false};
    for (size_t i = 0; i < report->figures_count; i++) {
        const struct lab_figure *figure = &report->figures[i];

        if (is_drawn(report, figure)) {
            scale->most = fmax(scale->most, figure->value);
            if (figure->value > 0) {
                scale->least = fmin(scale->least, figure->value);
            }
        }
    }
    scale->is_logarithmic = scale->most > LOGARITHMIC_FROM * scale->least;
    return scale->most > 0;
}

static double
length_of(const struct scale *scale, double value)
{
    double share = value / scale->most;

    if (value <= 0) {
        return 0;
    }
    if (scale->is_logarithmic) {
        share = (log(value) - log(scale->least / 2)) /
                (log(scale->most) - log(scale->least / 2));
    }
    return share * (RIGHT - LEFT);
}

static void
print_escaped(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", stream);
            break;
        case '<':
            fputs("&lt;", stream);
            break;
        default:
            fputc(*text, stream);
        }
    }
}

static void
print_text(
    FILE *stream, double x, double y, const char *anchor, const char *text)
{
    fprintf(stream, "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">", x, y,
        anchor);
    print_escaped(stream, text);
    fputs("</text>\n", stream);
}

/* A version has one colour in all groups. */
static const char *
colour_of(const struct lab_report *report, const char *who)
{
    const char *seen[LAB_FIGURES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < report->figures_count; i++) {
        const struct lab_figure *figure = &report->figures[i];
        size_t j = 0;

        while (j < count && strcmp(seen[j], figure->who) != 0) {
            j++;
        }
        if (strcmp(figure->who, who) == 0) {
            return colours[j % (sizeof(colours) / sizeof(colours[0]))];
        }
        if (j == count) {
            seen[count++] = figure->who;
        }
    }
    return colours[0];
}

static void
print_bar(const struct lab_report *report, const struct scale *scale,
    const struct lab_figure *figure, double y, FILE *stream)
{
    double length = length_of(scale, figure->value);
    char value[CLI_NUMBER_SIZE + 32];
    char digits[CLI_NUMBER_SIZE];

    fprintf(stream,
        "<rect x=\"%d\" y=\"%.0f\" width=\"%.1f\" height=\"%d\" "
        "fill=\"%s\"/>\n",
        LEFT, y - ROW + 6, length, ROW - 4, colour_of(report, figure->who));
    print_text(stream, LEFT - 8, y, "end", figure->who);
    if (figure->value >= 100) {
        snprintf(value, sizeof(value), "%s",
            cli_number_format(digits, (uint64_t)(figure->value + 0.5)));
    } else {
        snprintf(value, sizeof(value), "%.3g", figure->value);
    }
    print_text(stream, LEFT + length + 6, y, "start", value);
}

static bool
is_new(const struct lab_report *report, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (is_drawn(report, &report->figures[i]) &&
            strcmp(report->figures[i].what, report->figures[index].what) == 0) {
            return false;
        }
    }
    return true;
}

/* The heading of a group, and its bars. Returns where the next one begins. */
static double
print_group(const struct lab_report *report, const struct scale *scale,
    size_t first, double y, FILE *stream)
{
    const char *what = report->figures[first].what;

    fputs("<g font-weight=\"bold\">", stream);
    print_text(stream, 12, y, "start", what);
    fputs("</g>\n", stream);
    for (size_t i = first; i < report->figures_count; i++) {
        const struct lab_figure *figure = &report->figures[i];

        if (is_drawn(report, figure) && strcmp(figure->what, what) == 0) {
            y += ROW;
            print_bar(report, scale, figure, y, stream);
        }
    }
    return y + ROW + GAP;
}

static double
height_of(const struct lab_report *report)
{
    double height = TOP;

    for (size_t i = 0; i < report->figures_count; i++) {
        if (is_drawn(report, &report->figures[i])) {
            height += ROW + (is_new(report, i) ? ROW + GAP : 0);
        }
    }
    return height + GAP;
}

bool
picture_write(const struct lab_report *report, FILE *stream)
{
    struct scale scale;
    double y = TOP + ROW;
    char title[LAB_REASON_SIZE];

    if (!find_scale(report, &scale)) {
        return false;
    }
    fprintf(stream,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
        "height=\"%.0f\" font-family=\"sans-serif\" font-size=\"13\">\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
        WIDTH, height_of(report));
    snprintf(title, sizeof(title), "%s, in %s%s", report->lab->name,
        report->lab->drawn,
        scale.is_logarithmic ? " (the scale is logarithmic)" : "");
    print_text(stream, 12, 24, "start", title);
    for (size_t i = 0; i < report->figures_count; i++) {
        if (is_drawn(report, &report->figures[i]) && is_new(report, i)) {
            y = print_group(report, &scale, i, y, stream);
        }
    }
    fputs("</svg>\n", stream);
    return ferror(stream) == 0;
}

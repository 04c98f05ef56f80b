/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/progress.h"

#include "cli/number.h"

#include <unistd.h>

enum { BAR_WIDTH = 40 };

#define NOTHING_DRAWN UINT64_MAX
#define ERASE_LINE "\r\033[K"

void
cli_progress_init_on(struct cli_progress *progress, FILE *stream,
    const char *label, uint64_t total)
{
    progress->stream = stream;
    progress->label = label;
    progress->total = total;
    progress->drawn = NOTHING_DRAWN;
}

void
cli_progress_init(
    struct cli_progress *progress, const char *label, uint64_t total)
{
    FILE *terminal = isatty(STDERR_FILENO) ? stderr : NULL;

    cli_progress_init_on(progress, terminal, label, total);
}

static void
draw_bar(struct cli_progress *progress, uint64_t percent)
{
    static const char full[] = "########################################";
    int filled = (int)(percent * BAR_WIDTH / 100);

    fprintf(progress->stream, ERASE_LINE "%s [%-*.*s] %3d %%", progress->label,
        BAR_WIDTH, filled, full, (int)percent);
}

static void
draw_count(struct cli_progress *progress, uint64_t done)
{
    char count[CLI_NUMBER_SIZE];

    fprintf(progress->stream, ERASE_LINE "%s %s", progress->label,
        cli_number_format(count, done));
}

static uint64_t
percent_of(uint64_t done, uint64_t total)
{
    return done >= total ? 100 : (uint64_t)((double)done * 100 / (double)total);
}

void
cli_progress_update(struct cli_progress *progress, uint64_t done)
{
    bool has_total = progress->total > 0;
    uint64_t now = has_total ? percent_of(done, progress->total)
                             : done / CLI_PROGRESS_COUNT_STEP;

    if (progress->stream == NULL || now == progress->drawn) {
        return;
    }
    progress->drawn = now;
    if (has_total) {
        draw_bar(progress, now);
    } else {
        draw_count(progress, done);
    }
    fflush(progress->stream);
}

void
cli_progress_fini(struct cli_progress *progress)
{
    if (progress->stream != NULL && progress->drawn != NOTHING_DRAWN) {
        fputs(ERASE_LINE, progress->stream);
        fflush(progress->stream);
    }
    progress->stream = NULL;
}

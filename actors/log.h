/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log: lines for the people who run the program.
 *
 * Goes to the hook that the program gave, or to standard error: one call, one
 * line, written whole. What is below the level ends at the first branch.
 * Without a hook a line has the time of the system, also in a simulation: it is
 * for people, and decides nothing. Any thread.
 */
#ifndef TROUPE_ACTORS_LOG_H
#define TROUPE_ACTORS_LOG_H

#include "troupe/runtime.h"

struct tp_log {
    troupe_log_hook *hook; /* NULL: standard error */
    void *context;
    enum troupe_log_level level; /* this and more serious ones */
};

void tp_log_init(struct tp_log *log, const struct troupe_options *options);

void tp_log_write(const struct tp_log *log, enum troupe_log_level level,
    const char *format, ...) __attribute__((cold, format(printf, 3, 4)));

/* A line for each of frames, as backtrace() has filled it, but the first
 * skipped. */
void tp_log_write_stack(const struct tp_log *log, enum troupe_log_level level,
    void *const *frames, int frames_count, int skipped) __attribute__((cold));

/* Whether a line that comes this often is due for the count-th time: the first,
 * the tenth, the hundredth and so on. */
static inline bool
tp_log_is_round(uint64_t count)
{
    while (count >= 10 && count % 10 == 0) {
        count /= 10;
    }
    return count == 1;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log: lines for the people who run the program.
 *
 * Goes to the hook that the program gave, or to standard error: errors and
 * warnings only. One line a call, written whole. Any thread.
 */
#ifndef TROUPE_ACTORS_LOG_H
#define TROUPE_ACTORS_LOG_H

#include "troupe/runtime.h"

struct tp_log {
    troupe_log *hook; /* NULL: standard error */
    void *context;
};

void tp_log_write(const struct tp_log *log, enum troupe_log_level level,
    const char *format, ...) __attribute__((cold, format(printf, 3, 4)));

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

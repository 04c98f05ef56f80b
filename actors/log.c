/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum { LINE_BYTES_MAX = 512 };

void
tp_log_write(const struct tp_log *log, enum troupe_log_level level,
    const char *format, ...)
{
    int errno_before = errno;
    char line[LINE_BYTES_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (log->hook != NULL) {
        log->hook(log->context, level, line);
    } else if (level <= TROUPE_LOG_WARNING) {
        fprintf(stderr, "troupe: %s\n", line);
    }
    errno = errno_before;
}

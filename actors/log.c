/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/log.h"

#include "actors/actor.h"
#include "actors/actor_text.h"
#include "actors/runtime.h"

#include <errno.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LINE_BYTES_MAX = 512, TIME_BYTES = 32 };

void
tp_log_init(struct tp_log *log, const struct troupe_options *options)
{
    log->hook = options->log;
    log->context = options->log_context;
    log->level = options->log_level;
    if (log->level == 0) {
        log->level = log->hook == NULL ? TROUPE_LOG_WARNING : TROUPE_LOG_INFO;
    }
}

const char *
troupe_log_level_name(enum troupe_log_level level)
{
    switch (level) {
    case TROUPE_LOG_ERROR:
        return "error";
    case TROUPE_LOG_WARNING:
        return "warning";
    case TROUPE_LOG_INFO:
        return "info";
    case TROUPE_LOG_DEBUG:
        return "debug";
    default:
        return "?";
    }
}

static void
print_line(enum troupe_log_level level, const char *line)
{
    char text[TIME_BYTES];
    struct timespec now;
    struct tm utc;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    fprintf(stderr, "%s.%03ldZ %s: %s\n", text, now.tv_nsec / 1000000,
        troupe_log_level_name(level), line);
}

static void
write_line(
    const struct tp_log *log, enum troupe_log_level level, const char *line)
{
    if (log->hook != NULL) {
        log->hook(log->context, level, line);
    } else {
        print_line(level, line);
    }
}

void
tp_log_write(const struct tp_log *log, enum troupe_log_level level,
    const char *format, ...)
{
    int errno_before = errno;
    char line[LINE_BYTES_MAX];
    va_list args;

    if (level > log->level) {
        return;
    }
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    write_line(log, level, line);
    errno = errno_before;
}

void
tp_log_write_stack(const struct tp_log *log, enum troupe_log_level level,
    void *const *frames, int frames_count, int skipped)
{
    char **names = backtrace_symbols(frames, frames_count);

    for (int i = skipped; names != NULL && i < frames_count; i++) {
        tp_log_write(log, level, "    at %s", names[i]);
    }
    free(names);
}

/* ---- of handlers and threads --------------------------------------------- */

bool
troupe_log_takes(const struct troupe_self *self, enum troupe_log_level level)
{
    return level <= self->runtime->log.level;
}

/* How long it is. The line has room for the longest. */
static int
print_caller(struct troupe_self *self, char *line)
{
    char text[TP_ACTOR_TEXT_BYTES];

    if (self->worker == NULL || self->actor == NULL) {
        return snprintf(line, LINE_BYTES_MAX,
            "thread %s outside: ", tp_pid_text(text, self->pid));
    }
    return snprintf(line, LINE_BYTES_MAX, "actor %s: ",
        tp_actor_text(self, self->pid, self->actor->table->name, text));
}

static void __attribute__((cold, noinline, format(printf, 3, 0)))
write_for(struct troupe_self *self, enum troupe_log_level level,
    const char *format, va_list args)
{
    TP_RUNTIME_CALL();
    int errno_before = errno;
    char line[LINE_BYTES_MAX];
    int length = print_caller(self, line);

    vsnprintf(line + length, sizeof(line) - (size_t)length, format, args);
    write_line(&self->runtime->log, level, line);
    errno = errno_before;
}

void
troupe_log(struct troupe_self *self, enum troupe_log_level level,
    const char *format, ...)
{
    va_list args;

    if (level > self->runtime->log.level) {
        return;
    }
    va_start(args, format);
    write_for(self, level, format, args);
    va_end(args);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: lines for the people who run the program.
 *
 * Troupe writes to it what nobody else would hear of: crashes, asks in a
 * circle, dead letters, supervisors that give up. Handlers write to the same
 * log by troupe_log(), so that one place shows both in their order.
 *
 * Where the lines go is an option of the runtime (.log, troupe/runtime.h). By
 * default each goes to standard error, with the time, in UTC, and the level:
 *
 *     2026-03-01T12:00:00.123Z warning: actor <0.4.1> (clerk "anna"): no paper
 *
 * Which lines there are is another: .log_level, or the environment variable
 * TROUPE_LOG=error|warning|info|debug for a program as it is.
 */
#ifndef TROUPE_LOG_H
#define TROUPE_LOG_H

#include "troupe/actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The more serious, the smaller. */
enum troupe_log_level {
    TROUPE_LOG_ERROR = 1, /**< something is lost, or ends */
    TROUPE_LOG_WARNING,   /**< somebody should look at it */
    TROUPE_LOG_INFO,      /**< it is as it should be, and worth knowing */
    TROUPE_LOG_DEBUG,     /**< for whoever looks for a mistake */
};

/** Gets one line without a line feed. Any thread, several at once. */
typedef void troupe_log_hook(
    void *context, enum troupe_log_level level, const char *line);

/** "error", "warning", "info", "debug"; "?" for what is no level. */
TROUPE_API const char *troupe_log_level_name(enum troupe_log_level level);

/** Whether lines of this level are written: for those that are costly to make.
 * Whoever holds self. */
TROUPE_API bool troupe_log_takes(
    const struct troupe_self *self, enum troupe_log_level level);

/**
 * Writes a line, as printf() does, after the actor whose handler calls, with
 * its pid, its behaviour and its name if it is registered; or the thread. A
 * line ends after 511 bytes. Below the runtime's level it costs the call and a
 * branch. errno is left as it is. Whoever holds self.
 */
TROUPE_API void troupe_log(struct troupe_self *self,
    enum troupe_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif

#endif

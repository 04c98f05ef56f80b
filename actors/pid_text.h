/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pid_text: a pid as people read it, <runtime.slot.incarnation>.
 */
#ifndef TROUPE_ACTORS_PID_TEXT_H
#define TROUPE_ACTORS_PID_TEXT_H

#include "troupe/pid.h"

#include <inttypes.h>
#include <stdio.h>

enum { TP_PID_TEXT_BYTES = 32 };

/* Writes pid to out, of TP_PID_TEXT_BYTES, and returns out. */
static inline const char *
tp_pid_text(char *out, troupe_pid pid)
{
    if (pid == TROUPE_NO_PID) {
        return "nobody";
    }
    snprintf(out, TP_PID_TEXT_BYTES, "<%" PRIu32 ".%" PRIu32 ".%" PRIu32 ">",
        troupe_pid_runtime(pid), troupe_pid_slot(pid),
        troupe_pid_incarnation(pid));
    return out;
}

#endif

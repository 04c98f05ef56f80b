/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * system: the one runtime of a lab, while it needs one.
 *
 * Whatever goes wrong ends the lab with a sentence. One thread.
 */
#ifndef TROUPE_LAB_SYSTEM_H
#define TROUPE_LAB_SYSTEM_H

#include "troupe/troupe.h"

/* Starts a runtime, with these options or none, and returns the self of this
 * thread. */
struct troupe_self *system_begin(const struct troupe_options *options);

struct troupe_runtime *system_runtime(void);

/* Waits until an actor calls troupe_runtime_quit(). */
void system_wait(void);

/* Stops and destroys it; report may be NULL. */
void system_end(struct troupe_stop_report *report);

#endif

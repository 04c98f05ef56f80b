/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options: what a runtime is to be, from what the program and the environment
 * say. The environment comes last: TROUPE_SIM and TROUPE_CONTAIN change a
 * program as it is.
 */
#ifndef TROUPE_ACTORS_OPTIONS_H
#define TROUPE_ACTORS_OPTIONS_H

#include "actors/log.h"

/*
 * Fills in what given, which may be NULL, does not say; but for workers_count,
 * which may still be 0. ABI_MISMATCH, INVALID_ARGUMENT, with a sentence.
 */
TROUPE_MUST_USE troupe_err tp_options_resolve(
    const struct troupe_options *given, struct troupe_options *options);

/* As many workers as there are processors for them, if the program has not said
 * how many. Writes why to the log. */
void tp_options_choose_workers(
    const struct tp_log *log, struct troupe_options *options);

#endif

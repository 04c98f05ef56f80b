/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runtime_table: the runtimes of this process, each with a number.
 *
 * The number is part of every pid, so that those of two runtimes differ. It is
 * the only thing that runtimes share, with the schemas.
 *
 * A fork takes the mutex first, so that the child finds the table whole: there
 * every runtime is told that it belongs to the parent, and none is listed any
 * more.
 *
 *     all functions   any thread
 */
#ifndef TROUPE_ACTORS_RUNTIME_TABLE_H
#define TROUPE_ACTORS_RUNTIME_TABLE_H

#include "actors/runtime.h"

/* A number for the runtime, until it is removed. TOO_MANY_RUNTIMES. */
TROUPE_MUST_USE troupe_err tp_runtime_table_add(
    struct troupe_runtime *runtime, uint32_t *number);

/* Nothing happens in the child of a fork, where it is not listed. */
void tp_runtime_table_remove(struct troupe_runtime *runtime);

#endif

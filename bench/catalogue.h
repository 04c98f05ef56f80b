/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * catalogue: all benchmarks, in the order in which they are run, and their
 * names.
 *
 * A name means one benchmark, or, if there is none of that name, the family
 * whose names begin with it and a hyphen: "grow" is grow-actors, grow-size and
 * so on. A family may also be a group, whose benchmarks say so: "savina" is
 * what is in bench/savina. Those of a group are not run unless they are named.
 */
#ifndef TROUPE_BENCH_CATALOGUE_H
#define TROUPE_BENCH_CATALOGUE_H

#include "bench/bench.h"

#include <stddef.h>
#include <stdio.h>

/* NULL after the last. */
extern const struct bench *const bench_catalogue[];

/* Whether a name means any benchmark. */
bool bench_catalogue_has(const char *name);

/* Whether one of the names means this one; without names all are meant that are
 * in no group. */
bool bench_catalogue_is_meant(
    const struct bench *bench, char *const *names, size_t names_count);

/* All names, each after a space. */
void bench_catalogue_print(FILE *stream);

#endif

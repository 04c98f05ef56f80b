/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * carousel: rings of actors in which tokens go round.
 *
 * Each actor hands a token to its next one until the token has made its hops,
 * and then to the finish, with the number of the actor that had it last. The
 * first lap, in which each actor is visited once, does not count: it finds the
 * actors where they were made.
 */
#ifndef TROUPE_BENCH_CAROUSEL_H
#define TROUPE_BENCH_CAROUSEL_H

#include "bench/bench.h"

struct bench_carousel {
    uint64_t rings_count;
    uint64_t members_count; /* of a ring */
    uint64_t tokens_count;  /* in a ring, evenly spread at first */
};

/* Makes it, lets all tokens together make bench->count hops, and says what one
 * took, and whether each token ended where it should. */
bool bench_carousel_run(const struct bench_case *bench,
    const struct bench_carousel *carousel, struct bench_result *result);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handover: what it costs to pass something to another core.
 *
 * Two threads, each on a processor of its own. They pass one line back and
 * forth, each spinning until it is its turn; or one sleeps on a futex until the
 * other wakes it.
 */
#ifndef TROUPE_BENCH_HANDOVER_H
#define TROUPE_BENCH_HANDOVER_H

/* One way, the least seen; 0: there is but one processor, or the two threads
 * never ran at once. */
double bench_handover_line_ns(void);

/* From the call that wakes to the first instruction of who slept, the least. */
double bench_handover_wake_ns(void);

#endif

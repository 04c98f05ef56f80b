/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crew: threads that wait at a barrier, work once, and meet at it again.
 *
 * They are made before the clock starts. bank_crew_run() arrives at the
 * barrier last, which lets all of them go at the same moment, and returns when
 * the last has finished.
 *
 *     every function    the thread that created the crew
 */
#ifndef TROUPE_BANK_CREW_H
#define TROUPE_BANK_CREW_H

#include <stdbool.h>
#include <stddef.h>

struct bank_crew;

/* What a thread does: member is its number, from 0 on. */
typedef void (*bank_crew_work)(void *context, size_t member);

/*
 * NULL: out of memory or of threads, and the reason has been printed. Threads
 * that had started by then wait for ever: the process is expected to end.
 */
struct bank_crew *bank_crew_create(
    size_t members_count, bank_crew_work work, void *context);

/* Once. */
void bank_crew_run(struct bank_crew *crew);

/* After run. */
void bank_crew_destroy(struct bank_crew *crew);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab: a claim about threads, and what shows on this machine whether it is
 * true.
 *
 * A lab is a file with one of these, a line of the catalogue, and a page in
 * docs/lab. Its run() does something with shared memory as people first write
 * it (broken), as it should be (fixed), and with actors; it tells the report
 * what it measured, what must hold on any machine, and what follows for the
 * claim.
 *
 * What must hold is never a time. It is asked of the version that the report
 * names as the fixed one; with --swapped that is the broken one, and then the
 * lab must fail: that is how its checks are checked.
 *
 * A lab runs in a process of its own, within bounds (lab/bounds.h), on its
 * first thread.
 */
#ifndef TROUPE_LAB_LAB_H
#define TROUPE_LAB_LAB_H

#include "lab/report.h"

#include <stddef.h>

struct lab {
    const char *name;
    const char *claim;   /* a sentence, as people say it */
    const char *drawn;   /* the unit of what --svg draws; NULL: nothing */
    unsigned duration_s; /* about, with two processors */
    void (*run)(struct lab_report *report);
};

/* In the order in which a learner would take them; NULL after the last. */
extern const struct lab *const lab_catalogue[];

/* NULL: none of that name. */
const struct lab *lab_find(const char *name);

#endif

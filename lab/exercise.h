/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exercise: what the files in lab/exercises are written with.
 *
 * Shared memory is read, written and locked by the macros of lab/stage.h, so
 * that troupe-lab grade can try every order. What is shared is declared here,
 * and begins anew in each order; an answer has no static variables of its own.
 * Actors are written with troupe/troupe.h, as everywhere.
 */
#ifndef TROUPE_LAB_EXERCISE_H
#define TROUPE_LAB_EXERCISE_H

#include "lab/stage.h"

/* Of the exercise withdraw. */
extern int64_t balance; /* 100 at first */
extern int64_t paid;    /* that has been given out, 0 at first */
extern struct stage_lock balance_lock;

/* Of the exercise transfer: three accounts, with 100 each at first. */
struct account {
    int64_t cents;
    struct stage_lock lock;
};

struct transfer {
    struct account *from;
    struct account *to;
    int64_t cents;
};

#endif

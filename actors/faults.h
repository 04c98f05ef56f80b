/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * faults: what goes wrong in a simulation, because somebody wants to see that.
 *
 * Before each turn the plan may strike: kill the actor whose turn it is, let
 * the next request for memory fail, let the turn begin with the mail of another
 * sender. The chance that decides is made from the seed and is used for nothing
 * else, so that the same seed strikes the same, and what faults there are does
 * not change the chance that actors draw from.
 *
 * When. Of the first turns_count turns, as many as there are faults of a kind
 * are chosen, each turn as likely as any other: with n turns and k faults to
 * come, the next turn has one with a probability of k / n. If the actor of that
 * turn cannot be killed (it is not born yet, or between two lives), the next
 * one that can be is.
 *
 * The failure plan for memory is the process's (base/memory.h): it is called
 * off when the runtime stops, and a failure that nobody has met by then is
 * none.
 *
 * Not here: a crash of the whole system and its restart. It needs something
 * that survives it, a journal.
 *
 * The simulation's thread.
 */
#ifndef TROUPE_ACTORS_FAULTS_H
#define TROUPE_ACTORS_FAULTS_H

#include "base/random.h"
#include "troupe/runtime.h"

struct tp_actor;

struct tp_faults {
    struct tp_random random;
    bool is_reordering;
    uint64_t turns_left; /* in which faults begin */
    uint64_t kills_left;
    uint64_t kills_due;
    uint64_t failures_left;
    bool has_failures; /* planned */
};

/* Of zeroed memory, by the options of a simulation, which has been made. */
void tp_faults_init(
    struct troupe_runtime *runtime, const struct troupe_options *options);

/* Calls off what is still to come. */
void tp_faults_fini(struct tp_faults *faults);

/* Before a turn of the actor. */
void tp_faults_strike(struct troupe_self *self, struct tp_actor *actor);

#endif

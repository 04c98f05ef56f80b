/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * behaviour_stack: the behaviours below the one that an actor has.
 *
 * The behaviour that an actor has is a pointer in its slot, so that dispatch
 * knows of nothing else. Those below are in a block of one cache line in the
 * actor's extension, made when the first one is put there and kept until the
 * life ends. So going back needs no memory.
 *
 * Bounded: an actor that becomes one thing after the other and never goes back
 * has made a mistake, and is told so while there are eight, not when there is
 * no memory left. Not chosen: that every troupe_become() keeps the one before;
 * a machine of two states would have a thousand below it after a thousand
 * changes.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_BEHAVIOUR_STACK_H
#define TROUPE_ACTORS_BEHAVIOUR_STACK_H

#include "actors/behaviour.h"
#include "troupe/become.h"

struct tp_extension;

struct tp_behaviour_stack {
    uint64_t count;
    const struct tp_behaviour_table *below[TROUPE_BEHAVIOURS_MAX - 1];
};

/* Forgets and frees what is below, of an actor whose life ends. */
void tp_behaviour_stack_release(
    struct troupe_self *self, struct tp_extension *extension);

#endif

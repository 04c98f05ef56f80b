/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * extension: what only some actors have: asks that they wait for, requests that
 * they keep, timers that they have set, bonds with others. Made when it is
 * first needed, so that a slot stays two cache lines; it is a block of the
 * cache that messages come from, so that it can travel with a message to an
 * actor that may lack one.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_EXTENSION_H
#define TROUPE_ACTORS_EXTENSION_H

#include "actors/asks.h"
#include "actors/bond.h"
#include "actors/kept.h"
#include "actors/timers.h"

struct tp_actor;
struct tp_behaviour_stack;
struct tp_idle;
struct tp_order;
struct tp_owned;
struct tp_process;
struct tp_stash;
struct troupe_gathered;

struct tp_extension {
    struct tp_asks asks;
    struct tp_kept kept;
    struct tp_bonds bonds;
    struct troupe_message *token; /* of a child that lives (actors/child.h) */
    struct troupe_message
        *held; /* the last one that a suspended one has seen */
    struct tp_timers timers;
    struct troupe_gathered *gatherings;    /* a list (actors/gather.h) */
    struct tp_owned *owned;                /* a list (actors/owned.h) */
    struct tp_process *process;            /* NULL: the actor has handlers */
    struct tp_behaviour_stack *behaviours; /* NULL: none below */
    struct tp_stash *stash;                /* NULL: nothing is aside */
    struct tp_idle *idle;                  /* NULL: nobody is to be told */
    struct tp_order *order;                /* of its mail; NULL: as it comes */
    void *socket; /* runtime->io's; NULL: none (actors/io.h) */
};

/* One that is nobody's yet; NULL: there is no memory. */
struct tp_extension *tp_extension_make(struct troupe_self *self);

/* The actor's, made if it has none. NULL: there is no memory. */
struct tp_extension *tp_extension_get(
    struct troupe_self *self, struct tp_actor *actor);

/* Frees it, with nothing in it, and sets the pointer to NULL. */
void tp_extension_destroy(
    struct troupe_self *self, struct tp_extension **extension);

#endif

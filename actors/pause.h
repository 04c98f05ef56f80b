/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pause: an actor that waits until another one's mailbox has room again.
 *
 * mailbox/limit.h says when that is and why nobody waits for ever; here an
 * actor's flag is set and cleared, with what a dump and an observer are told of
 * it. While it is set, paused_on is whom the actor waits for.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_PAUSE_H
#define TROUPE_ACTORS_PAUSE_H

#include "actors/actor.h"

/* Pauses the actor on self->congested, which its handler has congested. Without
 * memory for the note it is not paused: the hard mark holds. */
void tp_pause_on_congested(struct troupe_self *self, struct tp_actor *actor);

/* The actor handles its mail again, if it was paused. */
void tp_pause_end(struct troupe_self *self, struct tp_actor *actor);

#endif

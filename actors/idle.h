/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * idle: tells an actor that nothing has come to it for a while.
 *
 * A periodic timer of the actor (actors/timers.h), its beat, looks whether
 * something has come since. If so it goes on from that moment: its next beat is
 * idle_ns after the last message. So messages do not touch the timer. Of an
 * actor that asks for this, a flag (TP_ACTOR_WATCHES_IDLE) makes each step look
 * into the watch: before a message, that one is about to be handled; after it,
 * when that was. The latter counts, so that an actor that was busy for longer
 * than idle_ns is not idle when it is done. It is read from the clock, since
 * the worker's own time may be that of before a long handler; an actor that
 * asks pays some 20 ns a message for all this, one without the flag nothing.
 *
 *     last message      beat                  beat
 *     |<-- idle_ns ------|-->|                 |
 *     m  m     m         looks: something came |
 *              |<----------- idle_ns --------->| looks: idle
 *
 * Being told never races with mail that is there. The beat is a message in the
 * mailbox itself; when its turn comes, what waits behind it and in the inbox is
 * looked through, and if there is a message among it the actor is not idle. A
 * sender may have more in its hands (a chain that is not yet pushed), or send
 * at that very moment: nobody can know.
 *
 * Not chosen: a one-shot timer set anew for each message (two operations on the
 * wheel, for nearly all of which nothing comes), to read the count of the
 * mailbox's limit (it may lag behind by some dozens).
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_IDLE_H
#define TROUPE_ACTORS_IDLE_H

#include "troupe/idle.h"

struct tp_actor;
struct tp_extension;

struct tp_idle {
    troupe_timer beat;
    troupe_timer_handler *then;
    uint64_t context;
    uint64_t idle_ns;
    uint64_t last_ns;        /* when a message had been handled, or from when */
    bool is_about_to_handle; /* when this was looked at last */
};

/* Between two steps of an actor that has the flag. */
void tp_idle_note(struct troupe_self *self, struct tp_actor *actor);

/* Frees the watch of a life that ends, if there is one, whose timers are
 * cancelled. */
void tp_idle_release(struct troupe_self *self, struct tp_extension *extension);

#endif

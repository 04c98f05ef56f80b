/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * child: an actor that a supervisor owns, as the actor sees it.
 *
 * A child is born suspended. It lives when its supervisor sends RUN, and is
 * suspended again when that life has ended, for whatever reason; the supervisor
 * sends RUN once more, or FINISH, which ends it for good. Mail waits meanwhile.
 *
 *     supervisor                            child
 *         |-------- RUN ----------------->    suspended -> living
 *         |-------- ECHO --------------->
 *         |<------- STARTED --------------    the start handler has returned
 *         |-------- STOP, KILL ---------->    (perhaps)
 *         |<------- ENDED ----------------    living -> suspended
 *         |-------- FINISH -------------->    gone
 *
 * RUN and ENDED are the same block, the child's token: the child keeps it while
 * it lives and sends it back with the reason when the life ends, so that no end
 * needs memory. A child has a token exactly while it lives and is a child.
 * STARTED is the block of ECHO. Commands arrive in the order in which the
 * supervisor sent them, as all messages of one sender, so a STOP that crosses
 * an ENDED finds the child suspended and is of no effect on its next life.
 *
 * FINISH to a child that lives (its supervisor has died) ends it as an actor
 * that nobody supervises.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_CHILD_H
#define TROUPE_ACTORS_CHILD_H

#include "actors/self.h"

/* Handles RUN, ECHO or FINISH. Takes message. */
void tp_child_obey(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message);

/* Frees a command that nobody obeys, with what it carries: RUN a first state,
 * FINISH a reason. */
void tp_child_release(struct troupe_self *self, struct troupe_message *message);

/* A life of the child has ended by self->exit: the token goes home. */
void tp_child_report_end(struct troupe_self *self, struct tp_actor *actor);

/* Where ENDED and FINISH hold their reason. */
static inline struct tp_exit *
tp_child_exit_of(struct troupe_message *message)
{
    return (struct tp_exit *)(void *)message->payload;
}

#endif

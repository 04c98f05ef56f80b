/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forward: messages that go on to somebody else than whom they were sent to.
 *
 * The block travels, with its sender, its request number and what stands behind
 * its payload (actors/call.h). A tell may still lie in its receiver's inbox
 * (mailbox/inbox.h); it leaves that before it goes. From there on it is posted
 * like any other message: counted by its new receiver's limit, which may pause
 * who has forwarded it, and refused or dropped by the policy of that one.
 *
 * Whoever has forwarded the message in hand has nothing in hand. For the turn
 * that is the same as a request that was kept: nothing to put down, and nothing
 * to bury if the handler fails (self->is_kept).
 *
 * How often a message was handed on stands in the high byte of `err`, which
 * neither tells nor the low byte of requests use. Not chosen: to leave it to
 * deadlines, which tells do not have; to compare pids, which finds a ring of
 * routers only if each of them is remembered.
 *
 * All functions are for self's thread, inside a handler.
 */
#ifndef TROUPE_ACTORS_FORWARD_H
#define TROUPE_ACTORS_FORWARD_H

#include "actors/self.h"

/*
 * Sends *message, a tell that is not sent yet, to `to` by way of another actor,
 * in whose mailbox it waits for its turn: all that has been sent to that one
 * before is handled by then. Counted nowhere until it goes on. Takes *message;
 * both have been made.
 */
void tp_forward_by_way_of(struct troupe_self *self, troupe_pid way,
    troupe_pid to, struct troupe_message **message);

/* Its turn has come: it goes on. Takes message. */
void tp_forward_relay(struct troupe_self *self, struct troupe_message *message);

/*
 * Posts *message, a tell or a request that lies in no inbox, in the name of its
 * sender and sets it to NULL. On an error it is as it was: those of tp_post(),
 * and TOO_MANY_HOPS.
 */
TROUPE_MUST_USE troupe_err tp_forward_message(
    struct troupe_self *self, troupe_pid to, struct troupe_message **message);

/* As troupe_forward(), for a handler that has a tell or a request in hand and
 * has not kept it. */
TROUPE_MUST_USE troupe_err tp_forward_in_hand(
    struct troupe_self *self, troupe_pid to);

/* The same message goes nowhere, because of err: it is a dead letter to that
 * receiver, and who asked is answered with err. */
void tp_forward_bury(
    struct troupe_self *self, troupe_pid receiver, troupe_err err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bond: what makes the end of one actor another's business.
 *
 * A bond has two ends, one with each of two actors; both are made when the bond
 * is. An end is a message block. While its actor lives the end is at home, in a
 * table of the actor's extension; when the actor ends, the end itself travels
 * to the other actor and is the notice. So an end needs no memory, and neither
 * does being told: the message that makes a bond brings a spare extension for a
 * receiver that has none.
 *
 *     end of            at home as    travels when its      and when the bond
 *                                     actor ends, as        is undone, as
 *     a link            EXIT          EXIT                  UNLINK
 *     the watched       DOWN          DOWN                  -
 *     the watcher       DEMONITOR     DEMONITOR             DEMONITOR
 *
 * The receiver finds its own end of the same bond by the bond's number, which
 * is unique in the runtime, and frees both. If it finds none, it has undone the
 * bond itself: then nothing happens. LINK and MONITOR carry the second end to
 * the other actor. If that one is gone they come back as EXIT or DOWN with
 * NO_SUCH_ACTOR.
 *
 * Exactly once. An end is in one place: at home, in one mailbox, or freed. It
 * leaves home once, by its actor's end or by the undoing, both of which are the
 * owner's. When the other's end arrives, the receiver's own is at home (then it
 * is told, and its end is freed), or has left (then the receiver has ended or
 * has undone the bond, and is told nothing). All of it goes through mailboxes,
 * which lose nothing and keep the order of a sender: an end arrives after all
 * that its actor sent before.
 *
 * Two actors that link with each other at the same time make two bonds. The
 * first EXIT frees all ends of links with its sender, so that one end is told
 * once. To undo a link undoes each bond that the actor knows of; one that the
 * other has just made is found on both sides and stays: it was made later than
 * what is undone.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_BOND_H
#define TROUPE_ACTORS_BOND_H

#include "mailbox/message.h"
#include "troupe/exit.h"

#include <stdbool.h>

struct tp_actor;
struct troupe_self;

/*
 * The ends at home, in a hash table linked by `next`. At home an end's `sender`
 * is the other actor, its `request` the bond's number. Without memory for more
 * lines the table gets slow, not full. Zeroed memory is an empty one.
 */
struct tp_bonds {
    struct troupe_message **lines; /* NULL: `single` is the only one */
    struct troupe_message *single;
    uint32_t mask;
    uint32_t count;
};

static inline bool
tp_bond_is_kind(unsigned kind)
{
    return kind >= TP_MESSAGE_LINK && kind <= TP_MESSAGE_DOWN;
}

/* Takes a message of kind LINK to DOWN to the occupant. */
void tp_bond_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, void *state);

/* Why the sender of an EXIT or DOWN has ended; valid as long as notice. */
struct troupe_exit tp_bond_why(const struct troupe_message *notice);

/* Takes a message of kind LINK to DOWN to somebody who is gone. */
void tp_bond_drop(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message);

/* Frees such a message when no worker runs any more. */
void tp_bond_sweep(struct troupe_self *self, struct troupe_message *message);

/* The actor, which has an extension, ends by self->exit: each of its ends
 * travels. */
void tp_bond_part_all(struct troupe_self *self, struct tp_actor *actor);

/* A life of the actor, which has an extension, ends, but not the actor: what
 * that life has watched is watched no more. */
void tp_bond_look_away(struct troupe_self *self, struct tp_actor *actor);

/* Frees all ends: nobody is told. */
void tp_bond_release_all(struct troupe_self *self, struct tp_bonds *bonds);

/*
 * Makes a link of the caller's and an actor that is not born yet, whose
 * extension this is. The caller's end is at home then. NO_MEMORY leaves nothing
 * behind.
 */
TROUPE_MUST_USE troupe_err tp_bond_link_unborn(
    struct troupe_self *self, struct tp_bonds *unborn, troupe_pid actor);

#endif

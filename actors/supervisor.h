/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * supervisor: an actor that keeps its children as its description wants them.
 *
 * It is an actor like others, with a behaviour and a state, and everything it
 * learns of its children is a message: ENDED, STARTED, ADOPT, and timers. Its
 * slot has the flag SUPERVISES.
 *
 * Whatever happens only marks children: who is to be up, who is to leave. Then
 * one function, advance(), does the next thing, and is called again when that
 * has happened:
 *
 *     1  a child that is being stopped or started is waited for
 *     2  the last child that is up and should not be is stopped
 *     3  those that are down and leave are let go; a supervisor that ends and
 *        has no child left ends itself
 *     4  those that were stopped for the sake of another are to be up again
 *     5  the first child that is down and should be up is started
 *
 * So children are started in their order and stopped in the reverse one, one
 * after the other, whatever comes between. A child that waits for its backoff
 * holds up those behind it, but not where each is on its own (ONE_FOR_ONE).
 *
 * A supervisor ends when it has given up, when it is stopped, or when it is
 * killed. In the first two cases its children are gone by then; in the last it
 * lets them go at once: each ends by SHUTDOWN on its own. One that belongs to
 * an actor is stopped when that one's life ends, however it does: the owner
 * watches it, and looks away without needing memory (actors/bond.h).
 *
 * It needs memory only to start a child. If there is none, that counts as a
 * failed start. If a timer cannot be set, a child that is to stop is killed
 * without delay, and a backoff is none.
 *
 * The end of the runtime waits for a backoff, within its time, before it stops
 * the trees. If it did not, mail that waits for the child would be dropped from
 * what calls itself drained; worse, a sender that is paused on such a child
 * would look as idle as if it had nothing to say, and trees would be stopped
 * that it has yet to talk to.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_SUPERVISOR_H
#define TROUPE_ACTORS_SUPERVISOR_H

#include "actors/children.h"
#include "actors/restarts.h"
#include "actors/self.h"
#include "troupe/link.h"
#include "troupe/supervisor.h"

/* A supervisor's state. The first fields are given, the others its own. */
struct tp_supervisor {
    const struct troupe_supervisor *description;
    bool is_root;     /* its children are brought to it, in order */
    troupe_pid owner; /* who watches it, and with whose life it ends; or none */
    /* Of a root, the memory is of tp_root, so that it is there from the start;
     * a child begins without. */
    struct tp_restarts restarts;

    uint32_t life; /* which of all lives of supervisors in this runtime */
    bool is_ending;
    struct tp_exit why; /* if it is */
    struct tp_children children;
    struct tp_supervised *busy; /* being started or stopped; or NULL */
    troupe_timer deadline;      /* of a busy one that stops */
};

struct troupe_behaviour *tp_supervisor_behaviour(void);

static inline bool
tp_supervisor_is_kind(unsigned kind)
{
    return kind >= TP_MESSAGE_ENDED && kind <= TP_MESSAGE_ADOPT;
}

/* Takes ENDED, STARTED or ADOPT to the occupant. */
void tp_supervisor_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, void *state);

/* Takes such a message to somebody who is gone. */
void tp_supervisor_drop(
    struct troupe_self *self, struct troupe_message *message);

/* Frees such a message when no worker runs any more. */
void tp_supervisor_sweep(
    struct troupe_self *self, struct troupe_message *message);

/* Begins to stop the supervisor with its children. */
void tp_supervisor_stop(
    struct troupe_self *self, void *state, enum troupe_exit_kind kind);

/*
 * A supervisor that belongs to the actor whose handler runs: `then` tells that
 * one when it has ended, and it ends, SHUTDOWN, when that one's life does, in
 * whatever way. The description has been checked, and no child is in it.
 */
TROUPE_MUST_USE troupe_err tp_supervise_own(struct troupe_self *self,
    const struct troupe_supervisor *description, troupe_down_handler *then,
    troupe_pid *supervisor);

/* Nobody by that pid watches the supervisor any more. */
void tp_supervisor_lose(
    struct troupe_self *self, void *state, troupe_pid watcher);

/* Its life ends: whoever is still its child is let go. */
void tp_supervisor_fini(struct troupe_self *self, void *state);

#endif

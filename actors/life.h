/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life: how an actor begins and ends.
 *
 *            START              tp_life_end
 *     VACANT -----> LIVING ---------------------> LEAVING -> VACANT
 *        |           ^  |  \                        ^
 *        |       RUN |  |   \ tp_life_end, as a     | tp_life_end
 *        |           |  |    v     child            | by FINISH
 *        +--------> SUSPENDED ----------------------+
 *        START, as a child
 *
 * An actor that nobody supervises lives once. A child of a supervisor may live
 * several times behind one pid: between two lives it is SUSPENDED, has no state
 * and keeps its mail, its names, and who has bonds with it. See actors/child.h.
 *
 * An end is decided first and takes place when no handler runs:
 * tp_life_finish() sets the flag IS_STOPPING and self->exit, and the turn calls
 * tp_life_end() before it handles anything else of that actor. So both are set
 * and used in one turn by one thread, and the reason needs no place in the
 * slot. The first reason counts, but that a kill overtakes an orderly end: its
 * stop handler has not run yet, and will not.
 *
 * An end needs no memory. In this order: the stop handler runs; timers and asks
 * are cancelled; requests that were kept are refused; the state is freed, and
 * the memory that the actor owns; names and memberships are taken back
 * (actors/directory.h); bonds travel (actors/bond.h). So all that the actor
 * sent comes before the news of its end, and who hears the news finds its names
 * free.
 *
 * All functions are for the actor's owner, those of the runtime's end for who
 * stops it, when no worker runs.
 */
#ifndef TROUPE_ACTORS_LIFE_H
#define TROUPE_ACTORS_LIFE_H

#include "actors/isolation.h"
#include "actors/runtime.h"

struct tp_crash;

/* The state, open to the actor's own code until the step is over. */
static inline void *
tp_life_open_state(struct tp_actor *actor)
{
    tp_isolation_open_state(actor);
    return (actor->flags & TP_ACTOR_HAS_LARGE_STATE) != 0
               ? actor->state.large->bytes
               : actor->state.bytes;
}

/* Handles START: the slot is vacant. Takes message. */
void tp_life_begin(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message);

/* A suspended actor lives again by what message, a RUN, brings. The message
 * stays the caller's. */
void tp_life_begin_again(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message);

/* Decides that the actor ends. Takes why. */
void tp_life_finish(
    struct troupe_self *self, struct tp_actor *actor, struct tp_exit why);

/* The same, FAILED with that code and text. */
void tp_life_fail(struct troupe_self *self, struct tp_actor *actor, int code,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for commands: a supervisor stops its children first, and a
 * suspended actor has nothing to end. */
void tp_life_stop(struct troupe_self *self, struct tp_actor *actor,
    enum troupe_exit_kind kind);
void tp_life_kill(struct troupe_self *self, struct tp_actor *actor);

/* The end that was decided. No handler runs. */
void tp_life_end(struct troupe_self *self, struct tp_actor *actor);

/*
 * Ends the life whose turn it is, which has crashed in user code. Its turn is
 * over. Called by the worker in the place of what the crash has skipped.
 */
void tp_life_crashed(struct troupe_self *self, const struct tp_crash *crash);

/* The message in hand is to be more than freed: it leaves the inbox, if it is
 * still there (actors/actor.h). */
void tp_life_unlink_only(struct troupe_self *self, struct tp_actor *actor);

/* Makes a dead letter of a message to the slot. Takes it. */
void tp_life_bury(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, enum troupe_dead_letter_cause cause,
    troupe_err err);

/* ---- the end of the runtime ---------------------------------------------- */

/* The occupant, if there is one, ends by SHUTDOWN and is counted. Its stop
 * handler runs and may still send. */
void tp_life_end_last(struct troupe_self *self, struct tp_actor *actor,
    struct tp_life_remains *remains);

/*
 * Empties the slot after that: each message is a dead letter of
 * RUNTIME_STOPPED. True: one would have started an actor.
 */
bool tp_life_sweep(struct troupe_self *self, struct tp_actor *actor);

#endif

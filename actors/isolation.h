/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * isolation: what an actor must not touch is poisoned, so that the address
 * sanitizer reports whoever does.
 *
 * C cannot forbid two things that break an actor's privacy: to touch a message
 * after sending it, through a pointer that was kept, and to touch another
 * actor's state. In a build with address sanitizer both are made visible; in
 * all others the functions here are empty and cost nothing.
 *
 * A message that is posted is copied to a fresh block, and the copy is what
 * travels. The block that it leaves is poisoned and kept in the sender's
 * quarantine (actors/quarantine.h) for a while. A message that is refused stays
 * where it is, since it stays the caller's. Tells, requests and replies are
 * moved, whoever posts them; control messages and expiries are not: what is
 * behind the envelope of an expiry is still read by who made it
 * (actors/answer.c), and neither is ever in a program's hands. Without memory
 * for the copy the message itself travels, as in other builds.
 *
 * A state is poisoned but while a handler, or whatever else the actor's owner
 * calls with it, runs. Open are then as many bytes as the behaviour declares:
 * writing behind them is reported, too.
 *
 *     open -> user's code -> close     any number of times
 *     release                          before the runtime clears or frees it
 *
 * When the sanitizer has printed its report, a sentence follows that says what
 * the address is: whose message or state, and which actor touched it. The
 * sanitizer calls back for that; there is one such place in a process, which
 * the first runtime takes. A program that wants it for itself sets its own
 * after that, and goes without the sentence.
 *
 * The sentence is made on the thread that has done wrong, while others run on:
 * it reads the registry and the quarantines without any right to. It follows no
 * pointer into memory that they may free, but for a runtime that is destroyed
 * at this very moment; what else it may see is a neighbour's name. By default
 * the process ends there.
 *
 * A block that leaves the quarantine is freed, and the sanitizer goes on
 * watching it for a while; only the names are lost.
 *
 * What is not seen: a state that another thread touches while its actor's own
 * handler runs (ThreadSanitizer sees that), and memory that messages or states
 * point to.
 *
 * Not chosen: mprotect (pages, and a system call or two a message), moving when
 * the receiver takes the message (the sender's handler would touch it unseen
 * until then), the weak function __asan_on_error (a library that is linked
 * dynamically does not override it).
 *
 *     tp_isolation_begin_move, _end_move    self's thread
 *     tp_isolation_..._state                the actor's owner
 *     tp_isolation_watch, _forget           who makes and destroys the runtime
 */
#ifndef TROUPE_ACTORS_ISOLATION_H
#define TROUPE_ACTORS_ISOLATION_H

#include "actors/runtime.h"

#ifdef TROUPE_ISOLATION

/* Whether a message leaves its block when it is posted. */
static inline bool
tp_isolation_moves(void)
{
    return true;
}

/*
 * What is to be posted in the place of message, which stays untouched: its copy
 * or itself.
 */
struct troupe_message *tp_isolation_begin_move(
    struct troupe_self *self, struct troupe_message *message);

/*
 * Posting the copy ended with err: TROUPE_OK, then message goes into the
 * quarantine; or it was refused, then the copy is freed.
 */
void tp_isolation_end_move(struct troupe_self *self, troupe_pid to,
    struct troupe_message *message, struct troupe_message *copy,
    troupe_err err);

/* The actor's own code is about to run. */
void tp_isolation_open_state(struct tp_actor *actor);

/* It has returned. Nothing happens if the slot is vacant. */
void tp_isolation_close_state(struct tp_actor *actor);

/* The state is the runtime's from here on, to clear or to free. */
void tp_isolation_release_state(struct tp_actor *actor);

/* From now on, until _forget, addresses are looked for in this runtime. */
void tp_isolation_watch(struct troupe_runtime *runtime);

/* Frees the quarantines; when no worker runs. Also if it was never watched. */
void tp_isolation_forget(struct troupe_runtime *runtime);

#else

static inline bool
tp_isolation_moves(void)
{
    return false;
}

static inline struct troupe_message *
tp_isolation_begin_move(
    struct troupe_self *self, struct troupe_message *message)
{
    (void)self;
    return message;
}

static inline void
tp_isolation_end_move(struct troupe_self *self, troupe_pid to,
    struct troupe_message *message, struct troupe_message *copy, troupe_err err)
{
    (void)self, (void)to, (void)message, (void)copy, (void)err;
}

static inline void
tp_isolation_open_state(struct tp_actor *actor)
{
    (void)actor;
}

static inline void
tp_isolation_close_state(struct tp_actor *actor)
{
    (void)actor;
}

static inline void
tp_isolation_release_state(struct tp_actor *actor)
{
    (void)actor;
}

static inline void
tp_isolation_watch(struct troupe_runtime *runtime)
{
    (void)runtime;
}

static inline void
tp_isolation_forget(struct troupe_runtime *runtime)
{
    (void)runtime;
}

#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process: an actor in sequential style, whose body runs on a stack of its own.
 *
 * The body is a fiber (base/fiber.h) and runs within turns of its actor. Where
 * it waits it goes back to the turn, and says for what. Such an actor always
 * holds its mail (actors/actor.h): its turn looks for what the body waits for,
 * in the mailbox, and lets it go on when that is there.
 *
 *                begin            waits
 *     no stack --------> running --------> waiting --+
 *        ^                |   ^              |       | end
 *        |  returns, or   |   +--------------+       |
 *        +--- crashes ----+       is due             |
 *        +-------------------------------------------+
 *
 *     waits       in                       is due when
 *     RECEIVES    troupe_receive...        a wanted message is there, or the
 *                                          time is up
 *     ASKS        troupe_ask               the ask has ended
 *     SLEEPS      troupe_sleep             the timer has run
 *     HELD        troupe_tell, of          the actor is paused, or held, no
 *                 somebody congested;      more
 *                 troupe_net_write
 *     ENDS        its last wait            never: its end is under way
 *
 * A message that the body does not want now stays where it is in the mailbox,
 * counted, so the limits hold and the order stays. Where the turn has looked
 * already it does not look again, until the body wants something else. What is
 * no message to the body is handled when it is found, whatever lies before it:
 * answers, timers, the exit of a friend that ends this actor too. News that the
 * body receives wait in their place like messages.
 *
 * A message is taken by the turn in the same way as for a handler (is it
 * expired? for whom?), which then calls not a handler but tp_process_receive(),
 * and that keeps it. So it is in hand, in self->in_hand while the body runs and
 * in the process while it waits, and whatever a handler can do with the message
 * in hand a body can do with it. When the body receives again, it is put down.
 *
 * A body must stay on one thread: a compiler may keep the address of a thread's
 * variable across a wait. So the actor is bound to the worker that begins its
 * first life. There its stack comes from, and goes back to; so the stacks of a
 * worker need no lock, and one that is taken has just been in that cache. A
 * hundred thousand that are spawned at once need no stack until their turn
 * comes. The price: a spawn cannot say that there is no memory for a stack. The
 * actor ends FAILED then, which its supervisor sees.
 *
 * The end does not run the body on, nor unwind its stack: at the end of the
 * runtime that would be on another thread, and a body that waits again could
 * hold the end up. What it must give back is in its state, for the stop
 * handler. A crash leaves the fiber by a jump to where the worker's loop began
 * (actors/containment.h), which is announced to the tools before
 * (tp_process_escape). A fault in the guard of the stack is an overflow.
 *
 * In an exploration a step gives the body one message, and goes on to its next
 * wait; each message that it would take may be the next.
 *
 *     tp_process_make        who spawns
 *     tp_process_refuse,     self's thread
 *     tp_process_require
 *     tp_process_escape      the signal handler of self's thread
 *     all others             the actor's owner
 *
 * Not chosen: a fiber that moves to whoever steals the actor (see above); an
 * error from the wait that tells the body to clean up (a body that ignores it
 * never ends, and at the end of the runtime nobody is there to run it); mail
 * taken out and saved by the process (it would not count).
 */
#ifndef TROUPE_ACTORS_PROCESS_H
#define TROUPE_ACTORS_PROCESS_H

#include "actors/actor.h"
#include "actors/self.h"
#include "base/fiber.h"
#include "troupe/sequential.h"

enum tp_process_wait {
    TP_PROCESS_RECEIVES,
    TP_PROCESS_ASKS,
    TP_PROCESS_SLEEPS,
    TP_PROCESS_IS_HELD,
    TP_PROCESS_ENDS,
};

struct tp_process {
    struct tp_fiber fiber;    /* no stack: no life has begun, or it has ended */
    struct troupe_self *self; /* of the worker that it is bound to */
    size_t stack_bytes;

    /* What it waits for, and how that ended. */
    enum tp_process_wait wait;
    bool is_due;     /* it has ended */
    bool is_polling; /* it is not to wait at all */
    troupe_err err;
    uint32_t wanted_count; /* 0: any */
    uint32_t wanted[TROUPE_RECEIVE_SCHEMAS_MAX];
    struct troupe_message *looked_at; /* the last one not wanted; or NULL */
    troupe_timer timer;

    /* What it has while it waits. */
    struct troupe_message *in_hand; /* or NULL */
    bool is_kept;                   /* in_hand is a request that is kept */
    struct troupe_message *answer;  /* to its last ask; or NULL */
    struct troupe_message *unsent;  /* HELD before it was sent; or NULL */
    troupe_pid unsent_to;
};

/* Sets *process to one for a body that has not begun. stack_bytes 0: the usual.
 * NO_MEMORY, INVALID_ARGUMENT (too large). */
TROUPE_MUST_USE troupe_err tp_process_make(
    struct troupe_self *self, size_t stack_bytes, struct tp_process **process);

/* Frees *process, which may be NULL and has no life, and sets it to NULL. */
void tp_process_destroy(struct troupe_self *self, struct tp_process **process);

/* ---- its lives ----------------------------------------------------------- */

/* A life begins: the body runs until it waits. */
void tp_process_begin(struct troupe_self *self, struct tp_actor *actor);

/* A life ends: whatever the body was at is forgotten. */
void tp_process_end(struct troupe_self *self, struct tp_actor *actor);

/* ---- its turns ----------------------------------------------------------- */

/* Whether the body can go on. */
static inline bool
tp_process_is_due(const struct tp_actor *actor)
{
    const struct tp_process *process = actor->extension->process;

    return (actor->flags & (TP_ACTOR_STANDS_STILL | TP_ACTOR_IS_STOPPING)) ==
               0 &&
           (process->is_due || process->wait == TP_PROCESS_IS_HELD);
}

/* Whether its body, which does not run, waits for messages of that schema. */
bool tp_process_wants(const struct tp_actor *actor, uint32_t schema);

/* Whether its body, which does not run, waits for mail of any kind. */
static inline bool
tp_process_waits_for_mail(const struct tp_actor *actor)
{
    const struct tp_process *process = actor->extension->process;

    return !process->is_due && process->wait == TP_PROCESS_RECEIVES;
}

/* Hands its body, which wants it, a message that nobody has sent. Takes
 * message. */
void tp_process_give(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message);

/* Whether the next turn would take this message. */
bool tp_process_takes(
    const struct tp_actor *actor, const struct troupe_message *message);

/* Takes out the first message that is to be handled now, which may make the
 * process due; NULL: none is. */
struct troupe_message *tp_process_take(
    struct troupe_self *self, struct tp_actor *actor);

/* Runs the body, which is due, until it waits. */
void tp_process_go_on(struct troupe_self *self, struct tp_actor *actor);

/* In a handler's place: keeps the message in hand, and makes the body due. */
void tp_process_receive(struct troupe_self *self, void *state,
    const struct troupe_message *message);
void tp_process_receive_down(struct troupe_self *self, void *state,
    uint64_t context, const struct troupe_down *down);

/* ---- while its body runs ------------------------------------------------- */

/* WRONG_THREAD if a body runs, which may not do what is named. */
TROUPE_MUST_USE troupe_err tp_process_refuse(
    const struct troupe_self *self, const char *what);

/* WRONG_THREAD unless a body runs, for what is named waits. */
TROUPE_MUST_USE troupe_err tp_process_require(
    const struct troupe_self *self, const char *what);

/* The continuation of what is asked in a body's name (actors/ask.h). */
void tp_process_take_answer(struct troupe_self *self, void *state,
    uint64_t context, const struct troupe_answer *answer);

/* Waits for the answer to that, which is self->answer then. The ask's error. */
TROUPE_MUST_USE troupe_err tp_process_wait_for_answer(struct troupe_self *self);

/* Asks, and waits for the answer, which is self->answer then. Takes *message
 * only if it was sent. As troupe_ask(). */
TROUPE_MUST_USE troupe_err tp_process_ask(struct troupe_self *self,
    troupe_pid to, uint64_t timeout_ns, struct troupe_message **message);

void tp_process_wait_for_room(
    struct troupe_self *self, troupe_pid to, struct troupe_message *unsent);

/* Self has congested somebody. If a body runs it waits until that is over, with
 * unsent, which may be NULL, a message that it is about to send. */
static inline void
tp_process_wait_with(
    struct troupe_self *self, troupe_pid to, struct troupe_message *unsent)
{
    if (self->process != NULL) {
        tp_process_wait_for_room(self, to, unsent);
    }
}

/* The actor of the body that runs is held. Waits until it is no more. */
static inline void
tp_process_wait_until_free(struct troupe_self *self)
{
    tp_process_wait_for_room(self, TROUPE_NO_PID, NULL);
}

/* Something is under way that ends the actor of the body that runs. */
void tp_process_wait_for_end(struct troupe_self *self)
    __attribute__((noreturn));

/*
 * A fault of self's user code at that address is about to be jumped out of. How
 * many bytes of stack it has run off, if a body did; else 0.
 */
size_t tp_process_escape(struct troupe_self *self, const void *address);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * io: what actors know of sockets: that somebody else has them.
 *
 * A network (net/) is handed to the runtime as a table of functions, and each
 * actor may have one thing of it, a socket, in its extension. Nothing here or
 * below includes anything of the network.
 *
 * A socket lives in the event loop of one worker, and so does its actor: while
 * it runs, the actor is bound to that worker (task.bound), and no more when the
 * socket is gone. So whoever polls the loop, between two turns of that worker,
 * and the actor's handlers are one thread, and share a socket without a word
 * that others touch.
 *
 *     begin    the actor has just begun, with a socket that came with its
 *              START: an accepted one. Its turn may be on another worker than
 *              the socket is for; then it ends, and goes on over there.
 *     handle   a message of kind IO, in its turn among the actor's mail. Held
 *              back, like all mail, while the actor is paused or held.
 *     wait     the body of a process begins to wait for mail (actors/process.h)
 *     close    it has returned; the actor ends as soon as may be
 *     end      the life is over, whatever the reason, on the worker of the
 *              socket, or when no worker runs any more
 *     drop     the START that carried the socket is never handled
 *     expire   a timeout with purpose TP_MESSAGE_IO; its worker
 *
 * An actor is *held* (TP_ACTOR_IS_HELD) while too many bytes wait for its peer
 * to read. It is like a pause, but for a peer, of which the runtime knows
 * nothing: it ends by a message of kind RELEASE, which the loop sends when the
 * peer has read, or is gone, or its time is up. So a ring of them is not seen.
 * Two actors that are connected to each other, and both write more than their
 * marks and the system's buffers take before they read, hold each other, as
 * they would with any sockets; .idle_ns of their connections ends that. The
 * message is made when the actor is held; without memory for it the
 * actor is not held, and the hard mark is all that bounds it.
 */
#ifndef TROUPE_ACTORS_IO_H
#define TROUPE_ACTORS_IO_H

#include "actors/actor.h"
#include "actors/runtime.h"
#include "scheduler/io.h"

struct troupe_io {
    const struct tp_io *loop;
    void (*begin)(struct troupe_self *self, struct tp_actor *actor);
    /* Takes message. */
    void (*handle)(struct troupe_self *self, struct tp_actor *actor,
        struct troupe_message *message);
    void (*wait)(struct troupe_self *self, struct tp_actor *actor);
    void (*close)(struct troupe_self *self, struct tp_actor *actor);
    void (*end)(struct troupe_self *self, struct tp_actor *actor);
    void (*drop)(struct troupe_self *self, void *socket);
    void (*expire)(struct tp_worker *worker, struct tp_timeout *timeout);
};

static inline bool
tp_io_is_in(const struct tp_extension *extension)
{
    return extension != NULL && extension->socket != NULL;
}

static inline void
tp_io_begin(struct troupe_self *self, struct tp_actor *actor)
{
    if (tp_io_is_in(actor->extension)) {
        self->runtime->io->begin(self, actor);
    }
}

static inline void
tp_io_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    self->runtime->io->handle(self, actor, message);
}

static inline void
tp_io_end(struct troupe_self *self, struct tp_actor *actor)
{
    if (tp_io_is_in(actor->extension)) {
        self->runtime->io->end(self, actor);
    }
}

static inline void
tp_io_drop(struct troupe_self *self, struct tp_extension *extension)
{
    if (extension->socket != NULL) {
        self->runtime->io->drop(self, extension->socket);
        extension->socket = NULL;
    }
}

#endif

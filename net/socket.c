/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/socket.h"

#include "actors/life.h"
#include "actors/post.h"
#include "base/err.h"
#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct tp_socket *
socket_of_timeout(struct tp_timeout *timeout)
{
    return (struct tp_socket *)(void *)((char *)timeout -
                                        offsetof(struct tp_socket, timeout));
}

struct tp_socket *
tp_socket_of(const struct troupe_self *self)
{
    return self->actor->extension == NULL ? NULL
                                          : self->actor->extension->socket;
}

/* ---- life ---------------------------------------------------------------- */

struct tp_socket *
tp_socket_create(struct troupe_self *self, size_t size,
    const struct tp_socket_role *role, struct tp_loop *loop)
{
    struct tp_socket *socket = tp_memory_alloc_zeroed(1, size);

    if (socket == NULL) {
        return NULL;
    }
    socket->notice = tp_post_block(self, 0);
    if (socket->notice == NULL) {
        tp_memory_free(socket);
        return NULL;
    }
    socket->notice->kind = TP_MESSAGE_IO;
    socket->notice->schema = 0;
    socket->role = role;
    socket->loop = loop;
    socket->fd = -1;
    ck_pr_inc_32(&loop->load);
    return socket;
}

/* Told so, as a child of a fork may keep the descriptor open. */
static void
unwatch(struct tp_socket *socket)
{
    if (socket->is_watched) {
        (void)epoll_ctl(
            socket->loop->epoll_fd, EPOLL_CTL_DEL, socket->fd, NULL);
        socket->is_watched = false;
    }
}

void
tp_socket_drop_fd(struct tp_socket *socket)
{
    unwatch(socket);
    socket->armed = 0;
    if (socket->fd >= 0) {
        close(socket->fd);
        socket->fd = -1;
    }
}

void
tp_socket_destroy(struct troupe_self *self, struct tp_socket *socket)
{
    tp_socket_set_timeout(socket, UINT64_MAX);
    socket->role->fini(self, socket);
    if (socket->notice != NULL) {
        tp_post_free(self, socket->notice);
    }
    ck_pr_dec_32(&socket->loop->load);
    tp_socket_drop_fd(socket);
    tp_memory_free(socket);
}

/* ---- the actor's --------------------------------------------------------- */

/* The actor runs where the socket is, and nowhere else. */
static void
bind_actor(struct tp_actor *actor, struct tp_socket *socket)
{
    if (ck_pr_load_32(&actor->task.bound) == TP_TASK_ANYWHERE) {
        ck_pr_store_32(&actor->task.bound, 1 + socket->loop->worker->index);
        socket->has_bound = true;
    }
}

troupe_err
tp_socket_give(struct troupe_self *self, struct tp_socket *socket)
{
    struct tp_extension *extension = tp_extension_get(self, self->actor);

    if (extension == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a socket");
    }
    extension->socket = socket;
    socket->owner = self->pid;
    socket->state = TP_SOCKET_LIVING;
    bind_actor(self->actor, socket);
    return TROUPE_OK;
}

/* An actor that is bound for reasons of its own takes the socket along. */
static void
go_where_it_is_bound(struct tp_actor *actor, struct tp_socket *socket)
{
    uint32_t bound = ck_pr_load_32(&actor->task.bound);
    struct tp_scheduler *scheduler = socket->loop->worker->scheduler;

    if (bound != TP_TASK_ANYWHERE && bound <= scheduler->workers_count &&
        scheduler->workers[bound - 1].io != NULL) {
        ck_pr_dec_32(&socket->loop->load);
        socket->loop = tp_loop_of(&scheduler->workers[bound - 1]);
        ck_pr_inc_32(&socket->loop->load);
    }
}

/* At a turn's end, which comes now, whoever is bound elsewhere goes there. */
static void
end_turn(struct troupe_self *self)
{
    self->pushes_count = TP_ACTOR_TURN_PUSHES_MAX;
}

static void
live(struct troupe_self *self, struct tp_socket *socket)
{
    socket->state = TP_SOCKET_LIVING;
    socket->role->live(self, socket);
}

void
tp_socket_begin(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_socket *socket = actor->extension->socket;

    if (socket->state != TP_SOCKET_CARRIED) {
        return; /* its start handler has made it */
    }
    socket->owner = self->pid;
    go_where_it_is_bound(actor, socket);
    bind_actor(actor, socket);
    if (socket->loop->worker == self->worker) {
        live(self, socket);
        return;
    }
    socket->state = TP_SOCKET_GIVEN;
    tp_socket_notify(self, socket);
    end_turn(self);
}

void
tp_socket_wait(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_socket *socket = actor->extension->socket;

    if (socket->role->wait != NULL) {
        socket->role->wait(self, socket);
    }
}

void
tp_socket_close(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_socket *socket = actor->extension->socket;

    if (socket->role->close != NULL) {
        socket->role->close(self, socket);
    } else {
        tp_life_finish(
            self, actor, (struct tp_exit){.kind = TROUPE_EXIT_NORMAL});
    }
}

void
tp_socket_end(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_socket *socket = actor->extension->socket;

    actor->extension->socket = NULL;
    if (socket->has_bound) {
        ck_pr_store_32(&actor->task.bound, TP_TASK_ANYWHERE);
    }
    tp_socket_destroy(self, socket);
}

void
tp_socket_drop(struct troupe_self *self, void *socket)
{
    tp_socket_destroy(self, socket);
}

/* ---- the notice ---------------------------------------------------------- */

void
tp_socket_notify(struct troupe_self *self, struct tp_socket *socket)
{
    struct troupe_message *notice = socket->notice;

    socket->is_due = true; /* if it is in hand, it goes on its way after */
    if (notice != NULL) {
        socket->notice = NULL;
        tp_post_from(self, TROUPE_NO_PID, socket->owner, notice);
    }
}

static void
put_down(struct troupe_self *self, struct tp_socket *socket,
    struct troupe_message *message)
{
    socket->notice = message;
    if (socket->is_due) {
        tp_socket_notify(self, socket);
    }
}

/*
 * A notice of an earlier life with the same pid is as good as this one's; one
 * too many is freed.
 */
void
tp_socket_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    struct tp_socket *socket = tp_socket_of(self);

    if (socket == NULL || socket->notice != NULL) {
        tp_post_free(self, message);
        return;
    }
    socket->is_due = false;
    if (socket->state == TP_SOCKET_GIVEN) {
        live(self, socket);
        socket->is_due = false; /* this is the turn */
    }
    socket->role->take_turn(self, actor, socket, message);
    put_down(self, socket, message);
}

/* ---- the loop's ---------------------------------------------------------- */

static void
be_readable(struct tp_socket *socket)
{
    if (socket->is_early) {
        socket->role->be_readable(socket);
    } else if (!socket->is_readable) {
        socket->is_readable = true;
        socket->told_count = 0;
        tp_socket_notify(tp_loop_self(socket->loop), socket);
    } else if (++socket->told_count == TP_SOCKET_TOLD_MAX) {
        socket->is_deaf = true; /* the actor takes its time */
        tp_socket_arm(socket, socket->armed & ~(uint32_t)EPOLLIN);
    }
}

/* What is broken is said to be so for ever, and whoever knows need not hear it
 * again. */
void
tp_socket_be_ready(struct tp_socket *socket, uint32_t events)
{
    uint32_t found = socket->armed & events;

    if ((events & EPOLLERR) != 0 || socket->armed == 0) {
        bool is_asked = socket->armed != 0;

        unwatch(socket);
        socket->armed = 0;
        if (is_asked) {
            socket->role->be_broken(socket);
        }
        return;
    }
    if ((events & ~(uint32_t)EPOLLHUP) == 0) {
        found = socket->armed; /* whoever waits for anything is to find out */
    }
    if ((found & EPOLLOUT) != 0) {
        socket->role->be_writable(socket);
    }
    if ((found & EPOLLIN) != 0) {
        be_readable(socket);
    }
}

static int
watch(struct tp_socket *socket, int how, uint32_t events)
{
    struct epoll_event wanted = {.events = events, .data.ptr = socket};

    return epoll_ctl(socket->loop->epoll_fd, how, socket->fd, &wanted);
}

troupe_err
tp_socket_watch(struct tp_socket *socket)
{
    if (watch(socket, EPOLL_CTL_ADD, 0) != 0) {
        return tp_err_set(TROUPE_E_SYSTEM, "a socket could not be watched: %s",
            strerror(errno));
    }
    socket->is_watched = true;
    return TROUPE_OK;
}

/* If it is not watched it was found to be broken, and may be so again. */
void
tp_socket_arm(struct tp_socket *socket, uint32_t events)
{
    if (socket->fd < 0 || events == socket->armed) {
        return;
    }
    socket->armed = events;
    if (socket->is_watched) {
        (void)watch(socket, EPOLL_CTL_MOD, events);
    } else {
        socket->is_watched = watch(socket, EPOLL_CTL_ADD, events) == 0;
    }
}

/* ---- time ---------------------------------------------------------------- */

void
tp_socket_set_timeout(struct tp_socket *socket, uint64_t expires_ns)
{
    struct tp_worker *worker = socket->loop->worker;

    if (socket->has_timeout) {
        (void)tp_worker_cancel_timeout(worker, &socket->timeout);
    }
    socket->has_timeout = expires_ns != UINT64_MAX;
    if (socket->has_timeout) {
        socket->timeout.purpose = TP_MESSAGE_IO;
        tp_worker_add_timeout(
            worker, &socket->timeout, expires_ns, TP_TIMEOUT_UNAWAITED);
    }
}

void
tp_socket_expire(struct tp_worker *worker, struct tp_timeout *timeout)
{
    struct tp_socket *socket = socket_of_timeout(timeout);

    (void)worker;
    socket->has_timeout = false;
    socket->role->be_late(socket);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/loop.h"

#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"
#include "net/socket.h"
#include "net/writing.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { READY_MAX = 64 }; /* sockets in a poll */

/* While a busy worker has so many in hand, it looks for more only so often. */
static const uint64_t ready_ns = TROUPE_MS(1);

/* ---- parking ------------------------------------------------------------- */

static struct timespec
span_until(uint64_t deadline_ns)
{
    struct tp_clock clock = tp_clock_monotonic();
    uint64_t now_ns = tp_clock_now_ns(&clock);
    uint64_t span_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

    return (struct timespec){.tv_sec = (time_t)(span_ns / 1000000000),
        .tv_nsec = (long)(span_ns % 1000000000)};
}

static void
empty(int wake_fd)
{
    uint64_t count;

    if (read(wake_fd, &count, sizeof(count)) < 0) {
        TP_ASSERT(errno == EAGAIN || errno == EINTR);
    }
}

/* The word need not be looked at: a wake stays in the eventfd. */
static void
wait_for_something(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
    struct tp_loop *loop = tp_loop_of(tp_worker_of_parker(word));
    struct pollfd polled[3] = {
        {.fd = loop->wake_fd, .events = POLLIN},
        {.fd = loop->epoll_fd, .events = POLLIN},
        {.fd = uv_backend_fd(&loop->uv), .events = POLLIN},
    };
    struct timespec span;
    int errno_before = errno;

    (void)seen;
    if (deadline_ns != UINT64_MAX) {
        span = span_until(deadline_ns);
    }
    if (ppoll(polled, 3, deadline_ns == UINT64_MAX ? NULL : &span, NULL) > 0 &&
        polled[0].revents != 0) {
        empty(loop->wake_fd);
    }
    errno = errno_before;
}

static void
wake(uint32_t *word)
{
    struct tp_loop *loop = tp_loop_of(tp_worker_of_parker(word));
    uint64_t one = 1;
    int errno_before = errno;

    /* It can only fail when it is full of wakes. */
    while (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    errno = errno_before;
}

/* ---- polling ------------------------------------------------------------- */

static void
flush(struct tp_loop *loop)
{
    struct tp_connection *connection = loop->unflushed;

    loop->unflushed = NULL;
    while (connection != NULL) {
        struct tp_connection *next = connection->next_unflushed;

        tp_writing_flush_due(connection);
        connection = next;
    }
}

/* None of them is freed by what another does: that is for actors' turns. */
static void
look_at_sockets(struct tp_loop *loop)
{
    struct epoll_event ready[READY_MAX];
    int count = epoll_wait(loop->epoll_fd, ready, READY_MAX, 0);

    for (int i = 0; i < count; i++) {
        tp_socket_be_ready(ready[i].data.ptr, ready[i].events);
    }
    if (count == READY_MAX) {
        loop->worker->io_due_ns = loop->worker->now_ns + ready_ns;
    }
}

static void
poll_loop(struct tp_worker *worker)
{
    struct tp_loop *loop = tp_loop_of(worker);

    if (loop->unflushed != NULL) {
        flush(loop);
    }
    look_at_sockets(loop);
    if (uv_loop_alive(&loop->uv)) {
        uv_run(&loop->uv, UV_RUN_NOWAIT);
    }
}

bool
tp_loop_is_open(struct tp_loop *loop)
{
    return tp_runtime_state_of(tp_loop_self(loop)->runtime) ==
           TP_RUNTIME_RUNNING;
}

struct tp_loop *
tp_loop_lightest(struct tp_scheduler *scheduler)
{
    struct tp_loop *lightest = NULL;
    uint32_t load_min = UINT32_MAX;

    for (unsigned i = 0; i < scheduler->workers_count; i++) {
        struct tp_loop *loop = tp_loop_of(&scheduler->workers[i]);
        uint32_t load = loop == NULL ? UINT32_MAX : ck_pr_load_32(&loop->load);

        if (load < load_min) {
            load_min = load;
            lightest = loop;
        }
    }
    return lightest;
}

/* ---- life ---------------------------------------------------------------- */

/* errno; 0: both are open. */
static int
open_descriptors(struct tp_loop *loop)
{
    int refused = 0;

    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0) {
        return errno;
    }
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        refused = errno;
        close(loop->wake_fd);
    }
    return refused;
}

static troupe_err
fill(struct tp_loop *loop)
{
    int refused = uv_loop_init(&loop->uv);

    if (refused == 0) {
        refused = -open_descriptors(loop);
        if (refused == 0) {
            return TROUPE_OK;
        }
        uv_loop_close(&loop->uv);
    }
    return tp_err_set(TROUPE_E_SYSTEM, "no event loop for worker %u: %s",
        loop->worker->index, uv_strerror(refused));
}

static troupe_err
open_loop(struct tp_worker *worker)
{
    struct tp_loop *loop = tp_memory_alloc_zeroed(1, sizeof(*loop));
    troupe_err err;

    if (loop == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY,
            "no memory for the event loop of worker %u", worker->index);
    }
    loop->worker = worker;
    err = fill(loop);
    if (err != TROUPE_OK) {
        tp_memory_free(loop);
        return err;
    }
    worker->io = loop;
    return TROUPE_OK;
}

/* What the pool still does is waited for: nobody can stop it. If there is no
 * memory for a worker's self, nothing has been given to it either. */
static void
close_loop(struct tp_worker *worker)
{
    struct tp_loop *loop = tp_loop_of(worker);
    int refused;

    ck_pr_store_32(&loop->is_closing, 1);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    refused = uv_loop_close(&loop->uv);
    TP_ASSERT(refused == 0);
    close(loop->wake_fd);
    close(loop->epoll_fd);
    tp_work_slots_fini(&loop->slots);
    worker->io = NULL;
    tp_memory_free(loop);
}

const struct tp_io tp_loop_io = {
    .open = open_loop,
    .close = close_loop,
    .poll = poll_loop,
    .parking = {wait_for_something, wake},
};

/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, BACKLOG = 1024 };

static struct ledger *the_ledger;

/* Listens on a free port, and tells it. */
static int
listen_anywhere(int tell)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    uint16_t port;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 ||
        listen(listener, BACKLOG) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        perror("troupe-lab: no port on the loopback");
        _exit(1);
    }
    port = ntohs(address.sin_port);
    if (write(tell, &port, sizeof(port)) != sizeof(port)) {
        _exit(1);
    }
    return listener;
}

static int
accept_one(int listener)
{
    int socket = accept(listener, NULL, NULL);
    int on = 1;

    if (socket >= 0) {
        (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    return socket;
}

/* ---- what all do with a request ------------------------------------------ */

static void
answer(int socket, const struct frame *frame)
{
    uint8_t out[FRAMES_BYTES_MAX];
    int64_t result = frames_do(the_ledger, frame);
    size_t size = frames_answer(out, frame->id, result);

    (void)(send(socket, out, size, MSG_NOSIGNAL) == (ssize_t)size);
}

/* ---- a process a connection ---------------------------------------------- */

static void
serve_connection(int socket)
{
    struct frames frames = {.count = 0};
    struct frame frame;
    uint8_t bytes[FRAMES_BYTES_MAX];
    ssize_t count;
    bool is_fault = false;

    while (!is_fault && (count = read(socket, bytes, sizeof(bytes) / 2)) > 0) {
        (void)frames_add(&frames, bytes, (size_t)count);
        while (frames_take(&frames, &frame, &is_fault)) {
            answer(socket, &frame);
        }
    }
}

static void
on_child_end(int number)
{
    (void)number; /* it interrupts accept() */
}

void
serve_processes(struct ledger *ledger, int tell)
{
    struct sigaction ended = {.sa_handler = on_child_end};
    int listener = listen_anywhere(tell);

    the_ledger = ledger;
    sigaction(SIGCHLD, &ended, NULL);
    for (;;) {
        int socket = accept_one(listener);

        if (socket >= 0 && fork() == 0) {
            close(listener);
            serve_connection(socket);
            _exit(0);
        }
        if (socket >= 0) {
            close(socket);
        }
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
    }
}

/* ---- an event loop ------------------------------------------------------- */

struct connection {
    int socket;
    struct frames frames;
};

typedef void request_function(int socket, const struct frame *frame);

static void
add(int poll, int descriptor, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

    (void)epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
}

static void
read_requests(struct connection *connection, request_function *on_request)
{
    uint8_t bytes[FRAMES_BYTES_MAX / 2];
    ssize_t count = read(connection->socket, bytes, sizeof(bytes));
    bool is_fault = count <= 0;
    struct frame frame;

    if (count > 0) {
        (void)frames_add(&connection->frames, bytes, (size_t)count);
        while (frames_take(&connection->frames, &frame, &is_fault)) {
            on_request(connection->socket, &frame);
        }
    }
    if (is_fault) {
        close(connection->socket);
        free(connection);
    }
}

static void
run_loop(int listener, request_function *on_request)
{
    int poll = epoll_create1(0);
    struct epoll_event events[EVENTS_MAX];

    add(poll, listener, NULL);
    for (;;) {
        int count = epoll_wait(poll, events, EVENTS_MAX, -1);

        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;

            if (connection != NULL) {
                read_requests(connection, on_request);
                continue;
            }
            connection = calloc(1, sizeof(*connection));
            if (connection != NULL) {
                connection->socket = accept_one(listener);
                add(poll, connection->socket, connection);
            }
        }
    }
}

void
serve_loop(struct ledger *ledger, int tell)
{
    the_ledger = ledger;
    run_loop(listen_anywhere(tell), answer);
}

/* ---- a thread a request -------------------------------------------------- */

struct errand {
    int socket;
    struct frame frame;
};

static void *
run_errand(void *arg)
{
    struct errand *errand = arg;

    answer(errand->socket, &errand->frame);
    free(errand);
    return NULL;
}

/* The loop only reads; a client has one request under way at a time. */
static void
start_thread(int socket, const struct frame *frame)
{
    struct errand *errand = malloc(sizeof(*errand));
    pthread_attr_t attributes;
    pthread_t thread;

    if (errand == NULL) {
        abort();
    }
    *errand = (struct errand){socket, *frame};
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, run_errand, errand) != 0) {
        (void)run_errand(errand); /* there are too many already */
    }
    pthread_attr_destroy(&attributes);
}

void
serve_threads(struct ledger *ledger, int tell)
{
    the_ledger = ledger;
    run_loop(listen_anywhere(tell), start_thread);
}

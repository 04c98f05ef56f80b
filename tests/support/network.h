/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * network: a runtime with a network, a listener on a free port of its own, and
 * plain sockets as its peers.
 *
 * The peers share no code with what is tested: they are the system's sockets,
 * blocking, in the test's thread. What ends is noted by watching it. Nothing is
 * waited for by time: a peer that would wait for ever is ended by the test's
 * timeout.
 */
#ifndef TROUPE_TESTS_SUPPORT_NETWORK_H
#define TROUPE_TESTS_SUPPORT_NETWORK_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "troupe/net.h"
#include "troupe/troupe.h"

#define FIELDS_WHERE(FIELD) FIELD(str, address)
#define FIELDS_WHOM(FIELD) FIELD(pid, actor)
#define FIELDS_END(FIELD) FIELD(int64, kind) FIELD(int64, code) FIELD(str, text)
TROUPE_MESSAGE(get_address, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(address_is, FIELDS_WHERE)
TROUPE_MESSAGE(watch_for, FIELDS_WHOM)
TROUPE_MESSAGE(get_next_end, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(end_is, FIELDS_END)
TROUPE_MESSAGE(get_next_open, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(open_is, FIELDS_WHOM)

static const uint64_t long_ns = TROUPE_SECONDS(60);

static struct {
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid listener;
    troupe_pid watcher;
    char address[TROUPE_NET_ADDRESS_MAX];
    struct troupe_stop_report report;
} net;

/* ---- the watcher: tells whoever asks how the next one has ended, or begun -
 */

struct end_note {
    int64_t kind;
    int64_t code;
    char text[TROUPE_EXIT_TEXT_MAX + 1];
};

enum { NOTES_MAX = 2048 };

struct watcher {
    struct end_note *ends;
    troupe_pid *opens;
    unsigned ends_count;
    unsigned ends_told;
    unsigned opens_count;
    unsigned opens_told;
    struct troupe_request *waits_for_end;
    struct troupe_request *waits_for_open;
};

static void
tell_end(struct troupe_self *self, struct watcher *watcher)
{
    if (watcher->waits_for_end != NULL &&
        watcher->ends_told < watcher->ends_count) {
        const struct end_note *note = &watcher->ends[watcher->ends_told++];

        CHECK(troupe_reply_to(self, &watcher->waits_for_end, end_is,
                  .kind = note->kind, .code = note->code,
                  .text = troupe_str_of(note->text)) == TROUPE_OK);
    }
}

static void
tell_open(struct troupe_self *self, struct watcher *watcher)
{
    if (watcher->waits_for_open != NULL &&
        watcher->opens_told < watcher->opens_count) {
        CHECK(troupe_reply_to(self, &watcher->waits_for_open, open_is,
                  .actor = watcher->opens[watcher->opens_told++]) == TROUPE_OK);
    }
}

static struct end_note *
next_note(struct watcher *watcher)
{
    CHECK(watcher->ends_count < NOTES_MAX);
    return &watcher->ends[watcher->ends_count++];
}

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    struct end_note *note = next_note(state);

    (void)context;
    note->kind = down->why->kind;
    note->code = down->why->code;
    snprintf(note->text, sizeof(note->text), "%s", down->why->text);
    tell_end(self, state);
}

/* Told by an actor that may have ended before anybody could watch it. */
static void
on_end_is(struct troupe_self *self, void *state, const struct end_is *end)
{
    struct end_note *note = next_note(state);

    note->kind = end->kind;
    note->code = end->code;
    snprintf(note->text, sizeof(note->text), "%.*s", (int)end->text.length,
        end->text.data);
    tell_end(self, state);
}

static void
on_watch_for(
    struct troupe_self *self, void *state, const struct watch_for *watched)
{
    struct watcher *watcher = state;

    CHECK(watcher->opens_count < NOTES_MAX);
    watcher->opens[watcher->opens_count++] = watched->actor;
    CHECK(troupe_monitor(self, watched->actor, on_down, 0, NULL) == TROUPE_OK);
    tell_open(self, watcher);
}

static void
on_get_next_end(
    struct troupe_self *self, void *state, const struct get_next_end *get)
{
    struct watcher *watcher = state;

    (void)get;
    CHECK(troupe_request_keep(self, &watcher->waits_for_end) == TROUPE_OK);
    tell_end(self, watcher);
}

static void
on_get_next_open(
    struct troupe_self *self, void *state, const struct get_next_open *get)
{
    struct watcher *watcher = state;

    (void)get;
    CHECK(troupe_request_keep(self, &watcher->waits_for_open) == TROUPE_OK);
    tell_open(self, watcher);
}

static void
on_watcher_start(struct troupe_self *self, void *state)
{
    struct watcher *watcher = state;

    (void)self;
    watcher->ends = calloc(NOTES_MAX, sizeof(*watcher->ends));
    watcher->opens = calloc(NOTES_MAX, sizeof(*watcher->opens));
    CHECK(watcher->ends != NULL && watcher->opens != NULL);
}

static void
on_watcher_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct watcher *watcher = state;

    (void)self, (void)why;
    free(watcher->ends);
    free(watcher->opens);
}

TROUPE_BEHAVIOUR(watcher, sizeof(struct watcher),
    TROUPE_ON_START(on_watcher_start), TROUPE_ON_STOP(on_watcher_stop),
    TROUPE_ON(end_is, on_end_is), TROUPE_ON(watch_for, on_watch_for),
    TROUPE_ON(get_next_end, on_get_next_end),
    TROUPE_ON(get_next_open, on_get_next_open));

/* How the next one has ended of those that are watched. */
static struct end_note __attribute__((unused)) next_end(void)
{
    struct end_is end;
    struct end_note note;

    CHECK(troupe_ask(net.self, net.watcher, long_ns, end_is, &end,
              get_next_end) == TROUPE_OK);
    note.kind = end.kind;
    note.code = end.code;
    snprintf(note.text, sizeof(note.text), "%.*s", (int)end.text.length,
        end.text.data);
    return note;
}

/* The next one that asks to be watched. */
static troupe_pid __attribute__((unused)) next_open(void)
{
    struct open_is open;

    CHECK(troupe_ask(net.self, net.watcher, long_ns, open_is, &open,
              get_next_open) == TROUPE_OK);
    return open.actor;
}

/* A stop handler that tells the watcher why. */
static void __attribute__((unused))
tell_why(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)state;
    CHECK(
        troupe_tell(self, net.watcher, end_is, .kind = why->kind,
            .code = why->code, .text = troupe_str_of(why->text)) == TROUPE_OK);
}

/* In a start handler, or when it is open: the watcher is to watch it. */
static void __attribute__((unused)) be_watched(struct troupe_self *self)
{
    CHECK(troupe_tell(self, net.watcher, watch_for,
              .actor = troupe_self_pid(self)) == TROUPE_OK);
}

/* ---- the listener -------------------------------------------------------- */

struct listening {
    const char *address;
    struct troupe_net_listen *listen;
};

static void
on_listening_start(struct troupe_self *self, void *state)
{
    struct listening *listening = state;
    troupe_err err =
        troupe_net_listen(self, listening->address, listening->listen);

    if (err != TROUPE_OK) {
        troupe_fail(self, (int)err, "%s", troupe_err_detail());
    }
}

static void
on_get_address(
    struct troupe_self *self, void *state, const struct get_address *get)
{
    char address[TROUPE_NET_ADDRESS_MAX];

    (void)state, (void)get;
    CHECK(troupe_net_address(self, address, sizeof(address)) == TROUPE_OK);
    CHECK(troupe_reply(self, address_is, .address = troupe_str_of(address)) ==
          TROUPE_OK);
}

TROUPE_BEHAVIOUR(listening, sizeof(struct listening),
    TROUPE_ON_START(on_listening_start),
    TROUPE_ON(get_address, on_get_address));

/* Of tests in which an actor crashes; see tests/support/fault.h. */
static void __attribute__((unused)) save_fault_handlers(void)
{
    CHECK(troupe_runtime_create(NULL, &net.runtime) == TROUPE_OK);
    fault_save_handlers();
    troupe_runtime_destroy(&net.runtime);
}

static void __attribute__((unused))
begin_runtime(struct troupe_options *options)
{
    options->io = troupe_net();
    CHECK(troupe_runtime_create(options, &net.runtime) == TROUPE_OK);
    CHECK(troupe_runtime_start(net.runtime) == TROUPE_OK);
    net.self = troupe_thread_self(net.runtime);
    CHECK(troupe_spawn(net.self, watcher, &net.watcher) == TROUPE_OK);
}

static void __attribute__((unused)) ask_address(troupe_pid listener)
{
    struct address_is is;

    CHECK(troupe_ask(net.self, listener, long_ns, address_is, &is,
              get_address) == TROUPE_OK);
    snprintf(net.address, sizeof(net.address), "%.*s", (int)is.address.length,
        is.address.data);
}

static void __attribute__((unused))
begin_listener(const char *address, struct troupe_net_listen *listen)
{
    struct listening state = {address, listen};

    CHECK(troupe_spawn_with(net.self, listening,
              &TROUPE_SPAWN_OPTIONS(.state = &state),
              &net.listener) == TROUPE_OK);
    ask_address(net.listener);
}

/* listen must stay as long as the listener may begin again. */
static void __attribute__((unused))
begin_at(const char *address, struct troupe_net_listen *listen)
{
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 2));
    begin_listener(address, listen);
}

static void __attribute__((unused)) finish_runtime(void)
{
    net.report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    (void)troupe_runtime_stop(net.runtime, long_ns, &net.report);
    troupe_runtime_destroy(&net.runtime);
}

/* ---- peers --------------------------------------------------------------- */

static int __attribute__((unused)) connect_local(const char *path)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0);
    snprintf(where.sun_path, sizeof(where.sun_path), "%s", path);
    CHECK(connect(fd, (struct sockaddr *)&where, sizeof(where)) == 0);
    return fd;
}

static uint16_t __attribute__((unused)) port_of(const char *address)
{
    const char *colon = strrchr(address, ':');

    CHECK(colon != NULL);
    return (uint16_t)atoi(colon + 1);
}

/* How much the system keeps for a peer that does not read; 0: as it likes. */
static int peer_keeps;

static int __attribute__((unused)) connect_peer(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET,
        .sin_port = htons(port_of(net.address)),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd;

    if (strncmp(net.address, "unix:", 5) == 0) {
        return connect_local(net.address + 5);
    }
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    if (peer_keeps != 0) {
        CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &peer_keeps,
                  sizeof(peer_keeps)) == 0);
    }
    CHECK(connect(fd, (struct sockaddr *)&where, sizeof(where)) == 0);
    return fd;
}

/* A peer for which the system keeps little: what it does not read waits with
 * who writes. */
static int __attribute__((unused)) connect_narrow_peer(void)
{
    int fd;

    peer_keeps = 32768;
    fd = connect_peer();
    peer_keeps = 0;
    return fd;
}

static void __attribute__((unused))
send_all(int fd, const void *bytes, size_t count)
{
    const char *at = bytes;

    while (count > 0) {
        ssize_t sent = send(fd, at, count, MSG_NOSIGNAL);

        CHECK(sent > 0);
        at += sent;
        count -= (size_t)sent;
    }
}

static void __attribute__((unused))
receive_all(int fd, void *bytes, size_t count)
{
    char *at = bytes;

    while (count > 0) {
        ssize_t got = recv(fd, at, count, 0);

        CHECK(got > 0);
        at += got;
        count -= (size_t)got;
    }
}

/* The peer of this one has written its last byte. */
static bool __attribute__((unused)) is_at_end(int fd)
{
    char byte;

    return recv(fd, &byte, 1, 0) == 0;
}

/* Closed like that, it says RST. */
static void __attribute__((unused)) reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    CHECK(
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) == 0);
    close(fd);
}

#endif

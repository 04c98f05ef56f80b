/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network: sockets that belong to actors. Part of the library troupe-net, not
 * of troupe itself: include this header, link troupe::net, and make the runtime
 * with a network:
 *
 *     troupe_runtime_create(&TROUPE_OPTIONS(.io = troupe_net()), &runtime)
 *
 * An actor has one socket at most. It becomes a listener by
 * troupe_net_listen(), or one end of a connection by troupe_net_connect(); of
 * each connection that a listener accepts, an actor of the behaviour that it
 * names is born. The socket lives as long as the actor's life: whatever ends
 * the actor closes it, and what ends the connection ends the actor. So links,
 * monitors and supervisors do for sockets what they do for actors.
 *
 *     what ends a connection                      its actor ends
 *     troupe_net_close()                          NORMAL, when all is written
 *     the peer has sent its last byte, and the    the same
 *         behaviour has no line for it
 *     troupe_stop() and the like, a crash         as ever, and at once
 *     the peer is gone, time is up                FAILED: the code is the
 *                                                 system's errno, the text says
 *                                                 who and why
 *
 * What a connection has to say are messages that its behaviour has lines for.
 * They take their turn among the actor's other mail, and are never encoded: the
 * bytes are a view into a buffer that the worker has.
 *
 *     TROUPE_BEHAVIOUR(echo, sizeof(struct echo),
 *         TROUPE_ON(troupe_net_opened, on_opened),     may write from here on
 *         TROUPE_ON(troupe_net_bytes, on_bytes),       the peer has sent these
 *         TROUPE_ON(troupe_net_drained, on_drained),   what waited is written
 *         TROUPE_ON(troupe_net_ended, on_ended));      the peer sends no more
 *
 * Lines that are missing are as if they were empty, but that of
 * troupe_net_bytes (without it bytes that come end the actor) and that of
 * troupe_net_ended. A test can tell an actor these messages itself, without any
 * socket.
 *
 * The body of a process (troupe/sequential.h) receives them: those that it
 * wants and when it wants them. What it does not receive waits, bytes in the
 * system. A body that wants bytes, and not troupe_net_ended, when its peer has
 * ended, is closed, like a behaviour without the line; that a connection has
 * drained it is not told. When the body returns, the actor ends as by
 * troupe_net_close().
 *
 *     while (troupe_receive_only(self, troupe_net_bytes, &got,
 *                TROUPE_FOREVER) == TROUPE_OK) {
 *         (void)troupe_net_write(self, got.bytes.data, got.bytes.size);
 *     }
 *
 * Nothing grows without bound. What the actor has no turn for is not read: it
 * waits in the system, and the peer is slowed down. An actor that is paused,
 * because it floods another, or suspended does not read either. What the peer
 * does not read waits to be written, up to a high mark; then the actor is held:
 * it handles nothing more, so that its mailbox fills and its senders are
 * paused, until less than the low mark waits. A handler cannot be held in its
 * middle: what it writes is taken up to the hard mark, and refused above. A
 * body can: it waits in troupe_net_write().
 *
 * What handlers write is collected, and handed to the system together, after 64
 * handlers or a millisecond at the latest, and at once when the worker has
 * nothing else to do.
 *
 * A connection's actor runs where its socket is: on one worker, and never
 * anywhere else. Accepted ones are given to the worker that has the fewest.
 *
 * A stop of the runtime accepts and reads no more, writes what waits to be
 * written for as long as it drains, and closes. Simulations have no network:
 * troupe_runtime_create() refuses both together.
 *
 * An address is "HOST:PORT", "[HOST]:PORT" for an address of IPv6, or
 * "unix:PATH". Port 0 picks one that is free; troupe_net_address() says which.
 *
 * Every function here is for the holder of `self` and, unless it says
 * otherwise, for the handlers of the actor that has the socket: elsewhere it
 * returns WRONG_THREAD, and without a socket NOT_CONNECTED.
 */
#ifndef TROUPE_NET_H
#define TROUPE_NET_H

#include "troupe/runtime.h"
#include "troupe/tls.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The network, for .io of TROUPE_OPTIONS. Any thread. */
TROUPE_API const struct troupe_io *troupe_net(void);

/* ---- what a connection says ---------------------------------------------- */

/** It is open: what is written from here on goes out. Both ends get it. */
TROUPE_MESSAGE(troupe_net_opened, TROUPE_NO_FIELDS)

/** The peer has sent `bytes`, at least one, and where they are cut means
 * nothing; or, with .line_max, a line. */
#define TROUPE_NET_BYTES(FIELD) FIELD(bin, bytes)
TROUPE_MESSAGE(troupe_net_bytes, TROUPE_NET_BYTES)

/** More than the low mark had waited to be written, and it is no more. */
TROUPE_MESSAGE(troupe_net_drained, TROUPE_NO_FIELDS)

/** The peer has sent its last byte; it may still read. An actor with a line
 * for this has to end by itself, by troupe_net_close(), say. */
TROUPE_MESSAGE(troupe_net_ended, TROUPE_NO_FIELDS)

/* ---- connections --------------------------------------------------------- */

/** What is 0 is default. Made by TROUPE_NET_OPTIONS(.field = value, ...). */
struct troupe_net_options {
    size_t size;
    /** No byte has come or gone for so long: the connection is lost, with
     * ETIMEDOUT. 0: it may be silent for ever. */
    uint64_t idle_ns;
    /** To find the address and to be connected may take so long, with the
     * handshake of TLS; an accepted one's handshake too; 0: 30 s. */
    uint64_t connect_ns;
    /** So many bytes wait to be written: the actor is held; 0: 256 KiB. */
    size_t write_high;
    /** Until they are no more than this; 0: a quarter of write_high. */
    size_t write_low;
    /** More is refused; 0: 4 MiB, or write_high if that is more. */
    size_t write_hard;
    /** Its bytes go by TLS (troupe/tls.h); NULL: as they are. Its maker may
     * destroy it after the call. */
    struct troupe_tls *tls;
    /** The name that the peer's certificate has to be for; NULL: the host of
     * the address. Copied. */
    const char *tls_name;
    /** What comes is cut into lines: each is a troupe_net_bytes of its own,
     * without the LF or CR LF that ends it, perhaps empty. The last one may
     * lack its end. One of more bytes ends the actor, EMSGSIZE. 0: bytes come
     * as they are. */
    size_t line_max;
};

/** The defaults, for those who would rather set fields afterwards (C++). */
static inline struct troupe_net_options
troupe_net_options_default(void)
{
    struct troupe_net_options options;

    __builtin_memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    return options;
}

#ifndef __cplusplus
#define TROUPE_NET_OPTIONS(...)                                                \
    ((struct troupe_net_options){                                              \
        .size = sizeof(struct troupe_net_options), __VA_ARGS__})
#endif

/**
 * The actor that calls becomes one end of a connection to that address.
 * options may be NULL. It gets troupe_net_opened, or ends FAILED. What it
 * writes before it is open waits. A name is looked up by the pool for blocking
 * work (troupe/work.h), and its addresses are tried one after the other.
 *
 * Errors: INVALID_ARGUMENT (an address that is none, marks that contradict each
 * other, an actor with a socket, .tls of the other side), NO_NETWORK (the
 * runtime was made without one, or this worker has none), NO_MEMORY,
 * ABI_MISMATCH, SYSTEM.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_net_connect(
    struct troupe_self *self, const char *address,
    const struct troupe_net_options *options);

/**
 * Writes count bytes, all or none: they are copied, and go out in order. In the
 * body of a process it waits while as much as the high mark waits to be
 * written, so there may be any number of bytes, and some may have gone if it
 * fails.
 *
 * Errors, with nothing taken: WRITE_FULL (the hard mark: wait for
 * troupe_net_drained), NOT_CONNECTED (no connection, or it has been shut or
 * closed by this side), NO_MEMORY. That the peer is gone is no error here: it
 * ends the actor, a body where it writes or receives next.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_net_write(
    struct troupe_self *self, const void *bytes, size_t count);

/** How many bytes wait to be written. 0 where there is no connection. */
TROUPE_API size_t troupe_net_unwritten(const struct troupe_self *self);

/**
 * Reads no more until troupe_net_resume(): the peer is slowed down as soon as
 * the system's buffers are full. That the peer is gone is noticed later.
 */
TROUPE_API troupe_err troupe_net_pause(struct troupe_self *self);
TROUPE_API troupe_err troupe_net_resume(struct troupe_self *self);

/** Nothing is written after this: the peer is told so (half-close) when all
 * that waits is written. Reading goes on. */
TROUPE_API troupe_err troupe_net_shut(struct troupe_self *self);

/**
 * Ends the actor, NORMAL, when all that waits to be written is written, or the
 * peer is gone, or no byte has gone for idle_ns. It reads and handles bytes no
 * more; other mail it does. A listener ends at once.
 */
TROUPE_API troupe_err troupe_net_close(struct troupe_self *self);

/* ---- listeners ----------------------------------------------------------- */

/** What a listener is to do. Made by TROUPE_NET_LISTEN(.field = value, ...). */
struct troupe_net_listen {
    size_t size;
    /** The behaviour of each connection's actor. */
    struct troupe_behaviour *behaviour;
    /** How that is spawned; NULL: as by default. Copied, with the state. A link
     * would be with the listener. */
    const struct troupe_spawn_options *spawn;
    /** Of each connection; NULL: the defaults. Copied. */
    const struct troupe_net_options *connection;
    /** Connections at a time; more wait in the system. 0: as many as there are
     * file descriptors for. */
    uint32_t connections_max;
    /** How many the system keeps waiting; 0: 1,024. */
    int backlog;
    /** Unix sockets: what the file's mode is to be; 0: 0600, its owner's. */
    unsigned mode;
};

/** The defaults, for those who would rather set fields afterwards (C++). */
static inline struct troupe_net_listen
troupe_net_listen_default(void)
{
    struct troupe_net_listen listen;

    __builtin_memset(&listen, 0, sizeof(listen));
    listen.size = sizeof(listen);
    return listen;
}

#ifndef __cplusplus
#define TROUPE_NET_LISTEN(...)                                                 \
    (&(struct troupe_net_listen){                                              \
        .size = sizeof(struct troupe_net_listen), __VA_ARGS__})
#endif

/**
 * The actor that calls listens at that address from here on: it accepts in
 * turns of its own, and spawns an actor of listen->behaviour for each
 * connection, which lives on when the listener ends. Called in the start
 * handler of a supervised actor it listens again after a restart.
 *
 * Without file descriptors, or memory, to accept by, the listener lives on: the
 * log says so once, connections wait in the system, and it tries again each
 * 50 ms.
 *
 * A Unix socket's file that nobody listens at any more is replaced; it is
 * removed when the listener ends.
 *
 * Errors: as troupe_net_connect(), and SYSTEM with what the system says, such
 * as that the address is in use.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_net_listen(
    struct troupe_self *self, const char *address,
    const struct troupe_net_listen *listen);

/* ---- who is who ---------------------------------------------------------- */

enum { TROUPE_NET_ADDRESS_MAX = 128 };

/**
 * Writes this side's address, such as "127.0.0.1:4242" or "unix:/run/bank", or
 * the peer's, to out, at most size bytes with the final NUL. Empty where there
 * is none. TROUPE_NET_ADDRESS_MAX is enough for all.
 */
TROUPE_API troupe_err troupe_net_address(
    const struct troupe_self *self, char *out, size_t size);
TROUPE_API troupe_err troupe_net_peer(
    const struct troupe_self *self, char *out, size_t size);

/** Which process has connected through a Unix socket, and whose it is. SYSTEM:
 * it is no Unix socket. */
struct troupe_net_credentials {
    int64_t pid;
    uint32_t uid;
    uint32_t gid;
};
TROUPE_API TROUPE_MUST_USE troupe_err troupe_net_credentials_of_peer(
    const struct troupe_self *self, struct troupe_net_credentials *peer);

/**
 * Raises the process's own soft limit of open files to `wanted`, or as far as
 * the hard limit lets it, and sets *limit, which may be NULL, to what holds
 * then. A connection takes one. SYSTEM: fewer than wanted, and the detail says
 * who may raise the hard limit. Any thread.
 */
TROUPE_API troupe_err troupe_net_raise_files(uint64_t wanted, uint64_t *limit);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS: connections that nobody else can read, and a peer that is who it says.
 * Part of troupe-net, where OpenSSL is (libssl-dev).
 *
 * What a side needs is read from files once, into a struct troupe_tls, and
 * given to listeners and connections by the option .tls (troupe/net.h):
 *
 *     troupe_tls_create_server("bank.pem", "bank.key", &tls)
 *     troupe_net_listen(self, "*:4242", TROUPE_NET_LISTEN(
 *         .behaviour = &client_behaviour,
 *         .connection = &TROUPE_NET_OPTIONS(.tls = tls)))
 *
 *     troupe_tls_create_client("authority.pem", &tls)
 *     troupe_net_connect(self, "bank.example:4242",
 *         &TROUPE_NET_OPTIONS(.tls = tls))
 *
 * Nothing else differs. An actor is told that its connection is open when the
 * handshake is over; that has to be so within .connect_ns, on both sides. What
 * goes wrong ends the actor FAILED with EPROTO, and the text says what it was.
 *
 * TLS 1.2 and 1.3 are spoken. A client checks that an authority has signed the
 * server's certificate, for the host that it connects to, and that it holds
 * today; nothing turns that off. A server asks for no certificates. There is
 * no resumption of sessions, and no renegotiation.
 *
 * A peer whose bytes end without the word of TLS that they do (close_notify) is
 * gone, not done: somebody else may have cut the connection. So that ends its
 * actor FAILED. An actor here says the word when it shuts or closes; not when
 * it fails, or is stopped.
 */
#ifndef TROUPE_TLS_H
#define TROUPE_TLS_H

#include "troupe/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What one side of TLS has to know; never changes, and any thread may use it.
 */
struct troupe_tls;

/**
 * For listeners. Both files are PEM: the server's certificate, with those of
 * the authorities between it and the root after it, and its key, without a
 * password. They are read before this returns, so call it before the runtime
 * runs. Any thread. *tls is the caller's, for troupe_tls_destroy().
 *
 * Errors: SYSTEM (a file cannot be read), INVALID_ARGUMENT (it holds something
 * else, has expired, or the key is another certificate's), NO_MEMORY, NO_TLS
 * (built without OpenSSL). The detail says which file, and what to do.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_tls_create_server(
    const char *certificate_file, const char *key_file,
    struct troupe_tls **tls);

/**
 * For connections. Whom authorities_file, PEM, has certificates of may sign
 * servers; NULL: whom the system trusts. Else as troupe_tls_create_server().
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_tls_create_client(
    const char *authorities_file, struct troupe_tls **tls);

/** Listeners and connections that have it keep it as long as they live. *tls is
 * NULL after; it may be before. */
TROUPE_API void troupe_tls_destroy(struct troupe_tls **tls);

#ifdef __cplusplus
}
#endif

#endif

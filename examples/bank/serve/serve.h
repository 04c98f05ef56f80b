/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve: the command that makes the bank a server, for any client that speaks
 * MessagePack-RPC.
 *
 * It is the bank's service (examples/bank/service/service.h) with its messages
 * offered as methods (troupe/rpc.h): each connection is an actor, and asks the
 * actor `bank`. The journal is in memory, so what the bank has ends with the
 * program.
 *
 *     SIGTERM, SIGINT    what has been asked is answered; then it ends, and
 *                        prints how it stopped
 *     SIGUSR1            prints what every actor does and waits for
 *
 *     every function    the main thread
 */
#ifndef TROUPE_BANK_SERVE_SERVE_H
#define TROUPE_BANK_SERVE_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bank_serve_options {
    const char *listen;
    const char *token_file;      /* NULL: no token */
    const char *tls_certificate; /* both, or neither */
    const char *tls_key;
    bool allow_remote;
    int64_t threads_count; /* 0: as many as there are processors */
    int64_t connections_max;
    int64_t rest_s; /* an account without work for so long rests */
};

/* The command. Returns the exit status. */
int bank_serve(
    const void *options, char *const *operands, size_t operands_count);

#endif

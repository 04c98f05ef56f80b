/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load: the command that asks a bank as much as it can, or as much as it is
 * told to, and says how long the answers took.
 *
 * It is a program of actors on troupe's own network: a conductor, and a client
 * for each connection. At the end it asks the bank what it has, and compares
 * that with what the answers add up to.
 *
 *     every function    the main thread
 */
#ifndef TROUPE_BANK_LOAD_LOAD_H
#define TROUPE_BANK_LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BANK_LOAD_CONNECTIONS_MAX 1000000
#define BANK_LOAD_RATE_MAX 100000000
#define BANK_LOAD_SECONDS_MAX 86400

struct bank_load_options {
    const char *connect;
    const char *token_file;    /* NULL: no token */
    const char *tls_authority; /* NULL: no TLS */
    const char *protocol;
    const char *mix; /* NULL: what the protocol is good at */
    int64_t connections_count;
    int64_t pipeline; /* 0: 1, or more in an open loop */
    int64_t accounts_count;
    int64_t skew_millionths;
    int64_t rate;
    int64_t requests_count; /* 0: by time */
    int64_t seconds;        /* 0: the default, unless requests are counted */
    int64_t timeout_s;
    int64_t threads_count; /* 0: one for each processor */
    int64_t seed;
    bool is_json;
};

/* The command: takes no operands. Returns the exit status: 1 if it did not go
 * through, or the bank has not what it should have. */
int bank_load(
    const void *options, char *const *operands, size_t operands_count);

#endif

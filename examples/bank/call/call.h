/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call: the command that asks a bank's server one thing.
 *
 * The operands are a method and its parameters, by position: each is JSON, or
 * else a text as it stands, so that names need no quotes that the shell takes.
 * The result is printed as JSON on a line.
 *
 *     every function    the main thread
 */
#ifndef TROUPE_BANK_CALL_CALL_H
#define TROUPE_BANK_CALL_CALL_H

#include <stddef.h>
#include <stdint.h>

#define BANK_CALL_PARAMS_MAX 1024

struct bank_call_options {
    const char *connect;
    const char *token_file;    /* NULL: no token */
    const char *tls_authority; /* NULL: no TLS */
    int64_t timeout_s;
};

/* The command. Returns the exit status: 1 if the answer is an error, or there
 * is none. */
int bank_call(
    const void *options, char *const *operands, size_t operands_count);

#endif

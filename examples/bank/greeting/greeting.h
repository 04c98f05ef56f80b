/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * greeting: how a client of the bank begins a connection: whom it trusts, and
 * what it says first.
 *
 * If there is a token, the first request is troupe.auth(token). Nothing else is
 * sent until it is answered, so that a server that closes the connection has
 * read all that came, and its refusal is not lost with bytes that it has not.
 *
 *     init, fini    the main thread, while no actor has it
 *     the others    any thread
 */
#ifndef TROUPE_BANK_GREETING_GREETING_H
#define TROUPE_BANK_GREETING_GREETING_H

#include "examples/bank/greeting/token.h"

#include <stddef.h>
#include <stdint.h>

/* Of the request; no client's own one has it. */
#define BANK_GREETING_ID UINT32_MAX

struct troupe_tls;

struct bank_greeting {
    struct troupe_tls *tls; /* NULL: without */
    size_t size;            /* 0: nothing is said */
    uint8_t request[BANK_TOKEN_LENGTH_MAX + 64];
};

/* For that address. Each of the two files may be NULL. False: it has been said
 * on stderr what is wrong, and there is nothing to fini. */
bool bank_greeting_init(struct bank_greeting *greeting, const char *address,
    const char *token_file, const char *tls_authority);
void bank_greeting_fini(struct bank_greeting *greeting);

/* What to look at when there is no connection, behind what is known of it. */
const char *bank_greeting_hint(const struct bank_greeting *greeting);

/* What to do about an error of that code, behind its text; most often empty. */
const char *bank_greeting_remedy(uint32_t code);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token: the secret that a server wants to hear first, read from a file.
 *
 * The file holds it alone, as one line of text; the end of that line is no part
 * of it. A pipe will do, such as a shell's <(command).
 *
 *     every function    the main thread
 *
 * Not chosen: an option that is the token, or a variable of the environment.
 * Every user of the machine may read the words that a program was started with,
 * and what is in its environment goes on to all that it starts.
 */
#ifndef TROUPE_BANK_GREETING_TOKEN_H
#define TROUPE_BANK_GREETING_TOKEN_H

#include <stdbool.h>

enum { BANK_TOKEN_LENGTH_MAX = 1024 };

struct bank_token {
    char text[BANK_TOKEN_LENGTH_MAX + 1]; /* empty: none */
};

/* file NULL: none. False: it has been said on stderr why there is none. */
bool bank_token_read(struct bank_token *token, const char *file);

#endif

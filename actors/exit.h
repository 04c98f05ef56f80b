/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exit: why an actor ended, as it travels.
 *
 * 24 bytes, so that it fits the smallest message behind the envelope. Its text,
 * if it has one, is a block that all copies share and count: a thousand actors
 * that fall with one another share one text, and an end needs no memory to be
 * told to any number of others. A text is written once, before its exit is
 * copied for the first time; whoever drops the last copy frees it.
 *
 *     tp_exit_share, tp_exit_release   who holds the exit
 */
#ifndef TROUPE_ACTORS_EXIT_H
#define TROUPE_ACTORS_EXIT_H

#include "troupe/exit.h"

#include <stdarg.h>

struct troupe_self;
struct tp_exit_text;

/* Zeroed memory is NORMAL. */
struct tp_exit {
    uint8_t kind;   /* a troupe_exit_kind */
    uint8_t signal; /* of CRASHED */
    int32_t code;   /* of FAILED */
    uint64_t address;
    struct tp_exit_text *text; /* NULL: none */
};

/* Gives why, which has none, a text; it stays without if there is no memory. */
void tp_exit_print_text(struct troupe_self *self, struct tp_exit *why,
    const char *format, va_list arguments);

/* Another copy. */
struct tp_exit tp_exit_share(const struct tp_exit *why);

/* Drops a copy and makes it NORMAL. */
void tp_exit_release(struct troupe_self *self, struct tp_exit *why);

/* What programs see; valid as long as *why. */
struct troupe_exit tp_exit_view(const struct tp_exit *why);

#endif

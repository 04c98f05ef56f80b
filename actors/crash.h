/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crash: a fault that ended an actor, and what people are told of it.
 *
 * One line of the log, written by the worker on its own stack when the fault
 * has been contained (actors/containment.h) and before anything is cleaned up,
 * so that the message in hand can still be printed:
 *
 *     actor <0.1.1> (account) crashed: SIGSEGV at address 0x8 while it handled
 *     deposit{cents: 5}; before that, in the same turn: deposit, get_balance
 *
 * What was handled before is in a ring of schema numbers in self, a store for
 * each message; only messages of the same turn are the same actor's.
 */
#ifndef TROUPE_ACTORS_CRASH_H
#define TROUPE_ACTORS_CRASH_H

#include "actors/self.h"

struct tp_crash {
    int signal;
    uint64_t address; /* what was touched, or the instruction: si_addr */
    /* Of a process that has run off its stack: how large that is; else 0. */
    size_t stack_bytes;
};

/* What others are told. */
struct tp_exit tp_crash_exit(
    struct troupe_self *self, const struct tp_crash *crash);

/* Writes the line to the log. The worker, with the crashed actor's turn still
 * in self. */
void tp_crash_report(struct troupe_self *self, const struct tp_crash *crash);

#endif

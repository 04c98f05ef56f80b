/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal_actor: the one actor that writes and reads the journal.
 *
 * Messages of one account come in the order in which it sent them, so whatever
 * an account asks for shows what it has appended before. An append that finds
 * no room, or comes from an actor that has been replaced, is answered by an
 * troupe_rpc_error; who hears that has to begin again from
 * what the journal has.
 *
 * append, flush, load, list: see messages.h. history is a client's, handed on.
 */
#ifndef TROUPE_BANK_SERVICE_JOURNAL_ACTOR_H
#define TROUPE_BANK_SERVICE_JOURNAL_ACTOR_H

#include "examples/bank/service/journal.h"
#include "examples/bank/service/messages.h"

/* Its first state. The journal must outlive the actor. */
struct bank_journal_actor {
    struct bank_journal *journal;
};

/* An account that rests, as `accounts` lists them. */
struct bank_dormant {
    int64_t balance;
    bool is_busy; /* it has transfers to see to */
    uint8_t length;
    char text[BANK_NAME_BYTES_MAX];
};

TROUPE_BEHAVIOUR_DECLARE(bank_journal_actor);

#endif

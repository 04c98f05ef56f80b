/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal: where the events of accounts go before anybody is told of them.
 *
 * It plays the disk. It lies outside all actors and outlives them: when an
 * account crashes, or the whole program, the accounts are made again from it.
 * One actor writes and reads it (journal_actor.h), nobody else.
 *
 * Who loads an account owns it from then on, and nobody else may append to it.
 * So an actor that has been given up, because of whatever, cannot change an
 * account behind the back of the one that took its place; it hears that it
 * cannot, and ends.
 *
 * Each life of the bank begins a term. Who has loaded an account in an earlier
 * one owns it no more, and cannot load it either. To own by the last load alone
 * would not do: an account that a bank has started right before it crashed may
 * load itself when the next bank has listed all of them already, and would
 * make changes, and have them acknowledged, that this bank knows nothing of.
 *
 * An owner numbers what it appends, 1, 2, 3, ...: what has a gap before it is
 * not kept. Else an append that was lost, by a crash of the actor that keeps
 * the journal, say, would leave an account that its owner never saw.
 *
 * What it promises: once append has returned true the event is kept, and
 * whatever is read afterwards shows it. Of each account it keeps what the
 * account is now (a snapshot), and the last 1,000 changes for the history, so
 * that its memory is bounded.
 *
 * bank_journal_memory_create() makes the one that there is: in memory. One on a
 * disk has the same calls.
 */
#ifndef TROUPE_BANK_SERVICE_JOURNAL_H
#define TROUPE_BANK_SERVICE_JOURNAL_H

#include "examples/bank/service/event.h"

/* What an account is: all that its actor has to know. The lists belong to the
 * journal and are good until the next call. */
struct bank_image {
    uint64_t last_id; /* 0: it has never been opened */
    uint64_t last_transfer;
    int64_t balance;
    const struct bank_outgoing *outbox;
    size_t outbox_count;
    const struct bank_applied *applied;
    size_t applied_count;
    const struct bank_keyed *keyed; /* all of the changes kept, and perhaps
                                       older ones; oldest first */
    size_t keyed_count;
};

struct bank_journal;

/* Who loads an account, and in which term. */
struct bank_owner {
    uint64_t actor;
    uint64_t term;
};

/* May be called for each change of a history, the newest first. */
typedef void bank_journal_reader(void *context, const struct bank_event *event);

struct bank_journal_calls {
    /* Begins a term, 1, 2, 3, ..., and returns it: nobody owns anything. */
    uint64_t (*begin)(struct bank_journal *journal);
    /* false: there is no room, actor is not who loaded it last in this term, or
     * one that it has appended before is missing; nothing is kept of it. */
    bool (*append)(struct bank_journal *journal, const char *account,
        size_t length, uint64_t actor, const struct bank_event *event);
    /* For its owner from here on; NULL: to look at it. An account that the
     * journal has no event of is all zeros. false: there is no memory, or the
     * owner's term is over. */
    bool (*load)(struct bank_journal *journal, const char *account,
        size_t length, const struct bank_owner *owner,
        struct bank_image *image);
    /* At most `limit` changes. */
    void (*read)(struct bank_journal *journal, const char *account,
        size_t length, size_t limit, bank_journal_reader *reader,
        void *context);
    /* Its name; NULL: the journal has never heard of it. */
    const struct bank_name *(*find)(
        struct bank_journal *journal, const char *account, size_t length);
    /* The account after this one, NULL: the first; NULL: there is none. */
    const struct bank_name *(*next)(
        struct bank_journal *journal, const struct bank_name *account);
    void (*destroy)(struct bank_journal *journal);
};

/* What every journal begins with. */
struct bank_journal {
    const struct bank_journal_calls *calls;
};

/* Empty, in memory; NULL: there is none. */
struct bank_journal *bank_journal_memory_create(void);

/* Frees *journal and sets it to NULL. */
void bank_journal_destroy(struct bank_journal **journal);

#endif

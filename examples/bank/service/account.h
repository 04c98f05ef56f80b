/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * account: one account, which nobody but itself can touch.
 *
 * It is what its journal says that it is. When it starts it loads its image;
 * what comes meanwhile is put aside. From then on each change is made here and
 * appended to the journal, and nobody is told of it before the journal has kept
 * it. More changes may be made while appends are on their way: answers wait for
 * all that was appended before them, also those that only read, so nobody ever
 * sees what a crash could take back. An append that fails, or a crash, ends
 * this actor; the bank starts it again from the journal.
 *
 * A transfer, of which this account is `from` (event.h has the picture):
 *
 *   1. The balance goes down, OUT is appended, and the transfer is in the
 *      outbox.
 *   2. Kept, the credit is asked of `to`, again and again until it is answered.
 *   3. `to` appends IN, once; the transfer is among its applied ones. It
 * answers when that is kept.
 *   4. DONE is appended, which takes the transfer out of the outbox. Kept, the
 *      client is answered and `to` is told to forget it, which appends FORGET.
 *
 * Whoever loads an outbox that is not empty goes on at 2. Should the balance of
 * `to` have no room, it answers so, and `from` appends REFUND in 4. A forget
 * may be lost by a crash; so an account that has had nothing to do for a while
 * asks about what it has applied, and forgets what has left the outbox. It
 * rests only when both lists are empty: then nothing of it is under way.
 *
 * A key that a client gave is remembered with its change and result, for the
 * last 1,000 changes at least. The same key again makes no change: it is
 * answered what the first was, as soon as that is.
 *
 * What accounts ask and tell each other goes by way of the bank, which finds
 * the other one wherever it is, and keeps out who has lost its account.
 */
#ifndef TROUPE_BANK_SERVICE_ACCOUNT_H
#define TROUPE_BANK_SERVICE_ACCOUNT_H

#include "examples/bank/service/event.h"
#include "examples/bank/service/messages.h"

struct bank_part;
struct bank_transfer;

/* An actor's state. The first part is what the bank starts it with. */
struct bank_account {
    troupe_pid bank;
    troupe_pid journal;
    uint64_t term;    /* of the bank, in the journal */
    uint64_t heard;   /* the last cut that it knows of */
    uint64_t rest_ns; /* it asks to rest when so long nothing came */
    uint8_t length;
    char name[BANK_NAME_BYTES_MAX];

    bool is_loaded;
    bool is_open;         /* and the bank knows */
    bool has_worked;      /* since it last looked whether to rest */
    uint64_t last_number; /* of what it has appended */
    uint64_t last_id;
    uint64_t last_transfer;
    int64_t balance;
    uint64_t appends_due; /* not answered yet */

    struct bank_part *early; /* of the cut heard, which has yet to come */

    struct bank_transfer *outbox; /* a list */
    struct bank_applied *applied;
    size_t applied_count;
    size_t applied_room;
    struct bank_keyed *keyed; /* oldest first */
    uint32_t *key_hashes;     /* of the same */
    size_t keyed_count;
    size_t keyed_room;
};

TROUPE_BEHAVIOUR_DECLARE(bank_account);

/* Loaded, and it is noted that there is work; else the message in hand is put
 * aside. */
bool bank_account_is_ready(
    struct troupe_self *self, struct bank_account *account);

/* Has been opened; else the request in hand is refused. */
bool bank_account_exists(
    struct troupe_self *self, const struct bank_account *account);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * due: what an account does as soon as the journal has kept what it appended.
 *
 * An account shows a change before the journal has kept it, and tells nobody
 * until then. So each answer, also of what only reads, is put off: it is a due,
 * which waits behind all that was appended before. An append that fails ends
 * the actor, with all that is due: nobody hears of it.
 *
 * All functions are for the handlers of the account.
 */
#ifndef TROUPE_BANK_SERVICE_DUE_H
#define TROUPE_BANK_SERVICE_DUE_H

#include "examples/bank/service/event.h"
#include "examples/bank/service/messages.h"

struct bank_account;
struct bank_due;
struct bank_part;

typedef void bank_then(struct troupe_self *self, struct bank_account *account,
    const struct bank_due *due);

struct bank_due {
    bank_then *then;
    struct troupe_request *request; /* NULL: nobody waits */
    int64_t balance;
    int64_t other_balance;
    uint64_t transfer;
    bool is_refunded;
    struct bank_part *part; /* of a cut */
    struct bank_event event;
};

/* ---- what may be done ---------------------------------------------------- */

/* bank_then: answers due->balance. */
void bank_answer_money(struct troupe_self *self, struct bank_account *account,
    const struct bank_due *due);

/* bank_then: answers what became of a transfer. */
void bank_answer_moved(struct troupe_self *self, struct bank_account *account,
    const struct bank_due *due);

/* The same to another request, which may be NULL. */
void bank_answer_transfer(struct troupe_self *self,
    struct troupe_request *request, const struct bank_due *due);

/* ---- when ---------------------------------------------------------------- */

/* NULL: there is no memory. */
struct bank_due *bank_due_make(struct troupe_self *self, bank_then *then);

/*
 * Keeps the request in hand and makes a place for its answer. NULL: it is
 * refused. A message that was told has no request.
 */
struct bank_due *bank_due_take_request(
    struct troupe_self *self, bank_then *then);

/* Appends due->event, which the account shows already, and does it then. */
void bank_due_append(struct troupe_self *self, struct bank_account *account,
    struct bank_due *due);

/* Does it when all that was appended so far is kept. */
void bank_due_when_kept(struct troupe_self *self, struct bank_account *account,
    struct bank_due *due);

/* ---- at once ------------------------------------------------------------- */

/* Answers the request in hand that it is not done. */
void bank_refuse(struct troupe_self *self, uint32_t code, const char *text);
void bank_refuse_for_memory(struct troupe_self *self);

/* From here on this actor knows less than the journal: it ends. */
void bank_give_up(struct troupe_self *self, const char *why);

#endif

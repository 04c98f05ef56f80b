/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * total: how much money there is, while it moves.
 *
 * To add up balances one after the other counts money twice that moves behind
 * the reader's back, or not at all. With shared memory a lock for the whole
 * bank makes that right, and stops everybody. Here nobody stops: the bank tells
 * all accounts at work to say what they have now, and adds what they say. That
 * is a distributed snapshot; it is right if the cut is consistent: if no
 * account's answer knows of something that another's answer does not know to
 * have been sent.
 *
 * An account takes its part when it hears of the cut. That the bank tells it is
 * not enough: messages of different senders have no order, and one of an
 * account that has taken its part already may overtake the bank's. `from` would
 * hear that its credit has arrived and take it out of its outbox, though `to`
 * had answered the cut before that credit came: the money would be in neither
 * part. So cuts are numbered, and with all that accounts send each other goes
 * the number of the last cut that the sender has heard of. Who receives a
 * higher one than its own takes its part first, and keeps it until the bank
 * asks for it. So what was sent after a part is handled after a part: the cut
 * is consistent, whatever overtakes whatever.
 *
 * Each says its balance, its outbox, and the transfers that it has applied and
 * not been told to forget. The total is the sum of the balances, and of what is
 * in an outbox and not applied: that money is in no balance. What is both in an
 * outbox and applied is in the balance of `to`. What was applied and is
 * forgotten again is in no outbox that was told: `from` takes it out before it
 * says so. What has been sent before a part and is handled after the other one
 * is no trouble: a credit under way is in an outbox.
 *
 * An account at rest has nothing under way, and the bank has its balance. One
 * that is started while the answers come in has been added as it was at the
 * cut; it starts with the number of that.
 *
 * An account that crashes in between, or goes to rest, answers nothing; then
 * there is a new cut, for some seconds.
 * Numbers begin again with the bank: its accounts hear of no account of another
 * life of it.
 *
 * It is about money that accounts move. A client that withdraws here and pays
 * in there carries it itself, in between and as far as the total goes.
 */
#ifndef TROUPE_BANK_SERVICE_TOTAL_H
#define TROUPE_BANK_SERVICE_TOTAL_H

#include "examples/bank/service/messages.h"

struct bank;
struct bank_inquiry;

struct bank_total {
    struct bank_inquiry *next;  /* who waits for the next cut; a list */
    struct bank_inquiry *asked; /* who waits for the one that is made */
    uint64_t number;            /* of the last cut */
    uint64_t give_up_ns;        /* no cut after that; 0: none has failed */
    __int128 resting;           /* cents of those at rest, at the cut */
};

/* Answers the request in hand, a `total`, by and by. */
void bank_total_ask(
    struct troupe_self *self, struct bank *bank, const struct total *total);

#endif

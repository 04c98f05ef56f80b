/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * messages: what the bank is asked, by clients and among its actors.
 *
 * Clients' requests go to the actor `bank`. By MessagePack-RPC the message
 * `deposit` is the method `bank.deposit`; an answer of one field is that value
 * there, and one of several an array. Amounts are integer cents. A key is a
 * client's own name for a change (a text, bytes or an integer): the same key is
 * applied once, so who has heard nothing may ask again. What goes wrong is
 * answered by a troupe_rpc_error.
 */
#ifndef TROUPE_BANK_SERVICE_MESSAGES_H
#define TROUPE_BANK_SERVICE_MESSAGES_H

#include <troupe/rpc.h>
#include <troupe/troupe.h>

/* ---- from clients -------------------------------------------------------- */

#define BANK_CHANGE(FIELD)                                                     \
    FIELD(str, account) FIELD(int64, amount_cents) FIELD(raw, key)
#define BANK_TRANSFER(FIELD)                                                   \
    FIELD(str, from) FIELD(str, to) FIELD(int64, amount_cents) FIELD(raw, key)
#define BANK_ACCOUNT(FIELD) FIELD(str, account)
#define BANK_HISTORY(FIELD) FIELD(str, account) FIELD(uint32, limit)
TROUPE_MESSAGE(open, BANK_CHANGE)       /* answered: money, the new balance */
TROUPE_MESSAGE(deposit, BANK_CHANGE)    /* money */
TROUPE_MESSAGE(withdraw, BANK_CHANGE)   /* money */
TROUPE_MESSAGE(transfer, BANK_TRANSFER) /* moved */
TROUPE_MESSAGE(balance, BANK_ACCOUNT)   /* money */
TROUPE_MESSAGE(total, TROUPE_NO_FIELDS) /* money: all that there is */
TROUPE_MESSAGE(history, BANK_HISTORY)   /* changes */

#define BANK_MONEY(FIELD) FIELD(int64, cents)
#define BANK_MOVED(FIELD) FIELD(int64, from_balance) FIELD(int64, to_balance)
/* An array of maps, the newest first. */
#define BANK_CHANGES(FIELD) FIELD(raw, list)
TROUPE_MESSAGE(money, BANK_MONEY)
TROUPE_MESSAGE(moved, BANK_MOVED)
TROUPE_MESSAGE(changes, BANK_CHANGES)

/* ---- between accounts, by way of the bank -------------------------------- */

/* With each goes the last cut that its sender has heard of (total.h). */
#define BANK_CREDIT(FIELD)                                                     \
    FIELD(str, to)                                                             \
    FIELD(str, from)                                                           \
    FIELD(uint64, transfer) FIELD(int64, cents) FIELD(uint64, heard)
#define BANK_CREDITED(FIELD) FIELD(int64, balance) FIELD(uint64, heard)
#define BANK_FORGET_(FIELD)                                                    \
    FIELD(str, to) FIELD(str, from) FIELD(uint64, transfer) FIELD(uint64, heard)
/* Answered: credited, with the balance of `to`, or a troupe_rpc_error. */
TROUPE_MESSAGE(credit, BANK_CREDIT)
TROUPE_MESSAGE(credited, BANK_CREDITED)
TROUPE_MESSAGE(forget, BANK_FORGET_)
/* Whether `account` is done with its transfer. Answered: settlement. */
#define BANK_SETTLED(FIELD) FIELD(str, account) FIELD(uint64, transfer)
#define BANK_SETTLEMENT(FIELD) FIELD(bool, is_settled) FIELD(uint64, heard)
TROUPE_MESSAGE(settled, BANK_SETTLED)
TROUPE_MESSAGE(settlement, BANK_SETTLEMENT)

/* ---- from the bank to an account ----------------------------------------- */

#define BANK_CUT(FIELD) FIELD(uint64, number)
/* Arrays of struct bank_outgoing and struct bank_applied. */
#define BANK_PART(FIELD)                                                       \
    FIELD(str, account)                                                        \
    FIELD(int64, balance) FIELD(bin, outbox) FIELD(bin, applied)
TROUPE_MESSAGE(cut, BANK_CUT) /* part: what the account has of the total */
TROUPE_MESSAGE(part, BANK_PART)

/* ---- from an account to the bank ----------------------------------------- */

/* The account exists now. Answered: noted. */
#define BANK_OPENED(FIELD) FIELD(str, account)
/* The account would like to rest. Answered: rest, after which nothing is handed
 * to it until it has told whether it does; if it works for a bank that has
 * crashed, it may go. */
#define BANK_REST(FIELD) FIELD(bool, is_ours)
#define BANK_RESTED(FIELD)                                                     \
    FIELD(str, account) FIELD(int64, balance) FIELD(bool, does)
TROUPE_MESSAGE(opened, BANK_OPENED)
TROUPE_MESSAGE(noted, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(retire, BANK_ACCOUNT)
TROUPE_MESSAGE(rest, BANK_REST)
TROUPE_MESSAGE(rested, BANK_RESTED)

/* ---- to the journal's actor ---------------------------------------------- */

/* Answered: kept. */
#define BANK_APPEND(FIELD)                                                     \
    FIELD(str, account)                                                        \
    FIELD(uint8, kind)                                                         \
    FIELD(uint64, number)                                                      \
    FIELD(uint64, id)                                                          \
    FIELD(int64, cents)                                                        \
    FIELD(int64, balance)                                                      \
    FIELD(int64, other_balance)                                                \
    FIELD(uint64, transfer) FIELD(str, other) FIELD(bin, key)
#define BANK_LOAD(FIELD) FIELD(str, account) FIELD(uint64, term)
/* Answered: image. The bins are arrays of the structs of struct bank_image. */
#define BANK_IMAGE(FIELD)                                                      \
    FIELD(uint64, last_id)                                                     \
    FIELD(uint64, last_transfer)                                               \
    FIELD(int64, balance)                                                      \
    FIELD(bin, outbox) FIELD(bin, applied) FIELD(bin, keyed)
/* The next few accounts that are open, behind this one. After nobody: they are
 * the first ones, of a term that begins here (journal.h). Answered: accounts.
 */
#define BANK_LIST(FIELD) FIELD(str, after) FIELD(uint64, term)
#define BANK_ACCOUNTS(FIELD) FIELD(uint64, term) FIELD(bin, dormant)
TROUPE_MESSAGE(append, BANK_APPEND)
TROUPE_MESSAGE(flush, TROUPE_NO_FIELDS) /* kept: all that came before is */
TROUPE_MESSAGE(kept, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(load, BANK_LOAD)
TROUPE_MESSAGE(image, BANK_IMAGE)
TROUPE_MESSAGE(list, BANK_LIST)
TROUPE_MESSAGE(accounts, BANK_ACCOUNTS)

#endif

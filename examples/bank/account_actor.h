/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * account_actor: an account that nobody but itself can touch.
 *
 * Its balance is in its own state, and every change of it is a message: what
 * would be a race between threads is the order of a mailbox here.
 *
 *     open_account                 sets the balance and answers with it; the
 *                                  first message
 *     deposit, withdraw            change it
 *     request_deposit,             change it, or decline and keep the number of
 *     request_withdrawal           the transaction, where overdraft is refused
 *
 * A transfer is a withdraw to one account and a deposit to the other. Where
 * overdraft is refused, the first account decides: if it can pay, it sends the
 * request_deposit on to the second. Should the second decline, because its
 * balance would be beyond an amount, it sends a refund, and the transaction is
 * declined by the first. So that a refund always fits, an account takes no
 * deposit that would not leave room for all it has ever sent.
 */
#ifndef TROUPE_BANK_ACCOUNT_ACTOR_H
#define TROUPE_BANK_ACCOUNT_ACTOR_H

#include <troupe/troupe.h>

/* Numbers that one declined message carries, as uint64_t in this machine's
 * byte order: they never leave the process. */
enum { BANK_DECLINED_PAGE = 4096 };

/* Asked: what the account holds, and how often it was changed since it was
 * opened. */
#define BALANCE(FIELD) FIELD(int64, cents) FIELD(uint64, updates_count)
TROUPE_MESSAGE(get_balance, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(balance, BALANCE)

#define OPEN_ACCOUNT(FIELD) FIELD(int64, cents)
#define DEPOSIT(FIELD) FIELD(int64, cents)
#define WITHDRAW(FIELD) FIELD(int64, cents)
TROUPE_MESSAGE(open_account, OPEN_ACCOUNT)
TROUPE_MESSAGE(deposit, DEPOSIT)
TROUPE_MESSAGE(withdraw, WITHDRAW)

/* number is the transaction's place in the ledger; to is nobody, or who gets
 * the money. A deposit that is part of a transfer comes from the account that
 * is to have the refund. */
#define REQUEST_DEPOSIT(FIELD)                                                 \
    FIELD(uint64, number) FIELD(int64, cents) FIELD(boolean, is_transfer)
#define REQUEST_WITHDRAWAL(FIELD)                                              \
    FIELD(uint64, number) FIELD(int64, cents) FIELD(pid, to)
#define REFUND(FIELD) FIELD(uint64, number) FIELD(int64, cents)
TROUPE_MESSAGE(request_deposit, REQUEST_DEPOSIT)
TROUPE_MESSAGE(request_withdrawal, REQUEST_WITHDRAWAL)
TROUPE_MESSAGE(refund, REFUND)

/* Asked: the next page of numbers declined, each told once; the last is empty.
 */
#define DECLINED(FIELD) FIELD(bin, numbers)
TROUPE_MESSAGE(get_declined, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(declined, DECLINED)

/* Told, and answered with a tell: how many of the messages above that change
 * something the account has handled, and sent. */
#define HANDLED(FIELD) FIELD(uint64, handled_count) FIELD(uint64, sent_count)
TROUPE_MESSAGE(count_handled, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(handled, HANDLED)

TROUPE_BEHAVIOUR_DECLARE(account);

#endif

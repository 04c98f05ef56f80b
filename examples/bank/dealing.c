/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/dealing.h"

#include "examples/bank/account_actor.h"

const struct bank_dealing *bank_dealing;

static troupe_pid
pid_of(uint32_t account)
{
    return account == BANK_NOBODY ? TROUPE_NO_PID
                                  : bank_dealing->accounts[account];
}

/* Returns how many messages it took. */
static unsigned
deal_plain(struct troupe_self *self, const struct bank_transaction *transaction)
{
    if (transaction->from != BANK_NOBODY) {
        TROUPE_CHECK(troupe_tell(self, pid_of(transaction->from), withdraw,
            .cents = transaction->cents));
    }
    if (transaction->to != BANK_NOBODY) {
        TROUPE_CHECK(troupe_tell(self, pid_of(transaction->to), deposit,
            .cents = transaction->cents));
    }
    return bank_transaction_updates(transaction);
}

/* Where overdraft is refused: the account that gives decides first, and sends
 * the second message itself. */
static unsigned
deal_request(struct troupe_self *self,
    const struct bank_transaction *transaction, uint64_t number)
{
    if (transaction->from != BANK_NOBODY) {
        TROUPE_CHECK(troupe_tell(self, pid_of(transaction->from),
            request_withdrawal, .number = number, .cents = transaction->cents,
            .to = pid_of(transaction->to)));
    } else {
        TROUPE_CHECK(troupe_tell(self, pid_of(transaction->to), request_deposit,
            .number = number, .cents = transaction->cents,
            .is_transfer = false));
    }
    return 1;
}

static void
on_deal(struct troupe_self *self, void *state, const struct deal *deal)
{
    const struct bank_job *job = &bank_dealing->job;
    const struct bank_transaction *all = job->ledger->transactions;
    uint64_t rest = deal->end - deal->begin;
    uint64_t batch_end =
        deal->begin + (rest < BANK_DEALER_BATCH ? rest : BANK_DEALER_BATCH);
    uint64_t sent_count = deal->sent_count;

    (void)state;
    for (uint64_t i = deal->begin; i < batch_end; i++) {
        sent_count += job->refuses_overdraft ? deal_request(self, &all[i], i)
                                             : deal_plain(self, &all[i]);
    }
    if (batch_end < deal->end) {
        TROUPE_CHECK(troupe_tell(self, troupe_self_pid(self), deal,
            .begin = batch_end, .end = deal->end, .sent_count = sent_count));
    } else {
        TROUPE_CHECK(troupe_tell(
            self, bank_dealing->auditor, dealt, .sent_count = sent_count));
    }
}

TROUPE_BEHAVIOUR(dealer, 0, TROUPE_ON(deal, on_deal));

struct auditor {
    size_t dealers_done_count;
    uint64_t dealt_count; /* messages that dealers sent */

    /* Of the audit under way: who has been asked, who has answered, and the
     * sums of the answers. */
    uint32_t asked_count;
    uint32_t answered_count;
    uint64_t handled_count;
    uint64_t sent_count;

    /* Handled by the end of the audit before; none was: UINT64_MAX. */
    uint64_t handled_before;
};

/* Asks no more accounts at a time than fit any mailbox. */
static void
ask_accounts(struct troupe_self *self, struct auditor *auditor)
{
    uint32_t count = bank_dealing->job.ledger->accounts.count;

    for (uint32_t i = 0; i < BANK_AUDIT_WINDOW && auditor->asked_count < count;
         i++) {
        TROUPE_CHECK(troupe_tell(self,
            bank_dealing->accounts[auditor->asked_count++], count_handled));
    }
}

static bool
is_over(const struct auditor *auditor)
{
    uint64_t sent = auditor->dealt_count + auditor->sent_count;

    if (!bank_dealing->job.refuses_overdraft) {
        return auditor->handled_count == sent;
    }
    return auditor->handled_before == sent;
}

static void
begin_audit(struct troupe_self *self, struct auditor *auditor)
{
    auditor->asked_count = 0;
    auditor->answered_count = 0;
    auditor->handled_count = 0;
    auditor->sent_count = 0;
    ask_accounts(self, auditor);
}

static void
end_audit(struct troupe_self *self, struct auditor *auditor)
{
    if (is_over(auditor)) {
        troupe_runtime_quit(self);
        return;
    }
    auditor->handled_before = auditor->handled_count;
    begin_audit(self, auditor);
}

static void
on_dealt(struct troupe_self *self, void *state, const struct dealt *dealt)
{
    struct auditor *auditor = state;

    auditor->dealt_count += dealt->sent_count;
    if (++auditor->dealers_done_count < bank_dealing->job.threads_count) {
        return;
    }
    if (auditor->dealt_count == 0) {
        troupe_runtime_quit(self);
        return;
    }
    auditor->handled_before = UINT64_MAX;
    begin_audit(self, auditor);
}

static void
on_handled(struct troupe_self *self, void *state, const struct handled *handled)
{
    struct auditor *auditor = state;

    auditor->handled_count += handled->handled_count;
    auditor->sent_count += handled->sent_count;
    if (++auditor->answered_count < auditor->asked_count) {
        return;
    }
    if (auditor->asked_count < bank_dealing->job.ledger->accounts.count) {
        ask_accounts(self, auditor);
    } else {
        end_audit(self, auditor);
    }
}

TROUPE_BEHAVIOUR(auditor, sizeof(struct auditor), TROUPE_ON(dealt, on_dealt),
    TROUPE_ON(handled, on_handled));

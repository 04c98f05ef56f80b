/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/total.h"

#include "examples/bank/service/bank.h"
#include "examples/bank/service/event.h"

#include <stdlib.h>
#include <string.h>

/* An account that was told of a cut may have gone to rest by then, or crashed.
 * With many that do so it may take many cuts until all answer one. */
#define CUT_NS TROUPE_SECONDS(5)
#define CUTS_NS TROUPE_SECONDS(5)
#define RETRY_NS TROUPE_MS(1)

/* Who has asked for the total. */
struct bank_inquiry {
    struct bank_inquiry *next;
    struct troupe_request *request;
};

/* A transfer, for sorting: who sent it and its number. */
struct passage {
    uint8_t length;
    char from[BANK_NAME_BYTES_MAX];
    uint64_t transfer;
};

static void begin(struct troupe_self *self, struct bank *bank);

/* ---- answers ------------------------------------------------------------- */

static struct bank_inquiry *
take_asked(struct bank *bank)
{
    struct bank_inquiry *inquiry = bank->total.asked;

    if (inquiry != NULL) {
        bank->total.asked = inquiry->next;
    }
    return inquiry;
}

static void
answer_all(struct troupe_self *self, struct bank *bank, __int128 cents)
{
    struct bank_inquiry *inquiry;

    while ((inquiry = take_asked(bank)) != NULL) {
        if (cents > INT64_MAX) {
            (void)troupe_reply_to(self, &inquiry->request, troupe_rpc_error,
                .code = 409,
                .text = troupe_str_of("the total does not fit 64 bits"));
        } else {
            (void)troupe_reply_to(
                self, &inquiry->request, money, .cents = (int64_t)cents);
        }
        troupe_request_release(self, &inquiry->request);
        troupe_free(self, inquiry);
    }
    if (bank->total.next != NULL) {
        begin(self, bank);
    }
}

static void
refuse_all(struct troupe_self *self, struct bank *bank)
{
    struct bank_inquiry *inquiry;

    bank->total.give_up_ns = 0;
    while ((inquiry = take_asked(bank)) != NULL) {
        (void)troupe_reply_to(self, &inquiry->request, troupe_rpc_error,
            .code = 503, .text = troupe_str_of("accounts did not answer"),
            .retry_ms = 100);
        troupe_request_release(self, &inquiry->request);
        troupe_free(self, inquiry);
    }
}

/* ---- the sum ------------------------------------------------------------- */

static int
compare_passages(const void *a, const void *b)
{
    const struct passage *one = a;
    const struct passage *other = b;
    int order = (int)one->length - (int)other->length;

    if (order == 0) {
        order = memcmp(one->from, other->from, one->length);
    }
    if (order == 0) {
        order = (one->transfer > other->transfer) -
                (one->transfer < other->transfer);
    }
    return order;
}

/* The part that this account answered with; false: it has not. */
static bool
read_part(
    const struct troupe_gathered *gathered, size_t index, struct part *part)
{
    return part_from(troupe_gathered_answer_view(gathered, index), part) ==
           TROUPE_OK;
}

static size_t
count_applied(const struct troupe_gathered *gathered)
{
    size_t count = 0;
    struct part part;

    for (size_t i = 0; i < troupe_gathered_count(gathered); i++) {
        if (read_part(gathered, i, &part)) {
            count += part.applied.size / sizeof(struct bank_applied);
        }
    }
    return count;
}

static void
list_applied(const struct troupe_gathered *gathered, struct passage *passages)
{
    struct part part;

    for (size_t i = 0; i < troupe_gathered_count(gathered); i++) {
        if (!read_part(gathered, i, &part)) {
            continue;
        }
        for (size_t at = 0; at < part.applied.size;
             at += sizeof(struct bank_applied)) {
            struct bank_applied applied;

            memcpy(&applied, (const char *)part.applied.data + at,
                sizeof(applied));
            passages->length = applied.from_length;
            passages->transfer = applied.transfer;
            memcpy(passages->from, applied.from, applied.from_length);
            passages++;
        }
    }
}

/* Of one account: its balance, and what has left it and not arrived. */
static __int128
sum_of_part(
    const struct part *part, const struct passage *passages, size_t count)
{
    __int128 cents = part->balance;
    struct passage wanted = {.length = (uint8_t)part->account.length};

    memcpy(wanted.from, part->account.data, part->account.length);
    for (size_t at = 0; at < part->outbox.size;
         at += sizeof(struct bank_outgoing)) {
        struct bank_outgoing outgoing;

        memcpy(
            &outgoing, (const char *)part->outbox.data + at, sizeof(outgoing));
        wanted.transfer = outgoing.transfer;
        if (count == 0 || bsearch(&wanted, passages, count, sizeof(wanted),
                              compare_passages) == NULL) {
            cents += outgoing.cents;
        }
    }
    return cents;
}

static bool
sum_up(struct troupe_self *self, const struct troupe_gathered *gathered,
    __int128 *cents)
{
    size_t count = count_applied(gathered);
    struct passage *passages = troupe_alloc(self, count * sizeof(*passages));
    struct part part;

    if (passages == NULL) {
        return false;
    }
    list_applied(gathered, passages);
    if (count > 0) {
        qsort(passages, count, sizeof(*passages), compare_passages);
    }
    for (size_t i = 0; i < troupe_gathered_count(gathered); i++) {
        if (!read_part(gathered, i, &part)) {
            troupe_free(self, passages);
            return false;
        }
        *cents += sum_of_part(&part, passages, count);
    }
    troupe_free(self, passages);
    return true;
}

/* ---- the cut ------------------------------------------------------------- */

static void
on_retry(struct troupe_self *self, void *state, uint64_t context)
{
    struct bank *bank = state;

    (void)context;
    if (bank->total.asked == NULL && bank->total.next != NULL) {
        begin(self, bank);
    }
}

/* A little later: who has ended is known to have, then. */
static void
try_again(struct troupe_self *self, struct bank *bank)
{
    struct bank_inquiry **end = &bank->total.asked;

    if (troupe_now_ns(self) >= bank->total.give_up_ns ||
        troupe_after(self, RETRY_NS, on_retry, 0, NULL) != TROUPE_OK) {
        refuse_all(self, bank);
        if (bank->total.next != NULL) {
            begin(self, bank);
        }
        return;
    }
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = bank->total.next;
    bank->total.next = bank->total.asked;
    bank->total.asked = NULL;
}

static void
on_parts(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_gathered *gathered)
{
    struct bank *bank = state;
    __int128 cents = bank->total.resting;

    (void)context;
    if (troupe_gathered_err(gathered) == TROUPE_OK &&
        sum_up(self, gathered, &cents)) {
        bank->total.give_up_ns = 0;
        answer_all(self, bank, cents);
    } else {
        try_again(self, bank);
    }
}

/* All who are at work; the others are added. NULL: there is no memory. */
static troupe_pid *
list_at_work(struct troupe_self *self, struct bank *bank, size_t *count)
{
    troupe_pid *pids = troupe_alloc(self, bank->branches.count * sizeof(*pids));
    const struct bank_name *name = bank_names_next(&bank->branches, NULL);

    *count = 0;
    bank->total.resting = 0;
    for (; pids != NULL && name != NULL;
         name = bank_names_next(&bank->branches, name)) {
        const struct bank_branch *branch = (const struct bank_branch *)name;

        if (branch->pid != TROUPE_NO_PID) {
            pids[(*count)++] = branch->pid;
        } else {
            bank->total.resting += branch->balance;
        }
    }
    return pids;
}

/* Makes a cut for all who wait for one. */
static void
begin(struct troupe_self *self, struct bank *bank)
{
    size_t count;
    troupe_pid *pids = list_at_work(self, bank, &count);
    troupe_err err = pids == NULL ? TROUPE_E_NO_MEMORY : TROUPE_OK;

    bank->total.asked = bank->total.next;
    bank->total.next = NULL;
    if (bank->total.give_up_ns == 0) {
        bank->total.give_up_ns = troupe_now_ns(self) + CUTS_NS;
    }
    if (err == TROUPE_OK && count > 0) {
        err = troupe_gather(self,
            &TROUPE_GATHER(.to = pids, .to_count = count, .timeout_ns = CUT_NS,
                .then = on_parts),
            cut, .number = ++bank->total.number);
    }
    troupe_free(self, pids);
    if (err != TROUPE_OK) {
        refuse_all(self, bank);
        return;
    }
    if (count == 0) {
        bank->total.give_up_ns = 0;
        answer_all(self, bank, bank->total.resting);
    }
}

void
bank_total_ask(
    struct troupe_self *self, struct bank *bank, const struct total *total)
{
    struct bank_inquiry *inquiry = troupe_alloc(self, sizeof(*inquiry));

    (void)total;
    if (inquiry == NULL ||
        troupe_request_keep(self, &inquiry->request) != TROUPE_OK) {
        troupe_free(self, inquiry);
        (void)troupe_reply(self, troupe_rpc_error, .code = 503,
            .text = troupe_str_of("no memory"), .retry_ms = 100);
        return;
    }
    inquiry->next = bank->total.next;
    bank->total.next = inquiry;
    if (bank->total.asked == NULL) {
        begin(self, bank);
    }
}

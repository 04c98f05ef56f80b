/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/journal_actor.h"

#include <string.h>

enum {
    LISTED_MAX = 64,
    /* A map of five, all names and a text as long as a name. */
    CHANGE_BYTES_MAX = 192,
};

static const char *const kinds[] = {
    [BANK_OPEN] = "open",
    [BANK_DEPOSIT] = "deposit",
    [BANK_WITHDRAW] = "withdraw",
    [BANK_OUT] = "transfer_out",
    [BANK_IN] = "transfer_in",
    [BANK_REFUND] = "refund",
};

static struct bank_journal *
journal_of(void *state)
{
    return ((struct bank_journal_actor *)state)->journal;
}

static void
refuse(struct troupe_self *self)
{
    (void)troupe_reply(self, troupe_rpc_error, .code = 503,
        .text = troupe_str_of("the journal has no room"), .retry_ms = 1000);
}

static void
on_append(struct troupe_self *self, void *state, const struct append *append)
{
    struct bank_journal *journal = journal_of(state);
    struct bank_event event = {.kind = (enum bank_event_kind)append->kind,
        .number = append->number,
        .id = append->id,
        .cents = append->cents,
        .balance = append->balance,
        .other_balance = append->other_balance,
        .transfer = append->transfer,
        .other_length = (uint8_t)append->other.length,
        .key = {.size = (uint8_t)append->key.size}};

    memcpy(event.other, append->other.data, append->other.length);
    memcpy(event.key.bytes, append->key.data, append->key.size);
    if (journal->calls->append(journal, append->account.data,
            append->account.length, troupe_sender(self), &event)) {
        (void)troupe_reply(self, kept);
    } else {
        refuse(self);
    }
}

static void
on_flush(struct troupe_self *self, void *state, const struct flush *flush)
{
    (void)state, (void)flush;
    (void)troupe_reply(self, kept);
}

#define ARRAY_OF(values, values_count)                                         \
    ((struct troupe_bin){                                                      \
        (values), (uint32_t)((values_count) * sizeof((values)[0]))})

static void
on_load(struct troupe_self *self, void *state, const struct load *load)
{
    struct bank_journal *journal = journal_of(state);
    struct bank_owner owner = {troupe_sender(self), load->term};
    struct bank_image image;

    if (!journal->calls->load(journal, load->account.data, load->account.length,
            &owner, &image)) {
        refuse(self);
        return;
    }
    (void)troupe_reply(self, image, .last_id = image.last_id,
        .last_transfer = image.last_transfer, .balance = image.balance,
        .outbox = ARRAY_OF(image.outbox, image.outbox_count),
        .applied = ARRAY_OF(image.applied, image.applied_count),
        .keyed = ARRAY_OF(image.keyed, image.keyed_count));
}

/* A bank that begins asks for the first ones. From here on, who has worked for
 * one that crashed can change none of them, so the rest stays as it is. */
static void
on_list(struct troupe_self *self, void *state, const struct list *list)
{
    struct bank_journal *journal = journal_of(state);
    struct bank_dormant listed[LISTED_MAX] = {{.length = 0}};
    const struct bank_name *name = NULL;
    uint64_t term = list->term;
    size_t count = 0;

    if (list->after.length == 0) {
        term = journal->calls->begin(journal);
    } else {
        name =
            journal->calls->find(journal, list->after.data, list->after.length);
    }
    while (count < LISTED_MAX &&
           (name = journal->calls->next(journal, name)) != NULL) {
        struct bank_image image;

        if (journal->calls->load(
                journal, name->text, name->length, NULL, &image) &&
            image.last_id > 0) {
            listed[count].balance = image.balance;
            listed[count].is_busy =
                image.outbox_count > 0 || image.applied_count > 0;
            listed[count].length = name->length;
            memcpy(listed[count].text, name->text, name->length);
            count++;
        }
    }
    (void)troupe_reply(
        self, accounts, .term = term, .dormant = ARRAY_OF(listed, count));
}

/* ---- history ------------------------------------------------------------- */

struct writing {
    uint8_t *at;
    uint32_t count;
};

static uint8_t *
put_text(uint8_t *out, const char *text)
{
    return troupe_wire_put_str(out, troupe_str_of(text));
}

static void
put_change(void *context, const struct bank_event *event)
{
    struct writing *writing = context;
    uint8_t *out = writing->at;

    *out++ = 0x85; /* a map of five */
    out = put_text(out, "id");
    out = troupe_wire_put_uint64(out, event->id);
    out = put_text(out, "kind");
    out = put_text(out, kinds[event->kind]);
    out = put_text(out, "amount_cents");
    out = troupe_wire_put_int64(out, event->cents);
    out = put_text(out, "balance_cents");
    out = troupe_wire_put_int64(out, event->balance);
    out = put_text(out, "other");
    out = event->other_length == 0
              ? troupe_wire_put_raw(out, (struct troupe_raw){NULL, 0})
              : troupe_wire_put_str(out,
                    (struct troupe_str){event->other, event->other_length});
    writing->at = out;
    writing->count++;
}

/* The changes are written behind room for the longest header of an array, and
 * the header then right before them. */
static void
on_history(struct troupe_self *self, void *state, const struct history *history)
{
    struct bank_journal *journal = journal_of(state);
    size_t limit =
        history->limit < BANK_CHANGES_KEPT ? history->limit : BANK_CHANGES_KEPT;
    uint8_t *bytes = troupe_alloc(self, 5 + limit * CHANGE_BYTES_MAX);
    struct writing writing = {bytes + 5, 0};
    uint8_t *begin;

    if (bytes == NULL) {
        refuse(self);
        return;
    }
    journal->calls->read(journal, history->account.data,
        history->account.length, limit, put_change, &writing);
    begin = bytes + 5 - troupe_wire_size_array_header(writing.count);
    (void)troupe_wire_put_array_header(begin, writing.count);
    (void)troupe_reply(
        self, changes, .list = {begin, (uint32_t)(writing.at - begin)});
    troupe_free(self, bytes);
}

TROUPE_BEHAVIOUR(bank_journal_actor, sizeof(struct bank_journal_actor),
    TROUPE_ON(append, on_append), TROUPE_ON(flush, on_flush),
    TROUPE_ON(load, on_load), TROUPE_ON(list, on_list),
    TROUPE_ON(history, on_history));

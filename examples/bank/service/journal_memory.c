/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A journal in memory: a record an account, with the lists that its image shows
 * and a ring of its last changes.
 */
#include "examples/bank/service/journal.h"

#include <stdlib.h>
#include <string.h>

enum { CHANGES_COUNT_MIN = 8, LIST_COUNT_MIN = 4 };

/* Values of one size that lie one behind the other. */
struct list {
    void *values;
    size_t count;
    size_t room;
};

/* A change as it is kept. */
struct change {
    uint64_t id;
    int64_t cents;
    int64_t balance;
    const struct record *other; /* NULL: none */
    enum bank_event_kind kind;
};

struct record {
    struct bank_name name;
    struct bank_owner owner;
    uint64_t last_number; /* of its owner's */
    uint64_t last_id;
    uint64_t last_transfer;
    int64_t balance;
    struct list outbox;  /* struct bank_outgoing */
    struct list applied; /* struct bank_applied */
    struct list keyed;   /* struct bank_keyed */
    /* The change of id i is at i % changes_room, for the last of them. */
    struct change *changes;
    size_t changes_room;
};

struct memory_journal {
    struct bank_journal journal;
    struct bank_names records;
    uint64_t term;
};

static void *
alloc_zeroed(void *context, size_t bytes)
{
    (void)context;
    return calloc(1, bytes);
}

static void
free_memory(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static const struct bank_memory memory = {alloc_zeroed, free_memory, NULL};

/* ---- lists --------------------------------------------------------------- */

/* Room for one more value of so many bytes. */
static bool
list_reserve(struct list *list, size_t bytes)
{
    size_t room = list->room == 0 ? LIST_COUNT_MIN : 2 * list->room;
    void *values;

    if (list->count < list->room) {
        return true;
    }
    values = realloc(list->values, room * bytes);
    if (values == NULL) {
        return false;
    }
    list->values = values;
    list->room = room;
    return true;
}

/* The last one, made in room that was reserved. */
static void *
list_push(struct list *list, size_t bytes)
{
    return memset((char *)list->values + bytes * list->count++, 0, bytes);
}

static void
list_remove(struct list *list, size_t bytes, size_t index)
{
    char *at = (char *)list->values + bytes * index;

    list->count--;
    memmove(at, at + bytes, (list->count - index) * bytes);
}

/* ---- records ------------------------------------------------------------- */

static struct record *
find(struct bank_journal *journal, const char *account, size_t length)
{
    struct memory_journal *made = (struct memory_journal *)journal;

    return (struct record *)bank_names_find(&made->records, account, length);
}

static struct record *
get(struct bank_journal *journal, const char *account, size_t length)
{
    struct memory_journal *made = (struct memory_journal *)journal;
    struct record *record = find(journal, account, length);

    if (record == NULL) {
        record = calloc(1, sizeof(*record));
        if (record != NULL && !bank_names_add(&made->records, &memory,
                                  &record->name, account, length)) {
            free(record);
            record = NULL;
        }
    }
    return record;
}

static bool
reserve_change(struct record *record)
{
    size_t room = record->changes_room == 0 ? CHANGES_COUNT_MIN
                                            : 2 * record->changes_room;
    struct change *changes;

    room = room < BANK_CHANGES_KEPT ? room : BANK_CHANGES_KEPT;
    if (record->last_id < record->changes_room ||
        record->changes_room == room) {
        return true;
    }
    changes = calloc(room, sizeof(*changes));
    if (changes == NULL) {
        return false;
    }
    for (uint64_t id = 1; id <= record->last_id; id++) {
        changes[id % room] = record->changes[id % record->changes_room];
    }
    free(record->changes);
    record->changes = changes;
    record->changes_room = room;
    return true;
}

/* All that an event may need, before anything is changed. */
static bool
reserve(struct record *record)
{
    return reserve_change(record) &&
           list_reserve(&record->outbox, sizeof(struct bank_outgoing)) &&
           list_reserve(&record->applied, sizeof(struct bank_applied)) &&
           list_reserve(&record->keyed, sizeof(struct bank_keyed));
}

/* ---- events -------------------------------------------------------------- */

/* Those that are too old go together, when they are as many as the others. */
static void
drop_old_keys(struct list *keys, uint64_t last_id)
{
    struct bank_keyed *keyed = keys->values;
    size_t old = 0;

    if (keys->count < 2 * BANK_CHANGES_KEPT) {
        return;
    }
    while (old < keys->count && keyed[old].id + BANK_CHANGES_KEPT <= last_id) {
        old++;
    }
    keys->count -= old;
    memmove(keyed, keyed + old, keys->count * sizeof(*keyed));
}

static void
keep_key(struct record *record, const struct bank_event *event)
{
    struct bank_keyed *keyed;

    if (event->key.size == 0) {
        return;
    }
    drop_old_keys(&record->keyed, event->id);
    keyed = list_push(&record->keyed, sizeof(*keyed));
    keyed->key = event->key;
    keyed->kind = event->kind;
    keyed->other_hash = bank_name_hash(event->other, event->other_length);
    keyed->id = event->id;
    keyed->transfer = event->transfer;
    keyed->cents = event->cents;
    keyed->balance = event->balance;
    keyed->is_done = event->kind != BANK_OUT;
}

static void
keep_change(struct record *record, const struct record *other,
    const struct bank_event *event)
{
    struct change *change = &record->changes[event->id % record->changes_room];

    *change = (struct change){
        event->id, event->cents, event->balance, other, event->kind};
    record->last_id = event->id;
    record->balance = event->balance;
    keep_key(record, event);
}

static void
keep_outgoing(struct record *record, const struct bank_event *event)
{
    struct bank_outgoing *outgoing =
        list_push(&record->outbox, sizeof(*outgoing));

    outgoing->transfer = event->transfer;
    outgoing->cents = event->cents;
    outgoing->balance = event->balance;
    outgoing->to_length = event->other_length;
    memcpy(outgoing->to, event->other, event->other_length);
    record->last_transfer = event->transfer;
}

static void
keep_applied(struct record *record, const struct bank_event *event)
{
    struct bank_applied *applied =
        list_push(&record->applied, sizeof(*applied));

    applied->transfer = event->transfer;
    applied->cents = event->cents;
    applied->from_length = event->other_length;
    memcpy(applied->from, event->other, event->other_length);
}

/* The transfer has left the outbox, for good or back. */
static void
close_outgoing(struct record *record, const struct bank_event *event)
{
    struct bank_outgoing *outbox = record->outbox.values;
    struct bank_keyed *keyed = record->keyed.values;

    for (size_t i = 0; i < record->outbox.count; i++) {
        if (outbox[i].transfer == event->transfer) {
            list_remove(&record->outbox, sizeof(*outbox), i);
            break;
        }
    }
    for (size_t i = 0; i < record->keyed.count; i++) {
        if (keyed[i].kind == BANK_OUT && keyed[i].transfer == event->transfer) {
            keyed[i].is_done = true;
            keyed[i].is_refunded = event->kind == BANK_REFUND;
            keyed[i].other_balance = event->other_balance;
        }
    }
}

static void
forget_applied(struct record *record, const struct bank_event *event)
{
    struct bank_applied *applied = record->applied.values;

    for (size_t i = 0; i < record->applied.count; i++) {
        if (applied[i].transfer == event->transfer &&
            applied[i].from_length == event->other_length &&
            memcmp(applied[i].from, event->other, event->other_length) == 0) {
            list_remove(&record->applied, sizeof(*applied), i);
            return;
        }
    }
}

static void
keep(struct record *record, const struct record *other,
    const struct bank_event *event)
{
    if (event->kind < BANK_DONE) {
        keep_change(record, other, event);
    }
    switch (event->kind) {
    case BANK_OUT:
        keep_outgoing(record, event);
        break;
    case BANK_IN:
        keep_applied(record, event);
        break;
    case BANK_REFUND:
    case BANK_DONE:
        close_outgoing(record, event);
        break;
    case BANK_FORGET:
        forget_applied(record, event);
        break;
    default:
        break;
    }
}

static uint64_t
begin(struct bank_journal *journal)
{
    return ++((struct memory_journal *)journal)->term;
}

static bool
is_of_this_term(struct bank_journal *journal, const struct bank_owner *owner)
{
    return owner->term == ((const struct memory_journal *)journal)->term;
}

static bool
append(struct bank_journal *journal, const char *account, size_t length,
    uint64_t actor, const struct bank_event *event)
{
    struct record *record = find(journal, account, length);
    const struct record *other = NULL;

    if (record == NULL || record->owner.actor != actor ||
        !is_of_this_term(journal, &record->owner) ||
        record->last_number + 1 != event->number || !reserve(record)) {
        return false;
    }
    if (event->other_length > 0) {
        other = get(journal, event->other, event->other_length);
        if (other == NULL) {
            return false;
        }
    }
    keep(record, other, event);
    record->last_number++;
    return true;
}

static bool
load(struct bank_journal *journal, const char *account, size_t length,
    const struct bank_owner *owner, struct bank_image *image)
{
    struct record *record;

    memset(image, 0, sizeof(*image));
    if (owner != NULL && !is_of_this_term(journal, owner)) {
        return false;
    }
    record = owner == NULL ? find(journal, account, length)
                           : get(journal, account, length);
    if (record == NULL) {
        return owner == NULL;
    }
    if (owner != NULL) {
        record->owner = *owner;
        record->last_number = 0;
    }
    if (record->last_id > 0) {
        image->last_id = record->last_id;
        image->last_transfer = record->last_transfer;
        image->balance = record->balance;
        image->outbox = record->outbox.values;
        image->outbox_count = record->outbox.count;
        image->applied = record->applied.values;
        image->applied_count = record->applied.count;
        image->keyed = record->keyed.values;
        image->keyed_count = record->keyed.count;
    }
    return true;
}

static void
read_changes(struct bank_journal *journal, const char *account, size_t length,
    size_t limit, bank_journal_reader *reader, void *context)
{
    const struct record *record = find(journal, account, length);
    uint64_t id = record == NULL ? 0 : record->last_id;

    for (size_t i = 0; i < limit && i < BANK_CHANGES_KEPT && id > 0;
         i++, id--) {
        const struct change *change =
            &record->changes[id % record->changes_room];
        struct bank_event event = {.kind = change->kind,
            .id = change->id,
            .cents = change->cents,
            .balance = change->balance};

        if (change->other != NULL) {
            event.other_length = change->other->name.length;
            memcpy(event.other, change->other->name.text, event.other_length);
        }
        reader(context, &event);
    }
}

static const struct bank_name *
find_name(struct bank_journal *journal, const char *account, size_t length)
{
    const struct record *record = find(journal, account, length);

    return record == NULL ? NULL : &record->name;
}

static const struct bank_name *
next(struct bank_journal *journal, const struct bank_name *account)
{
    const struct memory_journal *made = (struct memory_journal *)journal;

    return bank_names_next(&made->records, account);
}

static void
destroy(struct bank_journal *journal)
{
    struct memory_journal *made = (struct memory_journal *)journal;
    struct bank_name *name = bank_names_next(&made->records, NULL);

    while (name != NULL) {
        struct record *record = (struct record *)name;

        name = bank_names_next(&made->records, name);
        free(record->outbox.values);
        free(record->applied.values);
        free(record->keyed.values);
        free(record->changes);
        free(record);
    }
    bank_names_fini(&made->records, &memory);
    free(made);
}

static const struct bank_journal_calls calls = {

    begin, append, load, read_changes, find_name, next, destroy};

struct bank_journal *
bank_journal_memory_create(void)
{
    struct memory_journal *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        return NULL;
    }
    made->journal.calls = &calls;
    return &made->journal;
}

void
bank_journal_destroy(struct bank_journal **journal)
{
    if (*journal != NULL) {
        (*journal)->calls->destroy(*journal);
        *journal = NULL;
    }
}

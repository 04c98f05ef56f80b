/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/schema.h"

#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"
#include "mailbox/value.h"

#include "troupe/wire.h"

#include <ck_pr.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    BUCKETS_COUNT = 1024, /* a power of two */
    CHUNK_ENTRIES_COUNT = 256,
    CHUNKS_COUNT = 256,
    LIST_BYTES_MAX = 72, /* of a list of fields in a sentence */
};

/* A name and its number. Never freed. */
struct entry {
    /* Written before the entry is published, then only read. */
    struct entry *next; /* in its bucket */
    struct troupe_schema named;
    size_t name_length;

    /*
     * NULL until the fields are known, then a description with a copy of them.
     * Written once, with the lock held, after a store fence; read by any
     * thread. A stale NULL shows the schema as known by name only, which is
     * what it was a moment ago.
     */
    struct troupe_schema *described;

    char name[];
};

struct chunk {
    /* By number. Written, and stale, as a bucket, with the same fence. */
    struct entry *entries[CHUNK_ENTRIES_COUNT];
};

/*
 * NULL: nothing yet. Written with the lock held, each pointer after a store
 * fence, so that who sees it sees what it points to: a reader's next load goes
 * through the pointer and cannot come before it. A stale NULL is a name not
 * found yet.
 */
static struct entry *buckets[BUCKETS_COUNT];
static struct chunk *chunks[CHUNKS_COUNT];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t entries_count; /* under lock */

const char *
troupe_type_name(enum troupe_type type)
{
    static const char *const names[] = {
#define X(type, c_type, bytes_max) #type,
        TROUPE_TYPE_MAP(X)
#undef X
    };

    return (unsigned int)type < TROUPE_TYPES_COUNT ? names[type] : "unknown";
}

/* FNV-1a, 32 bits. */
static uint32_t
hash(const char *name, size_t length)
{
    uint32_t value = 2166136261u;

    for (size_t i = 0; i < length; i++) {
        value = (value ^ (uint8_t)name[i]) * 16777619u;
    }
    return value;
}

static struct entry *
find(const char *name, size_t length)
{
    uint32_t bucket = hash(name, length) % BUCKETS_COUNT;
    struct entry *entry = ck_pr_load_ptr(&buckets[bucket]);

    while (entry != NULL && (entry->name_length != length ||
                                memcmp(entry->name, name, length) != 0)) {
        entry = entry->next;
    }
    return entry;
}

static const struct troupe_schema *
view(struct entry *entry)
{
    const struct troupe_schema *described = ck_pr_load_ptr(&entry->described);

    return described != NULL ? described : &entry->named;
}

const struct troupe_schema *
troupe_schema_by_number_view(uint32_t number)
{
    uint32_t index = number - 1;
    struct chunk *chunk;
    struct entry *entry;

    if (index / CHUNK_ENTRIES_COUNT >= CHUNKS_COUNT) {
        return NULL;
    }
    chunk = ck_pr_load_ptr(&chunks[index / CHUNK_ENTRIES_COUNT]);
    if (chunk == NULL) {
        return NULL;
    }
    entry = ck_pr_load_ptr(&chunk->entries[index % CHUNK_ENTRIES_COUNT]);
    return entry == NULL ? NULL : view(entry);
}

const struct troupe_schema *
troupe_schema_by_name_view(const char *name)
{
    struct entry *entry = find(name, strlen(name));

    return entry == NULL ? NULL : view(entry);
}

uint32_t
tp_schema_find_name(const char *name, size_t length)
{
    struct entry *entry = find(name, length);

    return entry == NULL ? 0 : entry->named.number;
}

static troupe_err
no_memory(const char *name, size_t length)
{
    return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to intern the schema %.*s",
        (int)length, name);
}

static struct entry *
make_entry(const char *name, size_t length, uint32_t number)
{
    struct entry *entry = tp_memory_alloc(sizeof(*entry) + length + 1);

    if (entry == NULL) {
        return NULL;
    }
    memcpy(entry->name, name, length);
    entry->name[length] = '\0';
    entry->name_length = length;
    entry->next = NULL;
    entry->described = NULL;
    entry->named =
        (struct troupe_schema){.name = entry->name, .number = number};
    return entry;
}

/* The place of the entry of that number; NULL if there is no memory for it. */
static struct entry **
place(uint32_t number)
{
    struct chunk **chunk = &chunks[(number - 1) / CHUNK_ENTRIES_COUNT];
    struct chunk *fresh;

    if (*chunk == NULL) {
        fresh = tp_memory_alloc_zeroed(1, sizeof(*fresh));
        ck_pr_fence_store();
        ck_pr_store_ptr(chunk, fresh);
    }
    return *chunk == NULL
               ? NULL
               : &(*chunk)->entries[(number - 1) % CHUNK_ENTRIES_COUNT];
}

/* With the lock held: a new entry for a name that has none. */
static troupe_err
add(const char *name, size_t length, struct entry **added)
{
    uint32_t bucket = hash(name, length) % BUCKETS_COUNT;
    struct entry **placed;
    struct entry *entry;

    if (entries_count == CHUNKS_COUNT * CHUNK_ENTRIES_COUNT) {
        return tp_err_set(TROUPE_E_NO_MEMORY,
            "%" PRIu32 " schemas are known and the table holds no more; are "
            "names made up at run time?",
            entries_count);
    }
    placed = place(entries_count + 1);
    entry = placed == NULL ? NULL : make_entry(name, length, entries_count + 1);
    if (entry == NULL) {
        return no_memory(name, length);
    }
    entries_count++;
    entry->next = buckets[bucket];
    ck_pr_fence_store();
    ck_pr_store_ptr(placed, entry);
    ck_pr_store_ptr(&buckets[bucket], entry);
    *added = entry;
    return TROUPE_OK;
}

static troupe_err
check_name(const char *name, size_t length)
{
    if (length == 0 || length > TP_SCHEMA_NAME_BYTES_MAX) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "the name of a schema has 1 to %d bytes, not %zu",
            TP_SCHEMA_NAME_BYTES_MAX, length);
    }
    for (size_t i = 0; i < length; i++) {
        if ((uint8_t)name[i] < 0x20 || name[i] == 0x7f) {
            return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
                "byte %zu of the name of a schema is the control character "
                "%02x",
                i, name[i]);
        }
    }
    return TROUPE_OK;
}

/* With the lock held: the entry of the name, new or old. */
static troupe_err
find_or_add(const char *name, size_t length, struct entry **entry)
{
    *entry = find(name, length);
    return *entry == NULL ? add(name, length, entry) : TROUPE_OK;
}

troupe_err
tp_schema_intern_name(const char *name, size_t length, uint32_t *number)
{
    troupe_err err = check_name(name, length);
    struct entry *entry = NULL;

    if (err != TROUPE_OK) {
        return err;
    }
    pthread_mutex_lock(&lock);
    err = find_or_add(name, length, &entry);
    pthread_mutex_unlock(&lock);
    if (err == TROUPE_OK) {
        *number = entry->named.number;
    }
    return err;
}

static troupe_err
check_schema(const struct troupe_schema *schema)
{
    if (schema->name == NULL) {
        return tp_err_set(
            TROUPE_E_INVALID_ARGUMENT, "the name of the schema is NULL");
    }
    for (uint32_t i = 0; i < schema->fields_count; i++) {
        const struct troupe_field *field = &schema->fields[i];

        if (field->type <= TROUPE_TYPE_nothing ||
            field->type >= TROUPE_TYPES_COUNT || field->name == NULL) {
            return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
                "field %" PRIu32 " of the schema %.64s has no name or an "
                "unknown type",
                i + 1, schema->name);
        }
    }
    return check_name(schema->name, strlen(schema->name));
}

/* How many fields, from the first on, are the same in both. */
static uint32_t
same_fields_count(
    const struct troupe_schema *one, const struct troupe_schema *other)
{
    uint32_t i = 0;

    while (i < one->fields_count && i < other->fields_count &&
           one->fields[i].type == other->fields[i].type &&
           strcmp(one->fields[i].name, other->fields[i].name) == 0) {
        i++;
    }
    return i;
}

/* Writes the list as {int64 amount_cents, str memo}, or its beginning. */
static void
list_fields(char out[LIST_BYTES_MAX], const struct troupe_schema *schema)
{
    size_t used = (size_t)snprintf(out, LIST_BYTES_MAX, "{");

    for (uint32_t i = 0; i < schema->fields_count; i++) {
        const struct troupe_field *field = &schema->fields[i];
        size_t room = LIST_BYTES_MAX - sizeof(", ...}") - used;
        int length = snprintf(out + used, room, "%s%s %s", i == 0 ? "" : ", ",
            troupe_type_name(field->type), field->name);

        if ((size_t)length >= room) {
            used += (size_t)sprintf(out + used, i == 0 ? "..." : ", ...");
            break;
        }
        used += (size_t)length;
    }
    snprintf(out + used, LIST_BYTES_MAX - used, "}");
}

static troupe_err
conflict(const struct troupe_schema *known, const struct troupe_schema *given)
{
    char known_list[LIST_BYTES_MAX];
    char given_list[LIST_BYTES_MAX];

    list_fields(known_list, known);
    list_fields(given_list, given);
    return tp_err_set(TROUPE_E_SCHEMA_CONFLICT,
        "the schema %.48s is both %s and %s: field %" PRIu32 " differs; "
        "rename one",
        given->name, known_list, given_list,
        same_fields_count(known, given) + 1);
}

/* The bytes that all names of fields take, with their NULs. */
static size_t
names_size(const struct troupe_schema *schema)
{
    size_t size = 0;

    for (uint32_t i = 0; i < schema->fields_count; i++) {
        size += strlen(schema->fields[i].name) + 1;
    }
    return size;
}

/* A copy of schema in one block: the schema, its fields, their names. */
static struct troupe_schema *
copy(const struct troupe_schema *schema, const struct entry *entry)
{
    size_t fields_size = schema->fields_count * sizeof(struct troupe_field);
    struct troupe_schema *described =
        tp_memory_alloc(sizeof(*described) + fields_size + names_size(schema));
    struct troupe_field *fields;
    char *name;

    if (described == NULL) {
        return NULL;
    }
    fields = (struct troupe_field *)(described + 1);
    name = (char *)(fields + schema->fields_count);
    for (uint32_t i = 0; i < schema->fields_count; i++) {
        fields[i] = schema->fields[i];
        fields[i].name = name;
        name = stpcpy(name, schema->fields[i].name) + 1;
    }
    *described = *schema;
    described->name = entry->name;
    described->fields = fields;
    described->number = entry->named.number;
    return described;
}

/* With the lock held: adds the fields to a name, or compares them. */
static troupe_err
describe(struct entry *entry, const struct troupe_schema *schema)
{
    const struct troupe_schema *known = entry->described;
    struct troupe_schema *described;

    if (known == NULL) {
        described = copy(schema, entry);
        if (described == NULL) {
            return no_memory(entry->name, entry->name_length);
        }
        ck_pr_fence_store();
        ck_pr_store_ptr(&entry->described, described);
        return TROUPE_OK;
    }
    if (known->fields_count == schema->fields_count &&
        same_fields_count(known, schema) == schema->fields_count) {
        return TROUPE_OK;
    }
    return conflict(known, schema);
}

troupe_err
troupe_schema_intern(struct troupe_schema *schema)
{
    struct entry *entry = NULL;
    troupe_err err;

    if (troupe_schema_number(schema) != 0) {
        return TROUPE_OK;
    }
    err = check_schema(schema);
    if (err != TROUPE_OK) {
        return err;
    }
    pthread_mutex_lock(&lock);
    err = find_or_add(schema->name, strlen(schema->name), &entry);
    if (err == TROUPE_OK) {
        err = describe(entry, schema);
    }
    pthread_mutex_unlock(&lock);
    if (err == TROUPE_OK) {
        /* Who sees the number finds its entry: a look-up's first load is from
         * an address made of the number. */
        ck_pr_fence_store();
        ck_pr_store_32(&schema->number, entry->named.number);
    }
    return err;
}

/* The payload has the field, but not as the schema wants it. */
static troupe_err
unfit_field(const struct troupe_schema *schema, uint32_t index,
    const uint8_t *at, const uint8_t *end)
{
    const struct troupe_field *field = &schema->fields[index];
    struct tp_value value;
    char found[64];

    for (uint32_t i = 0; i < index && at != NULL; i++) {
        at = troupe_wire_skip(at, end);
    }
    (void)tp_value_read(at == NULL ? end : at, end, &value);
    tp_value_describe(found, sizeof(found), &value);
    return tp_err_set(TROUPE_E_DECODE,
        "%.64s.%.64s (field %" PRIu32 " of %" PRIu32 ") should be %s and is %s",
        schema->name, field->name, index + 1, schema->fields_count,
        troupe_type_name(field->type), found);
}

static troupe_err
no_array(const struct troupe_schema *schema, const uint8_t *payload,
    const uint8_t *end)
{
    struct tp_value value;
    char found[64];

    (void)tp_value_read(payload, end, &value);
    tp_value_describe(found, sizeof(found), &value);
    return tp_err_set(TROUPE_E_DECODE,
        "%.64s: the payload should be an array of its %" PRIu32
        " fields and is %s",
        schema->name, schema->fields_count, found);
}

troupe_err
tp_schema_decode_error(const struct troupe_schema *schema,
    const uint8_t *payload, const uint8_t *end, int code)
{
    uint32_t count;
    uint32_t index = (uint32_t)code - 1;
    const uint8_t *at = troupe_wire_get_array_header(payload, end, &count);

    if (code == TROUPE_DECODE_NO_ARRAY || at == NULL) {
        return no_array(schema, payload, end);
    }
    TP_ASSERT(index < schema->fields_count);
    if (index < count) {
        return unfit_field(schema, index, at, end);
    }
    return tp_err_set(TROUPE_E_DECODE,
        "%.64s.%.64s (%s, field %" PRIu32 " of %" PRIu32
        ") is missing: the payload has %" PRIu32 " fields",
        schema->name, schema->fields[index].name,
        troupe_type_name(schema->fields[index].type), index + 1,
        schema->fields_count, count);
}

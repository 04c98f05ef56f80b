/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/names.h"

#include "examples/bank/utf8.h"

#include <string.h>

enum { BUCKETS_COUNT_MIN = 16 };

/* FNV-1a. */
uint32_t
bank_name_hash(const char *text, size_t length)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    }
    return hash;
}

bool
bank_name_is_fit(const char *text, size_t length)
{
    if (length == 0 || length > BANK_NAME_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f) {
            return false;
        }
    }
    return bank_utf8_is_valid(text, length);
}

static struct bank_name **
bucket_of(const struct bank_names *names, uint32_t hash)
{
    return &names->buckets[hash & (names->buckets_count - 1)];
}

struct bank_name *
bank_names_find(const struct bank_names *names, const char *text, size_t length)
{
    uint32_t hash = bank_name_hash(text, length);
    struct bank_name *entry;

    if (names->buckets_count == 0) {
        return NULL;
    }
    entry = *bucket_of(names, hash);
    while (entry != NULL && (entry->hash != hash || entry->length != length ||
                                memcmp(entry->text, text, length) != 0)) {
        entry = entry->next;
    }
    return entry;
}

static void
put_in(struct bank_names *names, struct bank_name *entry)
{
    struct bank_name **bucket = bucket_of(names, entry->hash);

    entry->next = *bucket;
    *bucket = entry;
}

static bool
grow(struct bank_names *names, const struct bank_memory *memory)
{
    struct bank_names grown = {.count = names->count,
        .buckets_count = names->buckets_count == 0 ? BUCKETS_COUNT_MIN
                                                   : 2 * names->buckets_count};

    grown.buckets = memory->alloc(
        memory->context, grown.buckets_count * sizeof(struct bank_name *));
    if (grown.buckets == NULL) {
        return false;
    }
    for (size_t i = 0; i < names->buckets_count; i++) {
        struct bank_name *entry = names->buckets[i];

        while (entry != NULL) {
            struct bank_name *next = entry->next;

            put_in(&grown, entry);
            entry = next;
        }
    }
    bank_names_fini(names, memory);
    *names = grown;
    return true;
}

bool
bank_names_add(struct bank_names *names, const struct bank_memory *memory,
    struct bank_name *entry, const char *text, size_t length)
{
    if (names->count == names->buckets_count && !grow(names, memory)) {
        return false;
    }
    entry->hash = bank_name_hash(text, length);
    entry->length = (uint8_t)length;
    memcpy(entry->text, text, length);
    put_in(names, entry);
    names->count++;
    return true;
}

void
bank_names_remove(struct bank_names *names, struct bank_name *entry)
{
    struct bank_name **place = bucket_of(names, entry->hash);

    while (*place != entry) {
        place = &(*place)->next;
    }
    *place = entry->next;
    names->count--;
}

struct bank_name *
bank_names_next(const struct bank_names *names, const struct bank_name *entry)
{
    size_t i = 0;

    if (entry != NULL) {
        if (entry->next != NULL) {
            return entry->next;
        }
        i = (entry->hash & (names->buckets_count - 1)) + 1;
    }
    while (i < names->buckets_count && names->buckets[i] == NULL) {
        i++;
    }
    return i < names->buckets_count ? names->buckets[i] : NULL;
}

void
bank_names_fini(struct bank_names *names, const struct bank_memory *memory)
{
    if (names->buckets != NULL) {
        memory->free(memory->context, names->buckets);
    }
    *names = (struct bank_names){.count = 0};
}

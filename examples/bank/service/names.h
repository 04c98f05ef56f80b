/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names: things found by the name of an account.
 *
 * A hash table of entries that others own: each begins with a struct bank_name.
 * It doubles when it is full, with memory that the caller takes where it likes:
 * the journal from malloc, an actor from troupe_alloc().
 *
 * Zeroed memory is an empty table. All functions are for its owner.
 */
#ifndef TROUPE_BANK_SERVICE_NAMES_H
#define TROUPE_BANK_SERVICE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BANK_NAME_BYTES_MAX = 64 };

struct bank_name {
    struct bank_name *next; /* in its bucket */
    uint32_t hash;
    uint8_t length;
    char text[BANK_NAME_BYTES_MAX];
};

struct bank_names {
    struct bank_name **buckets;
    size_t buckets_count; /* a power of two, or 0 */
    size_t count;
};

/* Memory, all zeros, or NULL; and back. */
struct bank_memory {
    void *(*alloc)(void *context, size_t bytes);
    void (*free)(void *context, void *memory);
    void *context;
};

/* An account's name: 1 to 64 bytes of UTF-8 without control characters. */
bool bank_name_is_fit(const char *text, size_t length);

/* Of a name; equal names have equal hashes. */
uint32_t bank_name_hash(const char *text, size_t length);

/* The entry of that name, or NULL. */
struct bank_name *bank_names_find(
    const struct bank_names *names, const char *text, size_t length);

/* Puts in an entry, whose name is set here and is not in the table. false:
 * there is no memory. */
bool bank_names_add(struct bank_names *names, const struct bank_memory *memory,
    struct bank_name *entry, const char *text, size_t length);

/* Takes out an entry that is in the table. */
void bank_names_remove(struct bank_names *names, struct bank_name *entry);

/* The entry after this one in no special order, NULL: the first; NULL: there is
 * none. */
struct bank_name *bank_names_next(
    const struct bank_names *names, const struct bank_name *entry);

/* Frees the table, not its entries. */
void bank_names_fini(
    struct bank_names *names, const struct bank_memory *memory);

#endif

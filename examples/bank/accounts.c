/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/accounts.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64, FIRST_NAME_BYTES = 1024 };

void
bank_accounts_init(struct bank_accounts *accounts)
{
    *accounts = (struct bank_accounts){0};
}

void
bank_accounts_fini(struct bank_accounts *accounts)
{
    free(accounts->names);
    free(accounts->name_ends);
    free(accounts->slots);
}

const char *
bank_accounts_name_view(
    const struct bank_accounts *accounts, uint32_t account, size_t *length)
{
    size_t begin = account == 0 ? 0 : accounts->name_ends[account - 1];

    *length = accounts->name_ends[account] - begin;
    return accounts->names + begin;
}

/* FNV-1a of 64 bits, its halves folded as only the low bits are used. */
static size_t
hash_of(const char *name, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
    }
    return (size_t)(hash ^ hash >> 32);
}

static bool
is_named(const struct bank_accounts *accounts, uint32_t account,
    const char *name, size_t length)
{
    size_t known_length;
    const char *known =
        bank_accounts_name_view(accounts, account, &known_length);

    return known_length == length && memcmp(known, name, length) == 0;
}

/* The slot that holds the name, or the free one where it would go. */
static uint32_t *
slot_of(const struct bank_accounts *accounts, const char *name, size_t length)
{
    size_t mask = accounts->slots_count - 1;
    size_t slot = hash_of(name, length) & mask;

    while (accounts->slots[slot] != BANK_NOBODY &&
           !is_named(accounts, accounts->slots[slot], name, length)) {
        slot = (slot + 1) & mask;
    }
    return &accounts->slots[slot];
}

uint32_t
bank_accounts_find(
    const struct bank_accounts *accounts, const char *name, size_t length)
{
    if (accounts->slots_count == 0) {
        return BANK_NOBODY;
    }
    return *slot_of(accounts, name, length);
}

static bool
grow_slots(struct bank_accounts *accounts)
{
    size_t count =
        accounts->slots_count == 0 ? FIRST_SLOTS : accounts->slots_count * 2;
    uint32_t *slots = malloc(count * sizeof(*slots));

    if (slots == NULL) {
        return false;
    }
    memset(slots, 0xff, count * sizeof(*slots));
    free(accounts->slots);
    accounts->slots = slots;
    accounts->slots_count = count;
    for (uint32_t i = 0; i < accounts->count; i++) {
        size_t length;
        const char *name = bank_accounts_name_view(accounts, i, &length);

        *slot_of(accounts, name, length) = i;
    }
    return true;
}

static bool
grow_name_ends(struct bank_accounts *accounts)
{
    uint32_t capacity = accounts->capacity == 0 ? FIRST_SLOTS / 2
                        : accounts->capacity > BANK_NOBODY / 2
                            ? BANK_NOBODY
                            : accounts->capacity * 2;
    size_t *ends =
        realloc(accounts->name_ends, capacity * sizeof(*accounts->name_ends));

    if (ends == NULL) {
        return false;
    }
    accounts->name_ends = ends;
    accounts->capacity = capacity;
    return true;
}

static bool
reserve_names(struct bank_accounts *accounts, size_t needed)
{
    size_t capacity = accounts->names_capacity == 0 ? FIRST_NAME_BYTES
                                                    : accounts->names_capacity;
    char *names;

    if (needed <= accounts->names_capacity) {
        return true;
    }
    while (capacity < needed) {
        capacity *= 2;
    }
    names = realloc(accounts->names, capacity);
    if (names == NULL) {
        return false;
    }
    accounts->names = names;
    accounts->names_capacity = capacity;
    return true;
}

static bool
make_room(struct bank_accounts *accounts, size_t names_size)
{
    if (accounts->count == BANK_NOBODY) {
        return false;
    }
    if (accounts->count == accounts->capacity && !grow_name_ends(accounts)) {
        return false;
    }
    if (accounts->count >= accounts->slots_count / 2 && !grow_slots(accounts)) {
        return false;
    }
    return reserve_names(accounts, names_size);
}

uint32_t
bank_accounts_add(
    struct bank_accounts *accounts, const char *name, size_t length)
{
    size_t begin =
        accounts->count == 0 ? 0 : accounts->name_ends[accounts->count - 1];
    uint32_t account = accounts->count;

    if (!make_room(accounts, begin + length)) {
        return BANK_NOBODY;
    }
    memcpy(accounts->names + begin, name, length);
    accounts->name_ends[account] = begin + length;
    *slot_of(accounts, name, length) = account;
    accounts->count++;
    return account;
}

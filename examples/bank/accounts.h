/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * accounts: account names, each known by a number from 0 on.
 *
 * Names are kept one behind the other in one block, and found through a hash
 * table of numbers with linear probing, never more than half full. A name is
 * any bytes; whether they are UTF-8 is for the caller to ask.
 *
 *     every function    one thread, or any number once nothing is added
 */
#ifndef TROUPE_BANK_ACCOUNTS_H
#define TROUPE_BANK_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of no account. */
#define BANK_NOBODY UINT32_MAX

struct bank_accounts {
    uint32_t count;
    uint32_t capacity;

    char *names;       /* all bytes of all names */
    size_t *name_ends; /* name i ends before names[name_ends[i]] */
    size_t names_capacity;

    uint32_t *slots;    /* account numbers, BANK_NOBODY if free */
    size_t slots_count; /* a power of two, or 0 */
};

/* Cannot fail; takes no memory yet. */
void bank_accounts_init(struct bank_accounts *accounts);
void bank_accounts_fini(struct bank_accounts *accounts);

/* The number of a name, BANK_NOBODY if it is not known. */
uint32_t bank_accounts_find(
    const struct bank_accounts *accounts, const char *name, size_t length);

/*
 * Gives a new name the next number, which it returns. BANK_NOBODY: out of
 * memory or of numbers. The name must not be known yet.
 */
uint32_t bank_accounts_add(
    struct bank_accounts *accounts, const char *name, size_t length);

/* The bytes of a name, without a final zero byte; valid until the next add. */
const char *bank_accounts_name_view(
    const struct bank_accounts *accounts, uint32_t account, size_t *length);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/keys.h"

#include "examples/bank/service/account.h"
#include "examples/bank/service/array.h"
#include "examples/bank/service/due.h"

#include <string.h>

uint32_t
bank_key_hash(const struct bank_key *key)
{
    return bank_name_hash((const char *)key->bytes, key->size);
}

/* nil, a text, bytes or an integer. false: it is refused. */
bool
bank_key_read(
    struct troupe_self *self, struct troupe_raw raw, struct bank_key *key)
{
    uint8_t tag = raw.size == 0 ? 0xc0 : raw.data[0];
    bool is_integer =
        tag <= 0x7f || tag >= 0xe0 || (tag >= 0xcc && tag <= 0xd3);
    bool is_text = (tag >= 0xa0 && tag <= 0xbf) ||
                   (tag >= 0xd9 && tag <= 0xdb) || (tag >= 0xc4 && tag <= 0xc6);

    key->size = 0;
    if (tag == 0xc0) {
        return true;
    }
    if (raw.size > BANK_KEY_BYTES_MAX || !(is_integer || is_text)) {
        bank_refuse(self, 400,
            "bad key: a text, bytes or an integer of at most 64 bytes");
        return false;
    }
    key->size = (uint8_t)raw.size;
    memcpy(key->bytes, raw.data, raw.size);
    return true;
}

struct bank_keyed *
bank_keys_find(const struct bank_account *account, const struct bank_key *key)
{
    uint32_t hash = bank_key_hash(key);

    if (key->size == 0) {
        return NULL;
    }
    for (size_t i = account->keyed_count; i-- > 0;) {
        if (account->key_hashes[i] == hash &&
            account->keyed[i].key.size == key->size &&
            memcmp(account->keyed[i].key.bytes, key->bytes, key->size) == 0) {
            return &account->keyed[i];
        }
    }
    return NULL;
}

bool
bank_keys_reserve(
    struct troupe_self *self, struct bank_account *account, size_t count)
{
    void *keyed = account->keyed;
    void *hashes = account->key_hashes;
    size_t keyed_room = account->keyed_room;
    size_t hashes_room = account->keyed_room;
    bool is_reserved = bank_array_reserve(
        self, &keyed, &keyed_room, count, sizeof(*account->keyed));

    account->keyed = keyed;
    is_reserved = is_reserved && bank_array_reserve(self, &hashes, &hashes_room,
                                     count, sizeof(*account->key_hashes));
    account->key_hashes = hashes;
    if (is_reserved) {
        account->keyed_room = keyed_room;
    }
    return is_reserved;
}

void
bank_keys_drop_old(struct bank_account *account)
{
    size_t old = 0;

    if (account->keyed_count < 2 * BANK_CHANGES_KEPT) {
        return;
    }
    while (old < account->keyed_count &&
           account->keyed[old].id + BANK_CHANGES_KEPT <= account->last_id) {
        old++;
    }
    account->keyed_count -= old;
    memmove(account->keyed, account->keyed + old,
        account->keyed_count * sizeof(*account->keyed));
    memmove(account->key_hashes, account->key_hashes + old,
        account->keyed_count * sizeof(*account->key_hashes));
}

void
bank_keys_remember(struct bank_account *account, const struct bank_event *event)
{
    struct bank_keyed *keyed;

    if (event->key.size == 0) {
        return;
    }
    account->key_hashes[account->keyed_count] = bank_key_hash(&event->key);
    keyed = &account->keyed[account->keyed_count++];
    *keyed = (struct bank_keyed){.key = event->key,
        .kind = event->kind,
        .other_hash = bank_name_hash(event->other, event->other_length),
        .id = event->id,
        .transfer = event->transfer,
        .cents = event->cents,
        .balance = event->balance,
        .is_done = event->kind != BANK_OUT};
}

void
bank_keys_close(struct bank_account *account, const struct bank_due *due)
{
    for (size_t i = account->keyed_count; i-- > 0;) {
        struct bank_keyed *keyed = &account->keyed[i];

        if (keyed->kind == BANK_OUT && keyed->transfer == due->transfer) {
            keyed->is_done = true;
            keyed->is_refunded = due->is_refunded;
            keyed->other_balance = due->other_balance;
            return;
        }
    }
}

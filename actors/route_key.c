/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/route_key.h"

#include "base/hash.h"
#include "mailbox/value.h"

#include <string.h>

static bool
find_field(struct tp_route_key *key, uint32_t number)
{
    const struct troupe_schema *schema = troupe_schema_by_number_view(number);

    for (uint32_t i = 0;
         schema != NULL && schema->fields != NULL && i < schema->fields_count;
         i++) {
        if (strcmp(schema->fields[i].name, key->field) == 0) {
            key->schema = number;
            key->index = i;
            return true;
        }
    }
    return false;
}

/* The end of the value at at, whatever is in it; NULL: it has none. */
static const uint8_t *
skip(const uint8_t *at, const uint8_t *end)
{
    uint64_t left = 1;

    while (left > 0 && at != NULL) {
        struct tp_value value;

        at = tp_value_read(at, end, &value);
        left--;
        if (value.kind == TP_VALUE_ARRAY || value.kind == TP_VALUE_MAP) {
            left += value.values_count;
        }
    }
    return at;
}

/* The index-th element of the payload, an array; NULL: there is none. */
static const uint8_t *
find_element(const uint8_t *at, const uint8_t *end, uint32_t index)
{
    struct tp_value header;

    at = tp_value_read(at, end, &header);
    if (at == NULL || header.kind != TP_VALUE_ARRAY ||
        header.values_count <= index) {
        return NULL;
    }
    while (at != NULL && index > 0) {
        at = skip(at, end);
        index--;
    }
    return at;
}

static uint64_t
hash_real(double real)
{
    uint64_t bits;

    memcpy(&bits, &real, sizeof(bits));
    return real == 0.0 ? 0 : tp_hash_mix(bits); /* 0.0 is -0.0 */
}

/* The value, of which read says the first step, from at to end. */
static uint64_t
hash_value(const struct tp_value *read, const uint8_t *at, const uint8_t *end)
{
    switch (read->kind) {
    case TP_VALUE_UNSIGNED:
    case TP_VALUE_SIGNED:
        return tp_hash_mix(read->bits);
    case TP_VALUE_FLOAT:
    case TP_VALUE_DOUBLE:
        return hash_real(read->real);
    case TP_VALUE_STR:
    case TP_VALUE_BIN:
    case TP_VALUE_EXT:
        return tp_hash_bytes(read->data, read->size);
    default:
        return tp_hash_bytes(at, (size_t)(end - at));
    }
}

bool
tp_route_key_read(struct tp_route_key *key,
    const struct troupe_message *message, uint64_t *value)
{
    const uint8_t *payload_end = message->payload + message->payload_size;
    const uint8_t *at;
    const uint8_t *end;
    struct tp_value read;

    if (key->schema != message->schema && !find_field(key, message->schema)) {
        return false;
    }
    at = find_element(message->payload, payload_end, key->index);
    end = at == NULL ? NULL : skip(at, payload_end);
    if (end == NULL) {
        return false;
    }
    (void)tp_value_read(at, payload_end, &read);
    *value = hash_value(&read, at, end);
    return true;
}

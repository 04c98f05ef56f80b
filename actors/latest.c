/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/latest.h"

#include "actors/post.h"
#include "base/assert.h"
#include "base/memory.h"

#include <string.h>

enum { CHAINS_MIN = 16, CHAINS_KEPT_MAX = 64 };

/* ---- keys ---------------------------------------------------------------- */

struct key {
    uint64_t word; /* the value; of a text a hash of it */
    const void *text;
    uint32_t text_size;
};

#define X(type, c_type, bytes_max) [TROUPE_TYPE_##type] = sizeof(c_type),
static const uint8_t word_sizes[TROUPE_TYPES_COUNT] = {
    TROUPE_FIXED_TYPE_MAP(X)};
#undef X

static uint64_t
mix(uint64_t word)
{
    word *= UINT64_C(0x9e3779b97f4a7c15);
    return word ^ word >> 32;
}

static void
set_text(struct key *key, const void *text, uint32_t size)
{
    const uint8_t *bytes = text;

    key->text = text;
    key->text_size = size;
    key->word = size;
    for (uint32_t i = 0; i < size; i++) {
        key->word = mix(key->word ^ bytes[i]);
    }
}

/* False: the message does not fit its schema. */
static bool
read_key(const struct tp_behaviour_mark *mark,
    const struct troupe_message *message, struct key *key)
{
    const uint8_t *payload = tp_message_payload_view(message);
    const uint8_t *end = payload + message->payload_size;
    size_t offset = mark->key_offset;
    struct troupe_str str = {NULL, 0};
    struct troupe_bin bin = {NULL, 0};
    int fault;

    *key = (struct key){0, NULL, 0};
    switch (mark->key_type) {
    case TROUPE_TYPE_nothing:
        fault = mark->pick(payload, end, 0, 0, &key->word);
        break;
    case TROUPE_TYPE_str:
        fault = mark->pick(payload, end, offset, sizeof(str), &str);
        set_text(key, str.data, str.length);
        break;
    case TROUPE_TYPE_bin:
        fault = mark->pick(payload, end, offset, sizeof(bin), &bin);
        set_text(key, bin.data, bin.size);
        break;
    default:
        fault = mark->pick(
            payload, end, offset, word_sizes[mark->key_type], &key->word);
    }
    return fault == 0;
}

static bool
is_same(const struct key *a, const struct key *b)
{
    return a->word == b->word && a->text_size == b->text_size &&
           (a->text_size == 0 || memcmp(a->text, b->text, a->text_size) == 0);
}

bool
tp_latest_is_same(const struct tp_behaviour_mark *mark,
    const struct troupe_message *one, const struct troupe_message *other)
{
    struct key a;
    struct key b;

    return read_key(mark, one, &a) && read_key(mark, other, &b) &&
           is_same(&a, &b);
}

/* ---- places -------------------------------------------------------------- */

/* A PLACE's payload. Its `request` is the key's word. */
struct place {
    struct troupe_message *latest;
    struct troupe_message *chained;
};

static struct place *
place_of(struct troupe_message *message)
{
    return (struct place *)(void *)message->payload;
}

/* Where the chain of that key begins. */
static struct troupe_message **
chain_of(const struct tp_latest *latest, uint32_t schema, uint64_t word)
{
    return &latest->chains[mix(word ^ (uint64_t)schema << 32) & latest->mask];
}

static struct troupe_message *
find(const struct tp_latest *latest, const struct tp_behaviour_mark *mark,
    uint32_t schema, const struct key *key)
{
    struct troupe_message *found =
        latest->chains == NULL ? NULL : *chain_of(latest, schema, key->word);
    struct key other;

    while (found != NULL &&
           (found->schema != schema || found->request != key->word ||
               !read_key(mark, place_of(found)->latest, &other) ||
               !is_same(key, &other))) {
        found = place_of(found)->chained;
    }
    return found;
}

static void
chain(struct tp_latest *latest, struct troupe_message *place)
{
    struct troupe_message **first =
        chain_of(latest, place->schema, place->request);

    place_of(place)->chained = *first;
    *first = place;
    latest->count++;
}

static void
move_chain(struct tp_latest *latest, struct troupe_message *place)
{
    while (place != NULL) {
        struct troupe_message *next = place_of(place)->chained;

        chain(latest, place);
        place = next;
    }
}

/* Room for one more; false: no memory for the first one. */
static bool
make_room(struct tp_latest *latest)
{
    uint32_t chains_count = latest->chains == NULL ? 0 : latest->mask + 1;
    struct tp_latest grown = {.mask = 2 * chains_count - 1};

    if (latest->count < chains_count) {
        return true;
    }
    if (chains_count == 0) {
        grown.mask = CHAINS_MIN - 1;
    }
    grown.chains = tp_memory_alloc_zeroed(
        (size_t)grown.mask + 1, sizeof(struct troupe_message *));
    if (grown.chains == NULL) {
        return chains_count > 0;
    }
    for (uint32_t i = 0; i < chains_count; i++) {
        move_chain(&grown, latest->chains[i]);
    }
    tp_memory_free(latest->chains);
    *latest = grown;
    return true;
}

static struct troupe_message *
make(struct troupe_self *self, struct troupe_message *message,
    const struct key *key)
{
    struct troupe_message *made = tp_post_block(self, sizeof(struct place));

    if (made != NULL) {
        made->kind = TP_MESSAGE_PLACE;
        made->sender = message->sender;
        made->incarnation = message->incarnation;
        made->schema = message->schema;
        made->request = key->word;
        place_of(made)->latest = message;
    }
    return made;
}

enum tp_latest_verdict
tp_latest_add(struct troupe_self *self, struct tp_latest *latest,
    const struct tp_behaviour_mark *mark, struct troupe_message *message,
    struct troupe_message **other)
{
    struct troupe_message *place;
    struct key key;

    if (!read_key(mark, message, &key)) {
        return TP_LATEST_LEFT;
    }
    place = find(latest, mark, message->schema, &key);
    if (place != NULL) {
        *other = place_of(place)->latest;
        place_of(place)->latest = message;
        return TP_LATEST_REPLACED;
    }
    place = make_room(latest) ? make(self, message, &key) : NULL;
    if (place == NULL) {
        return TP_LATEST_LEFT;
    }
    chain(latest, place);
    *other = place;
    return TP_LATEST_PLACED;
}

static void
unchain(struct tp_latest *latest, const struct troupe_message *place)
{
    struct troupe_message **link =
        chain_of(latest, place->schema, place->request);

    while (*link != place) {
        link = &place_of(*link)->chained;
    }
    *link = place_of(*link)->chained;
}

struct troupe_message *
tp_latest_open(struct troupe_self *self, struct tp_latest *latest,
    struct troupe_message *place)
{
    struct troupe_message *message = place_of(place)->latest;

    TP_ASSERT(latest->count > 0);
    unchain(latest, place);
    tp_post_free(self, place);
    latest->count--;
    if (latest->count == 0 && latest->mask >= CHAINS_KEPT_MAX) {
        tp_latest_fini(latest);
    }
    return message;
}

void
tp_latest_fini(struct tp_latest *latest)
{
    TP_ASSERT(latest->count == 0);
    tp_memory_free(latest->chains);
    *latest = (struct tp_latest){NULL, 0, 0};
}

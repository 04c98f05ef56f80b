/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does an operation cost on a dictionary that is an actor?
 *
 * 20 clients each send one request, wait for the result and send the next: nine
 * reads in ten, one write, of keys drawn at random. What is written to a key
 * tells which key that is, so a client sees whether what it reads was ever
 * written there; in the end the dictionary looks at all that it has.
 */
#include "base/random.h"
#include "bench/savina/memory.h"
#include "bench/savina/play.h"

enum {
    CLIENTS_COUNT = 20,
    WRITES_PERCENT = 10,
    KEYS_COUNT = 1 << 19, /* all of them are there from the start */
    PLACES_BITS = 20,     /* so half of the places stay empty */
    PLACES_COUNT = 1 << PLACES_BITS,
};

#define KEY(FIELD) FIELD(uint64, key)
#define ENTRY(FIELD) FIELD(uint64, key) FIELD(uint64, value)
TROUPE_MESSAGE(dictionary_read, KEY)
TROUPE_MESSAGE(dictionary_write, ENTRY)
TROUPE_MESSAGE(dictionary_result, ENTRY)
TROUPE_MESSAGE(dictionary_leave, TROUPE_NO_FIELDS)

/* What is written to a key: the key comes back as the remainder. */
static uint64_t
value_for(uint64_t key, uint64_t writing)
{
    return key + writing * KEYS_COUNT;
}

static bool
is_value_for(uint64_t key, uint64_t value)
{
    return value % KEYS_COUNT == key;
}

/* ---- the dictionary ------------------------------------------------------ */

struct place {
    uint64_t key_and_one; /* 0: empty */
    uint64_t value;
};

struct dictionary {
    troupe_pid collector;
    uint64_t requests_per_client;
    unsigned clients_left;
    struct place *places; /* a hash table; who finds its place taken goes on */
};

static struct place *
find(const struct dictionary *dictionary, uint64_t key)
{
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t at = hash >> (64 - PLACES_BITS);

    while (dictionary->places[at].key_and_one != 0 &&
           dictionary->places[at].key_and_one != key + 1) {
        at = (at + 1) & (PLACES_COUNT - 1);
    }
    return &dictionary->places[at];
}

static void
put(const struct dictionary *dictionary, uint64_t key, uint64_t value)
{
    *find(dictionary, key) = (struct place){key + 1, value};
}

static uint64_t
count_right_entries(const struct dictionary *dictionary)
{
    uint64_t count = 0;

    for (size_t i = 0; i < PLACES_COUNT; i++) {
        const struct place *place = &dictionary->places[i];

        count += place->key_and_one != 0 &&
                 is_value_for(place->key_and_one - 1, place->value);
    }
    return count;
}

static void
on_read(
    struct troupe_self *self, void *state, const struct dictionary_read *read)
{
    const struct dictionary *dictionary = state;

    (void)troupe_tell(self, troupe_sender(self), dictionary_result,
        .key = read->key, .value = find(dictionary, read->key)->value);
}

static void
on_write(
    struct troupe_self *self, void *state, const struct dictionary_write *write)
{
    put(state, write->key, write->value);
    (void)troupe_tell(self, troupe_sender(self), dictionary_result,
        .key = write->key, .value = write->value);
}

static void
on_leave(
    struct troupe_self *self, void *state, const struct dictionary_leave *leave)
{
    struct dictionary *dictionary = state;

    (void)leave;
    if (--dictionary->clients_left == 0) {
        (void)troupe_tell(self, dictionary->collector, outcome,
            .value = count_right_entries(dictionary));
    }
}

/* ---- clients ------------------------------------------------------------- */

struct client {
    troupe_pid dictionary;
    troupe_pid collector;
    uint64_t left;
    uint64_t right_count;
    struct tp_random random;
};

static void
send_request(struct troupe_self *self, struct client *client)
{
    uint64_t key = tp_random_below(&client->random, KEYS_COUNT);

    if (tp_random_below(&client->random, 100) < WRITES_PERCENT) {
        (void)troupe_tell(self, client->dictionary, dictionary_write,
            .key = key, .value = value_for(key, client->left));
    } else {
        (void)troupe_tell(
            self, client->dictionary, dictionary_read, .key = key);
    }
}

static void
on_client_start(struct troupe_self *self, void *state)
{
    send_request(self, state);
}

static void
on_result(struct troupe_self *self, void *state,
    const struct dictionary_result *result)
{
    struct client *client = state;

    client->right_count += is_value_for(result->key, result->value);
    if (--client->left > 0) {
        send_request(self, client);
        return;
    }
    (void)troupe_tell(
        self, client->collector, outcome, .value = client->right_count);
    (void)troupe_tell(self, client->dictionary, dictionary_leave);
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(dictionary_client, sizeof(struct client),
    TROUPE_ON_START(on_client_start), TROUPE_ON(dictionary_result, on_result));

static void
on_start(struct troupe_self *self, void *state)
{
    struct dictionary *dictionary = state;

    dictionary->places =
        bench_memory(PLACES_COUNT, sizeof(dictionary->places[0]));
    for (uint64_t key = 0; key < KEYS_COUNT; key++) {
        put(dictionary, key, value_for(key, 0));
    }
    dictionary->clients_left = CLIENTS_COUNT;
    for (uint64_t i = 0; i < CLIENTS_COUNT; i++) {
        struct client client = {
            .dictionary = troupe_self_pid(self),
            .collector = dictionary->collector,
            .left = dictionary->requests_per_client,
        };
        troupe_pid pid;

        tp_random_init(&client.random, i);
        TROUPE_CHECK(troupe_spawn_with(self, dictionary_client,
            &TROUPE_SPAWN_OPTIONS(.state = &client), &pid));
    }
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct dictionary *dictionary = state;

    (void)self, (void)why;
    free(dictionary->places);
}

TROUPE_BEHAVIOUR(dictionary, sizeof(struct dictionary),
    TROUPE_ON_START(on_start), TROUPE_ON(dictionary_read, on_read),
    TROUPE_ON(dictionary_write, on_write),
    TROUPE_ON(dictionary_leave, on_leave), TROUPE_ON_STOP(on_stop));

/* A request and its result are two messages. */
static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct dictionary dictionary = {
        .collector = bench_collector_spawn(bench, CLIENTS_COUNT + 1),
        .requests_per_client =
            bench_play_at_least(bench->count / 2 / CLIENTS_COUNT, 1),
    };
    uint64_t requests = CLIENTS_COUNT * dictionary.requests_per_client;

    return bench_play(bench,
        &(struct bench_play){
            .first = &dictionary_behaviour,
            .state = &dictionary,
            .collector = dictionary.collector,
            .sum = requests + KEYS_COUNT,
            .units_count = 2 * requests,
        },
        result);
}

const struct bench bench_dictionary = {
    .name = "dictionary",
    .group = "savina",
    .question = "20 clients read and write one dictionary",
    .unit = "ns/message",
    .count = 4000000,
    .floor_messages_count = 1,
    .run = run,
};

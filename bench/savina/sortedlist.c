/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does an operation cost on a sorted list that is an actor?
 *
 * 20 clients each send one request, wait for the result and send the next: of a
 * hundred, ten insert a number, one asks for the length, and the others whether
 * a number is there. The list is linked, so each walks through half of it.
 *
 * What is inserted in all is known beforehand, in whatever order it comes.
 */
#include "base/random.h"
#include "bench/savina/memory.h"
#include "bench/savina/play.h"

enum {
    CLIENTS_COUNT = 20,
    INSERTS_PERCENT = 10,
    LENGTHS_PERCENT = 1,
    NUMBERS_COUNT = 1 << 30,
};

#define NUMBER(FIELD) FIELD(uint64, number)
#define FOUND(FIELD) FIELD(boolean, is_there)
TROUPE_MESSAGE(sortedlist_insert, NUMBER)
TROUPE_MESSAGE(sortedlist_find, NUMBER)
TROUPE_MESSAGE(sortedlist_get_length, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(sortedlist_length, NUMBER)
TROUPE_MESSAGE(sortedlist_found, FOUND)
TROUPE_MESSAGE(sortedlist_inserted, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(sortedlist_leave, TROUPE_NO_FIELDS)

enum operation { INSERT, GET_LENGTH, FIND };

static enum operation
draw(struct tp_random *random, uint64_t *number)
{
    uint64_t percent = tp_random_below(random, 100);

    *number = tp_random_below(random, NUMBERS_COUNT);
    if (percent < INSERTS_PERCENT) {
        return INSERT;
    }
    return percent < INSERTS_PERCENT + LENGTHS_PERCENT ? GET_LENGTH : FIND;
}

/* ---- the list ------------------------------------------------------------ */

struct link {
    struct link *next;
    uint64_t number;
};

struct list {
    troupe_pid collector;
    uint64_t requests_per_client;
    uint64_t length;
    struct link *first;
    unsigned clients_left;
};

/* Where a number is, or would be. */
static struct link **
find(struct list *list, uint64_t number)
{
    struct link **at = &list->first;

    while (*at != NULL && (*at)->number < number) {
        at = &(*at)->next;
    }
    return at;
}

/* 0, which no right list has, if it is not sorted or not as long as it says. */
static uint64_t
sum_if_sorted(const struct list *list)
{
    uint64_t length = 0;
    uint64_t sum = 0;

    for (const struct link *at = list->first; at != NULL; at = at->next) {
        if (at->next != NULL && at->next->number < at->number) {
            return 0;
        }
        sum += at->number;
        length++;
    }
    return length == list->length ? sum : 0;
}

static void
on_insert(
    struct troupe_self *self, void *state, const struct sortedlist_insert *told)
{
    struct list *list = state;
    struct link **at = find(list, told->number);
    struct link *link = bench_memory(1, sizeof(*link));

    *link = (struct link){*at, told->number};
    *at = link;
    list->length++;
    (void)troupe_tell(self, troupe_sender(self), sortedlist_inserted);
}

static void
on_find(
    struct troupe_self *self, void *state, const struct sortedlist_find *told)
{
    const struct link *link = *find(state, told->number);

    (void)troupe_tell(self, troupe_sender(self), sortedlist_found,
        .is_there = link != NULL && link->number == told->number);
}

static void
on_get_length(struct troupe_self *self, void *state,
    const struct sortedlist_get_length *told)
{
    const struct list *list = state;

    (void)told;
    (void)troupe_tell(
        self, troupe_sender(self), sortedlist_length, .number = list->length);
}

static void
on_leave(
    struct troupe_self *self, void *state, const struct sortedlist_leave *leave)
{
    struct list *list = state;

    (void)leave;
    if (--list->clients_left == 0) {
        (void)troupe_tell(
            self, list->collector, outcome, .value = sum_if_sorted(list));
    }
}

/* ---- clients ------------------------------------------------------------- */

struct client {
    troupe_pid list;
    troupe_pid collector;
    uint64_t left;
    uint64_t length; /* the last one heard of: it never shrinks */
    uint64_t wrong_count;
    struct tp_random random;
};

static void
send_request(struct troupe_self *self, struct client *client)
{
    uint64_t number;

    switch (draw(&client->random, &number)) {
    case INSERT:
        (void)troupe_tell(
            self, client->list, sortedlist_insert, .number = number);
        break;
    case GET_LENGTH:
        (void)troupe_tell(self, client->list, sortedlist_get_length);
        break;
    case FIND:
        (void)troupe_tell(
            self, client->list, sortedlist_find, .number = number);
        break;
    }
}

static void
go_on(struct troupe_self *self, struct client *client)
{
    if (--client->left > 0) {
        send_request(self, client);
        return;
    }
    (void)troupe_tell(
        self, client->collector, outcome, .value = client->wrong_count);
    (void)troupe_tell(self, client->list, sortedlist_leave);
    (void)troupe_stop(self, troupe_self_pid(self));
}

static void
on_client_start(struct troupe_self *self, void *state)
{
    send_request(self, state);
}

static void
on_inserted(struct troupe_self *self, void *state,
    const struct sortedlist_inserted *inserted)
{
    (void)inserted;
    go_on(self, state);
}

static void
on_found(
    struct troupe_self *self, void *state, const struct sortedlist_found *found)
{
    (void)found;
    go_on(self, state);
}

static void
on_length(struct troupe_self *self, void *state,
    const struct sortedlist_length *length)
{
    struct client *client = state;

    client->wrong_count += length->number < client->length;
    client->length = length->number;
    go_on(self, client);
}

TROUPE_BEHAVIOUR(sortedlist_client, sizeof(struct client),
    TROUPE_ON_START(on_client_start), TROUPE_ON(sortedlist_found, on_found),
    TROUPE_ON(sortedlist_inserted, on_inserted),
    TROUPE_ON(sortedlist_length, on_length));

static void
on_start(struct troupe_self *self, void *state)
{
    struct list *list = state;

    list->clients_left = CLIENTS_COUNT;
    for (uint64_t i = 0; i < CLIENTS_COUNT; i++) {
        struct client client = {
            .list = troupe_self_pid(self),
            .collector = list->collector,
            .left = list->requests_per_client,
        };
        troupe_pid pid;

        tp_random_init(&client.random, i);
        TROUPE_CHECK(troupe_spawn_with(self, sortedlist_client,
            &TROUPE_SPAWN_OPTIONS(.state = &client), &pid));
    }
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct list *list = state;

    (void)self, (void)why;
    while (list->first != NULL) {
        struct link *link = list->first;

        list->first = link->next;
        free(link);
    }
}

TROUPE_BEHAVIOUR(sortedlist, sizeof(struct list), TROUPE_ON_START(on_start),
    TROUPE_ON(sortedlist_find, on_find),
    TROUPE_ON(sortedlist_insert, on_insert),
    TROUPE_ON(sortedlist_get_length, on_get_length),
    TROUPE_ON(sortedlist_leave, on_leave), TROUPE_ON_STOP(on_stop));

/* What all clients insert, if each draws so often. */
static uint64_t
sum_inserted(uint64_t requests_per_client)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < CLIENTS_COUNT; i++) {
        struct tp_random random;

        tp_random_init(&random, i);
        for (uint64_t k = 0; k < requests_per_client; k++) {
            uint64_t number;

            sum += draw(&random, &number) == INSERT ? number : 0;
        }
    }
    return sum;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct list list = {
        .collector = bench_collector_spawn(bench, CLIENTS_COUNT + 1),
        .requests_per_client =
            bench_play_at_least(bench->count / CLIENTS_COUNT, 1),
    };

    return bench_play(bench,
        &(struct bench_play){
            .first = &sortedlist_behaviour,
            .state = &list,
            .collector = list.collector,
            .sum = sum_inserted(list.requests_per_client),
            .units_count = CLIENTS_COUNT * list.requests_per_client,
        },
        result);
}

const struct bench bench_sortedlist = {
    .name = "sortedlist",
    .group = "savina",
    .question = "20 clients and one sorted linked list",
    .unit = "ns/request",
    .count = 60000,
    .run = run,
};

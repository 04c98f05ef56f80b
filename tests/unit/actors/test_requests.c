/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that an actor keeps, to answer them later or never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(int64, value)
#define NAME(FIELD) FIELD(str, name)
#define PEER(FIELD) FIELD(pid, pid)
TROUPE_MESSAGE(borrow, NAME)
TROUPE_MESSAGE(give, NUMBER)
TROUPE_MESSAGE(drop, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(leave, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(item, NUMBER)
TROUPE_MESSAGE(length, NUMBER)
TROUPE_MESSAGE(served_by, PEER)
TROUPE_MESSAGE(fetch, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(count, TROUPE_NO_FIELDS)

enum { KEPT_MAX = 100 };

static const uint64_t long_ns = TROUPE_SECONDS(60);

/* ---- a library: who borrows waits until somebody gives ------------------- */

struct library {
    struct troupe_request *waiting[KEPT_MAX];
    int waiting_count;
};

static void
on_borrow(struct troupe_self *self, void *state, const struct borrow *borrow)
{
    struct library *library = state;
    struct troupe_request *twice = NULL;

    CHECK(borrow->name.length == 4);
    CHECK(troupe_request_keep(
              self, &library->waiting[library->waiting_count]) == TROUPE_OK);
    library->waiting_count++;
    if (memcmp(borrow->name.data, "fast", 4) == 0) {
        /* Answered while in hand: it is kept, but no request any more. */
        CHECK(troupe_reply(self, item, .value = -1) == TROUPE_OK);
        CHECK(troupe_request_keep(self, &twice) == TROUPE_E_NO_REQUEST);
        CHECK(troupe_reply_to(self, &library->waiting[0], item, .value = 1) ==
              TROUPE_E_NO_REQUEST);
        troupe_request_release(self, &library->waiting[0]);
        CHECK(library->waiting[0] == NULL);
        library->waiting_count--;
    }
}

/* The newest first, so that the table of the kept has gaps to close. */
static void
on_give(struct troupe_self *self, void *state, const struct give *give)
{
    struct library *library = state;

    CHECK(library->waiting_count > 0);
    library->waiting_count--;
    CHECK(troupe_reply_to(self, &library->waiting[library->waiting_count], item,
              .value = give->value) == TROUPE_OK);
    CHECK(library->waiting[library->waiting_count] == NULL);
}

static void
on_drop(struct troupe_self *self, void *state, const struct drop *drop)
{
    struct library *library = state;

    (void)drop;
    CHECK(library->waiting_count > 0);
    /* The oldest, which is not the last in the table. */
    troupe_request_release(self, &library->waiting[0]);
    library->waiting_count--;
    memmove(library->waiting, library->waiting + 1,
        (size_t)library->waiting_count * sizeof(library->waiting[0]));
}

static void
on_leave(struct troupe_self *self, void *state, const struct leave *leave)
{
    (void)state, (void)leave;
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}

static void
on_count(struct troupe_self *self, void *state, const struct count *count)
{
    struct library *library = state;

    (void)count;
    CHECK(troupe_reply(self, length, .value = library->waiting_count) ==
          TROUPE_OK);
}

TROUPE_BEHAVIOUR(library, sizeof(struct library), TROUPE_ON(borrow, on_borrow),
    TROUPE_ON(give, on_give), TROUPE_ON(drop, on_drop),
    TROUPE_ON(leave, on_leave), TROUPE_ON(count, on_count));

/* ---- a clerk, who asks the library before he answers --------------------- */

struct clerk {
    troupe_pid library;
    struct troupe_request *client;
};

static void
on_served_by(
    struct troupe_self *self, void *state, const struct served_by *served_by)
{
    struct clerk *clerk = state;

    (void)self;
    clerk->library = served_by->pid;
}

static void
on_item(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct clerk *clerk = state;
    struct item item;

    (void)context;
    if (item_from(answer, &item) == TROUPE_OK) {
        CHECK(troupe_reply_to(self, &clerk->client, item,
                  .value = 2 * item.value) == TROUPE_OK);
    } else {
        troupe_request_release(self, &clerk->client);
    }
}

static void
on_fetch(struct troupe_self *self, void *state, const struct fetch *fetch)
{
    struct clerk *clerk = state;

    (void)fetch;
    CHECK(troupe_request_keep(self, &clerk->client) == TROUPE_OK);
    CHECK(troupe_ask_then(self, clerk->library, long_ns, on_item, 0, borrow,
              .name = {"book", 4}) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(clerk, sizeof(struct clerk),
    TROUPE_ON(served_by, on_served_by), TROUPE_ON(fetch, on_fetch));

/* ---- clients: threads that ask and wait ---------------------------------- */

struct client {
    struct troupe_runtime *runtime;
    troupe_pid library;
    pthread_t thread;
    troupe_err err;
    int64_t value;
};

static void *
borrow_a_book(void *arg)
{
    struct client *client = arg;
    struct item item = {0};

    client->err = troupe_ask(troupe_thread_self(client->runtime),
        client->library, long_ns, item, &item, borrow, .name = {"book", 4});
    client->value = item.value;
    return NULL;
}

struct world {
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid library;
};

static struct world
begin(bool simulate)
{
    struct world world = {0};

    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.simulate = simulate, .seed = 3), &world.runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(world.runtime), TROUPE_OK);
    world.self = troupe_thread_self(world.runtime);
    assert_int_equal(
        troupe_spawn(world.self, library, &world.library), TROUPE_OK);
    return world;
}

static void
finish(struct world *world)
{
    assert_int_equal(
        troupe_runtime_stop(world->runtime, long_ns, NULL), TROUPE_OK);
    troupe_runtime_destroy(&world->runtime);
}

static void
start_clients(struct world *world, struct client *clients, int clients_count)
{
    struct length length = {0};

    for (int i = 0; i < clients_count; i++) {
        clients[i] = (struct client){world->runtime, world->library, 0, 0, 0};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, borrow_a_book,
                             &clients[i]),
            0);
    }
    do {
        assert_int_equal(troupe_ask(world->self, world->library, long_ns,
                             length, &length, count),
            TROUPE_OK);
    } while (length.value < clients_count);
}

/* ---- tests --------------------------------------------------------------- */

static void
kept_requests_are_answered_later_each_with_its_own(void **state)
{
    struct world world = begin(false);
    struct client clients[8];
    int64_t sum = 0;

    (void)state;
    start_clients(&world, clients, 8);
    for (int i = 1; i <= 8; i++) {
        (void)troupe_tell(world.self, world.library, give, .value = i);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].err, TROUPE_OK);
        sum += clients[i].value;
    }
    assert_int_equal(sum, 36);
    finish(&world);
}

static void
a_request_that_is_dropped_is_answered_by_itself(void **state)
{
    struct world world = begin(false);
    struct client clients[3];
    int dropped_count = 0;

    (void)state;
    start_clients(&world, clients, 3);
    (void)troupe_tell(world.self, world.library, drop);
    (void)troupe_tell(world.self, world.library, give, .value = 1);
    (void)troupe_tell(world.self, world.library, drop);
    for (int i = 0; i < 3; i++) {
        pthread_join(clients[i].thread, NULL);
        dropped_count += clients[i].err == TROUPE_E_NO_REPLY;
    }
    assert_int_equal(dropped_count, 2);
    finish(&world);
}

static void
an_actor_that_stops_answers_what_it_kept(void **state)
{
    struct world world = begin(false);
    struct client clients[5];

    (void)state;
    start_clients(&world, clients, 5);
    (void)troupe_tell(world.self, world.library, leave);
    for (int i = 0; i < 5; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].err, TROUPE_E_NO_SUCH_ACTOR);
    }
    finish(&world);
}

static void
the_end_of_the_runtime_ends_the_wait_for_what_is_kept(void **state)
{
    struct world world = begin(false);
    struct client clients[2];

    (void)state;
    start_clients(&world, clients, 2);
    assert_int_equal(
        troupe_runtime_stop(world.runtime, long_ns, NULL), TROUPE_OK);
    for (int i = 0; i < 2; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].err, TROUPE_E_NOT_RUNNING);
    }
    troupe_runtime_destroy(&world.runtime);
}

static void
an_actor_asks_another_before_it_answers(void **state)
{
    struct world world = begin(true);
    troupe_pid pid;
    struct item item;

    (void)state;
    assert_int_equal(troupe_spawn(world.self, clerk, &pid), TROUPE_OK);
    (void)troupe_tell(world.self, pid, served_by, .pid = world.library);
    (void)troupe_tell(world.self, world.library, leave);
    assert_int_equal(troupe_ask(world.self, pid, long_ns, item, &item, fetch),
        TROUPE_E_NO_REPLY);
    finish(&world);
}

static void
a_request_answered_in_hand_is_kept_no_more(void **state)
{
    struct world world = begin(true);
    struct item item;

    (void)state;
    assert_int_equal(troupe_ask(world.self, world.library, long_ns, item, &item,
                         borrow, .name = {"fast", 4}),
        TROUPE_OK);
    assert_int_equal(item.value, -1);
    finish(&world);
}

static void
what_was_told_cannot_be_kept(void **state)
{
    struct world world = begin(true);
    struct troupe_request *request = NULL;

    (void)state;
    assert_int_equal(
        troupe_request_keep(world.self, &request), TROUPE_E_NO_REQUEST);
    assert_null(request);
    troupe_request_release(world.self, &request);
    finish(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_requests_are_answered_later_each_with_its_own),
        cmocka_unit_test(a_request_that_is_dropped_is_answered_by_itself),
        cmocka_unit_test(an_actor_that_stops_answers_what_it_kept),
        cmocka_unit_test(the_end_of_the_runtime_ends_the_wait_for_what_is_kept),
        cmocka_unit_test(an_actor_asks_another_before_it_answers),
        cmocka_unit_test(a_request_answered_in_hand_is_kept_no_more),
        cmocka_unit_test(what_was_told_cannot_be_kept),
    };
    return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}

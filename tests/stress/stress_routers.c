/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: on many threads, each message to a pool is handled or is a dead letter,
 * exactly once, while its workers fail and it grows and shrinks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "tests/support/routing.h"
#include "tests/support/sanitized.h"

enum { SENDERS = 3, ROUNDS = FEWER(200), ROUND_ITEMS = 100 };

static const struct routee plain_routee = {0, 0};
static const struct troupe_child worker = TROUPE_CHILD(.name = "worker",
    .behaviour = &routee_behaviour, .state = &plain_routee);
static const struct troupe_supervisor patient =
    TROUPE_SUPERVISOR(.restarts_max = 1000000);

static troupe_pid pool;
static atomic_uint_least64_t asked_count;

/* Sends its own range of items, and now and then asks, resizes or hurts. */
static void *
send_and_meddle(void *arg)
{
    struct troupe_self *own = troupe_thread_self(stage.runtime);
    uint64_t index = (uint64_t)(uintptr_t)arg;
    uint64_t number = index * ROUNDS * ROUND_ITEMS;

    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct answer unread;

        for (int i = 0; i < ROUND_ITEMS; i++) {
            CHECK(
                troupe_tell(own, pool, item, .number = number++) == TROUPE_OK);
        }
        CHECK(troupe_tell(own, pool, fall) == TROUPE_OK);
        CHECK(troupe_tell(own, pool, troupe_resize_pool,
                  .workers_count = 1 + (round * 7 + index) % 5) == TROUPE_OK);
        CHECK(troupe_ask(own, pool, long_ns, answer, &unread, question) ==
              TROUPE_OK);
        atomic_fetch_add(&asked_count, 1);
    }
    return NULL;
}

static void
stress_a_pool(enum troupe_route kind, const char *key_field)
{
    pthread_t threads[SENDERS];

    begin_with(&TROUPE_OPTIONS(.workers_count = 4, .log = stage_keep_quiet,
        .mailbox = {.messages_high = 32, .messages_low = 8}));
    atomic_store(&asked_count, 0);
    pool = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.kind = kind, .key_field = key_field,
            .worker = &worker, .workers_count = 3, .supervision = &patient));
    for (uintptr_t i = 0; i < SENDERS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, send_and_meddle, (void *)i), 0);
    }
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
    }
    finish();
    assert_int_equal(asked_count, SENDERS * ROUNDS);
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_FAILED), SENDERS * ROUNDS);
    assert_int_equal(all_dead_letters(), SENDERS * ROUNDS);
    assert_int_equal(all_handled(), SENDERS * ROUNDS * ROUND_ITEMS);
}

static void
a_pool_in_turns_loses_only_what_workers_fail_on(void **state)
{
    (void)state;
    stress_a_pool(TROUPE_ROUTE_ROUND_ROBIN, NULL);
}

static void
a_pool_by_load_loses_only_what_workers_fail_on(void **state)
{
    (void)state;
    stress_a_pool(TROUPE_ROUTE_LEAST_LOADED, NULL);
}

/* Two floods by way of one router: both are held up, and nothing is lost. */
static void
floods_through_a_router_come_to_their_end(void **state)
{
    troupe_pid routers[2];
    troupe_pid pids[3];
    troupe_pid source;

    (void)state;
    begin_with(&TROUPE_OPTIONS(.workers_count = 4, .log = stage_keep_quiet,
        .mailbox = {.messages_high = 8, .messages_low = 2}));
    spawn_routees(3, pids);
    routers[0] =
        spawn_router(&TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_RANDOM,
            .routees = pids, .routees_count = 3));
    routers[1] = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = routers, .routees_count = 1));
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(troupe_spawn(stage.self, source, &source), TROUPE_OK);
        assert_int_equal(
            troupe_tell(stage.self, source, send_items, .to = routers[i % 2],
                .first = i * (ITEMS_MAX / 4), .count = FEWER(ITEMS_MAX / 4)),
            TROUPE_OK);
    }
    finish();
    assert_int_equal(all_handled(), 4 * FEWER(ITEMS_MAX / 4));
    assert_int_equal(all_dead_letters(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_in_turns_loses_only_what_workers_fail_on),
        cmocka_unit_test(a_pool_by_load_loses_only_what_workers_fail_on),
        cmocka_unit_test(floods_through_a_router_come_to_their_end),
    };

    stage_save_handlers();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

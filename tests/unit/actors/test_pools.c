/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: the workers of a pool are there as long as the pool is, as many as are
 * wanted; what one of them fails on is lost, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/routing.h"

static const struct routee plain_routee = {0, 0};
static const struct troupe_child plain_worker = TROUPE_CHILD(.name = "worker",
    .behaviour = &routee_behaviour, .state = &plain_routee);
static const struct troupe_child temporary_worker =
    TROUPE_CHILD(.name = "worker", .behaviour = &routee_behaviour,
        .state = &plain_routee, .restart = TROUPE_TEMPORARY);
static const struct troupe_supervisor patient =
    TROUPE_SUPERVISOR(.restarts_max = 1000);

#define PATIENT_POOL(...)                                                      \
    TROUPE_ROUTER_OPTIONS(.worker = &plain_worker, .supervision = &patient,    \
        __VA_ARGS__)

static uint64_t
alive_after_all(void)
{
    return stage.report.actors_alive_count;
}

/* ---- workers ------------------------------------------------------------- */

static void
a_pool_shares_out_what_it_gets(bool simulate)
{
    begin(simulate);
    send_many(spawn_router(&PATIENT_POOL(.workers_count = 4)), 4000);
    finish();
    assert_int_equal(all_handled(), 4000);
    assert_int_equal(stage.born_count, 4);
    assert_int_equal(alive_after_all(), 2); /* the pool and the source */
}
ON_BOTH(a_pool_shares_out_what_it_gets)

static void
a_pool_has_as_many_workers_as_the_runtime_by_default(void **state)
{
    troupe_pid pool;

    (void)state;
    begin(false);
    pool = spawn_router(&TROUPE_ROUTER_OPTIONS(.worker = &plain_worker));
    assert_int_equal(ask_routee(pool, 0).routees_count,
        troupe_runtime_workers_count(stage.runtime));
    finish();
}

static void
requests_to_a_pool_are_answered(bool simulate)
{
    troupe_pid pool;

    begin(simulate);
    pool = spawn_router(
        &PATIENT_POOL(.kind = TROUPE_ROUTE_LEAST_LOADED, .workers_count = 3));
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(ask_number(pool, i), i);
    }
    finish();
}
ON_BOTH(requests_to_a_pool_are_answered)

static void
a_worker_that_fails_is_there_again(const char *how, bool simulate)
{
    troupe_pid pool;
    struct troupe_routee_info before;
    struct troupe_routee_info after;
    uint64_t number = 0;

    begin(simulate);
    pool = spawn_router(&PATIENT_POOL(.workers_count = 2));
    before = ask_routee(pool, 0);
    for (int i = 0; i < 50; i++) {
        send_item(pool, number++);
        assert_int_equal(strcmp(how, "crash") == 0
                             ? troupe_tell(stage.self, pool, explode)
                             : troupe_tell(stage.self, pool, fall),
            TROUPE_OK);
        /* These wait for the next lives. */
        send_item(pool, number++);
        send_item(pool, number++);
    }
    after = ask_routee(pool, 0);
    assert_true(before.actor == after.actor);
    assert_int_equal(after.routees_count, 2);
    finish();
    assert_int_equal(all_handled(), number);
    assert_int_equal(stage.born_count, 2 + 50);
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_FAILED) +
                         dead_letters(TROUPE_DEAD_LETTER_CRASHED),
        50);
    assert_int_equal(all_dead_letters(), 50);
}

static void
a_worker_that_fails_is_there_again_with_its_mail(void **state)
{
    (void)state;
    a_worker_that_fails_is_there_again("fail", true);
    a_worker_that_fails_is_there_again("fail", false);
}

static void
a_worker_that_crashes_is_there_again_with_its_mail(void **state)
{
    (void)state;
    fault_put_handlers_back();
    a_worker_that_fails_is_there_again("crash", true);
    a_worker_that_fails_is_there_again("crash", false);
}

/* ROUND_ROBIN, whose second worker is down for a second. */
static void
mail_waits_for_a_worker_in_its_backoff(void **state)
{
    static const struct troupe_supervisor slowly =
        TROUPE_SUPERVISOR(.backoff_ns = TROUPE_SECONDS(2));
    troupe_pid pool;

    (void)state;
    begin(true);
    pool = spawn_router(&TROUPE_ROUTER_OPTIONS(.worker = &plain_worker,
        .workers_count = 2, .supervision = &slowly));
    send_item(pool, 0);
    assert_int_equal(troupe_tell(stage.self, pool, fall), TROUPE_OK);
    send_item(pool, 1);
    send_item(pool, 2);
    wait_for(TROUPE_MS(100));
    assert_int_equal(all_handled(), 2);
    wait_for(TROUPE_SECONDS(3));
    assert_int_equal(all_handled(), 3);
    finish();
}

/* A flood to workers that fail: the pool is paused on one that is down, whom
 * somebody else must start again. */
static void
a_pool_that_is_paused_gets_its_workers_back(bool simulate)
{
    static const struct troupe_supervisor slowly =
        TROUPE_SUPERVISOR(.restarts_max = 1000, .backoff_ns = TROUPE_MS(20));
    troupe_pid pool;

    begin_with(&TROUPE_OPTIONS(.simulate = simulate, .seed = 9,
        .workers_count = 2, .log = stage_keep_quiet,
        .mailbox = {.messages_high = 8, .messages_low = 2}));
    pool = spawn_router(&TROUPE_ROUTER_OPTIONS(.worker = &plain_worker,
        .workers_count = 2, .supervision = &slowly));
    assert_int_equal(troupe_tell(stage.self, pool, fall), TROUPE_OK);
    send_many(pool, 5000);
    assert_int_equal(troupe_tell(stage.self, pool, fall), TROUPE_OK);
    finish();
    assert_int_equal(all_handled(), 5000);
    assert_int_equal(all_dead_letters(), 2);
}
ON_BOTH(a_pool_that_is_paused_gets_its_workers_back)

static void
temporary_workers_leave(void **state)
{
    troupe_pid pool;

    (void)state;
    begin(true);
    pool = spawn_router(&TROUPE_ROUTER_OPTIONS(.worker = &temporary_worker,
        .workers_count = 2));
    assert_int_equal(troupe_tell(stage.self, pool, fall), TROUPE_OK);
    wait_for(TROUPE_MS(1));
    assert_int_equal(ask_routee(pool, 0).routees_count, 1);
    send_item(pool, 0);
    send_item(pool, 1);
    finish();
    assert_int_equal(all_handled(), 2);
}

/* ---- the pool's end ------------------------------------------------------ */

#define PAIR(FIELD) FIELD(pid, one) FIELD(pid, other)
TROUPE_MESSAGE(watch, PAIR)

static struct {
    unsigned count;
    struct {
        troupe_pid actor;
        enum troupe_exit_kind kind;
    } ends[4];
} seen_down;

static void
on_down(struct troupe_self *own, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)own, (void)state, (void)context;
    CHECK(seen_down.count < 4);
    seen_down.ends[seen_down.count].actor = down->actor;
    seen_down.ends[seen_down.count++].kind = down->why->kind;
}

static void
on_watch(struct troupe_self *own, void *state, const struct watch *watch)
{
    (void)state;
    CHECK(troupe_monitor(own, watch->one, on_down, 0, NULL) == TROUPE_OK);
    if (watch->other != TROUPE_NO_PID) {
        CHECK(troupe_monitor(own, watch->other, on_down, 0, NULL) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(watcher, 0, TROUPE_ON(watch, on_watch));

static void
watch_both(troupe_pid one, troupe_pid other)
{
    troupe_pid watcher;

    memset(&seen_down, 0, sizeof(seen_down));
    assert_int_equal(troupe_spawn(stage.self, watcher, &watcher), TROUPE_OK);
    assert_int_equal(
        troupe_tell(stage.self, watcher, watch, .one = one, .other = other),
        TROUPE_OK);
    wait_for(TROUPE_MS(1));
}

static bool
crash_at_seven(const struct troupe_message *message, uint64_t *key)
{
    size_t size;
    const uint8_t *payload = troupe_message_payload_view(message, &size);
    struct item item;

    if (item_decode(payload, payload + size, &item) == 0 && item.number == 7) {
        fault_do(FAULT_INSTRUCTION);
    }
    *key = 1;
    return true;
}

static troupe_pid
begin_with_a_watched_pool(void)
{
    troupe_pid pool;

    begin(true);
    pool = spawn_router(&PATIENT_POOL(.kind = TROUPE_ROUTE_CONSISTENT_HASH,
        .key = crash_at_seven, .workers_count = 3));
    watch_both(pool, ask_routee(pool, 1).actor);
    return pool;
}

/* Both are gone, and so is all of the pool. */
static void
expect_both_ends(enum troupe_exit_kind of_pool)
{
    wait_for(TROUPE_SECONDS(6));
    assert_int_equal(seen_down.count, 2);
    assert_int_equal(seen_down.ends[0].kind, of_pool);
    assert_int_equal(seen_down.ends[1].kind, TROUPE_EXIT_SHUTDOWN);
    finish();
    assert_int_equal(alive_after_all(), 1); /* who watches */
}

static void
a_pool_that_is_stopped_takes_its_workers_along(void **state)
{
    troupe_pid pool = begin_with_a_watched_pool();

    (void)state;
    assert_int_equal(troupe_stop(stage.self, pool), TROUPE_OK);
    expect_both_ends(TROUPE_EXIT_NORMAL);
}

static void
a_pool_that_is_killed_takes_its_workers_along(void **state)
{
    troupe_pid pool = begin_with_a_watched_pool();

    (void)state;
    assert_int_equal(troupe_kill(stage.self, pool), TROUPE_OK);
    expect_both_ends(TROUPE_EXIT_KILLED);
}

static void
a_pool_that_crashes_takes_its_workers_along(void **state)
{
    (void)state;
    fault_put_handlers_back();
    send_item(begin_with_a_watched_pool(), 7);
    expect_both_ends(TROUPE_EXIT_CRASHED);
}

static void
a_pool_whose_workers_fail_too_often_ends(void **state)
{
    troupe_pid pool;

    (void)state;
    begin(true);
    pool = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.worker = &plain_worker, .workers_count = 2));
    watch_both(pool, TROUPE_NO_PID);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(troupe_tell(stage.self, pool, fall), TROUPE_OK);
    }
    wait_for(TROUPE_MS(1));
    send_item(pool, 0);
    finish();
    assert_int_equal(seen_down.count, 1);
    assert_int_equal(seen_down.ends[0].kind, TROUPE_EXIT_FAILED);
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_NO_SUCH_ACTOR), 1);
}

static void
a_pool_that_never_starts_leaves_nothing(void **state)
{
    (void)state;
    memset((void *)&stage, 0, sizeof(stage));
    assert_int_equal(troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true,
                                               .log = stage_keep_quiet),
                         &stage.runtime),
        TROUPE_OK);
    stage.self = troupe_thread_self(stage.runtime);
    (void)spawn_router(&PATIENT_POOL(.workers_count = 3));
    troupe_runtime_destroy(&stage.runtime);
}

/* ---- more and fewer ------------------------------------------------------ */

static uint64_t
resize(troupe_pid pool, uint64_t workers_count)
{
    struct troupe_routee_info info = {0};

    assert_int_equal(
        troupe_ask(stage.self, pool, long_ns, troupe_routee_info, &info,
            troupe_resize_pool, .workers_count = workers_count),
        TROUPE_OK);
    return info.routees_count;
}

static void
a_pool_grows_and_shrinks(bool simulate)
{
    troupe_pid pool;
    uint64_t number = 0;

    begin(simulate);
    pool = spawn_router(&PATIENT_POOL(.workers_count = 2));
    for (uint64_t size = 1; size < 12; size++) {
        uint64_t wanted = size * 7 % 12;

        for (int i = 0; i < 100; i++) {
            send_item(pool, number++);
        }
        assert_int_equal(resize(pool, wanted), wanted);
        assert_int_equal(resize(pool, wanted), wanted);
    }
    finish();
    assert_int_equal(all_handled(), number);
    assert_int_equal(all_dead_letters(), 0);
}
ON_BOTH(a_pool_grows_and_shrinks)

/* What waits for who goes is handled first, failures and all. */
static void
who_goes_handles_what_it_has_got(void **state)
{
    troupe_pid pool;

    (void)state;
    begin(true);
    pool = spawn_router(&PATIENT_POOL(.workers_count = 2));
    for (uint64_t i = 0; i < 100; i++) {
        send_item(pool, i);
    }
    assert_int_equal(troupe_tell(stage.self, pool, fall), TROUPE_OK);
    for (uint64_t i = 100; i < 200; i++) {
        send_item(pool, i);
    }
    (void)troupe_tell(stage.self, pool, troupe_resize_pool, .workers_count = 0);
    send_item(pool, 200);
    wait_for(TROUPE_SECONDS(1));
    finish();
    assert_int_equal(all_handled(), 200);
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_NO_ROUTEE), 1);
    assert_int_equal(all_dead_letters(), 2);
    assert_int_equal(alive_after_all(), 1); /* the pool */
}

static void
a_worker_is_removed_by_its_pid(void **state)
{
    struct troupe_routee_info info;
    troupe_pid pool;
    troupe_pid gone;

    (void)state;
    begin(true);
    pool = spawn_router(&PATIENT_POOL(.workers_count = 3));
    gone = ask_routee(pool, 1).actor;
    watch_both(gone, TROUPE_NO_PID);
    assert_int_equal(troupe_ask(stage.self, pool, long_ns, troupe_routee_info,
                         &info, troupe_remove_routee, .actor = gone),
        TROUPE_OK);
    assert_int_equal(info.routees_count, 2);
    wait_for(TROUPE_MS(10));
    assert_int_equal(seen_down.count, 1);
    assert_int_equal(seen_down.ends[0].kind, TROUPE_EXIT_SHUTDOWN);
    assert_true(ask_routee(pool, 0).actor != gone);
    assert_true(ask_routee(pool, 1).actor != gone);
    finish();
}

static void
a_pool_takes_other_routees_too(void **state)
{
    troupe_pid pool;
    troupe_pid pid;

    (void)state;
    begin(true);
    pid = spawn_routee(5, 0, (struct troupe_mailbox_options){0});
    pool = spawn_router(
        &PATIENT_POOL(.workers_count = 2, .routees = &pid, .routees_count = 1));
    for (uint64_t i = 0; i < 9; i++) {
        send_item(pool, i);
    }
    assert_int_equal(resize(pool, 0), 1);
    send_item(pool, 9);
    finish();
    assert_int_equal(stage.counts[5], 4);
    assert_int_equal(stage.counts[0], 6);
}

static void
a_pool_of_too_many_is_refused(void **state)
{
    struct troupe_routee_info info;
    troupe_pid pool;

    (void)state;
    begin(true);
    pool = spawn_router(&PATIENT_POOL(.workers_count = 2));
    assert_int_equal(troupe_ask(stage.self, pool, long_ns, troupe_routee_info,
                         &info, troupe_resize_pool, .workers_count = 1u << 20),
        TROUPE_E_NO_REPLY);
    assert_int_equal(ask_routee(pool, 0).routees_count, 2);
    finish();
}

/* ---- load ---------------------------------------------------------------- */

/* Its workers' mailboxes hold 64, and the rest waits in the pool's. */
static void
the_workers_of_a_least_loaded_pool_hold_little(void **state)
{
    static const struct routee slow = {0, 9};
    static const struct troupe_child worker = TROUPE_CHILD(.name = "slow",
        .behaviour = &routee_behaviour, .state = &slow);
    struct troupe_routee_info info;
    troupe_pid pool;

    (void)state;
    begin(true);
    pool =
        spawn_router(&TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_LEAST_LOADED,
            .worker = &worker, .workers_count = 2));
    for (uint64_t i = 0; i < 400; i++) {
        send_item(pool, i);
    }
    info = ask_routee(pool, 0);
    assert_in_range(info.waiting_count, 1, 66);
    finish();
    assert_int_equal(all_handled(), 400);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_pool_shares_out_what_it_gets),
        cmocka_unit_test(a_pool_has_as_many_workers_as_the_runtime_by_default),
        BOTH(requests_to_a_pool_are_answered),
        cmocka_unit_test(a_worker_that_fails_is_there_again_with_its_mail),
        cmocka_unit_test(a_worker_that_crashes_is_there_again_with_its_mail),
        cmocka_unit_test(mail_waits_for_a_worker_in_its_backoff),
        BOTH(a_pool_that_is_paused_gets_its_workers_back),
        cmocka_unit_test(temporary_workers_leave),
        cmocka_unit_test(a_pool_that_is_stopped_takes_its_workers_along),
        cmocka_unit_test(a_pool_that_is_killed_takes_its_workers_along),
        cmocka_unit_test(a_pool_that_crashes_takes_its_workers_along),
        cmocka_unit_test(a_pool_whose_workers_fail_too_often_ends),
        cmocka_unit_test(a_pool_that_never_starts_leaves_nothing),
        BOTH(a_pool_grows_and_shrinks),
        cmocka_unit_test(who_goes_handles_what_it_has_got),
        cmocka_unit_test(a_worker_is_removed_by_its_pid),
        cmocka_unit_test(a_pool_takes_other_routees_too),
        cmocka_unit_test(a_pool_of_too_many_is_refused),
        cmocka_unit_test(the_workers_of_a_least_loaded_pool_hold_little),
    };

    stage_save_handlers();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a router gives each message to one of its routees, to whom its kind
 * says, as its sender has sent it; and holds up who sends too fast.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "actors/routees.h"
#include "actors/runtime.h"
#include "tests/support/routing.h"

/* ---- round robin --------------------------------------------------------- */

static void
each_routee_gets_a_message_in_its_turn(bool simulate)
{
    troupe_pid pids[3];

    begin(simulate);
    spawn_routees(3, pids);
    send_many(spawn_router(
                  &TROUPE_ROUTER_OPTIONS(.routees = pids, .routees_count = 3)),
        3000);
    finish();
    for (unsigned i = 0; i < 3000; i++) {
        assert_int_equal(stage.handled_by[i], 1 + i % 3);
    }
    assert_int_equal(all_dead_letters(), 0);
}
ON_BOTH(each_routee_gets_a_message_in_its_turn)

static void
turns_go_on_when_routees_come_and_go(void **state)
{
    static const unsigned char rows[] = {0, 1, 2, 0, /* 1 goes */ 2, 0, 2,
        /* 3 comes */ 0, 2, 3, 0,
        /* 0 goes, who has just had its turn */ 2, 3, 2};
    troupe_pid pids[4];
    troupe_pid router;

    (void)state;
    begin(true);
    spawn_routees(4, pids);
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = pids, .routees_count = 3));
    for (unsigned i = 0; i < sizeof(rows); i++) {
        if (i == 4 || i == 11) {
            (void)troupe_tell(stage.self, router, troupe_remove_routee,
                .actor = pids[i == 4 ? 1 : 0]);
        }
        if (i == 7) {
            (void)troupe_tell(
                stage.self, router, troupe_add_routee, .actor = pids[3]);
            (void)troupe_tell(
                stage.self, router, troupe_add_routee, .actor = pids[3]);
        }
        send_item(router, i);
    }
    finish();
    for (unsigned i = 0; i < sizeof(rows); i++) {
        assert_int_equal(stage.handled_by[i], 1 + rows[i]);
    }
}

static void
the_order_of_a_sender_stays_for_each_routee(void **state)
{
    troupe_pid pids[2];
    troupe_pid router;

    (void)state;
    begin(true);
    spawn_routees(2, pids);
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = pids, .routees_count = 2));
    for (uint64_t i = 0; i < 10; i++) {
        send_item(router, i);
        /* The question comes after the item, at the same routee. */
        if (i % 2 == 1) {
            assert_int_equal(ask_number(router, i), i);
            assert_int_equal(stage.handled_by[i - 1], 1);
            assert_int_equal(ask_number(router, i), 1000 + i);
            assert_int_equal(stage.handled_by[i], 2);
        }
    }
    finish();
}

/* ---- random -------------------------------------------------------------- */

enum { MANY = 4000 };

static void
route_at_random(uint64_t seed, unsigned char *handled_by)
{
    troupe_pid pids[4];

    begin_with(&TROUPE_OPTIONS(.simulate = true, .seed = seed,
        .log = stage_keep_quiet));
    spawn_routees(4, pids);
    send_many(spawn_router(&TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_RANDOM,
                  .routees = pids, .routees_count = 4)),
        MANY);
    finish();
    for (unsigned i = 0; i < 4; i++) {
        assert_in_range(stage.counts[i], MANY / 4 - 150, MANY / 4 + 150);
    }
    for (unsigned i = 0; i < MANY; i++) {
        handled_by[i] = stage.handled_by[i];
    }
}

static void
chance_spreads_evenly_and_by_the_seed(void **state)
{
    static unsigned char seen[3][MANY];

    (void)state;
    route_at_random(1, seen[0]);
    route_at_random(1, seen[1]);
    route_at_random(2, seen[2]);
    assert_memory_equal(seen[0], seen[1], MANY);
    assert_memory_not_equal(seen[0], seen[2], MANY);
}

/* ---- least loaded -------------------------------------------------------- */

/* Takes ten turns for an item, where the others take one. */
static void
count_with_a_slow_one(enum troupe_route kind)
{
    const struct troupe_mailbox_options exact = {.messages_high = 64};
    troupe_pid pids[4];

    begin(true);
    for (unsigned i = 0; i < 4; i++) {
        pids[i] = spawn_routee(i, i == 2 ? 9 : 0, exact);
    }
    send_many(spawn_router(&TROUPE_ROUTER_OPTIONS(.kind = kind, .routees = pids,
                  .routees_count = 4)),
        MANY);
    finish();
    assert_int_equal(all_handled(), MANY);
}

static void
the_least_loaded_is_not_the_slow_one(void **state)
{
    (void)state;
    count_with_a_slow_one(TROUPE_ROUTE_ROUND_ROBIN);
    assert_int_equal(stage.counts[2], MANY / 4);
    count_with_a_slow_one(TROUPE_ROUTE_LEAST_LOADED);
    assert_in_range(stage.counts[2], 1, MANY / 8);
    for (unsigned i = 0; i < 4; i++) {
        if (i != 2) {
            assert_in_range(stage.counts[i], MANY / 4, MANY / 3 + 100);
        }
    }
}

static void
loads_are_told(void **state)
{
    const struct troupe_mailbox_options exact = {.messages_high = 64};
    troupe_pid pids[2];
    troupe_pid router;
    struct troupe_routee_info info;

    (void)state;
    begin(true);
    pids[0] = spawn_routee(0, 0, exact);
    pids[1] = spawn_routee(1, 0, exact);
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = pids, .routees_count = 2));
    wait_for(TROUPE_MS(1));
    info = ask_routee(router, 1);
    assert_int_equal(info.routees_count, 2);
    assert_true(info.actor == pids[1]);
    assert_int_equal(info.waiting_count, 0);
    info = ask_routee(router, 2);
    assert_int_equal(info.routees_count, 2);
    assert_true(info.actor == TROUPE_NO_PID);
    finish();
}

/* ---- by a key ------------------------------------------------------------ */

enum { KEYS = 2000 };

static bool
key_of_item(const struct troupe_message *message, uint64_t *key)
{
    size_t size;
    const uint8_t *payload = troupe_message_payload_view(message, &size);
    struct item item;

    if (strcmp(troupe_message_name_view(message), "item") != 0 ||
        item_decode(payload, payload + size, &item) != 0) {
        return false;
    }
    *key = item.number % KEYS;
    return true;
}

static const char *
name_of(uint64_t key)
{
    static char name[24];

    snprintf(name, sizeof(name), "key-%u", (unsigned)key);
    return name;
}

/* Sends an item for each key, and notes who got it. */
static void
send_keys(troupe_pid router, uint64_t first, unsigned char *handled_by)
{
    for (uint64_t key = 0; key < KEYS; key++) {
        assert_int_equal(
            troupe_tell(stage.self, router, item, .number = first + key,
                .name = troupe_str_of(name_of(key))),
            TROUPE_OK);
    }
    wait_for(TROUPE_SECONDS(1));
    for (uint64_t key = 0; key < KEYS; key++) {
        handled_by[key] = stage.handled_by[first + key];
        assert_in_range(handled_by[key], 1, 5);
    }
}

static void
expect_share(const unsigned char *handled_by, unsigned routees_count)
{
    unsigned counts[ROWS_MAX] = {0};

    for (unsigned key = 0; key < KEYS; key++) {
        counts[handled_by[key]]++;
    }
    for (unsigned i = 1; i <= routees_count; i++) {
        assert_in_range(counts[i], KEYS / routees_count * 3 / 4,
            KEYS / routees_count * 5 / 4);
    }
}

static void
a_key_moves_only_with_its_routee(const struct troupe_router_options *given)
{
    static unsigned char before[KEYS];
    static unsigned char again[KEYS];
    static unsigned char with_five[KEYS];
    static unsigned char without_one[KEYS];
    struct troupe_router_options options = *given;
    troupe_pid pids[5];
    troupe_pid router;

    begin(true);
    spawn_routees(5, pids);
    options.routees = pids;
    options.routees_count = 4;
    router = spawn_router(&options);
    send_keys(router, 0, before);
    send_keys(router, KEYS, again);
    assert_memory_equal(before, again, KEYS);
    expect_share(before, 4);

    (void)troupe_tell(stage.self, router, troupe_add_routee, .actor = pids[4]);
    send_keys(router, 2 * KEYS, with_five);
    expect_share(with_five, 5);
    (void)troupe_tell(
        stage.self, router, troupe_remove_routee, .actor = pids[1]);
    send_keys(router, 3 * KEYS, without_one);
    for (unsigned key = 0; key < KEYS; key++) {
        assert_true(with_five[key] == before[key] || with_five[key] == 5);
        assert_true(without_one[key] == with_five[key] || with_five[key] == 2);
        assert_int_not_equal(without_one[key], 2);
    }
    finish();
    assert_int_equal(all_dead_letters(), 0);
}

static void
a_key_of_a_function_moves_only_with_its_routee(void **state)
{
    (void)state;
    a_key_moves_only_with_its_routee(
        &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_CONSISTENT_HASH,
            .key = key_of_item));
}

static void
a_key_of_a_field_moves_only_with_its_routee(void **state)
{
    (void)state;
    a_key_moves_only_with_its_routee(
        &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_CONSISTENT_HASH,
            .key_field = "name"));
}

/* A field of one name in two schemas. */
#define OTHER(FIELD) FIELD(boolean, urgent) FIELD(uint64, value)
TROUPE_MESSAGE(other_question, OTHER)

static void
on_other_question(
    struct troupe_self *own, void *state, const struct other_question *question)
{
    const struct routee *routee = state;

    CHECK(troupe_reply(own, answer,
              .value = 1000 * routee->row + question->value) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(polyglot, sizeof(struct routee),
    TROUPE_ON(question, on_question),
    TROUPE_ON(other_question, on_other_question));

static void
equal_keys_of_two_schemas_go_to_one_routee(void **state)
{
    troupe_pid pids[4];
    troupe_pid router;

    (void)state;
    begin(true);
    for (uint64_t i = 0; i < 4; i++) {
        const struct routee first = {i, 0};

        assert_int_equal(troupe_spawn_with(stage.self, polyglot,
                             &TROUPE_SPAWN_OPTIONS(.state = &first), &pids[i]),
            TROUPE_OK);
    }
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_CONSISTENT_HASH,
            .key_field = "value", .routees = pids, .routees_count = 4));
    for (uint64_t key = 0; key < 50; key++) {
        struct answer answer = {0};

        assert_int_equal(troupe_ask(stage.self, router, long_ns, answer,
                             &answer, other_question, .value = key),
            TROUPE_OK);
        assert_int_equal(answer.value, ask_number(router, key));
    }
    finish();
}

static void
what_has_no_key_has_no_routee(const struct troupe_router_options *given)
{
    struct troupe_router_options options = *given;
    struct answer answer;
    troupe_pid pids[2];
    troupe_pid router;

    begin(true);
    spawn_routees(2, pids);
    options.routees = pids;
    options.routees_count = 2;
    router = spawn_router(&options);
    assert_int_equal(troupe_tell(stage.self, router, step), TROUPE_OK);
    assert_int_equal(
        troupe_ask(stage.self, router, long_ns, answer, &answer, question),
        TROUPE_E_NO_ROUTEE);
    finish();
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_NO_ROUTEE), 2);
}

static void
what_has_no_key_has_no_routee_either(void **state)
{
    (void)state;
    what_has_no_key_has_no_routee(
        &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_CONSISTENT_HASH,
            .key = key_of_item));
    what_has_no_key_has_no_routee(
        &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_CONSISTENT_HASH,
            .key_field = "name"));
}

static bool
crash_at_seven(const struct troupe_message *message, uint64_t *key)
{
    if (key_of_item(message, key) && *key == 7) {
        fault_do(FAULT_INSTRUCTION);
    }
    return true;
}

static void
a_crash_in_the_function_for_the_key_is_the_routers(void **state)
{
    troupe_pid pids[2];
    troupe_pid router;

    (void)state;
    fault_put_handlers_back();
    begin(true);
    spawn_routees(2, pids);
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_CONSISTENT_HASH,
            .key = crash_at_seven, .routees = pids, .routees_count = 2));
    send_item(router, 6);
    send_item(router, 7);
    send_item(router, 8);
    wait_for(TROUPE_MS(1));
    assert_int_equal(ask_number(pids[1], 1), 1001);
    finish();
    assert_int_equal(all_handled(), 1);
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_CRASHED), 1);
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_NO_SUCH_ACTOR), 1);
}

/* ---- asking -------------------------------------------------------------- */

static void
requests_are_answered_to_who_asked(bool simulate)
{
    troupe_pid pids[3];
    troupe_pid router;

    begin(simulate);
    spawn_routees(3, pids);
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = pids, .routees_count = 3));
    for (uint64_t i = 0; i < 300; i++) {
        assert_int_equal(ask_number(router, i), 1000 * (i % 3) + i);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_true(stage.senders[i] == troupe_self_pid(stage.self));
    }
    finish();
}

ON_BOTH(requests_are_answered_to_who_asked)

static void
a_routed_request_keeps_its_deadline(void **state)
{
    struct answer unread;
    troupe_pid pid;
    uint64_t begun_ns;

    (void)state;
    begin(true);
    spawn_routees(1, &pid);
    begun_ns = troupe_now_ns(stage.self);
    assert_int_equal(troupe_ask(stage.self,
                         spawn_router(&TROUPE_ROUTER_OPTIONS(.routees = &pid,
                             .routees_count = 1)),
                         TROUPE_SECONDS(3), answer, &unread, silence),
        TROUPE_E_TIMED_OUT);
    assert_in_range(troupe_now_ns(stage.self) - begun_ns, TROUPE_SECONDS(3),
        TROUPE_SECONDS(4));
    finish();
}

/* ---- who ends ------------------------------------------------------------ */

static void
a_routee_that_has_ended_gets_nothing_more(void **state)
{
    troupe_pid pids[3];
    troupe_pid router;

    (void)state;
    begin(true);
    spawn_routees(3, pids);
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = pids, .routees_count = 3));
    for (uint64_t i = 0; i < 6; i++) {
        send_item(router, i);
    }
    wait_for(TROUPE_MS(1));
    assert_int_equal(troupe_stop(stage.self, pids[1]), TROUPE_OK);
    wait_for(TROUPE_MS(1));
    assert_int_equal(ask_routee(router, 0).routees_count, 2);
    for (uint64_t i = 6; i < 12; i++) {
        send_item(router, i);
    }
    finish();
    assert_int_equal(stage.counts[0], 5);
    assert_int_equal(stage.counts[1], 2);
    assert_int_equal(stage.counts[2], 5);
    assert_int_equal(all_dead_letters(), 0);
}

/* In the middle of a stream: each item is handled, or a dead letter. */
static void
nothing_is_lost_uncounted_when_a_routee_ends(bool simulate)
{
    troupe_pid pids[3];
    troupe_pid router;

    begin(simulate);
    spawn_routees(3, pids);
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = pids, .routees_count = 3));
    send_many(router, 10000);
    assert_int_equal(troupe_tell(stage.self, router, fall), TROUPE_OK);
    finish();
    assert_int_equal(all_handled() +
                         dead_letters(TROUPE_DEAD_LETTER_NO_SUCH_ACTOR) +
                         dead_letters(TROUPE_DEAD_LETTER_FAILED),
        10001);
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_FAILED), 1);
    assert_true(all_handled() > 0);
}
ON_BOTH(nothing_is_lost_uncounted_when_a_routee_ends)

static void
without_routees_there_are_dead_letters(void **state)
{
    struct answer unread;
    troupe_pid router;
    troupe_pid pid;

    (void)state;
    begin(true);
    router = spawn_router(NULL);
    send_item(router, 0);
    assert_int_equal(
        troupe_ask(stage.self, router, long_ns, answer, &unread, question),
        TROUPE_E_NO_ROUTEE);
    spawn_routees(1, &pid);
    (void)troupe_tell(stage.self, router, troupe_add_routee, .actor = pid);
    send_item(router, 1);
    assert_int_equal(ask_number(router, 5), 5);
    (void)troupe_tell(stage.self, router, troupe_remove_routee, .actor = pid);
    send_item(router, 2);
    finish();
    assert_int_equal(stage.counts[0], 1);
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_NO_ROUTEE), 3);
}

static void
routees_outlive_their_router(void **state)
{
    troupe_pid pids[2];
    troupe_pid router;

    (void)state;
    begin(true);
    spawn_routees(2, pids);
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = pids, .routees_count = 2));
    send_item(router, 0);
    wait_for(TROUPE_MS(1));
    assert_int_equal(troupe_stop(stage.self, router), TROUPE_OK);
    wait_for(TROUPE_MS(1));
    send_item(router, 1);
    assert_int_equal(ask_number(pids[0], 7), 7);
    finish();
    assert_int_equal(stage.counts[0], 1);
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_NO_SUCH_ACTOR), 1);
}

/* ---- full mailboxes ------------------------------------------------------ */

static void
what_one_routee_refuses_goes_to_the_next(void **state)
{
    const struct troupe_mailbox_options narrow = {
        .policy = TROUPE_MAILBOX_REJECT, .messages_high = 1};
    troupe_pid pids[3];
    troupe_pid router;

    (void)state;
    begin(true);
    pids[0] = spawn_routee(0, 0, narrow);
    pids[1] = spawn_routee(1, 0, narrow);
    pids[2] = spawn_routee(2, 0, (struct troupe_mailbox_options){0});
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = pids, .routees_count = 3));
    send_many(router, 3000);
    finish();
    assert_int_equal(all_handled(), 3000);
    assert_true(stage.counts[2] > 1000);
    assert_int_equal(all_dead_letters(), 0);
}

/* The router's turn comes again before the routee's, by chance: then it has no
 * room for an item or for a question. */
static void
what_nobody_takes_is_a_dead_letter(void **state)
{
    const struct troupe_mailbox_options narrow = {
        .policy = TROUPE_MAILBOX_REJECT, .messages_high = 1};
    troupe_pid pids[2];
    troupe_pid router;
    uint64_t full_count = 0;

    (void)state;
    begin(true);
    pids[0] = spawn_routee(0, 0, narrow);
    pids[1] = spawn_routee(1, 0, narrow);
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = pids, .routees_count = 1));
    for (uint64_t i = 0; i < 200; i++) {
        struct answer unread;
        troupe_err err;

        send_item(router, i);
        err =
            troupe_ask(stage.self, router, long_ns, answer, &unread, question);
        assert_true(err == TROUPE_OK || err == TROUPE_E_MAILBOX_FULL);
        full_count += err == TROUPE_E_MAILBOX_FULL;
    }
    finish();
    assert_in_range(full_count, 1, 199);
    assert_int_equal(all_handled() + 200 - full_count +
                         dead_letters(TROUPE_DEAD_LETTER_MAILBOX_FULL),
        400);
    assert_int_equal(
        all_dead_letters(), dead_letters(TROUPE_DEAD_LETTER_MAILBOX_FULL));
}

/* The other routee is idle, and has another key. */
static void
what_is_refused_by_key_goes_nowhere_else(void **state)
{
    const struct troupe_mailbox_options narrow = {
        .policy = TROUPE_MAILBOX_REJECT, .messages_high = 1};
    troupe_pid pids[2];

    (void)state;
    begin(true);
    pids[0] = spawn_routee(0, 0, narrow);
    pids[1] = spawn_routee(1, 0, narrow);
    send_many(
        spawn_router(
            &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_CONSISTENT_HASH,
                .key_field = "name", .routees = pids, .routees_count = 2)),
        1000);
    finish();
    assert_true(stage.counts[0] == 0 || stage.counts[1] == 0);
    assert_true(dead_letters(TROUPE_DEAD_LETTER_MAILBOX_FULL) > 0);
    assert_int_equal(
        all_handled() + dead_letters(TROUPE_DEAD_LETTER_MAILBOX_FULL), 1000);
}

/* ---- backpressure -------------------------------------------------------- */

static troupe_pid watched[3];
static uint64_t waiting_max[3];

static void
look_at_mailboxes(struct troupe_self *own)
{
    for (int i = 0; i < 3; i++) {
        struct tp_actor *actor =
            tp_registry_find(&own->runtime->registry, watched[i]);
        const struct tp_routee routee = {.slot = actor};
        uint64_t waiting = tp_routee_load(&routee);

        if (waiting > waiting_max[i]) {
            waiting_max[i] = waiting;
        }
    }
}

/* The routees take four turns for an item; the router takes one. */
static void
a_flood_through_a_router_holds_bounded_memory(void **state)
{
    const struct troupe_mailbox_options none = {0};

    (void)state;
    memset(waiting_max, 0, sizeof(waiting_max));
    begin_with(
        &TROUPE_OPTIONS(.simulate = true, .seed = 3, .log = stage_keep_quiet,
            .mailbox = {.messages_high = 64, .messages_low = 16}));
    watched[1] = spawn_routee(0, 9, none);
    watched[2] = spawn_routee(1, 9, none);
    watched[0] = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = watched + 1, .routees_count = 2));
    stage.on_handled = look_at_mailboxes;
    send_many(watched[0], 50000);
    finish();
    assert_int_equal(all_handled(), 50000);
    assert_int_equal(all_dead_letters(), 0);
    assert_in_range(waiting_max[0], 64, 64 + BURST);
    /* What a routee tells itself is counted, and pauses nobody. */
    assert_in_range(waiting_max[1], 64, 2 * 64 + BURST);
    assert_in_range(waiting_max[2], 64, 2 * 64 + BURST);
}

/* Sends two for one back to the router, up to a number. */
static void
on_item_bounce(struct troupe_self *own, void *state, const struct item *item)
{
    const troupe_pid *router = state;

    atomic_fetch_add(&stage.counts[0], 1);
    for (uint64_t i = 1; i <= 2; i++) {
        if (2 * item->number + i < 20000) {
            CHECK(troupe_tell(own, *router, item,
                      .number = 2 * item->number + i) == TROUPE_OK);
        }
    }
}

#define AIM(FIELD) FIELD(pid, to)
TROUPE_MESSAGE(aim, AIM)

static void
on_aim(struct troupe_self *own, void *state, const struct aim *aim)
{
    troupe_pid *router = state;

    (void)own;
    *router = aim->to;
}

TROUPE_BEHAVIOUR(bouncer, sizeof(troupe_pid), TROUPE_ON(item, on_item_bounce),
    TROUPE_ON(aim, on_aim));

static void
a_ring_through_a_router_comes_to_its_end(bool simulate)
{
    troupe_pid pids[2];
    troupe_pid router;

    begin_with(&TROUPE_OPTIONS(.simulate = simulate, .seed = 5,
        .workers_count = 2, .log = stage_keep_quiet,
        .mailbox = {.messages_high = 4, .messages_low = 1}));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            troupe_spawn(stage.self, bouncer, &pids[i]), TROUPE_OK);
    }
    router = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = pids, .routees_count = 2));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            troupe_tell(stage.self, pids[i], aim, .to = router), TROUPE_OK);
    }
    send_item(router, 0);
    finish();
    assert_int_equal(stage.counts[0], 20000);
    assert_int_equal(all_dead_letters(), 0);
}
ON_BOTH(a_ring_through_a_router_comes_to_its_end)

/* Two routers that are each other's routees, and two actors behind. Messages go
 * round until they are handled or have been handed on too often. */
static void
a_ring_of_routers_comes_to_its_end(bool simulate)
{
    troupe_pid routers[2];
    troupe_pid pids[2];

    begin_with(&TROUPE_OPTIONS(.simulate = simulate, .seed = 5,
        .workers_count = 2, .log = stage_keep_quiet,
        .mailbox = {.messages_high = 4, .messages_low = 1}));
    spawn_routees(2, pids);
    routers[0] = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = &pids[0], .routees_count = 1));
    routers[1] = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = &pids[1], .routees_count = 1));
    for (int i = 0; i < 2; i++) {
        (void)troupe_tell(
            stage.self, routers[i], troupe_add_routee, .actor = routers[1 - i]);
    }
    send_many(routers[0], 5000);
    finish();
    assert_int_equal(
        all_handled() + dead_letters(TROUPE_DEAD_LETTER_TOO_MANY_HOPS), 5000);
}
ON_BOTH(a_ring_of_routers_comes_to_its_end)

static void
routers_alone_in_a_ring_hand_nothing_on_for_ever(void **state)
{
    struct answer unread;
    troupe_pid routers[2];

    (void)state;
    begin(true);
    routers[0] = spawn_router(NULL);
    routers[1] = spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = &routers[0], .routees_count = 1));
    (void)troupe_tell(
        stage.self, routers[0], troupe_add_routee, .actor = routers[1]);
    send_item(routers[0], 0);
    assert_int_equal(
        troupe_ask(stage.self, routers[1], long_ns, answer, &unread, question),
        TROUPE_E_TOO_MANY_HOPS);
    finish();
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_TOO_MANY_HOPS), 2);
}

/* ---- options ------------------------------------------------------------- */

static void
expect_refusal(troupe_err err, const struct troupe_router_options *options)
{
    troupe_pid router = 77;

    assert_int_equal(troupe_router_spawn(stage.self, options, &router), err);
    assert_true(router == 77);
    assert_true(strlen(troupe_err_detail()) > 10);
}

static void
options_that_contradict_themselves_are_refused(void **state)
{
    static const struct troupe_child worker =
        TROUPE_CHILD(.name = "worker", .behaviour = &routee_behaviour);
    static const struct troupe_child nameless =
        TROUPE_CHILD(.behaviour = &routee_behaviour);
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.children = &worker, .children_count = 1);
    static const struct troupe_child team =
        TROUPE_CHILD(.name = "team", .supervisor = &tree);
    const struct routee value = {0, 0};
    troupe_pid own;
    troupe_pid foreign = 12345;

    (void)state;
    begin(true);
    own = troupe_self_pid(stage.self);
    expect_refusal(TROUPE_E_INVALID_ARGUMENT,
        &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_CONSISTENT_HASH));
    expect_refusal(TROUPE_E_INVALID_ARGUMENT,
        &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_CONSISTENT_HASH,
            .key = key_of_item, .key_field = "name"));
    expect_refusal(
        TROUPE_E_INVALID_ARGUMENT, &TROUPE_ROUTER_OPTIONS(.key_field = "name"));
    expect_refusal(TROUPE_E_INVALID_ARGUMENT,
        &TROUPE_ROUTER_OPTIONS(.kind = (enum troupe_route)9));
    expect_refusal(
        TROUPE_E_INVALID_ARGUMENT, &TROUPE_ROUTER_OPTIONS(.routees_count = 1));
    expect_refusal(
        TROUPE_E_INVALID_ARGUMENT, &TROUPE_ROUTER_OPTIONS(.workers_count = 1));
    expect_refusal(
        TROUPE_E_INVALID_ARGUMENT, &TROUPE_ROUTER_OPTIONS(.worker = &nameless));
    expect_refusal(
        TROUPE_E_INVALID_ARGUMENT, &TROUPE_ROUTER_OPTIONS(.worker = &team));
    expect_refusal(TROUPE_E_INVALID_ARGUMENT,
        &TROUPE_ROUTER_OPTIONS(.worker = &worker, .supervision = &tree));
    expect_refusal(TROUPE_E_INVALID_ARGUMENT,
        &TROUPE_ROUTER_OPTIONS(.worker = &worker, .workers_count = 1u << 20));
    expect_refusal(TROUPE_E_INVALID_ARGUMENT,
        &TROUPE_ROUTER_OPTIONS(.spawn =
                                   &TROUPE_SPAWN_OPTIONS(.state = &value)));
    expect_refusal(TROUPE_E_INVALID_ARGUMENT,
        &TROUPE_ROUTER_OPTIONS(.spawn = &(struct troupe_spawn_options){0}));
    expect_refusal(TROUPE_E_NO_SUCH_ACTOR,
        &TROUPE_ROUTER_OPTIONS(.routees = &foreign, .routees_count = 1));
    expect_refusal(TROUPE_E_NO_SUCH_ACTOR,
        &TROUPE_ROUTER_OPTIONS(.routees = &own, .routees_count = 1));
    expect_refusal(
        TROUPE_E_ABI_MISMATCH, &(struct troupe_router_options){.size = 100000});
    expect_refusal(TROUPE_E_WRONG_THREAD,
        &TROUPE_ROUTER_OPTIONS(.spawn = &TROUPE_SPAWN_OPTIONS(.link = true)));
    finish();
}

static void
who_cannot_be_a_routee_is_refused(void **state)
{
    struct troupe_routee_info info;
    troupe_pid router;

    (void)state;
    begin(true);
    router = spawn_router(NULL);
    assert_int_equal(
        troupe_ask(stage.self, router, long_ns, troupe_routee_info, &info,
            troupe_add_routee, .actor = troupe_self_pid(stage.self)),
        TROUPE_E_NO_REPLY);
    assert_int_equal(troupe_ask(stage.self, router, long_ns, troupe_routee_info,
                         &info, troupe_add_routee, .actor = router),
        TROUPE_E_NO_REPLY);
    assert_int_equal(troupe_ask(stage.self, router, long_ns, troupe_routee_info,
                         &info, troupe_resize_pool, .workers_count = 3),
        TROUPE_E_NO_REPLY);
    assert_int_equal(ask_routee(router, 0).routees_count, 0);
    finish();
}

static void
a_router_has_a_mailbox_of_its_own(void **state)
{
    troupe_pid router;
    troupe_pid pid;

    (void)state;
    begin(true);
    spawn_routees(1, &pid);
    router = spawn_router(&TROUPE_ROUTER_OPTIONS(.routees = &pid,
        .routees_count = 1,
        .spawn = &TROUPE_SPAWN_OPTIONS(.mailbox = {
                                           .policy = TROUPE_MAILBOX_DROP_OLDEST,
                                           .messages_high = 2})));
    for (uint64_t i = 0; i < 5; i++) {
        send_item(router, i);
    }
    finish();
    assert_int_equal(stage.counts[0], 2);
    assert_int_equal(stage.handled_by[3], 1);
    assert_int_equal(stage.handled_by[4], 1);
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_DROPPED), 3);
}

static void
a_router_that_never_starts_leaves_nothing(void **state)
{
    troupe_pid pid;

    (void)state;
    memset((void *)&stage, 0, sizeof(stage));
    assert_int_equal(troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true,
                                               .log = stage_keep_quiet),
                         &stage.runtime),
        TROUPE_OK);
    stage.self = troupe_thread_self(stage.runtime);
    spawn_routees(1, &pid);
    (void)spawn_router(
        &TROUPE_ROUTER_OPTIONS(.routees = &pid, .routees_count = 1));
    troupe_runtime_destroy(&stage.runtime);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(each_routee_gets_a_message_in_its_turn),
        cmocka_unit_test(turns_go_on_when_routees_come_and_go),
        cmocka_unit_test(the_order_of_a_sender_stays_for_each_routee),
        cmocka_unit_test(chance_spreads_evenly_and_by_the_seed),
        cmocka_unit_test(the_least_loaded_is_not_the_slow_one),
        cmocka_unit_test(loads_are_told),
        cmocka_unit_test(a_key_of_a_function_moves_only_with_its_routee),
        cmocka_unit_test(a_key_of_a_field_moves_only_with_its_routee),
        cmocka_unit_test(equal_keys_of_two_schemas_go_to_one_routee),
        cmocka_unit_test(what_has_no_key_has_no_routee_either),
        cmocka_unit_test(a_crash_in_the_function_for_the_key_is_the_routers),
        BOTH(requests_are_answered_to_who_asked),
        cmocka_unit_test(a_routed_request_keeps_its_deadline),
        cmocka_unit_test(a_routee_that_has_ended_gets_nothing_more),
        BOTH(nothing_is_lost_uncounted_when_a_routee_ends),
        cmocka_unit_test(without_routees_there_are_dead_letters),
        cmocka_unit_test(routees_outlive_their_router),
        cmocka_unit_test(what_one_routee_refuses_goes_to_the_next),
        cmocka_unit_test(what_nobody_takes_is_a_dead_letter),
        cmocka_unit_test(what_is_refused_by_key_goes_nowhere_else),
        cmocka_unit_test(a_flood_through_a_router_holds_bounded_memory),
        BOTH(a_ring_through_a_router_comes_to_its_end),
        BOTH(a_ring_of_routers_comes_to_its_end),
        cmocka_unit_test(routers_alone_in_a_ring_hand_nothing_on_for_ever),
        cmocka_unit_test(options_that_contradict_themselves_are_refused),
        cmocka_unit_test(who_cannot_be_a_routee_is_refused),
        cmocka_unit_test(a_router_has_a_mailbox_of_its_own),
        cmocka_unit_test(a_router_that_never_starts_leaves_nothing),
    };

    stage_save_handlers();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Names: who holds them, when they are free again, and who is told. Simulated,
 * so that who runs when is the test's choice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "actors/runtime.h"
#include "base/memory.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

#define NAME(FIELD) FIELD(str, name)
#define PEER(FIELD) FIELD(pid, pid)
TROUPE_MESSAGE(hold, NAME)
TROUPE_MESSAGE(await, NAME)
TROUPE_MESSAGE(watch, PEER)
TROUPE_MESSAGE(fall, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(look, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(bear, NAME)

static const uint64_t long_ns = TROUPE_SECONDS(60);

static struct troupe_runtime *runtime;
static struct troupe_self *self;

/* What the actors have seen; one test at a time. */
static struct {
    troupe_err err;
    troupe_pid found_in_start;
    troupe_pid found_in_down;
    unsigned downs_count;
    troupe_pid told_of;
    unsigned told_count;
    char told_name[TROUPE_NAME_BYTES_MAX + 1];
    unsigned looks_count;
    troupe_pid child;
} seen;

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
begin(void)
{
    memset(&seen, 0, sizeof(seen));
    assert_int_equal(troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true,
                                               .seed = 5, .log = keep_quiet),
                         &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
}

static void
finish(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;

    assert_int_equal(troupe_runtime_stop(runtime, long_ns, &report), TROUPE_OK);
    assert_true(report.is_drained);
    troupe_runtime_destroy(&runtime);
}

static void
run(void)
{
    troupe_runtime_wait(runtime);
}

/* ---- actors -------------------------------------------------------------- */

static void
copy(char *out, struct troupe_str text)
{
    snprintf(
        out, TROUPE_NAME_BYTES_MAX + 1, "%.*s", (int)text.length, text.data);
}

static void
on_start(struct troupe_self *own, void *state)
{
    (void)state;
    if (troupe_whereis(own, "born") == troupe_self_pid(own)) {
        seen.found_in_start = troupe_self_pid(own);
    }
}

static void
on_hold(struct troupe_self *own, void *state, const struct hold *hold)
{
    char name[TROUPE_NAME_BYTES_MAX + 1];

    (void)state;
    copy(name, hold->name);
    seen.err = troupe_register(own, name, troupe_self_pid(own));
}

static void
on_named(struct troupe_self *own, void *state, uint64_t context,
    const char *name, troupe_pid holder)
{
    (void)own, (void)state;
    CHECK(context == 7);
    snprintf(seen.told_name, sizeof(seen.told_name), "%s", name);
    seen.told_of = holder;
    seen.told_count++;
}

static void
on_await(struct troupe_self *own, void *state, const struct await *await)
{
    char name[TROUPE_NAME_BYTES_MAX + 1];

    (void)state;
    copy(name, await->name);
    seen.err = troupe_await_name(own, name, on_named, 7);
}

static void
on_down(struct troupe_self *own, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)state, (void)context, (void)down;
    seen.downs_count++;
    seen.found_in_down = troupe_whereis(own, "bank");
}

static void
on_watch(struct troupe_self *own, void *state, const struct watch *watch)
{
    (void)state;
    CHECK(troupe_monitor(own, watch->pid, on_down, 0, NULL) == TROUPE_OK);
}

static void
on_fall(struct troupe_self *own, void *state, const struct fall *fall)
{
    (void)state, (void)fall;
    troupe_fail(own, 1, "as told");
}

static void
on_look(struct troupe_self *own, void *state, const struct look *look)
{
    (void)own, (void)state, (void)look;
    seen.looks_count++;
}

static void on_bear(
    struct troupe_self *own, void *state, const struct bear *bear);

TROUPE_BEHAVIOUR(player, sizeof(int), TROUPE_ON_START(on_start),
    TROUPE_ON(hold, on_hold), TROUPE_ON(await, on_await),
    TROUPE_ON(watch, on_watch), TROUPE_ON(fall, on_fall),
    TROUPE_ON(look, on_look), TROUPE_ON(bear, on_bear));

/* Whoever finds the child at once may tell it at once. */
static void
on_bear(struct troupe_self *own, void *state, const struct bear *bear)
{
    char name[TROUPE_NAME_BYTES_MAX + 1];

    (void)state;
    copy(name, bear->name);
    seen.err = troupe_spawn_with(
        own, player, &TROUPE_SPAWN_OPTIONS(.name = name), &seen.child);
    CHECK(own->chain.newest == NULL); /* its start has been pushed */
    CHECK(troupe_tell(own, troupe_whereis(own, name), look) == TROUPE_OK);
}

static troupe_pid
player(void)
{
    troupe_pid pid;

    assert_int_equal(troupe_spawn(self, player, &pid), TROUPE_OK);
    return pid;
}

static troupe_err
tell_to_hold(troupe_pid pid, const char *name)
{
    assert_int_equal(
        troupe_tell(self, pid, hold, .name = troupe_str_of(name)), TROUPE_OK);
    run();
    return seen.err;
}

static void
tell_to_await(troupe_pid pid, const char *name)
{
    assert_int_equal(
        troupe_tell(self, pid, await, .name = troupe_str_of(name)), TROUPE_OK);
}

/* ---- holding ------------------------------------------------------------- */

static void
a_name_leads_to_its_holder(void **state)
{
    troupe_pid one;

    (void)state;
    begin();
    one = player();
    assert_int_equal(troupe_whereis(self, "bank"), TROUPE_NO_PID);
    assert_int_equal(troupe_register(self, "bank", one), TROUPE_OK);
    assert_int_equal(troupe_whereis(self, "bank"), one);
    assert_int_equal(troupe_register(self, "bank", one), TROUPE_OK);
    assert_int_equal(tell_to_hold(one, "bank too"), TROUPE_OK);
    assert_int_equal(troupe_whereis(self, "bank too"), one);
    troupe_unregister(self, "bank", one);
    assert_int_equal(troupe_whereis(self, "bank"), TROUPE_NO_PID);
    assert_int_equal(troupe_whereis(self, "bank too"), one);
    finish();
}

static void
a_name_that_is_held_is_refused_and_the_error_says_by_whom(void **state)
{
    troupe_pid one;
    troupe_pid two;
    char holder[32];

    (void)state;
    begin();
    one = player();
    two = player();
    assert_int_equal(troupe_register(self, "bank", one), TROUPE_OK);
    assert_int_equal(troupe_register(self, "bank", two), TROUPE_E_NAME_TAKEN);
    snprintf(holder, sizeof(holder), "<%u.%u.%u>", troupe_pid_runtime(one),
        troupe_pid_slot(one), troupe_pid_incarnation(one));
    assert_non_null(strstr(troupe_err_detail(), holder));
    assert_non_null(strstr(troupe_err_detail(), "bank"));
    troupe_unregister(self, "bank", two); /* does not hold it */
    assert_int_equal(troupe_whereis(self, "bank"), one);
    finish();
}

static void
names_that_are_not_allowed_are_refused(void **state)
{
    char longest[TROUPE_NAME_BYTES_MAX + 2];
    troupe_pid one;

    (void)state;
    begin();
    one = player();
    memset(longest, 'n', sizeof(longest));
    longest[TROUPE_NAME_BYTES_MAX + 1] = '\0';
    assert_int_equal(
        troupe_register(self, longest, one), TROUPE_E_INVALID_ARGUMENT);
    longest[TROUPE_NAME_BYTES_MAX] = '\0';
    assert_int_equal(troupe_register(self, longest, one), TROUPE_OK);
    assert_int_equal(troupe_whereis(self, longest), one);
    assert_int_equal(troupe_register(self, "", one), TROUPE_E_INVALID_ARGUMENT);
    assert_int_equal(
        troupe_register(self, NULL, one), TROUPE_E_INVALID_ARGUMENT);
    assert_int_equal(
        troupe_register(self, "two\nlines", one), TROUPE_E_INVALID_ARGUMENT);
    assert_int_equal(troupe_register(self, "K\xc3\xb6ln", one), TROUPE_OK);
    assert_int_equal(troupe_register(self, "thread", troupe_self_pid(self)),
        TROUPE_E_NO_SUCH_ACTOR);
    assert_int_equal(
        troupe_register(self, "nobody", TROUPE_NO_PID), TROUPE_E_NO_SUCH_ACTOR);
    assert_int_equal(troupe_whereis(self, NULL), TROUPE_NO_PID);
    finish();
}

static void
names_come_and_go_by_the_thousand(void **state)
{
    enum { COUNT = 5000 };
    char name[32];
    troupe_pid one;

    (void)state;
    begin();
    one = player();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            snprintf(name, sizeof(name), "name %d", i);
            assert_int_equal(troupe_register(self, name, one), TROUPE_OK);
        }
        for (int i = 0; i < COUNT; i++) {
            snprintf(name, sizeof(name), "name %d", i);
            assert_int_equal(troupe_whereis(self, name), one);
            troupe_unregister(self, name, one);
            assert_int_equal(troupe_whereis(self, name), TROUPE_NO_PID);
        }
    }
    finish();
}

static void
the_name_of_a_pid_is_the_latest(void **state)
{
    char name[TROUPE_NAME_BYTES_MAX + 1];
    troupe_pid one;

    (void)state;
    begin();
    one = player();
    assert_int_equal(troupe_name_of(self, one, name, sizeof(name)), 0);
    assert_string_equal(name, "");
    assert_int_equal(troupe_register(self, "first", one), TROUPE_OK);
    assert_int_equal(troupe_register(self, "second", one), TROUPE_OK);
    assert_int_equal(troupe_name_of(self, one, name, sizeof(name)), 6);
    assert_string_equal(name, "second");
    assert_int_equal(troupe_name_of(self, one, name, 4), 6);
    assert_string_equal(name, "sec");
    finish();
}

/* ---- being born with one ------------------------------------------------- */

static void
a_name_may_come_with_the_spawn(void **state)
{
    troupe_pid other = TROUPE_NO_PID;
    troupe_pid one;

    (void)state;
    begin();
    assert_int_equal(troupe_spawn_with(self, player,
                         &TROUPE_SPAWN_OPTIONS(.name = "born"), &one),
        TROUPE_OK);
    assert_int_equal(troupe_whereis(self, "born"), one);
    run();
    assert_int_equal(seen.found_in_start, one);
    assert_int_equal(troupe_spawn_with(self, player,
                         &TROUPE_SPAWN_OPTIONS(.name = "born"), &other),
        TROUPE_E_NAME_TAKEN);
    assert_int_equal(other, TROUPE_NO_PID);
    assert_int_equal(troupe_runtime_actors_count(runtime), 1);
    assert_int_equal(troupe_spawn_with(self, player,
                         &TROUPE_SPAWN_OPTIONS(.name = ""), &other),
        TROUPE_E_INVALID_ARGUMENT);
    finish();
}

/* As if its spawner were held up between START and showing the name. */
static void
a_name_that_is_reserved_is_shown_by_the_start(void **state)
{
    troupe_pid one;
    struct tp_actor *actor;

    (void)state;
    begin();
    one = player();
    actor = tp_registry_find(&runtime->registry, one);
    assert_int_equal(actor->inbox.head->kind, TP_MESSAGE_START);
    actor->inbox.head->err |= TP_ACTOR_IS_NAMED;
    assert_int_equal(tp_directory_reserve(self, "born", one), TROUPE_OK);
    assert_int_equal(troupe_whereis(self, "born"), TROUPE_NO_PID);
    assert_int_equal(
        troupe_register(self, "born", player()), TROUPE_E_NAME_TAKEN);
    run();
    assert_int_equal(seen.found_in_start, one);
    assert_int_equal(troupe_whereis(self, "born"), one);
    finish();
}

static void
who_finds_a_newborn_may_tell_it_at_once(void **state)
{
    (void)state;
    begin();
    assert_int_equal(
        troupe_tell(self, player(), bear, .name = troupe_str_of("newborn")),
        TROUPE_OK);
    run();
    assert_int_equal(seen.err, TROUPE_OK);
    assert_int_equal(seen.looks_count, 1);
    finish();
}

/* ---- the end of the holder ----------------------------------------------- */

static void
the_end_of_the_holder_frees_the_name_before_others_hear_of_it(void **state)
{
    troupe_pid holder;

    (void)state;
    for (int by_itself = 0; by_itself < 2; by_itself++) {
        begin();
        holder = player();
        if (by_itself) {
            assert_int_equal(tell_to_hold(holder, "bank"), TROUPE_OK);
        } else {
            assert_int_equal(troupe_register(self, "bank", holder), TROUPE_OK);
        }
        assert_int_equal(
            troupe_tell(self, player(), watch, .pid = holder), TROUPE_OK);
        run();
        assert_int_equal(troupe_whereis(self, "bank"), holder);
        seen.found_in_down = holder;
        assert_int_equal(troupe_kill(self, holder), TROUPE_OK);
        run();
        assert_int_equal(seen.downs_count, 1);
        assert_int_equal(seen.found_in_down, TROUPE_NO_PID);
        finish();
    }
}

static void
a_name_that_is_given_to_the_dead_is_free_soon(void **state)
{
    troupe_pid dead;

    (void)state;
    begin();
    dead = player();
    assert_int_equal(troupe_stop(self, dead), TROUPE_OK);
    run();
    assert_int_equal(troupe_register(self, "bank", dead), TROUPE_OK);
    assert_int_equal(troupe_join(self, "banks", dead), TROUPE_OK);
    run();
    assert_int_equal(troupe_whereis(self, "bank"), TROUPE_NO_PID);
    assert_int_equal(troupe_members_count(self, "banks"), 0);
    /* The next one in the slot has nothing to do with it. */
    assert_int_equal(troupe_register(self, "bank", player()), TROUPE_OK);
    run();
    assert_int_not_equal(troupe_whereis(self, "bank"), TROUPE_NO_PID);
    finish();
}

static void
a_restart_keeps_the_name(void **state)
{
    static const struct troupe_child children[] = {TROUPE_CHILD(.name = "bank",
        .behaviour = &player_behaviour, .is_registered = true)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(children));
    troupe_pid tree_pid;
    troupe_pid child;

    (void)state;
    begin();
    assert_int_equal(
        troupe_supervise(self, &tree, &tree_pid, &child), TROUPE_OK);
    assert_int_equal(troupe_whereis(self, "bank"), child);
    assert_int_equal(
        troupe_supervise(self, &tree, NULL, NULL), TROUPE_E_NAME_TAKEN);
    assert_int_equal(troupe_join(self, "banks", child), TROUPE_OK);
    assert_int_equal(troupe_tell(self, child, fall), TROUPE_OK);
    run();
    assert_int_equal(troupe_whereis(self, "bank"), child);
    assert_int_equal(troupe_members_count(self, "banks"), 1);
    assert_int_equal(troupe_tell(self, child, look), TROUPE_OK);
    run();
    assert_int_equal(seen.looks_count, 1);
    assert_int_equal(troupe_stop(self, tree_pid), TROUPE_OK);
    run();
    assert_int_equal(troupe_whereis(self, "bank"), TROUPE_NO_PID);
    assert_int_equal(troupe_members_count(self, "banks"), 0);
    finish();
}

/* ---- waiting ------------------------------------------------------------- */

static void
who_waits_is_told_once_when_the_name_is_taken(void **state)
{
    troupe_pid waits;
    troupe_pid one;

    (void)state;
    begin();
    waits = player();
    tell_to_await(waits, "bank");
    run();
    assert_int_equal(seen.err, TROUPE_OK);
    assert_int_equal(seen.told_count, 0);
    one = player();
    assert_int_equal(troupe_register(self, "bank", one), TROUPE_OK);
    run();
    assert_int_equal(seen.told_count, 1);
    assert_int_equal(seen.told_of, one);
    assert_string_equal(seen.told_name, "bank");
    troupe_unregister(self, "bank", one);
    assert_int_equal(troupe_register(self, "bank", waits), TROUPE_OK);
    run();
    assert_int_equal(seen.told_count, 1);
    tell_to_await(one, "bank"); /* it is held already */
    run();
    assert_int_equal(seen.told_count, 2);
    assert_int_equal(seen.told_of, waits);
    finish();
}

static void
who_waits_is_told_of_a_newborn_that_has_the_name(void **state)
{
    troupe_pid one;

    (void)state;
    begin();
    tell_to_await(player(), "born");
    run();
    assert_int_equal(troupe_spawn_with(self, player,
                         &TROUPE_SPAWN_OPTIONS(.name = "born"), &one),
        TROUPE_OK);
    run();
    assert_int_equal(seen.told_count, 1);
    assert_int_equal(seen.told_of, one);
    finish();
}

static void
a_wait_ends_with_the_life_that_waits(void **state)
{
    static const struct troupe_child children[] = {
        TROUPE_CHILD(.name = "waits", .behaviour = &player_behaviour)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(children));
    troupe_pid child;
    troupe_pid gone;

    (void)state;
    begin();
    assert_int_equal(troupe_supervise(self, &tree, NULL, &child), TROUPE_OK);
    gone = player();
    tell_to_await(child, "bank");
    tell_to_await(gone, "bank");
    run();
    assert_int_equal(troupe_tell(self, child, fall), TROUPE_OK);
    assert_int_equal(troupe_kill(self, gone), TROUPE_OK);
    run();
    assert_int_equal(troupe_register(self, "bank", player()), TROUPE_OK);
    run();
    assert_int_equal(seen.told_count, 0);
    /* Also if it has been told, and fails before it is its turn. */
    tell_to_await(child, "shop");
    run();
    assert_int_equal(troupe_tell(self, child, fall), TROUPE_OK);
    assert_int_equal(troupe_register(self, "shop", player()), TROUPE_OK);
    run();
    assert_int_equal(seen.told_count, 0);
    finish();
}

static void
waiting_is_for_handlers(void **state)
{
    (void)state;
    begin();
    assert_int_equal(
        troupe_await_name(self, "bank", on_named, 7), TROUPE_E_WRONG_THREAD);
    tell_to_await(player(), "");
    run();
    assert_int_equal(seen.err, TROUPE_E_INVALID_ARGUMENT);
    tell_to_await(player(), "never"); /* a stop does not wait for it */
    finish();
}

static void
nothing_is_left_behind(void **state)
{
    uint64_t blocks = tp_memory_blocks_count();
    struct troupe_spawn_options options = troupe_spawn_options_default();
    troupe_pid unborn;

    (void)state;
    a_wait_ends_with_the_life_that_waits(NULL);
    names_come_and_go_by_the_thousand(NULL);
    assert_int_equal(
        troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true), &runtime),
        TROUPE_OK);
    options.name = "unborn";
    assert_int_equal(troupe_spawn_with(troupe_thread_self(runtime), player,
                         &options, &unborn),
        TROUPE_OK);
    troupe_runtime_destroy(&runtime);
    assert_int_equal(tp_memory_blocks_count(), blocks);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_leads_to_its_holder),
        cmocka_unit_test(
            a_name_that_is_held_is_refused_and_the_error_says_by_whom),
        cmocka_unit_test(names_that_are_not_allowed_are_refused),
        cmocka_unit_test(names_come_and_go_by_the_thousand),
        cmocka_unit_test(the_name_of_a_pid_is_the_latest),
        cmocka_unit_test(a_name_may_come_with_the_spawn),
        cmocka_unit_test(a_name_that_is_reserved_is_shown_by_the_start),
        cmocka_unit_test(who_finds_a_newborn_may_tell_it_at_once),
        cmocka_unit_test(
            the_end_of_the_holder_frees_the_name_before_others_hear_of_it),
        cmocka_unit_test(a_name_that_is_given_to_the_dead_is_free_soon),
        cmocka_unit_test(a_restart_keeps_the_name),
        cmocka_unit_test(who_waits_is_told_once_when_the_name_is_taken),
        cmocka_unit_test(who_waits_is_told_of_a_newborn_that_has_the_name),
        cmocka_unit_test(a_wait_ends_with_the_life_that_waits),
        cmocka_unit_test(waiting_is_for_handlers),
        cmocka_unit_test(nothing_is_left_behind),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: equal options are one entry; a slot holds its entry until it is given
 * another; an entry that no slot holds is used again; a full table says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "actors/profile.h"
#include "base/memory.h"

static struct tp_registry registry;
static struct tp_profiles profiles;

static struct troupe_mailbox_options
rejecting_at(uint64_t messages)
{
    return (struct troupe_mailbox_options){
        .policy = TROUPE_MAILBOX_REJECT, .messages_high = messages};
}

static int
setup_with(const struct troupe_mailbox_options *options)
{
    registry = (struct tp_registry){0};
    return tp_registry_init(&registry, 0, 64) != TROUPE_OK ||
           tp_profiles_init(&profiles, &registry, options) != TROUPE_OK;
}

static int
setup(void **state)
{
    (void)state;
    return setup_with(&(struct troupe_mailbox_options){0});
}

static int
teardown(void **state)
{
    (void)state;
    tp_profiles_fini(&profiles);
    tp_registry_fini(&registry);
    return 0;
}

/* As who spawns does it. */
static uint32_t
give(struct tp_actor *actor, struct troupe_mailbox_options options)
{
    uint32_t index = UINT32_MAX;

    assert_int_equal(
        tp_profiles_find(&profiles, actor, &options, &index), TROUPE_OK);
    tp_profiles_assign(&profiles, actor, index);
    assert_int_equal(actor->task.tag, index);
    return index;
}

static void
no_options_are_the_usual_profile(void **state)
{
    struct tp_actor actor = {0};

    (void)state;
    assert_int_equal(
        give(&actor, (struct troupe_mailbox_options){0}), TP_PROFILE_USUAL);
    assert_true(tp_profile_is_usual(&actor));
    /* Nor are options that say the same. */
    assert_int_equal(
        give(&actor, (struct troupe_mailbox_options){.messages_high = 512}),
        TP_PROFILE_USUAL);
}

static void
equal_options_are_one_entry(void **state)
{
    struct tp_actor actors[3] = {0};
    uint32_t index = give(&actors[0], rejecting_at(3));

    (void)state;
    assert_true(index > TP_PROFILE_DEFAULT);
    assert_int_equal(give(&actors[1], rejecting_at(3)), index);
    assert_int_not_equal(give(&actors[2], rejecting_at(4)), index);
    assert_int_equal(
        tp_profiles_view(&profiles, &actors[2])->marks.messages_hard, 4);
}

static void
an_entry_is_used_again_when_no_slot_holds_it(void **state)
{
    struct tp_actor actors[3] = {0};
    uint32_t index = give(&actors[0], rejecting_at(3));

    (void)state;
    give(&actors[1], rejecting_at(3));
    give(&actors[0], (struct troupe_mailbox_options){0});
    /* Still held by one. */
    assert_int_not_equal(give(&actors[2], rejecting_at(5)), index);
    give(&actors[1], (struct troupe_mailbox_options){0});
    assert_int_equal(give(&actors[0], rejecting_at(6)), index);
    assert_int_equal(
        tp_profiles_view(&profiles, &actors[0])->marks.messages_high, 6);
}

static void
a_slot_that_lives_again_in_the_same_way_keeps_its_entry(void **state)
{
    struct tp_actor actor = {0};
    uint32_t index = give(&actor, rejecting_at(3));
    struct tp_profile copy;

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(give(&actor, rejecting_at(3)), index);
    }
    give(&actor, (struct troupe_mailbox_options){0});
    assert_int_equal(give(&actor, rejecting_at(9)), index);
    assert_int_equal(
        tp_profiles_read(&profiles, &actor, &copy)->marks.messages_high, 9);
}

static void
a_full_table_says_so(void **state)
{
    static struct tp_actor actors[TP_PROFILES_MAX];
    struct troupe_mailbox_options options;
    uint32_t index = 0;

    (void)state;
    memset(actors, 0, sizeof(actors));
    for (uint32_t i = 2; i < TP_PROFILES_MAX; i++) {
        assert_int_equal(give(&actors[i], rejecting_at(i)), i);
    }
    options = rejecting_at(TP_PROFILES_MAX);
    assert_int_equal(tp_profiles_find(&profiles, &actors[0], &options, &index),
        TROUPE_E_NO_MEMORY);
    assert_non_null(strstr(troupe_err_detail(), "65536 different kinds"));
    give(&actors[77], (struct troupe_mailbox_options){0});
    assert_int_equal(give(&actors[0], options), 77);
}

static void
without_memory_no_entry_is_made_and_none_is_lost(void **state)
{
    static struct tp_actor actors[TP_PROFILES_CHUNK_COUNT + 1];
    struct troupe_mailbox_options options =
        rejecting_at(TP_PROFILES_CHUNK_COUNT);
    uint32_t index = 0;

    (void)state;
    memset(actors, 0, sizeof(actors));
    for (uint32_t i = 2; i < TP_PROFILES_CHUNK_COUNT; i++) {
        give(&actors[i], rejecting_at(i));
    }
    tp_memory_fail_every(true);
    assert_int_equal(tp_profiles_find(&profiles, &actors[0], &options, &index),
        TROUPE_E_NO_MEMORY);
    tp_memory_fail_every(false);
    assert_int_equal(give(&actors[0], options), TP_PROFILES_CHUNK_COUNT);
}

static void
a_runtime_that_rejects_gives_actors_its_own_entry(void **state)
{
    struct troupe_mailbox_options rejecting = rejecting_at(3);
    struct tp_actor actor = {0};

    (void)state;
    assert_int_equal(setup_with(&rejecting), 0);
    assert_int_equal(
        give(&actor, (struct troupe_mailbox_options){0}), TP_PROFILE_DEFAULT);
    assert_int_equal(give(&actor, rejecting), TP_PROFILE_DEFAULT);
    assert_int_equal(tp_profiles_at(&profiles, TP_PROFILE_USUAL)->policy,
        TROUPE_MAILBOX_PAUSE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            no_options_are_the_usual_profile, setup, teardown),
        cmocka_unit_test_setup_teardown(
            equal_options_are_one_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(
            an_entry_is_used_again_when_no_slot_holds_it, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_slot_that_lives_again_in_the_same_way_keeps_its_entry, setup,
            teardown),
        cmocka_unit_test_setup_teardown(a_full_table_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(
            without_memory_no_entry_is_made_and_none_is_lost, setup, teardown),
        cmocka_unit_test_teardown(
            a_runtime_that_rejects_gives_actors_its_own_entry, teardown),
    };
    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}

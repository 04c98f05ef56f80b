/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: an actor becomes something for a while and goes back to what it was,
 * and forgets it with its life.
 *
 * Method: three behaviours write their letter for each item; one actor in a
 * simulation puts them on and takes them off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

TROUPE_MESSAGE(item, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(act, TROUPE_NO_FIELDS)

static void (*script)(struct troupe_self *self);

static void
on_act(struct troupe_self *self, void *state, const struct act *act)
{
    (void)state, (void)act;
    script(self);
}

static char worn[16]; /* which behaviours have handled an item */
static size_t worn_count;

static void
wear(char which)
{
    CHECK(worn_count < sizeof(worn) - 1);
    worn[worn_count++] = which;
    worn[worn_count] = 0;
}

#define WEARING(name, letter)                                                  \
    static void on_item_##name(                                                \
        struct troupe_self *self, void *state, const struct item *item)        \
    {                                                                          \
        (void)self, (void)state, (void)item;                                   \
        wear(letter);                                                          \
    }                                                                          \
    TROUPE_BEHAVIOUR(                                                          \
        name, 0, TROUPE_ON(item, on_item_##name), TROUPE_ON(act, on_act))

WEARING(first, 'a');
WEARING(second, 'b');
WEARING(third, 'c');

/* More state than others have room for. */
TROUPE_BEHAVIOUR(spacious, 100, TROUPE_ON(act, on_act));

static const struct troupe_child first_child[] = {
    TROUPE_CHILD(.name = "first", .behaviour = &first_behaviour),
};
static const struct troupe_supervisor first_tree =
    TROUPE_SUPERVISOR(.restarts_max = 3, TROUPE_CHILDREN(first_child));

static struct troupe_runtime *runtime;
static struct troupe_self *thread;
static troupe_pid pid;

static int
setup(void **state)
{
    (void)state;
    worn_count = 0;
    worn[0] = 0;
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 11), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    thread = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(thread, first, &pid));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* Lets the actor do this, and then show what it is. */
static void
play_and_show(void (*act_so)(struct troupe_self *self))
{
    script = act_so;
    TROUPE_CHECK(troupe_tell(thread, pid, act));
    troupe_runtime_wait(runtime); /* until nothing is left to do */
    TROUPE_CHECK(troupe_tell(thread, pid, item));
    troupe_runtime_wait(runtime);
}

static void
put_on_second(struct troupe_self *self)
{
    CHECK(troupe_become_stacked(self, second) == TROUPE_OK);
}

static void
swap_for_third(struct troupe_self *self)
{
    CHECK(troupe_become(self, third) == TROUPE_OK);
}

static void
take_off(struct troupe_self *self)
{
    CHECK(troupe_unbecome(self));
}

static void
take_off_the_last(struct troupe_self *self)
{
    CHECK(!troupe_unbecome(self));
}

static void
put_on_what_does_not_fit(struct troupe_self *self)
{
    CHECK(troupe_become_stacked(self, spacious) == TROUPE_E_STATE_TOO_SMALL);
    CHECK(!troupe_unbecome(self));
}

static void
a_behaviour_that_does_not_fit_leaves_all_as_it_was(void **state)
{
    (void)state;
    play_and_show(put_on_what_does_not_fit);
    assert_string_equal(worn, "a");
}

static void
an_actor_goes_back_to_the_behaviour_below(void **state)
{
    (void)state;
    play_and_show(take_off_the_last);
    play_and_show(put_on_second);
    play_and_show(swap_for_third);
    play_and_show(take_off);
    play_and_show(take_off_the_last);
    assert_string_equal(worn, "abcaa");
    assert_false(troupe_unbecome(thread));
    assert_int_equal(
        troupe_become_stacked(thread, first), TROUPE_E_WRONG_THREAD);
}

static void
put_on_too_many(struct troupe_self *self)
{
    for (int i = 1; i < TROUPE_BEHAVIOURS_MAX; i++) {
        CHECK(troupe_become_stacked(self, second) == TROUPE_OK);
    }
    CHECK(troupe_become_stacked(self, third) == TROUPE_E_TOO_MANY_BEHAVIOURS);
    CHECK(strstr(troupe_err_detail(), "a second is over 7 others") != NULL);
}

static void
take_off_all(struct troupe_self *self)
{
    for (int i = 1; i < TROUPE_BEHAVIOURS_MAX; i++) {
        CHECK(troupe_unbecome(self));
    }
    CHECK(!troupe_unbecome(self));
}

static void
behaviours_are_bounded(void **state)
{
    (void)state;
    play_and_show(put_on_too_many);
    play_and_show(take_off_all);
    assert_string_equal(worn, "ba");
}

static void
fail_now(struct troupe_self *self)
{
    troupe_fail(self, 1, "as the test wants it");
}

static void
a_restart_begins_with_the_first_behaviour_and_none_below(void **state)
{
    (void)state;
    TROUPE_CHECK(troupe_supervise(thread, &first_tree, NULL, &pid));
    play_and_show(put_on_second);
    play_and_show(fail_now);
    play_and_show(take_off_the_last);
    assert_string_equal(worn, "baa");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_actor_goes_back_to_the_behaviour_below),
        TEST(behaviours_are_bounded),
        TEST(a_behaviour_that_does_not_fit_leaves_all_as_it_was),
        TEST(a_restart_begins_with_the_first_behaviour_and_none_below),
    };
    return cmocka_run_group_tests_name("behaviour stack", tests, NULL, NULL);
}

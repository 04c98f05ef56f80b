/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: what an actor puts aside and takes back is handled in the order in
 * which each of its senders sent it, whatever the order of delivery, and also
 * when a life ends in between.
 *
 * Method: two senders number their messages; somebody opens the keeper or makes
 * it fail. Every order of the messages is run, and the state is looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

#define ITEM(FIELD) FIELD(uint8, sender) FIELD(uint8, number)
#define COUNT(FIELD) FIELD(uint8, count)
TROUPE_MESSAGE(go, ITEM)
TROUPE_MESSAGE(item, ITEM)
TROUPE_MESSAGE(open_up, COUNT)
TROUPE_MESSAGE(fail_now, TROUPE_NO_FIELDS)

enum { SENDERS_MAX = 2 };

static troupe_pid keeper_pid;
static bool is_open; /* outlives the lives of the keeper */
static uint8_t senders_count;
static uint8_t items_count; /* of each */
static unsigned last_of[SENDERS_MAX];
static int handled_count;
static bool is_out_of_order;

static void
on_item(struct troupe_self *self, void *state, const struct item *item)
{
    (void)state;
    if (!is_open) {
        CHECK(troupe_stash(self) == TROUPE_OK);
        return;
    }
    handled_count++;
    is_out_of_order |= item->number != last_of[item->sender] + 1u;
    last_of[item->sender] = item->number;
}

static void
on_open_up(struct troupe_self *self, void *state, const struct open_up *open_up)
{
    (void)state;
    is_open = true;
    if (open_up->count == 0) {
        (void)troupe_unstash(self);
    }
    for (unsigned i = 0; i < open_up->count; i++) {
        (void)troupe_unstash_one(self);
    }
}

static void
on_fail_now(
    struct troupe_self *self, void *state, const struct fail_now *fail_now)
{
    (void)state, (void)fail_now;
    is_open = true;
    (void)troupe_unstash_one(self);
    troupe_fail(self, 1, "as the test wants it");
}

TROUPE_BEHAVIOUR(keeper, 0, TROUPE_ON(item, on_item),
    TROUPE_ON(open_up, on_open_up), TROUPE_ON(fail_now, on_fail_now));

static void
on_go(struct troupe_self *self, void *state, const struct go *go)
{
    (void)state;
    for (uint8_t i = 1; i <= go->number; i++) {
        CHECK(troupe_tell(self, keeper_pid, item, .sender = go->sender,
                  .number = i) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(sender, 0, TROUPE_ON(go, on_go));

static void
begin(struct troupe_self *self)
{
    is_open = false;
    is_out_of_order = false;
    handled_count = 0;
    for (uint8_t i = 0; i < senders_count; i++) {
        troupe_pid pid;

        last_of[i] = 0;
        CHECK(troupe_spawn(self, sender, &pid) == TROUPE_OK);
        CHECK(troupe_tell(self, pid, go, .sender = i, .number = items_count) ==
              TROUPE_OK);
    }
}

static void
all_came(struct troupe_explored *run, void *context)
{
    (void)context;
    if (handled_count != senders_count * items_count) {
        troupe_explored_fail(run, "%d were handled", handled_count);
    }
}

static void
all_came_in_order(struct troupe_explored *run, void *context)
{
    all_came(run, context);
    if (is_out_of_order) {
        troupe_explored_fail(run, "somebody's came out of order");
    }
}

/* What the first one leaves aside the second one brings; items that come
 * between overtake it. */
static void
open_in_two_steps(struct troupe_self *self, void *context)
{
    (void)context;
    CHECK(troupe_spawn(self, keeper, &keeper_pid) == TROUPE_OK);
    begin(self);
    CHECK(troupe_tell(self, keeper_pid, open_up, .count = 2) == TROUPE_OK);
    CHECK(troupe_tell(self, keeper_pid, open_up, .count = 0) == TROUPE_OK);
}

static void
open_at_once(struct troupe_self *self, void *context)
{
    (void)context;
    CHECK(troupe_spawn(self, keeper, &keeper_pid) == TROUPE_OK);
    begin(self);
    CHECK(troupe_tell(self, keeper_pid, open_up, .count = 0) == TROUPE_OK);
}

static const struct troupe_child children[] = {
    TROUPE_CHILD(.name = "keeper", .behaviour = &keeper_behaviour),
};
static const struct troupe_supervisor tree =
    TROUPE_SUPERVISOR(TROUPE_CHILDREN(children));

static void
fail_in_between(struct troupe_self *self, void *context)
{
    (void)context;
    CHECK(troupe_supervise(self, &tree, NULL, &keeper_pid) == TROUPE_OK);
    begin(self);
    CHECK(troupe_tell(self, keeper_pid, fail_now) == TROUPE_OK);
}

static void
be_silent(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
run(uint8_t senders, uint8_t items, troupe_explore_setup *setup,
    troupe_explore_check *at_end)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;
    struct troupe_options options = troupe_options_default();

    senders_count = senders;
    items_count = items;
    options.log = be_silent;
    assert_int_equal(troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = setup,
                                        .at_end = at_end, .runtime = &options),
                         &report),
        TROUPE_OK);
    assert_true(report.runs_count > 20);
}

static void
what_comes_back_keeps_each_senders_order_in_every_order(void **state)
{
    (void)state;
    run(2, 3, open_at_once, all_came_in_order);
}

static void
what_comes_back_in_parts_comes_once_in_every_order(void **state)
{
    (void)state;
    run(2, 3, open_in_two_steps, all_came);
}

static void
a_life_that_ends_keeps_each_senders_order_in_every_order(void **state)
{
    (void)state;
    run(1, 3, fail_in_between, all_came_in_order);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_comes_back_keeps_each_senders_order_in_every_order),
        cmocka_unit_test(what_comes_back_in_parts_comes_once_in_every_order),
        cmocka_unit_test(
            a_life_that_ends_keeps_each_senders_order_in_every_order),
    };
    return cmocka_run_group_tests_name("stash orders", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A test of two actors that ask each other before they answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <troupe/troupe.h>

#define OTHER(FIELD) FIELD(pid, other)
TROUPE_MESSAGE(propose, OTHER)
TROUPE_MESSAGE(confirm, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(confirmed, TROUPE_NO_FIELDS)

struct partner {
    bool is_patient;  /* confirms only when its own proposal is confirmed */
    bool is_waiting;  /* for the other */
    bool was_refused; /* or not answered in time */
    struct troupe_request *kept;
};

static void
on_confirmed(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct partner *partner = state;

    (void)context;
    partner->is_waiting = false;
    partner->was_refused = troupe_answer_err(answer) != TROUPE_OK;
    if (partner->kept != NULL) {
        (void)troupe_reply_to(self, &partner->kept, confirmed);
    }
}

static void
on_propose(struct troupe_self *self, void *state, const struct propose *propose)
{
    struct partner *partner = state;

    partner->is_waiting = true;
    (void)troupe_ask_then(
        self, propose->other, TROUPE_SECONDS(5), on_confirmed, 0, confirm);
}

static void
on_confirm(struct troupe_self *self, void *state, const struct confirm *confirm)
{
    struct partner *partner = state;

    (void)confirm;
    if (partner->is_patient && partner->is_waiting) {
        TROUPE_CHECK(troupe_request_keep(self, &partner->kept));
    } else {
        (void)troupe_reply(self, confirmed);
    }
}

TROUPE_BEHAVIOUR(partner, sizeof(struct partner),
    TROUPE_ON(propose, on_propose), TROUPE_ON(confirm, on_confirm));

struct pair {
    bool are_patient;
    troupe_pid pids[2];
};

static void
bring_together(struct troupe_self *self, void *context)
{
    struct pair *pair = context;
    struct partner begins = {.is_patient = pair->are_patient};

    for (int i = 0; i < 2; i++) {
        TROUPE_CHECK(troupe_spawn_with(self, partner,
            &TROUPE_SPAWN_OPTIONS(.state = &begins), &pair->pids[i]));
    }
    for (int i = 0; i < 2; i++) {
        TROUPE_CHECK(troupe_tell(
            self, pair->pids[i], propose, .other = pair->pids[1 - i]));
    }
}

static void
both_are_confirmed(struct troupe_explored *run, void *context)
{
    const struct pair *pair = context;

    for (int i = 0; i < 2; i++) {
        const struct partner *partner =
            troupe_explored_state_view(run, pair->pids[i]);

        TROUPE_EXPLORED_CHECK(run, !partner->was_refused);
    }
}

static troupe_err
explore(bool are_patient)
{
    struct pair pair = {.are_patient = are_patient};
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;
    troupe_err err =
        troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = bring_together,
                           .at_end = both_are_confirmed, .context = &pair),
            &report);

    if (err == TROUPE_OK) {
        print_message("both are confirmed, in each of %d orders\n",
            (int)report.orders_count);
    }
    return err;
}

static void
two_that_wait_for_each_other_wait_in_vain(void **state)
{
    (void)state;
    assert_int_equal(explore(true), TROUPE_E_CHECK_FAILED);
}

static void
two_that_answer_at_once_do_not(void **state)
{
    (void)state;
    assert_int_equal(explore(false), TROUPE_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_that_wait_for_each_other_wait_in_vain),
        cmocka_unit_test(two_that_answer_at_once_do_not),
    };

    return cmocka_run_group_tests_name("asking_each_other", tests, NULL, NULL);
}

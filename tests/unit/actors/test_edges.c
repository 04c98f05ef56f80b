/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens at the edges: mailboxes that are full, asks whose asker dies,
 * behaviours that contradict themselves, answers that are no such thing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(uint64, value)
#define PEER(FIELD) FIELD(pid, pid)
TROUPE_MESSAGE(drop_in, NUMBER)
TROUPE_MESSAGE(overfill, PEER)
TROUPE_MESSAGE(get_refused, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(refused, NUMBER)
TROUPE_MESSAGE(hold_on, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(let_go, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(ask_and_die, PEER)
TROUPE_MESSAGE(ask_nobody, TROUPE_NO_FIELDS)

enum { HARD_MARK = 1 << 20, SENT = HARD_MARK + 1000 };

static const uint64_t long_ns = TROUPE_SECONDS(60);

static struct troupe_runtime *runtime;
static struct troupe_self *self;
static struct troupe_stop_report report;

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
begin(bool simulate)
{
    report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.workers_count = 2, .pin_workers = true,
                .simulate = simulate, .seed = 5, .log = keep_quiet),
            &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
}

static void
finish(void)
{
    assert_int_equal(troupe_runtime_stop(runtime, long_ns, &report), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
}

/* ---- a mailbox at its hard mark ------------------------------------------ */

struct sink {
    uint64_t received;
};

static void
on_drop_in(struct troupe_self *own, void *state, const struct drop_in *drop_in)
{
    struct sink *sink = state;

    (void)own, (void)drop_in;
    sink->received++;
}

static void
on_get_received(
    struct troupe_self *own, void *state, const struct get_refused *get_refused)
{
    struct sink *sink = state;

    (void)get_refused;
    CHECK(troupe_reply(own, refused, .value = sink->received) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(sink, sizeof(struct sink), TROUPE_ON(drop_in, on_drop_in),
    TROUPE_ON(get_refused, on_get_received));

struct filler {
    uint64_t refused;
};

/* In one handler, so that nothing can pause it. */
static void
on_overfill(
    struct troupe_self *own, void *state, const struct overfill *overfill)
{
    struct filler *filler = state;

    for (uint64_t i = 0; i < SENT; i++) {
        troupe_err err = troupe_tell(own, overfill->pid, drop_in, .value = i);

        CHECK(err == TROUPE_OK || err == TROUPE_E_MAILBOX_FULL);
        filler->refused += err != TROUPE_OK;
    }
}

static void
on_get_refused(
    struct troupe_self *own, void *state, const struct get_refused *get_refused)
{
    struct filler *filler = state;

    (void)get_refused;
    CHECK(troupe_reply(own, refused, .value = filler->refused) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(filler, sizeof(struct filler),
    TROUPE_ON(overfill, on_overfill), TROUPE_ON(get_refused, on_get_refused));

/* Simulated: the receiver cannot run while the sender's handler does. */
static void
a_full_mailbox_refuses_and_loses_nothing_that_it_took(void **state)
{
    struct refused refused = {0};
    struct refused received = {0};
    troupe_pid from;
    troupe_pid to;

    (void)state;
    begin(true);
    assert_int_equal(troupe_spawn(self, sink, &to), TROUPE_OK);
    assert_int_equal(troupe_spawn(self, filler, &from), TROUPE_OK);
    assert_int_equal(troupe_tell(self, from, overfill, .pid = to), TROUPE_OK);
    assert_int_equal(
        troupe_ask(self, from, long_ns, refused, &refused, get_refused),
        TROUPE_OK);
    assert_int_equal(
        troupe_ask(self, to, long_ns, refused, &received, get_refused),
        TROUPE_OK);
    /* What one handler chains may exceed the mark. */
    assert_in_range(refused.value, 1000 - 64, 1000);
    assert_int_equal(received.value + refused.value, SENT);
    finish();
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_MAILBOX_FULL],
        refused.value);
}

/* ---- askers that die ----------------------------------------------------- */

struct holder {
    struct troupe_request *held[8];
    int held_count;
};

static void
on_hold_on(struct troupe_self *own, void *state, const struct hold_on *hold_on)
{
    struct holder *holder = state;

    (void)hold_on;
    CHECK(troupe_request_keep(own, &holder->held[holder->held_count++]) ==
          TROUPE_OK);
}

static void
on_let_go(struct troupe_self *own, void *state, const struct let_go *let_go)
{
    struct holder *holder = state;

    (void)let_go;
    while (holder->held_count > 0) {
        CHECK(troupe_reply_to(own, &holder->held[--holder->held_count], refused,
                  .value = 1) == TROUPE_OK);
    }
    (void)troupe_reply(own, refused, .value = 0);
}

TROUPE_BEHAVIOUR(holder, sizeof(struct holder), TROUPE_ON(hold_on, on_hold_on),
    TROUPE_ON(let_go, on_let_go));

static void
never(struct troupe_self *own, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)own, (void)state, (void)context;
    CHECK(answer == NULL); /* it must not run at all */
}

static void
on_ask_and_die(
    struct troupe_self *own, void *state, const struct ask_and_die *ask_and_die)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        CHECK(troupe_ask_then(own, ask_and_die->pid, long_ns, never, 0,
                  hold_on) == TROUPE_OK);
    }
    CHECK(troupe_stop(own, troupe_self_pid(own)) == TROUPE_OK);
}

static void
on_ask_nobody(
    struct troupe_self *own, void *state, const struct ask_nobody *ask_nobody)
{
    (void)state, (void)ask_nobody;
    CHECK(troupe_ask_then(own, TROUPE_NO_PID, long_ns, never, 0, hold_on) ==
          TROUPE_E_NO_SUCH_ACTOR);
}

TROUPE_BEHAVIOUR(mortal, 0, TROUPE_ON(ask_and_die, on_ask_and_die),
    TROUPE_ON(ask_nobody, on_ask_nobody));

static void
the_asks_of_the_dead_end_with_them(bool simulate)
{
    struct refused done;
    troupe_pid keeper;
    troupe_pid asker;

    begin(simulate);
    assert_int_equal(troupe_spawn(self, holder, &keeper), TROUPE_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(troupe_spawn(self, mortal, &asker), TROUPE_OK);
        (void)troupe_tell(self, asker, ask_nobody);
        (void)troupe_tell(self, asker, ask_and_die, .pid = keeper);
        assert_int_equal(
            troupe_ask(self, asker, long_ns, refused, &done, let_go),
            TROUPE_E_NO_SUCH_ACTOR);
    }
    assert_int_equal(
        troupe_ask(self, keeper, long_ns, refused, &done, let_go), TROUPE_OK);
    finish();
    /* Not in the time of its asks: they were cancelled, or stop had waited. */
    assert_true(report.is_drained);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_LATE_REPLY], 6);
}

static void
the_asks_of_the_dead_end_with_them_on_threads(void **state)
{
    (void)state;
    the_asks_of_the_dead_end_with_them(false);
}

static void
the_asks_of_the_dead_end_with_them_in_simulation(void **state)
{
    (void)state;
    the_asks_of_the_dead_end_with_them(true);
}

/* ---- behaviours ---------------------------------------------------------- */

TROUPE_BEHAVIOUR(undecided, sizeof(struct sink), TROUPE_ON(drop_in, on_drop_in),
    TROUPE_ON(drop_in, on_drop_in));

static const struct troupe_field other_fields[] = {
    {0, TROUPE_TYPE_str, "text"},
};
static struct troupe_schema other_drop_in = {
    "drop_in", other_fields, 1, sizeof(struct troupe_str), 0};
static const struct troupe_on stranger_handlers[] = {
    {&other_drop_in, drop_in_dispatch, NULL, NULL, NULL, NULL, NULL,
        TROUPE_UNMARKED_},
};
static struct troupe_behaviour stranger_behaviour = {
    "stranger", 0, stranger_handlers, 1, NULL};

static void
behaviours_that_contradict_themselves_or_others_are_refused(void **state)
{
    troupe_pid pid = TROUPE_NO_PID;

    (void)state;
    begin(true);
    assert_int_equal(
        troupe_spawn(self, undecided, &pid), TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "two handlers for drop_in"));
    assert_int_equal(troupe_spawn(self, sink, &pid), TROUPE_OK);
    pid = TROUPE_NO_PID;
    assert_int_equal(
        troupe_spawn(self, stranger, &pid), TROUPE_E_SCHEMA_CONFLICT);
    assert_non_null(strstr(troupe_err_detail(), "text"));
    assert_int_equal(pid, TROUPE_NO_PID);
    assert_int_equal(troupe_become(self, sink), TROUPE_E_WRONG_THREAD);
    finish();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_mailbox_refuses_and_loses_nothing_that_it_took),
        cmocka_unit_test(the_asks_of_the_dead_end_with_them_on_threads),
        cmocka_unit_test(the_asks_of_the_dead_end_with_them_in_simulation),
        cmocka_unit_test(
            behaviours_that_contradict_themselves_or_others_are_refused),
    };
    return cmocka_run_group_tests_name("edges", tests, NULL, NULL);
}

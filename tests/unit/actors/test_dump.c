/* SPDX-License-Identifier: BSD-2-Clause */
/* Goal: a dump says of each actor what it is, does and waits for, of one that
 * does not answer what can be seen from outside, and changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ck_pr.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

#define PEER(FIELD) FIELD(pid, pid)
#define PEER_AND_NUMBER(FIELD) FIELD(pid, pid) FIELD(int64, value)
#define NUMBER(FIELD) FIELD(int64, value)
TROUPE_MESSAGE(ask_of, PEER)
TROUPE_MESSAGE(get_price, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(price, NUMBER)
TROUPE_MESSAGE(link_with, PEER)
TROUPE_MESSAGE(watch, PEER)
TROUPE_MESSAGE(set_timers, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(flood, PEER_AND_NUMBER)
TROUPE_MESSAGE(item, NUMBER)
TROUPE_MESSAGE(fail, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(block, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(look, TROUPE_NO_FIELDS)

static const uint64_t long_ns = TROUPE_SECONDS(3600);

static struct troupe_runtime *runtime;
static struct troupe_self *self;

/* ---- actors -------------------------------------------------------------- */

static void
on_price(struct troupe_self *own, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)own, (void)state, (void)context, (void)answer;
}

static void
on_ask_of(struct troupe_self *own, void *state, const struct ask_of *order)
{
    (void)state;
    CHECK(troupe_ask_then(own, order->pid, TROUPE_SECONDS(60), on_price, 0,
              get_price) == TROUPE_OK);
}

static void
on_get_price(
    struct troupe_self *own, void *state, const struct get_price *get_price)
{
    struct troupe_request *kept;

    (void)state, (void)get_price;
    CHECK(troupe_request_keep(own, &kept) == TROUPE_OK);
}

static void
on_link_with(
    struct troupe_self *own, void *state, const struct link_with *order)
{
    (void)state;
    CHECK(troupe_link(own, order->pid) == TROUPE_OK);
}

static void
on_down(struct troupe_self *own, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)own, (void)state, (void)context, (void)down;
}

static void
on_watch(struct troupe_self *own, void *state, const struct watch *order)
{
    (void)state;
    CHECK(troupe_monitor(own, order->pid, on_down, 0, NULL) == TROUPE_OK);
}

static void
on_time(struct troupe_self *own, void *state, uint64_t context)
{
    (void)own, (void)state, (void)context;
}

static void
on_set_timers(
    struct troupe_self *own, void *state, const struct set_timers *order)
{
    (void)state, (void)order;
    CHECK(troupe_after(own, long_ns, on_time, 0, NULL) == TROUPE_OK);
    CHECK(troupe_every(own, 2 * long_ns, on_time, 0, NULL) == TROUPE_OK);
}

static void
on_flood(struct troupe_self *own, void *state, const struct flood *order)
{
    (void)state;
    for (int64_t i = 0; i < order->value; i++) {
        (void)troupe_tell(own, order->pid, item, .value = i);
    }
}

static void
on_item(struct troupe_self *own, void *state, const struct item *item)
{
    (void)own, (void)state, (void)item;
}

static void
on_fail(struct troupe_self *own, void *state, const struct fail *order)
{
    (void)state, (void)order;
    troupe_fail(own, 1, "as told");
}

static uint32_t is_blocked;
static uint32_t is_released;

static void
on_block(struct troupe_self *own, void *state, const struct block *block)
{
    (void)own, (void)state, (void)block;
    ck_pr_store_32(&is_blocked, 1);
    while (ck_pr_load_32(&is_released) == 0) {
        ck_pr_stall();
    }
}

static void
on_look(struct troupe_self *own, void *state, const struct look *look)
{
    (void)state, (void)look;
    CHECK(
        troupe_reply(own, price,
            .value = (int64_t)troupe_dump(runtime, NULL, stdout)) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(clerk, 0, TROUPE_ON(ask_of, on_ask_of),
    TROUPE_ON(get_price, on_get_price), TROUPE_ON(link_with, on_link_with),
    TROUPE_ON(watch, on_watch), TROUPE_ON(set_timers, on_set_timers),
    TROUPE_ON(flood, on_flood), TROUPE_ON(item, on_item),
    TROUPE_ON(fail, on_fail), TROUPE_ON(block, on_block),
    TROUPE_ON(look, on_look));

/* ---- the stage ----------------------------------------------------------- */

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
create(bool simulate)
{
    is_blocked = 0;
    is_released = 0;
    assert_int_equal(troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 2,
                                               .simulate = simulate, .seed = 5,
                                               .log = keep_quiet),
                         &runtime),
        TROUPE_OK);
}

static void
begin(bool simulate)
{
    create(simulate);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
}

static void
finish(void)
{
    assert_int_equal(troupe_runtime_stop(runtime, 0, NULL), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
}

static troupe_pid
spawn(void)
{
    troupe_pid pid = TROUPE_NO_PID;

    assert_int_equal(troupe_spawn(self, clerk, &pid), TROUPE_OK);
    return pid;
}

/* In a simulation: all that can be done in a second. */
static void
settle(void)
{
    struct price price;
    troupe_pid mute = spawn();

    assert_int_equal(
        troupe_ask(self, mute, TROUPE_SECONDS(1), price, &price, get_price),
        TROUPE_E_TIMED_OUT);
    assert_int_equal(troupe_stop(self, mute), TROUPE_OK);
    assert_int_equal(troupe_ask(self, mute, long_ns, price, &price, get_price),
        TROUPE_E_NO_SUCH_ACTOR);
}

#define TELL(actor, ...)                                                       \
    assert_int_equal(troupe_tell(self, actor, __VA_ARGS__), TROUPE_OK)

/* The dump; good until the next one. */
static const char *
dump(enum troupe_dump_format format, uint64_t patience_ns)
{
    static char *text;
    size_t size = 0;
    FILE *stream;

    free(text);
    text = NULL;
    stream = open_memstream(&text, &size);
    assert_non_null(stream);
    assert_int_equal(
        troupe_dump(runtime,
            &TROUPE_DUMP_OPTIONS(.format = format, .patience_ns = patience_ns),
            stream),
        TROUPE_OK);
    fclose(stream);
    return text;
}

/* From the first actor's line on. */
static const char *
actors_in(const char *text)
{
    const char *threads = strstr(text, "thread ");

    assert_non_null(threads);
    return strchr(threads, '\n') + 1;
}

/* ---- what is said -------------------------------------------------------- */

static void
each_actor_says_what_it_has_to_do_with_others(void **state)
{
    troupe_pid one;
    troupe_pid two;

    (void)state;
    begin(true);
    one = spawn();
    two = spawn();
    TELL(one, ask_of, .pid = two);
    TELL(one, link_with, .pid = two);
    TELL(one, watch, .pid = two);
    TELL(one, set_timers);
    settle();
    assert_string_equal(actors_in(dump(TROUPE_DUMP_TEXT, 0)),
        "<0.1.1> clerk: asleep\n"
        "    waits for <0.2.1>: get_price, 58.999 s left\n"
        "    timer: 3598.999 s left\n"
        "    timer: 7198.999 s left, then every 7200.000 s\n"
        "    linked with <0.2.1>\n"
        "    watches <0.2.1>\n"
        "<0.2.1> clerk: asleep\n"
        "    linked with <0.1.1>\n"
        "    watched by <0.1.1>\n"
        "    requests kept for later: 1\n");
    finish();
}

static void
children_stand_below_their_supervisors(void **state)
{
    static const struct troupe_child inner_children[] = {
        TROUPE_CHILD(.name = "b", .behaviour = &clerk_behaviour)};
    static const struct troupe_supervisor inner = TROUPE_SUPERVISOR(
        TROUPE_CHILDREN(inner_children), .backoff_ns = TROUPE_SECONDS(90));
    static const struct troupe_child outer_children[] = {
        TROUPE_CHILD(.name = "a", .behaviour = &clerk_behaviour),
        TROUPE_CHILD(.name = "inner", .supervisor = &inner)};
    static const struct troupe_supervisor outer =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(outer_children));
    troupe_pid children[2];
    troupe_pid pid;

    (void)state;
    begin(true);
    assert_int_equal(troupe_supervise(self, &outer, &pid, children), TROUPE_OK);
    settle();
    TELL(children[0], fail);
    settle();
    assert_string_equal(actors_in(dump(TROUPE_DUMP_TEXT, 0)),
        "<0.3.1> troupe_supervisor: asleep\n"
        "    <0.1.1> clerk: a, restarts: 1, asleep\n"
        "    <0.2.1> troupe_supervisor: inner, asleep\n"
        "        <0.64.1> clerk: b, asleep\n");
    finish();
}

/* The item is not wanted, and stays in the mailbox. */
static void
receive_price(struct troupe_self *own, void *state)
{
    struct price price;

    (void)state;
    (void)troupe_receive_only(own, price, &price, TROUPE_FOREVER);
}

TROUPE_PROCESS(customer, 0, receive_price);

static void
on_stashed_item(struct troupe_self *own, void *state, const struct item *item)
{
    (void)state, (void)item;
    CHECK(troupe_stash(own) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(hoarder, 0, TROUPE_ON(item, on_stashed_item));

static void
names_what_is_aside_and_what_a_body_waits_in_are_said(void **state)
{
    troupe_pid one = TROUPE_NO_PID;
    troupe_pid two = TROUPE_NO_PID;

    (void)state;
    begin(true);
    assert_int_equal(troupe_spawn(self, customer, &one), TROUPE_OK);
    assert_int_equal(troupe_spawn(self, hoarder, &two), TROUPE_OK);
    assert_int_equal(troupe_register(self, "till", one), TROUPE_OK);
    TELL(one, item, .value = 1);
    TELL(two, item, .value = 1);
    settle();
    assert_string_equal(actors_in(dump(TROUPE_DUMP_TEXT, 0)),
        "<0.1.1> \"till\" customer: receives, waiting: 1 (64 bytes)\n"
        "<0.2.1> hoarder: asleep\n"
        "    put aside: 1\n");
    assert_non_null(strstr(dump(TROUPE_DUMP_JSON, 0), "\"name\":\"till\""));
    finish();
}

static void
one_between_two_lives_is_suspended(void **state)
{
    static const struct troupe_child children[] = {
        TROUPE_CHILD(.name = "a", .behaviour = &clerk_behaviour)};
    static const struct troupe_supervisor tree = TROUPE_SUPERVISOR(
        TROUPE_CHILDREN(children), .backoff_ns = TROUPE_SECONDS(90));
    troupe_pid pid;
    troupe_pid child;
    const char *text;

    (void)state;
    begin(true);
    assert_int_equal(troupe_supervise(self, &tree, &pid, &child), TROUPE_OK);
    settle();
    TELL(child, fail);
    settle();
    TELL(child, item, .value = 1);
    settle();
    text = dump(TROUPE_DUMP_TEXT, 0);
    assert_non_null(
        strstr(text, " clerk: a, suspended, waiting: 1 (64 bytes)\n"));
    assert_non_null(strstr(text, "    timer: ")); /* the supervisor's */
    finish();
}

static void
a_cycle_is_a_line_of_its_own(void **state)
{
    troupe_pid one;
    troupe_pid two;
    const char *text;

    (void)state;
    begin(true);
    one = spawn();
    two = spawn();
    TELL(one, ask_of, .pid = two);
    TELL(two, ask_of, .pid = one);
    settle();
    text = dump(TROUPE_DUMP_TEXT, 0);
    assert_non_null(strstr(text, "cycle: actor <0.1.1> (clerk) -> actor "
                                 "<0.2.1> (clerk) -> actor <0.1.1> (clerk)\n"));
    finish();
}

static void
a_program_reads_the_same_as_json(void **state)
{
    troupe_pid one;
    troupe_pid two;
    const char *text;

    (void)state;
    begin(true);
    one = spawn();
    two = spawn();
    TELL(one, ask_of, .pid = two);
    TELL(one, watch, .pid = two);
    settle();
    text = dump(TROUPE_DUMP_JSON, 0);
    assert_non_null(strstr(text,
        "\"actors\":[{\"pid\":\"<0.1.1>\",\"name\":null,\"behaviour\":"
        "\"clerk\","
        "\"state\":\"asleep\",\"answered\":true,\"messages_count\":0,"
        "\"bytes_count\":0,\"congested\":false,\"supervisor\":null,"
        "\"paused_on\":null,\"requests_kept_count\":0,\"stashed_count\":0,"
        "\"children_count\":0,\"children\":[],"
        "\"asks_count\":1,\"asks\":[{\"to\":\"<0.2.1>\","
        "\"message\":\"get_price\",\"left_ns\":"));
    assert_non_null(
        strstr(text, "\"watches_count\":1,\"watches\":[\"<0.2.1>\"]"));
    assert_non_null(strstr(
        text, "\"workers\":[{\"own\":false,\"asleep\":false,\"runs\":null}]"));
    finish();
}

/* ---- on threads ---------------------------------------------------------- */

static void
wait_until_blocked(void)
{
    while (ck_pr_load_32(&is_blocked) == 0) {
        ck_pr_stall();
    }
}

static void
of_one_that_does_not_answer_is_said_what_is_seen_from_outside(void **state)
{
    troupe_pid one;
    const char *text;

    (void)state;
    begin(false);
    one = spawn();
    TELL(one, block);
    wait_until_blocked();
    for (int64_t i = 0; i < 3; i++) {
        TELL(one, item, .value = i);
    }
    text = dump(TROUPE_DUMP_TEXT, TROUPE_MS(1));
    assert_non_null(strstr(text, ": runs <0.1.1> (clerk)\n"));
    /* What is in hand is counted until some dozens are handled. */
    assert_non_null(strstr(text, "<0.1.1> clerk: running, waiting: 4 (256 "
                                 "bytes), did not answer\n"));
    text = dump(TROUPE_DUMP_JSON, TROUPE_MS(1));
    assert_non_null(strstr(text, "\"state\":\"running\",\"answered\":false"));
    ck_pr_store_32(&is_released, 1);
    finish();
}

static void
an_actor_with_a_thread_of_its_own_is_said_to_run_there(void **state)
{
    troupe_pid one = TROUPE_NO_PID;

    (void)state;
    begin(false);
    assert_int_equal(troupe_spawn_with(self, clerk,
                         &TROUPE_SPAWN_OPTIONS(.own_thread = true), &one),
        TROUPE_OK);
    TELL(one, block);
    wait_until_blocked();
    assert_non_null(strstr(dump(TROUPE_DUMP_TEXT, TROUPE_MS(1)),
        "own thread 2: runs <0.1.1> (clerk)\n"));
    ck_pr_store_32(&is_released, 1);
    finish();
}

static void
one_that_is_paused_says_on_whom(void **state)
{
    troupe_pid slow;
    troupe_pid fast;
    const char *text;

    (void)state;
    begin(false);
    slow = spawn();
    fast = spawn();
    TELL(slow, block);
    wait_until_blocked();
    TELL(fast, flood, .pid = slow, .value = 600);
    do {
        text = dump(TROUPE_DUMP_TEXT, TROUPE_MS(1));
    } while (strstr(text, "<0.2.1> clerk: paused on <0.1.1>\n") == NULL);
    assert_non_null(strstr(text, ", waiting: 601 ("));
    assert_non_null(strstr(text, " bytes), congested"));
    ck_pr_store_32(&is_released, 1);
    finish();
}

static void
actors_may_be_born_work_and_end_meanwhile(void **state)
{
    (void)state;
    begin(false);
    for (int i = 0; i < 20; i++) {
        for (int j = 0; j < 50; j++) {
            troupe_pid one = spawn();
            troupe_pid two = spawn();

            TELL(one, link_with, .pid = two);
            TELL(two, set_timers);
            TELL(one, ask_of, .pid = two);
            TELL(two, flood, .pid = one, .value = 50);
            if (j % 2 == 0) {
                TELL(one, fail);
            }
        }
        assert_non_null(strstr(dump(TROUPE_DUMP_TEXT, 0), "clerk"));
    }
    finish();
}

/* ---- it changes nothing, and says when it cannot ------------------------- */

static uint64_t
signature(bool with_dumps)
{
    uint64_t found;

    begin(true);
    for (int i = 0; i < 20; i++) {
        troupe_pid one = spawn();
        troupe_pid two = spawn();

        TELL(one, flood, .pid = two, .value = 700);
        TELL(two, ask_of, .pid = one);
        if (with_dumps) {
            (void)dump(TROUPE_DUMP_TEXT, 0);
        }
        if (i % 5 == 0) {
            settle();
        }
    }
    settle();
    found = troupe_runtime_order_signature(runtime);
    finish();
    return found;
}

static void
a_simulation_goes_on_as_if_there_had_been_none(void **state)
{
    (void)state;
    assert_int_equal(signature(false), signature(true));
}

static void
it_is_for_ordinary_threads_while_the_runtime_runs(void **state)
{
    struct price answer;
    struct troupe_dump_options wrong = troupe_dump_options_default();
    troupe_pid one;

    (void)state;
    create(false);
    assert_int_equal(troupe_dump(runtime, NULL, stdout), TROUPE_E_NOT_RUNNING);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    one = spawn();
    assert_int_equal(
        troupe_ask(self, one, long_ns, price, &answer, look), TROUPE_OK);
    assert_int_equal(answer.value, TROUPE_E_WRONG_THREAD);
    wrong.format = (enum troupe_dump_format)7;
    assert_int_equal(
        troupe_dump(runtime, &wrong, stdout), TROUPE_E_INVALID_ARGUMENT);
    wrong.size = 1;
    assert_int_equal(
        troupe_dump(runtime, &wrong, stdout), TROUPE_E_ABI_MISMATCH);
    assert_int_equal(troupe_runtime_stop(runtime, 0, NULL), TROUPE_OK);
    assert_int_equal(troupe_dump(runtime, NULL, stdout), TROUPE_E_NOT_RUNNING);
    troupe_runtime_destroy(&runtime);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_actor_says_what_it_has_to_do_with_others),
        cmocka_unit_test(children_stand_below_their_supervisors),
        cmocka_unit_test(names_what_is_aside_and_what_a_body_waits_in_are_said),
        cmocka_unit_test(one_between_two_lives_is_suspended),
        cmocka_unit_test(a_cycle_is_a_line_of_its_own),
        cmocka_unit_test(a_program_reads_the_same_as_json),
        cmocka_unit_test(
            of_one_that_does_not_answer_is_said_what_is_seen_from_outside),
        cmocka_unit_test(
            an_actor_with_a_thread_of_its_own_is_said_to_run_there),
        cmocka_unit_test(one_that_is_paused_says_on_whom),
        cmocka_unit_test(actors_may_be_born_work_and_end_meanwhile),
        cmocka_unit_test(a_simulation_goes_on_as_if_there_had_been_none),
        cmocka_unit_test(it_is_for_ordinary_threads_while_the_runtime_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

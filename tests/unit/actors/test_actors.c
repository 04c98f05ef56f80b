/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program can do with actors, on threads and in simulation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(int64, value)
#define TEXT(FIELD) FIELD(str, text)
#define FORWARD(FIELD) FIELD(pid, to) FIELD(int64, value)
TROUPE_MESSAGE(add, NUMBER)
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(sum, NUMBER)
TROUPE_MESSAGE(silence, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(unknown, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(end, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(turn_round, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(ask_for, FORWARD)
TROUPE_MESSAGE(relay, FORWARD)
TROUPE_MESSAGE(last_err, NUMBER)
TROUPE_MESSAGE(greet, TEXT)

static const uint64_t long_ns = TROUPE_SECONDS(60);

/* ---- a summing actor ----------------------------------------------------- */

struct summer {
    int64_t sum;
    int64_t sign;
};

static void
on_summer_start(struct troupe_self *self, void *state)
{
    struct summer *summer = state;

    (void)self;
    CHECK(summer->sum == 0);
    summer->sign = 1;
}

static void
on_add(struct troupe_self *self, void *state, const struct add *add)
{
    struct summer *summer = state;

    (void)self;
    summer->sum += summer->sign * add->value;
}

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    struct summer *summer = state;

    (void)get;
    CHECK(troupe_reply(self, sum, .value = summer->sum) == TROUPE_OK);
    CHECK(troupe_reply(self, sum, .value = 0) == TROUPE_E_NO_REQUEST);
}

static void
on_silence(struct troupe_self *self, void *state, const struct silence *silence)
{
    (void)self, (void)state, (void)silence;
}

static void
on_end(struct troupe_self *self, void *state, const struct end *end)
{
    (void)state, (void)end;
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}

static void on_turn_round(
    struct troupe_self *self, void *state, const struct turn_round *turn_round);

TROUPE_BEHAVIOUR(summer, sizeof(struct summer),
    TROUPE_ON_START(on_summer_start), TROUPE_ON(add, on_add),
    TROUPE_ON(get, on_get), TROUPE_ON(silence, on_silence),
    TROUPE_ON(end, on_end), TROUPE_ON(turn_round, on_turn_round));

TROUPE_BEHAVIOUR(mute, sizeof(struct summer), TROUPE_ON(get, on_get));
TROUPE_BEHAVIOUR(giant, 1000, TROUPE_ON(get, on_get));

static void
on_turn_round(
    struct troupe_self *self, void *state, const struct turn_round *turn_round)
{
    (void)state, (void)turn_round;
    CHECK(troupe_become(self, giant) == TROUPE_E_STATE_TOO_SMALL);
    CHECK(troupe_become(self, mute) == TROUPE_OK);
}

/* ---- an asking actor ----------------------------------------------------- */

struct asker {
    int64_t last;
    int64_t err;
};

static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct asker *asker = state;
    struct sum sum;
    troupe_err err = sum_from(answer, &sum);

    (void)self;
    CHECK(context == 77);
    asker->err = err;
    asker->last = err == TROUPE_OK ? sum.value : -1;
}

static void
on_ask_for(struct troupe_self *self, void *state, const struct ask_for *ask_for)
{
    struct asker *asker = state;

    asker->err = -1;
    if (ask_for->value == 0) {
        CHECK(troupe_ask_then(self, ask_for->to, long_ns, on_answer, 77, get) ==
              TROUPE_OK);
    } else {
        CHECK(troupe_ask_then(self, ask_for->to, (uint64_t)ask_for->value,
                  on_answer, 77, relay, .to = ask_for->to) == TROUPE_OK);
    }
}

static void
on_relay(struct troupe_self *self, void *state, const struct relay *relay)
{
    (void)self, (void)state, (void)relay;
    /* No reply: NO_REPLY comes back. */
}

static void
on_last_err(
    struct troupe_self *self, void *state, const struct last_err *last_err)
{
    struct asker *asker = state;

    (void)last_err;
    CHECK(troupe_reply(self, last_err, .value = asker->err) == TROUPE_OK);
}

static void
on_asker_get(struct troupe_self *self, void *state, const struct get *get)
{
    struct asker *asker = state;

    (void)get;
    CHECK(troupe_reply(self, sum, .value = asker->last) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(asker, sizeof(struct asker), TROUPE_ON(ask_for, on_ask_for),
    TROUPE_ON(relay, on_relay), TROUPE_ON(last_err, on_last_err),
    TROUPE_ON(get, on_asker_get));

/* ---- fixture ------------------------------------------------------------- */

struct world {
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct troupe_stop_report report;
    char log[16][256];
    int logged_count;
    pthread_mutex_t mutex;
};

static struct world world;

static void
keep_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level;
    pthread_mutex_lock(&world.mutex);
    snprintf(world.log[world.logged_count++ % 16], 256, "%s", line);
    pthread_mutex_unlock(&world.mutex);
}

static void
begin(bool simulate)
{
    memset(&world, 0, sizeof(world));
    pthread_mutex_init(&world.mutex, NULL);
    world.report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.workers_count = 2, .simulate = simulate,
                .seed = 42, .log = keep_line, .actors_count_max = 640),
            &world.runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(world.runtime), TROUPE_OK);
    world.self = troupe_thread_self(world.runtime);
    assert_non_null(world.self);
}

static void
finish(void)
{
    assert_int_equal(
        troupe_runtime_stop(world.runtime, long_ns, &world.report), TROUPE_OK);
    assert_true(world.report.is_drained);
    troupe_runtime_destroy(&world.runtime);
    assert_null(world.runtime);
}

static bool
was_logged(const char *part)
{
    for (int i = 0; i < 16; i++) {
        if (strstr(world.log[i], part) != NULL) {
            return true;
        }
    }
    return false;
}

static troupe_pid
spawn_summer(void)
{
    troupe_pid pid = TROUPE_NO_PID;

    assert_int_equal(troupe_spawn(world.self, summer, &pid), TROUPE_OK);
    assert_int_not_equal(pid, TROUPE_NO_PID);
    return pid;
}

static int64_t
sum_of(troupe_pid pid)
{
    struct sum sum = {-1};

    assert_int_equal(
        troupe_ask(world.self, pid, long_ns, sum, &sum, get), TROUPE_OK);
    return sum.value;
}

/* ---- tests, run on threads and in simulation ----------------------------- */

static void
messages_of_one_sender_are_handled_in_order_and_none_is_lost(bool simulate)
{
    troupe_pid pid;

    begin(simulate);
    pid = spawn_summer();
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(
            troupe_tell(world.self, pid, add, .value = i), TROUPE_OK);
    }
    assert_int_equal(sum_of(pid), 49995000);
    finish();
    assert_int_equal(world.report.messages_handled_count, 10001);
    assert_int_equal(world.report.actors_alive_count, 1);
}

static void
an_actor_stops_and_its_mail_becomes_dead_letters(bool simulate)
{
    troupe_pid pid;
    struct sum sum = {7};

    begin(simulate);
    pid = spawn_summer();
    troupe_tell(world.self, pid, add, .value = 1);
    troupe_tell(world.self, pid, end);
    troupe_tell(world.self, pid, add, .value = 1);
    assert_int_equal(troupe_ask(world.self, pid, long_ns, sum, &sum, get),
        TROUPE_E_NO_SUCH_ACTOR);
    assert_int_equal(sum.value, 7);
    assert_int_equal(troupe_stop(world.self, pid), TROUPE_OK);
    finish();
    assert_int_equal(
        world.report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR], 2);
    assert_int_equal(world.report.actors_alive_count, 0);
    assert_true(was_logged("dead letter: add to <"));
}

static void
a_slot_that_lives_again_refuses_mail_for_the_last_life(bool simulate)
{
    troupe_pid first;
    troupe_pid second = TROUPE_NO_PID;
    struct sum sum;

    begin(simulate);
    first = spawn_summer();
    troupe_tell(world.self, first, end);
    assert_int_equal(troupe_ask(world.self, first, long_ns, sum, &sum, get),
        TROUPE_E_NO_SUCH_ACTOR);
    for (int i = 0; i < 300; i++) {
        second = spawn_summer();
        if (troupe_pid_slot(second) == troupe_pid_slot(first)) {
            break;
        }
    }
    troupe_tell(world.self, second, add, .value = 5);
    troupe_tell(world.self, first, add, .value = 100);
    assert_int_equal(sum_of(second), 5);
    finish();
}

static void
asks_that_go_wrong_say_why(bool simulate)
{
    troupe_pid pid;
    troupe_pid forged;
    struct sum sum;
    struct last_err wrong;

    begin(simulate);
    pid = spawn_summer();
    assert_int_equal(troupe_ask(world.self, pid, long_ns, sum, &sum, silence),
        TROUPE_E_NO_REPLY);
    assert_int_equal(troupe_ask(world.self, pid, long_ns, sum, &sum, unknown),
        TROUPE_E_NO_HANDLER);
    assert_int_equal(
        troupe_ask(world.self, pid, long_ns, last_err, &wrong, get),
        TROUPE_E_UNEXPECTED_REPLY);
    assert_non_null(strstr(troupe_err_detail(), "a sum, not a last_err"));
    forged = pid + (UINT64_C(1) << 32);
    assert_int_equal(troupe_ask(world.self, forged, long_ns, sum, &sum, get),
        TROUPE_E_NO_SUCH_ACTOR);
    forged = pid ^ (UINT64_C(1) << 28);
    assert_int_equal(troupe_tell(world.self, forged, add, .value = 1),
        TROUPE_E_NO_SUCH_ACTOR);
    assert_int_equal(troupe_tell(world.self, TROUPE_NO_PID, add, .value = 1),
        TROUPE_E_NO_SUCH_ACTOR);
    finish();
    assert_int_equal(
        world.report.dead_letters_count[TROUPE_DEAD_LETTER_NO_HANDLER], 1);
    assert_true(was_logged("unknown to <"));
}

static void
an_actor_asks_and_its_continuation_runs(bool simulate)
{
    troupe_pid adder;
    troupe_pid asking = TROUPE_NO_PID;
    struct last_err last;

    begin(simulate);
    adder = spawn_summer();
    assert_int_equal(troupe_spawn(world.self, asker, &asking), TROUPE_OK);
    troupe_tell(world.self, adder, add, .value = 9);
    troupe_tell(world.self, asking, ask_for, .to = adder, .value = 0);
    while (sum_of(asking) != 9) {
    }
    /* To itself, which does not reply. */
    troupe_tell(
        world.self, asking, ask_for, .to = asking, .value = (int64_t)long_ns);
    do {
        assert_int_equal(troupe_ask(world.self, asking, long_ns, last_err,
                             &last, last_err, .value = 0),
            TROUPE_OK);
    } while (last.value == -1);
    assert_int_equal(last.value, TROUPE_E_NO_REPLY);
    troupe_tell(world.self, adder, end);
    troupe_tell(world.self, asking, ask_for, .to = adder, .value = 0);
    do {
        assert_int_equal(troupe_ask(world.self, asking, long_ns, last_err,
                             &last, last_err, .value = 0),
            TROUPE_OK);
    } while (last.value == -1);
    assert_int_equal(last.value, TROUPE_E_NO_SUCH_ACTOR);
    finish();
}

static void
become_changes_the_behaviour_and_keeps_the_state(bool simulate)
{
    troupe_pid pid;

    begin(simulate);
    pid = spawn_summer();
    troupe_tell(world.self, pid, add, .value = 4);
    troupe_tell(world.self, pid, turn_round);
    troupe_tell(world.self, pid, add, .value = 4);
    assert_int_equal(sum_of(pid), 4);
    finish();
    assert_int_equal(
        world.report.dead_letters_count[TROUPE_DEAD_LETTER_NO_HANDLER], 1);
}

static void
a_message_from_foreign_bytes_is_checked_and_decoded(bool simulate)
{
    static const uint8_t good[] = {0x91, 0xd1, 0x01, 0x00}; /* [256] */
    static const uint8_t text[] = {0x91, 0xa1, 'x'};
    static const uint8_t bomb[] = {0xdd, 0xff, 0x00, 0x00, 0x00};
    struct troupe_message *message = NULL;
    char printed[64];
    troupe_pid pid;

    begin(simulate);
    pid = spawn_summer();
    assert_int_equal(
        troupe_message_create(world.self, "add", bomb, sizeof(bomb), &message),
        TROUPE_E_MALFORMED);
    assert_null(message);
    assert_int_equal(
        troupe_message_create(world.self, "add", good, sizeof(good), &message),
        TROUPE_OK);
    troupe_message_print(printed, sizeof(printed), message);
    assert_string_equal(printed, "add{value: 256}");
    assert_int_equal(troupe_send(world.self, TROUPE_NO_PID, &message),
        TROUPE_E_NO_SUCH_ACTOR);
    assert_non_null(message);
    assert_int_equal(troupe_send(world.self, pid, &message), TROUPE_OK);
    assert_null(message);
    assert_int_equal(
        troupe_message_create(world.self, "add", text, sizeof(text), &message),
        TROUPE_OK);
    assert_int_equal(troupe_send(world.self, pid, &message), TROUPE_OK);
    assert_int_equal(sum_of(pid), 256);
    finish();
    assert_int_equal(
        world.report.dead_letters_count[TROUPE_DEAD_LETTER_DECODE], 1);
    assert_true(was_logged("value"));
}

/* In simulation only: on threads the answer might be there by chance. */
static void
an_actors_ask_times_out_at_its_deadline(void **state)
{
    troupe_pid adder;
    troupe_pid asking = TROUPE_NO_PID;
    struct last_err last;

    (void)state;
    begin(true);
    adder = spawn_summer();
    assert_int_equal(troupe_spawn(world.self, asker, &asking), TROUPE_OK);
    for (int i = 0; i < 500; i++) {
        (void)troupe_tell(world.self, adder, add, .value = 1);
    }
    (void)troupe_tell(world.self, asking, ask_for, .to = adder, .value = 1000);
    (void)sum_of(adder);
    assert_int_equal(troupe_ask(world.self, asking, long_ns, last_err, &last,
                         last_err, .value = 0),
        TROUPE_OK);
    assert_int_equal(last.value, TROUPE_E_TIMED_OUT);
    finish();
}

static void
actors_are_counted_and_limited(bool simulate)
{
    troupe_pid pid = TROUPE_NO_PID;
    int spawned = 0;
    troupe_err err;

    begin(simulate);
    while ((err = troupe_spawn(world.self, summer, &pid)) == TROUPE_OK) {
        spawned++;
    }
    assert_int_equal(err, TROUPE_E_TOO_MANY_ACTORS);
    assert_int_equal(spawned, 639); /* one slot is this thread's */
    assert_int_equal(troupe_runtime_actors_count(world.runtime), 639);
    finish();
    assert_int_equal(world.report.actors_alive_count, 639);
}

#define ON_BOTH(name)                                                          \
    static void name##_on_threads(void **state)                                \
    {                                                                          \
        (void)state;                                                           \
        name(false);                                                           \
    }                                                                          \
    static void name##_in_simulation(void **state)                             \
    {                                                                          \
        (void)state;                                                           \
        name(true);                                                            \
    }

ON_BOTH(messages_of_one_sender_are_handled_in_order_and_none_is_lost)
ON_BOTH(an_actor_stops_and_its_mail_becomes_dead_letters)
ON_BOTH(a_slot_that_lives_again_refuses_mail_for_the_last_life)
ON_BOTH(asks_that_go_wrong_say_why)
ON_BOTH(an_actor_asks_and_its_continuation_runs)
ON_BOTH(become_changes_the_behaviour_and_keeps_the_state)
ON_BOTH(a_message_from_foreign_bytes_is_checked_and_decoded)
ON_BOTH(actors_are_counted_and_limited)

int
main(void)
{
#define BOTH(name)                                                             \
    cmocka_unit_test(name##_on_threads), cmocka_unit_test(name##_in_simulation)
    const struct CMUnitTest tests[] = {
        BOTH(messages_of_one_sender_are_handled_in_order_and_none_is_lost),
        BOTH(an_actor_stops_and_its_mail_becomes_dead_letters),
        BOTH(a_slot_that_lives_again_refuses_mail_for_the_last_life),
        BOTH(asks_that_go_wrong_say_why),
        BOTH(an_actor_asks_and_its_continuation_runs),
        BOTH(become_changes_the_behaviour_and_keeps_the_state),
        BOTH(a_message_from_foreign_bytes_is_checked_and_decoded),
        BOTH(actors_are_counted_and_limited),
        cmocka_unit_test(an_actors_ask_times_out_at_its_deadline),
    };
    return cmocka_run_group_tests_name("actors", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: while many send, urgent messages and all others keep the order in which
 * each sender sent them, the values of each key too, the last value of each is
 * handled, and each message was handled or replaced.
 *
 * Method: several actors and a thread outside send numbers, urgent and not, and
 * values of keys of their own and of one that all share, to one receiver, which
 * is paused itself now and then because it tells somebody slow. All are paused
 * by it, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>

#include "tests/support/check.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

enum {
    SENDERS = 4, /* the last is the thread */
    BURSTS = FEWER(400),
    BURST = 50,
    KEYS = 3, /* of each sender */
    EVERYBODYS = 1000,
    WITNESS_SHARE = 16,
};

#define NUMBER(FIELD) FIELD(uint64, from) FIELD(uint64, number)
#define VALUE(FIELD)                                                           \
    FIELD(uint64, key) FIELD(uint64, from) FIELD(uint64, number)
TROUPE_MESSAGE(item, NUMBER)
TROUPE_MESSAGE(command, NUMBER)
TROUPE_MESSAGE(value, VALUE)
TROUPE_MESSAGE(witness, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(go_on, TROUPE_NO_FIELDS)

static atomic_ullong sent_count;
static atomic_ullong handled_count;

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

/* ---- the receiver -------------------------------------------------------- */

struct receiver {
    troupe_pid witness;
    uint64_t last_item[SENDERS];
    uint64_t last_command[SENDERS];
    uint64_t last_value[SENDERS][KEYS];
    uint64_t last_shared[SENDERS];
    uint64_t count;
};

/* What the receiver has seen last, when all is over. */
static struct receiver final;

static void
count_handled(struct troupe_self *self, struct receiver *receiver)
{
    atomic_fetch_add(&handled_count, 1);
    if (receiver->count++ % WITNESS_SHARE == 0) {
        (void)troupe_tell(self, receiver->witness, witness);
    }
    final = *receiver;
}

static void
check_next(uint64_t *last, uint64_t number)
{
    CHECK(number > *last);
    *last = number;
}

static void
on_item(struct troupe_self *self, void *state, const struct item *item)
{
    struct receiver *receiver = state;

    CHECK(item->number == receiver->last_item[item->from] + 1);
    check_next(&receiver->last_item[item->from], item->number);
    count_handled(self, receiver);
}

static void
on_command(struct troupe_self *self, void *state, const struct command *command)
{
    struct receiver *receiver = state;

    CHECK(command->number == receiver->last_command[command->from] + 1);
    check_next(&receiver->last_command[command->from], command->number);
    count_handled(self, receiver);
}

static void
on_value(struct troupe_self *self, void *state, const struct value *value)
{
    struct receiver *receiver = state;

    check_next(value->key == EVERYBODYS
                   ? &receiver->last_shared[value->from]
                   : &receiver->last_value[value->from][value->key % KEYS],
        value->number);
    count_handled(self, receiver);
}

TROUPE_BEHAVIOUR(receiver, sizeof(struct receiver), TROUPE_ON(item, on_item),
    TROUPE_ON_URGENT(command, on_command),
    TROUPE_ON_LATEST_BY(value, key, on_value));

static void
on_witness(struct troupe_self *self, void *state, const struct witness *witness)
{
    (void)self, (void)state, (void)witness;
}

TROUPE_BEHAVIOUR(slow_witness, 0, TROUPE_ON(witness, on_witness));

/* ---- senders ------------------------------------------------------------- */

struct sender {
    uint64_t from;
    uint64_t bursts;
    troupe_pid to;
};

static void
count_sent(troupe_err err)
{
    CHECK(err == TROUPE_OK);
    atomic_fetch_add(&sent_count, 1);
}

static void
send_burst(struct troupe_self *self, struct sender *sender)
{
    uint64_t number = sender->bursts * BURST;
    uint64_t from = sender->from;

    for (int i = 0; i < BURST; i++) {
        number++;
        count_sent(troupe_tell(
            self, sender->to, item, .from = from, .number = number));
        for (uint64_t key = 0; key < KEYS; key++) {
            count_sent(troupe_tell(self, sender->to, value,
                .key = from * KEYS + key, .from = from, .number = number));
        }
        count_sent(troupe_tell(self, sender->to, value, .key = EVERYBODYS,
            .from = from, .number = number));
        count_sent(troupe_tell(
            self, sender->to, command, .from = from, .number = number));
    }
    sender->bursts++;
}

static void
on_go_on(struct troupe_self *self, void *state, const struct go_on *go_on)
{
    struct sender *sender = state;

    (void)go_on;
    send_burst(self, sender);
    if (sender->bursts < BURSTS) {
        CHECK(troupe_tell(self, troupe_self_pid(self), go_on) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(sender, sizeof(struct sender), TROUPE_ON(go_on, on_go_on));

/* ---- the test ------------------------------------------------------------ */

static void
spawn_senders(struct troupe_self *self, troupe_pid to)
{
    for (uint64_t i = 0; i + 1 < SENDERS; i++) {
        struct sender first = {.from = i, .to = to};
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn_with(
            self, sender, &TROUPE_SPAWN_OPTIONS(.state = &first), &pid));
        TROUPE_CHECK(troupe_tell(self, pid, go_on));
    }
}

static void
check_final(void)
{
    const uint64_t last = (uint64_t)BURSTS * BURST;
    bool has_last_shared = false;

    for (int i = 0; i < SENDERS; i++) {
        assert_int_equal(final.last_item[i], last);
        assert_int_equal(final.last_command[i], last);
        for (int key = 0; key < KEYS; key++) {
            assert_int_equal(final.last_value[i][key], last);
        }
        has_last_shared |= final.last_shared[i] == last;
    }
    assert_true(has_last_shared);
}

static void
each_message_is_handled_or_replaced_and_the_last_of_each_key_is_seen(
    void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct sender own = {.from = SENDERS - 1};
    struct receiver first = {.count = 0};
    struct troupe_mailbox_options narrow = {.messages_high = 4};
    struct troupe_runtime *runtime = NULL;
    struct troupe_self *self;

    (void)state;
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.workers_count = 2, .log = keep_quiet), &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn_with(self, slow_witness,
        &TROUPE_SPAWN_OPTIONS(.mailbox = narrow), &first.witness));
    TROUPE_CHECK(troupe_spawn_with(
        self, receiver, &TROUPE_SPAWN_OPTIONS(.state = &first), &own.to));
    spawn_senders(self, own.to);
    while (own.bursts < BURSTS) {
        send_burst(self, &own);
    }
    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(300), &report), TROUPE_OK);
    assert_true(report.is_drained);
    troupe_runtime_destroy(&runtime);
    check_final();
    assert_int_equal(
        handled_count + report.messages_replaced_count, sent_count);
    assert_true(report.messages_replaced_count > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            each_message_is_handled_or_replaced_and_the_last_of_each_key_is_seen),
    };

    return cmocka_run_group_tests_name("stress_order", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: no message is left in an inbox that sleeps, each is handled once and in
 * its sender's order, and whoever it belongs to is scheduled exactly once at a
 * time; also when the owner handles a message that is alone where it lies. And
 * a sender that stands still for ever holds up nobody.
 *
 * Method: senders push, the owner takes until it can sleep, and again whenever
 * a push has said so. Every order of the operations on the inbox's word. What
 * the owner has handled in place it spoils, and the sender sends it again if it
 * has more to send, so that a pusher may find the head that it has seen before,
 * and it is another message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mailbox/inbox.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

enum { SENDERS_MAX = 3, MESSAGES_MAX = 2 };

static struct tp_inbox inbox;
static struct troupe_message messages[SENDERS_MAX][MESSAGES_MAX];
static uint64_t next_number[SENDERS_MAX];
static int senders_count;
static int counts[SENDERS_MAX]; /* of messages, of each sender */
static bool handles_in_place;
static struct troupe_message *handled[SENDERS_MAX]; /* free to be sent again */

/* What is noted in the steps of the inbox's word. */
static bool is_scheduled; /* and not begun */
static bool is_owned;
static int pushed_count;
static int taken_count;
static int reuses_count;

static void
push(struct troupe_message *message)
{
    if (tp_inbox_push(&inbox, message, message)) {
        CHECK(!is_owned);
        CHECK(!is_scheduled);
        is_scheduled = true;
    }
    pushed_count++;
}

/* The next message of the sender, in the block of an earlier one if it can. */
static struct troupe_message *
make(int sender, int number)
{
    struct troupe_message *message = &messages[sender][number];

    if (handles_in_place && number > 0) {
        steps_touch(&handled[sender], "take");
        if (handled[sender] != NULL) {
            message = handled[sender];
            handled[sender] = NULL;
            reuses_count++;
        }
    }
    message->sender = (troupe_pid)sender;
    message->request = (uint64_t)number;
    return message;
}

static void
send_all(void *arg)
{
    int sender = (int)((struct troupe_message(*)[MESSAGES_MAX])arg - messages);

    for (int i = 0; i < counts[sender]; i++) {
        push(make(sender, i));
    }
}

static void
handle(const struct troupe_message *message)
{
    CHECK(message->request == next_number[message->sender]);
    next_number[message->sender]++;
    taken_count++;
}

/* From the oldest, which is the one before end in the list. */
static void
handle_all(
    const struct troupe_message *newest_first, const struct troupe_message *end)
{
    if (newest_first == end) {
        return;
    }
    CHECK(newest_first != NULL);
    handle_all(newest_first->next, end);
    handle(newest_first);
}

/* It is out of the inbox: whoever goes on from it finds nothing good. */
static void
spoil(struct troupe_message *message)
{
    message->next = TP_INBOX_AWAKE;
    steps_touch(&handled[message->sender], "give");
    handled[message->sender] = message;
}

/* True: the owner sleeps. */
static bool
handle_only(struct troupe_message *only)
{
    bool sleeps;

    handle(only);
    sleeps = tp_inbox_try_sleep_with(&inbox, only);
    if (sleeps) {
        is_owned = false;
    } else {
        handle_all(tp_inbox_take(&inbox), only);
    }
    spoil(only);
    return sleeps;
}

static void
run_owner(void)
{
    struct troupe_message *only = NULL;

    CHECK(!is_owned);
    is_owned = true;
    is_scheduled = false;
    if (handles_in_place && (only = tp_inbox_peek_only(&inbox)) != NULL &&
        handle_only(only)) {
        return;
    }
    do {
        handle_all(tp_inbox_take(&inbox), NULL);
    } while (!tp_inbox_try_sleep(&inbox));
    is_owned = false;
}

static bool
is_to_run(void)
{
    return is_scheduled;
}

static void
own(void *arg)
{
    (void)arg;
    for (;;) {
        steps_idle(&inbox.head, is_to_run);
        run_owner();
    }
}

static void
begin(struct steps *steps)
{
    inbox = (struct tp_inbox){0};
    pushed_count = 0;
    taken_count = 0;
    reuses_count = 0;
    is_scheduled = false;
    is_owned = false;
    memset(next_number, 0, sizeof(next_number));
    memset(messages, 0, sizeof(messages));
    for (int i = 0; i < senders_count; i++) {
        handled[i] = NULL;
        steps_add(steps, send_all, messages[i]);
    }
    steps_add(steps, own, NULL);
}

static uint64_t
end(void)
{
    CHECK(taken_count == pushed_count);
    CHECK(inbox.head == TP_INBOX_ASLEEP);
    return (uint64_t)reuses_count;
}

static const struct orders_world world = {.begin = begin, .end = end};

static void
set_up(bool in_place, int senders, int first_count, int others_count)
{
    handles_in_place = in_place;
    senders_count = senders;
    for (int i = 0; i < senders; i++) {
        counts[i] = i == 0 ? first_count : others_count;
    }
}

static void
one_sender_of_two_messages_in_every_order(void **state)
{
    (void)state;
    set_up(false, 1, 2, 0);
    assert_true(orders_run_both(world) > 10);
}

static void
two_senders_of_two_messages_in_every_order(void **state)
{
    (void)state;
    set_up(false, 2, 2, 2);
    assert_true(orders_run_all(&world) > 1000);
}

static void
three_senders_of_a_message_in_every_order(void **state)
{
    (void)state;
    set_up(false, 3, 1, 1);
    assert_true(orders_run_all(&world) > 1000);
}

static void
a_message_handled_in_place_and_one_sender_in_every_order(void **state)
{
    struct orders_report report;

    (void)state;
    set_up(true, 1, 2, 0);
    assert_true(orders_run_both(world) > 10);
    orders_run(&world, &report);
    assert_int_equal(report.results_count, 2); /* one was sent again, or none */
}

/* The first one may find a head that has been handled and sent again. */
static void
a_message_sent_again_in_the_same_block_in_every_order(void **state)
{
    (void)state;
    set_up(true, 2, 1, 2);
    assert_true(orders_run_all(&world) > 100);
}

static void
a_frozen_sender_holds_up_neither_the_other_nor_the_owner(void **state)
{
    (void)state;
    set_up(true, 2, 2, 1);
    assert_true(orders_run_frozen(&world) > 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_sender_of_two_messages_in_every_order),
        cmocka_unit_test(two_senders_of_two_messages_in_every_order),
        cmocka_unit_test(three_senders_of_a_message_in_every_order),
        cmocka_unit_test(
            a_message_handled_in_place_and_one_sender_in_every_order),
        cmocka_unit_test(a_message_sent_again_in_the_same_block_in_every_order),
        cmocka_unit_test(
            a_frozen_sender_holds_up_neither_the_other_nor_the_owner),
    };
    return cmocka_run_group_tests_name("inbox_sleep", tests, NULL, NULL);
}

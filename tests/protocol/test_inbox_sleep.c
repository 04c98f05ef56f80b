/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: no message is left in an inbox that sleeps, each is handled once and in
 * its sender's order, and whoever it belongs to is scheduled exactly once at a
 * time; also when the owner handles a message that is alone where it lies.
 *
 * Method: senders push, the owner takes until it can sleep, and again whenever
 * a push has said so. Every order of the operations on the inbox's word; and
 * for two senders of two messages, where that would be too many, every order of
 * whole pushes, takes and sleeps. What the owner has handled in place it
 * spoils, and the sender sends it again if it has more to send, so that a
 * pusher may find the head that it has seen before, and it is another message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mailbox/inbox.h"
#include "tests/support/orders.h"

enum { SENDERS_MAX = 3, MESSAGES_MAX = 2 };

static struct tp_inbox inbox;
static struct troupe_message messages[SENDERS_MAX][MESSAGES_MAX];
static uint64_t next_number[SENDERS_MAX];
static int senders_count;
static int messages_count; /* of each sender */
static int first_count;    /* of the first one, if that differs; else 0 */
static int sent_count;
static int taken_count;
static int scheduled_count; /* and not begun: 0 or 1 */
static bool is_owned;
static bool steps_are_calls;
static bool handles_in_place;
static struct troupe_message *handled[SENDERS_MAX]; /* free to be sent again */
static int reuses_count;

/* Steps are operations or, in the larger worlds, these calls. */
static void
pause_between_calls(void)
{
    if (steps_are_calls) {
        steps_pause();
    }
}

/* Whether there is a block to use again is seen in a step of its own. */
static void
pause_between_messages(void)
{
    if (handles_in_place && !steps_are_calls) {
        steps_pause();
    }
}

static void
push(struct troupe_message *message)
{
    if (tp_inbox_push(&inbox, message, message)) {
        CHECK(!is_owned);
        CHECK(scheduled_count == 0);
        scheduled_count = 1;
    }
    sent_count++;
}

static int
count_of(int sender)
{
    return sender == 0 && first_count != 0 ? first_count : messages_count;
}

static int
count_of_all(void)
{
    int count = 0;

    for (int i = 0; i < senders_count; i++) {
        count += count_of(i);
    }
    return count;
}

/* The next message of the sender, in the block of an earlier one if it can. */
static struct troupe_message *
make(int sender, int number)
{
    struct troupe_message *message = &messages[sender][number];

    if (handled[sender] != NULL) {
        message = handled[sender];
        handled[sender] = NULL;
        reuses_count++;
    }
    message->sender = (troupe_pid)sender;
    message->request = (uint64_t)number;
    return message;
}

static void
send_all(void *arg)
{
    int sender = (int)((struct troupe_message(*)[MESSAGES_MAX])arg - messages);

    for (int i = 0; i < count_of(sender); i++) {
        pause_between_calls();
        if (i > 0) {
            pause_between_messages();
        }
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
    handled[message->sender] = message;
}

/* True: the owner sleeps. */
static bool
handle_only(struct troupe_message *only)
{
    bool sleeps;

    handle(only);
    pause_between_calls();
    sleeps = tp_inbox_try_sleep_with(&inbox, only);
    if (sleeps) {
        is_owned = false;
    } else {
        pause_between_calls();
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
    scheduled_count = 0;
    pause_between_calls();
    if (handles_in_place && (only = tp_inbox_peek_only(&inbox)) != NULL &&
        handle_only(only)) {
        return;
    }
    for (;;) {
        pause_between_calls();
        handle_all(tp_inbox_take(&inbox), NULL);
        pause_between_calls();
        if (tp_inbox_try_sleep(&inbox)) {
            is_owned = false;
            return;
        }
    }
}

static void
own(void *arg)
{
    (void)arg;
    while (sent_count < count_of_all() || scheduled_count > 0) {
        if (scheduled_count > 0) {
            run_owner();
        } else {
            steps_pause();
        }
    }
}

static void
begin(struct steps *steps)
{
    inbox = (struct tp_inbox){0};
    sent_count = 0;
    taken_count = 0;
    scheduled_count = 0;
    is_owned = false;
    memset(next_number, 0, sizeof(next_number));
    for (int i = 0; i < senders_count; i++) {
        memset(messages[i], 0, sizeof(messages[i]));
        handled[i] = NULL;
        steps_add(steps, send_all, messages[i]);
    }
    steps_add(steps, own, NULL);
}

static void
end(bool have_all_ended)
{
    CHECK(have_all_ended);
    CHECK(taken_count == count_of_all());
    CHECK(inbox.head == TP_INBOX_ASLEEP);
}

static void
run_all(struct orders_world world)
{
    reuses_count = 0;
    world.steps_are_calls = steps_are_calls;
    world.begin = begin;
    world.end = end;
    world.threads_count = (size_t)senders_count + 1;
    assert_true(orders_run_all(&world) > 900);
}

static void
one_sender_of_two_messages_in_every_order_of_operations(void **state)
{
    (void)state;
    handles_in_place = false;
    first_count = 0;
    senders_count = 1;
    messages_count = 2;
    steps_are_calls = false;
    run_all((struct orders_world){.steps_counts = {6, 9}});
}

static void
two_senders_of_a_message_in_every_order_of_operations(void **state)
{
    (void)state;
    handles_in_place = false;
    first_count = 0;
    senders_count = 2;
    messages_count = 1;
    steps_are_calls = false;
    run_all((struct orders_world){.steps_counts = {3, 3, 6}});
}

static void
two_senders_of_two_messages_in_every_order_of_calls(void **state)
{
    (void)state;
    handles_in_place = false;
    first_count = 0;
    senders_count = 2;
    messages_count = 2;
    steps_are_calls = true;
    run_all((struct orders_world){.steps_counts = {2, 2, 8}});
}

static void
three_senders_of_a_message_in_every_order_of_calls(void **state)
{
    (void)state;
    handles_in_place = false;
    first_count = 0;
    senders_count = 3;
    messages_count = 1;
    steps_are_calls = true;
    run_all((struct orders_world){.steps_counts = {1, 1, 1, 8}});
}

static void
a_message_handled_in_place_and_one_sender_in_every_order(void **state)
{
    (void)state;
    handles_in_place = true;
    first_count = 0;
    senders_count = 1;
    messages_count = 2;
    steps_are_calls = false;
    run_all((struct orders_world){.steps_counts = {7, 10}});
    assert_true(reuses_count > 0);
}

static void
a_message_handled_in_place_and_two_senders_in_every_order(void **state)
{
    (void)state;
    handles_in_place = true;
    first_count = 0;
    senders_count = 2;
    messages_count = 1;
    steps_are_calls = false;
    run_all((struct orders_world){.steps_counts = {3, 3, 8}});
}

/* The first one may find a head that has been handled and sent again. */
static void
a_message_sent_again_in_the_same_block_in_every_order(void **state)
{
    (void)state;
    handles_in_place = true;
    first_count = 1;
    senders_count = 2;
    messages_count = 2;
    steps_are_calls = false;
    run_all((struct orders_world){.steps_counts = {2, 5, 8}});
    assert_true(reuses_count > 0);
}

static void
messages_handled_in_place_in_every_order_of_calls(void **state)
{
    (void)state;
    handles_in_place = true;
    first_count = 0;
    senders_count = 2;
    messages_count = 2;
    steps_are_calls = true;
    run_all((struct orders_world){.steps_counts = {2, 2, 10}});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            one_sender_of_two_messages_in_every_order_of_operations),
        cmocka_unit_test(two_senders_of_a_message_in_every_order_of_operations),
        cmocka_unit_test(two_senders_of_two_messages_in_every_order_of_calls),
        cmocka_unit_test(three_senders_of_a_message_in_every_order_of_calls),
        cmocka_unit_test(
            a_message_handled_in_place_and_one_sender_in_every_order),
        cmocka_unit_test(
            a_message_handled_in_place_and_two_senders_in_every_order),
        cmocka_unit_test(a_message_sent_again_in_the_same_block_in_every_order),
        cmocka_unit_test(messages_handled_in_place_in_every_order_of_calls),
    };
    return cmocka_run_group_tests_name("inbox_sleep", tests, NULL, NULL);
}

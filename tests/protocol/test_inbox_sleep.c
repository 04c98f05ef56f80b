/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: no message is left in an inbox that sleeps, and whoever it belongs to
 * is scheduled exactly once at a time.
 *
 * Method: senders push, the owner takes until it can sleep, and again whenever
 * a push has said so. Every order of the operations on the inbox's word; and
 * for two senders of two messages, where that would be too many, every order of
 * whole pushes, takes and sleeps.
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
static int sent_count;
static int taken_count;
static int scheduled_count; /* and not begun: 0 or 1 */
static bool is_owned;
static bool steps_are_calls;

/* Steps are operations or, in the larger worlds, these calls. */
static void
pause_between_calls(void)
{
    if (steps_are_calls) {
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

static void
send_all(void *arg)
{
    struct troupe_message *own = arg;

    for (int i = 0; i < messages_count; i++) {
        pause_between_calls();
        push(&own[i]);
    }
}

static void
check_order(struct troupe_message *newest_first)
{
    uint64_t expected[SENDERS_MAX];

    if (newest_first == NULL) {
        return;
    }
    check_order(newest_first->next);
    memcpy(expected, next_number, sizeof(expected));
    CHECK(newest_first->request == expected[newest_first->sender]);
    next_number[newest_first->sender]++;
    taken_count++;
}

static void
run_owner(void)
{
    CHECK(!is_owned);
    is_owned = true;
    scheduled_count = 0;
    for (;;) {
        pause_between_calls();
        check_order(tp_inbox_take(&inbox));
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
    while (sent_count < senders_count * messages_count || scheduled_count > 0) {
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
        for (int j = 0; j < messages_count; j++) {
            messages[i][j] = (struct troupe_message){
                .sender = (troupe_pid)i, .request = (uint64_t)j};
        }
        steps_add(steps, send_all, messages[i]);
    }
    steps_add(steps, own, NULL);
}

static void
end(bool have_all_ended)
{
    CHECK(have_all_ended);
    CHECK(taken_count == senders_count * messages_count);
    CHECK(inbox.head == TP_INBOX_ASLEEP);
}

static void
run_all(struct orders_world world)
{
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
    senders_count = 1;
    messages_count = 2;
    steps_are_calls = false;
    run_all((struct orders_world){.steps_counts = {6, 9}});
}

static void
two_senders_of_a_message_in_every_order_of_operations(void **state)
{
    (void)state;
    senders_count = 2;
    messages_count = 1;
    steps_are_calls = false;
    run_all((struct orders_world){.steps_counts = {3, 3, 6}});
}

static void
two_senders_of_two_messages_in_every_order_of_calls(void **state)
{
    (void)state;
    senders_count = 2;
    messages_count = 2;
    steps_are_calls = true;
    run_all((struct orders_world){.steps_counts = {2, 2, 8}});
}

static void
three_senders_of_a_message_in_every_order_of_calls(void **state)
{
    (void)state;
    senders_count = 3;
    messages_count = 1;
    steps_are_calls = true;
    run_all((struct orders_world){.steps_counts = {1, 1, 1, 8}});
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
    };
    return cmocka_run_group_tests_name("inbox_sleep", tests, NULL, NULL);
}

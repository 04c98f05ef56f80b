/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: no message is lost, doubled or reordered, and no wake-up is lost.
 *
 * Method: SENDERS threads push MESSAGES numbered messages each, now one and now
 * three at a time. A push that says so lets the owner run: OWNERS threads wait
 * on a semaphore for that, so the owner is now on one thread and now on
 * another. A lost wake-up shows as a hang, which ctest's timeout turns into a
 * failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "mailbox/mailbox.h"
#include "tests/support/check.h"

enum { SENDERS = 4, OWNERS = 2, MESSAGES = 20000 };

static struct tp_inbox inbox;
static struct tp_mailbox mailbox; /* whoever runs the owner */
static uint64_t next_number[SENDERS];
static int received_count;
static _Atomic(int) runs_count; /* of the owner, at once */
static sem_t scheduled;
static _Atomic(bool) is_over;

static struct troupe_message *
make(uintptr_t sender, uint64_t number)
{
    struct troupe_message *message = malloc(sizeof(*message));

    CHECK(message != NULL);
    message->next = NULL;
    message->kind = TP_MESSAGE_TELL;
    message->sender = (troupe_pid)sender;
    message->request = number;
    return message;
}

static void *
send_all(void *arg)
{
    uint64_t number = 0;

    while (number < MESSAGES) {
        struct troupe_message *oldest = make((uintptr_t)arg, number++);
        struct troupe_message *newest = oldest;

        for (int i = 0; number % 5 == 0 && i < 2 && number < MESSAGES; i++) {
            struct troupe_message *message = make((uintptr_t)arg, number++);

            message->next = newest;
            newest = message;
        }
        if (tp_inbox_push(&inbox, newest, oldest)) {
            sem_post(&scheduled);
        }
    }
    return NULL;
}

static void
handle_all(void)
{
    struct troupe_message *message;

    while ((message = tp_mailbox_pop(&mailbox)) != NULL) {
        CHECK(message->request == next_number[message->sender]++);
        free(message);
        received_count++;
    }
}

static void
run_owner(void)
{
    bool is_last;

    CHECK(atomic_fetch_add(&runs_count, 1) == 0);
    do {
        tp_mailbox_fill(&mailbox, &inbox);
        handle_all();
        is_last = received_count == SENDERS * MESSAGES;
        atomic_fetch_sub(&runs_count, 1);
        if (tp_inbox_try_sleep(&inbox)) {
            break;
        }
        CHECK(atomic_fetch_add(&runs_count, 1) == 0);
    } while (true);
    if (is_last) {
        atomic_store(&is_over, true);
        for (int i = 0; i < OWNERS; i++) {
            sem_post(&scheduled);
        }
    }
}

static void *
own(void *arg)
{
    (void)arg;
    for (;;) {
        CHECK(sem_wait(&scheduled) == 0);
        if (atomic_load(&is_over)) {
            return NULL;
        }
        run_owner();
    }
}

static void
every_message_arrives_once_and_in_order(void **state)
{
    pthread_t threads[SENDERS + OWNERS];

    (void)state;
    CHECK(sem_init(&scheduled, 0, 0) == 0);
    for (uintptr_t i = 0; i < SENDERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, send_all, (void *)i) == 0);
    }
    for (int i = SENDERS; i < SENDERS + OWNERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, own, NULL) == 0);
    }
    for (int i = 0; i < SENDERS + OWNERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(received_count, SENDERS * MESSAGES);
    assert_null(tp_inbox_take(&inbox));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_arrives_once_and_in_order),
    };
    return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}

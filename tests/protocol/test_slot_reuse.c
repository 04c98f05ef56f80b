/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: of what two senders tell an actor that is stopped meanwhile, and whose
 * slot is given to another one, each message is handled by the actor that it is
 * for, in its sender's order, or is a dead letter; none by the other actor,
 * none twice, and none is left behind.
 *
 * Method: the code that ships, from the post to the turn of an actor:
 * actors/actor.c, actors/post.c, actors/registry.c, mailbox/limit.c and the
 * inbox, a step at each operation on a shared word. A worker runs the actor
 * whenever a push has made it ready, and as soon as its slot is free spawns
 * another one there. Every order. One scheduler and one slot serve all of them,
 * so that words stay where they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "actors/post.h"
#include "actors/runtime.h"
#include "base/memory.h"
#include "scheduler/simulation.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

#define NUMBERED(FIELD) FIELD(uint64, sender) FIELD(uint64, number)
TROUPE_MESSAGE(numbered, NUMBERED)

enum { SENDERS = 2, RECEIVER = SENDERS, SELVES, MESSAGES_MAX = 2 };

static struct troupe_runtime *runtime;
static struct troupe_self selves[SELVES];
static struct tp_worker workers[SELVES];
static struct tp_actor *slot;
static troupe_pid first, second;
static const char *scripts[SENDERS];
static unsigned told_count;
static unsigned next_number[SENDERS];
static unsigned handled_count;
static uint64_t dead_before;
static uint64_t blocks_before;

/* ---- the actor ----------------------------------------------------------- */

/* Numbers may be missing after a stop, but never come out of order. */
static void
on_numbered(
    struct troupe_self *self, void *state, const struct numbered *message)
{
    (void)state;
    CHECK(troupe_self_pid(self) == first);
    CHECK(slot->mailbox.control == NULL); /* which comes first */
    CHECK(message->number == next_number[message->sender]);
    next_number[message->sender]++;
    handled_count++;
}

TROUPE_BEHAVIOUR(receiver, 0, TROUPE_ON(numbered, on_numbered));

static uint64_t
dead_count(void)
{
    return tp_dead_letters_count(
        &runtime->dead_letters, TROUPE_DEAD_LETTER_NO_SUCH_ACTOR);
}

/* ---- the threads --------------------------------------------------------- */

/* As a handler would, that tells so many messages: they are pushed at once. */
static void
tell(struct troupe_self *self, uint64_t sender, uint64_t number, unsigned count)
{
    static struct troupe_message in_hand;

    tp_post_begin_handler(self, &in_hand);
    for (unsigned i = 0; i < count; i++) {
        CHECK(troupe_tell(self, first, numbered, .sender = sender,
                  .number = number + i) == TROUPE_OK);
    }
    tp_post_end_handler(self);
}

/* 1 or 2: a handler tells so many messages; s: it stops the actor. */
static void
follow_script(void *arg)
{
    struct troupe_self *self = arg;
    uint64_t own = (uint64_t)(self - selves);
    uint64_t number = 0;

    for (const char *at = scripts[own]; *at != '\0'; at++) {
        if (*at == 's') {
            CHECK(troupe_stop(self, first) == TROUPE_OK);
        } else {
            tell(self, own, number, (unsigned)(*at - '0'));
            number += (uint64_t)(*at - '0');
        }
    }
}

unsigned quantum_of_64(struct tp_worker *worker);

/* Without chance, which the simulation's has. */
unsigned
quantum_of_64(struct tp_worker *worker)
{
    (void)worker;
    return TP_WORKER_QUANTUM;
}

/* The task's place in the list of those that are ready is noted by the push
 * that finds the inbox asleep. */
static bool
is_ready(void)
{
    return runtime->scheduler->simulation->oldest != NULL;
}

static void
run_turn(void)
{
    struct tp_simulation *simulation = runtime->scheduler->simulation;
    struct tp_task *task = simulation->oldest;

    CHECK(task == &slot->task && task->next == NULL); /* it is there once */
    simulation->oldest = NULL;
    simulation->end = &simulation->oldest;
    simulation->ready_count = 0;
    tp_actor_run(&workers[RECEIVER], task);
}

static bool
is_slot_free(void)
{
    return selves[RECEIVER].slots.first == slot;
}

static void
spawn(troupe_pid *pid)
{
    CHECK(troupe_spawn(&selves[RECEIVER], receiver, pid) == TROUPE_OK);
    CHECK(tp_registry_find(&runtime->registry, *pid) == slot);
}

static void
run_and_spawn(void *arg)
{
    (void)arg;
    for (;;) {
        steps_idle(&slot->inbox.head, is_ready);
        run_turn();
        if (second == TROUPE_NO_PID && is_slot_free()) {
            spawn(&second);
        }
    }
}

/* ---- the world ----------------------------------------------------------- */

static void
ignore_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
create(void)
{
    CHECK(troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true, .seed = 1,
                                    .actors_count_max = 64, .log = ignore_line),
              &runtime) == TROUPE_OK);
    for (unsigned i = 0; i < SELVES; i++) {
        selves[i] = runtime->workers[0];
        workers[i] = runtime->scheduler->workers[0];
        selves[i].worker = &workers[i];
        workers[i].local = &selves[i];
    }
    CHECK(troupe_runtime_start(runtime) == TROUPE_OK);
    CHECK(troupe_spawn(&selves[RECEIVER], receiver, &second) == TROUPE_OK);
    slot = tp_registry_find(&runtime->registry, second);
    run_turn();
}

/* What lives in the slot comes to its end, and another begins. */
static void
renew(void)
{
    if (second != TROUPE_NO_PID) {
        CHECK(troupe_stop(&selves[RECEIVER], second) == TROUPE_OK);
        run_turn();
    }
    CHECK(is_slot_free());
    blocks_before = tp_memory_blocks_count();
    spawn(&first);
    run_turn();
    second = TROUPE_NO_PID;
}

static void
begin(struct steps *steps)
{
    if (runtime == NULL) {
        create();
        renew();
        tell(
            &selves[RECEIVER], 0, 0, 1); /* so that what is made once is made */
        run_turn();
        CHECK(troupe_stop(&selves[RECEIVER], first) == TROUPE_OK);
        run_turn();
        tell(&selves[RECEIVER], 0, 0, 1);
        run_turn();
    }
    renew();
    handled_count = 0;
    dead_before = dead_count();
    for (unsigned i = 0; i < SENDERS; i++) {
        next_number[i] = 0;
        steps_add(steps, follow_script, &selves[i]);
    }
    steps_add(steps, run_and_spawn, NULL);
}

static uint64_t
end(void)
{
    uint64_t dead = dead_count() - dead_before;

    CHECK(second != TROUPE_NO_PID);
    CHECK(slot->inbox.head == TP_INBOX_ASLEEP);
    CHECK(handled_count + dead == told_count);
    CHECK(slot->limit.held >> TP_LIMIT_BYTES_BITS ==
          slot->unsettled >> TP_ACTOR_UNSETTLED_BITS);
    /* A sanitizer's quarantine keeps some for a while. */
    CHECK(IS_SANITIZED || tp_memory_blocks_count() == blocks_before);
    return dead;
}

static unsigned
count_messages(const char *script)
{
    unsigned count = 0;

    while (*script != '\0') {
        count += *script == 's' ? 0 : (unsigned)(*script - '0');
        script++;
    }
    return count;
}

static void
run_all(const char *one, const char *other)
{
    const struct orders_world world = {.begin = begin, .end = end};

    scripts[0] = one;
    scripts[1] = other;
    told_count = count_messages(one) + count_messages(other);
    assert_true(orders_run_all(&world) > 100);
}

static void
two_senders_of_two_messages_and_a_stop_in_every_order(void **state)
{
    (void)state;
    if (!IS_SANITIZED) {
        run_all("2", "s2");
    }
    run_all("2", "2s");
}

static void
a_stop_between_single_messages_in_every_order(void **state)
{
    (void)state;
    run_all("11", "s");
    run_all("", "1s1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_senders_of_two_messages_and_a_stop_in_every_order),
        cmocka_unit_test(a_stop_between_single_messages_in_every_order),
    };
    return cmocka_run_group_tests_name("slot_reuse", tests, NULL, NULL);
}

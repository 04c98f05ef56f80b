/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: an actor that is spawned for one worker is started by that worker and
 * by no other, whatever mail for an earlier life of its slot comes meanwhile;
 * no message is left lying, and no two workers ever run the slot at once.
 *
 * Method: actors/placement.c and the inbox, a step at each operation on a
 * shared word. One thread sends stale mail, one spawns into the free slot, one
 * in its place are two workers that run the slot when it is made ready for
 * them. The actor ends in its first turn, so that the slot is free again while
 * mail comes. Every order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "actors/placement.h"
#include "actors/runtime.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

enum { WORKERS = 2, PLACE = 2, STALE_MAX = 2 };

static struct tp_scheduler scheduler = {.workers_count = WORKERS};
static struct troupe_runtime runtime = {.scheduler = &scheduler};
static struct troupe_self spawner = {.runtime = &runtime};
static struct troupe_self selves[WORKERS] = {
    {.runtime = &runtime}, {.runtime = &runtime}};
static struct tp_actor slot;
static struct troupe_message start, stale[STALE_MAX];
static unsigned stale_count;

static uint32_t queues[WORKERS]; /* words on which `is_ready` is noted */
static bool is_ready[WORKERS];
static uint32_t turns; /* on which all below is noted */
static unsigned running_count;
static unsigned handled_count;
static bool is_started;
static bool is_elsewhere;

/* ---- the scheduler, as a model ------------------------------------------- */

void note_ready(struct tp_scheduler *its, struct tp_task *task);

/* In the place of tp_scheduler_ready(). */
void
note_ready(struct tp_scheduler *its, struct tp_task *task)
{
    uint32_t bound = ck_pr_load_32(&task->bound);
    unsigned worker = bound == TP_TASK_ANYWHERE ? 0 : bound - 1;

    CHECK(its == &scheduler && task == &slot.task);
    steps_touch(&queues[worker], "make ready");
    CHECK(!is_ready[worker]);
    is_ready[worker] = true;
}

static void
push(struct troupe_message *message)
{
    if (tp_inbox_push(&slot.inbox, message, message)) {
        note_ready(&scheduler, &slot.task);
    }
}

/* ---- the threads --------------------------------------------------------- */

static void
send_stale_mail(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < stale_count; i++) {
        push(&stale[i]);
    }
}

/* As tp_registry_take_awake(), then move_in_there() of spawn.c. */
static void
spawn(void *arg)
{
    (void)arg;
    is_elsewhere = !tp_inbox_try_occupy(&slot.inbox);
    if (!is_elsewhere) {
        tp_placement_settle(&spawner, &slot, PLACE, TROUPE_NO_PID, "placed");
        push(&start);
    }
}

static void
handle_all(unsigned worker)
{
    struct troupe_message *message = tp_inbox_take(&slot.inbox);

    while (message != NULL) {
        handled_count++;
        if (message == &start) {
            CHECK(worker == PLACE - 1);
            is_started = true;
            tp_placement_leave(&selves[worker], &slot);
        }
        message = message->next;
    }
}

static void
run_turn(unsigned worker)
{
    steps_touch(&turns, "begin turn");
    CHECK(++running_count == 1);
    do {
        handle_all(worker);
        steps_touch(&turns, "end turn");
        running_count--;
        if (tp_inbox_try_sleep(&slot.inbox)) {
            return;
        }
        steps_touch(&turns, "go on");
        CHECK(++running_count == 1);
    } while (true);
}

static bool
is_first_ready(void)
{
    return is_ready[0];
}

static bool
is_second_ready(void)
{
    return is_ready[1];
}

static void
run_first(void *arg)
{
    (void)arg;
    for (;;) {
        steps_idle(&queues[0], is_first_ready);
        is_ready[0] = false;
        run_turn(0);
    }
}

static void
run_second(void *arg)
{
    (void)arg;
    for (;;) {
        steps_idle(&queues[1], is_second_ready);
        is_ready[1] = false;
        run_turn(1);
    }
}

/* ---- the world ----------------------------------------------------------- */

static void
begin(struct steps *steps)
{
    memset(&slot, 0, sizeof(slot));
    memset(is_ready, 0, sizeof(is_ready));
    running_count = 0;
    handled_count = 0;
    is_started = false;
    is_elsewhere = false;
    steps_add(steps, send_stale_mail, NULL);
    steps_add(steps, spawn, NULL);
    steps_add_named(steps, "worker 0", run_first, NULL);
    steps_add_named(steps, "worker 1", run_second, NULL);
}

static uint64_t
end(void)
{
    CHECK(handled_count == stale_count + !is_elsewhere);
    CHECK(is_started == !is_elsewhere);
    CHECK(slot.inbox.head == TP_INBOX_ASLEEP);
    CHECK(slot.task.bound == TP_TASK_ANYWHERE);
    return is_elsewhere;
}

static void
a_placed_actor_is_started_in_its_place_in_every_order(void **state)
{
    static const struct orders_world world = {.begin = begin, .end = end};

    (void)state;
    for (stale_count = 0; stale_count <= STALE_MAX; stale_count++) {
        assert_true(orders_run_both(world) >= 2);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_placed_actor_is_started_in_its_place_in_every_order),
    };

    return cmocka_run_group_tests_name("binding", tests, NULL, NULL);
}

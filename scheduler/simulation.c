/* SPDX-License-Identifier: BSD-2-Clause */
#include "scheduler/simulation.h"

#include <stddef.h>

enum {
    CHOICES_MAX = 256, /* how far back the next task is picked from */
    MESSAGES_MAX = 8,
    TURN_NS_MAX = 20000,
};

void
tp_simulation_init(struct tp_simulation *simulation, uint64_t seed)
{
    *simulation = (struct tp_simulation){
        .now_ns = 1, .messages_max = MESSAGES_MAX, .turn_ns_max = TURN_NS_MAX};
    tp_random_init(&simulation->random, seed);
    simulation->end = &simulation->oldest;
}

void
tp_simulation_ready(struct tp_simulation *simulation, struct tp_task *task)
{
    task->next = NULL;
    *simulation->end = task;
    simulation->end = &task->next;
    simulation->ready_count++;
}

static struct tp_task *
take(struct tp_simulation *simulation, struct tp_task **link)
{
    struct tp_task *taken = *link;

    *link = taken->next;
    if (*link == NULL) {
        simulation->end = link;
    }
    simulation->ready_count--;
    return taken;
}

static struct tp_task *
pick(struct tp_simulation *simulation)
{
    uint64_t choices = simulation->ready_count < CHOICES_MAX
                           ? simulation->ready_count
                           : CHOICES_MAX;
    uint64_t choice = tp_random_below(&simulation->random, choices);
    struct tp_task **link = &simulation->oldest;

    while (choice-- > 0) {
        link = &(*link)->next;
    }
    return take(simulation, link);
}

/* Called again after a jump out of the task, it has nothing left to do. */
static void
run_picked(struct tp_worker *worker)
{
    struct tp_task *picked = worker->simulation->picked;

    worker->simulation->picked = NULL;
    if (picked != NULL) {
        worker->scheduler->hooks.run(worker, picked);
    }
}

static void
run_one(struct tp_scheduler *scheduler)
{
    struct tp_simulation *simulation = scheduler->simulation;
    struct tp_worker *worker = &scheduler->workers[0];

    simulation->picked = pick(simulation);
    tp_worker_enclose(worker, run_picked);
    simulation->now_ns +=
        tp_random_below(&simulation->random, simulation->turn_ns_max);
    tp_worker_read_clock(worker);
    tp_worker_tick(worker);
}

void
tp_simulation_run(struct tp_scheduler *scheduler, struct tp_task *task)
{
    struct tp_simulation *simulation = scheduler->simulation;
    struct tp_task **link = &simulation->oldest;

    while (*link != task) {
        link = &(*link)->next;
    }
    simulation->picked = take(simulation, link);
    tp_worker_enclose(&scheduler->workers[0], run_picked);
}

/* To the next timeout, if that is before until_ns. */
static bool
pass_time(struct tp_scheduler *scheduler, uint64_t until_ns)
{
    struct tp_simulation *simulation = scheduler->simulation;
    struct tp_worker *worker = &scheduler->workers[0];
    uint64_t next_ns = tp_timer_wheel_next_ns(&worker->timeouts.wheel);
    if (next_ns >= until_ns) {
        if (until_ns != UINT64_MAX && until_ns > simulation->now_ns) {
            simulation->now_ns = until_ns;
            tp_worker_read_clock(worker);
        }
        return false;
    }
    if (next_ns > simulation->now_ns) {
        simulation->now_ns = next_ns;
    }
    tp_worker_read_clock(worker);
    tp_worker_tick(worker);
    return true;
}

bool
tp_simulation_step(struct tp_scheduler *scheduler, uint64_t until_ns)
{
    if (scheduler->simulation->ready_count > 0) {
        run_one(scheduler);
        return true;
    }
    return pass_time(scheduler, until_ns);
}

bool
tp_simulation_jump(struct tp_scheduler *scheduler, uint64_t until_ns)
{
    uint64_t ready_count = scheduler->simulation->ready_count;

    while (scheduler->simulation->ready_count == ready_count) {
        if (!pass_time(scheduler, until_ns)) {
            return false;
        }
    }
    return true;
}

void
tp_simulation_note(struct tp_simulation *simulation, uint64_t what)
{
    /* FNV-1a, a word at a time: order matters, and equal runs are equal. */
    simulation->order_signature =
        (simulation->order_signature ^ what) * UINT64_C(0x100000001b3);
}

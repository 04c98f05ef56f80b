/* SPDX-License-Identifier: BSD-2-Clause */
/* stacks: what a thread takes up that does nothing. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_STACK_BYTES = 64 << 10, USED_BYTES = 32 << 10 };

struct crowd {
    pthread_barrier_t met;
    size_t used_bytes;     /* that each touches of its stack */
    size_t reserved_bytes; /* of one stack, as the first of them finds it */
};

/* ---- broken and mended: threads that wait -------------------------------- */

static size_t
own_stack_bytes(void)
{
    pthread_attr_t attributes;
    size_t bytes = 0;

    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstacksize(&attributes, &bytes);
        pthread_attr_destroy(&attributes);
    }
    return bytes;
}

__attribute__((noinline)) static void
use_stack(size_t bytes)
{
    volatile char used[USED_BYTES];

    for (size_t i = 0; i < bytes; i += 1024) {
        used[i] = 1;
    }
    (void)used[0];
}

static void
wait_in_thread(void *context, unsigned index)
{
    struct crowd *crowd = context;

    if (index == 0) {
        crowd->reserved_bytes = own_stack_bytes();
    }
    use_stack(crowd->used_bytes);
    pthread_barrier_wait(&crowd->met); /* until they have been measured */
    pthread_barrier_wait(&crowd->met);
}

struct taken {
    double reserved_each; /* bytes */
    double virtual_each;
    double resident_each;
};

static struct taken
measure_threads(unsigned count, size_t stack_bytes, size_t used_bytes)
{
    struct crowd crowd = {.used_bytes = used_bytes};
    uint64_t virtual_bytes = timing_virtual_bytes();
    uint64_t resident_bytes = timing_resident_bytes();
    struct threads *threads;
    struct taken taken;

    pthread_barrier_init(&crowd.met, NULL, count + 1);
    threads = threads_start(count, stack_bytes, wait_in_thread, &crowd);
    if (threads == NULL) {
        return (struct taken){0, 0, 0};
    }
    pthread_barrier_wait(&crowd.met);
    taken.virtual_each =
        (double)(timing_virtual_bytes() - virtual_bytes) / count;
    taken.resident_each =
        (double)(timing_resident_bytes() - resident_bytes) / count;
    taken.reserved_each = (double)crowd.reserved_bytes;
    pthread_barrier_wait(&crowd.met);
    threads_join(threads);
    pthread_barrier_destroy(&crowd.met);
    return taken;
}

/* ---- actors -------------------------------------------------------------- */

#define NUDGE(FIELD) FIELD(uint64, number)
TROUPE_MESSAGE(nudge, NUDGE)

static void
on_nudge(struct troupe_self *self, void *state, const struct nudge *nudge)
{
    uint64_t *last = state;

    (void)self;
    *last = nudge->number;
}

TROUPE_BEHAVIOUR(idler, 2 * sizeof(uint64_t), TROUPE_ON(nudge, on_nudge));

static double
measure_actors(uint64_t count)
{
    struct troupe_self *self = system_begin(NULL);
    uint64_t before = timing_resident_bytes();
    double each;
    troupe_pid pid;

    for (uint64_t i = 0; i < count; i++) {
        TROUPE_CHECK(troupe_spawn(self, idler, &pid));
    }
    each = (double)(timing_resident_bytes() - before) / (double)count;
    system_end(NULL);
    return each;
}

/* ---- the lab ------------------------------------------------------------- */

static void
run(struct lab_report *report)
{
    unsigned count = (unsigned)lab_size(report, 1000, 50);
    uint64_t actors_count = lab_size(report, 1000000, 10000);
    size_t small = lab_is_fixed(report) ? SMALL_STACK_BYTES : 0;
    struct taken usual = measure_threads(count, 0, 0);
    struct taken chosen = measure_threads(count, small, 0);
    struct taken used = measure_threads(count, small, USED_BYTES);
    double actor = measure_actors(actors_count);

    if (usual.reserved_each == 0) {
        lab_conclude(report, LAB_NOT_SHOWN,
            "The system gave fewer than %u threads.", count);
        return;
    }
    lab_measured(report, "idle threads", "addresses each", "KiB",
        usual.virtual_each / 1024);
    lab_measured(report, "with 64 KiB stacks", "addresses each", "KiB",
        chosen.virtual_each / 1024);
    lab_measured(report, "idle threads", "memory each", "KiB",
        usual.resident_each / 1024);
    lab_measured(report, "with 64 KiB stacks", "memory each", "KiB",
        chosen.resident_each / 1024);
    lab_measured(report, "that use 32 KiB", "memory each", "KiB",
        used.resident_each / 1024);
    lab_measured(report, "idle actors", "memory each", "KiB", actor / 1024);
    lab_expect_at_most(report,
        "bytes reserved for a stack that was chosen small",
        2 * SMALL_STACK_BYTES, (uint64_t)chosen.reserved_each);
    lab_expect_at_least(report, "bytes in memory of a thread that used 32 KiB",
        USED_BYTES * 9 / 10, (uint64_t)used.resident_each);
    lab_expect_at_most(
        report, "bytes in memory of an idle actor", 2048, (uint64_t)actor);
    lab_say(report,
        "%u threads and %u actors that wait. Addresses are not memory: a page "
        "of a stack is taken when it is first touched. What the kernel keeps "
        "for each thread, about 16 KiB for its own stack, is in neither "
        "number.",
        count, (unsigned)actors_count);
    lab_conclude(report, LAB_PARTLY,
        "A thread reserves %.0f KiB of addresses here and takes %.0f KiB of "
        "memory while it is idle, plus the kernel's; an actor takes %.0f "
        "bytes.",
        usual.virtual_each / 1024, usual.resident_each / 1024, actor);
}

const struct lab lab_stacks = {
    .name = "stacks",
    .claim = "A thread costs megabytes of stack, so a thousand of them cost "
             "gigabytes.",
    .drawn = "KiB",
    .duration_s = 3,
    .run = run,
};

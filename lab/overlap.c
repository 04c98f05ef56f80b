/* SPDX-License-Identifier: BSD-2-Clause */
/* overlap: to compute while a slow disk is waited for. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <troupe/net.h>
#include <troupe/work.h>
#include <unistd.h>

enum { BLOCK_BYTES = 4096 };

/* A slow disk: a pipe into which a thread puts a block now and then. */
struct disk {
    int ends[2];
    unsigned blocks_count;
    uint64_t delay_ns;
};

static void
be_disk(void *context, unsigned index)
{
    const struct disk *disk = context;
    static const char block[BLOCK_BYTES];

    (void)index;
    for (unsigned i = 0; i < disk->blocks_count; i++) {
        struct timespec span = {0, (long)disk->delay_ns};

        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL);
        if (write(disk->ends[1], block, sizeof(block)) != sizeof(block)) {
            abort();
        }
    }
    close(disk->ends[1]);
}

/* Words that are shared. Written by their one thread each, read by the other;
 * they order nothing. */
struct job {
    int from;
    bool is_read;           /* the whole file */
    bool is_waiting;        /* for a block, just now */
    uint64_t rounds_wanted; /* of computing */
    uint64_t rounds;
    uint64_t rounds_meanwhile; /* that were done while a block was waited for */
};

static void
read_all(struct job *job)
{
    char block[BLOCK_BYTES];

    do {
        __atomic_store_n(&job->is_waiting, true, __ATOMIC_RELAXED);
    } while (read(job->from, block, sizeof(block)) > 0);
    __atomic_store_n(&job->is_waiting, false, __ATOMIC_RELAXED);
    __atomic_store_n(&job->is_read, true, __ATOMIC_RELAXED);
}

static void
compute_round(struct job *job)
{
    volatile uint64_t value = job->rounds;

    for (int i = 0; i < 1000; i++) {
        value = value * 6364136223846793005u + 1;
    }
    job->rounds_meanwhile +=
        __atomic_load_n(&job->is_waiting, __ATOMIC_RELAXED);
    __atomic_store_n(&job->rounds, job->rounds + 1, __ATOMIC_RELAXED);
}

static void
compute_all(struct job *job)
{
    while (job->rounds < job->rounds_wanted ||
           (job->rounds_meanwhile == 0 &&
               !__atomic_load_n(&job->is_read, __ATOMIC_RELAXED))) {
        compute_round(job);
    }
}

/* So that there is somebody who could compute meanwhile. */
static void
await_first_round(const struct job *job)
{
    while (__atomic_load_n(&job->rounds, __ATOMIC_RELAXED) == 0) {
        sched_yield();
    }
}

/* ---- broken: one after the other ----------------------------------------- */

static void
by_one(struct job *job)
{
    read_all(job);
    while (job->rounds < job->rounds_wanted) {
        compute_round(job);
    }
}

/* ---- mended: a thread that waits, and one that computes ------------------ */

static void
read_or_compute(void *context, unsigned index)
{
    if (index == 0) {
        await_first_round(context);
        read_all(context);
    } else {
        compute_all(context);
    }
}

static void
by_two(struct job *job)
{
    if (!threads_run(2, read_or_compute, job)) {
        abort();
    }
}

/* ---- actors: the pool waits, the actor computes -------------------------- */

TROUPE_MESSAGE(compute_more, TROUPE_NO_FIELDS)

static struct job *job_of_actors;

static troupe_err
read_in_pool(struct troupe_work *work, const void *input, size_t size)
{
    (void)work;
    (void)input;
    (void)size;
    await_first_round(job_of_actors);
    read_all(job_of_actors);
    return TROUPE_OK;
}

static void
quit_if_done(struct troupe_self *self, const struct job *job)
{
    if (job->rounds >= job->rounds_wanted &&
        __atomic_load_n(&job->is_read, __ATOMIC_RELAXED)) {
        troupe_runtime_quit(self);
    }
}

static void
on_file_read(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)state;
    (void)context;
    TROUPE_CHECK(troupe_answer_err(answer));
    quit_if_done(self, job_of_actors);
}

static void
on_compute_start(struct troupe_self *self, void *state)
{
    (void)state;
    TROUPE_CHECK(troupe_work(self, read_in_pool, NULL, 0, TROUPE_SECONDS(60),
        on_file_read, 0, NULL));
    TROUPE_CHECK(troupe_tell(self, troupe_self_pid(self), compute_more));
}

static void
on_compute_more(
    struct troupe_self *self, void *state, const struct compute_more *more)
{
    struct job *job = job_of_actors;

    (void)state;
    (void)more;
    compute_round(job);
    if (job->rounds < job->rounds_wanted ||
        (job->rounds_meanwhile == 0 &&
            !__atomic_load_n(&job->is_read, __ATOMIC_RELAXED))) {
        TROUPE_CHECK(troupe_tell(self, troupe_self_pid(self), compute_more));
    } else {
        quit_if_done(self, job);
    }
}

TROUPE_BEHAVIOUR(computer, 0, TROUPE_ON_START(on_compute_start),
    TROUPE_ON(compute_more, on_compute_more));

static void
by_actors(struct job *job)
{
    struct troupe_self *self =
        system_begin(&TROUPE_OPTIONS(.io = troupe_net()));
    troupe_pid pid;

    job_of_actors = job;
    TROUPE_CHECK(troupe_spawn(self, computer, &pid));
    system_wait();
    system_end(NULL);
}

/* ---- the lab ------------------------------------------------------------- */

static struct job
measure(struct lab_report *report, const char *who, void (*by)(struct job *))
{
    struct disk disk = {.blocks_count = (unsigned)lab_size(report, 40, 10),
        .delay_ns = lab_size(report, 10000000, 5000000)};
    struct job job = {.rounds_wanted = lab_size(report, 300000, 1000)};
    struct threads *thread;
    uint64_t start_ns;
    uint64_t processor_ns;
    double ms;

    if (pipe(disk.ends) != 0) {
        abort();
    }
    job.from = disk.ends[0];
    processor_ns = timing_processor_ns();
    start_ns = timing_now_ns();
    thread = threads_start(1, THREADS_STACK_BYTES, be_disk, &disk);
    by(&job);
    ms = (double)(timing_now_ns() - start_ns) / 1e6;
    lab_measured(report, who, "to read and compute", "ms", ms);
    lab_measured(report, who, "of one processor in use", "%",
        (double)(timing_processor_ns() - processor_ns) / 1e4 / ms);
    threads_join(thread);
    close(disk.ends[0]);
    return job;
}

static void
run(struct lab_report *report)
{
    struct job one = measure(report, "one thread", by_one);
    struct job two =
        measure(report, "two threads", lab_is_fixed(report) ? by_two : by_one);
    struct job actors = measure(report, "an actor and the pool", by_actors);

    lab_expect_equal(report, "rounds computed while one thread waits", 0,
        one.rounds_meanwhile);
    lab_expect_at_least(report, "rounds computed while the other thread waits",
        1, two.rounds_meanwhile);
    lab_expect_at_least(report, "rounds an actor computes while the pool waits",
        1, actors.rounds_meanwhile);
    lab_say(report,
        "A disk that gives a block every 10 ms, and something to compute. One "
        "thread does nothing while it waits. That is what threads were "
        "invented for, on machines with one processor. (An event loop that "
        "does not wait has the same effect, with one thread.)");
    lab_conclude(report, LAB_HOLDS,
        "Two threads computed while the disk was waited for; one could not.");
}

const struct lab lab_overlap = {
    .name = "overlap",
    .claim = "Threads were invented to compute while something slow is waited "
             "for.",
    .drawn = "ms",
    .duration_s = 3,
    .run = run,
};

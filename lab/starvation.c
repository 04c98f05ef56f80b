/* SPDX-License-Identifier: BSD-2-Clause */
/* starvation: what is less important never has its turn. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/task_state.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

/* A desk with jobs of two kinds, and a new urgent one each time that one has
 * been done. */
struct desk {
    uint64_t urgent_count; /* that wait */
    uint64_t still_to_come;
    bool has_plain;
    uint64_t in_a_row; /* urgent ones, since the last plain one */
};

/* ---- broken: whatever is urgent first ------------------------------------ */

static bool
is_plain_next(const struct desk *desk)
{
    return desk->urgent_count == 0;
}

/* ---- mended: after so many in a row, one that is not --------------------- */

static bool
is_plain_next_fair(const struct desk *desk)
{
    return desk->urgent_count == 0 || desk->in_a_row >= TROUPE_URGENT_IN_A_ROW;
}

/* How many urgent jobs are done before the plain one. */
static uint64_t
work_at(struct desk *desk, bool (*is_next)(const struct desk *))
{
    uint64_t before = 0;

    while (desk->has_plain) {
        if (is_next(desk)) {
            desk->has_plain = false;
        } else {
            desk->urgent_count--;
            desk->in_a_row++;
            before++;
            if (desk->still_to_come > 0) {
                desk->still_to_come--;
                desk->urgent_count++;
            }
        }
    }
    return before;
}

/* ---- actors: mail that is urgent ----------------------------------------- */

TROUPE_MESSAGE(urgent_job, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(plain_job, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(begin_jobs, TROUPE_NO_FIELDS)

static uint64_t jobs_count;
static uint64_t urgent_before;

static void
on_urgent_job(
    struct troupe_self *self, void *state, const struct urgent_job *job)
{
    uint64_t *done_count = state;

    (void)job;
    if (++*done_count < jobs_count) { /* and there is the next */
        (void)troupe_tell(self, troupe_self_pid(self), urgent_job);
    } else {
        troupe_runtime_quit(self);
    }
}

static void
on_plain_job(struct troupe_self *self, void *state, const struct plain_job *job)
{
    const uint64_t *done_count = state;

    (void)self;
    (void)job;
    urgent_before = *done_count;
}

static void
on_begin_jobs(
    struct troupe_self *self, void *state, const struct begin_jobs *begin)
{
    (void)state;
    (void)begin;
    (void)troupe_tell(self, troupe_self_pid(self), plain_job);
    (void)troupe_tell(self, troupe_self_pid(self), urgent_job);
}

TROUPE_BEHAVIOUR(desk_actor, sizeof(uint64_t),
    TROUPE_ON_URGENT(urgent_job, on_urgent_job),
    TROUPE_ON(plain_job, on_plain_job), TROUPE_ON(begin_jobs, on_begin_jobs));

static uint64_t
work_as_actor(uint64_t count)
{
    struct troupe_self *self = system_begin(NULL);
    troupe_pid pid;

    jobs_count = count;
    urgent_before = count;
    TROUPE_CHECK(troupe_spawn(self, desk_actor, &pid));
    TROUPE_CHECK(troupe_tell(self, pid, begin_jobs));
    system_wait();
    system_end(NULL);
    return urgent_before;
}

/* ---- the system's scheduler ---------------------------------------------- */

enum rank { EQUAL, NICE_19, IDLE_CLASS };

struct race {
    enum rank rank; /* of the second one */
    uint64_t until_ns;
    uint64_t rounds[2];
};

static void
run_on_one_processor(void *context, unsigned index)
{
    struct race *race = context;
    volatile uint64_t rounds = 0;

    threads_bind(0);
    if (index == 1 && race->rank == NICE_19) {
        (void)setpriority(PRIO_PROCESS, (id_t)task_number(), 19);
    } else if (index == 1 && race->rank == IDLE_CLASS) {
        (void)sched_setscheduler(
            task_number(), SCHED_IDLE, &(struct sched_param){0});
    }
    while (timing_now_ns() < race->until_ns) {
        rounds++;
    }
    race->rounds[index] = rounds;
}

/* The second one's share, in percent. */
static double
measure_share(enum rank rank, uint64_t span_ns)
{
    struct race race = {.rank = rank, .until_ns = timing_now_ns() + span_ns};

    if (!threads_run(2, run_on_one_processor, &race)) {
        abort();
    }
    return 100.0 * (double)race.rounds[1] /
           (double)(race.rounds[0] + race.rounds[1]);
}

static void
run(struct lab_report *report)
{
    uint64_t count = lab_size(report, 1000000, 10000);
    uint64_t span_ns = lab_size(report, 1000000000, 20000000);
    struct desk desk = {1, count - 1, true, 0};
    struct desk fair_desk = {1, count - 1, true, 0};
    uint64_t broken = work_at(&desk, is_plain_next);
    uint64_t mended = work_at(
        &fair_desk, lab_is_fixed(report) ? is_plain_next_fair : is_plain_next);
    uint64_t actor = work_as_actor(count);
    double idle = measure_share(IDLE_CLASS, span_ns);
    static const char what[] = "urgent jobs before the plain one";

    lab_measured(report, "urgent first", what, "", (double)broken);
    lab_measured(report, "16 in a row at most", what, "", (double)mended);
    lab_measured(report, "an actor's urgent mail", what, "", (double)actor);
    lab_expect_equal(
        report, "urgent jobs first, if always first", count, broken);
    lab_expect_at_most(report, "urgent jobs first, if 16 in a row at most",
        TROUPE_URGENT_IN_A_ROW, mended);
    lab_expect_at_most(report, "urgent messages before a plain one",
        2 * TROUPE_URGENT_IN_A_ROW, actor);
    lab_say(report,
        "One plain job, and %u urgent ones of which the next comes when one is "
        "done. Who always takes the urgent one never comes to the other.",
        (unsigned)count);
    lab_measured(report, "equal", "share of the second thread", "%",
        measure_share(EQUAL, span_ns));
    lab_measured(report, "nice 19", "share of the second thread", "%",
        measure_share(NICE_19, span_ns));
    lab_measured(report, "SCHED_IDLE", "share of the second thread", "%", idle);
    lab_say(report,
        "Two threads that compute, on one processor. Linux gives each a "
        "quantum "
        "in its turn, a smaller one to the less important, and never none: "
        "even SCHED_IDLE is not starved by ordinary threads. Real-time classes "
        "would starve it; they take a privilege, and are not tried here.");
    lab_conclude(report, LAB_PARTLY,
        "By strict priority the plain job came last of %u, with a bound after "
        "%u. Linux still gave SCHED_IDLE %.1f %% of a processor.",
        (unsigned)count, (unsigned)mended, idle);
}

const struct lab lab_starvation = {
    .name = "starvation",
    .claim = "A thread of high priority keeps one of low priority from ever "
             "running.",
    .drawn = "%",
    .duration_s = 4,
    .run = run,
};

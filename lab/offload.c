/* SPDX-License-Identifier: BSD-2-Clause */
/* offload: where to put work that takes long. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/timing.h"

#include <stdlib.h>
#include <troupe/net.h>
#include <troupe/timer.h>
#include <troupe/work.h>
#include <uv.h>

enum { POOL_COUNT = 4, JOBS_COUNT = 5 };

/* Ticks of a loop, or an actor, that has other things to do meanwhile. Written
 * by one thread; read by those that work; they order nothing. */
static uint64_t ticks_count;

struct job {
    uint64_t span_ns; /* that it takes */
    uint64_t ticks_before;
    uint64_t ticks_after;
};

/* Something heavy. It looks how often the clock has ticked meanwhile; where the
 * clock could tick, it goes on until it has. */
static void
work(struct job *job, bool can_tick)
{
    uint64_t until_ns = timing_now_ns() + job->span_ns;

    job->ticks_before = __atomic_load_n(&ticks_count, __ATOMIC_RELAXED);
    do {
        job->ticks_after = __atomic_load_n(&ticks_count, __ATOMIC_RELAXED);
    } while (timing_now_ns() < until_ns ||
             (can_tick && job->ticks_after == job->ticks_before));
}

/* ---- broken: in the loop's own callback ---------------------------------- */

struct loop {
    uv_loop_t loop;
    uv_timer_t ticks;
    uv_timer_t begin;
    uv_work_t works[JOBS_COUNT];
    struct job jobs[JOBS_COUNT];
    unsigned left;
};

static void
on_tick(uv_timer_t *timer)
{
    (void)timer;
    __atomic_fetch_add(&ticks_count, 1, __ATOMIC_RELAXED);
}

static void
close_loop(struct loop *loop)
{
    uv_close((uv_handle_t *)&loop->ticks, NULL);
    uv_close((uv_handle_t *)&loop->begin, NULL);
}

static void
work_in_callback(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    work(&loop->jobs[0], false);
    close_loop(loop);
}

/* ---- mended: on the loop's pool ------------------------------------------ */

static void
work_in_pool(uv_work_t *request)
{
    struct loop *loop = request->data;

    work(&loop->jobs[request - loop->works], true);
}

static void
on_work_done(uv_work_t *request, int status)
{
    struct loop *loop = request->data;

    (void)status;
    if (--loop->left == 0) {
        close_loop(loop);
    }
}

static void
queue_work(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    loop->left = 1;
    loop->works[0].data = loop;
    uv_queue_work(&loop->loop, &loop->works[0], work_in_pool, on_work_done);
}

/* The ticks during one job. */
static uint64_t
run_loop(uint64_t span_ns, uv_timer_cb begin)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    uint64_t ticks;

    if (loop == NULL) {
        abort();
    }
    loop->jobs[0].span_ns = span_ns;
    uv_loop_init(&loop->loop);
    uv_timer_init(&loop->loop, &loop->ticks);
    uv_timer_init(&loop->loop, &loop->begin);
    loop->begin.data = loop;
    uv_timer_start(&loop->ticks, on_tick, 1, 1);
    uv_timer_start(&loop->begin, begin, 5, 0);
    uv_run(&loop->loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop->loop);
    ticks = loop->jobs[0].ticks_after - loop->jobs[0].ticks_before;
    free(loop);
    return ticks;
}

/* ---- the fifth job of a pool of four ------------------------------------- */

struct crowd {
    uv_mutex_t lock;
    unsigned running;
    unsigned most_running;
    uint64_t span_ns;
};

static struct crowd crowd;

static void
work_in_crowd(uv_work_t *request)
{
    struct job job = {.span_ns = crowd.span_ns};

    (void)request;
    uv_mutex_lock(&crowd.lock);
    crowd.running++;
    crowd.most_running =
        crowd.running > crowd.most_running ? crowd.running : crowd.most_running;
    uv_mutex_unlock(&crowd.lock);
    work(&job, false);
    uv_mutex_lock(&crowd.lock);
    crowd.running--;
    uv_mutex_unlock(&crowd.lock);
}

static void
ignore(uv_work_t *request, int status)
{
    (void)request;
    (void)status;
}

static unsigned
run_five(uint64_t span_ns)
{
    uv_work_t works[JOBS_COUNT];
    uv_loop_t loop;

    crowd = (struct crowd){.span_ns = span_ns};
    uv_mutex_init(&crowd.lock);
    uv_loop_init(&loop);
    for (int i = 0; i < JOBS_COUNT; i++) {
        uv_queue_work(&loop, &works[i], work_in_crowd, ignore);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    uv_mutex_destroy(&crowd.lock);
    return crowd.most_running;
}

/* ---- actors: by the blocking pool, and by a thread of its own ------------ */

TROUPE_MESSAGE(do_job, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(job_done, TROUPE_NO_FIELDS)

static struct job job_of_actors;

static void
on_clock(struct troupe_self *self, void *state, uint64_t context)
{
    (void)self;
    (void)state;
    (void)context;
    __atomic_fetch_add(&ticks_count, 1, __ATOMIC_RELAXED);
}

static troupe_err
work_for_actor(struct troupe_work *piece, const void *input, size_t size)
{
    (void)piece;
    (void)input;
    (void)size;
    work(&job_of_actors, true);
    return TROUPE_OK;
}

static void
on_piece_done(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)state;
    (void)context;
    TROUPE_CHECK(troupe_answer_err(answer));
    troupe_runtime_quit(self);
}

static void
on_clock_start(struct troupe_self *self, void *state)
{
    (void)state;
    TROUPE_CHECK(troupe_every(self, TROUPE_MS(1), on_clock, 0, NULL));
    TROUPE_CHECK(troupe_work(self, work_for_actor, NULL, 0, TROUPE_SECONDS(60),
        on_piece_done, 0, NULL));
}

TROUPE_BEHAVIOUR(clock_actor, 0, TROUPE_ON_START(on_clock_start));

/* A dedicated thread: its handlers may take as long as they like. */
static void
on_do_job(struct troupe_self *self, void *state, const struct do_job *do_job)
{
    (void)state;
    (void)do_job;
    work(&job_of_actors, true);
    (void)troupe_reply(self, job_done);
}

TROUPE_BEHAVIOUR(hermit, 0, TROUPE_ON(do_job, on_do_job));

static void
on_hermit_done(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)state;
    (void)context;
    TROUPE_CHECK(troupe_answer_err(answer));
    troupe_runtime_quit(self);
}

static void
on_asking_clock_start(struct troupe_self *self, void *state)
{
    troupe_pid pid;

    (void)state;
    TROUPE_CHECK(troupe_every(self, TROUPE_MS(1), on_clock, 0, NULL));
    TROUPE_CHECK(troupe_spawn_with(
        self, hermit, &TROUPE_SPAWN_OPTIONS(.own_thread = true), &pid));
    TROUPE_CHECK(troupe_ask_then(
        self, pid, TROUPE_SECONDS(60), on_hermit_done, 0, do_job));
}

TROUPE_BEHAVIOUR(asking_clock, 0, TROUPE_ON_START(on_asking_clock_start));

static uint64_t
run_actors(uint64_t span_ns, struct troupe_behaviour *behaviour)
{
    struct troupe_self *self =
        system_begin(&TROUPE_OPTIONS(.io = troupe_net(), .workers_count = 1));
    troupe_pid pid;

    job_of_actors = (struct job){.span_ns = span_ns};
    TROUPE_CHECK(troupe_spawn_behaviour(self, behaviour, NULL, &pid));
    system_wait();
    system_end(NULL);
    return job_of_actors.ticks_after - job_of_actors.ticks_before;
}

/* ---- the lab ------------------------------------------------------------- */

static void
run(struct lab_report *report)
{
    uint64_t span_ns = lab_size(report, 100000000, 10000000);
    uint64_t frozen = run_loop(span_ns, work_in_callback);
    uint64_t pooled =
        run_loop(span_ns, lab_is_fixed(report) ? queue_work : work_in_callback);
    uint64_t actor = run_actors(span_ns, &clock_actor_behaviour);
    uint64_t hermit = run_actors(span_ns, &asking_clock_behaviour);
    uint64_t start_ns = timing_now_ns();
    unsigned most = run_five(span_ns);
    double rounds = (double)(timing_now_ns() - start_ns) / (double)span_ns;
    static const char what[] = "ticks of 1 ms during the job";

    lab_measured(report, "in the callback", what, "", (double)frozen);
    lab_measured(report, "on the pool", what, "", (double)pooled);
    lab_measured(report, "an actor and the pool", what, "", (double)actor);
    lab_measured(report, "an actor's own thread", what, "", (double)hermit);
    lab_expect_equal(report, "ticks of a loop that works itself", 0, frozen);
    lab_expect_at_least(report, "ticks of a loop that has a pool", 1, pooled);
    lab_expect_at_least(
        report, "ticks of an actor that has the pool", 1, actor);
    lab_expect_at_least(
        report, "ticks of an actor that asks one with a thread", 1, hermit);
    lab_expect_at_most(
        report, "jobs of five at once on the pool of four", POOL_COUNT, most);
    lab_say(report,
        "A job of %.0f ms, and a clock that should tick each millisecond on "
        "the "
        "same loop, or worker. In a callback the loop does nothing else "
        "meanwhile: every client waits. On a pool it ticks on.",
        (double)span_ns / 1e6);
    lab_measured(report, "pool of 4", "jobs at once, of five", "", most);
    lab_measured(report, "pool of 4", "time for all, in jobs", "", rounds);
    lab_say(report,
        "The fifth job waits for a free thread of the pool: a pool is a queue, "
        "and what waits for long in it makes names and files wait too. Work "
        "that never ends belongs on a thread of its own.");
    lab_conclude(report, LAB_HOLDS,
        "In the callback the loop missed every tick for %.0f ms; with a pool "
        "it ticked %u times.",
        (double)span_ns / 1e6, (unsigned)pooled);
}

const struct lab lab_offload = {
    .name = "offload",
    .claim = "One heavy callback freezes an event loop, and all its clients.",
    .duration_s = 2,
    .run = run,
};

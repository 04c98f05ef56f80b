/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: whatever goes wrong, who is supervised lives again, each end is told
 * once to each who is concerned, and each message is handled once or a dead
 * letter once.
 *
 * Method: a tree of supervisors by many seeds. Clients tell its workers jobs,
 * of which some end the life that does them, and spawn helpers, which they
 * watch or are linked with, for a few jobs each; helpers stop, fail, are
 * stopped and killed, with jobs still on their way to them. Actors of all kinds
 * are killed, supervisors and clients too, requests for memory fail, mail of
 * different senders overtakes. At the end, who lives is compared with who
 * should, and what has been told with what has happened.
 *
 * Blocks are mallocs of their own here, so that each may fail and each that is
 * lost is missed.
 */
#include <string.h>

#include "actors/self.h"
#include "tests/support/seeds.h"

#define JOB(FIELD) FIELD(pid, actor) FIELD(uint64, number)
TROUPE_MESSAGE(work, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(visit, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(job, JOB)

enum {
    OUTER = 2, /* workers of the root; after them comes the inner supervisor */
    INNER = 2, /* its workers */
    WORKERS = OUTER + INNER,
    CLIENTS = 2,
    ROUNDS = 10,
    HELPERS = CLIENTS * ROUNDS,
    JOBS = 3, /* in a round */
    STARTS_MAX = 256,
    ENDINGS = 6,
    ROWS_MAX = 64,
};

/* What a job asks of who does it, as the remainder by ENDINGS. */
enum ending { FAILS = 1, STOPS = 2 };

struct helper {
    troupe_pid pid;
    troupe_pid client;
    bool is_linked; /* else it is watched */
    int told_count; /* how often its client was told of its end */
};

static struct {
    struct troupe_runtime *runtime;
    troupe_pid root;
    troupe_pid clients[CLIENTS];
    troupe_pid guest; /* of the first worker, linked and watching */
    bool is_linked;   /* the guest; there was memory for it */
    bool is_watching;
    int exits_told;
    int downs_told;
    troupe_pid workers[WORKERS]; /* of the inner ones: who began last */
    troupe_pid started[INNER][STARTS_MAX]; /* all that ever began */
    int starts_counts[INNER];
    struct helper helpers[HELPERS];
    int helpers_count;
    uint64_t numbers_count;
    uint64_t told_count; /* jobs that were taken */
    uint64_t done_count; /* jobs that a handler has returned from */
} stage;

/* ---- workers and helpers ------------------------------------------------- */

struct worker {
    int64_t inner; /* of the inner ones: 1, 2 */
    int64_t jobs_count;
    int64_t ballast[4]; /* so that the state is a block of its own */
};

static void
on_start(struct troupe_self *self, void *state)
{
    const struct worker *worker = state;
    int64_t i = worker->inner - 1;

    CHECK(worker->jobs_count == 0);
    if (i >= 0) {
        CHECK(stage.starts_counts[i] < STARTS_MAX);
        stage.started[i][stage.starts_counts[i]++] = troupe_self_pid(self);
        stage.workers[OUTER + i] = troupe_self_pid(self);
    }
}

/* A job that its actor fails on is a dead letter. */
static void
on_job(struct troupe_self *self, void *state, const struct job *job)
{
    struct worker *worker = state;

    CHECK(job->actor == troupe_self_pid(self));
    worker->jobs_count++;
    if (job->number % ENDINGS == FAILS) {
        troupe_fail(self, 1, "by a job");
        return;
    }
    stage.done_count++;
    if (job->number % ENDINGS == STOPS) {
        CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(worker, sizeof(struct worker), TROUPE_ON_START(on_start),
    TROUPE_ON(job, on_job));

/* ---- clients ------------------------------------------------------------- */

static void
tell_jobs(struct troupe_self *self, troupe_pid to)
{
    for (int i = 0; i < JOBS; i++) {
        troupe_err err = troupe_tell(
            self, to, job, .actor = to, .number = stage.numbers_count++);

        CHECK(err == TROUPE_OK || err == TROUPE_E_NO_MEMORY);
        stage.told_count += err == TROUPE_OK;
    }
}

static void
begin_round(struct troupe_self *self, troupe_pid client)
{
    while (troupe_tell(self, client, work) != TROUPE_OK) {
    }
}

static void
be_told(struct troupe_self *self, struct helper *helper,
    const struct troupe_exit *why)
{
    CHECK(helper->client == troupe_self_pid(self));
    CHECK(why->kind != TROUPE_EXIT_NO_SUCH_ACTOR || !helper->is_linked);
    helper->told_count++;
}

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)state;
    CHECK(down->actor == stage.helpers[context].pid);
    be_told(self, &stage.helpers[context], down->why);
}

static void
on_exit_of(struct troupe_self *self, void *state, troupe_pid actor,
    const struct troupe_exit *why)
{
    int i = 0;

    (void)state;
    while (stage.helpers[i].pid != actor) {
        CHECK(++i < stage.helpers_count);
    }
    be_told(self, &stage.helpers[i], why);
}

/* NULL: there was no memory. */
static struct helper *
spawn_helper(struct troupe_self *self)
{
    uint64_t index = (uint64_t)stage.helpers_count;
    struct helper *helper = &stage.helpers[index];

    helper->is_linked = troupe_random_below(self, 2) == 0;
    helper->client = troupe_self_pid(self);
    if (troupe_spawn_with(self, worker,
            &TROUPE_SPAWN_OPTIONS(.link = helper->is_linked),
            &helper->pid) != TROUPE_OK) {
        return NULL;
    }
    if (!helper->is_linked &&
        troupe_monitor(self, helper->pid, on_down, index, NULL) != TROUPE_OK) {
        (void)troupe_kill(self, helper->pid);
        return NULL;
    }
    stage.helpers_count++;
    return helper;
}

static void
use_helper(struct troupe_self *self)
{
    struct helper *helper = spawn_helper(self);

    if (helper == NULL) {
        return;
    }
    tell_jobs(self, helper->pid);
    switch (troupe_random_below(self, 3)) {
    case 0:
        (void)troupe_stop(self, helper->pid);
        break;
    case 1:
        (void)troupe_kill(self, helper->pid);
        break;
    default:
        break;
    }
    tell_jobs(self, helper->pid);
}

/* Somebody's, who is most often dead; his slot may be another's. */
static void
tell_former(struct troupe_self *self)
{
    if (stage.helpers_count > 0) {
        uint64_t count = (uint64_t)stage.helpers_count;

        tell_jobs(self, stage.helpers[troupe_random_below(self, count)].pid);
    }
}

static void
on_work(struct troupe_self *self, void *state, const struct work *work)
{
    int *rounds_count = state;

    (void)work;
    if (*rounds_count == ROUNDS) {
        return;
    }
    ++*rounds_count;
    tell_jobs(self, stage.workers[troupe_random_below(self, WORKERS)]);
    tell_former(self);
    use_helper(self);
    begin_round(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(
    client, sizeof(int), TROUPE_ON(work, on_work), TROUPE_ON_EXIT(on_exit_of));

/* ---- a guest, whom restarts do not concern --------------------------------
 */

static void
on_host_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)self, (void)state, (void)context;
    CHECK(down->actor == stage.workers[0]);
    stage.downs_told++;
}

static void
on_host_exit(struct troupe_self *self, void *state, troupe_pid actor,
    const struct troupe_exit *why)
{
    (void)self, (void)state, (void)why;
    CHECK(actor == stage.workers[0]);
    stage.exits_told++;
}

static void
on_visit(struct troupe_self *self, void *state, const struct visit *visit)
{
    troupe_pid host = stage.workers[0];

    (void)state, (void)visit;
    stage.is_linked = troupe_link(self, host) == TROUPE_OK;
    stage.is_watching =
        troupe_monitor(self, host, on_host_down, 0, NULL) == TROUPE_OK;
}

TROUPE_BEHAVIOUR(
    guest, 0, TROUPE_ON(visit, on_visit), TROUPE_ON_EXIT(on_host_exit));

/* ---- the stage ----------------------------------------------------------- */

static const struct worker firsts[INNER] = {{.inner = 1}, {.inner = 2}};
static const struct troupe_child inner_children[INNER] = {
    TROUPE_CHILD(.name = "c", .behaviour = &worker_behaviour,
        .state = &firsts[0]),
    TROUPE_CHILD(.name = "d", .behaviour = &worker_behaviour,
        .state = &firsts[1]),
};
static const struct troupe_supervisor inner =
    TROUPE_SUPERVISOR(.strategy = TROUPE_REST_FOR_ONE, .restarts_max = 1000,
        TROUPE_CHILDREN(inner_children));
static const struct troupe_child children[] = {
    TROUPE_CHILD(.name = "a", .behaviour = &worker_behaviour),
    TROUPE_CHILD(.name = "b", .behaviour = &worker_behaviour,
        .mailbox = {.messages_high = 3, .messages_low = 1}),
    TROUPE_CHILD(.name = "inner", .supervisor = &inner),
};
static const struct troupe_supervisor tree =
    TROUPE_SUPERVISOR(.restarts_max = 1000, .backoff_ns = 1000,
        TROUPE_CHILDREN(children));

static void
set_up(struct troupe_self *self, void *context)
{
    troupe_pid pids[OUTER + 1];

    (void)context;
    memset(&stage, 0, sizeof(stage));
    stage.runtime = self->runtime;
    TROUPE_CHECK(troupe_supervise(self, &tree, &stage.root, pids));
    memcpy(stage.workers, pids, OUTER * sizeof(pids[0]));
    /* Until they have begun, jobs for them are for others. */
    memcpy(&stage.workers[OUTER], pids, INNER * sizeof(pids[0]));
    TROUPE_CHECK(troupe_spawn(self, guest, &stage.guest));
    TROUPE_CHECK(troupe_tell(self, stage.guest, visit));
    for (int i = 0; i < CLIENTS; i++) {
        TROUPE_CHECK(troupe_spawn(self, client, &stage.clients[i]));
        begin_round(self, stage.clients[i]);
    }
}

static bool
is_alive(struct troupe_explored *run, troupe_pid pid)
{
    return troupe_explored_state_view(run, pid) != NULL;
}

/* What found no memory was not taken. */
static uint64_t
dead_jobs_count(void)
{
    struct troupe_dead_letters_row rows[ROWS_MAX];
    size_t rows_count = troupe_dead_letters_read(stage.runtime, rows, ROWS_MAX);
    uint64_t count = 0;

    CHECK(rows_count <= ROWS_MAX);
    for (size_t i = 0; i < rows_count; i++) {
        if (strcmp(rows[i].message, "job") == 0 &&
            rows[i].cause != TROUPE_DEAD_LETTER_NO_MEMORY) {
            count += rows[i].count;
        }
    }
    return count;
}

/* A client that lives is told; one that does not takes with it whom it was
 * linked with. */
static void
each_end_is_told_once(struct troupe_explored *run)
{
    for (int i = 0; i < stage.helpers_count; i++) {
        const struct helper *helper = &stage.helpers[i];
        bool lives = is_alive(run, helper->pid);

        if (!is_alive(run, helper->client)) {
            TROUPE_EXPLORED_CHECK(run, !(helper->is_linked && lives));
        } else if (helper->told_count != !lives) {
            troupe_explored_fail(run,
                "of the end of helper %d was told %d times", i,
                helper->told_count);
        }
    }
}

static void
the_guest_is_told_of_the_final_end(struct troupe_explored *run)
{
    bool has_ended = !is_alive(run, stage.workers[0]);

    TROUPE_EXPLORED_CHECK(run, stage.exits_told <= has_ended);
    TROUPE_EXPLORED_CHECK(run, stage.downs_told <= has_ended);
    if (is_alive(run, stage.guest) && has_ended) {
        TROUPE_EXPLORED_CHECK(run, stage.exits_told == stage.is_linked);
        TROUPE_EXPLORED_CHECK(run, stage.downs_told == stage.is_watching);
    }
}

/* Of the inner workers one each: a supervisor that starts again has new ones,
 * and those of the life before are let go. */
static int
alive_count(struct troupe_explored *run, int index)
{
    int count = 0;

    for (int i = 0; i < stage.starts_counts[index]; i++) {
        bool is_again = false; /* a pid stays when its supervisor does */

        for (int j = 0; j < i; j++) {
            is_again |= stage.started[index][j] == stage.started[index][i];
        }
        count += !is_again && is_alive(run, stage.started[index][i]);
    }
    return count;
}

static void
the_supervised_live(struct troupe_explored *run)
{
    if (!is_alive(run, stage.root)) {
        return;
    }
    for (int i = 0; i < OUTER; i++) {
        if (!is_alive(run, stage.workers[i])) {
            troupe_explored_fail(run, "worker %d does not live again", i);
        }
    }
    for (int i = 0; i < INNER; i++) {
        if (alive_count(run, i) != 1) {
            troupe_explored_fail(
                run, "inner worker %d lives %d times", i, alive_count(run, i));
        }
    }
}

static void
all_is_well(struct troupe_explored *run, void *context)
{
    (void)context;
    for (int i = 0; i < CLIENTS; i++) {
        const int *rounds_count =
            troupe_explored_state_view(run, stage.clients[i]);

        TROUPE_EXPLORED_CHECK(
            run, rounds_count == NULL || *rounds_count == ROUNDS);
    }
    if (stage.told_count != stage.done_count + dead_jobs_count()) {
        troupe_explored_fail(run, "%d jobs were told, %d done, %d dead letters",
            (int)stage.told_count, (int)stage.done_count,
            (int)dead_jobs_count());
    }
    each_end_is_told_once(run);
    the_guest_is_told_of_the_final_end(run);
    the_supervised_live(run);
}

static void
run_stage(bool reorder)
{
    struct troupe_options runtime = TROUPE_OPTIONS(.crash_ends_process = true,
        .faults = {.kills_count = 4,
            .failed_allocations_count = 4,
            .turns_count = 100,
            .reorder = reorder,
            .delay_ns_max = TROUPE_MS(1)});

    seeds_run(&TROUPE_EXPLORE_OPTIONS(.setup = set_up, .at_end = all_is_well,
        /* A supervisor that has no memory to begin says so. */
        .errors_are_allowed = true, .runtime = &runtime, .steps_max = 10000));
}

/* With reordering a turn is one message, without it is several. */
int
main(void)
{
    run_stage(true);
    run_stage(false);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Actors bound to workers, with threads of their own and without a place are
 * born, told and stopped by the thousand, and slots go from one kind to
 * another while mail for the dead is under way: each runs only where it
 * belongs, each message is handled or a dead letter, and every thread is given
 * back.
 */
#include <pthread.h>
#include <string.h>

#include "actors/runtime.h"
#include "tests/support/check.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

enum {
    WORKERS = 3,
    OWN_THREADS = 4,
    NURSES = 6,
    CHILDREN = 8, /* of a nurse, at a time */
    ROUNDS = FEWER(3000),
    TELLS = 6,
};

#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(visit, NUMBER)
TROUPE_MESSAGE(next_round, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(retire, TROUPE_NO_FIELDS)

static const uint64_t long_ns = TROUPE_SECONDS(100);

static uint64_t visits_count;
static uint64_t told_count;
static uint64_t alone_count;
static uint64_t refused_count;

static void
ignore_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

/* ---- children ------------------------------------------------------------ */

struct child {
    uint64_t place; /* 1 + the only worker's index; 0: none; UINT64_MAX: own */
    bool has_thread;
    pthread_t thread;
};

static void
check_place(struct troupe_self *self, struct child *child)
{
    if (child->place == UINT64_MAX) {
        CHECK(self->worker->is_lone);
    } else {
        CHECK(!self->worker->is_lone);
        CHECK(child->place == 0 || child->place == 1 + self->worker->index);
    }
    if (child->place != 0 && child->has_thread) {
        CHECK(pthread_equal(child->thread, pthread_self()));
    }
    child->thread = pthread_self();
    child->has_thread = true;
}

static void
on_child_start(struct troupe_self *self, void *state)
{
    check_place(self, state);
}

static void
on_visit(struct troupe_self *self, void *state, const struct visit *visit)
{
    (void)visit;
    check_place(self, state);
    ck_pr_inc_64(&visits_count);
}

static void
on_retire(struct troupe_self *self, void *state, const struct retire *retire)
{
    (void)retire;
    check_place(self, state);
    ck_pr_inc_64(&visits_count);
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(child, sizeof(struct child), TROUPE_ON_START(on_child_start),
    TROUPE_ON(visit, on_visit), TROUPE_ON(retire, on_retire));

/* ---- nurses -------------------------------------------------------------- */

struct nurse {
    uint64_t rounds_count;
    troupe_pid children[CHILDREN]; /* the old ones may have been stopped */
};

static troupe_err
spawn_somewhere(struct troupe_self *self, troupe_pid *pid)
{
    uint64_t kind = troupe_random_below(self, WORKERS + 3);
    struct child child = {.place = kind <= WORKERS ? kind : UINT64_MAX};
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.state = &child);

    options.own_thread = kind > WORKERS;
    options.worker = kind <= WORKERS ? (unsigned)kind : 0;
    return troupe_spawn_with(self, child, &options, pid);
}

static void
replace_one(struct troupe_self *self, troupe_pid *place)
{
    troupe_err err;

    if (*place != TROUPE_NO_PID && troupe_random_below(self, 4) == 0) {
        CHECK(troupe_stop(self, *place) == TROUPE_OK);
    } else if (*place != TROUPE_NO_PID) {
        CHECK(troupe_tell(self, *place, retire) == TROUPE_OK);
        ck_pr_inc_64(&told_count);
    }
    err = spawn_somewhere(self, place);
    CHECK(err == TROUPE_OK || err == TROUPE_E_TOO_MANY_THREADS);
    if (err != TROUPE_OK) {
        ck_pr_inc_64(&refused_count);
    }
}

static void
tell_some(struct troupe_self *self, const struct nurse *nurse)
{
    for (int i = 0; i < TELLS; i++) {
        troupe_pid to = nurse->children[troupe_random_below(self, CHILDREN)];

        if (to != TROUPE_NO_PID) {
            CHECK(troupe_tell(self, to, visit, .value = 1) == TROUPE_OK);
            ck_pr_inc_64(&told_count);
        }
    }
}

static void
on_next_round(
    struct troupe_self *self, void *state, const struct next_round *next_round)
{
    struct nurse *nurse = state;
    troupe_pid *place = &nurse->children[troupe_random_below(self, CHILDREN)];

    (void)next_round;
    tell_some(self, nurse);
    replace_one(self, place);
    tell_some(self, nurse);
    if (++nurse->rounds_count < ROUNDS) {
        CHECK(
            troupe_tell(self, troupe_self_pid(self), next_round) == TROUPE_OK);
        return;
    }
    for (int i = 0; i < CHILDREN; i++) {
        if (nurse->children[i] != TROUPE_NO_PID) {
            CHECK(troupe_stop(self, nurse->children[i]) == TROUPE_OK);
        }
    }
}

TROUPE_BEHAVIOUR(
    nurse, sizeof(struct nurse), TROUPE_ON(next_round, on_next_round));

/* ---- the test ------------------------------------------------------------ */

static void
spawn_nurses(struct troupe_self *self)
{
    for (unsigned i = 0; i < NURSES; i++) {
        troupe_pid pid;
        struct troupe_spawn_options options =
            TROUPE_SPAWN_OPTIONS(.worker = i % 2 == 0
                                               ? 0
                                               : TROUPE_WORKER(i % WORKERS));

        CHECK(troupe_spawn_with(self, nurse, &options, &pid) == TROUPE_OK);
        CHECK(troupe_tell(self, pid, next_round) == TROUPE_OK);
    }
}

static uint64_t
dead_count(const struct troupe_stop_report *report)
{
    return report->dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR];
}

int
main(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;

    CHECK(troupe_runtime_create(
              &TROUPE_OPTIONS(.workers_count = WORKERS,
                  .own_threads_max = OWN_THREADS, .log = ignore_line),
              &runtime) == TROUPE_OK);
    CHECK(troupe_runtime_start(runtime) == TROUPE_OK);
    spawn_nurses(troupe_thread_self(runtime));
    CHECK(troupe_runtime_stop(runtime, long_ns, &report) == TROUPE_OK);
    CHECK(report.is_drained);
    CHECK(report.blocked_count == 0);
    CHECK(visits_count + dead_count(&report) == told_count);
    for (unsigned i = 0; i < runtime->own_threads.count; i++) {
        alone_count += runtime->own_threads.threads[i].self->handled_count;
    }
    printf("%llu visits, %llu handled on own threads, %llu to the dead, "
           "%llu spawns refused\n",
        (unsigned long long)visits_count, (unsigned long long)alone_count,
        (unsigned long long)dead_count(&report),
        (unsigned long long)refused_count);
    CHECK(alone_count > 0);
    troupe_runtime_destroy(&runtime);
    return 0;
}

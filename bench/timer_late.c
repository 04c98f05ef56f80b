/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How late does a timer run when nothing else is to be done?
 *
 * One actor sets them all at once, with delays drawn by chance over SPAN_NS. By
 * the contract none is early, and a tick of half a millisecond late.
 */
#include "bench/distribution.h"
#include "bench/finish.h"
#include "bench/schedule.h"

#include <stdlib.h>

#define SPAN_NS TROUPE_MS(500)

#define SETTING(FIELD) FIELD(pid, finish) FIELD(uint64, count)
TROUPE_MESSAGE(set_alarms, SETTING)

static uint64_t *due_ns;   /* as delays, then as times; the actor's */
static uint64_t *waits_ns; /* the actor's until the finish has been told */

struct alarms {
    troupe_pid finish;
    uint64_t count;
    uint64_t run_count;
    uint64_t early_count;
};

static void
on_alarm(struct troupe_self *self, void *state, uint64_t index)
{
    struct alarms *alarms = state;
    uint64_t now_ns = bench_now_ns();

    alarms->early_count += now_ns < due_ns[index];
    waits_ns[index] = now_ns < due_ns[index] ? 0 : now_ns - due_ns[index];
    if (++alarms->run_count == alarms->count) {
        (void)troupe_tell(
            self, alarms->finish, arrived, .value = alarms->early_count);
    }
}

static void
on_set_alarms(
    struct troupe_self *self, void *state, const struct set_alarms *set_alarms)
{
    struct alarms *alarms = state;

    alarms->finish = set_alarms->finish;
    alarms->count = set_alarms->count;
    for (uint64_t i = 0; i < alarms->count; i++) {
        uint64_t now_ns = troupe_now_ns(self);

        TROUPE_CHECK(troupe_after(self, due_ns[i], on_alarm, i, NULL));
        due_ns[i] += now_ns;
    }
}

TROUPE_BEHAVIOUR(
    alarms, sizeof(struct alarms), TROUPE_ON(set_alarms, on_set_alarms));

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    troupe_pid finish = bench_finish_spawn(bench);
    troupe_pid pid;

    due_ns = bench_schedule_create(
        bench->seed, bench->count, SPAN_NS / bench->count);
    waits_ns = calloc(bench->count, sizeof(*waits_ns));
    TROUPE_CHECK(waits_ns == NULL ? TROUPE_E_NO_MEMORY : TROUPE_OK);
    TROUPE_CHECK(troupe_spawn(bench->self, alarms, &pid));
    TROUPE_CHECK(troupe_tell(
        bench->self, pid, set_alarms, .finish = finish, .count = bench->count));
    result->is_right = bench_finish_wait(bench, finish, 1) == 0;
    bench_distribution_tell(waits_ns, bench->count, 1000, result);
    free(waits_ns);
    free(due_ns);
    return true;
}

const struct bench bench_timer_late = {
    .name = "timer-late",
    .question = "how late timers run",
    .unit = "us",
    .count = 2000,
    .parts = bench_distribution_parts,
    .is_random = true,
    .run = run,
};

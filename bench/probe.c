/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/probe.h"

#include "bench/finish.h"
#include "bench/schedule.h"

#include <stdlib.h>

#define SETTING(FIELD)                                                         \
    FIELD(pid, finish) FIELD(uint64, count) FIELD(uint64, work_ns)
TROUPE_MESSAGE(set_probe, SETTING)

/* A message holds no pointer. One probe at a time in a process; the measuring
 * thread reads them when the probe's last notice has been answered for. */
static uint64_t *waits_ns;
static troupe_pid finish;

struct probing {
    troupe_pid finish;
    uint64_t count;
    uint64_t work_ns;
    uint64_t next_number;
    uint64_t ordered_count;
};

static void
on_set_probe(
    struct troupe_self *self, void *state, const struct set_probe *set_probe)
{
    struct probing *probing = state;

    (void)self;
    probing->finish = set_probe->finish;
    probing->count = set_probe->count;
    probing->work_ns = set_probe->work_ns;
}

static void
on_notice(struct troupe_self *self, void *state, const struct notice *notice)
{
    struct probing *probing = state;
    uint64_t now_ns = bench_now_ns();

    waits_ns[notice->number] =
        now_ns > notice->due_ns ? now_ns - notice->due_ns : 0;
    probing->ordered_count += notice->number == probing->next_number;
    probing->next_number++;
    bench_schedule_spin_until(now_ns + probing->work_ns);
    if (probing->next_number == probing->count) {
        (void)troupe_tell(
            self, probing->finish, arrived, .value = probing->ordered_count);
    }
}

TROUPE_BEHAVIOUR(probing, sizeof(struct probing),
    TROUPE_ON(set_probe, on_set_probe), TROUPE_ON(notice, on_notice));

void
bench_probe_open(const struct bench_case *bench, struct bench_probe *probe,
    uint64_t count, uint64_t work_ns)
{
    probe->count = count;
    probe->waits_ns = calloc(count, sizeof(*probe->waits_ns));
    TROUPE_CHECK(probe->waits_ns == NULL ? TROUPE_E_NO_MEMORY : TROUPE_OK);
    waits_ns = probe->waits_ns;
    finish = bench_finish_spawn(bench);
    TROUPE_CHECK(troupe_spawn(bench->self, probing, &probe->pid));
    TROUPE_CHECK(troupe_tell(bench->self, probe->pid, set_probe,
        .finish = finish, .count = count, .work_ns = work_ns));
}

bool
bench_probe_wait(
    const struct bench_case *bench, const struct bench_probe *probe)
{
    return bench_finish_wait(bench, finish, 1) == probe->count;
}

void
bench_probe_close(struct bench_probe *probe)
{
    free(probe->waits_ns);
    probe->waits_ns = NULL;
}

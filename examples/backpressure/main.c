/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backpressure: a source sends far faster than its sink works. Nobody writes a
 * line for it: the runtime pauses the source whenever the sink has too much
 * mail, so memory stays small and nothing is lost.
 */
#include <stdio.h>
#include <troupe/troupe.h>

enum { BURSTS = 200, BURST_ITEMS = 1000 };

#define NUMBER(FIELD) FIELD(uint64, number)
#define BURST(FIELD) FIELD(pid, sink)
TROUPE_MESSAGE(item, NUMBER)
TROUPE_MESSAGE(burst, BURST)

/* It is slow: a little work for each item. */
static void
on_item(struct troupe_self *self, void *state, const struct item *item)
{
    uint64_t *count = state;
    volatile unsigned work = 0;

    for (unsigned i = 0; i < 50; i++) {
        work = work + i;
    }
    *count += 1;
    if (item->number == (uint64_t)BURSTS * BURST_ITEMS) {
        printf("%llu items have come\n", (unsigned long long)*count);
        troupe_runtime_quit(self);
    }
}

TROUPE_BEHAVIOUR(sink, sizeof(uint64_t), TROUPE_ON(item, on_item));

/* It is fast: a thousand items a handler, then the next burst. */
static void
on_burst(struct troupe_self *self, void *state, const struct burst *burst)
{
    uint64_t *sent = state;

    for (int i = 0; i < BURST_ITEMS; i++) {
        troupe_tell(self, burst->sink, item, .number = ++*sent);
    }
    if (*sent < (uint64_t)BURSTS * BURST_ITEMS) {
        troupe_tell(self, troupe_self_pid(self), burst, .sink = burst->sink);
    }
}

TROUPE_BEHAVIOUR(source, sizeof(uint64_t), TROUPE_ON(burst, on_burst));

int
main(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid sink;
    troupe_pid source;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, sink, &sink));
    TROUPE_CHECK(troupe_spawn(self, source, &source));
    TROUPE_CHECK(troupe_tell(self, source, burst, .sink = sink));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), &report));
    troupe_stop_report_print(stdout, &report);
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timers: a kettle that looks at its water each ten seconds, and has somebody
 * come back for the tea. Simulated, so that the minutes pass at once.
 */
#include <stdio.h>
#include <troupe/troupe.h>

TROUPE_MESSAGE(boil, TROUPE_NO_FIELDS)

struct kettle {
    uint64_t since_ns;
    int celsius;
    troupe_timer look;
};

static unsigned
seconds_since(struct troupe_self *self, uint64_t since_ns)
{
    return (unsigned)((troupe_now_ns(self) - since_ns) / TROUPE_SECONDS(1));
}

static void
on_tea(struct troupe_self *self, void *state, uint64_t context)
{
    struct kettle *kettle = state;

    printf("%3u s: the tea has drawn for %u s\n",
        seconds_since(self, kettle->since_ns), (unsigned)context);
    troupe_runtime_quit(self);
}

static void
on_look(struct troupe_self *self, void *state, uint64_t context)
{
    struct kettle *kettle = state;

    kettle->celsius += (int)context;
    printf("%3u s: %d degrees\n", seconds_since(self, kettle->since_ns),
        kettle->celsius);
    if (kettle->celsius >= 100) {
        troupe_timer_cancel(self, &kettle->look);
        TROUPE_CHECK(
            troupe_after(self, TROUPE_SECONDS(180), on_tea, 180, NULL));
    }
}

static void
on_boil(struct troupe_self *self, void *state, const struct boil *boil)
{
    struct kettle *kettle = state;

    (void)boil;
    kettle->since_ns = troupe_now_ns(self);
    kettle->celsius = 16;
    TROUPE_CHECK(
        troupe_every(self, TROUPE_SECONDS(10), on_look, 21, &kettle->look));
}

TROUPE_BEHAVIOUR(kettle, sizeof(struct kettle), TROUPE_ON(boil, on_boil));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, kettle, &pid));
    TROUPE_CHECK(troupe_tell(self, pid, boil));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timers: a kettle that looks at its water each ten seconds, has somebody come
 * back for the tea, and has a guest called a little before. Simulated, so that
 * the minutes pass at once.
 */
#include <stdio.h>
#include <troupe/troupe.h>

#define GUEST(FIELD) FIELD(pid, guest)
TROUPE_MESSAGE(boil, GUEST)
TROUPE_MESSAGE(come, TROUPE_NO_FIELDS)

struct kettle {
    uint64_t since_ns;
    troupe_pid guest;
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
        TROUPE_CHECK(troupe_tell_after(
            self, kettle->guest, TROUPE_SECONDS(170), NULL, come));
    }
}

static void
on_boil(struct troupe_self *self, void *state, const struct boil *boil)
{
    struct kettle *kettle = state;

    kettle->guest = boil->guest;
    kettle->since_ns = troupe_now_ns(self);
    kettle->celsius = 16;
    TROUPE_CHECK(
        troupe_every(self, TROUPE_SECONDS(10), on_look, 21, &kettle->look));
}

TROUPE_BEHAVIOUR(kettle, sizeof(struct kettle), TROUPE_ON(boil, on_boil));

static void
on_come(struct troupe_self *self, void *state, const struct come *come)
{
    (void)self, (void)state, (void)come;
    puts("       a guest is on the way");
}
TROUPE_BEHAVIOUR(guest, 0, TROUPE_ON(come, on_come));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;
    troupe_pid guest;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, kettle, &pid));
    TROUPE_CHECK(troupe_spawn(self, guest, &guest));
    TROUPE_CHECK(troupe_tell(self, pid, boil, .guest = guest));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

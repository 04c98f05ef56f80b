/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ping_pong: two actors send one ball to and fro. A message carries the pid to
 * answer to, and the last stroke ends the program.
 */
#include <stdio.h>
#include <troupe/troupe.h>

#define BALL(FIELD) FIELD(pid, from) FIELD(uint32, strokes_left)
TROUPE_MESSAGE(ball, BALL)

static void
on_ball(struct troupe_self *self, void *state, const struct ball *ball)
{
    uint64_t *strokes = state;

    ++*strokes;
    if (ball->strokes_left == 0) {
        printf("the last stroke is this player's number %llu\n",
            (unsigned long long)*strokes);
        troupe_runtime_quit(self);
        return;
    }
    troupe_tell(self, ball->from, ball, .from = troupe_self_pid(self),
        .strokes_left = ball->strokes_left - 1);
}

TROUPE_BEHAVIOUR(player, sizeof(uint64_t), TROUPE_ON(ball, on_ball));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid ping;
    troupe_pid pong;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, player, &ping));
    TROUPE_CHECK(troupe_spawn(self, player, &pong));
    TROUPE_CHECK(
        troupe_tell(self, ping, ball, .from = pong, .strokes_left = 99999));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

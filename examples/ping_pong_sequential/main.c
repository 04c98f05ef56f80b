/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ping_pong_sequential: as ping_pong, but each player is one function, from its
 * first stroke to its last. The one that serves starts the other.
 */
#include <stdio.h>
#include <troupe/troupe.h>

#define BALL(FIELD) FIELD(uint32, strokes_left)
TROUPE_MESSAGE(ball, BALL)

static void
play(struct troupe_self *self, void *state)
{
    struct ball ball;
    unsigned strokes = 0;

    (void)state;
    for (;;) {
        TROUPE_CHECK(troupe_receive_only(self, ball, &ball, TROUPE_FOREVER));
        strokes++;
        if (ball.strokes_left == 0) {
            break;
        }
        troupe_tell(self, troupe_sender(self), ball,
            .strokes_left = ball.strokes_left - 1);
    }
    printf("the last stroke is this player's number %u\n", strokes);
    troupe_runtime_quit(self);
}

TROUPE_PROCESS(player, 0, play);

static void
serve(struct troupe_self *self, void *state)
{
    troupe_pid other;

    TROUPE_CHECK(troupe_spawn(self, player, &other));
    troupe_tell(self, other, ball, .strokes_left = 99999);
    play(self, state);
}

TROUPE_PROCESS(server, 0, serve);

int
main(void)
{
    struct troupe_runtime *runtime;
    troupe_pid pid;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn(troupe_thread_self(runtime), server, &pid));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observer: a game of ping-pong, drawn while it is played. The players know
 * nothing of it: an observer is told of each message, and draws a line for it,
 * with a column for each actor.
 */
#include <stdio.h>
#include <troupe/troupe.h>

/* ---- the game ------------------------------------------------------------ */

#define BALL(FIELD) FIELD(pid, from) FIELD(uint32, strokes_left)
TROUPE_MESSAGE(ball, BALL)

static void
on_ball(struct troupe_self *self, void *state, const struct ball *ball)
{
    (void)state;
    if (ball->strokes_left > 0) {
        troupe_tell(self, ball->from, ball, .from = troupe_self_pid(self),
            .strokes_left = ball->strokes_left - 1);
    } else {
        troupe_stop(self, troupe_self_pid(self));
    }
}

TROUPE_BEHAVIOUR(player, 0, TROUPE_ON(ball, on_ball));

/* ---- the drawing --------------------------------------------------------- */

enum { COLUMN_WIDTH = 16, COLUMNS_COUNT = 3 };

/* A line with a mark in the column of the actor, and words behind it. */
static void
draw(troupe_pid actor, char mark, const char *verb, const char *what)
{
    unsigned column = troupe_pid_slot(actor); /* 0: main's thread */

    for (unsigned i = 0; i < COLUMNS_COUNT; i++) {
        printf("%-*c", COLUMN_WIDTH, i == column ? mark : '|');
    }
    printf("%s %s\n", verb, what);
}

static void
on_start(void *context, const struct troupe_observed_actor *actor)
{
    (void)context;
    draw(actor->actor, 'o', "starts:", actor->behaviour);
}

static void
on_stop(void *context, const struct troupe_observed_actor *actor,
    const struct troupe_exit *why)
{
    char text[100];

    (void)context;
    troupe_exit_print(text, sizeof(text), why);
    draw(actor->actor, 'x', "ends:", text);
}

static void
on_send(void *context, const struct troupe_observed_message *message)
{
    char text[100];

    (void)context;
    troupe_message_print(text, sizeof(text), message->message);
    draw(message->sender, message->receiver > message->sender ? '>' : '<',
        "sends", text);
}

static void
on_begin(void *context, const struct troupe_observed_message *message)
{
    (void)context;
    draw(message->receiver, '*', "handles", message->name);
}

static const struct troupe_observer drawing = TROUPE_OBSERVER(.start = on_start,
    .stop = on_stop, .send = on_send, .begin = on_begin);

/* In a simulation, so that the drawing is the same each time. */
int
main(void)
{
    struct troupe_options options =
        TROUPE_OPTIONS(.simulate = true, .seed = 1, .observer = &drawing);
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid ping;
    troupe_pid pong;

    printf("%-*s%-*s%s\n", COLUMN_WIDTH, "main", COLUMN_WIDTH, "ping", "pong");
    TROUPE_CHECK(troupe_runtime_create(&options, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, player, &ping));
    TROUPE_CHECK(troupe_spawn(self, player, &pong));
    TROUPE_CHECK(
        troupe_tell(self, ping, ball, .from = pong, .strokes_left = 3));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_dump(runtime, NULL, stdout));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A duo that ends together, a stage manager who lives on, and a critic who
 * watches: links, a trapped exit, a monitor, stop handlers. Simulated, so that
 * it prints the same each time.
 */
#include <stdio.h>
#include <troupe/troupe.h>

#define PARTNER(FIELD) FIELD(pid, actor)
#define TUNE(FIELD) FIELD(uint32, bars)
TROUPE_MESSAGE(play_with, PARTNER)
TROUPE_MESSAGE(play, TUNE)
TROUPE_MESSAGE(review, PARTNER)

struct player {
    const char *name;
};

static void
on_play_with(
    struct troupe_self *self, void *state, const struct play_with *play_with)
{
    (void)state;
    TROUPE_CHECK(troupe_link(self, play_with->actor));
}

static void
on_play(struct troupe_self *self, void *state, const struct play *play)
{
    const struct player *player = state;

    if (play->bars > 16) {
        troupe_fail(self, 1, "a string broke in bar 17");
        return;
    }
    printf("%s: %u bars\n", player->name, (unsigned)play->bars);
}

static void
print_end(const char *who, const char *verb, const struct troupe_exit *why)
{
    char text[100];

    troupe_exit_print(text, sizeof(text), why);
    printf("%s %s: %s\n", who, verb, text);
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    const struct player *player = state;

    (void)self;
    print_end(player->name, "leaves", why);
}
TROUPE_BEHAVIOUR(player, sizeof(struct player),
    TROUPE_ON(play_with, on_play_with), TROUPE_ON(play, on_play),
    TROUPE_ON_STOP(on_stop));

/* With this line it is told of the end of whom it is linked with. */
static void
on_exit_of_player(struct troupe_self *self, void *state, troupe_pid actor,
    const struct troupe_exit *why)
{
    (void)self, (void)state, (void)actor;
    print_end("manager", "hears that a player", why);
}
TROUPE_BEHAVIOUR(manager, 0, TROUPE_ON(play_with, on_play_with),
    TROUPE_ON_EXIT(on_exit_of_player));

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)self, (void)state, (void)context;
    print_end("critic", "writes that the pianist", down->why);
}

static void
on_review(struct troupe_self *self, void *state, const struct review *review)
{
    (void)state;
    TROUPE_CHECK(troupe_monitor(self, review->actor, on_down, 0, NULL));
}
TROUPE_BEHAVIOUR(critic, 0, TROUPE_ON(review, on_review));

static troupe_pid
engage(struct troupe_self *self, const char *name)
{
    struct player state = {name};
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, player, &TROUPE_SPAWN_OPTIONS(.state = &state), &pid));
    return pid;
}

static void
ignore_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

int
main(void)
{
    struct troupe_runtime *runtime;
    troupe_pid violin, piano, stage, reporter;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 8, .log = ignore_line),
        &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    struct troupe_self *self = troupe_thread_self(runtime);
    violin = engage(self, "violin");
    piano = engage(self, "piano");
    TROUPE_CHECK(troupe_spawn(self, manager, &stage));
    TROUPE_CHECK(troupe_spawn(self, critic, &reporter));
    TROUPE_CHECK(troupe_tell(self, reporter, review, .actor = piano));
    TROUPE_CHECK(troupe_tell(self, stage, play_with, .actor = piano));
    TROUPE_CHECK(troupe_tell(self, violin, play_with, .actor = piano));
    TROUPE_CHECK(troupe_tell(self, violin, play, .bars = 12));
    TROUPE_CHECK(troupe_tell(self, violin, play, .bars = 20));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many ends at once, on several workers: a chain and a star of linked actors
 * fall to the last one, and of thousands of monitors each fires once, or was
 * ended before and does not fire.
 */
#include <ck_pr.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

enum { CASCADE_COUNT = FEWER(100000) };

static const uint64_t long_ns = TROUPE_SECONDS(100);

static void
ignore_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static struct troupe_runtime *runtime;
static struct troupe_self *self_outside;

static void
begin(void)
{
    struct troupe_options options =
        TROUPE_OPTIONS(.workers_count = 4, .log = ignore_line);

    CHECK(troupe_runtime_create(&options, &runtime) == TROUPE_OK);
    CHECK(troupe_runtime_start(runtime) == TROUPE_OK);
    self_outside = troupe_thread_self(runtime);
    CHECK(self_outside != NULL);
}

static void
finish(uint64_t alive_count)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;

    CHECK(troupe_runtime_stop(runtime, long_ns, &report) == TROUPE_OK);
    CHECK(report.is_drained);
    CHECK(report.actors_alive_count == alive_count);
    troupe_runtime_destroy(&runtime);
}

/* ---- cascades ------------------------------------------------------------ */

TROUPE_MESSAGE(fall, TROUPE_NO_FIELDS)

static uint64_t fallen_count;

struct link_state {
    uint64_t left; /* how many more the chain is to have */
};

static void on_link_start(struct troupe_self *self, void *state);

static void
on_fall(struct troupe_self *self, void *state, const struct fall *fall)
{
    (void)state, (void)fall;
    troupe_fail(self, 7, "and all with it");
}

static void
on_link_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)self, (void)state;
    CHECK(why->kind == TROUPE_EXIT_FAILED && why->code == 7);
    CHECK(strcmp(why->text, "and all with it") == 0);
    ck_pr_inc_64(&fallen_count);
}

TROUPE_BEHAVIOUR(chain_link, sizeof(struct link_state),
    TROUPE_ON_START(on_link_start), TROUPE_ON(fall, on_fall),
    TROUPE_ON_STOP(on_link_stop));

/* Each spawns the next one and is linked with it; the last one lets all fall.
 */
static void
on_link_start(struct troupe_self *self, void *state)
{
    const struct link_state *link = state;
    struct link_state next = {link->left - 1};
    struct troupe_spawn_options options =
        TROUPE_SPAWN_OPTIONS(.state = &next, .link = true);
    troupe_pid pid;

    if (link->left > 0) {
        CHECK(troupe_spawn_with(self, chain_link, &options, &pid) == TROUPE_OK);
    } else {
        CHECK(troupe_tell(self, troupe_self_pid(self), fall) == TROUPE_OK);
    }
}

static void
a_chain_of_linked_actors_falls_to_the_last_one(void)
{
    struct link_state first = {CASCADE_COUNT - 1};
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.state = &first);
    troupe_pid pid;

    fallen_count = 0;
    begin();
    CHECK(troupe_spawn_with(self_outside, chain_link, &options, &pid) ==
          TROUPE_OK);
    finish(0);
    CHECK(ck_pr_load_64(&fallen_count) == CASCADE_COUNT);
}

struct hub {
    uint64_t rays_count;
};

TROUPE_BEHAVIOUR(ray, 0, TROUPE_ON_STOP(on_link_stop));

static void
on_hub_start(struct troupe_self *self, void *state)
{
    const struct hub *hub = state;
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.link = true);
    troupe_pid pid;

    for (uint64_t i = 0; i < hub->rays_count; i++) {
        CHECK(troupe_spawn_with(self, ray, &options, &pid) == TROUPE_OK);
    }
    CHECK(troupe_tell(self, troupe_self_pid(self), fall) == TROUPE_OK);
}
TROUPE_BEHAVIOUR(hub, sizeof(struct hub), TROUPE_ON_START(on_hub_start),
    TROUPE_ON(fall, on_fall), TROUPE_ON_STOP(on_link_stop));

static void
a_star_of_linked_actors_falls_with_its_middle(void)
{
    struct hub state = {CASCADE_COUNT - 1};
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.state = &state);
    troupe_pid pid;

    fallen_count = 0;
    begin();
    CHECK(troupe_spawn_with(self_outside, hub, &options, &pid) == TROUPE_OK);
    finish(0);
    CHECK(ck_pr_load_64(&fallen_count) == CASCADE_COUNT);
}

/* ---- monitors at random -------------------------------------------------- */

enum { WATCHERS_COUNT = 40, TURNS_COUNT = 300, TARGETS_COUNT = 16 };
enum { MONITORS_COUNT = WATCHERS_COUNT * TURNS_COUNT };

/* By the watcher of the monitor only; read when no worker runs. */
static struct {
    uint8_t fired_count;
    bool was_ended;
} monitors[MONITORS_COUNT];

#define TURN(FIELD) FIELD(uint64, left)
TROUPE_MESSAGE(turn, TURN)

struct watcher {
    uint64_t number;
    troupe_pid targets[TARGETS_COUNT];
    troupe_monitor_id last;
    uint64_t last_place;
};

TROUPE_BEHAVIOUR(target, 0, TROUPE_ON(fall, on_fall));

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    struct watcher *watcher = state;

    (void)self, (void)down;
    CHECK(context / TURNS_COUNT == watcher->number);
    monitors[context].fired_count++;
}

/* Watches one, ends the monitor before perhaps, lets another end perhaps. */
static void
on_turn(struct troupe_self *self, void *state, const struct turn *turn)
{
    struct watcher *watcher = state;
    uint64_t place = watcher->number * TURNS_COUNT + turn->left;
    troupe_pid *to =
        &watcher->targets[troupe_random_below(self, TARGETS_COUNT)];

    if (watcher->last != 0 && troupe_random_below(self, 3) == 0) {
        /* One that has fired before stays fired. */
        monitors[watcher->last_place].was_ended = true;
        troupe_demonitor(self, &watcher->last);
    }
    CHECK(
        troupe_monitor(self, *to, on_down, place, &watcher->last) == TROUPE_OK);
    watcher->last_place = place;
    if (troupe_random_below(self, 4) == 0) {
        (void)(troupe_random_below(self, 2) == 0
                   ? troupe_kill(self, *to)
                   : troupe_tell(self, *to, fall));
        if (troupe_random_below(self, 2) == 0) {
            CHECK(troupe_spawn(self, target, to) == TROUPE_OK);
        }
    }
    if (turn->left > 0) {
        CHECK(troupe_tell(self, troupe_self_pid(self), turn,
                  .left = turn->left - 1) == TROUPE_OK);
    } else {
        for (int i = 0; i < TARGETS_COUNT; i++) {
            CHECK(troupe_kill(self, watcher->targets[i]) == TROUPE_OK);
        }
    }
}
TROUPE_BEHAVIOUR(watcher, sizeof(struct watcher), TROUPE_ON(turn, on_turn));

static void
each_monitor_fires_once_or_was_ended(void)
{
    struct watcher state = {0};
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.state = &state);
    troupe_pid pid;

    begin();
    for (int i = 0; i < TARGETS_COUNT; i++) {
        CHECK(
            troupe_spawn(self_outside, target, &state.targets[i]) == TROUPE_OK);
    }
    for (uint64_t i = 0; i < WATCHERS_COUNT; i++) {
        state.number = i;
        CHECK(troupe_spawn_with(self_outside, watcher, &options, &pid) ==
              TROUPE_OK);
        CHECK(troupe_tell(self_outside, pid, turn, .left = TURNS_COUNT - 1) ==
              TROUPE_OK);
    }
    finish(WATCHERS_COUNT);
    for (int i = 0; i < MONITORS_COUNT; i++) {
        CHECK(monitors[i].was_ended ? monitors[i].fired_count <= 1
                                    : monitors[i].fired_count == 1);
    }
}

int
main(void)
{
    a_chain_of_linked_actors_falls_to_the_last_one();
    a_star_of_linked_actors_falls_with_its_middle();
    each_monitor_fires_once_or_was_ended();
    return 0;
}

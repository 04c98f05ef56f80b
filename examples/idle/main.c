/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * idle: a room for each guest, which is put away when nobody has come for ten
 * minutes, and opened again for the next visit. Nobody but the porter knows the
 * rooms, so no visit is lost. Simulated, so that the minutes pass at once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <troupe/troupe.h>

enum { ROOMS_COUNT = 3 };

#define ROOM(FIELD) FIELD(uint8, number)
#define KEY(FIELD) FIELD(uint8, number) FIELD(uint32, visits_count)
TROUPE_MESSAGE(visit, ROOM)
TROUPE_MESSAGE(may_close, ROOM) /* room to porter: nobody comes any more */
TROUPE_MESSAGE(close_up, TROUPE_NO_FIELDS) /* porter to room: then close */
TROUPE_MESSAGE(key, KEY)                   /* room to porter: what to keep */

static void
print_time(struct troupe_self *self)
{
    printf("%3" PRIu64 " min: ", troupe_now_ns(self) / TROUPE_SECONDS(60));
}

/* ---- a room -------------------------------------------------------------- */

struct room {
    troupe_pid porter;
    uint32_t visits_count;
    uint8_t number;
};

static void
on_idle(struct troupe_self *self, void *state, uint64_t context)
{
    const struct room *room = state;

    (void)context;
    (void)troupe_idle_cancel(self); /* it has been said */
    TROUPE_CHECK(
        troupe_tell(self, room->porter, may_close, .number = room->number));
}

static void
on_room_start(struct troupe_self *self, void *state)
{
    (void)state;
    TROUPE_CHECK(troupe_when_idle(self, TROUPE_SECONDS(600), on_idle, 0));
}

static void
on_visit(struct troupe_self *self, void *state, const struct visit *visit)
{
    struct room *room = state;

    (void)visit;
    print_time(self);
    printf("room %u, visit %u\n", room->number, ++room->visits_count);
}

/* Whatever the porter has sent before has been handled. */
static void
on_close_up(
    struct troupe_self *self, void *state, const struct close_up *close_up)
{
    const struct room *room = state;

    (void)close_up;
    print_time(self);
    printf("room %u is closed\n", room->number);
    TROUPE_CHECK(troupe_tell(self, room->porter, key, .number = room->number,
        .visits_count = room->visits_count));
    TROUPE_CHECK(troupe_stop(self, troupe_self_pid(self)));
}

TROUPE_BEHAVIOUR(room, sizeof(struct room), TROUPE_ON_START(on_room_start),
    TROUPE_ON(visit, on_visit), TROUPE_ON(close_up, on_close_up));

/* ---- the porter ---------------------------------------------------------- */

struct porter {
    struct {
        troupe_pid pid; /* TROUPE_NO_PID: closed */
        uint32_t visits_count;
        bool is_closing;
    } rooms[ROOMS_COUNT];
};

static void
open_room(struct troupe_self *self, struct porter *porter, uint8_t number)
{
    struct room first = {
        troupe_self_pid(self), porter->rooms[number].visits_count, number};

    print_time(self);
    printf("room %u is opened\n", number);
    TROUPE_CHECK(troupe_spawn_with(self, room,
        &TROUPE_SPAWN_OPTIONS(.state = &first), &porter->rooms[number].pid));
}

static void
on_visit_of_porter(
    struct troupe_self *self, void *state, const struct visit *visit)
{
    struct porter *porter = state;

    if (porter->rooms[visit->number].is_closing) {
        TROUPE_CHECK(troupe_stash(self)); /* until its key is here */
        return;
    }
    if (porter->rooms[visit->number].pid == TROUPE_NO_PID) {
        open_room(self, porter, visit->number);
    }
    TROUPE_CHECK(troupe_tell(self, porter->rooms[visit->number].pid, visit,
        .number = visit->number));
}

static void
on_may_close(
    struct troupe_self *self, void *state, const struct may_close *may_close)
{
    struct porter *porter = state;

    porter->rooms[may_close->number].is_closing = true;
    TROUPE_CHECK(
        troupe_tell(self, porter->rooms[may_close->number].pid, close_up));
}

static void
on_key(struct troupe_self *self, void *state, const struct key *key)
{
    struct porter *porter = state;

    porter->rooms[key->number].pid = TROUPE_NO_PID;
    porter->rooms[key->number].visits_count = key->visits_count;
    porter->rooms[key->number].is_closing = false;
    (void)troupe_unstash(self);
}

TROUPE_BEHAVIOUR(porter, sizeof(struct porter),
    TROUPE_ON(visit, on_visit_of_porter), TROUPE_ON(may_close, on_may_close),
    TROUPE_ON(key, on_key));

/* ---- the guests ---------------------------------------------------------- */

int
main(void)
{
    static const struct {
        uint8_t room;
        unsigned minute;
    } visits[] = {{0, 1}, {1, 2}, {0, 8}, {0, 17}, {1, 40}, {0, 60}};
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, porter, &pid));
    for (size_t i = 0; i < sizeof(visits) / sizeof(visits[0]); i++) {
        TROUPE_CHECK(
            troupe_tell_after(self, pid, TROUPE_SECONDS(60 * visits[i].minute),
                NULL, visit, .number = visits[i].room));
    }
    troupe_runtime_wait(runtime); /* until nothing is left to do */
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

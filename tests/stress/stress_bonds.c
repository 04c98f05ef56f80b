/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: on threads too, each monitor that was not ended fires exactly once, and
 * each link tells each survivor exactly once, whoever ends when and why.
 *
 * Method: a few dozen seats, each with an actor. Drivers tell them to link,
 * unlink, watch, look away, fail, stop or kill, at random; some of it concerns
 * actors that ended long ago. A census watches everybody and puts a new actor
 * in each seat that falls empty. Each life writes down what it did and what it
 * was told; what it wrote is compared when all is over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

enum {
    WORKERS_COUNT = 4,
    ROUNDS_COUNT = 30,
    SEATS_COUNT = 48,
    DRIVERS_COUNT = 4,
    LIVES_MAX = 5000,
    FRIENDS_MAX = 24,
    LINKS_MAX = 12, /* that an actor makes itself */
    WATCHES_MAX = 12,
    BURST_COUNT = 10,
};

#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(act, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(drive, NUMBER)

enum word { NOTHING, LINKED, UNLINKED };

struct friend
{
    troupe_pid pid;
    enum word last_word; /* of this life to the friend */
    bool is_told;        /* since it last said LINKED */
};

struct watched {
    unsigned life;
    troupe_monitor_id monitor; /* 0: ended */
    unsigned told_count;
    bool is_ended;
};

/* Written by its actor, but for what the census knows. */
static struct life {
    troupe_pid pid;
    bool traps;
    unsigned census_told_count;
    enum troupe_exit_kind why;
    unsigned friends_count;
    unsigned links_count;
    unsigned watches_count;
    struct friend friends[FRIENDS_MAX];
    struct watched watches[WATCHES_MAX];
} lives[LIVES_MAX];

static unsigned lives_count; /* the census's */
/* Who sits there. Written by the census once the life is filled in. */
static _Atomic(unsigned) seats[SEATS_COUNT];

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

/* ---- a life -------------------------------------------------------------- */

static unsigned
somebody(struct troupe_self *self)
{
    unsigned life = atomic_load(&seats[troupe_random_below(self, SEATS_COUNT)]);

    /* Now and then one from before. */
    return troupe_random_below(self, 8) == 0
               ? (unsigned)troupe_random_below(self, life + 1)
               : life;
}

static struct friend *
friend_of(struct life *life, troupe_pid pid)
{
    for (unsigned i = 0; i < life->friends_count; i++) {
        if (life->friends[i].pid == pid) {
            return &life->friends[i];
        }
    }
    if (life->friends_count == FRIENDS_MAX) {
        return NULL;
    }
    life->friends[life->friends_count] = (struct friend){.pid = pid};
    return &life->friends[life->friends_count++];
}

static void
link_with(struct troupe_self *self, struct life *life, const struct life *other)
{
    struct friend *friend;

    if (other == life || life->links_count == LINKS_MAX ||
        (friend = friend_of(life, other->pid)) == NULL) {
        return;
    }
    life->links_count++;
    CHECK(troupe_link(self, other->pid) == TROUPE_OK);
    friend->last_word = LINKED;
    friend->is_told = false;
}

static void
unlink_from(struct troupe_self *self, struct life *life)
{
    struct friend *friend;

    if (life->friends_count == 0) {
        return;
    }
    friend = &life->friends[troupe_random_below(self, life->friends_count)];
    troupe_unlink(self, friend->pid);
    friend->last_word = UNLINKED;
}

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    struct life *life = &lives[*(unsigned *)state];
    struct watched *watched = &life->watches[context];

    (void)self;
    CHECK(context < life->watches_count);
    CHECK(watched->monitor == down->monitor && !watched->is_ended);
    CHECK(lives[watched->life].pid == down->actor);
    CHECK(++watched->told_count == 1);
}

static void
watch(struct troupe_self *self, struct life *life, unsigned other)
{
    struct watched *watched = &life->watches[life->watches_count];

    if (life->watches_count == WATCHES_MAX) {
        return;
    }
    *watched = (struct watched){.life = other};
    CHECK(troupe_monitor(self, lives[other].pid, on_down, life->watches_count,
              &watched->monitor) == TROUPE_OK);
    life->watches_count++;
}

static void
look_away(struct troupe_self *self, struct life *life)
{
    struct watched *watched;
    troupe_monitor_id monitor;

    if (life->watches_count == 0) {
        return;
    }
    watched = &life->watches[troupe_random_below(self, life->watches_count)];
    monitor = watched->monitor;
    troupe_demonitor(self, &monitor);
    watched->is_ended |= watched->told_count == 0;
}

static void
on_act(struct troupe_self *self, void *state, const struct act *act)
{
    unsigned number = *(unsigned *)state;
    struct life *life = &lives[number];
    unsigned other = somebody(self);
    uint64_t chance = troupe_random_below(self, 100);

    (void)act;
    if (chance < 40) {
        link_with(self, life, &lives[other]);
    } else if (chance < 48) {
        unlink_from(self, life);
    } else if (chance < 75) {
        watch(self, life, other);
    } else if (chance < 88) {
        look_away(self, life);
    } else if (chance < 91) {
        troupe_fail(self, (int)number, "life %u", number);
    } else if (chance < 94) {
        CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
    } else {
        CHECK(troupe_kill(self, lives[other].pid) == TROUPE_OK);
    }
}

static void
on_exit_of_friend(struct troupe_self *self, void *state, troupe_pid pid,
    const struct troupe_exit *why)
{
    struct friend *friend = friend_of(&lives[*(unsigned *)state], pid);

    (void)self;
    CHECK(why->kind != TROUPE_EXIT_FAILED || why->text[0] == 'l');
    if (friend != NULL) {
        CHECK(!friend->is_told);
        friend->is_told = true;
    }
}

TROUPE_BEHAVIOUR(follower, sizeof(unsigned), TROUPE_ON(act, on_act));
TROUPE_BEHAVIOUR(trapper, sizeof(unsigned), TROUPE_ON(act, on_act),
    TROUPE_ON_EXIT(on_exit_of_friend));

/* ---- the census, and who drives ------------------------------------------ */

static void sit_down(struct troupe_self *self, unsigned seat);

static void
on_death(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    struct life *life = &lives[context / SEATS_COUNT];

    (void)state;
    CHECK(life->pid == down->actor);
    CHECK(++life->census_told_count == 1);
    life->why = down->why->kind;
    sit_down(self, (unsigned)(context % SEATS_COUNT));
}

static void
sit_down(struct troupe_self *self, unsigned seat)
{
    unsigned number = lives_count;
    struct life *life = &lives[number];
    struct troupe_spawn_options options =
        TROUPE_SPAWN_OPTIONS(.state = &number);

    if (number == LIVES_MAX) {
        return;
    }
    lives_count++;
    life->traps = troupe_random_below(self, 2) == 0;
    CHECK(troupe_spawn_behaviour(self,
              life->traps ? &trapper_behaviour : &follower_behaviour, &options,
              &life->pid) == TROUPE_OK);
    CHECK(troupe_monitor(self, life->pid, on_death,
              (uint64_t)number * SEATS_COUNT + seat, NULL) == TROUPE_OK);
    atomic_store(&seats[seat], number);
}

static void
on_drive(struct troupe_self *self, void *state, const struct drive *drive)
{
    (void)state;
    for (int i = 0; i < BURST_COUNT; i++) {
        troupe_pid to =
            lives[atomic_load(&seats[troupe_random_below(self, SEATS_COUNT)])]
                .pid;

        CHECK(troupe_tell(self, to, act) == TROUPE_OK);
    }
    CHECK(troupe_tell(self, troupe_sender(self), drive,
              .value = drive->value) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(driver, 0, TROUPE_ON(drive, on_drive));

/* By way of the census, so that it fills the seats meanwhile. */
static void
on_drive_on(struct troupe_self *self, void *state, const struct drive *drive)
{
    (void)state;
    if (drive->value > 1) {
        CHECK(troupe_tell(self, troupe_sender(self), drive,
                  .value = drive->value - 1) == TROUPE_OK);
    }
}

static void
on_census_start(struct troupe_self *self, void *state)
{
    (void)state;
    for (unsigned i = 0; i < SEATS_COUNT; i++) {
        sit_down(self, i);
    }
    for (int i = 0; i < DRIVERS_COUNT; i++) {
        troupe_pid driver;

        CHECK(troupe_spawn(self, driver, &driver) == TROUPE_OK);
        CHECK(troupe_tell(self, driver, drive,
                  .value = IS_SANITIZED ? 150 : 2000) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(
    census, 0, TROUPE_ON_START(on_census_start), TROUPE_ON(drive, on_drive_on));

/* ---- when all is over ---------------------------------------------------- */

static bool
is_dead(const struct life *life)
{
    return life->census_told_count == 1;
}

static struct {
    troupe_pid pid;
    struct life *life;
} by_pid[LIVES_MAX];

static int
compare_pids(const void *a, const void *b)
{
    troupe_pid left = *(const troupe_pid *)a;
    troupe_pid right = *(const troupe_pid *)b;

    return (left > right) - (left < right);
}

static void
sort_lives(void)
{
    for (unsigned i = 0; i < lives_count; i++) {
        by_pid[i].pid = lives[i].pid;
        by_pid[i].life = &lives[i];
    }
    qsort(by_pid, lives_count, sizeof(by_pid[0]), compare_pids);
}

static struct life *
find(troupe_pid pid)
{
    void *found =
        bsearch(&pid, by_pid, lives_count, sizeof(by_pid[0]), compare_pids);

    CHECK(found != NULL);
    return by_pid[((char *)found - (char *)by_pid) / (long)sizeof(by_pid[0])]
        .life;
}

/* What a life said last to another, and whether it was told of its end. */
static struct friend view(const struct life *life, const struct life *other)
{
    for (unsigned i = 0; i < life->friends_count; i++) {
        if (life->friends[i].pid == other->pid) {
            return life->friends[i];
        }
    }
    return (struct friend){.pid = other->pid};
}

/* True: it was to be told, or to follow. */
static bool
check_link(const struct life *survivor, const struct life *dead)
{
    struct friend mine = view(survivor, dead);
    struct friend theirs = view(dead, survivor);

    if (is_dead(survivor) || !is_dead(dead) ||
        survivor->friends_count == FRIENDS_MAX || mine.last_word == UNLINKED ||
        theirs.last_word == UNLINKED ||
        (mine.last_word != LINKED && theirs.last_word != LINKED)) {
        return false;
    }
    if (survivor->traps) {
        CHECK(mine.is_told);
    } else {
        CHECK(dead->why == TROUPE_EXIT_NORMAL);
    }
    return true;
}

static void
check_watches(const struct life *life)
{
    for (unsigned i = 0; i < life->watches_count; i++) {
        const struct watched *watched = &life->watches[i];
        bool is_due = !watched->is_ended && is_dead(&lives[watched->life]);

        CHECK(watched->told_count <= is_due);
        CHECK(is_dead(life) || watched->told_count == is_due);
    }
}

/* How many links had to tell somebody who lives to the end of it. */
static unsigned
check_lives(void)
{
    unsigned links_count = 0;
    unsigned dead_count = 0;

    sort_lives();
    for (unsigned i = 0; i < lives_count; i++) {
        const struct life *life = &lives[i];

        dead_count += is_dead(life);
        check_watches(life);
        for (unsigned k = 0; k < life->friends_count; k++) {
            const struct life *other = find(life->friends[k].pid);

            links_count += check_link(life, other);
            links_count += check_link(other, life);
        }
    }
    CHECK(lives_count - dead_count <= SEATS_COUNT);
    return links_count;
}

static unsigned
run(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    troupe_pid pid;

    lives_count = 0;
    memset(lives, 0, sizeof(lives));
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.workers_count = WORKERS_COUNT, .log = keep_quiet),
        &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn(troupe_thread_self(runtime), census, &pid));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(100), &report));
    assert_true(report.is_drained);
    troupe_runtime_destroy(&runtime);
    return check_lives();
}

static void
each_end_is_told_once_to_each_who_is_concerned(void **state)
{
    unsigned links_count = run(); /* registers what stays for ever */
    uint64_t blocks = tp_memory_blocks_count();

    (void)state;
    for (int i = 1; i < ROUNDS_COUNT; i++) {
        links_count += run();
        assert_int_equal(tp_memory_blocks_count(), blocks);
    }
    print_message(
        "%u links had to tell somebody who lives to the end\n", links_count);
    assert_true(links_count > 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_is_told_once_to_each_who_is_concerned),
    };
    return cmocka_run_group_tests_name("bonds", tests, NULL, NULL);
}

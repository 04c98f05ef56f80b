/* SPDX-License-Identifier: BSD-2-Clause */
/* switch: what it costs to go on with somebody else. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE_SET_BYTES = 256 << 10, LINE_BYTES = 64 };

struct result {
    double ns_each;
    double switches_each; /* in the kernel */
    uint64_t turns_count;
};

static uint64_t
touch(volatile char *bytes, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i += LINE_BYTES) {
        bytes[i]++;
        sum += (uint64_t)bytes[i];
    }
    return sum;
}

/* ---- two threads, or processes, on one processor ------------------------- */

struct table {
    sem_t turns[2];
    uint64_t turns_count[2];
    uint64_t rounds_count;
    size_t set_bytes;
};

static void
take_turns(void *context, unsigned index)
{
    struct table *table = context;
    volatile char *set = calloc(1, LARGE_SET_BYTES);

    threads_bind(0);
    for (uint64_t i = 0; i < table->rounds_count; i++) {
        sem_wait(&table->turns[index]);
        (void)touch(set, table->set_bytes);
        table->turns_count[index]++;
        sem_post(&table->turns[1 - index]);
    }
    free((void *)(uintptr_t)set);
}

static struct table *
lay_table(uint64_t rounds_count, size_t set_bytes)
{
    struct table *table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (table == MAP_FAILED) {
        abort();
    }
    *table =
        (struct table){.rounds_count = rounds_count, .set_bytes = set_bytes};
    sem_init(&table->turns[0], 1, 1);
    sem_init(&table->turns[1], 1, 0);
    return table;
}

static struct result
clear_table(struct table *table, uint64_t start_ns, uint64_t switches_count)
{
    uint64_t turns = table->turns_count[0] + table->turns_count[1];
    struct result result = {
        .ns_each = (double)(timing_now_ns() - start_ns) / (double)turns,
        .switches_each =
            (double)(timing_switches_count() - switches_count) / (double)turns,
        .turns_count = turns,
    };

    munmap(table, sizeof(*table));
    return result;
}

/* broken: by the kernel, each time */
static struct result
by_threads(uint64_t rounds_count, size_t set_bytes)
{
    struct table *table = lay_table(rounds_count, set_bytes);
    uint64_t switches_count = timing_switches_count();
    uint64_t start_ns = timing_now_ns();

    if (!threads_run(2, take_turns, table)) {
        abort();
    }
    return clear_table(table, start_ns, switches_count);
}

static struct result
by_processes(uint64_t rounds_count, size_t set_bytes)
{
    struct table *table = lay_table(rounds_count, set_bytes);
    uint64_t switches_count = timing_switches_count();
    uint64_t start_ns = timing_now_ns();
    pid_t children[2];

    for (unsigned i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            take_turns(table, i);
            _exit(0);
        }
    }
    for (int i = 0; i < 2; i++) {
        (void)waitpid(children[i], NULL, 0);
    }
    return clear_table(table, start_ns, switches_count);
}

/* ---- actors: within a worker, without the kernel ------------------------- */

#define STROKE(FIELD) FIELD(uint64, left)
TROUPE_MESSAGE(stroke, STROKE)

static size_t set_bytes_of_players;

struct player {
    volatile char *set;
};

static void
on_stroke(struct troupe_self *self, void *state, const struct stroke *stroke)
{
    struct player *player = state;

    if (player->set == NULL) {
        player->set = calloc(1, LARGE_SET_BYTES);
    }
    (void)touch(player->set, set_bytes_of_players);
    if (stroke->left == 0) {
        troupe_runtime_quit(self);
    } else {
        (void)troupe_tell(
            self, troupe_sender(self), stroke, .left = stroke->left - 1);
    }
}

static void
on_player_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct player *player = state;

    (void)self;
    (void)why;
    free((void *)(uintptr_t)player->set);
}

TROUPE_BEHAVIOUR(lab_player, sizeof(struct player),
    TROUPE_ON(stroke, on_stroke), TROUPE_ON_STOP(on_player_stop));

static troupe_pid partner;

/* Mended in sequential style: a body that waits for its turn. */
static void
play(struct troupe_self *self, void *state)
{
    struct player *player = state;
    struct stroke stroke;

    player->set = calloc(1, LARGE_SET_BYTES);
    for (;;) {
        TROUPE_CHECK(
            troupe_receive_only(self, stroke, &stroke, TROUPE_FOREVER));
        (void)touch(player->set, set_bytes_of_players);
        if (stroke.left == 0) {
            break;
        }
        (void)troupe_tell(
            self, troupe_sender(self), stroke, .left = stroke.left - 1);
    }
    troupe_runtime_quit(self);
}

TROUPE_PROCESS(lab_player_sequential, sizeof(struct player), play,
    TROUPE_ON_STOP(on_player_stop));

/* It begins, and then plays as the others do. */
struct beginner {
    struct player player;
    uint64_t turns;
};

static void
on_begin(struct troupe_self *self, void *state)
{
    const struct beginner *beginner = state;

    (void)troupe_tell(self, partner, stroke, .left = beginner->turns);
}

TROUPE_BEHAVIOUR(lab_beginner, sizeof(struct beginner),
    TROUPE_ON_START(on_begin), TROUPE_ON(stroke, on_stroke),
    TROUPE_ON_STOP(on_player_stop));

static void
begin_and_play(struct troupe_self *self, void *state)
{
    on_begin(self, state);
    play(self, state);
}

TROUPE_PROCESS(lab_beginner_sequential, sizeof(struct beginner), begin_and_play,
    TROUPE_ON_STOP(on_player_stop));

static struct result
by_actors(uint64_t rounds_count, size_t set_bytes,
    struct troupe_behaviour *first, struct troupe_behaviour *second)
{
    struct beginner beginner = {.turns = 2 * rounds_count - 1};
    struct troupe_self *self =
        system_begin(&TROUPE_OPTIONS(.workers_count = 1));
    uint64_t switches_count = timing_switches_count();
    uint64_t start_ns = timing_now_ns();
    double turns = 2 * (double)rounds_count;
    struct result result = {.turns_count = 2 * rounds_count};
    troupe_pid pid;

    set_bytes_of_players = set_bytes;
    TROUPE_CHECK(troupe_spawn_behaviour(self, second, NULL, &partner));
    TROUPE_CHECK(troupe_spawn_behaviour(
        self, first, &TROUPE_SPAWN_OPTIONS(.state = &beginner), &pid));
    system_wait();
    result.ns_each = (double)(timing_now_ns() - start_ns) / turns;
    result.switches_each =
        (double)(timing_switches_count() - switches_count) / turns;
    system_end(NULL);
    return result;
}

/* ---- the lab ------------------------------------------------------------- */

struct row {
    struct result threads;
    struct result processes;
    struct result handlers;
    struct result bodies;
};

static struct row
measure(struct lab_report *report, const char *what, size_t set_bytes)
{
    uint64_t kernel_rounds = lab_size(report, 50000, 500);
    uint64_t rounds = lab_size(report, 500000, 5000);
    struct row row = {
        .threads = by_threads(kernel_rounds, set_bytes),
        .processes = by_processes(kernel_rounds, set_bytes),
        .handlers = by_actors(
            rounds, set_bytes, &lab_beginner_behaviour, &lab_player_behaviour),
        .bodies = lab_is_fixed(report) ? by_actors(rounds, set_bytes,
                                             &lab_beginner_sequential_behaviour,
                                             &lab_player_sequential_behaviour)
                                       : by_threads(kernel_rounds, set_bytes),
    };

    lab_measured(report, "threads", what, "ns", row.threads.ns_each);
    lab_measured(report, "processes", what, "ns", row.processes.ns_each);
    lab_measured(report, "actors", what, "ns", row.handlers.ns_each);
    lab_measured(report, "sequential actors", what, "ns", row.bodies.ns_each);
    return row;
}

static void
run(struct lab_report *report)
{
    struct row small = measure(report, "nothing touched", 0);
    struct row large = measure(report, "256 KiB touched", LARGE_SET_BYTES);

    lab_expect_at_least(report, "kernel switches of a hundred turns of threads",
        90, (uint64_t)(100 * small.threads.switches_each));
    lab_expect_at_most(report, "the same of actors", 10,
        (uint64_t)(100 * small.handlers.switches_each));
    lab_expect_at_most(report, "the same of sequential actors", 10,
        (uint64_t)(100 * small.bodies.switches_each));
    lab_expect_equal(report, "turns of two processes",
        small.threads.turns_count, small.processes.turns_count);
    lab_say(report,
        "Two take turns on one processor. Threads and processes ask the kernel "
        "each time: to wake the other, and to sleep. Actors go on within their "
        "worker. With 256 KiB to touch in each turn all of them wait for the "
        "same memory, and the switch matters less; two processes have two "
        "tables of pages besides.");
    lab_conclude(report,
        small.processes.ns_each > 1.05 * small.threads.ns_each ? LAB_HOLDS
                                                               : LAB_PARTLY,
        "A turn takes %.0f ns of threads, %.0f of processes, %.0f of actors, "
        "%.0f of sequential ones; with 256 KiB each %.0f, %.0f, %.0f, %.0f.",
        small.threads.ns_each, small.processes.ns_each, small.handlers.ns_each,
        small.bodies.ns_each, large.threads.ns_each, large.processes.ns_each,
        large.handlers.ns_each, large.bodies.ns_each);
}

const struct lab lab_switch = {
    .name = "switch",
    .claim =
        "To switch threads is cheaper than to switch processes, since they "
        "share the memory map.",
    .drawn = "ns",
    .duration_s = 15,
    .run = run,
};

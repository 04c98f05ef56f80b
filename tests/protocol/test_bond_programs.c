/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: links and monitors tell each end once, in whatever order things happen.
 *
 * Method: every program of a few deeds (link, unlink, monitor, demonitor, kill,
 * fail, stop) of two or three actors, in every order. The actors are those that
 * ship; this test takes the place of the scheduler.
 *
 * What an order is. Handlers share nothing and mailboxes keep their order, so
 * an order of steps is one of these, of any actor: it does its next deed, ahead
 * of what waits for it; it handles the oldest message; it handles what is
 * control, such as a kill. When an inbox is emptied into a mailbox is not to be
 * seen. A step is one piece but for one case: where it sends to two receivers,
 * as an end does, others take steps in between, for they may send to the second
 * before it does. What one sends to a single receiver needs no such gap: until
 * the receiver looks, nobody sees how much of it is there. What comes to the
 * dead and is not answered is dropped at once, since nobody sees when.
 *
 * What is looked at. When nothing more can happen: who is alive has been told
 * of each dead one that it watched or was linked with for certain, once, and of
 * no other; no end of a bond is at home with a dead one's name; the ends of the
 * living fit each other. Then all that live fail, one after the other, with the
 * same to be seen, and no block is left. Where both sides link and unlink at
 * the same time, either outcome is right, but both must see the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/memory.h"
#include "scheduler/simulation.h"
#include "tests/protocol/bond_players.h"
#include "tests/support/steps.h"

enum {
    CHOICES_MAX = 64,
    OPTIONS_MAX = 3 * PLAYERS_MAX,
};

static struct troupe_runtime *runtime;
static struct troupe_self *outside;
static struct troupe_self selves[PLAYERS_MAX];
static struct tp_worker workers[PLAYERS_MAX];
static struct steps steps;
static struct player *stepping; /* whose turn goes on; NULL: the test itself */

/* ---- steps --------------------------------------------------------------- */

/* In the place of tp_worker_quantum(), for the code that is compiled here. */
unsigned one_message(struct tp_worker *worker);

unsigned
one_message(struct tp_worker *worker)
{
    (void)worker;
    return 1;
}

void
pushing_look(const void *word)
{
    struct player *player = stepping;

    if (player == NULL) {
        return;
    }
    if (player->last_receiver != NULL && player->last_receiver != word) {
        player->last_receiver = word;
        steps_pause();
    }
    player->last_receiver = word;
}

static void
work(void *arg)
{
    struct player *player = arg;

    for (;;) {
        steps_pause();
        tp_actor_run(&workers[player - players], &player->slot->task);
        player->is_in_turn = false;
    }
}

/* The turn takes the task, if it is ready. */
static void
take_from_ready(const struct tp_task *task)
{
    struct tp_simulation *simulation = runtime->scheduler->simulation;
    struct tp_task **place = &simulation->oldest;

    while (*place != NULL && *place != task) {
        place = &(*place)->next;
    }
    if (*place != NULL) {
        *place = task->next;
        simulation->ready_count--;
        if (task->next == NULL) {
            simulation->end = place;
        }
    }
}

/* Puts what the turn did not see before what has come since. */
static void
put_back(struct player *player)
{
    struct tp_mailbox *mailbox = &player->slot->mailbox;
    struct troupe_message **end = &player->held.control;

    if (player->held.oldest != NULL) {
        player->held.newest->next = mailbox->oldest;
        if (mailbox->oldest == NULL) {
            mailbox->newest = player->held.newest;
        }
        mailbox->oldest = player->held.oldest;
    }
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = mailbox->control;
    mailbox->control = player->held.control;
}

/* Leaves in the mailbox what the turn is to see. */
static void
begin_turn(struct player *player, enum what what, struct deed deed)
{
    struct tp_mailbox *mailbox = &player->slot->mailbox;

    tp_mailbox_fill(mailbox, &player->slot->inbox);
    player->held = *mailbox;
    *mailbox = (struct tp_mailbox){NULL, NULL, NULL};
    if (what == DO) {
        CHECK(troupe_tell(outside, player->pid, act, .verb = deed.verb,
                  .object = deed.object) == TROUPE_OK);
    } else if (what == HANDLE) {
        mailbox->oldest = mailbox->newest = tp_mailbox_pop(&player->held);
        mailbox->oldest->next = NULL;
    } else {
        mailbox->control = player->held.control;
        player->held.control = NULL;
    }
    take_from_ready(&player->slot->task);
    player->last_receiver = NULL;
    player->is_in_turn = true;
}

/* Between two there is no gap, and no need of a stack of its own. */
static void
run_turn(struct player *player)
{
    if (program->players_count == 2) {
        tp_actor_run(&workers[player - players], &player->slot->task);
        player->is_in_turn = false;
        return;
    }
    stepping = player;
    steps_take(&steps, (size_t)(player - players));
    stepping = NULL;
}

static void
take_step(struct player *player, enum what what, struct deed deed)
{
    if (trace_count < TRACE_MAX) {
        trace[trace_count++] =
            (struct step){(unsigned)(player - players), what};
    }
    if (what != GO_ON) {
        begin_turn(player, what, deed);
    }
    run_turn(player);
    if (!player->is_in_turn) {
        put_back(player);
    }
}

/* ---- every order --------------------------------------------------------- */

/* The choices that lead to where the search is. */
static struct {
    unsigned chosen[CHOICES_MAX];
    unsigned options_count[CHOICES_MAX];
    unsigned count; /* made in this run */
    unsigned known_count;
    bool is_on; /* else no deed is done, and the first option taken */
} search;

static unsigned
choose(unsigned options_count)
{
    unsigned n;

    if (!search.is_on) {
        return 0;
    }
    n = search.count++;
    CHECK(n < CHOICES_MAX);
    if (n == search.known_count) {
        search.known_count++;
        search.chosen[n] = 0;
        search.options_count[n] = options_count;
    }
    SURE(search.options_count[n] == options_count);
    return search.chosen[n];
}

/* False: that was the last order. */
static bool
go_to_next_order(void)
{
    while (search.known_count > 0) {
        unsigned last = search.known_count - 1;

        if (++search.chosen[last] < search.options_count[last]) {
            return true;
        }
        search.known_count--;
    }
    return false;
}

static bool
is_answered_by_the_dead(const struct troupe_message *message)
{
    return message->kind == TP_MESSAGE_LINK ||
           message->kind == TP_MESSAGE_MONITOR;
}

static void
fill(struct player *player)
{
    const struct deed none = {STOP, 0};
    struct tp_mailbox *mailbox = &player->slot->mailbox;

    tp_mailbox_fill(mailbox, &player->slot->inbox);
    while (!is_alive(player) && mailbox->control != NULL) {
        take_step(player, OBEY, none);
    }
    while (!is_alive(player) && mailbox->oldest != NULL &&
           !is_answered_by_the_dead(mailbox->oldest)) {
        take_step(player, HANDLE, none);
    }
}

static unsigned
add_options(unsigned i, struct step *options)
{
    struct player *player = &players[i];
    unsigned count = 0;

    if (player->is_in_turn) {
        options[count++] = (struct step){i, GO_ON};
        return count;
    }
    fill(player);
    if (search.is_on && is_alive(player) &&
        player->done_count < program->deeds_count[i]) {
        options[count++] = (struct step){i, DO};
    }
    if (player->slot->mailbox.oldest != NULL) {
        options[count++] = (struct step){i, HANDLE};
    }
    if (player->slot->mailbox.control != NULL) {
        options[count++] = (struct step){i, OBEY};
    }
    return count;
}

/* One step; which, is one choice more if it matters. False: none is left. */
static bool
go_on(void)
{
    struct step options[OPTIONS_MAX];
    unsigned count = 0;
    struct step *chosen;
    struct deed deed = {STOP, 0};

    for (unsigned i = 0; i < program->players_count; i++) {
        count += add_options(i, &options[count]);
    }
    if (count == 0) {
        return false;
    }
    chosen = &options[count == 1 ? 0 : choose(count)];
    if (chosen->what == DO) {
        deed =
            program
                ->deeds[chosen->player][players[chosen->player].done_count++];
    }
    take_step(&players[chosen->player], chosen->what, deed);
    return true;
}

/* ---- one order ----------------------------------------------------------- */

static void
settle(void)
{
    while (go_on()) {
    }
    check_rest();
}

static void
spawn(unsigned i)
{
    struct player *player = &players[i];
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.state = &i);

    *player = (struct player){.pid = TROUPE_NO_PID};
    CHECK(troupe_spawn_behaviour(outside,
              program->traps[i] ? &trapper_behaviour : &follower_behaviour,
              &options, &player->pid) == TROUPE_OK);
    player->slot = tp_registry_find(&runtime->registry, player->pid);
    take_step(player, OBEY, (struct deed){STOP, 0});
}

static void
play_prelude(void)
{
    for (unsigned i = 0; i < program->prelude_count; i++) {
        take_step(&players[program->prelude[i].subject], DO,
            program->prelude[i].deed);
    }
    settle();
    remember_links();
}

/* Who is left fails. */
static void
end_all(void)
{
    for (unsigned i = 0; i < program->players_count; i++) {
        if (is_alive(&players[i])) {
            remember_links();
            take_step(&players[i], DO, (struct deed){FAIL, i});
            settle();
        }
    }
}

/* Tasks that were ready when their turn ended have nothing to do. */
static void
put_to_sleep(void)
{
    struct tp_simulation *simulation = runtime->scheduler->simulation;

    while (simulation->oldest != NULL) {
        struct tp_task *task = simulation->oldest;

        take_from_ready(task);
        tp_actor_run(&workers[0], task);
    }
}

static void
run_order(void)
{
    trace_count = 0;
    watches_count = 0;
    search.count = 0;
    search.is_on = false;
    for (unsigned i = 0; i < program->players_count; i++) {
        spawn(i);
    }
    play_prelude();
    search.is_on = true;
    settle();
    search.is_on = false;
    end_all();
    put_to_sleep();
}

/* ---- one program --------------------------------------------------------- */

static void
ignore_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
begin(void)
{
    CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true, .seed = 1,
                                  .actors_count_max = 4096, .log = ignore_line),
            &runtime) == TROUPE_OK);
    for (unsigned i = 0; i < PLAYERS_MAX; i++) {
        selves[i] = runtime->workers[0];
        workers[i] = runtime->scheduler->workers[0];
        workers[i].index = i; /* numbers its bonds */
        selves[i].worker = &workers[i];
        workers[i].local = &selves[i];
    }
    outside = troupe_thread_self(runtime);
    CHECK(outside != NULL);
    CHECK(troupe_runtime_start(runtime) == TROUPE_OK);
    steps_init(&steps, true);
    for (unsigned i = 0; i < PLAYERS_MAX; i++) {
        steps_add(&steps, work, &players[i]);
    }
}

static void
end(void)
{
    CHECK(troupe_runtime_stop(runtime, 0, NULL) == TROUPE_OK);
    troupe_runtime_destroy(&runtime);
}

/* How many orders there were. */
static uint64_t
run_orders(const struct program *it)
{
    uint64_t blocks = tp_memory_blocks_count();
    uint64_t orders_count = 0;

    program = it;
    search.known_count = 0;
    begin();
    do {
        run_order();
        orders_count++;
    } while (go_to_next_order());
    end();
    SURE(tp_memory_blocks_count() == blocks);
    return orders_count;
}

/* ---- every program ------------------------------------------------------- */

static uint64_t programs_count;
static uint64_t orders_count;

/* The deeds of subject, one for each number from 0; false: no more. */
static bool
deed_of(unsigned players_count, unsigned subject, unsigned number,
    struct deed *deed)
{
    static const struct deed alone[] = {{LOOK_AWAY, 0}, {FAIL, 0}, {STOP, 0}};
    static const enum verb mutual[] = {LINK, UNLINK, WATCH, KILL};
    unsigned others = players_count - 1;

    if (number < 4 * others) {
        *deed = (struct deed){mutual[number / others],
            (subject + 1 + number % others) % players_count};
        return true;
    }
    number -= 4 * others;
    if (number < 3) {
        *deed = alone[number];
    }
    return number < 3;
}

/* How many deeds there may be. */
struct deeds_max {
    unsigned of_each, of_all;
};

/* Runs it with each script for player i and on. */
static void
run_scripts(struct program *it, unsigned i, struct deeds_max max)
{
    struct deed deed;

    if (i == it->players_count) {
        orders_count += run_orders(it);
        programs_count++;
        return;
    }
    CHECK(i < PLAYERS_MAX);
    run_scripts(it, i + 1, max);
    if (it->deeds_count[i] == max.of_each || max.of_all == 0) {
        return;
    }
    max.of_all--;
    for (unsigned n = 0; deed_of(it->players_count, i, n, &deed); n++) {
        it->deeds[i][it->deeds_count[i]++] = deed;
        run_scripts(it, i, max);
        it->deeds_count[i]--;
    }
}

/* TROUPE_TEST_FULL takes minutes. */
static void
run_programs(const char *what, struct program it)
{
    bool is_full = getenv("TROUPE_TEST_FULL") != NULL;
    bool are_two = it.players_count == 2;
    struct deeds_max max = {are_two ? 2 : 1, is_full ? 4 : are_two ? 3 : 2};

    programs_count = orders_count = 0;
    for (unsigned traps = 0; traps < 1u << it.players_count; traps++) {
        for (unsigned i = 0; i < it.players_count; i++) {
            it.traps[i] = (traps >> i & 1) != 0;
        }
        run_scripts(&it, 0, max);
    }
    print_message("%s: %llu programs, %llu orders\n", what,
        (unsigned long long)programs_count, (unsigned long long)orders_count);
    assert_true(orders_count > 10000);
}

static void
two_strangers_in_every_order(void **state)
{
    (void)state;
    run_programs("two strangers", (struct program){.players_count = 2});
}

static void
two_friends_in_every_order(void **state)
{
    (void)state;
    run_programs("two friends",
        (struct program){.players_count = 2,
            .prelude_count = 3,
            .prelude = {{0, {LINK, 1}}, {1, {LINK, 0}}, {1, {WATCH, 0}}}});
}

static void
three_strangers_in_every_order(void **state)
{
    (void)state;
    run_programs("three strangers", (struct program){.players_count = 3});
}

static void
three_in_a_chain_in_every_order(void **state)
{
    (void)state;
    run_programs("three in a chain",
        (struct program){.players_count = 3,
            .prelude_count = 3,
            .prelude = {{0, {LINK, 1}}, {1, {LINK, 2}}, {2, {WATCH, 0}}}});
}

static void
three_in_a_ring_in_every_order(void **state)
{
    (void)state;
    run_programs("three in a ring",
        (struct program){.players_count = 3,
            .prelude_count = 3,
            .prelude = {{0, {LINK, 1}}, {1, {LINK, 2}}, {2, {LINK, 0}}}});
}

/* Registers what stays for ever. */
static int
register_behaviours(void **state)
{
    static const struct program both = {
        .players_count = 2, .traps = {false, true}};

    (void)state;
    program = &both;
    begin();
    run_order();
    end();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_strangers_in_every_order),
        cmocka_unit_test(two_friends_in_every_order),
        cmocka_unit_test(three_strangers_in_every_order),
        cmocka_unit_test(three_in_a_chain_in_every_order),
        cmocka_unit_test(three_in_a_ring_in_every_order),
    };
    return cmocka_run_group_tests_name(
        "bond programs", tests, register_behaviours, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bond_players: two or three actors that do what a program says, and what is
 * right for them to be told (tests/protocol/test_bond_programs.c).
 *
 * What is right is found from what they have done and seen alone, not from how
 * bonds are made. Of a link there are three cases: both are linked for certain,
 * both are not, or they disagreed at the same time, when either is right.
 */
#ifndef TROUPE_TESTS_PROTOCOL_BOND_PLAYERS_H
#define TROUPE_TESTS_PROTOCOL_BOND_PLAYERS_H

#include "actors/runtime.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

#include <string.h>

enum {
    PLAYERS_MAX = 3,
    DEEDS_MAX = 2,
    WATCHES_MAX = 16,
    TRACE_MAX = 128,
};

enum verb { LINK, UNLINK, WATCH, LOOK_AWAY, KILL, FAIL, STOP, VERBS_COUNT };

struct deed {
    enum verb verb;
    unsigned object;
};

struct program {
    unsigned players_count;
    bool traps[PLAYERS_MAX];
    /* All at the same time, before all else. */
    unsigned prelude_count;
    struct {
        unsigned subject;
        struct deed deed;
    } prelude[4];
    unsigned deeds_count[PLAYERS_MAX];
    struct deed deeds[PLAYERS_MAX][DEEDS_MAX];
};

#define DEED(FIELD) FIELD(uint64, verb) FIELD(uint64, object)
TROUPE_MESSAGE(act, DEED)

enum word { NOTHING, LINKED, UNLINKED };

static struct player {
    troupe_pid pid;
    struct tp_actor *slot;
    unsigned done_count;
    struct tp_mailbox held;    /* what its turn does not see */
    const void *last_receiver; /* in its turn */
    bool is_in_turn;
    /* What it has done, and what it was told. */
    bool is_to_be_killed, has_failed, has_stopped;
    bool has_ended; /* its stop handler ran: */
    struct troupe_exit why;
    enum word last_word[PLAYERS_MAX]; /* to each of the others */
    bool has_linked[PLAYERS_MAX];
    bool was_linked[PLAYERS_MAX]; /* since the prelude */
    bool is_told[PLAYERS_MAX];
} players[PLAYERS_MAX];

static struct watch {
    unsigned watcher, object;
    troupe_monitor_id monitor;
    bool is_ended;
    unsigned told_count;
} watches[WATCHES_MAX];
static unsigned watches_count;

static const struct program *program;

/* What an actor does next; DO: its next deed. */
enum what { GO_ON, DO, HANDLE, OBEY };

struct step {
    unsigned player;
    enum what what;
};

static struct step trace[TRACE_MAX];
static unsigned trace_count;

/* ---- what went wrong ----------------------------------------------------- */

static void
print_deed(unsigned subject, struct deed deed)
{
    static const char *const verbs[] = {
        "link", "unlink", "watch", "look away", "kill", "fail", "stop"};

    fprintf(stderr, " %u:%s(%u)", subject, verbs[deed.verb], deed.object);
}

static void
print_all(void)
{
    static const char whats[] = ".dhc";

    for (unsigned i = 0; i < program->players_count; i++) {
        fprintf(stderr, " %u %s;", i, program->traps[i] ? "traps" : "follows");
    }
    fprintf(stderr, " first");
    for (unsigned i = 0; i < program->prelude_count; i++) {
        print_deed(program->prelude[i].subject, program->prelude[i].deed);
    }
    fprintf(stderr, "; then");
    for (unsigned i = 0; i < program->players_count; i++) {
        for (unsigned k = 0; k < program->deeds_count[i]; k++) {
            print_deed(i, program->deeds[i][k]);
        }
    }
    fprintf(stderr, "\n steps (do, handle, control, go on):");
    for (unsigned i = 0; i < trace_count; i++) {
        fprintf(stderr, " %u%c", trace[i].player, whats[trace[i].what]);
    }
    fputc('\n', stderr);
}

#define SURE(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            print_all();                                                       \
            CHECK(condition);                                                  \
        }                                                                      \
    } while (0)

/* ---- the actors ---------------------------------------------------------- */

static unsigned
index_of(troupe_pid pid)
{
    for (unsigned i = 0; i < program->players_count; i++) {
        if (players[i].pid == pid) {
            return i;
        }
    }
    SURE(false);
    return 0;
}

static bool
is_alive(const struct player *player)
{
    return player->slot->pid == player->pid;
}

static bool
is_same(const struct troupe_exit *a, const struct troupe_exit *b)
{
    return a->kind == b->kind && a->code == b->code;
}

/* Why the player, which is dead, has ended. */
static struct troupe_exit
end_of(const struct player *player)
{
    return player->has_ended ? player->why
                             : (struct troupe_exit){.kind = TROUPE_EXIT_KILLED};
}

/* Whether why may be told of the player's end. */
static void
check_reason(const struct player *of, const struct troupe_exit *why)
{
    struct troupe_exit end = end_of(of);

    SURE(!is_alive(of) || of->is_in_turn);
    SURE(is_same(why, &end) || why->kind == TROUPE_EXIT_NO_SUCH_ACTOR);
}

/* Whether i and k may be linked, by what both have said. */
static bool
may_be_linked(unsigned i, unsigned k)
{
    const struct player *one = &players[i];
    const struct player *other = &players[k];

    if ((one->last_word[k] == UNLINKED && !other->has_linked[i]) ||
        (other->last_word[i] == UNLINKED && !one->has_linked[k])) {
        return false;
    }
    return one->was_linked[k] || one->has_linked[k] || other->has_linked[i];
}

static bool
must_be_linked(unsigned i, unsigned k)
{
    const struct player *one = &players[i];
    const struct player *other = &players[k];

    return one->last_word[k] != UNLINKED && other->last_word[i] != UNLINKED &&
           (one->was_linked[k] || one->last_word[k] == LINKED ||
               other->last_word[i] == LINKED);
}

static void
on_exit_of(struct troupe_self *self, void *state, troupe_pid pid,
    const struct troupe_exit *why)
{
    unsigned i = *(unsigned *)state;
    unsigned k = index_of(pid);

    (void)self;
    check_reason(&players[k], why);
    SURE(may_be_linked(i, k));
    SURE(!players[i].is_told[k]);
    players[i].is_told[k] = true;
}

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    struct watch *watch = &watches[context];

    (void)self;
    check_reason(&players[watch->object], down->why);
    SURE(watch->watcher == *(unsigned *)state && !watch->is_ended);
    SURE(watch->monitor == down->monitor);
    SURE(down->actor == players[watch->object].pid);
    watch->told_count++;
    SURE(watch->told_count == 1);
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct player *player = &players[*(unsigned *)state];

    (void)self;
    SURE(!player->has_ended);
    player->has_ended = true;
    player->why = *why;
}

static void
watch(struct troupe_self *self, unsigned i, unsigned object)
{
    struct watch *made = &watches[watches_count];

    SURE(watches_count < WATCHES_MAX);
    *made = (struct watch){.watcher = i, .object = object};
    SURE(troupe_monitor(self, players[object].pid, on_down, watches_count,
             &made->monitor) == TROUPE_OK);
    watches_count++;
}

/* The latest. */
static void
look_away(struct troupe_self *self, unsigned i)
{
    for (unsigned n = watches_count; n-- > 0;) {
        if (watches[n].watcher == i && !watches[n].is_ended) {
            troupe_monitor_id monitor = watches[n].monitor;

            watches[n].is_ended = watches[n].told_count == 0;
            troupe_demonitor(self, &monitor);
            SURE(monitor == 0);
            return;
        }
    }
}

static void
say(unsigned i, unsigned k, enum word word)
{
    players[i].last_word[k] = word;
    if (word == LINKED) {
        players[i].has_linked[k] = true;
        players[i].is_told[k] = false;
    }
}

static void
on_act(struct troupe_self *self, void *state, const struct act *act)
{
    unsigned i = *(unsigned *)state;
    unsigned k = (unsigned)act->object;

    switch ((enum verb)act->verb) {
    case LINK:
        SURE(troupe_link(self, players[k].pid) == TROUPE_OK);
        say(i, k, LINKED);
        break;
    case UNLINK:
        troupe_unlink(self, players[k].pid);
        say(i, k, UNLINKED);
        break;
    case WATCH:
        watch(self, i, k);
        break;
    case LOOK_AWAY:
        look_away(self, i);
        break;
    case KILL:
        players[k].is_to_be_killed = true;
        SURE(troupe_kill(self, players[k].pid) == TROUPE_OK);
        break;
    case FAIL:
        players[i].has_failed = true;
        troupe_fail(self, (int)i, "actor %u", i);
        break;
    case STOP:
        players[i].has_stopped = true;
        SURE(troupe_stop(self, players[i].pid) == TROUPE_OK);
        break;
    case VERBS_COUNT:
        break;
    }
}

TROUPE_BEHAVIOUR(follower, sizeof(unsigned), TROUPE_ON(act, on_act),
    TROUPE_ON_STOP(on_stop));
TROUPE_BEHAVIOUR(trapper, sizeof(unsigned), TROUPE_ON(act, on_act),
    TROUPE_ON_STOP(on_stop), TROUPE_ON_EXIT(on_exit_of));

/* ---- at rest ------------------------------------------------------------- */

static bool
is_linked_ever(unsigned i, unsigned k)
{
    return players[i].was_linked[k] || players[i].has_linked[k] ||
           players[k].has_linked[i];
}

/* Whether i may have ended as somebody did that it was linked with. */
static bool
may_have_followed(unsigned i)
{
    struct troupe_exit end = end_of(&players[i]);

    for (unsigned k = 0; k < program->players_count; k++) {
        struct troupe_exit other = end_of(&players[k]);

        if (k == i || is_alive(&players[k]) || !is_linked_ever(i, k)) {
            continue;
        }
        if (is_same(&end, &other) || (end.kind == TROUPE_EXIT_NO_SUCH_ACTOR &&
                                         players[i].has_linked[k])) {
            return true;
        }
    }
    return false;
}

/* The player is dead: there is a reason for it. */
static void
check_end(unsigned i)
{
    const struct player *player = &players[i];
    struct troupe_exit end = end_of(player);

    if (!player->has_ended) {
        SURE(player->is_to_be_killed);
    } else if (end.kind == TROUPE_EXIT_NORMAL) {
        SURE(player->has_stopped);
    } else if (end.kind != TROUPE_EXIT_FAILED || end.code != (int)i) {
        SURE(!program->traps[i] && may_have_followed(i));
    } else {
        SURE(player->has_failed);
    }
}

/* The player lives, k does not. */
static void
check_was_told(unsigned i, unsigned k)
{
    struct troupe_exit end = end_of(&players[k]);

    if (!must_be_linked(i, k)) {
        return;
    }
    if (program->traps[i]) {
        SURE(players[i].is_told[k]);
    } else {
        SURE(end.kind == TROUPE_EXIT_NORMAL);
    }
}

static void
check_watches(void)
{
    for (unsigned n = 0; n < watches_count; n++) {
        const struct watch *watch = &watches[n];
        bool is_due = !watch->is_ended && !is_alive(&players[watch->object]);

        if (is_alive(&players[watch->watcher])) {
            SURE(watch->told_count == is_due);
        }
    }
}

/* How many ends of this kind the player, which lives, has at home with other;
 * number 0: any. */
static unsigned
ends_count(const struct player *player, troupe_pid other, unsigned kind,
    uint64_t number)
{
    const struct tp_bonds *bonds;
    unsigned count = 0;

    if (player->slot->extension == NULL) {
        return 0;
    }
    bonds = &player->slot->extension->bonds;
    for (uint32_t i = 0; i <= bonds->mask; i++) {
        const struct troupe_message *end =
            bonds->lines == NULL ? bonds->single : bonds->lines[i];

        for (; end != NULL; end = end->next) {
            count += end->sender == other && end->kind == kind &&
                     (number == 0 || end->request == number);
        }
    }
    return count;
}

/* Both live: each end of one has its like with the other. */
static void
check_ends(unsigned i, unsigned k)
{
    const struct player *one = &players[i];
    const struct player *other = &players[k];
    unsigned links = ends_count(one, other->pid, TP_MESSAGE_EXIT, 0);

    SURE(links == ends_count(other, one->pid, TP_MESSAGE_EXIT, 0));
    SURE(links <= 2); /* each makes none if it knows of one */
    SURE(links > 0 || !must_be_linked(i, k));
    SURE(links == 0 || may_be_linked(i, k));
    SURE(ends_count(one, other->pid, TP_MESSAGE_DOWN, 0) ==
         ends_count(other, one->pid, TP_MESSAGE_DEMONITOR, 0));
    for (unsigned n = 0; n < watches_count; n++) {
        if (watches[n].watcher == i && watches[n].object == k) {
            SURE(ends_count(other, one->pid, TP_MESSAGE_DOWN,
                     watches[n].monitor) == !watches[n].is_ended);
        }
    }
}

/* Nothing can happen any more. */
static void
check_rest(void)
{
    check_watches();
    for (unsigned i = 0; i < program->players_count; i++) {
        const struct player *player = &players[i];
        unsigned ends = 0;

        if (!is_alive(player)) {
            check_end(i);
            continue;
        }
        for (unsigned k = 0; k < program->players_count; k++) {
            const struct player *other = &players[k];

            if (k == i) {
                continue;
            }
            if (is_alive(other)) {
                check_ends(i, k);
                ends += ends_count(player, other->pid, TP_MESSAGE_EXIT, 0);
                ends += ends_count(player, other->pid, TP_MESSAGE_DOWN, 0);
                ends += ends_count(player, other->pid, TP_MESSAGE_DEMONITOR, 0);
            } else {
                check_was_told(i, k);
            }
        }
        SURE(player->slot->extension == NULL ||
             player->slot->extension->bonds.count == ends);
    }
}

/* What two that live have said so far was all understood before what comes, and
 * where both outcomes were right, one has been found. */
static void
remember_link(unsigned i, unsigned k)
{
    struct player *one = &players[i];
    struct player *other = &players[k];

    if (!is_alive(one) || !is_alive(other)) {
        return;
    }
    one->was_linked[k] = other->was_linked[i] =
        ends_count(one, other->pid, TP_MESSAGE_EXIT, 0) > 0;
    one->last_word[k] = other->last_word[i] = NOTHING;
    one->has_linked[k] = other->has_linked[i] = false;
}

static void
remember_links(void)
{
    for (unsigned i = 0; i < program->players_count; i++) {
        for (unsigned k = 0; k < i; k++) {
            remember_link(i, k);
        }
    }
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * choices: what can happen next in a simulated runtime, and making it happen.
 *
 * A step is one of
 *
 *     MAIL      an actor takes one message: the oldest of some sender
 *     URGENT    the same of an urgent one (actors/order.h)
 *     REPLACE   a later message takes its place (exploration/replacing.h)
 *     CONTROL   the same of a start, a stop, a kill and the like
 *     TIME      time jumps to what is due next
 *     KILL      somebody kills an actor
 *
 * followed by whatever nobody can tell from it: an actor falls asleep, mail for
 * the dead is buried, an actor without a start handler starts.
 *
 * Which message. troupe promises that messages of one sender to one receiver
 * keep their order, and nothing about different senders. So the mail of an
 * actor is a queue a sender, and the head of any of them may be next, whatever
 * came first. (The mailbox of this release keeps more: it is first in, first
 * out. Threads push while others push, so even there a message of one sender
 * comes between two that another sends in one handler, which no order of whole
 * handlers shows; a queue a sender does.) A control message overtakes mail or
 * does not, but that what its sender sent after it waits for it. The same holds
 * for an urgent message and what is not; that one of the others has its turn
 * after many of them is left out. Messages that were forwarded are one
 * queue: what one actor forwards keeps its order, whoever has sent it, and a
 * step that forwards is taken in every order with all others, so that what two
 * forward comes in every order, but that what one forwards within a handler
 * stays together. Messages without a sender, which the runtime
 * sends for the dead, are a queue each; timers and deadlines of an actor are
 * one queue. An actor that drops its oldest mail takes it as it came.
 *
 * What commutes. A step of one actor changes that actor's state, takes the head
 * of one of its queues, and appends to queues of others. Two steps of different
 * actors therefore commute, whoever sends to whom: a queue has one taker and
 * one appender, and appending to a queue that is not empty does not change its
 * head. They do not if both
 *
 *     SLOTS    begin or end a life: pids are given out in order
 *     CHANCE   draw from the one source of chance
 *     LETTERS  make dead letters that subscribers are told of
 *     NAMES    look at names and groups, one of them changing some
 *
 * and a step that EVERYTHING depends on commutes with none: time, the timer of
 * an actor that may look there whether it is idle (actors/idle.h), to forward a
 * message (several may forward to one queue), and what is done where a mailbox
 * is half full or fuller, before or after the step. That
 * is where who is first is paused, refused or dropped. Half is enough: let no
 * mailbox be half full after any step that was taken, and let a step that waits
 * add less than another half; then together they do not come to the high mark,
 * so that neither sees the other.
 *
 * A kill may be the last that there may be, after which there is no choice of
 * another. That wakes nobody, and takes nothing that was not seen: the other
 * one had its turn, or will have it, where this one has not happened.
 *
 * With timers that do not race, time is a choice only if it is the only one.
 *
 * All functions are for the simulation's thread.
 */
#ifndef TROUPE_EXPLORATION_CHOICES_H
#define TROUPE_EXPLORATION_CHOICES_H

#include "actors/actor.h"
#include "actors/runtime.h"

enum tp_choice_kind {
    TP_CHOICE_MAIL,
    TP_CHOICE_URGENT,
    TP_CHOICE_REPLACE,
    TP_CHOICE_CONTROL,
    TP_CHOICE_TIME,
    TP_CHOICE_KILL,
};

/* What a step did besides what its actor did to itself and sent. */
enum {
    TP_EFFECT_SLOTS = 1,
    TP_EFFECT_CHANCE = 2,
    TP_EFFECT_LETTERS = 4,
    TP_EFFECT_EVERYTHING = 8,
    TP_EFFECT_NAMES_READ = 16,
    TP_EFFECT_NAMES_CHANGED = 32,
};

/* The same in all runs that have come to the same point. */
struct tp_choice {
    uint64_t queue; /* the sender, or what stands for it */
    uint32_t slot;
    uint8_t kind;
    uint8_t effects; /* known once it has been taken */
};

/* A choice in this run. */
struct tp_offer {
    struct tp_choice choice;
    struct tp_actor *actor;         /* NULL: TIME */
    struct troupe_message *message; /* but for TIME and KILL */
    struct troupe_message *by;      /* REPLACE: what takes its place */
};

/* Mail that waits for an older control message of its sender. */
struct tp_choices_held {
    uint32_t slot;
    const struct troupe_message *mail;
    const struct troupe_message *control;
};

/* What has taken the place of another message, in another queue. */
struct tp_choices_placed {
    uint32_t slot;
    const struct troupe_message *message;
    uint64_t queue;
};

struct tp_choices {
    struct troupe_runtime *runtime;
    bool timers_race;
    unsigned kills_left;
    const char *kill_only;
    uint64_t until_ns;

    struct tp_offer *offers;
    size_t offers_count;
    size_t offers_room;
    struct tp_choices_held *held;
    size_t held_count;
    size_t held_room;
    struct tp_choices_placed *placed;
    size_t placed_count;
    size_t placed_room;
    bool has_forwarded; /* somebody, in the step at hand */
    bool is_short_of_memory;
};

/* Finds out what can happen next. NO_MEMORY. */
TROUPE_MUST_USE troupe_err tp_choices_list(struct tp_choices *choices);

/* Whether nothing can happen, unless somebody kills an actor. */
bool tp_choices_is_end(const struct tp_choices *choices);

/* Makes it happen, and says with which effects. */
void tp_choices_take(struct tp_choices *choices, struct tp_offer *offer);

void tp_choices_fini(struct tp_choices *choices);

/* ---- for exploration/replacing.c ----------------------------------------- */

/* Room for one more; false: no memory, which the list will say. */
bool tp_choices_make_room(struct tp_choices *choices, void **items,
    size_t count, size_t *room, size_t size);

void tp_choices_offer(struct tp_choices *choices, const struct tp_offer *made);

/* The queue that the message is in: its sender, or what stands for it. */
uint64_t tp_choices_queue_of(
    const struct tp_choices *choices, const struct troupe_message *message);

/* Whether it waits for an older control message of its sender. */
bool tp_choices_is_held(
    const struct tp_choices *choices, const struct troupe_message *mail);

static inline bool
tp_choice_is_same(const struct tp_choice *a, const struct tp_choice *b)
{
    return a->queue == b->queue && a->slot == b->slot && a->kind == b->kind;
}

/* Whether two that have been taken commute; see above. */
static inline bool
tp_choice_commutes(const struct tp_choice *a, const struct tp_choice *b)
{
    unsigned both = a->effects & b->effects;
    unsigned any = a->effects | b->effects;

    if ((any & TP_EFFECT_NAMES_CHANGED) == 0) {
        both &= ~(unsigned)TP_EFFECT_NAMES_READ;
    }
    return a->slot != b->slot && both == 0 && (any & TP_EFFECT_EVERYTHING) == 0;
}

#endif

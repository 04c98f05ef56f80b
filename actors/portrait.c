/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/portrait.h"

#include "actors/life.h"
#include "actors/post.h"
#include "actors/probes.h"
#include "actors/process.h"
#include "actors/stash.h"
#include "actors/supervisor.h"

#include <string.h>

_Static_assert(
    offsetof(struct tp_portrait, items_count) <= TP_PROBES_SHORT_BYTES,
    "what there is always room for fits the block of a PROBE");

static struct tp_portrait *
portrait_of(struct troupe_message *report)
{
    return (struct tp_portrait *)(void *)report->payload;
}

/* ---- items --------------------------------------------------------------- */

/* Counts the item, and lists it if there is room. portrait->items_count is what
 * is listed, room what may be. */
static void
add(struct tp_portrait *portrait, uint32_t room,
    const struct tp_portrait_item *item)
{
    portrait->totals[item->kind]++;
    if (portrait->items_count < room) {
        portrait->items[portrait->items_count++] = *item;
    }
}

static void
add_children(struct tp_portrait *portrait, uint32_t room,
    const struct tp_children *children)
{
    for (const struct tp_supervised *child = children->first; child != NULL;
         child = child->next) {
        struct tp_portrait_item item = {.kind = TP_PORTRAIT_CHILD,
            .pid = child->pid,
            .phase = child->phase,
            .lives_count = child->lives_count};

        snprintf(item.name, sizeof(item.name), "%s", child->description.name);
        add(portrait, room, &item);
    }
}

static void
add_asks(
    struct tp_portrait *portrait, uint32_t room, const struct tp_asks *asks)
{
    for (uint32_t i = 0; i < asks->capacity; i++) {
        const struct tp_ask *ask = &asks->items[i];

        if (ask->then != NULL) {
            add(portrait, room,
                &(struct tp_portrait_item){.kind = TP_PORTRAIT_ASK,
                    .pid = ask->to,
                    .time_ns = ask->deadline_ns,
                    .number = ask->schema});
        }
    }
}

static void
add_timers(
    struct tp_portrait *portrait, uint32_t room, const struct tp_timers *timers)
{
    for (uint32_t i = 0; i < timers->capacity; i++) {
        const struct tp_timers_entry *timer = &timers->items[i];

        if (timer->then != NULL) {
            add(portrait, room,
                &(struct tp_portrait_item){.kind = TP_PORTRAIT_TIMER,
                    .time_ns = timer->due_ns,
                    .period_ns = timer->period_ns});
        }
    }
}

static void
add_bond(struct tp_portrait *portrait, uint32_t room,
    const struct troupe_message *end)
{
    struct tp_portrait_item item = {.pid = end->sender};

    switch ((enum tp_message_kind)end->kind) {
    case TP_MESSAGE_EXIT:
        item.kind = TP_PORTRAIT_LINK;
        break;
    case TP_MESSAGE_DEMONITOR:
        item.kind = TP_PORTRAIT_WATCHES;
        break;
    default:
        item.kind = TP_PORTRAIT_WATCHED;
        break;
    }
    add(portrait, room, &item);
}

static void
add_bonds(
    struct tp_portrait *portrait, uint32_t room, const struct tp_bonds *bonds)
{
    uint32_t lines_count = bonds->lines == NULL ? 1 : bonds->mask + 1;

    for (uint32_t i = 0; i < lines_count; i++) {
        const struct troupe_message *end =
            bonds->lines == NULL ? bonds->single : bonds->lines[i];

        for (; end != NULL; end = end->next) {
            add_bond(portrait, room, end);
        }
    }
}

/* ---- the whole ----------------------------------------------------------- */

/* Whose children it knows; NULL: it has none. */
static const struct tp_children *
children_of(struct tp_actor *actor)
{
    bool has_some = (actor->flags & TP_ACTOR_SUPERVISES) != 0 &&
                    (actor->flags & TP_ACTOR_IS_SUSPENDED) == 0;
    const struct tp_supervisor *supervisor;

    if (!has_some) {
        return NULL;
    }
    supervisor = tp_life_open_state(actor);
    return &supervisor->children;
}

static uint32_t
room_for(
    const struct tp_extension *extension, const struct tp_children *children)
{
    uint64_t count = children == NULL ? 0 : tp_children_count(children);

    if (extension != NULL) {
        count += (uint64_t)extension->asks.open_count +
                 extension->timers.open_count + extension->bonds.count;
    }
    return count < TP_PORTRAIT_ITEMS_MAX ? (uint32_t)count
                                         : TP_PORTRAIT_ITEMS_MAX;
}

static void
draw_head(struct tp_portrait *portrait, const struct tp_actor *actor)
{
    portrait->pid = actor->pid;
    portrait->behaviour = actor->table == NULL ? NULL : actor->table->name;
    portrait->flags = actor->flags;
    portrait->is_congested = tp_limit_is_congested(&actor->limit);
    portrait->is_short = true;
}

/* What waits is what the limit counts, less what has been handled and not been
 * taken off yet. */
static void
draw_mailbox(struct tp_portrait *portrait, const struct tp_actor *actor)
{
    uint64_t held = ck_pr_load_64(&actor->limit.held) & ~TP_LIMIT_CONGESTED;
    uint64_t settled = TP_LIMIT_OF(actor->unsettled >> TP_ACTOR_UNSETTLED_BITS,
        (uint64_t)(actor->unsettled & ((1u << TP_ACTOR_UNSETTLED_BITS) - 1)) *
            TP_BLOCK_BYTES_MIN);
    uint64_t waiting = held - settled;

    portrait->messages_count = waiting >> TP_LIMIT_BYTES_BITS;
    portrait->bytes_count = waiting & (TP_LIMIT_OF(1, 0) - 1);
}

static const char *
name_of_wait(const struct tp_process *process)
{
    static const char *const names[] = {
        [TP_PROCESS_RECEIVES] = "receives",
        [TP_PROCESS_ASKS] = "asks",
        [TP_PROCESS_SLEEPS] = "sleeps",
        [TP_PROCESS_IS_HELD] = "held up",
        [TP_PROCESS_ENDS] = "ends",
    };

    return process == NULL || process->is_due ? NULL : names[process->wait];
}

static void
draw(struct tp_portrait *portrait, uint32_t room, const struct tp_actor *actor,
    const struct tp_children *children)
{
    const struct tp_extension *extension = tp_actor_extension(actor);

    memset(portrait, 0, sizeof(*portrait));
    draw_head(portrait, actor);
    draw_mailbox(portrait, actor);
    portrait->is_short = false;
    if ((actor->flags & TP_ACTOR_IS_PAUSED) != 0) {
        portrait->paused_on = actor->paused_on;
    }
    if (children != NULL) {
        add_children(portrait, room, children);
    }
    if (extension != NULL) {
        portrait->kept_count = extension->kept.count;
        portrait->in_line = name_of_wait(extension->process);
        if (extension->stash != NULL) {
            portrait->stashed_count = extension->stash->count;
        }
        if (extension->token != NULL) {
            portrait->supervisor = extension->token->sender;
        }
        add_asks(portrait, room, &extension->asks);
        add_timers(portrait, room, &extension->timers);
        add_bonds(portrait, room, &extension->bonds);
    }
}

struct troupe_message *
tp_portrait_report(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *probe)
{
    const struct tp_children *children = children_of(actor);
    uint32_t room = room_for(tp_actor_extension(actor), children);
    struct troupe_message *report = tp_probes_make_report(self, &probe,
        sizeof(struct tp_portrait) + room * sizeof(struct tp_portrait_item));

    if (report == NULL) {
        report = probe;
        draw_head(portrait_of(report), actor);
    } else {
        draw(portrait_of(report), room, actor, children);
    }
    if (children != NULL) {
        tp_isolation_close_state(actor);
    }
    return report;
}

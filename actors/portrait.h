/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * portrait: what one actor is at a moment between two of its messages.
 *
 * Made by the actor's owner, as the payload of a REPORT (actors/probes.h): a
 * head of numbers, then a list of what the actor has to do with others and with
 * time, an item each. A list has ITEMS_MAX items at most, so that to answer is
 * not a long handler; the head counts what there is in all.
 *
 * Names are copied or valid for ever, so a portrait may outlive its actor.
 *
 * All functions are for the actor's owner; or for anybody while no worker runs.
 */
#ifndef TROUPE_ACTORS_PORTRAIT_H
#define TROUPE_ACTORS_PORTRAIT_H

#include "actors/actor.h"

enum {
    TP_PORTRAIT_ITEMS_MAX = 1000,
    TP_PORTRAIT_NAME_BYTES = 32,
};

enum tp_portrait_item_kind {
    TP_PORTRAIT_CHILD, /* pid, name, phase, lives */
    TP_PORTRAIT_ASK,   /* pid, time: the deadline; number: the schema */
    TP_PORTRAIT_TIMER, /* time: when it is due; period: 0 or its period */
    TP_PORTRAIT_LINK,  /* pid, and of the next two */
    TP_PORTRAIT_WATCHES,
    TP_PORTRAIT_WATCHED,
    TP_PORTRAIT_KINDS_COUNT,
};

struct tp_portrait_item {
    enum tp_portrait_item_kind kind;
    uint32_t number;
    troupe_pid pid;
    uint64_t time_ns;
    uint64_t period_ns;
    uint64_t lives_count;
    uint32_t phase; /* a tp_supervised_phase */
    char name[TP_PORTRAIT_NAME_BYTES];
};

struct tp_portrait {
    troupe_pid pid;        /* TROUPE_NO_PID: the slot is vacant */
    const char *behaviour; /* valid for ever */
    uint16_t flags;        /* the actor's */
    bool is_congested;
    bool is_short; /* there was no memory for more than these three */
    /* What a PROBE's own block has no room for. */
    uint32_t items_count;
    uint64_t messages_count; /* waiting */
    uint64_t bytes_count;
    troupe_pid paused_on;  /* TROUPE_NO_PID: it is not */
    troupe_pid supervisor; /* of a child that lives; or TROUPE_NO_PID */
    /* What a body in sequential style does just now; NULL: no body waits. */
    const char *in_line;
    uint64_t stashed_count;
    uint32_t kept_count; /* requests to be answered later */
    uint32_t totals[TP_PORTRAIT_KINDS_COUNT];
    struct tp_portrait_item items[];
};

static inline const struct tp_portrait *
tp_portrait_of(const struct troupe_message *report)
{
    return (const struct tp_portrait *)(const void *)report->payload;
}

/* The REPORT to the PROBE, which it takes. */
struct troupe_message *tp_portrait_report(struct troupe_self *self,
    struct tp_actor *actor, struct troupe_message *probe);

#endif

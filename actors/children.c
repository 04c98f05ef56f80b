/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/children.h"

void
tp_children_append(struct tp_children *children, struct tp_supervised *child)
{
    child->next = NULL;
    child->previous = children->last;
    if (children->last == NULL) {
        children->first = child;
    } else {
        children->last->next = child;
    }
    children->last = child;
}

void
tp_children_remove(struct tp_children *children, struct tp_supervised *child)
{
    if (child->previous == NULL) {
        children->first = child->next;
    } else {
        child->previous->next = child->next;
    }
    if (child->next == NULL) {
        children->last = child->previous;
    } else {
        child->next->previous = child->previous;
    }
}

struct tp_supervised *
tp_children_find(const struct tp_children *children, troupe_pid actor)
{
    struct tp_supervised *child = children->first;

    while (child != NULL && child->pid != actor) {
        child = child->next;
    }
    return child;
}

struct tp_supervised *
tp_children_at(const struct tp_children *children, uint64_t index)
{
    struct tp_supervised *child = children->first;

    for (uint64_t i = 0; child != NULL && i < index; i++) {
        child = child->next;
    }
    return child;
}

uint64_t
tp_children_count(const struct tp_children *children)
{
    uint64_t count = 0;

    for (const struct tp_supervised *child = children->first; child != NULL;
         child = child->next) {
        count++;
    }
    return count;
}

void
tp_children_want_up(struct tp_children *children)
{
    for (struct tp_supervised *child = children->first; child != NULL;
         child = child->next) {
        child->wants_up = !child->is_leaving;
    }
}

struct tp_supervised *
tp_children_last_to_stop(const struct tp_children *children)
{
    struct tp_supervised *child = children->last;

    while (child != NULL &&
           (child->wants_up || child->phase != TP_SUPERVISED_UP)) {
        child = child->previous;
    }
    return child;
}

struct tp_supervised *
tp_children_first_to_start(const struct tp_children *children, bool each_alone)
{
    struct tp_supervised *child;

    for (child = children->first; child != NULL; child = child->next) {
        if (!child->wants_up || child->phase != TP_SUPERVISED_DOWN) {
            continue;
        }
        if (tp_children_is_home(child) && child->delay == TROUPE_NO_TIMER) {
            return child;
        }
        if (!each_alone) {
            return NULL;
        }
    }
    return NULL;
}

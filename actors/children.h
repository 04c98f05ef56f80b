/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * children: the children of one supervisor, in the order of their start.
 *
 * A list of the records of supervised.h, and the questions that the order
 * answers: who is to be stopped next, and who is to be started. What becomes of
 * them is the supervisor's to say.
 *
 * All functions are for the supervisor. Zeroed memory is an empty list.
 */
#ifndef TROUPE_ACTORS_CHILDREN_H
#define TROUPE_ACTORS_CHILDREN_H

#include "actors/supervised.h"

struct tp_children {
    struct tp_supervised *first;
    struct tp_supervised *last;
};

void tp_children_append(
    struct tp_children *children, struct tp_supervised *child);

/* Takes the child, which is one of them, off the list. */
void tp_children_remove(
    struct tp_children *children, struct tp_supervised *child);

/* NULL: none of them is that actor. */
struct tp_supervised *tp_children_find(
    const struct tp_children *children, troupe_pid actor);

/* NULL: there are not so many. */
struct tp_supervised *tp_children_at(
    const struct tp_children *children, uint64_t index);

uint64_t tp_children_count(const struct tp_children *children);

/* All are to live that do not leave. */
void tp_children_want_up(struct tp_children *children);

/* The last that is up and should not be; NULL: there is none. */
struct tp_supervised *tp_children_last_to_stop(
    const struct tp_children *children);

/*
 * The first that is down and should be up, and can be started now; NULL: there
 * is none. One that cannot holds up those behind it, unless each is on its own.
 */
struct tp_supervised *tp_children_first_to_start(
    const struct tp_children *children, bool each_alone);

/* Whether nothing of the child is on its way: it may be started or let go. */
static inline bool
tp_children_is_home(const struct tp_supervised *child)
{
    return child->phase == TP_SUPERVISED_DOWN && child->token != NULL &&
           child->echo != NULL;
}

#endif

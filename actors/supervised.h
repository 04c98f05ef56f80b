/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * supervised: a child, as its supervisor sees it.
 *
 * Besides the description it holds every message that the supervisor may have
 * to send to the child, made in advance, so that to stop, to kill and to let go
 * need no memory: only a (re)start may lack it.
 *
 *               run                 STARTED
 *     DOWN --------------> STARTING ---------> UP
 *      ^                      |                |
 *      +------- ENDED --------+----------------+---- stop ---> STOPPING
 *      ^                                                          |
 *      +----------------------- ENDED ----------------------------+
 *
 * A token that comes home brings the address of this record with it. The record
 * is freed only when token and echo are home, or by the end of the
 * supervisor's life; each life has a number, which token and echo bring as
 * well, so that those of an earlier life are told apart and their address is
 * not followed.
 *
 * All functions are for the supervisor, but make, which is for whoever brings
 * it a child, and abandon, which is for whoever has it.
 */
#ifndef TROUPE_ACTORS_SUPERVISED_H
#define TROUPE_ACTORS_SUPERVISED_H

#include "actors/behaviour.h"
#include "actors/self.h"
#include "troupe/supervisor.h"

enum tp_supervised_phase {
    TP_SUPERVISED_DOWN,
    TP_SUPERVISED_STARTING,
    TP_SUPERVISED_UP,
    TP_SUPERVISED_STOPPING,
};

struct tp_supervised {
    struct tp_supervised *next; /* the order of start */
    struct tp_supervised *previous;
    troupe_pid pid;
    struct troupe_child description;
    const struct tp_behaviour_table *table;
    void *state; /* what each life begins with; NULL: zeros */

    enum tp_supervised_phase phase;
    bool wants_up;      /* it is to live when its turn comes */
    bool is_leaving;    /* it is to be let go when it is down */
    troupe_timer delay; /* until when it must not be run */
    uint64_t lives_count;
    struct tp_exit why; /* of the last end, or of a start without memory */

    /* At home; NULL: away. `adopt` brings the record to its supervisor. */
    struct troupe_message *token;
    struct troupe_message *echo;
    struct troupe_message *stop;
    struct troupe_message *kill;
    struct troupe_message *finish;
    struct troupe_message *adopt;
};

/*
 * Spawns a suspended actor as described and makes its record, the caller's.
 * INVALID_ARGUMENT, NO_MEMORY, TOO_MANY_ACTORS, SCHEMA_CONFLICT.
 */
TROUPE_MUST_USE troupe_err tp_supervised_make(struct troupe_self *self,
    const struct troupe_child *description, struct tp_supervised **made);

/* Whether a record could be made of it, all the way down. */
TROUPE_MUST_USE troupe_err tp_supervised_check(
    const struct troupe_supervisor *description);

/* The i-th child, whatever size the program's struct has. */
static inline const struct troupe_child *
tp_supervised_described(
    const struct troupe_supervisor *description, unsigned index)
{
    const char *children = (const char *)description->children;

    return (const struct troupe_child *)(const void
            *)(children + index * description->children->size);
}

/* Begins a life. NO_MEMORY: it stays DOWN. Token and echo are home. */
TROUPE_MUST_USE troupe_err tp_supervised_run(
    struct troupe_self *self, struct tp_supervised *child, uint32_t life);

void tp_supervised_stop(struct troupe_self *self, struct tp_supervised *child);
void tp_supervised_kill(struct troupe_self *self, struct tp_supervised *child);

/* The actor ends for good, for this reason, and the record is freed. Takes
 * *child. When no worker runs any more only the latter. */
void tp_supervised_abandon(struct troupe_self *self,
    struct tp_supervised **child, const struct tp_exit *why);

static inline struct tp_supervised *
tp_supervised_of(const struct troupe_message *message)
{
    return (struct tp_supervised *)(uintptr_t)message->request;
}

#endif

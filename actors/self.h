/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * self: who is calling, and what they need at hand.
 *
 * Each worker has one, lent to the handler that it runs. Each thread outside
 * has one of its own (actors/outside.h). A self is used by one thread only.
 */
#ifndef TROUPE_ACTORS_SELF_H
#define TROUPE_ACTORS_SELF_H

#include "actors/containment.h"
#include "actors/exit.h"
#include "actors/grace.h"
#include "actors/registry.h"
#include "base/random.h"
#include "base/stack.h"
#include "mailbox/block_cache.h"
#include "scheduler/worker.h"
#include "troupe/observe.h"

enum { TP_SELF_RECENT_COUNT = 8 };

struct troupe_self {
    /* What every message needs, in as few cache lines as it takes. */
    struct troupe_runtime *runtime;
    struct tp_worker *worker; /* NULL: a thread outside */
    /* Whose turn it is; outside: its own slot. Written by this self's thread;
     * read by a dump on any thread. It orders nothing. Stale: the dump says
     * what the worker ran a moment ago. */
    struct tp_actor *actor;
    troupe_pid pid;                 /* of that actor */
    struct troupe_message *in_hand; /* what the handler handles; or NULL */
    struct troupe_message *only; /* it, while it lies in the inbox; or NULL */
    struct tp_actor *congested;  /* told in this handler, and congested since */
    uint64_t handled_count;      /* read by others when no worker runs */
    bool is_kept;                /* the actor keeps the message in hand */
    bool has_failed;             /* the message in hand is lost */
    bool is_stashed;  /* it goes to the stash, and is_kept is set as well */
    bool is_observed; /* see actors/observer.h */
    uint8_t chained_class_max; /* blocks of lower classes are chained */
    uint32_t pushes_count;     /* in this turn; see actor.h */

    /* What the handler has sent to one receiver and not pushed yet. */
    struct {
        struct troupe_message *newest; /* NULL: nothing */
        struct troupe_message *oldest;
        struct tp_actor *actor;
        troupe_pid to;
        uint64_t held; /* TP_LIMIT_OF its limited messages */
    } chain;
    uint64_t chain_held_max; /* a chain as long as this is pushed */
    uint32_t settle_max;     /* see tp_actor.unsettled */

    /* For the report of a crash: what it handled last, by handled_count. */
    uint64_t handled_before_turn;
    uint32_t recent[TP_SELF_RECENT_COUNT]; /* schemas */

    struct tp_block_cache blocks;

    /* What only some need. */
    struct tp_process *process; /* whose body runs just now; or NULL */
    struct tp_stack_pool stacks;
    unsigned guards_noted; /* of stacks, in the log; a bit each */
    struct tp_call *call;  /* that a continuation goes on with; or NULL */
    /* Why the actor ends that has IS_STOPPING, until it is gone. */
    struct tp_exit exit;
    /* The newest message that a turn has put before all that waits, for an
     * exploration, which makes it NULL before. */
    struct troupe_message *returned;
    bool is_sudden; /* its stop handler is not to run (again) */
    /*
     * See actors/isolation.h; NULL: none. Written by this self's thread, once,
     * with a store fence before; read by a report on any thread, which reaches
     * the rest by way of the pointer. Stale: a message is not found.
     */
    struct tp_quarantine *quarantine;
    struct tp_free_slots slots;
    struct tp_random random;
    struct tp_signal_stack signal_stack;
    struct troupe_observed_message observed; /* what is begun, if observed */
    uint8_t unobserved_class_max; /* chained_class_max, if not observed */
    /*
     * Actors that this self has spawned. Written by its thread, before the
     * START that is pushed with release; read by any thread. Stale: an older
     * count.
     */
    uint64_t born_count;
    /*
     * Actors that ended here. Written by its thread; read by any thread, with a
     * load fence before it reads who was born. Stale: an older count.
     */
    uint64_t died_count;
    uint64_t bonds_count; /* made; numbers the next */
    /* Messages that later ones have replaced (actors/order.h). Written by its
     * thread; read by others when no worker runs. */
    uint64_t replaced_count;
    struct tp_grace_reader reader; /* of the directory */

    /* Of a thread outside only. */
    struct troupe_self *next_outside;
    bool is_taken; /* by a living thread; by the runtime's outside_mutex */
    bool is_paused;
    uint64_t requests_count;
    uint64_t request;              /* whose answer it waits for; 0: none */
    struct troupe_message *answer; /* to the last one */
    /*
     * What it waits for, for people. Written by the thread when it asks and
     * when that ends; read by any thread. They order nothing. Stale: a reader
     * may see parts of two asks.
     */
    struct {
        troupe_pid to; /* TROUPE_NO_PID: it does not wait */
        uint64_t deadline_ns;
        uint32_t schema;
    } asked;
    bool is_probing; /* waits for reports: actors/waits.h */
    uint32_t reports_due;
    uint64_t probe; /* the number of the batch */
    struct troupe_message *reports;
    struct tp_parker parker;
};

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Supervisors: actors that start others, and start them again when they end.
 *
 * A supervisor and its children are described by data. It starts the children
 * in order, each when the start handler of the one before has returned. When a
 * child ends, it decides by the child's kind whether it is started again, and
 * by the strategy who is started again with it. Too many restarts within a time
 * are too many: then it stops all its children and ends itself, FAILED, which
 * its own supervisor sees. It stops children in the reverse order, one after
 * the other, each with a deadline, and kills what has not ended by then.
 *
 * A child that is started again keeps its pid, its mailbox, and the links and
 * monitors that others have with it: nobody else notices, but that its state is
 * new and the message that it failed on is lost. What it had asked, the timers
 * it had set, the requests it kept and whom it watched are gone with the old
 * state. Links and monitors fire when it ends for good. While it is down, a
 * troupe_stop() or troupe_kill() of it is of no effect: troupe_end_child ends
 * it.
 *
 *     static const struct troupe_child children[] = {
 *         TROUPE_CHILD(.name = "cache", .behaviour = &cache_behaviour),
 *         TROUPE_CHILD(.name = "shop", .behaviour = &shop_behaviour),
 *     };
 *     static const struct troupe_supervisor tree =
 *         TROUPE_SUPERVISOR(TROUPE_CHILDREN(children));
 *     troupe_pid pids[2];
 *     err = troupe_supervise(self, &tree, &supervisor, pids);
 */
#ifndef TROUPE_SUPERVISOR_H
#define TROUPE_SUPERVISOR_H

#include "troupe/actor.h"

#include <limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/** After which ends a child is started again. */
enum troupe_restart {
    TROUPE_PERMANENT, /**< each */
    TROUPE_TRANSIENT, /**< each but NORMAL and SHUTDOWN */
    TROUPE_TEMPORARY, /**< none */
};

/** Who is stopped and started again with a child that is. */
enum troupe_strategy {
    TROUPE_ONE_FOR_ONE,  /**< nobody */
    TROUPE_ONE_FOR_ALL,  /**< all other children */
    TROUPE_REST_FOR_ONE, /**< those that were started after it */
};

/** None: for restarts_max. */
#define TROUPE_NO_RESTARTS UINT_MAX

struct troupe_supervisor;

/**
 * One child. Made by TROUPE_CHILD(.field = value, ...); what is not named is
 * default. It is copied, and so is its first state; its name and what else it
 * points to must stay valid as long as its supervisor lives.
 */
struct troupe_child {
    size_t size;
    /** For people. */
    const char *name;
    /** What it is: a behaviour, or a supervisor with children of its own. */
    struct troupe_behaviour *behaviour;
    const struct troupe_supervisor *supervisor;
    /** What each of its lives begins with, as in troupe_spawn_options. */
    const void *state;
    enum troupe_restart restart;
    /** How long it may take to stop, in nanoseconds; then it is killed. 0: 5 s;
     * for a supervisor, whose children have deadlines of their own: for ever.
     */
    uint64_t stop_ns;
    /** See troupe_spawn_options. Not of a supervisor. */
    struct troupe_mailbox_options mailbox;
    bool ends_on_decode_error;
    /** Others find it by its name, too (troupe/name.h), in all its lives. */
    bool is_registered;
    /** See troupe/placement.h: for all its lives. Not of a supervisor, and not
     * TROUPE_SPAWNERS_WORKER. */
    unsigned worker;
    bool own_thread;
    /** See troupe_spawn_options: of a process. */
    size_t stack_bytes;
};

/** Made by TROUPE_SUPERVISOR(.field = value, ...). It is read as long as the
 * supervisor lives, and is usually static and const. */
struct troupe_supervisor {
    size_t size;
    enum troupe_strategy strategy;
    /** More restarts than so many within restarts_within_ns, and it gives up.
     * 0: 3 within 5 s; at most 1,000,000. */
    unsigned restarts_max;
    uint64_t restarts_within_ns;
    /** How long it waits before a restart: backoff_ns for the first within
     * restarts_within_ns, twice that for the second, and so on, at most
     * backoff_ns_max (0: a minute); each a random half less at most, so that
     * many do not come back at once. 0: it does not wait. Mail waits
     * meanwhile, and so does a stop of the runtime, within its drain_ns. */
    uint64_t backoff_ns;
    uint64_t backoff_ns_max;
    /** The first children, in the order of their start. */
    const struct troupe_child *children;
    unsigned children_count;
};

#define TROUPE_CHILD(...)                                                      \
    {                                                                          \
        .size = sizeof(struct troupe_child), __VA_ARGS__                       \
    }
#define TROUPE_SUPERVISOR(...)                                                 \
    {                                                                          \
        .size = sizeof(struct troupe_supervisor), __VA_ARGS__                  \
    }
#define TROUPE_CHILDREN(array)                                                 \
    .children = (array), .children_count = sizeof(array) / sizeof((array)[0])

/**
 * Starts a supervisor that nobody supervises, and its children. *supervisor
 * becomes its pid, and children, room for children_count, theirs, which are
 * good for sending at once; either may be NULL. troupe_stop() stops it with all
 * its children; so does the end of the runtime.
 *
 * Errors, with nothing started: INVALID_ARGUMENT (the description contradicts
 * itself; the detail says where), NO_MEMORY, TOO_MANY_ACTORS, TOO_MANY_THREADS,
 * SYSTEM, SCHEMA_CONFLICT, NOT_RUNNING.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_supervise(struct troupe_self *self,
    const struct troupe_supervisor *description, troupe_pid *supervisor,
    troupe_pid *children);

/**
 * Gives a supervisor one more child, whose pid *pid becomes (it may be NULL),
 * and which it starts after those that it has. A supervisor that has ended, or
 * is about to, ends it at once (NO_SUCH_ACTOR, SHUTDOWN).
 *
 * Errors: as troupe_supervise(), and NO_SUCH_ACTOR (this runtime never made
 * that supervisor).
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_supervisor_add(
    struct troupe_self *self, troupe_pid supervisor,
    const struct troupe_child *child, troupe_pid *pid);

/* ---- what a supervisor understands --------------------------------------- */

#define TROUPE_GET_CHILD_FIELDS(FIELD) FIELD(uint64, index)
/** Asks for the index-th child, in the order of their start. */
TROUPE_MESSAGE(troupe_get_child, TROUPE_GET_CHILD_FIELDS)

#define TROUPE_CHILD_INFO_FIELDS(FIELD)                                        \
    FIELD(uint64, children_count)                                              \
    FIELD(str, name)                                                           \
    FIELD(pid, actor)                                                          \
    FIELD(bool, is_alive)                                                      \
    FIELD(bool, is_supervisor)                                                 \
    FIELD(uint64, restarts_count)                                              \
    FIELD(str, last_end)
/** The reply: children_count says how many there are; the rest is of one child,
 * or empty if there is none at that index. last_end is why its last life ended,
 * in words; empty before that. */
TROUPE_MESSAGE(troupe_child_info, TROUPE_CHILD_INFO_FIELDS)

#define TROUPE_END_CHILD_FIELDS(FIELD) FIELD(pid, actor)
/** Tells the supervisor to stop a child for good, SHUTDOWN. */
TROUPE_MESSAGE(troupe_end_child, TROUPE_END_CHILD_FIELDS)

#ifdef __cplusplus
}
#endif

#endif

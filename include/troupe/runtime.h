/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtime: a set of threads, one per core, that run actors; or a simulation
 * of them on one thread, where a seed decides every order and time is virtual.
 *
 * create -> start -> stop -> destroy. Up to 16 runtimes live in one process and
 * know nothing of each other.
 */
#ifndef TROUPE_RUNTIME_H
#define TROUPE_RUNTIME_H

#include "troupe/actor.h"
#include "troupe/log.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Checked at create: a program and its library must agree. */
#define TROUPE_ABI 1u

struct troupe_runtime;
struct troupe_observer;

/** What the runtime's workers wait for besides messages: troupe/net.h. */
struct troupe_io;

/** What goes wrong in a simulation; its seed decides when. All zeros: nothing.
 */
struct troupe_faults {
    /** So many actors are killed, each before a turn of its own. */
    unsigned kills_count;
    /** So many requests of the runtime for memory fail. The plan is the
     * process's: no other runtime may be at work. */
    unsigned failed_allocations_count;
    /** Kills and failures fall in the first so many turns; 0: 1,000. */
    unsigned turns_count;
    /** Mail of different senders overtakes. */
    bool reorder;
    /** A turn may take so much time, and all that waits is late by as much; 0:
     * 20 us. */
    uint64_t delay_ns_max;
};

/** Made by TROUPE_OPTIONS(.field = value, ...); what is not named is default.
 */
struct troupe_options {
    size_t size;
    /** Threads that run actors; 0: as many as the affinity mask and the
     * cgroup's quota give. */
    unsigned workers_count;
    /** Bind worker i to the i-th processor it may run on. */
    bool pin_workers;
    /** No threads: the thread that creates the runtime runs the actors, in an
     * order that `seed` decides, while it asks or stops. The environment
     * variable TROUPE_SIM=seed does the same for a program as it is. */
    bool simulate;
    /** For troupe_random_below() and the simulation; 0: the system's choice. */
    uint64_t seed;
    /** Of a simulation. */
    struct troupe_faults faults;
    /** Actors at a time; 0: 2^28. */
    uint32_t actors_count_max;
    /**
     * A handler that faults (SIGSEGV, SIGBUS, SIGFPE, SIGILL) ends the process,
     * as it would without troupe, and no signal handler is set. By default it
     * ends its actor only. The environment variable TROUPE_CONTAIN=0 does the
     * same for a program as it is.
     */
    bool crash_ends_process;
    /** More than so many dead letters within dead_letters_period_ns (0: a
     * second) raise an alarm: a line of the log, and a message to those who
     * subscribe to dead letters. 0: none; at most 1,000,000. */
    uint32_t dead_letters_max;
    uint64_t dead_letters_period_ns;
    /** Of actors that are spawned without such options of their own. Not
     * REDIRECT. */
    struct troupe_mailbox_options mailbox;
    /** Where lines for people go (troupe/log.h); NULL: standard error. */
    troupe_log_hook *log;
    void *log_context;
    /** troupe_net(), of the library troupe-net, or NULL. Not for simulations.
     */
    const struct troupe_io *io;
    /** Threads for actors that have one each (troupe/placement.h), at a time;
     * 0: 64; at most 1,024. */
    unsigned own_threads_max;
    /** Who is told what happens (troupe/observe.h); NULL: nobody. Must outlive
     * the runtime. */
    const struct troupe_observer *observer;
    /** Lines of this level and of more serious ones are written. 0: for a hook
     * all but DEBUG, for standard error WARNING. The environment variable
     * TROUPE_LOG=error|warning|info|debug goes before it. */
    enum troupe_log_level log_level;
    /**
     * A handler that runs for longer than this is named in the log, with its
     * stack, once: a thread looks four times in so long. At least a
     * millisecond; 0: nobody looks. Not in simulations, nor at actors that have
     * a thread of their own. See docs/guide/operating.md.
     */
    uint64_t watchdog_ns;
};

/** The defaults, for those who would rather set fields afterwards (C++). */
static inline struct troupe_options
troupe_options_default(void)
{
    struct troupe_options options;

    __builtin_memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    return options;
}

#ifndef __cplusplus
#define TROUPE_OPTIONS(...)                                                    \
    ((struct troupe_options){                                                  \
        .size = sizeof(struct troupe_options), __VA_ARGS__})
#endif

/** Why a message was not handled. */
#define TROUPE_DEAD_LETTER_MAP(X)                                              \
    X(NO_SUCH_ACTOR, "the receiver has stopped or never existed")              \
    X(NO_HANDLER, "the receiver has no handler for it")                        \
    X(DECODE, "its payload does not fit its schema")                           \
    X(FAILED, "the receiver failed while it handled it")                       \
    X(MAILBOX_FULL, "the receiver's mailbox was full")                         \
    X(DROPPED, "the policy of the receiver's mailbox dropped it")              \
    X(NO_MEMORY, "there was no memory for it")                                 \
    X(REFUSED, "it could not be made or sent")                                 \
    X(LATE_REPLY, "the reply came after the deadline")                         \
    X(EXPIRED, "its deadline had passed when its turn came")                   \
    X(CRASHED, "the receiver crashed while it handled it")                     \
    X(RUNTIME_STOPPED, "the runtime stopped first")                            \
    X(NO_ROUTEE, "the router had nobody to give it to")                        \
    X(TOO_MANY_HOPS, "it was handed on too often")

enum troupe_dead_letter_cause {
#define X(name, text) TROUPE_DEAD_LETTER_##name,
    TROUPE_DEAD_LETTER_MAP(X)
#undef X
        TROUPE_DEAD_LETTER_CAUSES_COUNT
};

/** An actor that waited for an answer when the runtime stopped, and for whose.
 */
struct troupe_stop_wait {
    troupe_pid actor;
    const char *behaviour; /* the actor's */
    troupe_pid waits_for;
    const char *message; /* what it has asked */
};

enum { TROUPE_STOP_WAITS_MAX = 8 };

/** An actor with a thread of its own that had not returned from its handler
 * when the stop gave up. */
struct troupe_stop_blocked {
    troupe_pid actor;
    const char *behaviour; /* that it was spawned with */
};

enum { TROUPE_STOP_BLOCKED_MAX = 8 };

/** What became of everything. The caller sets size (TROUPE_STOP_REPORT). */
struct troupe_stop_report {
    size_t size;
    /** True: every message was handled before the deadline. */
    bool is_drained;
    uint64_t messages_handled_count;
    uint64_t dead_letters_count[TROUPE_DEAD_LETTER_CAUSES_COUNT];
    /** Actors that had not stopped by themselves. */
    uint64_t actors_alive_count;
    /** Of those, how many waited for an answer. */
    uint64_t actors_waiting_count;
    /** One ask of each of the first of those. */
    unsigned waits_count;
    struct troupe_stop_wait waits[TROUPE_STOP_WAITS_MAX];
    /** Actors whose own threads were left to themselves, and the first of
     * them. What they hold is not in the other numbers. */
    unsigned blocked_count;
    struct troupe_stop_blocked blocked[TROUPE_STOP_BLOCKED_MAX];
    /** Messages that later ones have replaced, as their receivers had asked
     * (troupe/order.h). */
    uint64_t messages_replaced_count;
};

#define TROUPE_STOP_REPORT                                                     \
    {                                                                          \
        sizeof(struct troupe_stop_report), false, 0, {0}, 0, 0, 0,             \
            {{0, 0, 0, 0}}, 0, {{0, 0}}, 0                                     \
    }

/**
 * Makes a runtime. options may be NULL. The runtime is the caller's, to be
 * destroyed. Actors may be spawned and told before it is started.
 *
 * Errors: NO_MEMORY, INVALID_ARGUMENT, TOO_MANY_RUNTIMES, ABI_MISMATCH, SYSTEM.
 */
#define troupe_runtime_create(options, runtime)                                \
    troupe_runtime_create_abi(TROUPE_ABI, (options), (runtime))
TROUPE_API TROUPE_MUST_USE troupe_err troupe_runtime_create_abi(unsigned abi,
    const struct troupe_options *options, struct troupe_runtime **runtime);

/**
 * Starts the threads. Errors: ALREADY_STARTED, SYSTEM (a thread could not be
 * made; none is left running, and it may be called again), NOT_RUNNING (in a
 * forked child).
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_runtime_start(
    struct troupe_runtime *runtime);

/**
 * Refuses what threads send from now on, lets the actors handle what waits for
 * at most drain_ns, then halts them, after the handlers now running, and fills
 * report (may be NULL). It waits for handlers that run on threads of their own
 * until drain_ns is up and a second more; then they are left to themselves, and
 * the report names them. Not for handlers: they call troupe_runtime_quit().
 *
 * Errors: NOT_RUNNING (stopped already, never started, or a forked child),
 * WRONG_THREAD.
 */
TROUPE_API troupe_err troupe_runtime_stop(struct troupe_runtime *runtime,
    uint64_t drain_ns, struct troupe_stop_report *report);

/**
 * Destroys a runtime that is not running (a running one is first stopped
 * without draining) and sets *runtime to NULL. No other thread may use it, or
 * any self of it, any more. While an actor has still not returned from its
 * handler on a thread of its own, all memory is left where it is, for that
 * thread, and a line of the log says so.
 */
TROUPE_API void troupe_runtime_destroy(struct troupe_runtime **runtime);

/** From a handler: asks whoever waits in troupe_runtime_wait() to return. */
TROUPE_API void troupe_runtime_quit(struct troupe_self *self);

/** Waits until an actor calls troupe_runtime_quit(). Under simulation it runs
 * the actors, and returns too when nothing is left to run. */
TROUPE_API void troupe_runtime_wait(struct troupe_runtime *runtime);

/**
 * This thread as a sender: it may spawn, tell and ask. Made at a thread's first
 * call and returned when the thread ends. NULL if there is no memory, the
 * runtime has been stopped, or this thread may not call (simulation); the
 * detail says which, and every call with it returns NOT_RUNNING.
 */
TROUPE_API struct troupe_self *troupe_thread_self(
    struct troupe_runtime *runtime);

/** How many threads run actors. Any thread. */
TROUPE_API unsigned troupe_runtime_workers_count(
    const struct troupe_runtime *runtime);

/** Actors alive just now (a snapshot). Any thread. */
TROUPE_API uint64_t troupe_runtime_actors_count(
    const struct troupe_runtime *runtime);

/** The seed in use: the same seed and program give the same simulation. */
TROUPE_API uint64_t troupe_runtime_seed(const struct troupe_runtime *runtime);

/** A number made from who ran in which order: equal for equal simulations.
 * Thread that runs the simulation. */
TROUPE_API uint64_t troupe_runtime_order_signature(
    const struct troupe_runtime *runtime);

/**
 * Writes who waits for whose answer, a line an ask, and the cycles among them:
 * "actor <0.1.1> (clerk) waits for actor <0.2.1> (shop): get_price, 1.2 s
 * left". Asks every actor, so it waits for the handlers now running, a second
 * at most for each thousand actors. For threads outside.
 *
 * Errors: WRONG_THREAD (inside a handler), NOT_RUNNING, NO_MEMORY.
 */
TROUPE_API troupe_err troupe_waits_print(
    struct troupe_self *self, FILE *stream);

/** Writes the report as a small table. */
TROUPE_API void troupe_stop_report_print(
    FILE *stream, const struct troupe_stop_report *report);

/**
 * For main() and examples: ends the program with a sentence if call fails.
 */
#define TROUPE_CHECK(call)                                                     \
    do {                                                                       \
        troupe_err troupe_check_err_ = (call);                                 \
        if (troupe_check_err_ != TROUPE_OK) {                                  \
            troupe_check_failed(#call, troupe_check_err_);                     \
        }                                                                      \
    } while (0)
TROUPE_API void troupe_check_failed(const char *call, troupe_err err)
    __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif

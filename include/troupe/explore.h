/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exploring: a small system of actors is run in every order in which its
 * messages can be delivered, for tests.
 *
 * Actors do not race for memory, but their messages race for each other. A test
 * says how the system begins and what must hold; troupe_explore() begins it
 * again and again, in simulations, and delivers the messages in another order
 * each time. When something does not hold it looks for the shortest order in
 * which it does not, and draws that.
 *
 * Handlers must repeat themselves: all that they do depends on messages, their
 * actor's state, troupe_now_ns() and troupe_random_below().
 *
 * Everything here is for one thread at a time.
 */
#ifndef TROUPE_EXPLORE_H
#define TROUPE_EXPLORE_H

#include "troupe/runtime.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A run under way, between two of its steps. */
struct troupe_explored;

/** Begins the system: spawns actors and tells them things. Called for each run,
 * so it must set what context points to as it was at first. */
typedef void troupe_explore_setup(struct troupe_self *self, void *context);

/** Looks whether what must hold does; see troupe_explored_fail(). */
typedef void troupe_explore_check(struct troupe_explored *run, void *context);

/** Made by TROUPE_EXPLORE_OPTIONS(.setup = ..., ...); what is not named is
 * default. */
struct troupe_explore_options {
    size_t size;
    troupe_explore_setup *setup;
    /** After the setup and after each step; NULL: nothing is looked at. */
    troupe_explore_check *after_step;
    /** When nothing is left to happen. It may tell and ask, by
     * troupe_explored_self(). */
    troupe_explore_check *at_end;
    void *context;
    /** Timers and deadlines may pass while messages wait, however soon those
     * would be handled. By default time stands still until nothing else can
     * happen. */
    bool timers_race;
    /** A crash, and what else the runtime logs as an error, is no failure. */
    bool errors_are_allowed;
    /** troupe_explore(): so many actors may be killed, at any moment, or none;
     * if kill_only is not NULL, actors of that behaviour. */
    unsigned kills_max;
    const char *kill_only;
    /** More runs than this are not made; 0: 1,000,000. */
    uint64_t runs_max;
    /** A run ends after so many steps; 0: 1,000. */
    unsigned steps_max;
    /** A run ends at this time of the simulation; 0: an hour. */
    uint64_t time_ns_max;
    /** For the runtimes; NULL: the defaults. simulate is implied, seed 0 is 1.
     */
    const struct troupe_options *runtime;
    /** Where a failure is told; NULL: standard error. */
    FILE *stream;
};

/** The defaults, for those who would rather set fields afterwards (C++). */
static inline struct troupe_explore_options
troupe_explore_options_default(void)
{
    struct troupe_explore_options options;

    __builtin_memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    return options;
}

#ifndef __cplusplus
#define TROUPE_EXPLORE_OPTIONS(...)                                            \
    ((struct troupe_explore_options){                                          \
        .size = sizeof(struct troupe_explore_options), __VA_ARGS__})
#endif

enum { TROUPE_EXPLORE_REASON_BYTES = 256 };

/** What was found. The caller sets size (TROUPE_EXPLORE_REPORT). */
struct troupe_explore_report {
    size_t size;
    /** Orders that came to their end: those that differ for some actor. Of
     * seeds: runs that did. */
    uint64_t orders_count;
    /** Runs that were made, of which some are given up when all that follows
     * has been seen. */
    uint64_t runs_count;
    /** Runs that steps_max has cut short. */
    uint64_t cut_count;
    unsigned steps_max; /**< of the longest run */
    /** CHECK_FAILED: which check, in a sentence; else empty. */
    char reason[TROUPE_EXPLORE_REASON_BYTES];
    /** CHECK_FAILED: how many steps it takes to fail. */
    unsigned failing_steps_count;
    /** No order fails after fewer steps. */
    bool is_shortest;
    /** troupe_explore_seeds(): of the run that failed, or the last one. */
    uint64_t seed;
    uint64_t order_signature;
};

#define TROUPE_EXPLORE_REPORT                                                  \
    {                                                                          \
        sizeof(struct troupe_explore_report), 0, 0, 0, 0, {0}, 0, false, 0, 0  \
    }

/**
 * Runs the system in every order. A step delivers one message: any that is the
 * oldest of its sender to its receiver, and the handler runs to its end. Orders
 * that no actor could tell apart are one. report may be NULL.
 *
 * Errors: CHECK_FAILED (the order is drawn on the stream), NOT_EXHAUSTED
 * (nothing failed, but runs_max or steps_max was reached), NOT_REPEATABLE,
 * INVALID_ARGUMENT, ABI_MISMATCH, and those of troupe_runtime_create().
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_explore(
    const struct troupe_explore_options *options,
    struct troupe_explore_report *report);

/**
 * Runs the system once with each of so many seeds, first_seed and those that
 * follow: for systems that have too many orders. Each run is a simulation, with
 * the faults that options->runtime plans. The environment variable
 * TROUPE_SIM=seed runs that seed alone.
 *
 * Errors: CHECK_FAILED (the stream says which seed failed first),
 * NOT_EXHAUSTED (steps_max was reached), and as troupe_explore().
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_explore_seeds(
    const struct troupe_explore_options *options, uint64_t first_seed,
    uint64_t seeds_count, struct troupe_explore_report *report);

/** The check has failed, and why, as printf does. The first call counts. */
TROUPE_API void troupe_explored_fail(struct troupe_explored *run,
    const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Fails the check unless condition holds. */
#define TROUPE_EXPLORED_CHECK(run, condition)                                  \
    do {                                                                       \
        if (!(condition)) {                                                    \
            troupe_explored_fail(                                              \
                (run), "%s:%d: %s", __FILE__, __LINE__, #condition);           \
        }                                                                      \
    } while (0)

/** The state of an actor, to be read until the check returns; NULL: it has not
 * begun, or has ended. */
TROUPE_API const void *troupe_explored_state_view(
    struct troupe_explored *run, troupe_pid actor);

/** For at_end: the thread, which may tell and ask; what it does is no step.
 * NULL after a step. */
TROUPE_API struct troupe_self *troupe_explored_self(
    struct troupe_explored *run);

#ifdef __cplusplus
}
#endif

#endif

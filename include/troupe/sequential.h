/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequential style: an actor whose behaviour is one function, from its first
 * line to its last.
 *
 * The function, its body, runs on a small stack of its own. Where a handler
 * would return, a body waits: for a message, for an answer, for some time. The
 * actor ends NORMAL when its body returns.
 *
 *     static void
 *     run(struct troupe_self *self, void *state)
 *     {
 *         const struct troupe_message *message;
 *         struct deposit deposit;
 *         int64_t cents = 0;
 *
 *         while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
 *             if (deposit_in(message, &deposit)) {
 *                 cents += deposit.cents;
 *             } else {
 *                 troupe_decline(self);
 *             }
 *         }
 *     }
 *     TROUPE_PROCESS(account, 0, run);
 *
 * All else is as with other actors: pid, mailbox and its limits, links and
 * monitors, supervisors, crashes, the simulation. A message stays where it is,
 * and counts, until the body receives it. troupe_tell() of a congested actor
 * waits inside the call. troupe_ask() waits for its answer; what the asker
 * itself holds up, so that the answer could never come, is refused with the
 * chain (CYCLE). What runs in a handler's place elsewhere has no place here:
 * troupe_ask_then(), troupe_gather(), troupe_work(), timers and troupe_become()
 * return WRONG_THREAD; for work there is troupe_work_wait(). A body may have a
 * socket, and receives what that says (troupe/net.h).
 *
 * An actor that ends while its body waits never comes back from that call. Its
 * stack is taken away as it is, so what must be given back belongs in the
 * state, and a TROUPE_ON_STOP() line gives it back. A restart by a supervisor
 * calls the body anew.
 *
 * A body stays on the worker that has started it. It must not block otherwise
 * than by the calls here, as a handler must not.
 *
 * Every function here is for a body and what it calls; elsewhere it returns
 * WRONG_THREAD.
 */
#ifndef TROUPE_SEQUENTIAL_H
#define TROUPE_SEQUENTIAL_H

#include "troupe/link.h"
#include "troupe/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The stack of a body, unless it is spawned with another .stack_bytes; four
 * times that in builds with a sanitizer. */
#define TROUPE_STACK_BYTES ((size_t)65536)
/** The largest stack that there is. */
#define TROUPE_STACK_BYTES_MAX ((size_t)64 << 20)

/** So many schemas a selective receive may name. */
#define TROUPE_RECEIVE_SCHEMAS_MAX 8

#ifdef __cplusplus
#define TROUPE_BODY_OF_(body)                                                  \
    reinterpret_cast<troupe_handler *>(                                        \
        static_cast<void (*)(struct troupe_self *, void *)>(body))
#else
#define TROUPE_BODY_OF_(body)                                                  \
    _Generic((body), void (*)(struct troupe_self *, void *)                    \
             : (troupe_handler *)(body))
#endif
#define TROUPE_BODY_(body)                                                     \
    {                                                                          \
        NULL, NULL, TROUPE_BODY_OF_(body), NULL, NULL, NULL, NULL,             \
            TROUPE_UNMARKED_                                                   \
    }

/**
 * TROUPE_PROCESS(name, state_size, body, ...): defines the behaviour `name` by
 * void body(struct troupe_self *self, void *state). What may follow is
 * TROUPE_ON_STOP() and TROUPE_RECEIVE_EXITS. It is spawned, supervised and
 * declared like any other behaviour.
 */
#define TROUPE_PROCESS(name, state_size, ...)                                  \
    TROUPE_PROCESS_(name, state_size, __VA_ARGS__, )
#define TROUPE_PROCESS_(name, state_size, body, ...)                           \
    TROUPE_BEHAVIOUR(name, state_size, TROUPE_BODY_(body), __VA_ARGS__)

/** In a process: the end of a linked actor is received, as a troupe_ended, and
 * does not end this one (troupe/link.h). */
#define TROUPE_RECEIVE_EXITS TROUPE_ON_EXIT(troupe_exit_received)

/* ---- receiving ----------------------------------------------------------- */

/**
 * Waits for the oldest message, a tell or a request, or the news of an end, at
 * most timeout_ns (TROUPE_FOREVER; 0: takes what is there). What *message
 * points to is valid until the next receive. Until then it is the message in
 * hand: troupe_sender() is who sent it, troupe_reply() answers it. A request
 * that is not answered by then has been answered NO_REPLY.
 *
 * Errors, with *message NULL: TIMED_OUT, NO_MEMORY (no timeout could be set),
 * WRONG_THREAD.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_receive(struct troupe_self *self,
    const struct troupe_message **message, uint64_t timeout_ns);

/**
 * troupe_receive_only(self, MESSAGE, &value, timeout_ns): as troupe_receive(),
 * but takes the oldest message of this type, and leaves all others where they
 * are, in their order. What value points to is valid until the next receive.
 *
 * Errors, with *value untouched: as troupe_receive(), and DECODE (it does not
 * fit its schema, and is in hand), SCHEMA_CONFLICT.
 */
#define troupe_receive_only(self, message, value, timeout_ns)                  \
    message##_receive_only((self), (timeout_ns), (value))

/**
 * troupe_receive_any_of(self, &message, timeout_ns, MESSAGE, MESSAGE, ...): the
 * same of up to TROUPE_RECEIVE_SCHEMAS_MAX types.
 */
#define troupe_receive_any_of(self, message, timeout_ns, ...)                  \
    troupe_receive_listed((self),                                              \
        (struct troupe_schema *const[]){                                       \
            TROUPE_EACH_(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1, 0)(__VA_ARGS__), \
            NULL},                                                             \
        (message), (timeout_ns))
#define TROUPE_EACH_(_1, _2, _3, _4, _5, _6, _7, _8, count, ...)               \
    TROUPE_EACH_##count##_
#define TROUPE_EACH_1_(name) &name##_schema
#define TROUPE_EACH_2_(name, ...) &name##_schema, TROUPE_EACH_1_(__VA_ARGS__)
#define TROUPE_EACH_3_(name, ...) &name##_schema, TROUPE_EACH_2_(__VA_ARGS__)
#define TROUPE_EACH_4_(name, ...) &name##_schema, TROUPE_EACH_3_(__VA_ARGS__)
#define TROUPE_EACH_5_(name, ...) &name##_schema, TROUPE_EACH_4_(__VA_ARGS__)
#define TROUPE_EACH_6_(name, ...) &name##_schema, TROUPE_EACH_5_(__VA_ARGS__)
#define TROUPE_EACH_7_(name, ...) &name##_schema, TROUPE_EACH_6_(__VA_ARGS__)
#define TROUPE_EACH_8_(name, ...) &name##_schema, TROUPE_EACH_7_(__VA_ARGS__)

/*
 * bool NAME_in(const struct troupe_message *message, struct NAME *out), which
 * TROUPE_MESSAGE makes: whether this is a NAME, and its value. False too if it
 * does not fit its schema; troupe_err_detail() says so.
 */

/** The message in hand is not for this actor: it is a dead letter, NO_HANDLER,
 * and whoever asked is told so. It is gone then. */
TROUPE_API void troupe_decline(struct troupe_self *self);

/** News: an actor has ended that is watched, by a troupe_monitor() without a
 * function, or linked (TROUPE_RECEIVE_EXITS). */
struct troupe_ended {
    troupe_pid actor;
    troupe_monitor_id monitor; /**< 0: it was linked */
    struct troupe_exit why;    /**< its text is valid as the message */
};

/** Whether this is such news; for troupe_receive() and its kin, of which
 * troupe_ended may be a type. */
TROUPE_API bool troupe_ended_in(
    const struct troupe_message *message, struct troupe_ended *ended);

/* ---- other waits --------------------------------------------------------- */

/** Waits for so long, at least. Errors: NO_MEMORY, WRONG_THREAD. */
TROUPE_API troupe_err troupe_sleep(struct troupe_self *self, uint64_t span_ns);

/* ---- stacks -------------------------------------------------------------- */

/** The stacks of a runtime, and what keeps their users from running off them.
 * The caller sets size (TROUPE_STACKS). */
struct troupe_stacks {
    size_t size;
    /** Below them are pages that fault: who overflows ends at once. Marked by
     * MADV_GUARD_INSTALL, which is free, or by mprotect(), of which a process
     * has some 28,000. */
    uint64_t marked_count;
    uint64_t protected_count;
    /** Below them nothing faults: an overflow is found when the actor waits. */
    uint64_t checked_count;
    /** Of all, how many are in use. */
    uint64_t taken_count;
};

#define TROUPE_STACKS                                                          \
    {                                                                          \
        sizeof(struct troupe_stacks), 0, 0, 0, 0                               \
    }

/** Counts the stacks that there are just now (a snapshot). Any thread. */
TROUPE_API void troupe_stacks_count(
    struct troupe_runtime *runtime, struct troupe_stacks *stacks);

/* ---- what the macros use ------------------------------------------------- */

/** For TROUPE_RECEIVE_EXITS; not for programs. */
TROUPE_API void troupe_exit_received(struct troupe_self *self, void *state,
    troupe_pid actor, const struct troupe_exit *why);
extern TROUPE_API struct troupe_schema troupe_ended_schema;

static inline TROUPE_UNUSED troupe_err
troupe_ended_receive_only(
    struct troupe_self *self, uint64_t timeout_ns, struct troupe_ended *ended)
{
    struct troupe_schema *const only[] = {&troupe_ended_schema, NULL};
    const struct troupe_message *message = NULL;
    troupe_err err = troupe_receive_listed(self, only, &message, timeout_ns);

    if (err == TROUPE_OK) {
        (void)troupe_ended_in(message, ended);
    }
    return err;
}

#ifdef __cplusplus
}
#endif

#endif

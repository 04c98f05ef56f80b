/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Observing: functions that are called when something happens to actors and
 * messages, for those who count, measure or draw.
 *
 * An observer is a struct of functions, given to a runtime when it is made:
 *
 *     static const struct troupe_observer drawing =
 *         TROUPE_OBSERVER(.send = on_send, .begin = on_begin);
 *     struct troupe_options options = TROUPE_OPTIONS(.observer = &drawing);
 *
 * A runtime without one pays a load and a branch for each message.
 *
 * Each function is called on the thread on which it happens, a worker or a
 * thread outside, so several at once; in a simulation by the one thread there
 * is. The thread waits until it returns: it must be quick, must not wait for
 * anybody, and may call nothing of troupe but functions that take neither a
 * self nor a runtime, such as troupe_message_print() and troupe_exit_print().
 * A fault in it is not contained.
 *
 * What is told of one message, in this order:
 *
 *     send     it is the receiver's, who has not seen it yet
 *     begin    the receiver's handler is about to run
 *     end      the handler has returned; not if it crashed
 *
 * or lose, instead of begin, or after it if the receiver failed on it. An actor
 * in sequential style has begun and ended a message when its body is given it;
 * one that is put aside (troupe/stash.h) is begun again when it comes back. A
 * message that is never sent, because there was no room, is only lost. The
 * address of a message is no other message's between its send and its begin, so
 * the two are told to be of one message by it. Not every answer, and not every
 * notice of an end, is begun: one that comes too late is dropped, and only a
 * reply is a dead letter then.
 *
 * Not chosen: a queue of events that a thread reads (it would have to drop, or
 * to hold up senders; whoever wants one builds it here), functions that come
 * and go while actors run (each event would have to ask whether they are still
 * there), a mask of events (a function that is NULL is not called).
 */
#ifndef TROUPE_OBSERVE_H
#define TROUPE_OBSERVE_H

#include "troupe/exit.h"
#include "troupe/message.h"
#include "troupe/pid.h"
#include "troupe/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Of troupe_observed...worker: a thread outside. */
#define TROUPE_NO_WORKER UINT32_MAX

#define TROUPE_OBSERVED_MAP(X)                                                 \
    X(TELL, "tell")                                                            \
    X(REQUEST, "request")                                                      \
    X(REPLY, "reply")                                                          \
    X(DEADLINE, "deadline")                                                    \
    X(TIMER, "timer")                                                          \
    X(EXIT, "exit")                                                            \
    X(DOWN, "down")                                                            \
    X(NAME, "name")

/** What a handler runs for. Deadlines, timers and news of a name are begun and
 * not sent. */
enum troupe_observed_kind {
#define X(name, text) TROUPE_OBSERVED_##name,
    TROUPE_OBSERVED_MAP(X)
#undef X
};

/** A message. Valid until the function returns. */
struct troupe_observed_message {
    uint64_t time_ns; /**< of the runtime's clock, read for this event */
    uint32_t worker;  /**< on which it happens; or TROUPE_NO_WORKER */
    enum troupe_observed_kind kind;
    troupe_pid sender; /**< TROUPE_NO_PID: of what is not sent */
    troupe_pid receiver;
    /** The schema's; of what has none the kind's, such as "timer". Valid for
     * ever. */
    const char *name;
    /** Of a request and its reply: the number that who asks has given it; else
     * 0. */
    uint64_t request;
    /** Of a reply: TROUPE_OK, or why there is none. */
    troupe_err err;
    uint32_t payload_size;
    /** To be looked at; NULL at the end of a handler, which may have sent it
     * on, and if it was never made. */
    const struct troupe_message *message;
};

/** A life of an actor. Valid until the function returns. */
struct troupe_observed_actor {
    uint64_t time_ns;
    uint32_t worker;
    troupe_pid actor;
    /** The name of its behaviour, valid for ever. */
    const char *behaviour;
    /** Of a start: who has spawned it, or its supervisor; else TROUPE_NO_PID.
     */
    troupe_pid by;
    /** Of a pause: whose mailbox it waits for; else TROUPE_NO_PID. */
    troupe_pid on;
};

/** A worker that goes to sleep, or has woken up. Not in a simulation. */
struct troupe_observed_worker {
    uint64_t time_ns;
    uint32_t worker;
};

/** Made by TROUPE_OBSERVER(.field = value, ...); a function that is NULL is not
 * called. Must outlive the runtime. */
struct troupe_observer {
    size_t size;
    /** For all of its functions. */
    void *context;
    /** One more that is told, after this one; or NULL. */
    const struct troupe_observer *next;
    /** Before the start handler. A supervised child starts once a life. */
    void (*start)(void *context, const struct troupe_observed_actor *actor);
    /** After the stop handler, if it runs. What the runtime's stop ends is told
     * by the thread that stops it, in the place of worker 0. */
    void (*stop)(void *context, const struct troupe_observed_actor *actor,
        const struct troupe_exit *why);
    void (*send)(void *context, const struct troupe_observed_message *message);
    void (*begin)(void *context, const struct troupe_observed_message *message);
    void (*end)(void *context, const struct troupe_observed_message *message);
    /** A dead letter, for any cause. */
    void (*lose)(void *context, const struct troupe_observed_message *message,
        enum troupe_dead_letter_cause cause);
    /** An actor is held up by a congested receiver. Not threads outside. */
    void (*pause)(void *context, const struct troupe_observed_actor *actor);
    void (*resume)(void *context, const struct troupe_observed_actor *actor);
    void (*park)(void *context, const struct troupe_observed_worker *worker);
    void (*unpark)(void *context, const struct troupe_observed_worker *worker);
};

/** The defaults, for those who would rather set fields afterwards (C++). */
static inline struct troupe_observer
troupe_observer_default(void)
{
    struct troupe_observer observer;

    __builtin_memset(&observer, 0, sizeof(observer));
    observer.size = sizeof(observer);
    return observer;
}

#ifndef __cplusplus
#define TROUPE_OBSERVER(...)                                                   \
    {                                                                          \
        .size = sizeof(struct troupe_observer), __VA_ARGS__                    \
    }
#endif

/** "tell", "request" and so on; never NULL. */
TROUPE_API const char *troupe_observed_kind_name(
    enum troupe_observed_kind kind);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Actors: private state, a mailbox, and a behaviour that says which handler
 * takes which message.
 *
 * The runtime makes an actor's state, all zeros, and hands it to the handlers
 * of that actor alone, one at a time. Whatever an actor wants of another it
 * asks for with a message. Messages of one sender to one receiver arrive in the
 * order in which they were sent.
 *
 * Every function here is for the holder of `self` and for no other thread.
 */
#ifndef TROUPE_ACTOR_H
#define TROUPE_ACTOR_H

#include "troupe/exit.h"
#include "troupe/message.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Spans of time, in nanoseconds. */
#define TROUPE_US(n) ((uint64_t)(n)*1000u)
#define TROUPE_MS(n) ((uint64_t)(n)*1000000u)
#define TROUPE_SECONDS(n) ((uint64_t)(n)*1000000000u)
/** Without an end. */
#define TROUPE_FOREVER UINT64_MAX

/* ---- behaviours ---------------------------------------------------------- */

typedef void troupe_handler(void);
typedef int troupe_dispatch(struct troupe_self *self, void *state,
    const uint8_t *payload, const uint8_t *end, troupe_handler *handler);
typedef void troupe_start_handler(struct troupe_self *self, void *state);
typedef void troupe_any_handler(struct troupe_self *self, void *state,
    const struct troupe_message *message);
typedef void troupe_stop_handler(
    struct troupe_self *self, void *state, const struct troupe_exit *why);
typedef void troupe_exit_handler(struct troupe_self *self, void *state,
    troupe_pid actor, const struct troupe_exit *why);

/* Copies size bytes at this offset of the struct that the payload is. Returns
 * what NAME_decode() does. */
typedef int troupe_pick(const uint8_t *payload, const uint8_t *end,
    size_t offset, size_t size, void *out);

/* When a line's messages are handled (troupe/order.h). */
enum troupe_mark_kind { TROUPE_IN_TURN, TROUPE_URGENT, TROUPE_LATEST };
struct troupe_mark {
    enum troupe_mark_kind kind;
    troupe_pick *pick; /* LATEST: finds the key, */
    size_t key_offset; /* the field that is there; or TROUPE_NO_KEY_ */
};
#define TROUPE_NO_KEY_ SIZE_MAX
#define TROUPE_UNMARKED_                                                       \
    {                                                                          \
        TROUPE_IN_TURN, NULL, 0                                                \
    }

/** One line of a behaviour. Made by TROUPE_ON and its kin. */
struct troupe_on {
    struct troupe_schema *schema; /* NULL: not for one schema */
    troupe_dispatch *dispatch;
    troupe_handler *handler;
    troupe_start_handler *start;
    troupe_any_handler *any;
    troupe_stop_handler *stop;
    troupe_exit_handler *exit;
    struct troupe_mark mark;
};

/** A table from schema to handler. Made by TROUPE_BEHAVIOUR. */
struct troupe_behaviour {
    const char *name;
    size_t state_size;
    const struct troupe_on *handlers;
    unsigned handlers_count;
    /*
     * The runtime's. Written once, with release, by who registers it first;
     * read by any thread, with acquire. A stale NULL: a mutex is taken to look
     * again.
     */
    void *table;
};

#ifdef __cplusplus
#define TROUPE_HANDLER_OF_(message, function)                                  \
    reinterpret_cast<troupe_handler *>(static_cast<void (*)(                   \
            struct troupe_self *, void *, const struct message *)>(function))
#else
#define TROUPE_HANDLER_OF_(message, function)                                  \
    _Generic((function),                                                       \
             void (*)(struct troupe_self *, void *, const struct message *)    \
             : (troupe_handler *)(function))
#endif

/**
 * In a behaviour: function handles messages of this type. It is a
 * void function(struct troupe_self *self, void *state,
 *               const struct MESSAGE *message);
 * another type does not compile. What message points to is the handler's until
 * it returns.
 */
#define TROUPE_ON(message, function)                                           \
    {                                                                          \
        &message##_schema, message##_dispatch,                                 \
            TROUPE_HANDLER_OF_(message, function), NULL, NULL, NULL, NULL,     \
            TROUPE_UNMARKED_                                                   \
    }

/** In a behaviour: void function(self, state) runs before the first message. */
#define TROUPE_ON_START(function)                                              \
    {                                                                          \
        NULL, NULL, NULL, function, NULL, NULL, NULL, TROUPE_UNMARKED_         \
    }

/**
 * In a behaviour: void function(self, state, const struct troupe_message *)
 * handles each message that no other line names.
 */
#define TROUPE_ON_ANY(function)                                                \
    {                                                                          \
        NULL, NULL, NULL, NULL, function, NULL, NULL, TROUPE_UNMARKED_         \
    }

/**
 * In a behaviour: void function(self, state, const struct troupe_exit *why)
 * runs when the actor ends, for whatever reason but a kill or a crash of its
 * own; also when the runtime stops. It may tell and reply; what it asks for is
 * not answered any more.
 */
#define TROUPE_ON_STOP(function)                                               \
    {                                                                          \
        NULL, NULL, NULL, NULL, NULL, function, NULL, TROUPE_UNMARKED_         \
    }

/**
 * In a behaviour: void function(self, state, troupe_pid actor,
 * const struct troupe_exit *why) is told when a linked actor has ended. With
 * this line the actor lives on; without it it ends too (troupe/link.h).
 */
#define TROUPE_ON_EXIT(function)                                               \
    {                                                                          \
        NULL, NULL, NULL, NULL, NULL, NULL, function, TROUPE_UNMARKED_         \
    }

/**
 * Defines the behaviour `name`: its actors have state_size bytes of state, and
 * the lines that follow say which handler takes which message. Several files
 * share it by TROUPE_BEHAVIOUR_DECLARE in a header.
 */
#define TROUPE_BEHAVIOUR(name, state_size, ...)                                \
    static const struct troupe_on name##_handlers_[] = {__VA_ARGS__};          \
    TROUPE_BEHAVIOUR_DECLARE(name);                                            \
    struct troupe_behaviour name##_behaviour = {#name, state_size,             \
        name##_handlers_,                                                      \
        sizeof(name##_handlers_) / sizeof(name##_handlers_[0]), NULL}

/** Declares the behaviour `name`, which another file defines. */
#define TROUPE_BEHAVIOUR_DECLARE(name)                                         \
    extern struct troupe_behaviour name##_behaviour

/* ---- actors -------------------------------------------------------------- */

/** What becomes of a message to an actor that has too many waiting. Whatever is
 * dropped is a dead letter. */
enum troupe_mailbox_policy {
    /** Of an actor: the runtime's. Of a runtime: PAUSE. */
    TROUPE_MAILBOX_DEFAULT,
    /** It is taken, and the sender is paused when its handler has returned; a
     * thread outside waits. At the hard mark it is refused. */
    TROUPE_MAILBOX_PAUSE,
    /** It is refused at the high mark: MAILBOX_FULL. */
    TROUPE_MAILBOX_REJECT,
    /** It is dropped at the high mark, and the send succeeds. Who asked is
     * answered MAILBOX_FULL. */
    TROUPE_MAILBOX_DROP_NEWEST,
    /** It is taken, and the receiver drops its oldest ones above the high mark
     * before it handles another. At the hard mark it is refused. */
    TROUPE_MAILBOX_DROP_OLDEST,
    /** At the high mark it goes to redirect_to, with its sender and whoever
     * waits for its answer; if there is no room either, it is dropped. */
    TROUPE_MAILBOX_REDIRECT,
    /** It is taken, up to 8,000,000 messages or 10^12 bytes, then refused. */
    TROUPE_MAILBOX_UNBOUNDED,
};

/**
 * How much may wait for an actor, in messages and in bytes of the blocks that
 * they take up, and what becomes of more. What is 0 is default: a high mark is
 * the runtime's, a low mark a quarter of the high mark that is given here, a
 * hard mark the runtime's or the high mark if that is more. Of the runtime, if
 * it is not told otherwise: 512 messages or 1 MiB, 128 and 256 KiB, 1,048,576
 * and 256 MiB.
 */
struct troupe_mailbox_options {
    enum troupe_mailbox_policy policy;
    uint64_t messages_high; /**< from here on too much waits, */
    uint64_t messages_low;  /**< until it is no more than this; below high */
    uint64_t messages_hard; /**< PAUSE and DROP_OLDEST: more is refused */
    uint64_t bytes_high;    /**< the same in bytes; what is reached first */
    uint64_t bytes_low;
    uint64_t bytes_hard;
    troupe_pid redirect_to; /**< REDIRECT: an actor of this runtime */
};

/** Made by TROUPE_SPAWN_OPTIONS(.field = value, ...); what is not named is
 * default. */
struct troupe_spawn_options {
    size_t size;
    /** What the actor's state begins as: a value of the behaviour's state_size
     * bytes, which is copied; NULL: all zeros. */
    const void *state;
    /** Link the actor with its spawner, a handler, before it starts. */
    bool link;
    /** A message that does not fit its schema ends the actor (DECODE); else it
     * is a dead letter and no more. */
    bool ends_on_decode_error;
    /** How much may wait for it, and what becomes of more. An actor with
     * options that are not the runtime's counts each message at once, which is
     * exact and costs its senders some nanoseconds. */
    struct troupe_mailbox_options mailbox;
    /** A name that it holds when the spawn returns (troupe/name.h); copied.
     * NULL: none. */
    const char *name;
    /** The only worker to run it: TROUPE_WORKER(index) or
     * TROUPE_SPAWNERS_WORKER; 0: any (troupe/placement.h). */
    unsigned worker;
    /** It runs on a thread of its own, and its handlers may block
     * (troupe/placement.h). */
    bool own_thread;
    /** Of a process (troupe/sequential.h): its stack, in bytes; it is made a
     * power of two. 0: TROUPE_STACK_BYTES. */
    size_t stack_bytes;
};

/** The defaults, for those who would rather set fields afterwards (C++). */
static inline struct troupe_spawn_options
troupe_spawn_options_default(void)
{
    struct troupe_spawn_options options;

    __builtin_memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    return options;
}

#ifndef __cplusplus
#define TROUPE_SPAWN_OPTIONS(...)                                              \
    ((struct troupe_spawn_options){                                            \
        .size = sizeof(struct troupe_spawn_options), __VA_ARGS__})
#endif

/**
 * Starts an actor and sets *pid, which is good for sending at once: the start
 * comes before every message to it. troupe_spawn_with() takes a pointer to
 * options.
 *
 * Errors, with *pid untouched: NO_MEMORY, TOO_MANY_ACTORS, SCHEMA_CONFLICT,
 * INVALID_ARGUMENT (two lines for one schema, marks of a mailbox that
 * contradict each other, a worker that does not exist, a stack that is too
 * large), NO_SUCH_ACTOR (redirect_to was never made), NOT_RUNNING, ABI_MISMATCH
 * (a wrong size of options), WRONG_THREAD (a link outside a handler, the worker
 * of a spawner that has none), TOO_MANY_THREADS (own_thread), SYSTEM (the same:
 * no thread could be made), NAME_TAKEN.
 */
#define troupe_spawn(self, name, pid)                                          \
    troupe_spawn_behaviour((self), &name##_behaviour, NULL, (pid))
#define troupe_spawn_with(self, name, options, pid)                            \
    troupe_spawn_behaviour((self), &name##_behaviour, (options), (pid))
TROUPE_API TROUPE_MUST_USE troupe_err troupe_spawn_behaviour(
    struct troupe_self *self, struct troupe_behaviour *behaviour,
    const struct troupe_spawn_options *options, troupe_pid *pid);

/** The caller's own pid: others reach it there. */
TROUPE_API troupe_pid troupe_self_pid(const struct troupe_self *self);

/** Who sent the message in hand; TROUPE_NO_PID outside a handler. */
TROUPE_API troupe_pid troupe_sender(const struct troupe_self *self);

/** Time on the runtime's clock, in nanoseconds; may lag by some microseconds
 * inside a handler. It is the simulation's own time there. */
TROUPE_API uint64_t troupe_now_ns(const struct troupe_self *self);

/** A number from the runtime's source of chance, 0 <= number < limit. Under
 * simulation the seed decides it. limit must not be 0. */
TROUPE_API uint64_t troupe_random_below(
    struct troupe_self *self, uint64_t limit);

/**
 * From the next message on the actor behaves as `name` says; its state stays.
 * What it is for a while: troupe/become.h.
 *
 * Errors: STATE_TOO_SMALL, SCHEMA_CONFLICT, NO_MEMORY, WRONG_THREAD (not inside
 * a handler).
 */
#define troupe_become(self, name)                                              \
    troupe_become_behaviour((self), &name##_behaviour)
TROUPE_API TROUPE_MUST_USE troupe_err troupe_become_behaviour(
    struct troupe_self *self, struct troupe_behaviour *behaviour);

/**
 * Tells an actor to stop, before it handles what waits: at the beginning of its
 * next turn, which is at most 64 messages away; what is left becomes dead
 * letters. An actor that stops itself handles nothing after the message in
 * hand. It ends NORMAL, its stop handler runs. To stop who has stopped already
 * is fine.
 *
 * Errors: NO_SUCH_ACTOR (never existed, or is a thread), NO_MEMORY,
 * NOT_RUNNING.
 */
TROUPE_API troupe_err troupe_stop(struct troupe_self *self, troupe_pid actor);

/** As troupe_stop(), but the actor ends KILLED and its stop handler does not
 * run. */
TROUPE_API troupe_err troupe_kill(struct troupe_self *self, troupe_pid actor);

/**
 * Ends the actor that runs when its handler returns: FAILED, with this code and
 * text, at most TROUPE_EXIT_TEXT_MAX bytes of it. The message in hand, unless
 * it was kept, is reported as lost, and answered ACTOR_FAILED if it is a
 * request. The first call counts. Does nothing outside handlers.
 */
TROUPE_API void troupe_fail(struct troupe_self *self, int code,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- telling ------------------------------------------------------------- */

/**
 * troupe_tell(self, to, MESSAGE, .field = value, ...): makes a message and
 * sends it. Nobody waits. A message that cannot be taken becomes a dead letter,
 * and the error says why: NO_SUCH_ACTOR (this runtime never made such a pid; to
 * tell a stopped actor succeeds and makes a dead letter later), MAILBOX_FULL,
 * NO_MEMORY, MESSAGE_TOO_LARGE, SCHEMA_CONFLICT, NOT_RUNNING (a thread after
 * the runtime has been stopped).
 */
#define troupe_tell(self, to, ...) TROUPE_TELL_(self, to, __VA_ARGS__, )
#define TROUPE_TELL_(self, to, message, ...)                                   \
    message##_tell((self), (to), TROUPE_VALUE_(message, __VA_ARGS__))

/**
 * troupe_tell_after(self, to, delay_ns, timer, MESSAGE, .field = value, ...):
 * tells it delay_ns after troupe_now_ns(). *timer becomes a troupe_timer that
 * the caller may cancel (troupe/timer.h), unless timer is NULL. Also for
 * threads.
 *
 * The message is made at once and needs no memory later. When it is due it is
 * told in the name of the caller, who need not be there any more, and becomes a
 * dead letter if it cannot be taken then; nobody is paused for it. A stop of
 * the runtime does not wait for it: what is not due then is a dead letter.
 *
 * Errors, with *timer untouched and a dead letter: as troupe_tell() but
 * MAILBOX_FULL; NO_SUCH_ACTOR also if the receiver is a thread.
 */
#define troupe_tell_after(self, to, delay_ns, timer, ...)                      \
    TROUPE_TELL_AFTER_(self, to, delay_ns, timer, __VA_ARGS__, )
#define TROUPE_TELL_AFTER_(self, to, delay_ns, timer, message, ...)            \
    message##_tell_after((self), (to), (delay_ns), (timer),                    \
        TROUPE_VALUE_(message, __VA_ARGS__))

/**
 * Sends *message and sets it to NULL. On an error the message stays the
 * caller's: NO_SUCH_ACTOR, MAILBOX_FULL, NOT_RUNNING.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_send(
    struct troupe_self *self, troupe_pid to, struct troupe_message **message);

/* ---- asking -------------------------------------------------------------- */

/** What came of an ask: a reply, or the reason why there is none. */
struct troupe_answer;

/**
 * Runs in the asking actor when its ask is answered, or fails. state is the
 * actor's, context what the ask was given; answer is valid until it returns.
 */
typedef void troupe_continuation(struct troupe_self *self, void *state,
    uint64_t context, const struct troupe_answer *answer);

/**
 * TROUPE_OK if there is a reply; else NO_SUCH_ACTOR (dead, or died with the
 * request), TIMED_OUT, NO_REPLY (its handler returned without one),
 * NO_HANDLER, DECODE, MAILBOX_FULL or another reason.
 */
TROUPE_API troupe_err troupe_answer_err(const struct troupe_answer *answer);

/** The reply as a message; NULL if there is none. */
TROUPE_API const struct troupe_message *troupe_answer_message_view(
    const struct troupe_answer *answer);

/**
 * troupe_ask_then(self, to, timeout_ns, then, context, MESSAGE, .field = value,
 * ...): for actors. Sends a request and returns at once; `then` runs in this
 * actor when the answer is there, exactly once if this returned TROUPE_OK. The
 * answer is at the latest TIMED_OUT, timeout_ns after now.
 *
 * Errors (`then` will not run): as troupe_tell(), and WRONG_THREAD outside a
 * handler.
 */
#define troupe_ask_then(self, to, timeout_ns, then, context, ...)              \
    TROUPE_ASK_THEN_(self, to, timeout_ns, then, context, __VA_ARGS__, )
#define TROUPE_ASK_THEN_(self, to, timeout_ns, then, context, message, ...)    \
    message##_ask_then((self), (to), (timeout_ns), (then), (context),          \
        TROUPE_VALUE_(message, __VA_ARGS__))

/**
 * troupe_ask(self, to, timeout_ns, REPLY, &reply, MESSAGE, .field = value,
 * ...): for threads outside the runtime, and for the bodies of processes
 * (troupe/sequential.h). Sends a request and waits for its reply of type REPLY,
 * at most timeout_ns. Views in the reply (str, bin, raw) stay valid until the
 * caller asks again.
 *
 * Errors, with the reply untouched: as troupe_answer_err(), and
 * UNEXPECTED_REPLY (another schema), NOT_RUNNING (the runtime stopped
 * meanwhile), WRONG_THREAD (inside a handler, which must never wait), CYCLE (a
 * process: who is asked waits for what the asker has in hand).
 */
#define troupe_ask(self, to, timeout_ns, reply, reply_out, ...)                \
    TROUPE_ASK_(self, to, timeout_ns, reply, reply_out, __VA_ARGS__, )
#define TROUPE_ASK_(self, to, timeout_ns, reply, reply_out, message, ...)      \
    reply##_receive((self),                                                    \
        message##_ask(                                                         \
            (self), (to), (timeout_ns), TROUPE_VALUE_(message, __VA_ARGS__)),  \
        (reply_out))

/**
 * troupe_reply(self, MESSAGE, .field = value, ...): answers the request in
 * hand, once. A handler that returns without it has answered NO_REPLY.
 *
 * Errors: NO_REQUEST (the message in hand was told, not asked, or is answered
 * already), NO_MEMORY, MESSAGE_TOO_LARGE, SCHEMA_CONFLICT.
 */
#define troupe_reply(self, ...) TROUPE_REPLY_(self, __VA_ARGS__, )
#define TROUPE_REPLY_(self, message, ...)                                      \
    message##_reply((self), TROUPE_VALUE_(message, __VA_ARGS__))

/**
 * A request that its actor keeps, to answer it later: when it has asked others,
 * say. The actor that stops with it answers NO_SUCH_ACTOR, the end of the
 * runtime NOT_RUNNING. It may be stored in the actor's state and used by that
 * actor's handlers alone.
 */
struct troupe_request;

/**
 * Keeps the request in hand, which is the caller's then: *request is answered
 * by troupe_reply_to() or dropped by troupe_request_release(). Views into the
 * message stay valid as long.
 *
 * Errors, with *request untouched: NO_REQUEST (as troupe_reply()), NO_MEMORY.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_request_keep(
    struct troupe_self *self, struct troupe_request **request);

/**
 * troupe_reply_to(self, &request, MESSAGE, .field = value, ...): answers a
 * request that was kept, and sets the pointer to NULL. On an error the request
 * stays the caller's: NO_MEMORY, MESSAGE_TOO_LARGE, SCHEMA_CONFLICT, NO_REQUEST
 * (answered by troupe_reply() while it was in hand).
 */
#define troupe_reply_to(self, request, ...)                                    \
    TROUPE_REPLY_TO_(self, request, __VA_ARGS__, )
#define TROUPE_REPLY_TO_(self, request, message, ...)                          \
    message##_reply_to((self), (request), TROUPE_VALUE_(message, __VA_ARGS__))

/** Drops *request, which is answered NO_REPLY, and sets it to NULL. A NULL
 * request is fine. */
TROUPE_API void troupe_request_release(
    struct troupe_self *self, struct troupe_request **request);

/**
 * Hands *request, which the caller keeps, on to another actor, as if its sender
 * had asked that one: the answer goes to the sender, the deadline stays. Sets
 * *request to NULL. Views into the message end with this call, also when it is
 * in hand, and troupe_sender() is TROUPE_NO_PID then. On an error the request
 * stays the caller's: NO_REQUEST (as troupe_reply_to()), NO_SUCH_ACTOR,
 * MAILBOX_FULL, NO_HANDLER (a thread), TOO_MANY_HOPS. A message in hand that
 * is not kept goes on by troupe_forward() (troupe/forward.h).
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_request_forward(
    struct troupe_self *self, struct troupe_request **request, troupe_pid to);

/* ---- what TROUPE_MESSAGE generates --------------------------------------- */

/* A handler's message cannot be a pointer into the sender: it is a value. */
#ifdef __cplusplus
#define TROUPE_VALUE_(message, ...)                                            \
    message                                                                    \
    {                                                                          \
        __VA_ARGS__                                                            \
    }
#else
#define TROUPE_VALUE_(message, ...) (__extension__(struct message){__VA_ARGS__})
#endif

/** Generated code's; not for programs. */
TROUPE_API troupe_err troupe_tell_closed(struct troupe_self *self,
    troupe_pid to, struct troupe_message *message, const uint8_t *end);
TROUPE_API troupe_err troupe_tell_after_closed(struct troupe_self *self,
    troupe_pid to, uint64_t delay_ns, uint64_t *timer,
    struct troupe_message *message, const uint8_t *end);
TROUPE_API troupe_err troupe_tell_refused(struct troupe_self *self,
    troupe_pid to, const struct troupe_schema *schema, troupe_err why);
TROUPE_API troupe_err troupe_ask_then_closed(struct troupe_self *self,
    troupe_pid to, uint64_t timeout_ns, troupe_continuation *then,
    uint64_t context, struct troupe_message *message, const uint8_t *end);
TROUPE_API troupe_err troupe_ask_closed(struct troupe_self *self, troupe_pid to,
    uint64_t timeout_ns, struct troupe_message *message, const uint8_t *end);
struct troupe_gather;
TROUPE_API troupe_err troupe_gather_closed(struct troupe_self *self,
    const struct troupe_gather *gather, struct troupe_message *message,
    const uint8_t *end);
/* Whom to publish to: a group, or a list. */
struct troupe_audience {
    const char *group; /* NULL: the list */
    const troupe_pid *actors;
    size_t actors_count;
};
static inline struct troupe_audience
troupe_audience_of_group(const char *group)
{
    struct troupe_audience audience = {group != NULL ? group : "", NULL, 0};

    return audience;
}
static inline struct troupe_audience
troupe_audience_of(const troupe_pid *actors, size_t actors_count)
{
    struct troupe_audience audience = {NULL, actors, actors_count};

    return audience;
}
TROUPE_API troupe_err troupe_publish_closed(struct troupe_self *self,
    const struct troupe_audience *audience, size_t *taken_count,
    struct troupe_message *message, const uint8_t *end);
TROUPE_API troupe_err troupe_reply_closed(struct troupe_self *self,
    struct troupe_message *message, const uint8_t *end);
TROUPE_API troupe_err troupe_reply_to_closed(struct troupe_self *self,
    struct troupe_request **request, struct troupe_message *message,
    const uint8_t *end);
TROUPE_API troupe_err troupe_receive_view(struct troupe_self *self,
    const struct troupe_schema *schema, const uint8_t **payload,
    const uint8_t **end);
TROUPE_API troupe_err troupe_answer_payload_view(
    const struct troupe_answer *answer, const struct troupe_schema *schema,
    const uint8_t **payload, const uint8_t **end);
TROUPE_API troupe_err troupe_decode_failed(const struct troupe_schema *schema,
    const uint8_t *payload, const uint8_t *end, int fault);
TROUPE_API bool troupe_message_is(const struct troupe_message *message,
    struct troupe_schema *schema, const uint8_t **payload, const uint8_t **end);
TROUPE_API TROUPE_MUST_USE troupe_err troupe_receive_listed(
    struct troupe_self *self, struct troupe_schema *const *schemas,
    const struct troupe_message **message, uint64_t timeout_ns);

/**
 * TROUPE_MESSAGE(name, FIELDS) makes the message type `name`: struct name, its
 * schema, encoder and decoder (see TROUPE_SCHEMA), and what troupe_tell(),
 * troupe_ask(), troupe_reply() and TROUPE_ON() need. Also
 *
 *   troupe_err name_from(const struct troupe_answer *answer,
 *                        struct name *out);
 *
 * which reads an answer: its own error, UNEXPECTED_REPLY or DECODE if it is no
 * such message. Views in *out live as long as the answer. And
 *
 *   bool name_in(const struct troupe_message *message, struct name *out);
 *
 * whether a message that a process has received is one (troupe/sequential.h).
 *
 * Belongs at file scope, of a header too.
 */
#define TROUPE_MESSAGE(name, FIELDS)                                           \
    TROUPE_SCHEMA(name, FIELDS)                                                \
    static TROUPE_UNUSED int name##_dispatch(struct troupe_self *self,         \
        void *state, const uint8_t *payload, const uint8_t *end,               \
        troupe_handler *handler)                                               \
    {                                                                          \
        struct name value;                                                     \
        int fault = name##_decode(payload, end, &value);                       \
                                                                               \
        if (fault == 0) {                                                      \
            ((void (*)(struct troupe_self *, void *,                           \
                const struct name *))handler)(self, state, &value);            \
        }                                                                      \
        return fault;                                                          \
    }                                                                          \
    static TROUPE_UNUSED int name##_pick(const uint8_t *payload,               \
        const uint8_t *end, size_t offset, size_t size, void *out)             \
    {                                                                          \
        struct name value;                                                     \
        int fault = name##_decode(payload, end, &value);                       \
                                                                               \
        if (fault == 0) {                                                      \
            memcpy(out, (const char *)&value + offset, size);                  \
        }                                                                      \
        return fault;                                                          \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_make(                        \
        struct troupe_self *self, const struct name *value,                    \
        struct troupe_message **message, const uint8_t **end)                  \
    {                                                                          \
        uint8_t *payload;                                                      \
        troupe_err err = troupe_message_open(                                  \
            self, &name##_schema, name##_size_max(value), message, &payload);  \
                                                                               \
        if (err == TROUPE_OK) {                                                \
            *end = name##_encode(payload, value);                              \
        }                                                                      \
        return err;                                                            \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_tell(                        \
        struct troupe_self *self, troupe_pid to, struct name value)            \
    {                                                                          \
        struct troupe_message *message = NULL;                                 \
        const uint8_t *end = NULL;                                             \
        troupe_err err = name##_make(self, &value, &message, &end);            \
                                                                               \
        return err != TROUPE_OK                                                \
                   ? troupe_tell_refused(self, to, &name##_schema, err)        \
                   : troupe_tell_closed(self, to, message, end);               \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_tell_after(                  \
        struct troupe_self *self, troupe_pid to, uint64_t delay_ns,            \
        uint64_t *timer, struct name value)                                    \
    {                                                                          \
        struct troupe_message *message = NULL;                                 \
        const uint8_t *end = NULL;                                             \
        troupe_err err = name##_make(self, &value, &message, &end);            \
                                                                               \
        return err != TROUPE_OK                                                \
                   ? troupe_tell_refused(self, to, &name##_schema, err)        \
                   : troupe_tell_after_closed(                                 \
                         self, to, delay_ns, timer, message, end);             \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_reply(                       \
        struct troupe_self *self, struct name value)                           \
    {                                                                          \
        struct troupe_message *message = NULL;                                 \
        const uint8_t *end = NULL;                                             \
        troupe_err err = name##_make(self, &value, &message, &end);            \
                                                                               \
        return err != TROUPE_OK ? err                                          \
                                : troupe_reply_closed(self, message, end);     \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_reply_to(                    \
        struct troupe_self *self, struct troupe_request **request,             \
        struct name value)                                                     \
    {                                                                          \
        struct troupe_message *message = NULL;                                 \
        const uint8_t *end = NULL;                                             \
        troupe_err err = name##_make(self, &value, &message, &end);            \
                                                                               \
        return err != TROUPE_OK                                                \
                   ? err                                                       \
                   : troupe_reply_to_closed(self, request, message, end);      \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_ask_then(                    \
        struct troupe_self *self, troupe_pid to, uint64_t timeout_ns,          \
        troupe_continuation *then, uint64_t context, struct name value)        \
    {                                                                          \
        struct troupe_message *message = NULL;                                 \
        const uint8_t *end = NULL;                                             \
        troupe_err err = name##_make(self, &value, &message, &end);            \
                                                                               \
        return err != TROUPE_OK ? err                                          \
                                : troupe_ask_then_closed(self, to, timeout_ns, \
                                      then, context, message, end);            \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_ask(                         \
        struct troupe_self *self, troupe_pid to, uint64_t timeout_ns,          \
        struct name value)                                                     \
    {                                                                          \
        struct troupe_message *message = NULL;                                 \
        const uint8_t *end = NULL;                                             \
        troupe_err err = name##_make(self, &value, &message, &end);            \
                                                                               \
        return err != TROUPE_OK                                                \
                   ? err                                                       \
                   : troupe_ask_closed(self, to, timeout_ns, message, end);    \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_gather(                      \
        struct troupe_self *self, const struct troupe_gather *gather,          \
        struct name value)                                                     \
    {                                                                          \
        struct troupe_message *message = NULL;                                 \
        const uint8_t *end = NULL;                                             \
        troupe_err err = name##_make(self, &value, &message, &end);            \
                                                                               \
        return err != TROUPE_OK                                                \
                   ? err                                                       \
                   : troupe_gather_closed(self, gather, message, end);         \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_publish(                     \
        struct troupe_self *self, struct troupe_audience audience,             \
        size_t *taken_count, struct name value)                                \
    {                                                                          \
        struct troupe_message *message = NULL;                                 \
        const uint8_t *end = NULL;                                             \
        troupe_err err = name##_make(self, &value, &message, &end);            \
                                                                               \
        return err != TROUPE_OK ? troupe_tell_refused(self, TROUPE_NO_PID,     \
                                      &name##_schema, err)                     \
                                : troupe_publish_closed(self, &audience,       \
                                      taken_count, message, end);              \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_decoded(troupe_err err,      \
        const uint8_t *payload, const uint8_t *end, struct name *out)          \
    {                                                                          \
        struct name value;                                                     \
        int fault;                                                             \
                                                                               \
        if (err != TROUPE_OK) {                                                \
            return err;                                                        \
        }                                                                      \
        fault = name##_decode(payload, end, &value);                           \
        if (fault != 0) {                                                      \
            (void)troupe_decode_failed(&name##_schema, payload, end, fault);   \
            return TROUPE_E_DECODE;                                            \
        }                                                                      \
        *out = value;                                                          \
        return TROUPE_OK;                                                      \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_receive(                     \
        struct troupe_self *self, troupe_err err, struct name *out)            \
    {                                                                          \
        const uint8_t *payload = NULL;                                         \
        const uint8_t *end = NULL;                                             \
                                                                               \
        if (err == TROUPE_OK) {                                                \
            err = troupe_receive_view(self, &name##_schema, &payload, &end);   \
        }                                                                      \
        return name##_decoded(err, payload, end, out);                         \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_from(                        \
        const struct troupe_answer *answer, struct name *out)                  \
    {                                                                          \
        const uint8_t *payload = NULL;                                         \
        const uint8_t *end = NULL;                                             \
        troupe_err err = troupe_answer_payload_view(                           \
            answer, &name##_schema, &payload, &end);                           \
                                                                               \
        return name##_decoded(err, payload, end, out);                         \
    }                                                                          \
    static inline TROUPE_UNUSED bool name##_in(                                \
        const struct troupe_message *message, struct name *out)                \
    {                                                                          \
        const uint8_t *payload = NULL;                                         \
        const uint8_t *end = NULL;                                             \
                                                                               \
        return troupe_message_is(message, &name##_schema, &payload, &end) &&   \
               name##_decoded(TROUPE_OK, payload, end, out) == TROUPE_OK;      \
    }                                                                          \
    static inline TROUPE_UNUSED troupe_err name##_receive_only(                \
        struct troupe_self *self, uint64_t timeout_ns, struct name *out)       \
    {                                                                          \
        struct troupe_schema *const only[] = {&name##_schema, NULL};           \
        const struct troupe_message *message = NULL;                           \
        const uint8_t *payload = NULL;                                         \
        const uint8_t *end = NULL;                                             \
        troupe_err err =                                                       \
            troupe_receive_listed(self, only, &message, timeout_ns);           \
                                                                               \
        if (err == TROUPE_OK) {                                                \
            (void)troupe_message_is(message, &name##_schema, &payload, &end);  \
        }                                                                      \
        return name##_decoded(err, payload, end, out);                         \
    }

#ifdef __cplusplus
}
#endif

#endif

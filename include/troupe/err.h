/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors: one table, from which the enum, the names and the sentences are made.
 */
#ifndef TROUPE_ERR_H
#define TROUPE_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

/** What a caller must not ignore. */
#define TROUPE_MUST_USE __attribute__((warn_unused_result))
/** What a shared libtroupe exports. */
#define TROUPE_API __attribute__((visibility("default")))

#define TROUPE_ERR_MAP(X)                                                      \
    X(NO_MEMORY, "out of memory")                                              \
    X(INVALID_ARGUMENT, "an argument is not allowed here")                     \
    X(NO_SUCH_ACTOR, "the actor has stopped or never existed")                 \
    X(TOO_MANY_ACTORS, "every actor slot is taken")                            \
    X(MAILBOX_FULL, "the receiver's mailbox is full")                          \
    X(MESSAGE_TOO_LARGE, "the message is larger than a message may be")        \
    X(TIMED_OUT, "the deadline passed first")                                  \
    X(NO_REPLY, "the request was dropped without a reply")                     \
    X(ACTOR_FAILED, "the actor failed while it handled the request")           \
    X(NO_HANDLER, "the receiver has no handler for this message")              \
    X(NO_QUORUM, "too few of those who were asked can still reply")            \
    X(CYCLE, "who is asked waits for the asker, so no answer can come")        \
    X(NO_REQUEST, "there is no request to reply to")                           \
    X(NO_MESSAGE, "there is no such message in hand")                          \
    X(TOO_MANY_HOPS, "the message has been handed on too often")               \
    X(NO_ROUTEE, "the router has nobody to give the message to")               \
    X(STASH_FULL, "the actor has put as much aside as it may")                 \
    X(UNEXPECTED_REPLY, "the reply is of another schema than was asked for")   \
    X(DECODE, "the payload does not fit its schema")                           \
    X(MALFORMED, "the bytes are not one whole MessagePack value in bounds")    \
    X(SCHEMA_CONFLICT, "two schemas of one name have different fields")        \
    X(STATE_TOO_SMALL,                                                         \
        "the new behaviour needs more state than the actor has")               \
    X(TOO_MANY_BEHAVIOURS,                                                     \
        "8 behaviours of the actor are one over the other already")            \
    X(ALREADY_STARTED, "the runtime has been started before")                  \
    X(NOT_RUNNING, "the runtime is not running here")                          \
    X(TOO_MANY_RUNTIMES, "16 runtimes live in this process already")           \
    X(TOO_MANY_SUBSCRIBERS, "8 actors are told of dead letters already")       \
    X(TOO_MANY_THREADS, "every thread for actors of their own is taken")       \
    X(WRONG_THREAD, "this thread may not make this call")                      \
    X(NAME_TAKEN, "another actor holds the name")                              \
    X(CHECK_FAILED, "a check of a test has failed")                            \
    X(NOT_EXHAUSTED, "a bound was reached before all orders had been run")     \
    X(NOT_REPEATABLE, "a test that was run again did something else")          \
    X(ABI_MISMATCH, "the program was compiled against another version")        \
    X(SYSTEM, "the operating system refused")                                  \
    X(NO_NETWORK, "the runtime was made without a network")                    \
    X(NOT_CONNECTED, "the actor has no connection for this")                   \
    X(WRITE_FULL, "too many bytes wait to be written already")                 \
    X(NO_TLS, "the library was built without TLS")

/** What a function that can fail returns. TROUPE_OK is 0. */
typedef enum troupe_err {
    TROUPE_OK = 0,
#define X(name, text) TROUPE_E_##name,
    TROUPE_ERR_MAP(X)
#undef X
} troupe_err;

/** The sentence for err; never NULL, valid for ever. Any thread. */
TROUPE_API const char *troupe_err_text(troupe_err err);

/** The name of err, such as "NO_MEMORY"; never NULL, valid for ever. Any
 * thread. */
TROUPE_API const char *troupe_err_name(troupe_err err);

/**
 * What exactly went wrong in the last call of this thread that returned an
 * error: a sentence that names the schema, the field, the actor, the number.
 * Never NULL; valid until this thread's next call that fails. Any thread.
 */
TROUPE_API const char *troupe_err_detail(void);

#ifdef __cplusplus
}
#endif

#endif

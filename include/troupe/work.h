/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work: what a handler must not do itself, because it may block or take long:
 * reading a file, hashing, calling a library that waits. Part of troupe-net, as
 * troupe/net.h is.
 *
 * A piece of work is a function and some bytes. It runs on a thread of a pool,
 * apart from all actors, and what it gives back comes as an answer, like that
 * of an ask: a continuation runs in the actor that has asked for it, once; the
 * body of a process (troupe/sequential.h) waits for it instead. The bytes are
 * copied both ways, so nothing is shared.
 *
 * The pool is libuv's, one for the process: 4 threads, or as many as the
 * environment variable UV_THREADPOOL_SIZE says; names are looked up by it, too.
 * Pieces of work wait their turn there, however many they are.
 *
 * A stop of the runtime waits for the deadline of work as for that of asks.
 * Nobody can end a function that runs: troupe_runtime_destroy() waits for it.
 */
#ifndef TROUPE_WORK_H
#define TROUPE_WORK_H

#include "troupe/actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A piece of work while it runs. */
struct troupe_work;

/**
 * Runs on a thread of the pool. input is a copy of what troupe_work() was
 * given, aligned for any type. It returns TROUPE_OK, and the answer is what it
 * has given to troupe_work_answer(), or an error, which is the answer then. It
 * may call nothing else of troupe.
 */
typedef troupe_err troupe_work_function(
    struct troupe_work *work, const void *input, size_t input_size);

/** The answer: count bytes, which are copied. The last call counts; without any
 * the answer is empty. Errors: NO_MEMORY, MESSAGE_TOO_LARGE. */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_work_answer(
    struct troupe_work *work, const void *bytes, size_t count);

/** Whether nobody waits for the answer any more: it was cancelled, or its
 * deadline has passed. For functions that take long. */
TROUPE_API bool troupe_work_is_over(struct troupe_work *work);

/** What a continuation gets: troupe_work_done_from(answer, &done). */
#define TROUPE_WORK_DONE(FIELD) FIELD(bin, bytes)
TROUPE_MESSAGE(troupe_work_done, TROUPE_WORK_DONE)

/** Names a piece of work that its actor may cancel. Plain data. */
struct troupe_work_id {
    uint64_t ask;
    uint64_t job;
};

/**
 * Has function run with a copy of count bytes of input, and returns at once;
 * `then` runs in this actor when it is done, exactly once if this returned
 * TROUPE_OK. The answer is TIMED_OUT timeout_ns after now at the latest; work
 * that has not begun by then does not run. *id, which may be NULL, is for
 * troupe_work_cancel().
 *
 * Errors (`then` will not run): NO_MEMORY, INVALID_ARGUMENT (no function, no
 * `then`), MESSAGE_TOO_LARGE (64 MiB), WRONG_THREAD (not inside a handler),
 * NO_NETWORK (the runtime was made without .io, or the actor has a thread of
 * its own, which may block itself).
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_work(struct troupe_self *self,
    troupe_work_function *function, const void *input, size_t count,
    uint64_t timeout_ns, troupe_continuation *then, uint64_t context,
    struct troupe_work_id *id);

/** `then` does not run any more, and neither does the function if it has not
 * begun. What has been answered, or cancelled, is fine. Never fails; does
 * nothing outside handlers. */
TROUPE_API void troupe_work_cancel(
    struct troupe_self *self, const struct troupe_work_id *id);

/**
 * Reads a file of at most size_max bytes, as a piece of work: the answer is
 * what is in it; SYSTEM, it cannot be read; MESSAGE_TOO_LARGE, it is larger.
 * Errors: as troupe_work().
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_read_file(struct troupe_self *self,
    const char *path, size_t size_max, uint64_t timeout_ns,
    troupe_continuation *then, uint64_t context);

/**
 * The same in the body of a process, which waits until it is done. Views in
 * *answered are valid until the body's next ask or work.
 *
 * Errors, with *answered untouched: what the function has returned, TIMED_OUT,
 * those of troupe_work(), WRONG_THREAD (not in a body).
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_work_wait(struct troupe_self *self,
    troupe_work_function *function, const void *input, size_t count,
    uint64_t timeout_ns, struct troupe_work_done *answered);
TROUPE_API TROUPE_MUST_USE troupe_err troupe_read_file_wait(
    struct troupe_self *self, const char *path, size_t size_max,
    uint64_t timeout_ns, struct troupe_work_done *answered);

#ifdef __cplusplus
}
#endif

#endif

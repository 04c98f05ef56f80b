/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathering: to ask many the same, and to go on when enough have answered.
 *
 * All functions are for actors: the holder of `self` inside a handler.
 */
#ifndef TROUPE_GATHER_H
#define TROUPE_GATHER_H

#include "troupe/actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What came of a gathering: an answer for each of those who were asked. */
struct troupe_gathered;

/**
 * Runs in the asking actor when a gathering ends. state is the actor's, context
 * what the gathering was given; gathered is valid until it returns.
 */
typedef void troupe_gather_continuation(struct troupe_self *self, void *state,
    uint64_t context, const struct troupe_gathered *gathered);

/** Whom to ask and what for. Made by TROUPE_GATHER(.field = value, ...). */
struct troupe_gather {
    size_t size;
    /** Whom to ask; the same one may be there twice. Read, not kept. */
    const troupe_pid *to;
    size_t to_count;
    /** So many replies are enough, at most to_count; 0: all of them. */
    size_t quorum;
    uint64_t timeout_ns;
    troupe_gather_continuation *then;
    uint64_t context;
};

/** The defaults, for those who would rather set fields afterwards (C++). */
static inline struct troupe_gather
troupe_gather_default(void)
{
    struct troupe_gather gather;

    __builtin_memset(&gather, 0, sizeof(gather));
    gather.size = sizeof(gather);
    return gather;
}

#ifndef __cplusplus
#define TROUPE_GATHER(...)                                                     \
    ((struct troupe_gather){.size = sizeof(struct troupe_gather), __VA_ARGS__})
#endif

/**
 * troupe_gather(self, &TROUPE_GATHER(.to = pids, ...), MESSAGE, .field = value,
 * ...): asks each of them and returns at once. `then` runs in this actor,
 * exactly once if this returned TROUPE_OK, as soon as the quorum has replied,
 * or cannot be reached any more, or timeout_ns after now. Replies that come
 * after that are late ones.
 *
 * Errors (`then` will not run): INVALID_ARGUMENT, ABI_MISMATCH (a wrong size),
 * WRONG_THREAD, NO_QUORUM (too few could be asked), NO_MEMORY,
 * MESSAGE_TOO_LARGE, SCHEMA_CONFLICT.
 */
#define troupe_gather(self, gather, ...)                                       \
    TROUPE_GATHER_(self, gather, __VA_ARGS__, )
#define TROUPE_GATHER_(self, gather, message, ...)                             \
    message##_gather((self), (gather), TROUPE_VALUE_(message, __VA_ARGS__))

/** TROUPE_OK: the quorum has replied; NO_QUORUM: it cannot be reached;
 * TIMED_OUT: the deadline passed first. */
TROUPE_API troupe_err troupe_gathered_err(
    const struct troupe_gathered *gathered);

/** How many were asked. */
TROUPE_API size_t troupe_gathered_count(const struct troupe_gathered *gathered);

/** How many of them replied. */
TROUPE_API size_t troupe_gathered_replies_count(
    const struct troupe_gathered *gathered);

/** Who was asked at this place of `to`; index is below the count. */
TROUPE_API troupe_pid troupe_gathered_pid(
    const struct troupe_gathered *gathered, size_t index);

/**
 * That one's answer, for troupe_answer_err() and NAME_from(), valid as long as
 * gathered; TIMED_OUT if there was none when the gathering ended.
 */
TROUPE_API const struct troupe_answer *troupe_gathered_answer_view(
    const struct troupe_gathered *gathered, size_t index);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names: an actor that others find without having been told of its pid.
 *
 * A name belongs to one actor of a runtime at a time; an actor may hold
 * several. It is free again when the actor has ended, before anybody is told of
 * the end. A restart by a supervisor is no end: the child keeps its names.
 *
 * A name is 1 to TROUPE_NAME_BYTES_MAX bytes, none of them a control character;
 * UTF-8 is welcome and not checked. Groups (troupe/group.h) have the same kind
 * of names and do not get in the way of these.
 *
 * To give or free a name takes a mutex, as setting up does; to look one up does
 * not, and waits for nobody.
 *
 * Every function here is for the holder of `self`: handlers and threads
 * outside.
 */
#ifndef TROUPE_NAME_H
#define TROUPE_NAME_H

#include "troupe/actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The longest name, in bytes, without its NUL. */
#define TROUPE_NAME_BYTES_MAX 127

/**
 * Gives the actor the name; nothing happens if it has it already. An actor may
 * also be born with one: .name in troupe_spawn_options.
 *
 * Errors: NAME_TAKEN (the detail says by whom), INVALID_ARGUMENT (no such name
 * is allowed), NO_SUCH_ACTOR (this runtime never made it, or it is a thread),
 * NO_MEMORY, NOT_RUNNING. If the actor has ended the name is free again soon,
 * and that is no error.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_register(
    struct troupe_self *self, const char *name, troupe_pid actor);

/** Frees the name if the actor holds it; else nothing happens. Never fails. */
TROUPE_API void troupe_unregister(
    struct troupe_self *self, const char *name, troupe_pid actor);

/** Who holds the name just now; TROUPE_NO_PID: nobody. Waits for nobody. */
TROUPE_API troupe_pid troupe_whereis(
    struct troupe_self *self, const char *name);

/**
 * Copies the name of the actor, the latest if it has several, to out, at most
 * size bytes with the final NUL. Returns its length; 0: it has none. Takes the
 * mutex: for logs and people.
 */
TROUPE_API size_t troupe_name_of(
    struct troupe_self *self, troupe_pid actor, char *out, size_t size);

/** Runs in the actor that waited, when the name is held. name is valid until it
 * returns; holder may have ended again. */
typedef void troupe_name_handler(struct troupe_self *self, void *state,
    uint64_t context, const char *name, troupe_pid holder);

/**
 * Runs `then` once in the actor that calls, as soon as somebody holds the name;
 * if somebody does, when its turn comes. The actor's end, or its restart, ends
 * the wait; so does that of the runtime, which does not wait for it.
 *
 * Errors (`then` will not run): INVALID_ARGUMENT (no such name is allowed, no
 * `then`), NO_MEMORY, WRONG_THREAD (not inside a handler: a process has none).
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_await_name(
    struct troupe_self *self, const char *name, troupe_name_handler *then,
    uint64_t context);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stash: messages that an actor puts aside until it can handle them.
 *
 * An actor that cannot handle a message now, because it waits for something
 * first, puts it aside and takes it back when it can. What comes back is
 * handled before all that waits, in the order in which it came, by the
 * behaviour that the actor has then. Tells and requests can be put aside; a
 * request keeps its asker and its deadline, and is not handled when that has
 * passed meanwhile.
 *
 * A stash holds as much as the mailbox of its actor up to the high mark, in
 * messages and in bytes, whichever is reached first (struct
 * troupe_mailbox_options); then it is full. What is in it has left the mailbox,
 * so it pauses nobody: the message that the actor waits for may have to come
 * from somebody who would be paused.
 *
 * The stash of an actor that ends is mail that waits: a restart by a supervisor
 * handles it first, an end for good makes dead letters of it, and who asked is
 * answered.
 *
 * Every function here is for handlers.
 */
#ifndef TROUPE_STASH_H
#define TROUPE_STASH_H

#include "troupe/actor.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Puts the message in hand aside, when the handler returns. Until then it is in
 * hand, and is lost with an actor that crashes; troupe_fail() does not lose it.
 * Twice is as good as once.
 *
 * Errors, and the message is handled as if nothing had been called: NO_MESSAGE
 * (there is none in hand that was told or asked, or it is kept or handed on),
 * STASH_FULL, NO_MEMORY, WRONG_THREAD (not inside a handler).
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_stash(struct troupe_self *self);

/** Takes all back that is aside, but not what this handler puts there. It is
 * handled after the message in hand. Returns how many messages. */
TROUPE_API size_t troupe_unstash(struct troupe_self *self);

/** The same of the oldest message that is aside and not taken back. False:
 * there is none. */
TROUPE_API bool troupe_unstash_one(struct troupe_self *self);

/** How many messages the actor has aside and not taken back. */
TROUPE_API size_t troupe_stashed_count(const struct troupe_self *self);

#ifdef __cplusplus
}
#endif

#endif

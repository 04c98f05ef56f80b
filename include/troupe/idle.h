/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Idle: what an actor does when nothing has come for a while.
 *
 * An actor may ask to be told when no tell, no request and no answer has come
 * to it for so long: a session that is to be closed, a connection that should
 * be heard of again, an account that can be put to sleep. Others call it a
 * receive timeout.
 *
 * Timers and the news of links do not count as something that has come. What
 * waits in the mailbox does: an actor that is told so has nothing to handle at
 * that moment. What is on its way may still come, so an actor that then stops
 * has to agree with whoever sends to it (see the guide).
 *
 * Precision: as of timers (troupe/timer.h). A stop of the runtime does not wait
 * for it. It ends with the life that asked for it.
 *
 * Every function here is for handlers.
 */
#ifndef TROUPE_IDLE_H
#define TROUPE_IDLE_H

#include "troupe/timer.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Runs `then` in this actor whenever nothing has come to it for idle_ns, and
 * again each idle_ns for as long as nothing does. It replaces what an earlier
 * call has asked for, and begins to count anew. No timer is set or cancelled
 * when a message comes.
 *
 * Errors, with all as it was: INVALID_ARGUMENT (0 ns, or no `then`), NO_MEMORY,
 * WRONG_THREAD (not inside a handler).
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_when_idle(struct troupe_self *self,
    uint64_t idle_ns, troupe_timer_handler *then, uint64_t context);

/** Ends what troupe_when_idle() began. False: there is nothing to end. */
TROUPE_API bool troupe_idle_cancel(struct troupe_self *self);

#ifdef __cplusplus
}
#endif

#endif

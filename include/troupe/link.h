/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links and monitors: what makes the end of one actor another's business.
 *
 * A monitor is one-sided: who watches is told when the other ends. A link is
 * mutual: when one of the two ends for a reason other than NORMAL, the other
 * ends for the same reason, unless its behaviour has a TROUPE_ON_EXIT line:
 * then it is told, whatever the reason.
 *
 * Each notice comes exactly once, after all that the actor sent before it
 * ended. To link with or watch an actor that has ended already is fine: the
 * notice comes at once and says NO_SUCH_ACTOR. A restart by a supervisor is no
 * end.
 *
 * Every function here is for handlers: elsewhere it returns WRONG_THREAD.
 */
#ifndef TROUPE_LINK_H
#define TROUPE_LINK_H

#include "troupe/actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Links the actor that runs with another; nothing happens if they are linked
 * already, or are the same.
 *
 * Errors: NO_SUCH_ACTOR (this runtime never made it, or it is a thread),
 * NO_MEMORY, WRONG_THREAD.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_link(
    struct troupe_self *self, troupe_pid actor);

/**
 * Undoes all links of the two. From here on neither's end touches the other,
 * even if it is on its way already. A link that the other one makes at the same
 * time counts as made later. Never fails; does nothing outside handlers.
 */
TROUPE_API void troupe_unlink(struct troupe_self *self, troupe_pid actor);

/** Names one monitor; 0: none. Plain data of the actor that made it. */
typedef uint64_t troupe_monitor_id;

/** The end of an actor that was watched. */
struct troupe_down {
    troupe_pid actor;
    troupe_monitor_id monitor;
    const struct troupe_exit *why;
};

/** Runs in the watching actor. state is that actor's, context what the monitor
 * was given; down is valid until it returns. */
typedef void troupe_down_handler(struct troupe_self *self, void *state,
    uint64_t context, const struct troupe_down *down);

/**
 * Watches an actor: `then` runs in the actor that called when the other has
 * ended, exactly once. One actor may be watched many times. *monitor, which may
 * be NULL, is for troupe_demonitor().
 *
 * In a process (troupe/sequential.h) `then` must be NULL: the news is received,
 * as a troupe_ended.
 *
 * Errors (`then` will not run): as troupe_link(), and INVALID_ARGUMENT (no
 * `then`, or one in a process).
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_monitor(struct troupe_self *self,
    troupe_pid actor, troupe_down_handler *then, uint64_t context,
    troupe_monitor_id *monitor);

/** Ends the monitor, whose `then` will not run any more, and sets it to 0. 0,
 * or one that has fired, is fine. Never fails. */
TROUPE_API void troupe_demonitor(
    struct troupe_self *self, troupe_monitor_id *monitor);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outside: a thread that is not a worker, as a sender and an asker.
 *
 * It has a self with a slot of its own in the registry, so that replies reach
 * it like any actor. No worker runs that slot (its task is ELSEWHERE): the
 * thread itself looks into the inbox while it waits, and who pushes to a
 * sleeping inbox wakes the thread's parker. The slot takes nothing but replies:
 * its limit is full from the start.
 *
 * A self is made at a thread's first call and kept for the runtime's life. When
 * the thread ends, a pthread key's destructor puts it back for the next new
 * thread. An answer that comes late is told by its request number.
 *
 * No reply is missed: while the thread waits it takes the inbox, and parks only
 * after tp_inbox_try_sleep() has said that nothing came; who pushes after that
 * wakes the parker.
 *
 * Under simulation only the runtime's creator may call, and waiting means to
 * run the scheduler.
 */
#ifndef TROUPE_ACTORS_OUTSIDE_H
#define TROUPE_ACTORS_OUTSIDE_H

#include "actors/runtime.h"

/* Whether self, NULL perhaps, may call now: NOT_RUNNING if not. A worker's may.
 */
TROUPE_MUST_USE troupe_err tp_outside_check(struct troupe_self *self);

/*
 * Sends the request and waits for its answer, which is then self->answer, valid
 * until the next ask. Takes *message only if it was sent.
 */
TROUPE_MUST_USE troupe_err tp_outside_ask(struct troupe_self *self,
    troupe_pid to, uint64_t timeout_ns, struct troupe_message **message);

/* Takes all that is in the inbox: the answer, a resume, a delayed tell that has
 * been sent, and what is too late. */
void tp_outside_look(struct troupe_self *self);

/* Waits for self->reports_due reports, at most timeout_ns; those that have come
 * are linked from self->reports. */
void tp_outside_await_reports(struct troupe_self *self, uint64_t timeout_ns);

/* Waits a while for self->congested to be so no more; sets it to NULL. */
void tp_outside_pause(struct troupe_self *self);

/* Frees all selves of threads outside; when no thread uses them any more. */
void tp_outside_destroy_all(struct troupe_runtime *runtime);

/* The pthread key's destructor. */
void tp_outside_put_back(void *self);

#endif

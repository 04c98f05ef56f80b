/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocking: a call that waits, reported if a handler makes it.
 *
 * Whether the thread is in a handler, and in whose, the containment of crashes
 * knows. The places that have been told of are in a table of the process: a few
 * hundred are more than anybody reads, and when it is full no more are told of.
 */
#include "troupe/blocking.h"

#include "actors/actor.h"
#include "actors/actor_text.h"
#include "actors/runtime.h"

#include <errno.h>
#include <execinfo.h>

enum { PLACES_MAX = 256, FRAMES_MAX = 32, FRAMES_SKIPPED = 2 };

/* Addresses that have been told of. Written once each, by compare-and-swap from
 * NULL, by any thread; read by all. They order nothing. Stale: the swap
 * fails, and says what is there. */
static const void *places[PLACES_MAX];

/* False: it has been there before, or there is no room. */
static bool
is_new(const void *place)
{
    for (unsigned i = 0; i < PLACES_MAX; i++) {
        const void *there = ck_pr_load_ptr(&places[i]);

        if (there == NULL && ck_pr_cas_ptr_value(&places[i], NULL,
                                 (void *)(uintptr_t)place, &there)) {
            return true;
        }
        if (there == place) {
            return false;
        }
    }
    return false;
}

static void __attribute__((noinline))
report(struct troupe_self *self, const char *function)
{
    const struct tp_log *log = &self->runtime->log;
    char actor[TP_ACTOR_TEXT_BYTES];
    void *frames[FRAMES_MAX];

    tp_log_write(log, TROUPE_LOG_WARNING,
        "actor %s waits in %s(), and so does its worker",
        tp_actor_text(self, self->pid, self->actor->table->name, actor),
        function);
    if (self->process == NULL) {
        tp_log_write_stack(log, TROUPE_LOG_WARNING, frames,
            backtrace(frames, FRAMES_MAX), FRAMES_SKIPPED);
    }
}

void
troupe_blocking_report(const char *function, const void *place)
{
    struct troupe_self *self = tp_containment_self();
    TP_RUNTIME_CALL();
    int errno_before = errno;

    if (self != NULL && self->actor != NULL && !self->worker->is_lone &&
        is_new(place)) {
        report(self, function);
    }
    errno = errno_before;
}

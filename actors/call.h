/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call: for whom a request is made, and until when its answer is of use.
 *
 * A request carries, in its own block behind the payload, the deadline of its
 * asker and the pids of those for whom the asker needs the answer: the sender
 * of the request that the asker is handling, the sender of the request that led
 * to that one, and so on, oldest first. The low byte of `err` counts them.
 *
 *     | envelope | payload, to a multiple of 8 | deadline_ns | pid ... |
 *
 * A shorter block would not hold them, so a request that fills its block moves
 * to a larger one when it is asked; blocks that are the system's have room from
 * the start.
 *
 * While a handler has a request in hand that is not answered, it works on that
 * request's behalf: what it asks gets no later deadline, and the longer chain.
 * A continuation works on behalf of the same request as the ask did. For this
 * the ask keeps a tp_call, a block of its own, if there is anything to keep. An
 * answer ends the call: what is asked afterwards is the actor's own affair.
 *
 * Whoever is asked by somebody who waits for it already, by way of others, is
 * in a cycle. No handler blocks in it, and an actor that answers in the
 * meantime breaks it; so the ask goes out, and the cycle is logged with its
 * pids. A process would wait in it until the deadline, so its ask is refused.
 * Only cycles in one chain are seen here; the others show in
 * troupe_waits_print().
 *
 * The chain is bounded, and forgets the oldest when it is full: a cycle is most
 * often short. Not chosen: to refuse the ask (it may well be answered), and to
 * carry the time left instead of the deadline (all workers have one clock).
 *
 * All functions are for self's thread.
 */
#ifndef TROUPE_ACTORS_CALL_H
#define TROUPE_ACTORS_CALL_H

#include "mailbox/message.h"

#include <string.h>

enum {
    TP_CALL_PIDS_MAX = 8,
    /* What stands behind a payload takes at most, with the gap before it. */
    TP_CALL_BYTES_MAX = 8 + 8 + 8 * TP_CALL_PIDS_MAX,
    TP_CALL_CYCLE_BYTES = (TP_CALL_PIDS_MAX + 2) * 48,
};

/* A request that is being handled; what is kept of it. */
struct tp_call {
    uint64_t deadline_ns; /* UINT64_MAX: never */
    uint64_t request;     /* its number, of the last of the pids */
    uint32_t count;
    bool is_over;                      /* it is answered */
    troupe_pid pids[TP_CALL_PIDS_MAX]; /* who waits for it, the oldest first */
};

static inline size_t
tp_call_offset(const struct troupe_message *request)
{
    return ((size_t)request->payload_size + 7) & ~(size_t)7;
}

static inline uint64_t
tp_call_deadline_ns(const struct troupe_message *request)
{
    uint64_t deadline_ns;

    memcpy(&deadline_ns, request->payload + tp_call_offset(request),
        sizeof(deadline_ns));
    return deadline_ns;
}

/* Reads on whose behalf self's code now runs. False: its own. */
bool tp_call_read(const struct troupe_self *self, struct tp_call *call);

/*
 * Makes *message a request with this deadline, on behalf of call, which may be
 * NULL; perhaps in another block. NO_MEMORY: nothing has changed.
 */
TROUPE_MUST_USE troupe_err tp_call_attach(struct troupe_self *self,
    struct troupe_message **message, uint64_t deadline_ns,
    const struct tp_call *call);

/* A copy in a block of its own; NULL: no memory. */
struct tp_call *tp_call_keep(
    struct troupe_self *self, const struct tp_call *call);

/* Frees *call, which may be NULL, and sets it to NULL. */
void tp_call_release(struct troupe_self *self, struct tp_call **call);

/* That request of the sender has been answered, dropped or handed on. */
void tp_call_end(struct troupe_self *self, troupe_pid sender, uint64_t request);

/*
 * Whether `to`, if it were asked now, would wait for that very answer; then the
 * cycle is written to out, TP_CALL_CYCLE_BYTES.
 */
bool tp_call_closes_cycle(
    const struct troupe_self *self, troupe_pid to, char *out);

/* Logs it if `to`, who is now asked on behalf of call (or NULL), waits for that
 * very answer. */
void tp_call_look_for_cycle(struct troupe_self *self,
    const struct tp_call *call, troupe_pid to, uint32_t schema);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forwarding: handing the message in hand on, as if its sender had sent it to
 * somebody else.
 *
 * The message itself goes on, whatever its size: nothing is decoded, encoded or
 * copied. It keeps its sender, so that who gets it replies to, and may answer,
 * the one who has sent it. A request keeps its asker and its deadline, which
 * end with the answer of whoever gets it; one that its actor keeps to decide
 * later is handed on by troupe_request_forward(). Routers (troupe/router.h) do
 * this and nothing else.
 *
 * Order. What one actor forwards to another arrives in the order in which it
 * was forwarded. What a sender has sent by way of two forwarders, or by way of
 * one and also directly, has no order.
 *
 * A ring. Actors that forward to each other could pass a message on for ever.
 * So it counts how often it was handed on, and after 255 times it is not.
 */
#ifndef TROUPE_FORWARD_H
#define TROUPE_FORWARD_H

#include "troupe/actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** So often may one message be handed on. */
#define TROUPE_HOPS_MAX 255

/**
 * Hands the message in hand on to another actor. It is in hand no more: what
 * points into it (str, bin, raw, a struct troupe_message) must not be touched
 * after this call, troupe_sender() is TROUPE_NO_PID, there is nothing to reply
 * to, and it is not lost with an actor that fails or crashes later in its
 * handler. The other fields of the handler's struct stay. A request that has
 * been answered goes on as a message that was told.
 *
 * Errors, and the message stays in hand: NO_MESSAGE (there is none in hand that
 * was told or asked, or it has been kept or handed on), NO_SUCH_ACTOR,
 * MAILBOX_FULL, NO_HANDLER (a thread), TOO_MANY_HOPS, WRONG_THREAD (not inside
 * a handler).
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_forward(
    struct troupe_self *self, troupe_pid to);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lines: says to an actor what has become of its connection.
 *
 * What a behaviour has lines for are messages (troupe/net.h). They are handed
 * to the handler as it is, without a message around them: what is in hand
 * meanwhile is the socket's notice.
 *
 * The body of a process gets them as messages, if it waits for one of that type
 * just now; a connection keeps to itself, and in the system, what nobody hears.
 * Of bytes that is a copy, for a body may wait with them in hand, while others
 * read to the same memory. That it has drained no body is told: it has waited
 * in the write.
 *
 * All functions are for the actor's owner, in its turn.
 */
#ifndef TROUPE_NET_LINES_H
#define TROUPE_NET_LINES_H

#include "actors/actor.h"
#include "actors/self.h"

/* Makes the schemas known. NO_MEMORY, SCHEMA_CONFLICT. */
TROUPE_MUST_USE troupe_err tp_lines_init(void);

enum tp_line {
    TP_LINE_OPENED,
    TP_LINE_BYTES,
    TP_LINE_DRAINED,
    TP_LINE_ENDED,
    TP_LINES_COUNT,
};

/* Whether a connection is to say this now. A handler hears all. */
bool tp_lines_hear(const struct tp_actor *actor, enum tp_line line);

/* Each runs the line, with notice in hand, or hands the body a message; without
 * memory for that the actor has failed. False: there is no line, or the body
 * does not want it. */
bool tp_lines_say(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice, enum tp_line word);
bool tp_lines_say_bytes(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice, const void *bytes, size_t count);

#endif

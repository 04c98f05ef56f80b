/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lines: says to an actor what has become of its connection.
 *
 * What a behaviour has lines for are messages (troupe/net.h). They are handed
 * to the handler as it is, without a message around them: what is in hand
 * meanwhile is the socket's notice. All functions are for the actor's owner, in
 * its turn.
 */
#ifndef TROUPE_NET_LINES_H
#define TROUPE_NET_LINES_H

#include "actors/actor.h"
#include "actors/self.h"

/* Makes the schemas known. NO_MEMORY, SCHEMA_CONFLICT. */
TROUPE_MUST_USE troupe_err tp_lines_init(void);

/* Each runs the line, with notice in hand. False: the behaviour has none. */
bool tp_lines_say_opened(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice);
bool tp_lines_say_drained(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice);
bool tp_lines_say_ended(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice);
bool tp_lines_say_bytes(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice, const void *bytes, size_t count);

#endif

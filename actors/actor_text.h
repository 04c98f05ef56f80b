/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * actor_text: an actor as people read it in the log: its pid, its behaviour,
 * and its name if it is registered, as a dump prints them:
 *
 *     <0.4.1> (clerk "anna")
 *
 * The name is looked up under the directory's lock, and only if the directory
 * may know the actor: most are nobody's. Any holder of a self that does not
 * have that lock.
 */
#ifndef TROUPE_ACTORS_ACTOR_TEXT_H
#define TROUPE_ACTORS_ACTOR_TEXT_H

#include "actors/pid_text.h"
#include "actors/self.h"

/* A pid, a name, and as much of a behaviour's as is left. */
enum { TP_ACTOR_TEXT_BYTES = 256 };

/* Writes to out, of TP_ACTOR_TEXT_BYTES, and returns out. */
const char *tp_actor_text(
    struct troupe_self *self, troupe_pid pid, const char *behaviour, char *out);

#endif

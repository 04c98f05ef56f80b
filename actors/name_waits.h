/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_waits: who is to be told when somebody holds a name.
 *
 * A wait is a stake in the directory. It has its message, NAMED, made in
 * advance, so that to give a name cannot fail for those who wait. When the name
 * is given the messages are taken, with the directory's mutex, and then posted,
 * without it. The stake stays until its message is handled; if the stake is
 * gone by then, so is the life that waited, and nothing runs.
 *
 *     tp_name_waits_await, _handle   the actor's owner
 *     tp_name_waits_take             with the mutex
 *     tp_name_waits_post             without it; self's thread
 */
#ifndef TROUPE_ACTORS_NAME_WAITS_H
#define TROUPE_ACTORS_NAME_WAITS_H

#include "actors/directory.h"

/* As troupe_await_name(). */
TROUPE_MUST_USE troupe_err tp_name_waits_await(struct troupe_self *self,
    const char *name, troupe_name_handler *then, uint64_t context);

/* The messages to those who wait for the word, which is held: linked, each with
 * its receiver in `sender`. */
struct troupe_message *tp_name_waits_take(struct tp_word *word);

/* Sends them. */
void tp_name_waits_post(
    struct troupe_self *self, struct troupe_message *notices);

/* Runs the function of the wait that NAMED is for. The message stays the
 * caller's. */
void tp_name_waits_handle(
    struct troupe_self *self, struct troupe_message *message, void *state);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups: to tell many actors the same, without knowing who they are.
 *
 * A group is there while it has members. An actor may be in many; it leaves
 * them when it has ended, before anybody is told of the end. A restart by a
 * supervisor is no end: the child stays a member.
 *
 * What is published is made once: a payload of more than 24 bytes is shared by
 * all who get it, read only, and freed with the last. To each member it is a
 * message like any other, in order with all that the same sender sends; its
 * whole size counts in each mailbox, and the mailbox's policy applies. Whoever
 * is a member when the publishing begins, and stays one, gets it once; a sender
 * that is a member gets it too. To an actor that is just ending it is a dead
 * letter.
 *
 * The rules for a group's name are those of names (troupe/name.h). To join and
 * leave takes a mutex, as setting up does; to publish does not.
 *
 * Every function here is for the holder of `self`: handlers and threads
 * outside.
 */
#ifndef TROUPE_GROUP_H
#define TROUPE_GROUP_H

#include "troupe/actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes the actor a member; nothing happens if it is one.
 *
 * Errors: INVALID_ARGUMENT (no such name is allowed), NO_SUCH_ACTOR (this
 * runtime never made it, or it is a thread), NO_MEMORY, NOT_RUNNING.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_join(
    struct troupe_self *self, const char *group, troupe_pid actor);

/** The actor is no member any more; nothing happens if it is none. What was
 * published before still arrives. Never fails. */
TROUPE_API void troupe_leave(
    struct troupe_self *self, const char *group, troupe_pid actor);

/** How many members there are just now. Waits for nobody. */
TROUPE_API size_t troupe_members_count(
    struct troupe_self *self, const char *group);

/** Copies at most `capacity` members, in no order, and returns how many it has
 * found. members may be NULL if capacity is 0. Waits for nobody. */
TROUPE_API size_t troupe_members_read(struct troupe_self *self,
    const char *group, troupe_pid *members, size_t capacity);

/**
 * troupe_publish(self, group, MESSAGE, .field = value, ...): tells all members.
 * That one of them does not take it is no error, but a dead letter, as a tell's
 * would be; so is a message that cannot be made.
 *
 * A member that is congested pauses the publisher as if it had told it: after
 * the handler, after all have been told.
 *
 * Errors, with nobody told: INVALID_ARGUMENT (no such name is allowed),
 * NO_MEMORY, MESSAGE_TOO_LARGE, SCHEMA_CONFLICT, NOT_RUNNING.
 */
#define troupe_publish(self, group, ...)                                       \
    TROUPE_PUBLISH_(self, troupe_audience_of_group(group), NULL, __VA_ARGS__, )

/** The same, and sets *taken_count, a size_t, to how many took it. */
#define troupe_publish_counted(self, group, taken_count, ...)                  \
    TROUPE_PUBLISH_(                                                           \
        self, troupe_audience_of_group(group), taken_count, __VA_ARGS__, )

/** troupe_tell_all(self, actors, actors_count, MESSAGE, .field = value, ...):
 * the same to actors_count actors; one that is there twice gets it twice. */
#define troupe_tell_all(self, actors, actors_count, ...)                       \
    TROUPE_PUBLISH_(                                                           \
        self, troupe_audience_of(actors, actors_count), NULL, __VA_ARGS__, )

#define TROUPE_PUBLISH_(self, audience, taken_count, message, ...)             \
    message##_publish((self), (audience), (taken_count),                       \
        TROUPE_VALUE_(message, __VA_ARGS__))

/** Publishes *message, as made by troupe_message_create(), and sets it to NULL.
 * taken_count may be NULL. On an error the message stays the caller's:
 * INVALID_ARGUMENT, NOT_RUNNING. */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_publish_message(
    struct troupe_self *self, const char *group, size_t *taken_count,
    struct troupe_message **message);

#ifdef __cplusplus
}
#endif

#endif

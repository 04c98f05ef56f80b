/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outgoing: bytes that wait to be written, in order.
 *
 * One piece of memory that grows by doubling, is filled at its end and emptied
 * at its beginning. What is left moves to the front when the room behind it is
 * used up, so each byte moves a bounded number of times. Empty, it gives back
 * what is more than a little, so that an idle connection has next to nothing.
 *
 * How much may wait is its user's to say. All functions are for one thread.
 */
#ifndef TROUPE_NET_OUTGOING_H
#define TROUPE_NET_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory is empty. */
struct tp_outgoing {
    unsigned char *bytes;
    size_t begin;
    size_t end;
    size_t capacity;
};

static inline size_t
tp_outgoing_count(const struct tp_outgoing *outgoing)
{
    return outgoing->end - outgoing->begin;
}

/* Copies them. False: there is no memory, and none is taken. */
bool tp_outgoing_append(
    struct tp_outgoing *outgoing, const void *bytes, size_t count);

enum tp_outgoing_flushed {
    TP_OUTGOING_ALL,  /* nothing is left */
    TP_OUTGOING_SOME, /* the system takes no more for now */
    TP_OUTGOING_FAILED,
};

/* Hands the system what it takes; FAILED sets errno. */
enum tp_outgoing_flushed tp_outgoing_flush(
    struct tp_outgoing *outgoing, int fd);

/* The first count of them are somebody else's now. */
void tp_outgoing_take(struct tp_outgoing *outgoing, size_t count);

void tp_outgoing_fini(struct tp_outgoing *outgoing);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/outgoing.h"

#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
    CAPACITY_MIN = 256,
    CAPACITY_KEPT = 1024, /* while nothing waits */
};

static bool
grow(struct tp_outgoing *outgoing, size_t needed)
{
    size_t capacity =
        outgoing->capacity == 0 ? CAPACITY_MIN : outgoing->capacity;
    unsigned char *bytes;

    while (capacity < needed) {
        capacity *= 2;
    }
    bytes = tp_memory_realloc(outgoing->bytes, capacity);
    if (bytes == NULL) {
        return false;
    }
    outgoing->bytes = bytes;
    outgoing->capacity = capacity;
    return true;
}

/* Makes room behind what waits. */
static bool
make_room(struct tp_outgoing *outgoing, size_t count)
{
    size_t waiting = tp_outgoing_count(outgoing);

    if (count <= outgoing->capacity - outgoing->end) {
        return true;
    }
    /* Only when at least half of it is free: else a byte would move often. */
    if (count + waiting <= outgoing->capacity / 2) {
        memmove(outgoing->bytes, outgoing->bytes + outgoing->begin, waiting);
        outgoing->begin = 0;
        outgoing->end = waiting;
        return true;
    }
    return grow(outgoing, outgoing->end + count);
}

bool
tp_outgoing_append(
    struct tp_outgoing *outgoing, const void *bytes, size_t count)
{
    if (count == 0) {
        return true;
    }
    if (!make_room(outgoing, count)) {
        return false;
    }
    memcpy(outgoing->bytes + outgoing->end, bytes, count);
    outgoing->end += count;
    return true;
}

/* All is written. */
static void
settle(struct tp_outgoing *outgoing)
{
    outgoing->begin = 0;
    outgoing->end = 0;
    if (outgoing->capacity > CAPACITY_KEPT) {
        tp_outgoing_fini(outgoing);
    }
}

void
tp_outgoing_take(struct tp_outgoing *outgoing, size_t count)
{
    outgoing->begin += count;
    if (outgoing->begin == outgoing->end) {
        settle(outgoing);
    }
}

enum tp_outgoing_flushed
tp_outgoing_flush(struct tp_outgoing *outgoing, int fd)
{
    while (outgoing->begin < outgoing->end) {
        size_t waiting = tp_outgoing_count(outgoing);
        ssize_t sent = send(fd, outgoing->bytes + outgoing->begin, waiting,
            MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent >= 0) {
            outgoing->begin += (size_t)sent;
        } else if (errno == EAGAIN) {
            return TP_OUTGOING_SOME;
        } else if (errno != EINTR) {
            return TP_OUTGOING_FAILED;
        }
    }
    settle(outgoing);
    return TP_OUTGOING_ALL;
}

void
tp_outgoing_fini(struct tp_outgoing *outgoing)
{
    tp_memory_free(outgoing->bytes);
    *outgoing = (struct tp_outgoing){NULL, 0, 0, 0};
}

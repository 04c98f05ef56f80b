/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * framing: what has come of a connection that is cut into lines.
 *
 * Bytes are read behind those that wait, and taken from the front, a line at a
 * time. No more are read while there is a line, so what waits is bounded by the
 * longest line, or by one read if that is more. Where nothing waits there is no
 * memory.
 *
 * A line ends with LF or CR LF, which is not part of it; the last one may end
 * with the stream.
 *
 * For the connection's worker.
 */
#ifndef TROUPE_NET_FRAMING_H
#define TROUPE_NET_FRAMING_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory is empty. */
struct tp_framing {
    unsigned char *bytes;
    size_t begin;
    size_t end;
    size_t capacity;
};

enum tp_framing_found {
    TP_FRAMING_NONE,
    TP_FRAMING_LINE,
    TP_FRAMING_TOO_LONG,
};

/* Where *count bytes may be put, at least one, unless tp_framing_find() finds
 * something. NULL: no memory. */
unsigned char *tp_framing_room(
    struct tp_framing *framing, size_t line_max, size_t *count);

/* So many have been put there. */
void tp_framing_add(struct tp_framing *framing, size_t count);

/* The first line: *count bytes at *line, which lie there until *taken bytes are
 * taken. is_last: nothing comes any more. */
enum tp_framing_found tp_framing_find(const struct tp_framing *framing,
    size_t line_max, bool is_last, const unsigned char **line, size_t *count,
    size_t *taken);

void tp_framing_take(struct tp_framing *framing, size_t taken);

void tp_framing_fini(struct tp_framing *framing);

#endif

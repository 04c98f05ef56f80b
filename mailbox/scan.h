/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan: are these foreign bytes one whole MessagePack value, within bounds?
 *
 * Bytes from a socket, a file or another process pass here before anything
 * else reads them. The scan walks them once without recursion. It holds one
 * count for each open array or map, 32 by default, and stops at the first
 * value that nests deeper, that promises more elements than bytes are left, or
 * that is larger than allowed. So its own cost is bounded by the bytes given,
 * and so is that of whoever builds a tree from bytes that it accepted.
 *
 * A reader of a stream holds a struct tp_scan and goes on with it as more bytes
 * come: what was looked at is not looked at again, so that a value that arrives
 * byte by byte costs no more than one that arrives at once.
 *
 *     tp_scan_value        any thread
 *     tp_scan_begin, tp_scan_go_on    one thread at a time
 *
 * The scan checks no meaning: text may be other than UTF-8, a map may hold a
 * key twice.
 *
 * Not chosen: to let msgpack-c's unpacker find out. It believes a count before
 * it has seen the elements, and asks for 96 GB on the five bytes
 * dd ff 00 00 00.
 */
#ifndef TROUPE_MAILBOX_SCAN_H
#define TROUPE_MAILBOX_SCAN_H

#include "troupe/err.h"

#include <stddef.h>
#include <stdint.h>

/* How deep values may nest by default: [] is 1 deep, [[]] is 2. msgpack-c's
 * unpacker takes the same. */
#define TP_SCAN_DEPTH_DEFAULT 32

/* The largest depth_max. */
#define TP_SCAN_DEPTH_LIMIT 128

struct tp_scan_bounds {
    uint32_t depth_max;
    size_t bytes_max; /* of the value, not of all the bytes given */
};

/* 32 levels, and a size that only the bytes given bound. */
#define TP_SCAN_BOUNDS_DEFAULT                                                 \
    ((struct tp_scan_bounds){TP_SCAN_DEPTH_DEFAULT, SIZE_MAX})

/*
 * OK: the first *value_size of the size bytes are one whole value.
 *
 * MALFORMED: they begin none; the detail names the byte and the reason. Then
 * *value_size is 0, or more than size if the value is cut short and nothing is
 * wrong so far: it has at least that many bytes, and a reader of a stream
 * waits for them.
 */
TROUPE_MUST_USE troupe_err tp_scan_value(const uint8_t *bytes, size_t size,
    const struct tp_scan_bounds *bounds, size_t *value_size);

/* Where the walk over a value has come to. */
struct tp_scan {
    struct tp_scan_bounds bounds;
    size_t at; /* where the next value in it begins */

    /* How many values must still come: left[depth] in the innermost open array
     * or map, left[0] is for the value itself; missing is their sum. Each
     * takes a byte at least. */
    uint64_t missing;
    uint32_t depth;
    uint64_t left[TP_SCAN_DEPTH_LIMIT + 1];
};

/* A value is to come. */
void tp_scan_begin(struct tp_scan *scan, const struct tp_scan_bounds *bounds);

/*
 * Goes on with the size bytes that there are of the value by now: those of
 * before, at whatever address, and perhaps more. Returns what tp_scan_value()
 * does; once that is OK, or nothing more can help, the scan is over.
 */
TROUPE_MUST_USE troupe_err tp_scan_go_on(struct tp_scan *scan,
    const uint8_t *bytes, size_t size, size_t *value_size);

#endif

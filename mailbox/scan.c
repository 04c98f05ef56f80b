/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/scan.h"

#include "base/assert.h"
#include "base/err.h"
#include "mailbox/value.h"

#include "troupe/wire.h"

#include <inttypes.h>

/* The bytes that there are. */
struct walk {
    struct tp_scan *scan;
    const uint8_t *bytes;
    size_t size;
};

/* Where the value ends at the earliest. */
static uint64_t
end_min(const struct tp_scan *scan)
{
    return scan->at + scan->missing;
}

static troupe_err
too_large(const struct tp_scan *scan, uint64_t needed)
{
    return tp_err_set(TROUPE_E_MALFORMED,
        "byte %zu: the value takes %" PRIu64 " bytes or more, and %zu are "
        "allowed",
        scan->at, needed, scan->bounds.bytes_max);
}

/* The bytes end before needed bytes have come. */
static troupe_err
cut_short(const struct walk *walk, uint64_t needed, size_t *value_size)
{
    const struct tp_scan *scan = walk->scan;

    if (needed > scan->bounds.bytes_max) {
        return too_large(scan, needed);
    }
    *value_size = (size_t)needed;
    return tp_err_set(TROUPE_E_MALFORMED,
        "byte %zu: cut short: %zu bytes are here and the value takes %" PRIu64
        " or more",
        scan->at, walk->size, needed);
}

static troupe_err
no_value(
    const struct walk *walk, const struct tp_value *value, size_t *value_size)
{
    if (value->kind == TP_VALUE_CUT_SHORT) {
        return cut_short(
            walk, end_min(walk->scan) - 1 + value->size, value_size);
    }
    return tp_err_set(TROUPE_E_MALFORMED,
        "byte %zu: the byte c1 begins no MessagePack value", walk->scan->at);
}

/* Enters an array or a map that is not empty. */
static troupe_err
open_list(struct tp_scan *scan, uint64_t values_count)
{
    if (scan->depth == scan->bounds.depth_max) {
        return tp_err_set(TROUPE_E_MALFORMED,
            "byte %zu: nested deeper than the %" PRIu32 " levels allowed",
            scan->at, scan->depth);
    }
    scan->left[++scan->depth] = values_count;
    scan->missing += values_count;
    return TROUPE_OK;
}

/* Takes the next value, of an array or a map only the header. */
static troupe_err
step(const struct walk *walk, size_t *value_size)
{
    struct tp_scan *scan = walk->scan;
    struct tp_value value;
    const uint8_t *end = walk->bytes + walk->size;
    const uint8_t *after = tp_value_read(walk->bytes + scan->at, end, &value);
    troupe_err err = TROUPE_OK;

    if (after == NULL) {
        return no_value(walk, &value, value_size);
    }
    scan->left[scan->depth]--;
    scan->missing--;
    if (value.kind == TP_VALUE_ARRAY || value.kind == TP_VALUE_MAP) {
        err = open_list(scan, value.values_count);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    scan->at = (size_t)(after - walk->bytes);
    if (end_min(scan) > scan->bounds.bytes_max) {
        return too_large(scan, end_min(scan));
    }
    if (end_min(scan) > walk->size) {
        return cut_short(walk, end_min(scan), value_size);
    }
    return TROUPE_OK;
}

void
tp_scan_begin(struct tp_scan *scan, const struct tp_scan_bounds *bounds)
{
    TP_ASSERT(bounds->depth_max <= TP_SCAN_DEPTH_LIMIT);
    scan->bounds = *bounds;
    scan->at = 0;
    scan->missing = 1;
    scan->depth = 0;
    scan->left[0] = 1;
}

troupe_err
tp_scan_go_on(
    struct tp_scan *scan, const uint8_t *bytes, size_t size, size_t *value_size)
{
    struct walk walk = {scan, bytes, size};
    troupe_err err;

    *value_size = 0;
    if (end_min(scan) > size) {
        return cut_short(&walk, end_min(scan), value_size);
    }
    while (scan->missing != 0) {
        while (scan->left[scan->depth] == 0) {
            scan->depth--;
        }
        err = step(&walk, value_size);
        if (err != TROUPE_OK) {
            return err;
        }
    }
    *value_size = scan->at;
    return TROUPE_OK;
}

troupe_err
tp_scan_value(const uint8_t *bytes, size_t size,
    const struct tp_scan_bounds *bounds, size_t *value_size)
{
    struct tp_scan scan;

    tp_scan_begin(&scan, bounds);
    return tp_scan_go_on(&scan, bytes, size, value_size);
}

const uint8_t *
troupe_wire_skip(const uint8_t *at, const uint8_t *end)
{
    struct tp_value value;
    uint64_t missing = 1;

    while (missing != 0) {
        at = tp_value_read(at, end, &value);
        if (at == NULL) {
            return NULL;
        }
        missing += value.values_count - 1;
    }
    return at;
}

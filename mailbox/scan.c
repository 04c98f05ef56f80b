/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/scan.h"

#include "base/assert.h"
#include "base/err.h"
#include "mailbox/value.h"

#include "troupe/wire.h"

#include <inttypes.h>

/* The walk over the bytes. */
struct walk {
    const uint8_t *bytes;
    size_t size;
    const struct tp_scan_bounds *bounds;

    size_t at; /* where the next value begins */

    /* How many values must still come: left[depth] in the innermost open array
     * or map, left[0] is for the value itself; missing is their sum. Each
     * takes a byte at least. */
    uint64_t missing;
    uint32_t depth;
    uint64_t left[TP_SCAN_DEPTH_LIMIT + 1];
};

/* Where the value ends at the earliest. */
static uint64_t
end_min(const struct walk *walk)
{
    return walk->at + walk->missing;
}

static troupe_err
too_large(const struct walk *walk, uint64_t needed)
{
    return tp_err_set(TROUPE_E_MALFORMED,
        "byte %zu: the value takes %" PRIu64 " bytes or more, and %zu are "
        "allowed",
        walk->at, needed, walk->bounds->bytes_max);
}

/* The bytes end before needed bytes have come. */
static troupe_err
cut_short(const struct walk *walk, uint64_t needed, size_t *value_size)
{
    if (needed > walk->bounds->bytes_max) {
        return too_large(walk, needed);
    }
    *value_size = (size_t)needed;
    return tp_err_set(TROUPE_E_MALFORMED,
        "byte %zu: cut short: %zu bytes are here and the value takes %" PRIu64
        " or more",
        walk->at, walk->size, needed);
}

static troupe_err
no_value(
    const struct walk *walk, const struct tp_value *value, size_t *value_size)
{
    if (value->kind == TP_VALUE_CUT_SHORT) {
        return cut_short(walk, end_min(walk) - 1 + value->size, value_size);
    }
    return tp_err_set(TROUPE_E_MALFORMED,
        "byte %zu: the byte c1 begins no MessagePack value", walk->at);
}

/* Enters an array or a map that is not empty. */
static troupe_err
open_list(struct walk *walk, uint64_t values_count)
{
    if (walk->depth == walk->bounds->depth_max) {
        return tp_err_set(TROUPE_E_MALFORMED,
            "byte %zu: nested deeper than the %" PRIu32 " levels allowed",
            walk->at, walk->depth);
    }
    walk->left[++walk->depth] = values_count;
    walk->missing += values_count;
    return TROUPE_OK;
}

/* Takes the next value, of an array or a map only the header. */
static troupe_err
step(struct walk *walk, size_t *value_size)
{
    struct tp_value value;
    const uint8_t *end = walk->bytes + walk->size;
    const uint8_t *after = tp_value_read(walk->bytes + walk->at, end, &value);
    troupe_err err = TROUPE_OK;

    if (after == NULL) {
        return no_value(walk, &value, value_size);
    }
    walk->left[walk->depth]--;
    walk->missing--;
    if (value.kind == TP_VALUE_ARRAY || value.kind == TP_VALUE_MAP) {
        err = open_list(walk, value.values_count);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    walk->at = (size_t)(after - walk->bytes);
    if (end_min(walk) > walk->bounds->bytes_max) {
        return too_large(walk, end_min(walk));
    }
    if (end_min(walk) > walk->size) {
        return cut_short(walk, end_min(walk), value_size);
    }
    return TROUPE_OK;
}

troupe_err
tp_scan_value(const uint8_t *bytes, size_t size,
    const struct tp_scan_bounds *bounds, size_t *value_size)
{
    struct walk walk;
    troupe_err err;

    TP_ASSERT(bounds->depth_max <= TP_SCAN_DEPTH_LIMIT);
    walk.bytes = bytes;
    walk.size = size;
    walk.bounds = bounds;
    walk.at = 0;
    walk.missing = 1;
    walk.depth = 0;
    walk.left[0] = 1;
    *value_size = 0;
    while (walk.missing != 0) {
        while (walk.left[walk.depth] == 0) {
            walk.depth--;
        }
        err = step(&walk, value_size);
        if (err != TROUPE_OK) {
            return err;
        }
    }
    *value_size = walk.at;
    return TROUPE_OK;
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

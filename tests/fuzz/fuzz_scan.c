/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: the scan accepts exactly the whole MessagePack values within bounds.
 *
 * The first two bytes choose the bounds, the others are scanned. For all bytes:
 *
 * - nothing is read but the bytes given;
 * - a refusal gives a sentence, and a size of 0 or of more than is there;
 * - an accepted value is accepted whatever follows it, and cut short at any
 *   byte it is refused, as one that needs more, and no more than its size;
 * - a scan that goes on as the bytes come says the same of each beginning;
 * - narrower bounds refuse those values that are deeper or larger, no others;
 * - msgpack-c reads an accepted value to the same end, and packs it to the very
 *   bytes that we write for it.
 */
#include "tests/fuzz/reference.h"

#include "mailbox/value.h"
#include "troupe/wire.h"

static const struct tp_scan_bounds widest = {TP_SCAN_DEPTH_LIMIT, SIZE_MAX};

/* How deep the value at *at nests: 0 for a number, 1 for []. */
static uint32_t
take_depth(const uint8_t **at, const uint8_t *end)
{
    struct tp_value value;
    uint32_t deepest = 0;

    *at = tp_value_read(*at, end, &value);
    CHECK(*at != NULL);
    for (uint64_t i = 0; i < value.values_count; i++) {
        uint32_t depth = take_depth(at, end);

        deepest = depth > deepest ? depth : deepest;
    }
    return deepest +
           (value.kind == TP_VALUE_ARRAY || value.kind == TP_VALUE_MAP);
}

/* A header with a length of 1, 2 or 4 bytes; first_tag is for the first. */
static uint8_t *
put_length(uint8_t *out, uint8_t first_tag, uint64_t length)
{
    if (length <= UINT8_MAX) {
        return troupe_wire_store_8(out, first_tag, (uint8_t)length);
    }
    if (length <= UINT16_MAX) {
        return troupe_wire_store_16(
            out, (uint8_t)(first_tag + 1), (uint16_t)length);
    }
    return troupe_wire_store_32(
        out, (uint8_t)(first_tag + 2), (uint32_t)length);
}

static uint8_t *
put_map_header(uint8_t *out, uint64_t pairs_count)
{
    if (pairs_count < 16) {
        *out = (uint8_t)(0x80 | pairs_count);
        return out + 1;
    }
    return pairs_count <= UINT16_MAX
               ? troupe_wire_store_16(out, 0xde, (uint16_t)pairs_count)
               : troupe_wire_store_32(out, 0xdf, (uint32_t)pairs_count);
}

static uint8_t *
put_ext(uint8_t *out, const struct tp_value *value)
{
    bool is_fixed = value->size != 0 && value->size <= 16 &&
                    (value->size & (value->size - 1)) == 0;

    if (is_fixed) {
        *out++ = (uint8_t)(0xd4 + __builtin_ctzll(value->size));
    } else {
        out = put_length(out, 0xc7, value->size);
    }
    *out++ = (uint8_t)value->ext_type;
    return troupe_wire_put_body(out, value->data, (uint32_t)value->size);
}

/* Writes one value, of a list only the header, in the fewest bytes. */
static uint8_t *
put(uint8_t *out, const struct tp_value *value)
{
    struct troupe_str str = {(const char *)value->data, (uint32_t)value->size};
    struct troupe_bin bin = {value->data, (uint32_t)value->size};

    switch (value->kind) {
    case TP_VALUE_NIL:
        return troupe_wire_put_raw(out, (struct troupe_raw){NULL, 0});
    case TP_VALUE_BOOLEAN:
        return troupe_wire_put_boolean(out, value->is_true);
    case TP_VALUE_UNSIGNED:
        return troupe_wire_put_uint64(out, value->bits);
    case TP_VALUE_SIGNED:
        return troupe_wire_put_int64(out, (int64_t)value->bits);
    case TP_VALUE_FLOAT:
        return troupe_wire_put_float(out, (float)value->real);
    case TP_VALUE_DOUBLE:
        return troupe_wire_put_double(out, value->real);
    case TP_VALUE_STR:
        return troupe_wire_put_str(out, str);
    case TP_VALUE_BIN:
        return troupe_wire_put_bin(out, bin);
    case TP_VALUE_EXT:
        return put_ext(out, value);
    case TP_VALUE_ARRAY:
        return troupe_wire_put_array_header(out, (uint32_t)value->values_count);
    case TP_VALUE_MAP:
        return put_map_header(out, value->values_count / 2);
    case TP_VALUE_CUT_SHORT:
    case TP_VALUE_RESERVED:
        break;
    }
    CHECK(false);
    return out;
}

/* The shortest form of the accepted value; it is never longer than size. */
static size_t
shorten(uint8_t *out, const uint8_t *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint8_t *begin = out;
    struct tp_value value;

    while (at != bytes + size) {
        at = tp_value_read(at, bytes + size, &value);
        CHECK(at != NULL);
        out = put(out, &value);
    }
    return (size_t)(out - begin);
}

static void
check_msgpack_c_agrees(const uint8_t *value, size_t size)
{
    uint8_t *ours = fuzz_copy(value, size);
    size_t ours_size = shorten(ours, value, size);
    msgpack_unpacked unpacked;
    msgpack_sbuffer packed;
    msgpack_packer packer;

    if (reference_read(value, size, &unpacked)) {
        msgpack_sbuffer_init(&packed);
        msgpack_packer_init(&packer, &packed, msgpack_sbuffer_write);
        CHECK(msgpack_pack_object(&packer, unpacked.data) == 0);
        CHECK(packed.size == ours_size);
        CHECK(memcmp(packed.data, ours, ours_size) == 0);
        msgpack_sbuffer_destroy(&packed);
        msgpack_unpacked_destroy(&unpacked);
    }
    free(ours);
}

/* Where it is cut, its own bytes decide. */
static void
check_cut(const uint8_t *value, size_t size)
{
    size_t kept = (value[0] * 31u + value[size - 1]) % size;
    uint8_t *cut = fuzz_copy(value, kept);
    size_t needed = 0;

    CHECK(tp_scan_value(cut, kept, &widest, &needed) == TROUPE_E_MALFORMED);
    CHECK(needed > kept && needed <= size);
    free(cut);
}

/* Of long ones only some beginnings, since each is scanned anew for comparison.
 */
static void
check_gradual(
    const uint8_t *bytes, size_t size, const struct tp_scan_bounds *bounds)
{
    struct tp_scan scan;
    size_t stride = 1 + size / 64;
    size_t at_once_size;
    size_t value_size;
    troupe_err err;

    tp_scan_begin(&scan, bounds);
    for (size_t here = 0;; here = size - here < stride ? size : here + stride) {
        uint8_t *begun = fuzz_copy(bytes, here);

        err = tp_scan_go_on(&scan, begun, here, &value_size);
        CHECK(err == tp_scan_value(begun, here, bounds, &at_once_size));
        CHECK(value_size == at_once_size);
        free(begun);
        if (err == TROUPE_OK || value_size == 0 || here == size) {
            return;
        }
    }
}

static void
check_accepted(const uint8_t *value, size_t size, size_t value_size)
{
    size_t alone = 0;
    uint8_t *copy = fuzz_copy(value, value_size);

    CHECK(value_size > 0 && value_size <= size);
    CHECK(tp_scan_value(copy, value_size, &widest, &alone) == TROUPE_OK);
    CHECK(alone == value_size);
    CHECK(troupe_wire_skip(copy, copy + value_size) == copy + value_size);
    check_cut(copy, value_size);
    check_msgpack_c_agrees(copy, value_size);
    free(copy);
}

static bool
is_within(
    const uint8_t *value, size_t size, const struct tp_scan_bounds *bounds)
{
    const uint8_t *at = value;

    return size <= bounds->bytes_max &&
           take_depth(&at, value + size) <= bounds->depth_max;
}

static void
check_refused(size_t size, size_t value_size)
{
    CHECK(value_size == 0 || value_size > size);
    CHECK(fuzz_is_printable(troupe_err_detail(), strlen(troupe_err_detail())));
    CHECK(troupe_err_detail()[0] != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct tp_scan_bounds bounds;
    size_t widest_size = 0;
    size_t value_size = 0;
    bool is_value;
    bool is_accepted;

    if (size < 2) {
        return 0;
    }
    bounds.depth_max = bytes[0] % (TP_SCAN_DEPTH_LIMIT + 1);
    bounds.bytes_max = bytes[1] == 0 ? SIZE_MAX : bytes[1];
    bytes += 2;
    size -= 2;
    is_value = tp_scan_value(bytes, size, &widest, &widest_size) == TROUPE_OK;
    if (is_value) {
        check_accepted(bytes, size, widest_size);
    } else {
        check_refused(size, widest_size);
    }
    is_accepted = tp_scan_value(bytes, size, &bounds, &value_size) == TROUPE_OK;
    check_gradual(bytes, size, &bounds);
    CHECK(is_accepted == (is_value && is_within(bytes, widest_size, &bounds)));
    if (is_accepted) {
        CHECK(value_size == widest_size);
    } else {
        check_refused(size, value_size);
    }
    return 0;
}

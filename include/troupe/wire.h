/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire: one MessagePack value at a time, written and read in place.
 *
 * Written values take the fewest bytes that MessagePack allows, as every
 * common packer does: a whole number that is not negative is written as
 * unsigned, whatever its C type. Read values are taken in any encoding that
 * fits the type asked for, so that the bytes of any MessagePack library are
 * understood.
 *
 * put: writes at out, which has room for troupe_wire_size_*() bytes, and
 * returns the end of what it wrote. Cannot fail.
 *
 * get: reads at most the bytes from at to end and returns the end of what it
 * read, or NULL when bytes are missing or hold a value of another type or out
 * of range; *value is then unspecified. Strings, binaries and raw values are
 * views into the bytes read.
 *
 * Nothing here allocates, and every function may be called by any thread.
 *
 * Not chosen: msgpack-c's packer, which makes a call through a pointer for
 * each value, and its unpacker, which builds a tree on the heap.
 */
#ifndef TROUPE_WIRE_H
#define TROUPE_WIRE_H

#include "troupe/err.h"
#include "troupe/pid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Text: length bytes at data, UTF-8 by convention and not checked; no NUL
 * follows. */
struct troupe_str {
    const char *data;
    uint32_t length;
};

/** Bytes that mean nothing to MessagePack. */
struct troupe_bin {
    const void *data;
    uint32_t size;
};

/** One whole value that is MessagePack already; size 0 stands for nil. */
struct troupe_raw {
    const uint8_t *data;
    uint32_t size;
};

/** The extension type of a pid, whose 8 bytes follow, big-endian. */
#define TROUPE_WIRE_PID_EXT 1

/** A view of text, which must outlive it. */
static inline struct troupe_str
troupe_str_of(const char *text)
{
    struct troupe_str str = {text, (uint32_t)strlen(text)};

    return str;
}

/*
 * The types that a field can have: X(name, C type, largest encoding in bytes).
 * "nothing" is what the list of a message without fields holds: it takes no
 * byte on the wire. Of str, bin and raw the third column is what comes on top
 * of their own bytes.
 */
#define TROUPE_FIXED_TYPE_MAP(X)                                               \
    X(nothing, uint8_t, 0)                                                     \
    X(int8, int8_t, 2)                                                         \
    X(int16, int16_t, 3)                                                       \
    X(int32, int32_t, 5)                                                       \
    X(int64, int64_t, 9)                                                       \
    X(uint8, uint8_t, 2)                                                       \
    X(uint16, uint16_t, 3)                                                     \
    X(uint32, uint32_t, 5)                                                     \
    X(uint64, uint64_t, 9)                                                     \
    X(boolean, bool, 1)                                                        \
    X(float, float, 5)                                                         \
    X(double, double, 9)                                                       \
    X(pid, troupe_pid, 10)
#define TROUPE_TYPE_MAP(X)                                                     \
    TROUPE_FIXED_TYPE_MAP(X)                                                   \
    X(str, struct troupe_str, 5)                                               \
    X(bin, struct troupe_bin, 5)                                               \
    X(raw, struct troupe_raw, 1)

/** The types of fields. */
enum troupe_type {
#define X(type, c_type, bytes_max) TROUPE_TYPE_##type,
    TROUPE_TYPE_MAP(X)
#undef X
        TROUPE_TYPES_COUNT,
    TROUPE_TYPE_bool = TROUPE_TYPE_boolean
};

/* What a field of each type is in C: troupe_field_int64 is int64_t. */
#define X(type, c_type, bytes_max) typedef c_type troupe_field_##type;
TROUPE_TYPE_MAP(X)
#undef X
typedef bool troupe_field_bool;

/*
 * Sizes: the most bytes that the put of this value writes. A constant to the
 * compiler for the types of fixed size.
 */
#define X(type, c_type, bytes_max)                                             \
    static inline size_t troupe_wire_size_##type(c_type value)                 \
    {                                                                          \
        (void)value;                                                           \
        return bytes_max;                                                      \
    }
TROUPE_FIXED_TYPE_MAP(X)
#undef X

static inline size_t
troupe_wire_size_bool(bool value)
{
    return troupe_wire_size_boolean(value);
}

static inline size_t
troupe_wire_size_str(struct troupe_str value)
{
    return (size_t)5 + value.length;
}

static inline size_t
troupe_wire_size_bin(struct troupe_bin value)
{
    return (size_t)5 + value.size;
}

static inline size_t
troupe_wire_size_raw(struct troupe_raw value)
{
    return (size_t)1 + value.size;
}

static inline size_t
troupe_wire_size_array_header(uint32_t count)
{
    return count < 16 ? 1 : count <= UINT16_MAX ? 3 : 5;
}

/*
 * Big-endian bytes. The shifts become one swapping load or store where the
 * compiler optimizes, on either byte order.
 */
static inline uint8_t *
troupe_wire_store_8(uint8_t *out, uint8_t tag, uint8_t value)
{
    out[0] = tag;
    out[1] = value;
    return out + 2;
}

static inline uint8_t *
troupe_wire_store_16(uint8_t *out, uint8_t tag, uint16_t value)
{
    out[0] = tag;
    out[1] = (uint8_t)(value >> 8);
    out[2] = (uint8_t)value;
    return out + 3;
}

static inline uint8_t *
troupe_wire_store_32(uint8_t *out, uint8_t tag, uint32_t value)
{
    out[0] = tag;
    out[1] = (uint8_t)(value >> 24);
    out[2] = (uint8_t)(value >> 16);
    out[3] = (uint8_t)(value >> 8);
    out[4] = (uint8_t)value;
    return out + 5;
}

static inline uint8_t *
troupe_wire_store_64(uint8_t *out, uint8_t tag, uint64_t value)
{
    out[0] = tag;
    out[1] = (uint8_t)(value >> 56);
    out[2] = (uint8_t)(value >> 48);
    out[3] = (uint8_t)(value >> 40);
    out[4] = (uint8_t)(value >> 32);
    out[5] = (uint8_t)(value >> 24);
    out[6] = (uint8_t)(value >> 16);
    out[7] = (uint8_t)(value >> 8);
    out[8] = (uint8_t)value;
    return out + 9;
}

static inline uint32_t
troupe_wire_load_32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

/* The unsigned number of 1 << width_log2 bytes at at. */
static inline uint64_t
troupe_wire_load(const uint8_t *at, uint32_t width_log2)
{
    switch (width_log2) {
    case 0:
        return at[0];
    case 1:
        return (uint64_t)at[0] << 8 | at[1];
    case 2:
        return troupe_wire_load_32(at);
    default:
        return (uint64_t)troupe_wire_load_32(at) << 32 |
               troupe_wire_load_32(at + 4);
    }
}

/* Whole numbers. */

static inline uint8_t *
troupe_wire_put_uint64(uint8_t *out, uint64_t value)
{
    if (value <= 0x7f) {
        *out = (uint8_t)value;
        return out + 1;
    }
    if (value <= UINT8_MAX) {
        return troupe_wire_store_8(out, 0xcc, (uint8_t)value);
    }
    if (value <= UINT16_MAX) {
        return troupe_wire_store_16(out, 0xcd, (uint16_t)value);
    }
    if (value <= UINT32_MAX) {
        return troupe_wire_store_32(out, 0xce, (uint32_t)value);
    }
    return troupe_wire_store_64(out, 0xcf, value);
}

static inline uint8_t *
troupe_wire_put_int64(uint8_t *out, int64_t value)
{
    if (value >= 0) {
        return troupe_wire_put_uint64(out, (uint64_t)value);
    }
    if (value >= -32) {
        *out = (uint8_t)value;
        return out + 1;
    }
    if (value >= INT8_MIN) {
        return troupe_wire_store_8(out, 0xd0, (uint8_t)value);
    }
    if (value >= INT16_MIN) {
        return troupe_wire_store_16(out, 0xd1, (uint16_t)value);
    }
    if (value >= INT32_MIN) {
        return troupe_wire_store_32(out, 0xd2, (uint32_t)value);
    }
    return troupe_wire_store_64(out, 0xd3, (uint64_t)value);
}

/*
 * A whole number in any of MessagePack's ten encodings: *bits is its value
 * modulo 2^64, *is_negative its sign. Inlined into each decoder: a call costs a
 * tenth of handling a small message.
 */
static inline __attribute__((always_inline)) const uint8_t *
troupe_wire_get_integer(
    const uint8_t *at, const uint8_t *end, uint64_t *bits, bool *is_negative)
{
    uint32_t width_log2;
    uint32_t shift;
    uint8_t tag;

    if (at >= end) {
        return NULL;
    }
    tag = *at++;
    if (tag <= 0x7f || tag >= 0xe0) {
        *bits = (uint64_t)(int8_t)tag;
        *is_negative = tag >= 0xe0;
        return at;
    }
    width_log2 = tag & 3;
    if (tag < 0xcc || tag > 0xd3 || (end - at) < (1 << width_log2)) {
        return NULL;
    }
    *bits = troupe_wire_load(at, width_log2);
    *is_negative = false;
    if (tag >= 0xd0) {
        shift = 64 - (8u << width_log2);
        *bits = (uint64_t)((int64_t)(*bits << shift) >> shift);
        *is_negative = (int64_t)*bits < 0;
    }
    return at + (1u << width_log2);
}

static inline __attribute__((always_inline)) const uint8_t *
troupe_wire_get_int64(const uint8_t *at, const uint8_t *end, int64_t *value)
{
    uint64_t bits = 0;
    bool is_negative = false;

    at = troupe_wire_get_integer(at, end, &bits, &is_negative);
    *value = (int64_t)bits;
    return is_negative == (*value < 0) ? at : NULL;
}

static inline __attribute__((always_inline)) const uint8_t *
troupe_wire_get_uint64(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    bool is_negative = false;

    *value = 0;
    at = troupe_wire_get_integer(at, end, value, &is_negative);
    return is_negative ? NULL : at;
}

/* The narrower ones: what the wide one writes, and reads if it fits. */
#define TROUPE_WIRE_NARROW(type, c_type, wide, c_wide)                         \
    static inline uint8_t *troupe_wire_put_##type(uint8_t *out, c_type value)  \
    {                                                                          \
        return troupe_wire_put_##wide(out, value);                             \
    }                                                                          \
    static inline const uint8_t *troupe_wire_get_##type(                       \
        const uint8_t *at, const uint8_t *end, c_type *value)                  \
    {                                                                          \
        c_wide read = 0;                                                       \
                                                                               \
        at = troupe_wire_get_##wide(at, end, &read);                           \
        *value = (c_type)read;                                                 \
        return *value == read ? at : NULL;                                     \
    }
TROUPE_WIRE_NARROW(int8, int8_t, int64, int64_t)
TROUPE_WIRE_NARROW(int16, int16_t, int64, int64_t)
TROUPE_WIRE_NARROW(int32, int32_t, int64, int64_t)
TROUPE_WIRE_NARROW(uint8, uint8_t, uint64, uint64_t)
TROUPE_WIRE_NARROW(uint16, uint16_t, uint64, uint64_t)
TROUPE_WIRE_NARROW(uint32, uint32_t, uint64, uint64_t)
#undef TROUPE_WIRE_NARROW

/* Yes or no. */

static inline uint8_t *
troupe_wire_put_boolean(uint8_t *out, bool value)
{
    *out = value ? 0xc3 : 0xc2;
    return out + 1;
}

static inline const uint8_t *
troupe_wire_get_boolean(const uint8_t *at, const uint8_t *end, bool *value)
{
    if (at >= end || (*at != 0xc2 && *at != 0xc3)) {
        return NULL;
    }
    *value = *at == 0xc3;
    return at + 1;
}

static inline uint8_t *
troupe_wire_put_bool(uint8_t *out, bool value)
{
    return troupe_wire_put_boolean(out, value);
}

static inline const uint8_t *
troupe_wire_get_bool(const uint8_t *at, const uint8_t *end, bool *value)
{
    return troupe_wire_get_boolean(at, end, value);
}

/* Numbers with a fraction, IEEE 754. */

static inline uint8_t *
troupe_wire_put_float(uint8_t *out, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return troupe_wire_store_32(out, 0xca, bits);
}

static inline const uint8_t *
troupe_wire_get_float(const uint8_t *at, const uint8_t *end, float *value)
{
    uint32_t bits;

    if (end - at < 5 || *at != 0xca) {
        return NULL;
    }
    bits = troupe_wire_load_32(at + 1);
    memcpy(value, &bits, sizeof(bits));
    return at + 5;
}

static inline uint8_t *
troupe_wire_put_double(uint8_t *out, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return troupe_wire_store_64(out, 0xcb, bits);
}

/* Takes a float too: every float is a double. */
static inline const uint8_t *
troupe_wire_get_double(const uint8_t *at, const uint8_t *end, double *value)
{
    uint64_t bits;
    float narrow = 0;

    if (end - at < 9 || *at != 0xcb) {
        at = troupe_wire_get_float(at, end, &narrow);
        *value = (double)narrow;
        return at;
    }
    bits = troupe_wire_load(at + 1, 3);
    memcpy(value, &bits, sizeof(bits));
    return at + 9;
}

/* Text and bytes. */

static inline uint8_t *
troupe_wire_put_body(uint8_t *out, const void *data, uint32_t size)
{
    if (size != 0) {
        memcpy(out, data, size);
    }
    return out + size;
}

static inline uint8_t *
troupe_wire_put_str(uint8_t *out, struct troupe_str value)
{
    if (value.length < 32) {
        *out++ = (uint8_t)(0xa0 | value.length);
    } else if (value.length <= UINT8_MAX) {
        out = troupe_wire_store_8(out, 0xd9, (uint8_t)value.length);
    } else if (value.length <= UINT16_MAX) {
        out = troupe_wire_store_16(out, 0xda, (uint16_t)value.length);
    } else {
        out = troupe_wire_store_32(out, 0xdb, value.length);
    }
    return troupe_wire_put_body(out, value.data, value.length);
}

static inline uint8_t *
troupe_wire_put_bin(uint8_t *out, struct troupe_bin value)
{
    if (value.size <= UINT8_MAX) {
        out = troupe_wire_store_8(out, 0xc4, (uint8_t)value.size);
    } else if (value.size <= UINT16_MAX) {
        out = troupe_wire_store_16(out, 0xc5, (uint16_t)value.size);
    } else {
        out = troupe_wire_store_32(out, 0xc6, value.size);
    }
    return troupe_wire_put_body(out, value.data, value.size);
}

/*
 * The length after one of three tags: first_tag says that 1 byte of length
 * follows, the next tag 2 and the one after it 4. NULL too if fewer bytes
 * follow than the length promises.
 */
static inline const uint8_t *
troupe_wire_get_length(
    const uint8_t *at, const uint8_t *end, uint8_t first_tag, uint32_t *length)
{
    uint32_t width_log2;

    if (at >= end || *at < first_tag || *at > first_tag + 2) {
        return NULL;
    }
    width_log2 = (uint32_t)(*at++ - first_tag);
    if (end - at < (1 << width_log2)) {
        return NULL;
    }
    *length = (uint32_t)troupe_wire_load(at, width_log2);
    at += 1u << width_log2;
    return (size_t)(end - at) >= *length ? at : NULL;
}

static inline const uint8_t *
troupe_wire_get_str(
    const uint8_t *at, const uint8_t *end, struct troupe_str *value)
{
    value->length = 0;
    if (at < end && (*at & 0xe0) == 0xa0) {
        value->length = *at++ & 0x1f;
        at = end - at >= (ptrdiff_t)value->length ? at : NULL;
    } else {
        at = troupe_wire_get_length(at, end, 0xd9, &value->length);
    }
    value->data = (const char *)at;
    return at == NULL ? NULL : at + value->length;
}

static inline const uint8_t *
troupe_wire_get_bin(
    const uint8_t *at, const uint8_t *end, struct troupe_bin *value)
{
    value->size = 0;
    at = troupe_wire_get_length(at, end, 0xc4, &value->size);
    value->data = at;
    return at == NULL ? NULL : at + value->size;
}

/* Actors. */

static inline uint8_t *
troupe_wire_put_pid(uint8_t *out, troupe_pid value)
{
    *out = 0xd7;
    return troupe_wire_store_64(out + 1, TROUPE_WIRE_PID_EXT, value);
}

/* Its size may be written in more bytes than it takes. */
static inline const uint8_t *
troupe_wire_get_pid(const uint8_t *at, const uint8_t *end, troupe_pid *value)
{
    uint32_t size = sizeof(*value);

    if (at < end && *at == 0xd7) {
        at++;
    } else {
        at = troupe_wire_get_length(at, end, 0xc7, &size);
    }
    if (at == NULL || size != sizeof(*value) || end - at < 9 ||
        *at != TROUPE_WIRE_PID_EXT) {
        return NULL;
    }
    *value = troupe_wire_load(at + 1, 3);
    return at + 9;
}

/* Whole values and lists. */

/**
 * The end of the value at at, of any type, or NULL if it does not end by end.
 * Takes no more steps than there are bytes, and no stack for what is nested.
 */
TROUPE_API const uint8_t *troupe_wire_skip(
    const uint8_t *at, const uint8_t *end);

static inline uint8_t *
troupe_wire_put_raw(uint8_t *out, struct troupe_raw value)
{
    if (value.size == 0) {
        *out = 0xc0;
        return out + 1;
    }
    return troupe_wire_put_body(out, value.data, value.size);
}

static inline const uint8_t *
troupe_wire_get_raw(
    const uint8_t *at, const uint8_t *end, struct troupe_raw *value)
{
    const uint8_t *after = troupe_wire_skip(at, end);

    if (after == NULL || after - at > (ptrdiff_t)UINT32_MAX) {
        return NULL;
    }
    value->data = at;
    value->size = (uint32_t)(after - at);
    return after;
}

/** Says that count values follow, which make one array. */
static inline uint8_t *
troupe_wire_put_array_header(uint8_t *out, uint32_t count)
{
    if (count < 16) {
        *out = (uint8_t)(0x90 | count);
        return out + 1;
    }
    if (count <= UINT16_MAX) {
        return troupe_wire_store_16(out, 0xdc, (uint16_t)count);
    }
    return troupe_wire_store_32(out, 0xdd, count);
}

/** *count values follow, if the bytes are whole; nothing here has checked. */
static inline const uint8_t *
troupe_wire_get_array_header(
    const uint8_t *at, const uint8_t *end, uint32_t *count)
{
    *count = 0;
    if (at < end && (*at & 0xf0) == 0x90) {
        *count = *at & 0xf;
        return at + 1;
    }
    if (end - at >= 3 && *at == 0xdc) {
        *count = (uint32_t)troupe_wire_load(at + 1, 1);
        return at + 3;
    }
    if (end - at >= 5 && *at == 0xdd) {
        *count = troupe_wire_load_32(at + 1);
        return at + 5;
    }
    return NULL;
}

/* A message without fields: its one member stands for no byte. */

static inline uint8_t *
troupe_wire_put_nothing(uint8_t *out, uint8_t value)
{
    (void)value;
    return out;
}

static inline const uint8_t *
troupe_wire_get_nothing(const uint8_t *at, const uint8_t *end, uint8_t *value)
{
    (void)end;
    *value = 0;
    return at;
}

#ifdef __cplusplus
}
#endif

#endif

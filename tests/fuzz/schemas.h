/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schemas: message types for fuzz targets, with fields of every type.
 */
#ifndef TROUPE_TESTS_FUZZ_SCHEMAS_H
#define TROUPE_TESTS_FUZZ_SCHEMAS_H

#include "troupe/troupe.h"

#define FUZZ_NUMBERS(FIELD)                                                    \
    FIELD(int8, a)                                                             \
    FIELD(int16, b)                                                            \
    FIELD(int32, c)                                                            \
    FIELD(int64, d)                                                            \
    FIELD(uint8, e)                                                            \
    FIELD(uint16, f) FIELD(uint32, g) FIELD(uint64, h)
TROUPE_MESSAGE(fuzz_numbers, FUZZ_NUMBERS)

#define FUZZ_MIXED(FIELD)                                                      \
    FIELD(bool, is_first)                                                      \
    FIELD(str, text)                                                           \
    FIELD(float, share)                                                        \
    FIELD(bin, key)                                                            \
    FIELD(double, rate)                                                        \
    FIELD(pid, actor) FIELD(raw, any) FIELD(boolean, is_last)
TROUPE_MESSAGE(fuzz_mixed, FUZZ_MIXED)

#define FUZZ_TEXTS(FIELD) FIELD(str, first) FIELD(str, second)
TROUPE_MESSAGE(fuzz_texts, FUZZ_TEXTS)

TROUPE_MESSAGE(fuzz_nothing, TROUPE_NO_FIELDS)

/* More fields than the shortest header of an array can count. */
#define FUZZ_WIDE(FIELD)                                                       \
    FIELD(uint8, f0)                                                           \
    FIELD(uint8, f1)                                                           \
    FIELD(uint8, f2)                                                           \
    FIELD(uint8, f3)                                                           \
    FIELD(int8, f4)                                                            \
    FIELD(int8, f5)                                                            \
    FIELD(int8, f6)                                                            \
    FIELD(int8, f7)                                                            \
    FIELD(raw, f8)                                                             \
    FIELD(raw, f9)                                                             \
    FIELD(double, f10)                                                         \
    FIELD(float, f11)                                                          \
    FIELD(str, f12)                                                            \
    FIELD(bin, f13) FIELD(int64, f14) FIELD(uint64, f15) FIELD(str, f16)
TROUPE_MESSAGE(fuzz_wide, FUZZ_WIDE)

#define FUZZ_MESSAGE_MAP(X)                                                    \
    X(fuzz_numbers)                                                            \
    X(fuzz_mixed)                                                              \
    X(fuzz_texts)                                                              \
    X(fuzz_nothing)                                                            \
    X(fuzz_wide)

/* Room for any of them. */
union fuzz_any_message {
#define X(name) struct name name;
    FUZZ_MESSAGE_MAP(X)
#undef X
};

/* One of them, and what TROUPE_MESSAGE has made for it. */
struct fuzz_kind {
    struct troupe_schema *schema;
    int (*decode)(
        const uint8_t *payload, const uint8_t *end, union fuzz_any_message *);
    uint8_t *(*encode)(uint8_t *out, const union fuzz_any_message *);
    size_t (*size_max)(const union fuzz_any_message *);
};

#define X(name)                                                                \
    static inline int name##_decode_any(const uint8_t *payload,                \
        const uint8_t *end, union fuzz_any_message *message)                   \
    {                                                                          \
        return name##_decode(payload, end, &message->name);                    \
    }                                                                          \
    static inline uint8_t *name##_encode_any(                                  \
        uint8_t *out, const union fuzz_any_message *message)                   \
    {                                                                          \
        return name##_encode(out, &message->name);                             \
    }                                                                          \
    static inline size_t name##_size_max_any(                                  \
        const union fuzz_any_message *message)                                 \
    {                                                                          \
        return name##_size_max(&message->name);                                \
    }
FUZZ_MESSAGE_MAP(X)
#undef X

static const struct fuzz_kind fuzz_kinds[] = {
#define X(name)                                                                \
    {&name##_schema, name##_decode_any, name##_encode_any, name##_size_max_any},
    FUZZ_MESSAGE_MAP(X)
#undef X
};

enum { FUZZ_KINDS_COUNT = sizeof(fuzz_kinds) / sizeof(fuzz_kinds[0]) };

#endif

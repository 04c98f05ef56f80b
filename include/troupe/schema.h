/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema: what a kind of message holds, told once, as a list of fields.
 *
 *     #define DEPOSIT(FIELD) FIELD(int64, amount_cents) FIELD(str, memo)
 *     TROUPE_SCHEMA(deposit, DEPOSIT)
 *
 * makes struct deposit, its encoder, its bounds-checked decoder and its
 * description. The payload is a MessagePack array of the fields by position.
 * A field is one of int8 int16 int32 int64 uint8 uint16 uint32 uint64 boolean
 * (also spelled bool) float double pid str bin raw; see troupe/wire.h for what
 * each is in C. A message without fields takes TROUPE_NO_FIELDS.
 *
 * A later version of a program may add fields at the end: a decoder skips what
 * it does not know. A missing field or one of another type is an error that
 * names the field.
 *
 * The list may stand in a header that many translation units and shared
 * libraries include. Each has a description of its own; interning gives all
 * descriptions of one name one number, which is good in this process only. On
 * the wire a message goes by its name.
 *
 *     decoding, encoding             any thread
 *     troupe_schema_intern           any thread; takes a lock
 *     troupe_schema_number           any thread
 *     troupe_schema_*_view           any thread; lock-free
 *
 * Not chosen: one shared description, found by the linker. It asks for weak
 * symbols with default visibility, which libraries loaded with dlopen do not
 * always share, and it cannot notice that two of them disagree.
 */
#ifndef TROUPE_SCHEMA_H
#define TROUPE_SCHEMA_H

#include "troupe/err.h"
#include "troupe/wire.h"

#ifdef __cplusplus
extern "C" {
#define TROUPE_STATIC_ASSERT static_assert
#else
#define TROUPE_STATIC_ASSERT _Static_assert
#endif

/** For what a list of fields makes and a translation unit need not use. */
#define TROUPE_UNUSED __attribute__((unused))

/** One field: what it is called, its type, where it is in the struct. */
struct troupe_field {
    uint32_t offset;
    enum troupe_type type;
    const char *name;
};

/** A kind of message. Known by name only: fields is NULL. */
struct troupe_schema {
    const char *name;
    const struct troupe_field *fields; /* in the order of the payload */
    uint32_t fields_count;
    uint32_t struct_size;

    /*
     * 0 until interned, then for ever the process's number for name. Written
     * once, by troupe_schema_intern(), after a store fence; read by any thread,
     * relaxed, because what it leads to is found by way of it. A stale 0: the
     * reader interns again and gets the same number.
     */
    uint32_t number;
};

/** The number of schema, or 0 if it has none yet. Any thread. */
static inline uint32_t
troupe_schema_number(const struct troupe_schema *schema)
{
    return __atomic_load_n(&schema->number, __ATOMIC_RELAXED);
}

/**
 * Gives schema its number, the same for all schemas of its name. The library
 * keeps a copy: schema may vanish afterwards (dlclose). Any thread.
 *
 * Fails with SCHEMA_CONFLICT if the name is known with other fields,
 * INVALID_ARGUMENT if a name is not fit or a type unknown, NO_MEMORY.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_schema_intern(
    struct troupe_schema *schema);

/**
 * The schema of that number, or NULL if no schema has it. Valid for ever; one
 * that was known by name only may later have another view with its fields.
 */
TROUPE_API const struct troupe_schema *troupe_schema_by_number_view(
    uint32_t number);

/** The schema of that name, or NULL if there is none; see above. */
TROUPE_API const struct troupe_schema *troupe_schema_by_name_view(
    const char *name);

/** "int64" and so on; never NULL. */
TROUPE_API const char *troupe_type_name(enum troupe_type type);

/** For TROUPE_SCHEMA: a message that says all by its name. */
#define TROUPE_NO_FIELDS(FIELD) FIELD(nothing, troupe_no_field)

/** What NAME_decode() returns besides 0 and 1 + the index of a bad field. */
#define TROUPE_DECODE_NO_ARRAY (-1)

/* Each pastes the type itself: handed on to another macro, bool would have
 * become _Bool by then. */
#define TROUPE_FIELD_COUNT(type, field)                                        \
    +(TROUPE_TYPE_##type == TROUPE_TYPE_nothing ? 0u : 1u)
#define TROUPE_FIELD_MEMBER(type, field) troupe_field_##type field;
#define TROUPE_FIELD_SIZE(type, field) +troupe_wire_size_##type(message->field)
#define TROUPE_FIELD_PUT(type, field)                                          \
    out = troupe_wire_put_##type(out, message->field);
#define TROUPE_FIELD_GET(type, field)                                          \
    index += TROUPE_TYPE_##type == TROUPE_TYPE_nothing ? 0u : 1u;              \
    if (index > count) {                                                       \
        return (int)index;                                                     \
    }                                                                          \
    at = troupe_wire_get_##type(at, end, &message->field);                     \
    if (at == NULL) {                                                          \
        return (int)index;                                                     \
    }

/**
 * Makes of the list FIELDS, for NAME:
 *
 * - struct NAME, with the fields as members.
 * - NAME_size_max(message): the most bytes that encoding it writes; a constant
 *   to the compiler if no field is a str, bin or raw.
 * - NAME_encode(out, message): writes the payload, returns its end. Cannot
 *   fail, allocates nothing.
 * - NAME_decode(payload, end, message): 0, or TROUPE_DECODE_NO_ARRAY, or 1 +
 *   the index of the first field that is missing or does not fit. Views in
 *   *message are into the payload. Allocates nothing.
 * - NAME_schema, to be interned.
 */
#define TROUPE_SCHEMA(NAME, FIELDS)                                            \
    struct NAME {                                                              \
        FIELDS(TROUPE_FIELD_MEMBER)                                            \
    };                                                                         \
    TROUPE_STATIC_ASSERT(sizeof(struct NAME) > 0,                              \
        "a message without fields has the list TROUPE_NO_FIELDS");             \
    TROUPE_SCHEMA_DESCRIPTION(NAME, FIELDS)                                    \
    static inline TROUPE_UNUSED size_t NAME##_size_max(                        \
        const struct NAME *message)                                            \
    {                                                                          \
        return troupe_wire_size_array_header(0u FIELDS(TROUPE_FIELD_COUNT))    \
            FIELDS(TROUPE_FIELD_SIZE);                                         \
    }                                                                          \
    static inline TROUPE_UNUSED uint8_t *NAME##_encode(                        \
        uint8_t *out, const struct NAME *message)                              \
    {                                                                          \
        out =                                                                  \
            troupe_wire_put_array_header(out, 0u FIELDS(TROUPE_FIELD_COUNT));  \
        FIELDS(TROUPE_FIELD_PUT)                                               \
        return out;                                                            \
    }                                                                          \
    static inline TROUPE_UNUSED int NAME##_decode(                             \
        const uint8_t *payload, const uint8_t *end, struct NAME *message)      \
    {                                                                          \
        uint32_t count;                                                        \
        uint32_t index = 0;                                                    \
        const uint8_t *at =                                                    \
            troupe_wire_get_array_header(payload, end, &count);                \
                                                                               \
        if (at == NULL) {                                                      \
            return TROUPE_DECODE_NO_ARRAY;                                     \
        }                                                                      \
        FIELDS(TROUPE_FIELD_GET)                                               \
        return 0;                                                              \
    }

/*
 * A list hands its macro a type and a name, but an offset also needs the
 * struct. So what is handed to the list here begins the entry up to the comma
 * inside __builtin_offsetof, and TROUPE_FIELD_END, which the list's own
 * parentheses complete, ends it. OPEN and COMMA are names because a macro's
 * argument can hold neither openly.
 */
/* clang-format off */
#define TROUPE_OPEN (
#define TROUPE_COMMA ,
#define TROUPE_FIELD_END(type, field) field), TROUPE_TYPE_##type, #field},
/* clang-format on */
#define TROUPE_SCHEMA_DESCRIPTION(NAME, FIELDS)                                \
    static TROUPE_UNUSED const struct troupe_field NAME##_fields[] = {FIELDS(  \
        {(uint32_t)__builtin_offsetof TROUPE_OPEN struct NAME TROUPE_COMMA     \
            TROUPE_FIELD_END)};                                                \
    static TROUPE_UNUSED struct troupe_schema NAME##_schema = {                \
        #NAME,                                                                 \
        NAME##_fields,                                                         \
        0u FIELDS(TROUPE_FIELD_COUNT),                                         \
        (uint32_t)sizeof(struct NAME),                                         \
        0,                                                                     \
    };

#ifdef __cplusplus
}
#endif

#endif

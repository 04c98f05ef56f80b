/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a decoder takes exactly the payloads that hold its fields, and reads
 * nothing but the bytes given.
 *
 * The first byte chooses a message type, the others are decoded. For all bytes:
 *
 * - what does not decode has a sentence that a person can read;
 * - what decodes encodes within the room that size_max promises, to bytes that
 *   the scan accepts and that decode and encode to themselves;
 * - if the scan accepts the bytes, the fields are those of msgpack-c's tree:
 *   the same fault is found or none, the values are the same, and packed by
 *   msgpack-c they are the very bytes that our encoder writes.
 */
#include "tests/fuzz/reference.h"
#include "tests/fuzz/schemas.h"

#include "mailbox/schema.h"

/* ---- what msgpack-c says ------------------------------------------------- */

struct range {
    int64_t min;
    uint64_t max;
};

static const struct range ranges[TROUPE_TYPES_COUNT] = {
    [TROUPE_TYPE_int8] = {INT8_MIN, INT8_MAX},
    [TROUPE_TYPE_int16] = {INT16_MIN, INT16_MAX},
    [TROUPE_TYPE_int32] = {INT32_MIN, INT32_MAX},
    [TROUPE_TYPE_int64] = {INT64_MIN, INT64_MAX},
    [TROUPE_TYPE_uint8] = {0, UINT8_MAX},
    [TROUPE_TYPE_uint16] = {0, UINT16_MAX},
    [TROUPE_TYPE_uint32] = {0, UINT32_MAX},
    [TROUPE_TYPE_uint64] = {0, UINT64_MAX},
};

static bool
is_in_range(const msgpack_object *object, struct range range)
{
    if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        return object->via.i64 >= range.min;
    }
    return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
           object->via.u64 <= range.max;
}

static bool
fits(const msgpack_object *object, enum troupe_type type)
{
    switch (type) {
    case TROUPE_TYPE_boolean:
        return object->type == MSGPACK_OBJECT_BOOLEAN;
    case TROUPE_TYPE_float:
        return object->type == MSGPACK_OBJECT_FLOAT32;
    case TROUPE_TYPE_double:
        return object->type == MSGPACK_OBJECT_FLOAT32 ||
               object->type == MSGPACK_OBJECT_FLOAT64;
    case TROUPE_TYPE_pid:
        return object->type == MSGPACK_OBJECT_EXT &&
               object->via.ext.type == TROUPE_WIRE_PID_EXT &&
               object->via.ext.size == sizeof(troupe_pid);
    case TROUPE_TYPE_str:
        return object->type == MSGPACK_OBJECT_STR;
    case TROUPE_TYPE_bin:
        return object->type == MSGPACK_OBJECT_BIN;
    case TROUPE_TYPE_raw:
        return true;
    default:
        return is_in_range(object, ranges[type]);
    }
}

/* What a decoder has to return for this tree. */
static int
expected_fault(const msgpack_object *tree, const struct troupe_schema *schema)
{
    if (tree->type != MSGPACK_OBJECT_ARRAY) {
        return TROUPE_DECODE_NO_ARRAY;
    }
    for (uint32_t i = 0; i < schema->fields_count; i++) {
        if (i >= tree->via.array.size ||
            !fits(&tree->via.array.ptr[i], schema->fields[i].type)) {
            return (int)i + 1;
        }
    }
    return 0;
}

/* Packs the field as msgpack-c writes the value that it has read. A raw field
 * is MessagePack already; a float is ours, since msgpack-c keeps it as a double
 * and so changes the bits of some that are no number. */
static void
pack_field(msgpack_packer *packer, const msgpack_object *object,
    enum troupe_type type, const void *member)
{
    const struct troupe_raw *raw = member;

    switch (type) {
    case TROUPE_TYPE_raw:
        CHECK(packer->callback(
                  packer->data, (const char *)raw->data, raw->size) == 0);
        break;
    case TROUPE_TYPE_float:
        CHECK(object->via.f64 != object->via.f64 ||
              object->via.f64 == (double)*(const float *)member);
        CHECK(msgpack_pack_float(packer, *(const float *)member) == 0);
        break;
    case TROUPE_TYPE_double:
        CHECK(msgpack_pack_double(packer, object->via.f64) == 0);
        break;
    default:
        CHECK(msgpack_pack_object(packer, *object) == 0);
    }
}

static void
check_same_bytes(const struct fuzz_kind *kind, const msgpack_object *tree,
    const union fuzz_any_message *message, const uint8_t *ours, size_t size)
{
    const struct troupe_schema *schema = kind->schema;
    msgpack_sbuffer packed;
    msgpack_packer packer;

    msgpack_sbuffer_init(&packed);
    msgpack_packer_init(&packer, &packed, msgpack_sbuffer_write);
    CHECK(msgpack_pack_array(&packer, schema->fields_count) == 0);
    for (uint32_t i = 0; i < schema->fields_count; i++) {
        pack_field(&packer, &tree->via.array.ptr[i], schema->fields[i].type,
            (const char *)message + schema->fields[i].offset);
    }
    CHECK(packed.size == size);
    CHECK(memcmp(packed.data, ours, size) == 0);
    msgpack_sbuffer_destroy(&packed);
}

/* ---- for all bytes ------------------------------------------------------- */

/* The message's encoding, to be freed. */
static uint8_t *
encode(const struct fuzz_kind *kind, const union fuzz_any_message *message,
    size_t *size)
{
    size_t size_max = kind->size_max(message);
    uint8_t *bytes = malloc(size_max);

    CHECK(bytes != NULL);
    *size = (size_t)(kind->encode(bytes, message) - bytes);
    CHECK(*size <= size_max);
    return bytes;
}

static void
check_is_canonical(
    const struct fuzz_kind *kind, const uint8_t *bytes, size_t size)
{
    const struct tp_scan_bounds widest = {TP_SCAN_DEPTH_LIMIT, SIZE_MAX};
    union fuzz_any_message again;
    size_t again_size;
    size_t value_size = 0;
    uint8_t *again_bytes;

    if (tp_scan_value(bytes, size, &widest, &value_size) == TROUPE_OK) {
        CHECK(value_size == size);
    } else {
        CHECK(strstr(troupe_err_detail(), "nested deeper") != NULL);
    }
    CHECK(kind->decode(bytes, bytes + size, &again) == 0);
    again_bytes = encode(kind, &again, &again_size);
    CHECK(again_size == size);
    CHECK(memcmp(bytes, again_bytes, size) == 0);
    free(again_bytes);
}

static void
check_sentence(const struct fuzz_kind *kind, const uint8_t *bytes,
    const uint8_t *end, int fault)
{
    const char *detail;

    CHECK(fault >= TROUPE_DECODE_NO_ARRAY);
    CHECK(fault <= (int)kind->schema->fields_count);
    CHECK(tp_schema_decode_error(kind->schema, bytes, end, fault) ==
          TROUPE_E_DECODE);
    detail = troupe_err_detail();
    CHECK(detail[0] != 0 && fuzz_is_printable(detail, strlen(detail)));
}

static void
check(const struct fuzz_kind *kind, const uint8_t *bytes, size_t size)
{
    union fuzz_any_message message;
    int fault = kind->decode(bytes, bytes + size, &message);
    size_t encoded_size = 0;
    uint8_t *encoded = NULL;
    msgpack_unpacked unpacked;

    if (fault == 0) {
        encoded = encode(kind, &message, &encoded_size);
        check_is_canonical(kind, encoded, encoded_size);
    } else {
        check_sentence(kind, bytes, bytes + size, fault);
    }
    if (reference_read(bytes, size, &unpacked)) {
        CHECK(fault == expected_fault(&unpacked.data, kind->schema));
        if (fault == 0) {
            check_same_bytes(
                kind, &unpacked.data, &message, encoded, encoded_size);
        }
        msgpack_unpacked_destroy(&unpacked);
    }
    free(encoded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size > 0) {
        check(&fuzz_kinds[bytes[0] % FUZZ_KINDS_COUNT], bytes + 1, size - 1);
    }
    return 0;
}

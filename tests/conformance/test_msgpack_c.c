/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: our bytes are MessagePack, as msgpack-c understands it.
 *
 * Method: the same values are written by both, and the bytes must be the same;
 * msgpack-c reads what we wrote and we read what it wrote, integers in every
 * encoding that it can be made to write. Random bytes that our scan accepts
 * are handed to msgpack-c's unpacker, which must find one value of the same
 * size. The chance is seeded: every run tries the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <msgpack.h>
#include <string.h>

#include "mailbox/scan.h"
#include "troupe/schema.h"

#define RANDOM_VALUES_COUNT 20000
#define RANDOM_BYTES_COUNT 200000

#define TRANSFER(FIELD)                                                        \
    FIELD(int64, cents)                                                        \
    FIELD(uint32, day)                                                         \
    FIELD(bool, is_final)                                                      \
    FIELD(double, rate)                                                        \
    FIELD(float, share)                                                        \
    FIELD(str, memo)                                                           \
    FIELD(bin, key)                                                            \
    FIELD(pid, receiver)
TROUPE_SCHEMA(transfer, TRANSFER)

static msgpack_sbuffer packed;
static msgpack_packer packer;

static int
set_up(void **state)
{
    (void)state;
    msgpack_sbuffer_init(&packed);
    msgpack_packer_init(&packer, &packed, msgpack_sbuffer_write);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    msgpack_sbuffer_destroy(&packed);
    return 0;
}

static void
assert_same_bytes(const uint8_t *ours, const uint8_t *end)
{
    assert_int_equal(end - ours, packed.size);
    assert_memory_equal(ours, packed.data, packed.size);
    msgpack_sbuffer_clear(&packed);
}

/* The next number of a fixed sequence (SplitMix64). */
static uint64_t
next_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Of any magnitude: as many small ones as large ones. */
static uint64_t
next_number(uint64_t *seed)
{
    uint64_t number = next_random(seed);

    return number >> (next_random(seed) & 63);
}

static void
assert_same_number(uint64_t number)
{
    int64_t with_sign = (int64_t)number;
    uint8_t out[9];

    msgpack_pack_uint64(&packer, number);
    assert_same_bytes(out, troupe_wire_put_uint64(out, number));
    msgpack_pack_int64(&packer, with_sign);
    assert_same_bytes(out, troupe_wire_put_int64(out, with_sign));
    msgpack_pack_int32(&packer, (int32_t)with_sign);
    assert_same_bytes(out, troupe_wire_put_int32(out, (int32_t)with_sign));
    msgpack_pack_int16(&packer, (int16_t)with_sign);
    assert_same_bytes(out, troupe_wire_put_int16(out, (int16_t)with_sign));
    msgpack_pack_int8(&packer, (int8_t)with_sign);
    assert_same_bytes(out, troupe_wire_put_int8(out, (int8_t)with_sign));
    msgpack_pack_uint32(&packer, (uint32_t)number);
    assert_same_bytes(out, troupe_wire_put_uint32(out, (uint32_t)number));
    msgpack_pack_uint16(&packer, (uint16_t)number);
    assert_same_bytes(out, troupe_wire_put_uint16(out, (uint16_t)number));
    msgpack_pack_uint8(&packer, (uint8_t)number);
    assert_same_bytes(out, troupe_wire_put_uint8(out, (uint8_t)number));
}

static void
whole_numbers_are_the_same_bytes(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int i = 0; i < RANDOM_VALUES_COUNT; i++) {
        uint64_t number = next_number(&seed);

        assert_same_number(number);
        assert_same_number(0 - number);
    }
    for (int bit = 0; bit < 64; bit++) {
        uint64_t power = (uint64_t)1 << bit;

        for (uint64_t delta = 0; delta < 3; delta++) {
            assert_same_number(power + delta - 1);
            assert_same_number(0 - power + delta - 1);
        }
    }
}

static void
text_bytes_and_headers_are_the_same_bytes(void **state)
{
    static const uint32_t lengths[] = {
        0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536};
    static char text[65536];
    static uint8_t out[65536 + 5];

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct troupe_str str = {text, lengths[i]};
        struct troupe_bin bin = {text, lengths[i]};

        msgpack_pack_str_with_body(&packer, text, lengths[i]);
        assert_same_bytes(out, troupe_wire_put_str(out, str));
        msgpack_pack_bin_with_body(&packer, text, lengths[i]);
        assert_same_bytes(out, troupe_wire_put_bin(out, bin));
        msgpack_pack_array(&packer, lengths[i]);
        assert_same_bytes(out, troupe_wire_put_array_header(out, lengths[i]));
    }
}

static const struct transfer sample = {.cents = -5000,
    .day = 20000,
    .is_final = true,
    .rate = 0.1,
    .share = 0.25f,
    .memo = {"rent", 4},
    .key = {"\0\377", 2},
    .receiver = 0x0000000720000005};

static void
a_message_is_the_same_bytes(void **state)
{
    uint8_t out[128];
    static const uint8_t pid[8] = {0, 0, 0, 7, 0x20, 0, 0, 5};

    (void)state;
    msgpack_pack_array(&packer, 8);
    msgpack_pack_int64(&packer, -5000);
    msgpack_pack_uint32(&packer, 20000);
    msgpack_pack_true(&packer);
    msgpack_pack_double(&packer, 0.1);
    msgpack_pack_float(&packer, 0.25f);
    msgpack_pack_str_with_body(&packer, "rent", 4);
    msgpack_pack_bin_with_body(&packer, "\0\377", 2);
    msgpack_pack_ext_with_body(&packer, pid, sizeof(pid), TROUPE_WIRE_PID_EXT);
    assert_same_bytes(out, transfer_encode(out, &sample));
}

static void
msgpack_c_reads_our_message(void **state)
{
    uint8_t out[128];
    const uint8_t *end = transfer_encode(out, &sample);
    msgpack_unpacked unpacked;
    const msgpack_object *fields;

    (void)state;
    msgpack_unpacked_init(&unpacked);
    assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)out,
                         (size_t)(end - out), NULL),
        MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(unpacked.data.type, MSGPACK_OBJECT_ARRAY);
    assert_int_equal(unpacked.data.via.array.size, 8);
    fields = unpacked.data.via.array.ptr;
    assert_int_equal(fields[0].via.i64, -5000);
    assert_int_equal(fields[1].via.u64, 20000);
    assert_true(fields[2].via.boolean);
    assert_true(fields[3].via.f64 == 0.1);
    assert_int_equal(fields[4].type, MSGPACK_OBJECT_FLOAT32);
    assert_true(fields[4].via.f64 == 0.25);
    assert_memory_equal(fields[5].via.str.ptr, "rent", 4);
    assert_int_equal(fields[6].type, MSGPACK_OBJECT_BIN);
    assert_int_equal(fields[7].via.ext.type, TROUPE_WIRE_PID_EXT);
    assert_int_equal(fields[7].via.ext.size, 8);
    msgpack_unpacked_destroy(&unpacked);
}

/* The number as int64 and as uint64 if it fits, from what msgpack-c wrote. */
static void
assert_reads(int64_t number)
{
    const uint8_t *bytes = (const uint8_t *)packed.data;
    const uint8_t *end = bytes + packed.size;
    int64_t as_signed = 0;
    uint64_t as_unsigned = 0;

    assert_ptr_equal(troupe_wire_get_int64(bytes, end, &as_signed), end);
    assert_true(as_signed == number);
    if (number >= 0) {
        assert_ptr_equal(troupe_wire_get_uint64(bytes, end, &as_unsigned), end);
        assert_true(as_unsigned == (uint64_t)number);
    } else {
        assert_null(troupe_wire_get_uint64(bytes, end, &as_unsigned));
    }
    msgpack_sbuffer_clear(&packed);
}

static void
we_read_an_integer_in_every_encoding(void **state)
{
    uint64_t seed = 2;

    (void)state;
    for (int i = 0; i < RANDOM_VALUES_COUNT; i++) {
        int64_t number = (int64_t)next_number(&seed);

        msgpack_pack_fix_int64(&packer, number);
        assert_reads(number);
        msgpack_pack_fix_int32(&packer, (int32_t)number);
        assert_reads((int32_t)number);
        msgpack_pack_fix_int16(&packer, (int16_t)number);
        assert_reads((int16_t)number);
        msgpack_pack_fix_int8(&packer, (int8_t)number);
        assert_reads((int8_t)number);
        msgpack_pack_fix_uint64(&packer, (uint64_t)number >> 1);
        assert_reads((int64_t)((uint64_t)number >> 1));
        msgpack_pack_fix_uint32(&packer, (uint32_t)number);
        assert_reads((uint32_t)number);
        msgpack_pack_fix_uint16(&packer, (uint16_t)number);
        assert_reads((uint16_t)number);
        msgpack_pack_fix_uint8(&packer, (uint8_t)number);
        assert_reads((uint8_t)number);
        msgpack_pack_int64(&packer, number);
        assert_reads(number);
    }
}

/* Bytes that are likely to begin a value that is not long. */
static void
make_bytes(uint64_t *seed, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint64_t chance = next_random(seed);

        switch (chance & 3) {
        case 0:
            bytes[i] = (uint8_t)(0x80 + (chance >> 8 & 0x3f));
            break;
        case 1:
            bytes[i] = (uint8_t)(0xc0 + (chance >> 8 & 0x1f));
            break;
        case 2:
            bytes[i] = (uint8_t)(chance >> 8 & 3);
            break;
        default:
            bytes[i] = (uint8_t)(chance >> 8);
        }
    }
}

static void
msgpack_c_reads_all_that_the_scan_accepts(void **state)
{
    const struct tp_scan_bounds bounds = TP_SCAN_BOUNDS_DEFAULT;
    uint64_t seed = 3;
    int accepted_count = 0;

    (void)state;
    for (int i = 0; i < RANDOM_BYTES_COUNT; i++) {
        uint8_t bytes[48];
        size_t value_size = 0;
        size_t read_size = 0;
        msgpack_unpacked unpacked;

        make_bytes(&seed, bytes, sizeof(bytes));
        if (tp_scan_value(bytes, sizeof(bytes), &bounds, &value_size) !=
            TROUPE_OK) {
            assert_true(value_size == 0 || value_size > sizeof(bytes));
            continue;
        }
        msgpack_unpacked_init(&unpacked);
        assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)bytes,
                             sizeof(bytes), &read_size),
            MSGPACK_UNPACK_SUCCESS);
        assert_int_equal(read_size, value_size);
        assert_ptr_equal(
            troupe_wire_skip(bytes, bytes + sizeof(bytes)), bytes + value_size);
        msgpack_unpacked_destroy(&unpacked);
        accepted_count++;
    }
    assert_in_range(accepted_count, RANDOM_BYTES_COUNT / 20, INT32_MAX);
}

static void
msgpack_c_takes_the_depth_that_the_scan_allows(void **state)
{
    const struct tp_scan_bounds bounds = TP_SCAN_BOUNDS_DEFAULT;
    uint8_t bytes[TP_SCAN_DEPTH_DEFAULT + 1];
    size_t value_size = 0;
    msgpack_unpacked unpacked;

    (void)state;
    memset(bytes, 0x91, sizeof(bytes));
    bytes[TP_SCAN_DEPTH_DEFAULT] = 0xc0;
    assert_int_equal(
        tp_scan_value(bytes, sizeof(bytes), &bounds, &value_size), TROUPE_OK);
    msgpack_unpacked_init(&unpacked);
    assert_int_equal(msgpack_unpack_next(
                         &unpacked, (const char *)bytes, sizeof(bytes), NULL),
        MSGPACK_UNPACK_SUCCESS);
    msgpack_unpacked_destroy(&unpacked);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_the_same_bytes),
        cmocka_unit_test(text_bytes_and_headers_are_the_same_bytes),
        cmocka_unit_test(a_message_is_the_same_bytes),
        cmocka_unit_test(msgpack_c_reads_our_message),
        cmocka_unit_test(we_read_an_integer_in_every_encoding),
        cmocka_unit_test(msgpack_c_reads_all_that_the_scan_accepts),
        cmocka_unit_test(msgpack_c_takes_the_depth_that_the_scan_allows),
    };
    return cmocka_run_group_tests_name("msgpack_c", tests, set_up, tear_down);
}

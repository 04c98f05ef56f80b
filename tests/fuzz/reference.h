/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reference: what msgpack-c makes of bytes.
 *
 * Only of bytes that the scan has accepted: msgpack-c believes a count before
 * it has seen the elements, and a fuzzer would find that within a second.
 */
#ifndef TROUPE_TESTS_FUZZ_REFERENCE_H
#define TROUPE_TESTS_FUZZ_REFERENCE_H

#include "mailbox/scan.h"
#include "tests/fuzz/fuzz.h"

#include <msgpack.h>

/*
 * True: the bytes begin with a value that the scan accepts. Then msgpack-c must
 * find one of the same size, and *unpacked is the caller's to destroy.
 */
static inline bool
reference_read(const uint8_t *bytes, size_t size, msgpack_unpacked *unpacked)
{
    size_t value_size;
    size_t read_size = 0;

    if (tp_scan_value(bytes, size, &TP_SCAN_BOUNDS_DEFAULT, &value_size) !=
        TROUPE_OK) {
        return false;
    }
    msgpack_unpacked_init(unpacked);
    CHECK(msgpack_unpack_next(unpacked, (const char *)bytes, value_size,
              &read_size) == MSGPACK_UNPACK_SUCCESS);
    CHECK(read_size == value_size);
    return true;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: any payload has a printed form that a terminal may show.
 *
 * The first byte chooses a schema, the second how much room there is. For all
 * bytes: nothing is read but the bytes given, the form has no control
 * characters and is UTF-8, the length returned is its length, and with less
 * room its beginning is written and nothing behind the room.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/schemas.h"

#include "examples/bank/utf8.h"
#include "mailbox/printed_form.h"
#include "mailbox/schema.h"

/* Described ones, one that is known by name only, and one that nobody has. */
static uint32_t
schema_number(uint8_t choice)
{
    static const char name[] = "fuzz_stranger";
    uint32_t number = UINT32_MAX;

    if (choice % 8 < FUZZ_KINDS_COUNT) {
        struct troupe_schema *schema = fuzz_kinds[choice % 8].schema;

        CHECK(troupe_schema_intern(schema) == TROUPE_OK);
        return troupe_schema_number(schema);
    }
    if (choice % 8 == 7) {
        CHECK(tp_schema_intern_name(name, strlen(name), &number) == TROUPE_OK);
    }
    return number;
}

static void
check_with_room(uint32_t number, const uint8_t *payload, size_t payload_size,
    const char *whole, size_t room)
{
    char *out = malloc(room);
    size_t length = strlen(whole);
    size_t kept = length < room ? length : room - 1;

    CHECK(out != NULL);
    CHECK(tp_printed_form_write(out, room, number, payload, payload_size) ==
          length);
    CHECK(strlen(out) == kept && memcmp(out, whole, kept) == 0);
    free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint32_t number;
    size_t length;
    char *whole;

    if (size < 2) {
        return 0;
    }
    number = schema_number(bytes[0]);
    length = tp_printed_form_write(NULL, 0, number, bytes + 2, size - 2);
    whole = malloc(length + 1);
    CHECK(whole != NULL);
    CHECK(tp_printed_form_write(
              whole, length + 1, number, bytes + 2, size - 2) == length);
    CHECK(strlen(whole) == length);
    CHECK(fuzz_is_printable(whole, length));
    CHECK(bank_utf8_is_valid(whole, length));
    check_with_room(number, bytes + 2, size - 2, whole, bytes[1] + (size_t)1);
    free(whole);
    return 0;
}

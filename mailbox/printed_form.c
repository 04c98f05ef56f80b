/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/printed_form.h"

#include "mailbox/value.h"

#include "troupe/schema.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BODY_BYTES_MAX = 64,
    ELEMENTS_MAX = 16,
    DEPTH_MAX = 8,
};

struct printing {
    char *out;
    size_t size;
    size_t length; /* of all so far, whether there was room or not */

    const uint8_t *at; /* the next value; NULL once a broken one was met */
    const uint8_t *end;
    int depth;
};

__attribute__((format(printf, 2, 3))) static void
append(struct printing *printing, const char *format, ...)
{
    size_t used =
        printing->length < printing->size ? printing->length : printing->size;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(used == printing->size ? NULL : printing->out + used,
        printing->size - used, format, args);
    va_end(args);
    printing->length += length > 0 ? (size_t)length : 0;
}

static bool
is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The size of the UTF-8 character at at, or 0 if there is none that may be
 * printed: C1 controls (c2 80 to c2 9f), overlong and surrogate forms may
 * not. */
static size_t
character_size(const uint8_t *at, size_t left)
{
    if (at[0] < 0x80) {
        return at[0] >= 0x20 && at[0] != 0x7f;
    }
    if (left < 2 || !is_continuation(at[1])) {
        return 0;
    }
    if (at[0] >= 0xc2 && at[0] <= 0xdf) {
        return at[0] == 0xc2 && at[1] < 0xa0 ? 0 : 2;
    }
    if (left < 3 || !is_continuation(at[2])) {
        return 0;
    }
    if ((at[0] & 0xf0) == 0xe0) {
        return (at[0] == 0xe0 && at[1] < 0xa0) ||
                       (at[0] == 0xed && at[1] >= 0xa0)
                   ? 0
                   : 3;
    }
    if (left < 4 || !is_continuation(at[3]) || at[0] < 0xf0 || at[0] > 0xf4) {
        return 0;
    }
    return (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90)
               ? 0
               : 4;
}

static void
print_str(struct printing *printing, const struct tp_value *value)
{
    size_t i = 0;

    append(printing, "\"");
    while (i < value->size && i < BODY_BYTES_MAX) {
        const char *at = (const char *)value->data + i;
        size_t size = character_size(value->data + i, value->size - i);

        if (size == 0) {
            append(printing, "\\x%02x", value->data[i]);
        } else {
            append(printing, "%s%.*s", *at == '"' || *at == '\\' ? "\\" : "",
                (int)size, at);
        }
        i += size == 0 ? 1 : size;
    }
    append(printing, "\"");
    if (i < value->size) {
        append(printing, "... (%zu bytes)", value->size);
    }
}

static void
print_bytes(struct printing *printing, const struct tp_value *value)
{
    append(printing, "0x");
    for (size_t i = 0; i < value->size && i < BODY_BYTES_MAX; i++) {
        append(printing, "%02x", value->data[i]);
    }
    if (value->size > BODY_BYTES_MAX) {
        append(printing, "... (%zu bytes)", value->size);
    }
}

static void
print_ext(struct printing *printing, const struct tp_value *value)
{
    troupe_pid pid = TROUPE_NO_PID;

    if (value->ext_type != TROUPE_WIRE_PID_EXT || value->size != sizeof(pid)) {
        append(printing, "ext(%d) ", value->ext_type);
        print_bytes(printing, value);
        return;
    }
    pid = troupe_wire_load(value->data, 3);
    append(printing, "<%" PRIu32 ".%" PRIu32 ".%" PRIu32 ">",
        troupe_pid_runtime(pid), troupe_pid_slot(pid),
        troupe_pid_incarnation(pid));
}

/* The fewest digits that read back as the same number. */
static void
print_real(struct printing *printing, const struct tp_value *value)
{
    bool is_float = value->kind == TP_VALUE_FLOAT;
    int digits = is_float ? 6 : 15;
    char text[40];

    do {
        snprintf(text, sizeof(text), "%.*g", digits++, value->real);
    } while (
        digits <= 17 && (is_float ? strtof(text, NULL) != (float)value->real
                                  : strtod(text, NULL) != value->real));
    append(printing, "%s", text);
}

/* Passes over count values that are not shown. */
static void
skip(struct printing *printing, uint64_t count)
{
    for (uint64_t i = 0; i < count && printing->at != NULL; i++) {
        printing->at = troupe_wire_skip(printing->at, printing->end);
    }
}

static void print_next(struct printing *printing);

/* Values and their separators; after shown_max of them only how many there
 * are. shown_max is even, so that no key of a map is without its value. */
static void
print_values(
    struct printing *printing, uint64_t count, bool is_map, uint64_t shown_max)
{
    uint64_t shown = count < shown_max ? count : shown_max;

    printing->depth++;
    for (uint64_t i = 0; i < shown && printing->at != NULL; i++) {
        append(printing, "%s", i == 0 ? "" : is_map && i % 2 ? ": " : ", ");
        print_next(printing);
    }
    printing->depth--;
    if (shown < count && printing->at != NULL) {
        append(printing, "%s... %" PRIu64 " more", shown == 0 ? "" : ", ",
            (count - shown) / (is_map ? 2 : 1));
        skip(printing, count - shown);
    }
}

static void
print_list(struct printing *printing, const struct tp_value *value)
{
    bool is_map = value->kind == TP_VALUE_MAP;
    uint64_t shown_max = is_map ? 2 * ELEMENTS_MAX : ELEMENTS_MAX;

    append(printing, is_map ? "{" : "[");
    print_values(printing, value->values_count, is_map,
        printing->depth == DEPTH_MAX ? 0 : shown_max);
    append(printing, is_map ? "}" : "]");
}

static void
print_value(struct printing *printing, const struct tp_value *value)
{
    switch (value->kind) {
    case TP_VALUE_CUT_SHORT:
        append(printing, "<cut short>");
        break;
    case TP_VALUE_RESERVED:
        append(printing, "<no value>");
        break;
    case TP_VALUE_NIL:
        append(printing, "nil");
        break;
    case TP_VALUE_BOOLEAN:
        append(printing, value->is_true ? "true" : "false");
        break;
    case TP_VALUE_UNSIGNED:
        append(printing, "%" PRIu64, value->bits);
        break;
    case TP_VALUE_SIGNED:
        append(printing, "%" PRId64, (int64_t)value->bits);
        break;
    case TP_VALUE_FLOAT:
    case TP_VALUE_DOUBLE:
        print_real(printing, value);
        break;
    case TP_VALUE_STR:
        print_str(printing, value);
        break;
    case TP_VALUE_BIN:
        print_bytes(printing, value);
        break;
    case TP_VALUE_EXT:
        print_ext(printing, value);
        break;
    case TP_VALUE_ARRAY:
    case TP_VALUE_MAP:
        print_list(printing, value);
        break;
    }
}

/* The value at printing->at. Recursion ends at DEPTH_MAX. */
static void
print_next(struct printing *printing)
{
    struct tp_value value;

    printing->at = tp_value_read(printing->at, printing->end, &value);
    print_value(printing, &value);
}

/* The values of a payload that is the array of count values it should be. */
static void
print_fields(struct printing *printing, const struct troupe_schema *schema,
    uint32_t count)
{
    uint32_t i;

    append(printing, "%s{", schema->name);
    for (i = 0; i < schema->fields_count && printing->at != NULL; i++) {
        append(printing, "%s%s: ", i == 0 ? "" : ", ", schema->fields[i].name);
        if (i < count) {
            print_next(printing);
        } else {
            append(printing, "<missing>");
        }
    }
    if (i < count && printing->at != NULL) {
        append(printing, i == 0 ? "" : ", ");
        print_values(printing, count - i, false, ELEMENTS_MAX);
    }
    append(printing, "}");
}

size_t
tp_printed_form_write(char *out, size_t size, uint32_t schema_number,
    const uint8_t *payload, size_t payload_size)
{
    const struct troupe_schema *schema =
        troupe_schema_by_number_view(schema_number);
    struct printing printing = {
        out, size, 0, payload, payload + payload_size, 0};
    uint32_t count;
    const uint8_t *elements =
        troupe_wire_get_array_header(payload, printing.end, &count);

    if (schema != NULL && schema->fields != NULL && elements != NULL) {
        printing.at = elements;
        print_fields(&printing, schema, count);
        return printing.length;
    }
    if (schema != NULL) {
        append(&printing, "%s ", schema->name);
    } else {
        append(&printing, "schema %" PRIu32 " ", schema_number);
    }
    print_next(&printing);
    return printing.length;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/call/packed_json.h"

#include "mailbox/value.h"
#include "troupe/wire.h"

#include <stdlib.h>

enum { HEADER_SIZE_MAX = 9 };

/* ---- to MessagePack ------------------------------------------------------ */

static void
write_text(const char *text, size_t length, FILE *stream)
{
    uint8_t header[HEADER_SIZE_MAX];
    uint8_t *end = header;

    /* A str's header, without its body. */
    if (length < 32) {
        *end++ = (uint8_t)(0xa0 | length);
    } else if (length <= UINT8_MAX) {
        end = troupe_wire_store_8(header, 0xd9, (uint8_t)length);
    } else if (length <= UINT16_MAX) {
        end = troupe_wire_store_16(header, 0xda, (uint16_t)length);
    } else {
        end = troupe_wire_store_32(header, 0xdb, (uint32_t)length);
    }
    fwrite(header, 1, (size_t)(end - header), stream);
    fwrite(text, 1, length, stream);
}

static void
write_array(const json_t *json, FILE *stream)
{
    uint8_t header[HEADER_SIZE_MAX];
    uint8_t *end =
        troupe_wire_put_array_header(header, (uint32_t)json_array_size(json));

    fwrite(header, 1, (size_t)(end - header), stream);
    for (size_t i = 0; i < json_array_size(json); i++) {
        bank_packed_json_write(json_array_get(json, i), stream);
    }
}

static void
write_map(json_t *json, FILE *stream)
{
    uint8_t header[HEADER_SIZE_MAX];
    uint8_t *end =
        troupe_wire_store_32(header, 0xdf, (uint32_t)json_object_size(json));
    const char *key;
    json_t *value;

    fwrite(header, 1, (size_t)(end - header), stream);
    json_object_foreach(json, key, value)
    {
        write_text(key, strlen(key), stream);
        bank_packed_json_write(value, stream);
    }
}

void
bank_packed_json_write(const json_t *json, FILE *stream)
{
    uint8_t scalar[HEADER_SIZE_MAX];
    uint8_t *end = scalar;

    switch (json_typeof(json)) {
    case JSON_OBJECT:
        /* Jansson's iterators take no const, and change nothing. */
        write_map((json_t *)(uintptr_t)json, stream);
        break;
    case JSON_ARRAY:
        write_array(json, stream);
        break;
    case JSON_STRING:
        write_text(json_string_value(json), json_string_length(json), stream);
        break;
    case JSON_INTEGER:
        end = troupe_wire_put_int64(scalar, json_integer_value(json));
        break;
    case JSON_REAL:
        end = troupe_wire_put_double(scalar, json_real_value(json));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        end = troupe_wire_put_bool(scalar, json_is_true(json));
        break;
    default:
        *end++ = 0xc0;
    }
    fwrite(scalar, 1, (size_t)(end - scalar), stream);
}

/* ---- to JSON ------------------------------------------------------------- */

static const uint8_t *read_value(
    const uint8_t *at, const uint8_t *end, json_t **json);

static json_t *
hexadecimal(const struct tp_value *value)
{
    size_t size = 2 + 2 * value->size + 1;
    char *text = malloc(size);
    json_t *json;

    if (text == NULL) {
        return NULL;
    }
    snprintf(text, size, "0x");
    for (size_t i = 0; i < value->size; i++) {
        snprintf(text + 2 + 2 * i, 3, "%02x", value->data[i]);
    }
    json = json_string(text);
    free(text);
    return json;
}

static json_t *
text_or_digits(const struct tp_value *value)
{
    json_t *json = json_stringn((const char *)value->data, value->size);

    return json == NULL ? hexadecimal(value) : json;
}

static json_t *
unsigned_number(uint64_t bits)
{
    return bits <= INT64_MAX ? json_integer((json_int_t)bits)
                             : json_real((double)bits);
}

static const uint8_t *
read_array(const uint8_t *at, const uint8_t *end, uint64_t count, json_t *array)
{
    for (uint64_t i = 0; i < count && at != NULL; i++) {
        json_t *element;

        at = read_value(at, end, &element);
        if (json_array_append_new(array, element) != 0) {
            return NULL;
        }
    }
    return at;
}

static int
set(json_t *map, const json_t *key, json_t *value)
{
    char *text;
    int err;

    if (json_is_string(key)) {
        return json_object_set_new(map, json_string_value(key), value);
    }
    text = json_dumps(key, JSON_ENCODE_ANY);
    err = text == NULL ? -1 : json_object_set(map, text, value);
    free(text);
    json_decref(value);
    return err;
}

/* count: keys and values. */
static const uint8_t *
read_map(const uint8_t *at, const uint8_t *end, uint64_t count, json_t *map)
{
    for (uint64_t i = 0; i < count && at != NULL; i += 2) {
        json_t *key;
        json_t *value = NULL;

        at = read_value(at, end, &key);
        if (at != NULL) {
            at = read_value(at, end, &value);
        }
        if (at != NULL && set(map, key, value) != 0) {
            at = NULL;
        }
        json_decref(key);
    }
    return at;
}

/* Sets *json, also if it returns NULL, which says that memory is out. */
static const uint8_t *
read_value(const uint8_t *at, const uint8_t *end, json_t **json)
{
    struct tp_value value;

    *json = NULL;
    at = tp_value_read(at, end, &value);
    switch (value.kind) {
    case TP_VALUE_BOOLEAN:
        *json = json_boolean(value.is_true);
        break;
    case TP_VALUE_UNSIGNED:
        *json = unsigned_number(value.bits);
        break;
    case TP_VALUE_SIGNED:
        *json = json_integer((json_int_t)value.bits);
        break;
    case TP_VALUE_FLOAT:
    case TP_VALUE_DOUBLE:
        *json = json_real(value.real);
        break;
    case TP_VALUE_STR:
    case TP_VALUE_BIN:
        *json = text_or_digits(&value);
        break;
    case TP_VALUE_EXT:
        *json = hexadecimal(&value);
        break;
    case TP_VALUE_ARRAY:
        *json = json_array();
        at = read_array(at, end, value.values_count, *json);
        break;
    case TP_VALUE_MAP:
        *json = json_object();
        at = read_map(at, end, value.values_count, *json);
        break;
    default: /* nil; what is not whole is not given */
        *json = json_null();
    }
    return *json == NULL ? NULL : at;
}

json_t *
bank_packed_json_read(const uint8_t *bytes, size_t size)
{
    json_t *json;

    if (read_value(bytes, bytes + size, &json) == NULL) {
        json_decref(json);
        json = NULL;
    }
    return json;
}

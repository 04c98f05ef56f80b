/* SPDX-License-Identifier: BSD-2-Clause */
#include "rpc/params.h"

#include "base/err.h"
#include "mailbox/value.h"

#include <inttypes.h>
#include <stdio.h>

/* Of a name that a caller gave, which may be any bytes. */
enum { NAME_SHOWN_MAX = 40 };

/* The elements of params, or those of its one map, and where to go on. */
struct binding {
    const struct troupe_schema *schema;
    const uint8_t *at; /* the first value, or the first key */
    const uint8_t *end;
    uint64_t count; /* of values, or of pairs */
    uint8_t *out;
};

static troupe_err
unfit(const struct binding *binding, uint32_t index, const uint8_t *at)
{
    const struct troupe_field *field = &binding->schema->fields[index];
    struct tp_value value;
    char is[64];

    (void)tp_value_read(at, binding->end, &value);
    tp_value_describe(is, sizeof(is), &value);
    if (field->type == TROUPE_TYPE_pid) {
        return tp_err_set(TROUPE_E_DECODE,
            "%.64s.%.64s is a pid, which no caller from outside can give",
            binding->schema->name, field->name);
    }
    return tp_err_set(TROUPE_E_DECODE,
        "%.64s.%.64s (%s, parameter %" PRIu32 " of %" PRIu32
        ") does not fit: it is %s",
        binding->schema->name, field->name, troupe_type_name(field->type),
        index + 1, binding->schema->fields_count, is);
}

static troupe_err
missing(const struct binding *binding, uint32_t index)
{
    const struct troupe_field *field = &binding->schema->fields[index];

    return tp_err_set(TROUPE_E_DECODE,
        "%.64s.%.64s (%s, parameter %" PRIu32 " of %" PRIu32 ") is missing",
        binding->schema->name, field->name, troupe_type_name(field->type),
        index + 1, binding->schema->fields_count);
}

/* Text, whether the caller's packer calls it text or bytes, and bytes. */
static uint8_t *
put_text(uint8_t *out, enum troupe_type type, const struct tp_value *value)
{
    struct troupe_str str = {(const char *)value->data, (uint32_t)value->size};
    struct troupe_bin bin = {value->data, (uint32_t)value->size};

    if (value->kind != TP_VALUE_STR && value->kind != TP_VALUE_BIN) {
        return NULL;
    }
    return type == TROUPE_TYPE_str ? troupe_wire_put_str(out, str)
                                   : troupe_wire_put_bin(out, bin);
}

/* A number with a fraction, or without. */
static uint8_t *
put_real(uint8_t *out, enum troupe_type type, const struct tp_value *value)
{
    double real;

    switch (value->kind) {
    case TP_VALUE_FLOAT:
    case TP_VALUE_DOUBLE:
        real = value->real;
        break;
    case TP_VALUE_UNSIGNED:
        real = (double)value->bits;
        break;
    case TP_VALUE_SIGNED:
        real = (double)(int64_t)value->bits;
        break;
    default:
        return NULL;
    }
    return type == TROUPE_TYPE_double ? troupe_wire_put_double(out, real)
                                      : troupe_wire_put_float(out, (float)real);
}

/* The value at at, whatever its encoding, if it is in the type's range. */
static uint8_t *
put_narrow(
    uint8_t *out, enum troupe_type type, const uint8_t *at, const uint8_t *end)
{
    switch (type) {
#define CASE(name)                                                             \
    case TROUPE_TYPE_##name: {                                                 \
        troupe_field_##name value;                                             \
                                                                               \
        return troupe_wire_get_##name(at, end, &value) == NULL                 \
                   ? NULL                                                      \
                   : troupe_wire_put_##name(out, value);                       \
    }
        CASE(int8)
        CASE(int16)
        CASE(int32)
        CASE(int64)
        CASE(uint8)
        CASE(uint16)
        CASE(uint32)
        CASE(uint64)
        CASE(boolean)
#undef CASE
    default:
        return NULL;
    }
}

/* Writes the value at at as the field of this index. NULL: it does not fit. */
static uint8_t *
put_field(struct binding *binding, uint32_t index, const uint8_t *at)
{
    enum troupe_type type = binding->schema->fields[index].type;
    struct tp_value value;
    struct troupe_raw raw = {at, 0};

    switch (type) {
    case TROUPE_TYPE_str:
    case TROUPE_TYPE_bin:
        (void)tp_value_read(at, binding->end, &value);
        return put_text(binding->out, type, &value);
    case TROUPE_TYPE_float:
    case TROUPE_TYPE_double:
        (void)tp_value_read(at, binding->end, &value);
        return put_real(binding->out, type, &value);
    case TROUPE_TYPE_raw:
        raw.size = (uint32_t)(troupe_wire_skip(at, binding->end) - at);
        return troupe_wire_put_raw(binding->out, raw);
    default:
        return put_narrow(binding->out, type, at, binding->end);
    }
}

/* at NULL: the caller has not given it. */
static troupe_err
bind_field(struct binding *binding, uint32_t index, const uint8_t *at)
{
    uint8_t *out;

    if (at != NULL) {
        out = put_field(binding, index, at);
    } else if (binding->schema->fields[index].type == TROUPE_TYPE_raw) {
        out = troupe_wire_put_raw(binding->out, (struct troupe_raw){NULL, 0});
    } else {
        return missing(binding, index);
    }
    if (out == NULL) {
        return unfit(binding, index, at);
    }
    binding->out = out;
    return TROUPE_OK;
}

static troupe_err
bind_by_position(struct binding *binding)
{
    const uint8_t *at = binding->at;
    troupe_err err = TROUPE_OK;

    if (binding->count > binding->schema->fields_count) {
        return tp_err_set(TROUPE_E_DECODE,
            "%.64s takes %" PRIu32 " parameters, and %" PRIu64 " are given",
            binding->schema->name, binding->schema->fields_count,
            binding->count);
    }
    for (uint32_t i = 0; err == TROUPE_OK && i < binding->schema->fields_count;
         i++) {
        bool is_given = i < binding->count;

        err = bind_field(binding, i, is_given ? at : NULL);
        at = is_given ? troupe_wire_skip(at, binding->end) : at;
    }
    return err;
}

/* The key at at, a text, and the value behind it. */
static const uint8_t *
read_key(
    const struct binding *binding, const uint8_t *at, struct troupe_str *key)
{
    struct tp_value value;

    at = tp_value_read(at, binding->end, &value);
    key->data = (const char *)value.data;
    key->length = (uint32_t)value.size;
    return value.kind == TP_VALUE_STR || value.kind == TP_VALUE_BIN ? at : NULL;
}

static bool
is_name(struct troupe_str key, const char *name)
{
    return strlen(name) == key.length &&
           memcmp(key.data, name, key.length) == 0;
}

static troupe_err
refuse_key(
    const struct binding *binding, struct troupe_str key, const char *what)
{
    char shown[NAME_SHOWN_MAX + 1];
    uint32_t length = key.length < NAME_SHOWN_MAX ? key.length : NAME_SHOWN_MAX;

    for (uint32_t i = 0; i < length; i++) {
        shown[i] = '?';
        if (key.data[i] >= ' ' && key.data[i] <= '~') {
            shown[i] = key.data[i];
        }
    }
    shown[length] = '\0';
    return tp_err_set(TROUPE_E_DECODE, "%.64s has %s \"%s\"",
        binding->schema->name, what, shown);
}

/* Each key is a field's, and none is there twice. */
static troupe_err
check_keys(const struct binding *binding)
{
    const uint8_t *at = binding->at;
    const struct troupe_schema *schema = binding->schema;
    uint64_t named = 0; /* of the first 64 fields */

    for (uint64_t i = 0; i < binding->count; i++) {
        struct troupe_str key;
        const uint8_t *value = read_key(binding, at, &key);
        uint32_t index = 0;

        if (value == NULL) {
            return tp_err_set(TROUPE_E_DECODE,
                "%.64s: the name of a parameter is not a str", schema->name);
        }
        while (index < schema->fields_count &&
               !is_name(key, schema->fields[index].name)) {
            index++;
        }
        if (index == schema->fields_count) {
            return refuse_key(binding, key, "no parameter");
        }
        if (index < 64 && (named & (UINT64_C(1) << index)) != 0) {
            return refuse_key(binding, key, "twice the parameter");
        }
        named |= index < 64 ? UINT64_C(1) << index : 0;
        at = troupe_wire_skip(value, binding->end);
    }
    return TROUPE_OK;
}

/* The value that the caller gives for this field; NULL: none. */
static const uint8_t *
find_value(const struct binding *binding, const char *name)
{
    const uint8_t *at = binding->at;

    for (uint64_t i = 0; i < binding->count; i++) {
        struct troupe_str key;
        const uint8_t *value = read_key(binding, at, &key);

        if (is_name(key, name)) {
            return value;
        }
        at = troupe_wire_skip(value, binding->end);
    }
    return NULL;
}

static troupe_err
bind_by_name(struct binding *binding)
{
    const struct troupe_schema *schema = binding->schema;
    troupe_err err = check_keys(binding);

    for (uint32_t i = 0; err == TROUPE_OK && i < schema->fields_count; i++) {
        err =
            bind_field(binding, i, find_value(binding, schema->fields[i].name));
    }
    return err;
}

static bool
is_one_raw(const struct troupe_schema *schema)
{
    return schema->fields_count == 1 &&
           schema->fields[0].type == TROUPE_TYPE_raw;
}

size_t
tp_rpc_params_size_max(
    const struct troupe_schema *schema, struct troupe_raw params)
{
    /* A whole number of one byte may become a double, a text of one byte more
     * of header. */
    return 5 + (size_t)9 * schema->fields_count + params.size;
}

troupe_err
tp_rpc_params_bind(const struct troupe_schema *schema, struct troupe_raw params,
    uint8_t *out, const uint8_t **end)
{
    struct binding binding = {
        .schema = schema,
        .end = params.data + params.size,
        .out = troupe_wire_put_array_header(out, schema->fields_count),
    };
    struct tp_value value;
    troupe_err err;

    binding.at = tp_value_read(params.data, binding.end, &value);
    if (value.kind != TP_VALUE_ARRAY) {
        char is[64];

        tp_value_describe(is, sizeof(is), &value);
        return tp_err_set(TROUPE_E_DECODE,
            "the parameters of %.64s are %s, and should be an array",
            schema->name, is);
    }
    binding.count = value.values_count;
    if (binding.count == 1 && !is_one_raw(schema)) {
        const uint8_t *first = tp_value_read(binding.at, binding.end, &value);

        if (value.kind == TP_VALUE_MAP) {
            binding.at = first;
            binding.count = value.values_count / 2;
            err = bind_by_name(&binding);
            *end = binding.out;
            return err;
        }
    }
    err = bind_by_position(&binding);
    *end = binding.out;
    return err;
}

troupe_err
tp_rpc_result_bind(const struct troupe_schema *schema, struct troupe_raw result,
    uint8_t *out, const uint8_t **end)
{
    struct binding binding = {
        .schema = schema,
        .at = result.data,
        .end = result.data + result.size,
        .count = schema->fields_count,
        .out = troupe_wire_put_array_header(out, schema->fields_count),
    };
    troupe_err err;

    if (schema->fields_count > 1) {
        return tp_rpc_params_bind(schema, result, out, end);
    }
    err = bind_by_position(&binding);
    *end = binding.out;
    return err;
}

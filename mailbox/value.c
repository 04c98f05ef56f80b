/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/value.h"

#include "troupe/wire.h"

#include <inttypes.h>
#include <stdio.h>

/*
 * What follows a tag: bytes of length, then one of extension type if it is an
 * EXT, then the body: body_size bytes or, where there is a length, that many.
 */
struct layout {
    uint8_t kind;
    uint8_t length_size;
    uint8_t body_size;
};

static const struct layout layouts[0x20] = {
    [0x00] = {TP_VALUE_NIL, 0, 0},
    [0x01] = {TP_VALUE_RESERVED, 0, 0},
    [0x02] = {TP_VALUE_BOOLEAN, 0, 0},
    [0x03] = {TP_VALUE_BOOLEAN, 0, 0},
    [0x04] = {TP_VALUE_BIN, 1, 0},
    [0x05] = {TP_VALUE_BIN, 2, 0},
    [0x06] = {TP_VALUE_BIN, 4, 0},
    [0x07] = {TP_VALUE_EXT, 1, 0},
    [0x08] = {TP_VALUE_EXT, 2, 0},
    [0x09] = {TP_VALUE_EXT, 4, 0},
    [0x0a] = {TP_VALUE_FLOAT, 0, 4},
    [0x0b] = {TP_VALUE_DOUBLE, 0, 8},
    [0x0c] = {TP_VALUE_UNSIGNED, 0, 1},
    [0x0d] = {TP_VALUE_UNSIGNED, 0, 2},
    [0x0e] = {TP_VALUE_UNSIGNED, 0, 4},
    [0x0f] = {TP_VALUE_UNSIGNED, 0, 8},
    [0x10] = {TP_VALUE_SIGNED, 0, 1},
    [0x11] = {TP_VALUE_SIGNED, 0, 2},
    [0x12] = {TP_VALUE_SIGNED, 0, 4},
    [0x13] = {TP_VALUE_SIGNED, 0, 8},
    [0x14] = {TP_VALUE_EXT, 0, 1},
    [0x15] = {TP_VALUE_EXT, 0, 2},
    [0x16] = {TP_VALUE_EXT, 0, 4},
    [0x17] = {TP_VALUE_EXT, 0, 8},
    [0x18] = {TP_VALUE_EXT, 0, 16},
    [0x19] = {TP_VALUE_STR, 1, 0},
    [0x1a] = {TP_VALUE_STR, 2, 0},
    [0x1b] = {TP_VALUE_STR, 4, 0},
    [0x1c] = {TP_VALUE_ARRAY, 2, 0},
    [0x1d] = {TP_VALUE_ARRAY, 4, 0},
    [0x1e] = {TP_VALUE_MAP, 2, 0},
    [0x1f] = {TP_VALUE_MAP, 4, 0},
};

/* Bytes of size 1, 2, 4 or 8 as a number. */
static uint64_t
load(const uint8_t *at, size_t size)
{
    return troupe_wire_load(at, (uint32_t)__builtin_ctzll(size));
}

static const uint8_t *
cut_short(struct tp_value *value, size_t size)
{
    value->kind = TP_VALUE_CUT_SHORT;
    value->size = size;
    return NULL;
}

/* The tags that hold a small number or a small length themselves. */
static size_t
read_fix(uint8_t tag, struct tp_value *value)
{
    if (tag <= 0x7f) {
        value->kind = TP_VALUE_UNSIGNED;
        value->bits = tag;
    } else if (tag >= 0xe0) {
        value->kind = TP_VALUE_SIGNED;
        value->bits = (uint64_t)(int8_t)tag;
    } else if (tag >= 0xa0) {
        value->kind = TP_VALUE_STR;
        return tag & 0x1f;
    } else if (tag >= 0x90) {
        value->kind = TP_VALUE_ARRAY;
        value->values_count = tag & 0xf;
    } else {
        value->kind = TP_VALUE_MAP;
        value->values_count = 2 * (uint64_t)(tag & 0xf);
    }
    return 0;
}

/* The number, if it is one, in a body of size bytes right after its tag. */
static void
read_number(const uint8_t *body, size_t size, struct tp_value *value)
{
    uint32_t shift = 64 - 8 * (uint32_t)size;
    float narrow = 0;

    if (value->kind == TP_VALUE_FLOAT) {
        (void)troupe_wire_get_float(body - 1, body + size, &narrow);
        value->real = (double)narrow;
    } else if (value->kind == TP_VALUE_DOUBLE) {
        (void)troupe_wire_get_double(body - 1, body + size, &value->real);
    } else if (value->kind == TP_VALUE_SIGNED) {
        value->bits = load(body, size) << shift;
        value->bits = (uint64_t)((int64_t)value->bits >> shift);
    } else if (value->kind == TP_VALUE_UNSIGNED) {
        value->bits = load(body, size);
    }
}

/* Everything before the body; returns the size of the body. */
static size_t
read_head(
    const uint8_t *tag, const struct layout *layout, struct tp_value *value)
{
    size_t length = 0;

    value->kind = (enum tp_value_kind)layout->kind;
    value->is_true = *tag == 0xc3;
    if (layout->length_size != 0) {
        length = load(tag + 1, layout->length_size);
    }
    if (value->kind == TP_VALUE_EXT) {
        value->ext_type = (int8_t)tag[1 + layout->length_size];
    }
    if (value->kind == TP_VALUE_ARRAY || value->kind == TP_VALUE_MAP) {
        value->values_count = value->kind == TP_VALUE_MAP ? 2 * length : length;
        return 0;
    }
    return layout->length_size != 0 ? length : layout->body_size;
}

const uint8_t *
tp_value_read(const uint8_t *at, const uint8_t *end, struct tp_value *value)
{
    const struct layout *layout;
    size_t head_size = 1;
    size_t left = (size_t)(end - at);

    *value = (struct tp_value){.kind = TP_VALUE_NIL};
    if (left == 0) {
        return cut_short(value, 1);
    }
    if (*at < 0xc0 || *at >= 0xe0) {
        value->size = read_fix(*at, value);
    } else {
        layout = &layouts[*at - 0xc0];
        head_size += layout->length_size;
        head_size += layout->kind == TP_VALUE_EXT;
        if (left < head_size) {
            return cut_short(value, head_size);
        }
        value->size = read_head(at, layout, value);
    }
    if (left - head_size < value->size) {
        return cut_short(value, head_size + value->size);
    }
    value->data = at + head_size;
    if (value->size != 0) {
        read_number(value->data, value->size, value);
    }
    return value->kind == TP_VALUE_RESERVED ? NULL : value->data + value->size;
}

void
tp_value_describe(char *out, size_t size, const struct tp_value *value)
{
    switch (value->kind) {
    case TP_VALUE_CUT_SHORT:
        snprintf(out, size, "the end of the bytes");
        break;
    case TP_VALUE_RESERVED:
        snprintf(out, size, "the byte c1, which begins no value");
        break;
    case TP_VALUE_NIL:
        snprintf(out, size, "nil");
        break;
    case TP_VALUE_BOOLEAN:
        snprintf(
            out, size, "the boolean %s", value->is_true ? "true" : "false");
        break;
    case TP_VALUE_UNSIGNED:
        snprintf(out, size, "the integer %" PRIu64, value->bits);
        break;
    case TP_VALUE_SIGNED:
        snprintf(out, size, "the integer %" PRId64, (int64_t)value->bits);
        break;
    case TP_VALUE_FLOAT:
        snprintf(out, size, "the float %g", value->real);
        break;
    case TP_VALUE_DOUBLE:
        snprintf(out, size, "the double %g", value->real);
        break;
    case TP_VALUE_STR:
        snprintf(out, size, "a str of %zu bytes", value->size);
        break;
    case TP_VALUE_BIN:
        snprintf(out, size, "a bin of %zu bytes", value->size);
        break;
    case TP_VALUE_EXT:
        snprintf(out, size, "an extension of type %d", value->ext_type);
        break;
    case TP_VALUE_ARRAY:
        snprintf(out, size, "an array of %" PRIu64, value->values_count);
        break;
    case TP_VALUE_MAP:
        snprintf(out, size, "a map of %" PRIu64, value->values_count / 2);
        break;
    }
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/framing.h"

#include "base/memory.h"

#include <string.h>

enum {
    CAPACITY_MIN = 4096,
    END_BYTES_MAX = 2, /* CR LF */
};

static size_t
waiting(const struct tp_framing *framing)
{
    return framing->end - framing->begin;
}

static bool
grow(struct tp_framing *framing, size_t line_max)
{
    size_t most = line_max + END_BYTES_MAX;
    size_t capacity = framing->capacity == 0         ? CAPACITY_MIN
                      : framing->capacity > most / 2 ? most
                                                     : framing->capacity * 2;
    unsigned char *bytes = tp_memory_realloc(framing->bytes, capacity);

    if (bytes == NULL) {
        return false;
    }
    framing->bytes = bytes;
    framing->capacity = capacity;
    return true;
}

unsigned char *
tp_framing_room(struct tp_framing *framing, size_t line_max, size_t *count)
{
    if (framing->begin > 0) {
        memmove(
            framing->bytes, framing->bytes + framing->begin, waiting(framing));
        framing->end = waiting(framing);
        framing->begin = 0;
    }
    if (framing->end == framing->capacity && !grow(framing, line_max)) {
        return NULL;
    }
    *count = framing->capacity - framing->end;
    return framing->bytes + framing->end;
}

void
tp_framing_add(struct tp_framing *framing, size_t count)
{
    framing->end += count;
}

static size_t
without_end(const unsigned char *line, size_t count)
{
    return count > 0 && line[count - 1] == '\r' ? count - 1 : count;
}

enum tp_framing_found
tp_framing_find(const struct tp_framing *framing, size_t line_max, bool is_last,
    const unsigned char **line, size_t *count, size_t *taken)
{
    size_t left = waiting(framing);
    const unsigned char *end;

    if (left == 0) {
        return TP_FRAMING_NONE;
    }
    *line = framing->bytes + framing->begin;
    end = memchr(*line, '\n', left);
    if (end != NULL) {
        *taken = (size_t)(end - *line) + 1;
        *count = without_end(*line, *taken - 1);
    } else if (is_last) {
        *taken = left;
        *count = left;
    } else {
        /* The last byte may be the CR of an end. */
        return left > line_max + 1 ? TP_FRAMING_TOO_LONG : TP_FRAMING_NONE;
    }
    return *count > line_max ? TP_FRAMING_TOO_LONG : TP_FRAMING_LINE;
}

void
tp_framing_take(struct tp_framing *framing, size_t taken)
{
    framing->begin += taken;
    if (waiting(framing) == 0) {
        tp_framing_fini(framing);
    }
}

void
tp_framing_fini(struct tp_framing *framing)
{
    tp_memory_free(framing->bytes);
    *framing = (struct tp_framing){NULL, 0, 0, 0};
}

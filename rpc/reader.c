/* SPDX-License-Identifier: BSD-2-Clause */
#include "rpc/reader.h"

#include "troupe/memory.h"

#include <string.h>

struct tp_rpc_kept {
    struct tp_scan scan; /* of the value that begins at `begin` */
    bool is_scanning;
    size_t begin;
    size_t end;
    size_t capacity;
    uint8_t bytes[];
};

enum { CAPACITY_MIN = 256 };

void
tp_rpc_reader_give(
    struct tp_rpc_reader *reader, const uint8_t *bytes, size_t count)
{
    reader->given = bytes;
    reader->given_count = count;
}

/* Room for count bytes more, behind what is kept. */
static bool
make_room(struct troupe_self *self, struct tp_rpc_reader *reader, size_t count)
{
    struct tp_rpc_kept *kept = reader->kept;
    size_t held = kept != NULL ? kept->end - kept->begin : 0;
    size_t capacity = kept != NULL ? kept->capacity : CAPACITY_MIN;

    if (kept != NULL && count <= kept->capacity - kept->end) {
        return true;
    }
    if (kept != NULL) {
        memmove(kept->bytes, kept->bytes + kept->begin, held);
        kept->begin = 0;
        kept->end = held;
    }
    while (capacity - held < count) {
        capacity *= 2;
    }
    if (kept != NULL && capacity == kept->capacity) {
        return true;
    }
    kept = troupe_realloc(self, kept, sizeof(*kept) + capacity);
    if (kept == NULL) {
        return false;
    }
    if (reader->kept == NULL) {
        kept->is_scanning = false;
        kept->begin = 0;
        kept->end = 0;
    }
    kept->capacity = capacity;
    reader->kept = kept;
    return true;
}

/* Of the piece that is given. */
static bool
append(struct troupe_self *self, struct tp_rpc_reader *reader, size_t count)
{
    if (!make_room(self, reader, count)) {
        return false;
    }
    memcpy(reader->kept->bytes + reader->kept->end, reader->given, count);
    reader->kept->end += count;
    reader->given += count;
    reader->given_count -= count;
    return true;
}

static enum tp_rpc_read
next_given(struct tp_rpc_reader *reader, const struct tp_scan_bounds *bounds,
    struct troupe_raw *value)
{
    size_t size = 0;

    if (reader->given_count == 0) {
        return TP_RPC_READ_WAITS;
    }
    if (tp_scan_value(reader->given, reader->given_count, bounds, &size) !=
        TROUPE_OK) {
        return size > reader->given_count ? TP_RPC_READ_WAITS
                                          : TP_RPC_READ_FAULT;
    }
    *value = (struct troupe_raw){reader->given, (uint32_t)size};
    reader->given += size;
    reader->given_count -= size;
    return TP_RPC_READ_VALUE;
}

/* OK, or as tp_scan_value(). */
static troupe_err
scan_kept(
    struct tp_rpc_kept *kept, const struct tp_scan_bounds *bounds, size_t *size)
{
    if (!kept->is_scanning) {
        tp_scan_begin(&kept->scan, bounds);
        kept->is_scanning = true;
    }
    return tp_scan_go_on(
        &kept->scan, kept->bytes + kept->begin, kept->end - kept->begin, size);
}

static enum tp_rpc_read
next_kept(struct troupe_self *self, struct tp_rpc_reader *reader,
    const struct tp_scan_bounds *bounds, struct troupe_raw *value)
{
    size_t size = 0;

    while (scan_kept(reader->kept, bounds, &size) != TROUPE_OK) {
        size_t held = reader->kept->end - reader->kept->begin;
        size_t wanted = size > held ? size - held : 0;

        if (wanted == 0) {
            return TP_RPC_READ_FAULT;
        }
        if (reader->given_count == 0) {
            return TP_RPC_READ_WAITS;
        }
        if (!append(self, reader,
                wanted < reader->given_count ? wanted : reader->given_count)) {
            return TP_RPC_READ_NO_MEMORY;
        }
    }
    *value = (struct troupe_raw){
        reader->kept->bytes + reader->kept->begin, (uint32_t)size};
    reader->kept->begin += size;
    reader->kept->is_scanning = false;
    return TP_RPC_READ_VALUE;
}

enum tp_rpc_read
tp_rpc_reader_next(struct troupe_self *self, struct tp_rpc_reader *reader,
    const struct tp_scan_bounds *bounds, struct troupe_raw *value)
{
    if (reader->kept != NULL && reader->kept->begin == reader->kept->end) {
        troupe_free(self, reader->kept);
        reader->kept = NULL;
    }
    return reader->kept != NULL ? next_kept(self, reader, bounds, value)
                                : next_given(reader, bounds, value);
}

bool
tp_rpc_reader_keep(struct troupe_self *self, struct tp_rpc_reader *reader)
{
    bool is_kept =
        reader->given_count == 0 || append(self, reader, reader->given_count);

    reader->given = NULL;
    reader->given_count = 0;
    return is_kept;
}

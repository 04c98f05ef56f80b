/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a stream is the same values however it is cut (rpc/reader.h).
 *
 * The first byte says how large a value may be, the second how many sizes of
 * pieces follow; the rest is the stream. A piece is of the next size, in turn:
 * its low bits say of how many bytes, and its highest that one value of it is
 * taken, the rest is kept, and is taken before the next piece comes, as a
 * connection does that has enough to do. For all bytes:
 *
 * - the values are those of the stream in one piece, byte for byte;
 * - a fault is seen where one piece has it, and no later than at the end;
 * - kept is less than the largest value, and one piece more if not all was
 *   taken; where nothing is kept there is no memory, and none is left.
 */
#include "tests/fuzz/fuzz.h"

#include "base/memory.h"
#include "rpc/reader.h"
#include "troupe/troupe.h"

enum {
    SIZES_MAX = 16,
    PIECE_BYTES_MAX = 0x7f,
    ONE_VALUE = 0x80,
    STREAM_BYTES_MAX = 4096,
};

static struct {
    struct tp_scan_bounds bounds;
    const uint8_t *sizes; /* at least one, or one piece is all */
    size_t sizes_count;
    const uint8_t *stream;
    size_t stream_size;
} input;

/* What one piece gives: where each value ends, and how it goes on from there.
 * What pieces give is held against it. */
static struct {
    size_t ends[STREAM_BYTES_MAX];
    size_t ends_count;
    enum tp_rpc_read last;
} expected;

/* The pieces so far. */
struct cutting {
    struct tp_rpc_reader reader;
    size_t given;
    size_t taken; /* by values */
    size_t values_count;
};

static void
expect(struct troupe_self *self)
{
    struct tp_rpc_reader reader = {.kept = NULL};
    struct troupe_raw value;
    size_t end = 0;

    expected.ends_count = 0;
    tp_rpc_reader_give(&reader, input.stream, input.stream_size);
    while ((expected.last = tp_rpc_reader_next(
                self, &reader, &input.bounds, &value)) == TP_RPC_READ_VALUE) {
        CHECK(value.data == input.stream + end && value.size > 0);
        end += value.size;
        expected.ends[expected.ends_count++] = end;
    }
    CHECK(end <= input.stream_size && reader.kept == NULL);
    CHECK(expected.last != TP_RPC_READ_WAITS ||
          input.stream_size - end < input.bounds.bytes_max);
}

static void
check_value(struct cutting *cutting, struct troupe_raw value)
{
    CHECK(cutting->values_count < expected.ends_count);
    CHECK(value.size == expected.ends[cutting->values_count] - cutting->taken);
    CHECK(memcmp(value.data, input.stream + cutting->taken, value.size) == 0);
    cutting->values_count++;
    cutting->taken += value.size;
    CHECK(cutting->taken <= cutting->given);
}

/* One value, or all that there are. */
static enum tp_rpc_read
take(struct troupe_self *self, struct cutting *cutting, bool only_one)
{
    enum tp_rpc_read read;
    struct troupe_raw value;

    do {
        read =
            tp_rpc_reader_next(self, &cutting->reader, &input.bounds, &value);
        if (read == TP_RPC_READ_VALUE) {
            check_value(cutting, value);
        }
    } while (read == TP_RPC_READ_VALUE && !only_one);
    return read;
}

static void
check_kept(const struct cutting *cutting, enum tp_rpc_read read, size_t piece)
{
    size_t rest = cutting->given - cutting->taken;

    if (read == TP_RPC_READ_WAITS) {
        CHECK(rest < input.bounds.bytes_max);
        CHECK((cutting->reader.kept != NULL) == (rest != 0));
    } else {
        CHECK(rest < input.bounds.bytes_max + piece);
    }
}

/* The piece is a block of its own, which is gone when its handler returns. */
static enum tp_rpc_read
play_piece(struct troupe_self *self, struct cutting *cutting, size_t size,
    bool only_one)
{
    uint8_t *piece = fuzz_copy(input.stream + cutting->given, size);
    enum tp_rpc_read read;

    cutting->given += size;
    tp_rpc_reader_give(&cutting->reader, piece, size);
    read = take(self, cutting, only_one);
    if (read != TP_RPC_READ_FAULT) {
        CHECK(tp_rpc_reader_keep(self, &cutting->reader));
        check_kept(cutting, read, size);
    }
    free(piece);
    return read == TP_RPC_READ_VALUE ? take(self, cutting, false) : read;
}

static void
play_pieces(struct troupe_self *self)
{
    struct cutting cutting = {.given = 0};
    enum tp_rpc_read read = TP_RPC_READ_WAITS;
    size_t i = 0;

    while (cutting.given < input.stream_size && read == TP_RPC_READ_WAITS) {
        uint8_t cut = input.sizes[i++ % input.sizes_count];
        size_t size = 1 + (size_t)(cut & PIECE_BYTES_MAX);
        size_t rest = input.stream_size - cutting.given;

        read = play_piece(
            self, &cutting, size < rest ? size : rest, (cut & ONE_VALUE) != 0);
        check_kept(&cutting, read, size);
    }
    CHECK(cutting.values_count == expected.ends_count);
    CHECK(read == expected.last);
}

static void
on_start(struct troupe_self *self, void *state)
{
    (void)state;
    expect(self);
    play_pieces(self);
}

TROUPE_BEHAVIOUR(cutter, 0, TROUPE_ON_START(on_start));

static void
play(void)
{
    static uint64_t blocks; /* what the first runtime has left for all */
    struct troupe_runtime *runtime;
    troupe_pid pid;

    CHECK(troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true, .seed = 1,
                                    .crash_ends_process = true),
              &runtime) == TROUPE_OK);
    CHECK(troupe_runtime_start(runtime) == TROUPE_OK);
    CHECK(troupe_spawn(troupe_thread_self(runtime), cutter, &pid) == TROUPE_OK);
    CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(1), NULL) == TROUPE_OK);
    troupe_runtime_destroy(&runtime);
    CHECK(blocks == 0 || tp_memory_blocks_count() == blocks);
    blocks = tp_memory_blocks_count();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    size_t sizes_count = size < 2 ? 0 : 1 + (size_t)bytes[1] % SIZES_MAX;

    if (size < 2 + sizes_count || sizes_count == 0 ||
        size - 2 - sizes_count > STREAM_BYTES_MAX) {
        return 0;
    }
    input.bounds = (struct tp_scan_bounds){
        TP_SCAN_DEPTH_DEFAULT, 1 + 8 * (size_t)bytes[0]};
    input.sizes = bytes + 2;
    input.sizes_count = sizes_count;
    input.stream = bytes + 2 + sizes_count;
    input.stream_size = size - 2 - sizes_count;
    play();
    return 0;
}

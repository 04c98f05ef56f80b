/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a large message cost more than a copy of its bytes?
 *
 * One actor floods another with messages of `at` bytes. The bytes are copied
 * once, into the message; the receiver sees them where they are. The floor is
 * that copy, between two places that the cache may keep.
 */
#include "bench/finish.h"
#include "bench/floor.h"

#include <ck_pr.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIZE_MAX_BYTES = 1 << 20,
    STEP_COUNT = 1000,
    STEP_BYTES = 1 << 18, /* of one handler, unless one message is more */
};

#define BLOB(FIELD) FIELD(uint64, number) FIELD(bin, bytes)
#define ORDER(FIELD)                                                           \
    FIELD(pid, to) FIELD(pid, finish) FIELD(uint64, size) FIELD(uint64, count)
TROUPE_MESSAGE(blob, BLOB)
TROUPE_MESSAGE(send_blobs, ORDER)
TROUPE_MESSAGE(send_more, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(expect_blobs, ORDER)

static uint8_t source[SIZE_MAX_BYTES]; /* nobody writes it meanwhile */
static uint8_t copy[SIZE_MAX_BYTES];   /* of the floor */

struct sender {
    troupe_pid to;
    uint64_t size;
    uint64_t left;
};

static void
send_step(struct troupe_self *self, struct sender *sender)
{
    uint64_t step = STEP_BYTES / sender->size;

    step = step < 1 ? 1 : step > STEP_COUNT ? STEP_COUNT : step;
    for (; step > 0 && sender->left > 0; step--) {
        (void)troupe_tell(self, sender->to, blob, .number = --sender->left,
            .bytes = {source, (uint32_t)sender->size});
    }
    if (sender->left > 0) {
        (void)troupe_tell(self, troupe_self_pid(self), send_more);
    }
}

static void
on_send_blobs(
    struct troupe_self *self, void *state, const struct send_blobs *order)
{
    struct sender *sender = state;

    sender->to = order->to;
    sender->size = order->size;
    sender->left = order->count;
    send_step(self, sender);
}

static void
on_send_more(
    struct troupe_self *self, void *state, const struct send_more *send_more)
{
    (void)send_more;
    send_step(self, state);
}

TROUPE_BEHAVIOUR(sender, sizeof(struct sender),
    TROUPE_ON(send_blobs, on_send_blobs), TROUPE_ON(send_more, on_send_more));

struct receiver {
    troupe_pid finish;
    uint64_t bytes_sum;
};

static void
on_expect_blobs(
    struct troupe_self *self, void *state, const struct expect_blobs *expect)
{
    struct receiver *receiver = state;

    (void)self;
    receiver->finish = expect->finish;
    receiver->bytes_sum = 0;
}

static void
on_blob(struct troupe_self *self, void *state, const struct blob *blob)
{
    struct receiver *receiver = state;

    receiver->bytes_sum += blob->bytes.size;
    if (blob->number == 0) {
        (void)troupe_tell(
            self, receiver->finish, arrived, .value = receiver->bytes_sum);
    }
}

TROUPE_BEHAVIOUR(receiver, sizeof(struct receiver),
    TROUPE_ON(expect_blobs, on_expect_blobs), TROUPE_ON(blob, on_blob));

struct copying {
    uint64_t size;
};

static void
copy_bytes(void *context, uint64_t count)
{
    const struct copying *copying = context;

    for (uint64_t i = 0; i < count; i++) {
        memcpy(copy, source, copying->size);
        ck_pr_barrier();
    }
}

struct flood {
    troupe_pid sender;
    troupe_pid receiver;
    troupe_pid finish;
};

static bool
flood(const struct bench_case *bench, const struct flood *flood, uint64_t count)
{
    TROUPE_CHECK(troupe_tell(
        bench->self, flood->receiver, expect_blobs, .finish = flood->finish));
    TROUPE_CHECK(troupe_tell(bench->self, flood->sender, send_blobs,
        .to = flood->receiver, .size = bench->at, .count = count));
    return bench_finish_wait(bench, flood->finish, 1) == count * bench->at;
}

/* Fewer where they are large, so that each point moves as much. */
static uint64_t
count_of(const struct bench_case *bench)
{
    enum { TYPICAL = 1024 };
    uint64_t count =
        bench->at > TYPICAL ? bench->count * TYPICAL / bench->at : bench->count;

    return count < 10 ? 10 : count;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct copying copying = {bench->at};
    uint64_t count = count_of(bench);
    struct flood it;
    uint64_t start_ns;

    it.finish = bench_finish_spawn(bench);
    TROUPE_CHECK(troupe_spawn(bench->self, sender, &it.sender));
    TROUPE_CHECK(troupe_spawn(bench->self, receiver, &it.receiver));
    memset(source, 0x55, sizeof(source));
    result->is_right = flood(bench, &it, count / 10);
    start_ns = bench_now_ns();
    result->is_right &= flood(bench, &it, count);
    result->value = (double)(bench_now_ns() - start_ns) / (double)count;
    result->floor = bench_floor_least_ns(copy_bytes, &copying,
        bench->at < SIZE_MAX_BYTES / STEP_COUNT ? STEP_COUNT
                                                : SIZE_MAX_BYTES / bench->at);
    return true;
}

static const struct bench_axis axis = {
    .name = "bytes",
    .points = (const uint64_t[]){8, 64, 512, 4096, 32768, 262144, 1048576, 0},
    .is_scaled = true,
};

const struct bench bench_grow_size = {
    .name = "grow-size",
    .question = "one floods another with",
    .unit = "ns/message",
    .count = 500000,
    .axis = &axis,
    .run = run,
};

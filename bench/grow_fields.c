/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a field more in a message cost?
 *
 * One actor floods another with messages of `at` whole numbers, five bytes
 * each. The floor is that of a message without its codec, and the codec of
 * these fields.
 */
#include "bench/finish.h"
#include "bench/floor.h"

#include <ck_pr.h>
#include <stdlib.h>

enum { STEP_COUNT = 1000, VALUE = 1 << 20 /* takes five bytes */ };

/* Each is whole: a list of fields cannot hold another. */
/* clang-format off */
#define FIELDS_1(FIELD) \
    FIELD(uint64, a)
#define FIELDS_2(FIELD) \
    FIELD(uint64, a) FIELD(uint64, b)
#define FIELDS_4(FIELD) \
    FIELD(uint64, a) FIELD(uint64, b) FIELD(uint64, c) FIELD(uint64, d)
#define FIELDS_8(FIELD) \
    FIELD(uint64, a) FIELD(uint64, b) FIELD(uint64, c) FIELD(uint64, d) \
    FIELD(uint64, e) FIELD(uint64, f) FIELD(uint64, g) FIELD(uint64, h)
#define FIELDS_16(FIELD) \
    FIELD(uint64, a) FIELD(uint64, b) FIELD(uint64, c) FIELD(uint64, d) \
    FIELD(uint64, e) FIELD(uint64, f) FIELD(uint64, g) FIELD(uint64, h) \
    FIELD(uint64, i) FIELD(uint64, j) FIELD(uint64, k) FIELD(uint64, l) \
    FIELD(uint64, m) FIELD(uint64, n) FIELD(uint64, o) FIELD(uint64, p)
#define FIELDS_32(FIELD) \
    FIELD(uint64, a) FIELD(uint64, b) FIELD(uint64, c) FIELD(uint64, d) \
    FIELD(uint64, e) FIELD(uint64, f) FIELD(uint64, g) FIELD(uint64, h) \
    FIELD(uint64, i) FIELD(uint64, j) FIELD(uint64, k) FIELD(uint64, l) \
    FIELD(uint64, m) FIELD(uint64, n) FIELD(uint64, o) FIELD(uint64, p) \
    FIELD(uint64, q) FIELD(uint64, r) FIELD(uint64, s) FIELD(uint64, t) \
    FIELD(uint64, u) FIELD(uint64, v) FIELD(uint64, w) FIELD(uint64, x) \
    FIELD(uint64, y) FIELD(uint64, z) FIELD(uint64, aa) FIELD(uint64, ab) \
    FIELD(uint64, ac) FIELD(uint64, ad) FIELD(uint64, ae) FIELD(uint64, af)
/* clang-format on */
#define COUNTS(X) X(1) X(2) X(4) X(8) X(16) X(32)

/* A message type cannot be made inside another macro. */
TROUPE_MESSAGE(fields_1, FIELDS_1)
TROUPE_MESSAGE(fields_2, FIELDS_2)
TROUPE_MESSAGE(fields_4, FIELDS_4)
TROUPE_MESSAGE(fields_8, FIELDS_8)
TROUPE_MESSAGE(fields_16, FIELDS_16)
TROUPE_MESSAGE(fields_32, FIELDS_32)

#define ORDER(FIELD)                                                           \
    FIELD(pid, to) FIELD(pid, finish) FIELD(uint64, fields) FIELD(uint64, count)
TROUPE_MESSAGE(send_fields, ORDER)
TROUPE_MESSAGE(send_more_fields, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(expect_fields, ORDER)

enum { FIELDS_MAX = 32 };

static uint64_t sample[FIELDS_MAX]; /* written before the first message */

/* ---- one that sends, one that takes -------------------------------------- */

struct reader {
    troupe_pid finish;
    uint64_t left;
    uint64_t sum;
};

static void
read_last(struct troupe_self *self, struct reader *reader, uint64_t value)
{
    reader->sum += value;
    if (--reader->left == 0) {
        (void)troupe_tell(self, reader->finish, arrived, .value = reader->sum);
    }
}

/* The structs have nothing but numbers, so they are arrays of them. */
#define KIND(fields)                                                           \
    _Static_assert(sizeof(struct fields_##fields) == 8 * (fields), "count");   \
    static void send_##fields(                                                 \
        struct troupe_self *self, troupe_pid to, uint64_t count)               \
    {                                                                          \
        const struct fields_##fields *message = (const void *)sample;          \
                                                                               \
        for (uint64_t i = 0; i < count; i++) {                                 \
            (void)fields_##fields##_tell(self, to, *message);                  \
        }                                                                      \
    }                                                                          \
    static void on_fields_##fields(struct troupe_self *self, void *state,      \
        const struct fields_##fields *message)                                 \
    {                                                                          \
        read_last(self, state,                                                 \
            ((const uint64_t *)(const void *)message)[(fields)-1]);            \
    }                                                                          \
    static void code_##fields(void *context, uint64_t count)                   \
    {                                                                          \
        const struct fields_##fields *message = (const void *)sample;          \
        struct fields_##fields *read = context;                                \
        uint8_t wire[16 + 9 * (fields)];                                       \
                                                                               \
        for (uint64_t i = 0; i < count; i++) {                                 \
            const uint8_t *end = fields_##fields##_encode(wire, message);      \
                                                                               \
            ck_pr_barrier(); /* another actor reads it */                      \
            (void)fields_##fields##_decode(wire, end, read);                   \
            ck_pr_barrier();                                                   \
        }                                                                      \
    }
COUNTS(KIND)

static const struct kind {
    uint64_t fields_count;
    void (*send)(struct troupe_self *self, troupe_pid to, uint64_t count);
    void (*code)(void *context, uint64_t count);
} kinds[] = {
#define X(fields) {fields, send_##fields, code_##fields},
    COUNTS(X)
#undef X
};

static const struct kind *
kind_of(uint64_t fields_count)
{
    const struct kind *kind = kinds;

    while (kind->fields_count < fields_count) {
        kind++;
    }
    return kind;
}

static void
on_expect_fields(
    struct troupe_self *self, void *state, const struct expect_fields *expect)
{
    struct reader *reader = state;

    (void)self;
    reader->finish = expect->finish;
    reader->left = expect->count;
    reader->sum = 0;
}

#define X(fields) , TROUPE_ON(fields_##fields, on_fields_##fields)
TROUPE_BEHAVIOUR(reader, sizeof(struct reader),
    TROUPE_ON(expect_fields, on_expect_fields) COUNTS(X));
#undef X

struct writer {
    troupe_pid to;
    const struct kind *kind;
    uint64_t left;
};

static void
send_step(struct troupe_self *self, struct writer *writer)
{
    uint64_t step = writer->left < STEP_COUNT ? writer->left : STEP_COUNT;

    writer->kind->send(self, writer->to, step);
    writer->left -= step;
    if (writer->left > 0) {
        (void)troupe_tell(self, troupe_self_pid(self), send_more_fields);
    }
}

static void
on_send_fields(
    struct troupe_self *self, void *state, const struct send_fields *order)
{
    struct writer *writer = state;

    writer->to = order->to;
    writer->kind = kind_of(order->fields);
    writer->left = order->count;
    send_step(self, writer);
}

static void
on_send_more_fields(
    struct troupe_self *self, void *state, const struct send_more_fields *more)
{
    (void)more;
    send_step(self, state);
}

TROUPE_BEHAVIOUR(writer, sizeof(struct writer),
    TROUPE_ON(send_fields, on_send_fields),
    TROUPE_ON(send_more_fields, on_send_more_fields));

/* ---- the measurement ----------------------------------------------------- */

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t read[FIELDS_MAX] = {0};
    troupe_pid finish = bench_finish_spawn(bench);
    uint64_t start_ns;
    troupe_pid from;
    troupe_pid to;

    for (uint64_t i = 0; i < FIELDS_MAX; i++) {
        sample[i] = VALUE + i;
    }
    TROUPE_CHECK(troupe_spawn(bench->self, writer, &from));
    TROUPE_CHECK(troupe_spawn(bench->self, reader, &to));
    start_ns = bench_now_ns();
    TROUPE_CHECK(troupe_tell(bench->self, to, expect_fields, .finish = finish,
        .count = bench->count));
    TROUPE_CHECK(troupe_tell(bench->self, from, send_fields, .to = to,
        .fields = bench->at, .count = bench->count));
    result->is_right = bench_finish_wait(bench, finish, 1) ==
                       bench->count * (VALUE + bench->at - 1);
    result->value = (double)(bench_now_ns() - start_ns) / (double)bench->count;
    result->floor = bench->floor->part_ns[BENCH_FLOOR_LOCAL] +
                    bench_floor_least_ns(kind_of(bench->at)->code, read, 1000);
    return true;
}

static const struct bench_axis axis = {
    .name = "fields",
    .points = (const uint64_t[]){1, 2, 4, 8, 16, 32, 0},
};

const struct bench bench_grow_fields = {
    .name = "grow-fields",
    .question = "one floods another with",
    .unit = "ns/message",
    .count = 2000000,
    .axis = &axis,
    .run = run,
};

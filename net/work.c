/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/work.h"

#include "actors/answer.h"
#include "actors/ask.h"
#include "actors/post.h"
#include "actors/process.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/memory.h"
#include "net/loop.h"
#include "troupe/work.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { FREE, QUEUED, RUNNING, CANCELLED };

#define STATE_OF(word) ((word)&3)
#define NEXT_GENERATION UINT64_C(4)

struct troupe_work {
    uv_work_t request; /* first: libuv's */
    struct tp_loop *loop;
    struct tp_work_slot *slot;
    uint64_t word; /* when it was queued */
    uint64_t deadline_ns;
    troupe_work_function *function;
    troupe_pid asker;
    uint64_t ask;
    struct troupe_message *refusal;
    troupe_err err;
    void *result; /* NULL: empty */
    size_t result_size;
    size_t input_size;
    unsigned char input[] __attribute__((aligned(16)));
};

/* ---- slots --------------------------------------------------------------- */

static struct tp_work_slot *
slot_at(struct tp_work_slots *slots, uint32_t index)
{
    struct tp_work_slot *chunk =
        ck_pr_load_ptr(&slots->chunks[index / TP_WORK_CHUNK_JOBS]);

    ck_pr_fence_acquire();
    return &chunk[index % TP_WORK_CHUNK_JOBS];
}

static bool
add_chunk(struct tp_work_slots *slots)
{
    struct tp_work_slot *chunk;

    if (slots->count == TP_WORK_CHUNK_JOBS * TP_WORK_CHUNKS_MAX) {
        return false;
    }
    chunk = tp_memory_alloc_zeroed(TP_WORK_CHUNK_JOBS, sizeof(*chunk));
    if (chunk == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < TP_WORK_CHUNK_JOBS; i++) {
        chunk[i].index = slots->count + i;
        chunk[i].next_free = slots->free;
        slots->free = slots->count + i + 1;
    }
    ck_pr_fence_release();
    ck_pr_store_ptr(&slots->chunks[slots->count / TP_WORK_CHUNK_JOBS], chunk);
    slots->count += TP_WORK_CHUNK_JOBS;
    return true;
}

static struct tp_work_slot *
take_slot(struct tp_work_slots *slots)
{
    struct tp_work_slot *slot;

    if (slots->free == 0 && !add_chunk(slots)) {
        return NULL;
    }
    slot = slot_at(slots, slots->free - 1);
    slots->free = slot->next_free;
    ck_pr_store_64(&slot->word, ck_pr_load_64(&slot->word) + QUEUED);
    return slot;
}

static void
give_slot(struct tp_work_slots *slots, struct tp_work_slot *slot)
{
    uint64_t word = ck_pr_load_64(&slot->word);
    uint64_t now = word;

    do {
        word = now;
    } while (!ck_pr_cas_64_value(
        &slot->word, word, word - STATE_OF(word) + NEXT_GENERATION, &now));
    slot->next_free = slots->free;
    slots->free = slot->index + 1;
}

void
tp_work_slots_fini(struct tp_work_slots *slots)
{
    for (uint32_t i = 0; i < slots->count / TP_WORK_CHUNK_JOBS; i++) {
        tp_memory_free(slots->chunks[i]);
    }
}

/* ---- on the pool --------------------------------------------------------- */

static bool
is_late(const struct troupe_work *work)
{
    struct tp_clock clock = tp_clock_monotonic();

    return work->deadline_ns != UINT64_MAX &&
           tp_clock_now_ns(&clock) >= work->deadline_ns;
}

static void
run(uv_work_t *request)
{
    struct troupe_work *work = (struct troupe_work *)(void *)request;

    work->err = TROUPE_E_TIMED_OUT;
    if (!is_late(work) && ck_pr_load_32(&work->loop->is_closing) == 0 &&
        ck_pr_cas_64(
            &work->slot->word, work->word, work->word - QUEUED + RUNNING)) {
        work->err = work->function(work, work->input, work->input_size);
    }
}

bool
troupe_work_is_over(struct troupe_work *work)
{
    return STATE_OF(ck_pr_load_64(&work->slot->word)) == CANCELLED ||
           is_late(work) || ck_pr_load_32(&work->loop->is_closing) != 0;
}

troupe_err
troupe_work_answer(struct troupe_work *work, const void *bytes, size_t count)
{
    void *copy;

    if (count > TROUPE_PAYLOAD_BYTES_MAX - 16) {
        return tp_err_set(TROUPE_E_MESSAGE_TOO_LARGE,
            "an answer of %zu bytes is more than a message may have", count);
    }
    copy = tp_memory_alloc(count);
    if (copy == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory for an answer of %zu bytes", count);
    }
    if (count > 0) {
        memcpy(copy, bytes, count);
    }
    tp_memory_free(work->result);
    work->result = copy;
    work->result_size = count;
    return TROUPE_OK;
}

/* ---- the answer ---------------------------------------------------------- */

static void
free_work(struct troupe_work *work)
{
    tp_memory_free(work->result);
    tp_memory_free(work);
}

static void
post(struct troupe_self *self, struct troupe_work *work,
    struct troupe_message *reply)
{
    reply->kind = TP_MESSAGE_REPLY;
    reply->request = work->ask;
    tp_post_from(self, TROUPE_NO_PID, work->asker, reply);
}

static troupe_err
make_reply(struct troupe_self *self, struct troupe_work *work,
    struct troupe_message **reply)
{
    const struct troupe_work_done done = {
        .bytes = {.data = work->result, .size = (uint32_t)work->result_size}};
    const uint8_t *end;
    troupe_err err = troupe_work_done_make(self, &done, reply, &end);

    if (err == TROUPE_OK) {
        troupe_message_close(*reply, end);
    }
    return err;
}

static void
answer(struct troupe_self *self, struct troupe_work *work)
{
    struct troupe_message *reply = NULL;

    if (work->err == TROUPE_OK) {
        work->err = make_reply(self, work, &reply);
    }
    if (work->err == TROUPE_OK) {
        tp_post_free(self, work->refusal);
    } else {
        reply = work->refusal;
        reply->err = (uint16_t)work->err;
    }
    post(self, work, reply);
}

/* Back in the loop that has given it away. */
static void
done(uv_work_t *request, int status)
{
    struct troupe_work *work = (struct troupe_work *)(void *)request;
    struct tp_loop *loop = work->loop;

    (void)status;
    if (ck_pr_load_32(&loop->is_closing) != 0 ||
        STATE_OF(ck_pr_load_64(&work->slot->word)) == CANCELLED) {
        tp_post_free(tp_loop_self(loop), work->refusal);
    } else {
        answer(tp_loop_self(loop), work);
    }
    give_slot(&loop->slots, work->slot);
    free_work(work);
}

/* ---- giving -------------------------------------------------------------- */

static troupe_err
check(const struct troupe_self *self, troupe_work_function *function,
    size_t count, troupe_continuation *then)
{
    if (self == NULL || self->worker == NULL || self->actor == NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "work is for handlers: a thread outside may block itself");
    }
    if (self->worker->io == NULL) {
        return tp_err_set(TROUPE_E_NO_NETWORK,
            "the runtime was made without a pool: "
            "TROUPE_OPTIONS(.io = troupe_net())");
    }
    if (function == NULL || then == NULL) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "work without a function that does it and one that takes the "
            "answer; give both");
    }
    if (count > TROUPE_PAYLOAD_BYTES_MAX) {
        return tp_err_set(TROUPE_E_MESSAGE_TOO_LARGE,
            "%zu bytes of input are more than a message may have", count);
    }
    return TROUPE_OK;
}

/* All but the ask; NULL: no memory. */
static struct troupe_work *
make(struct troupe_self *self, troupe_work_function *function,
    const void *input, size_t count)
{
    struct troupe_work *work = tp_memory_alloc_zeroed(1, sizeof(*work) + count);

    if (work == NULL) {
        return NULL;
    }
    work->loop = tp_loop_of(self->worker);
    work->function = function;
    work->asker = self->pid;
    work->input_size = count;
    if (count > 0) {
        memcpy(work->input, input, count);
    }
    work->refusal = tp_post_block(self, 0);
    if (work->refusal != NULL) {
        work->refusal->schema = 0;
        work->slot = take_slot(&work->loop->slots);
    }
    if (work->slot == NULL) {
        if (work->refusal != NULL) {
            tp_post_free(self, work->refusal);
        }
        free_work(work);
        return NULL;
    }
    work->word = ck_pr_load_64(&work->slot->word);
    return work;
}

static void
unmake(struct troupe_self *self, struct troupe_work *work)
{
    give_slot(&work->loop->slots, work->slot);
    tp_post_free(self, work->refusal);
    free_work(work);
}

static uint64_t
name_of(const struct troupe_self *self, const struct troupe_work *work)
{
    /* Which loop, which slot there, and when. */
    return (work->word >> 2) << 32 | (uint64_t)self->worker->index << 16 |
           work->slot->index;
}

static troupe_err
begin(struct troupe_self *self, troupe_work_function *function,
    const void *input, size_t count, const struct tp_ask_options *options,
    struct troupe_work_id *id)
{
    struct troupe_work *work;
    troupe_err err = check(self, function, count, options->then);

    if (err == TROUPE_OK) {
        err = troupe_schema_intern(&troupe_work_done_schema);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    work = make(self, function, input, count);
    if (work == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory for %zu bytes of work", count);
    }
    err = tp_ask_expect(self, options,
        troupe_schema_number(&troupe_work_done_schema), &work->ask,
        &work->deadline_ns);
    if (err != TROUPE_OK) {
        unmake(self, work);
        return err;
    }
    if (id != NULL) {
        *id = (struct troupe_work_id){
            .ask = work->ask, .job = name_of(self, work)};
    }
    uv_queue_work(&work->loop->uv, &work->request, run, done);
    return TROUPE_OK;
}

troupe_err
troupe_work(struct troupe_self *self, troupe_work_function *function,
    const void *input, size_t count, uint64_t timeout_ns,
    troupe_continuation *then, uint64_t context, struct troupe_work_id *id)
{
    TP_RUNTIME_CALL();
    const struct tp_ask_options options = {
        TROUPE_NO_PID, timeout_ns, then, context};
    troupe_err err = tp_process_refuse(self, "troupe_work");

    return err == TROUPE_OK ? begin(self, function, input, count, &options, id)
                            : err;
}

/* Of the body that runs: for the answer to what has begun. */
static troupe_err
await(struct troupe_self *self, struct troupe_work_done *answered)
{
    const uint8_t *payload = NULL;
    const uint8_t *end = NULL;
    troupe_err err = tp_process_wait_for_answer(self);

    if (err == TROUPE_OK) {
        err =
            troupe_receive_view(self, &troupe_work_done_schema, &payload, &end);
    }
    if (err == TROUPE_OK) {
        (void)troupe_work_done_decode(payload, end, answered);
    }
    return err;
}

troupe_err
troupe_work_wait(struct troupe_self *self, troupe_work_function *function,
    const void *input, size_t count, uint64_t timeout_ns,
    struct troupe_work_done *answered)
{
    TP_RUNTIME_CALL();
    const struct tp_ask_options options = {
        TROUPE_NO_PID, timeout_ns, tp_process_take_answer, 0};
    troupe_err err = tp_process_require(self, "troupe_work_wait");

    if (err == TROUPE_OK) {
        err = begin(self, function, input, count, &options, NULL);
    }
    return err == TROUPE_OK ? await(self, answered) : err;
}

void
troupe_work_cancel(struct troupe_self *self, const struct troupe_work_id *id)
{
    TP_RUNTIME_CALL();
    struct tp_worker *workers;
    struct tp_loop *loop;
    struct tp_work_slot *slot;
    uint64_t queued;

    if (self == NULL || self->worker == NULL || self->actor == NULL ||
        id->ask == 0 || self->actor->extension == NULL) {
        return;
    }
    tp_answer_withdraw(self, self->actor, id->ask);
    workers = self->worker->scheduler->workers;
    loop = tp_loop_of(&workers[id->job >> 16 & 0xffff]);
    slot = slot_at(&loop->slots, (uint32_t)(id->job & 0xffff));
    queued = (id->job >> 32) << 2 | QUEUED;
    if (!ck_pr_cas_64(&slot->word, queued, queued - QUEUED + CANCELLED)) {
        (void)ck_pr_cas_64(&slot->word, queued - QUEUED + RUNNING,
            queued - QUEUED + CANCELLED);
    }
}

/* ---- files --------------------------------------------------------------- */

struct file_wanted {
    size_t size_max;
    char path[];
};

static troupe_err
read_all(int fd, unsigned char *bytes, size_t size_max, size_t *size)
{
    ssize_t got = 1;

    *size = 0;
    while (got > 0 && *size <= size_max) {
        got = read(fd, bytes + *size, size_max + 1 - *size);
        if (got < 0 && errno == EINTR) {
            got = 1;
            continue;
        }
        *size += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        return TROUPE_E_SYSTEM;
    }
    return *size > size_max ? TROUPE_E_MESSAGE_TOO_LARGE : TROUPE_OK;
}

static troupe_err
read_wanted(struct troupe_work *work, const void *input, size_t input_size)
{
    const struct file_wanted *wanted = input;
    unsigned char *bytes = tp_memory_alloc(wanted->size_max + 1);
    int fd = open(wanted->path, O_RDONLY | O_CLOEXEC);
    troupe_err err = bytes == NULL ? TROUPE_E_NO_MEMORY : TROUPE_E_SYSTEM;
    size_t size = 0;

    (void)input_size;
    if (fd >= 0 && bytes != NULL) {
        err = read_all(fd, bytes, wanted->size_max, &size);
    }
    if (err == TROUPE_OK) {
        err = troupe_work_answer(work, bytes, size);
    }
    if (fd >= 0) {
        close(fd);
    }
    tp_memory_free(bytes);
    return err;
}

/* begin() of reading a file. */
static troupe_err
begin_reading(struct troupe_self *self, const char *path, size_t size_max,
    const struct tp_ask_options *options)
{
    size_t length = strlen(path) + 1;
    size_t size = sizeof(struct file_wanted) + length;
    struct file_wanted *wanted = tp_memory_alloc(size);
    troupe_err err;

    if (wanted == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to read %s", path);
    }
    wanted->size_max = size_max < TROUPE_PAYLOAD_BYTES_MAX
                           ? size_max
                           : TROUPE_PAYLOAD_BYTES_MAX;
    memcpy(wanted->path, path, length);
    err = begin(self, read_wanted, wanted, size, options, NULL);
    tp_memory_free(wanted);
    return err;
}

troupe_err
troupe_read_file(struct troupe_self *self, const char *path, size_t size_max,
    uint64_t timeout_ns, troupe_continuation *then, uint64_t context)
{
    TP_RUNTIME_CALL();
    const struct tp_ask_options options = {
        TROUPE_NO_PID, timeout_ns, then, context};
    troupe_err err = tp_process_refuse(self, "troupe_read_file");

    return err == TROUPE_OK ? begin_reading(self, path, size_max, &options)
                            : err;
}

troupe_err
troupe_read_file_wait(struct troupe_self *self, const char *path,
    size_t size_max, uint64_t timeout_ns, struct troupe_work_done *answered)
{
    TP_RUNTIME_CALL();
    const struct tp_ask_options options = {
        TROUPE_NO_PID, timeout_ns, tp_process_take_answer, 0};
    troupe_err err = tp_process_require(self, "troupe_read_file_wait");

    if (err == TROUPE_OK) {
        err = begin_reading(self, path, size_max, &options);
    }
    return err == TROUPE_OK ? await(self, answered) : err;
}

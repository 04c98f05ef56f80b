/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/call.h"

#include "actors/post.h"
#include "base/err.h"
#include "mailbox/schema.h"

/* Adds who waits; the oldest makes room. */
static void
append(struct tp_call *call, troupe_pid pid)
{
    if (call->count == TP_CALL_PIDS_MAX) {
        memmove(call->pids, call->pids + 1,
            (TP_CALL_PIDS_MAX - 1) * sizeof(call->pids[0]));
        call->count--;
    }
    call->pids[call->count++] = pid;
}

static void
read_request(const struct troupe_message *request, struct tp_call *call)
{
    const uint8_t *at = request->payload + tp_call_offset(request);

    call->deadline_ns = tp_call_deadline_ns(request);
    call->request = request->request;
    call->is_over = false;
    call->count = request->err & ((1u << TP_MESSAGE_HOPS_SHIFT) - 1);
    memcpy(call->pids, at + sizeof(call->deadline_ns),
        call->count * sizeof(call->pids[0]));
    append(call, request->sender);
}

static size_t
bytes_of(const struct tp_call *call)
{
    return offsetof(struct tp_call, pids) + call->count * sizeof(call->pids[0]);
}

bool
tp_call_read(const struct troupe_self *self, struct tp_call *call)
{
    const struct troupe_message *message = self->in_hand;

    if (message != NULL && message->kind == TP_MESSAGE_REQUEST) {
        if (message->request == 0) {
            return false;
        }
        read_request(message, call);
        return true;
    }
    if (self->call == NULL || self->call->is_over) {
        return false;
    }
    memcpy(call, self->call, bytes_of(self->call));
    return true;
}

/* ---- on a request -------------------------------------------------------- */

/* Moves *message to a block with room for so many bytes behind the payload. */
static troupe_err
make_room(struct troupe_self *self, struct troupe_message **message,
    size_t payload_bytes)
{
    struct troupe_message *small = *message;
    struct troupe_message *large;

    if (small->size_class == TP_BLOCK_CLASS_LARGE ||
        sizeof(*small) + payload_bytes <=
            tp_block_bytes_of(small->size_class)) {
        return TROUPE_OK;
    }
    large = tp_post_block(self, payload_bytes);
    if (large == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY,
            "no memory for a request of %zu bytes", payload_bytes);
    }
    large->schema = small->schema;
    large->payload_size = small->payload_size;
    memcpy(large->payload, small->payload, small->payload_size);
    tp_post_free(self, small);
    *message = large;
    return TROUPE_OK;
}

troupe_err
tp_call_attach(struct troupe_self *self, struct troupe_message **message,
    uint64_t deadline_ns, const struct tp_call *call)
{
    size_t count = call == NULL ? 0 : call->count;
    size_t offset = tp_call_offset(*message);
    size_t pids_bytes = count * sizeof(troupe_pid);
    troupe_err err =
        make_room(self, message, offset + sizeof(deadline_ns) + pids_bytes);
    uint8_t *at;

    if (err != TROUPE_OK) {
        return err;
    }
    at = (*message)->payload + offset;
    memcpy(at, &deadline_ns, sizeof(deadline_ns));
    if (count > 0) {
        memcpy(at + sizeof(deadline_ns), call->pids, pids_bytes);
    }
    (*message)->kind = TP_MESSAGE_REQUEST;
    (*message)->err = (uint16_t)count;
    return TROUPE_OK;
}

/* ---- kept for a continuation --------------------------------------------- */

struct tp_call *
tp_call_keep(struct troupe_self *self, const struct tp_call *call)
{
    size_t bytes = bytes_of(call);
    struct tp_call *kept =
        tp_block_take(&self->blocks, tp_block_class_of(bytes), bytes);

    if (kept != NULL) {
        memcpy(kept, call, bytes);
    }
    return kept;
}

void
tp_call_release(struct troupe_self *self, struct tp_call **call)
{
    if (*call != NULL) {
        tp_block_give(&self->blocks, tp_block_class_of(bytes_of(*call)), *call);
        *call = NULL;
    }
}

void
tp_call_end(struct troupe_self *self, troupe_pid sender, uint64_t request)
{
    struct tp_call *call = self->call;

    if (call != NULL && call->request == request &&
        call->pids[call->count - 1] == sender) {
        call->is_over = true;
    }
}

/* ---- cycles -------------------------------------------------------------- */

/* The place of pid in the chain; count if it is not there. */
static uint32_t
place_of(const struct tp_call *call, troupe_pid pid)
{
    uint32_t place = 0;

    while (place < call->count && call->pids[place] != pid) {
        place++;
    }
    return place;
}

/* "<0.1.1> -> <0.2.1> -> <0.1.1>" */
static void
write_cycle(char *out, const struct tp_call *call, uint32_t place)
{
    char text[TP_PID_TEXT_BYTES];

    for (uint32_t i = place; i < call->count; i++) {
        out = stpcpy(out, tp_pid_text(text, call->pids[i]));
        out = stpcpy(out, " -> ");
    }
    strcpy(out, tp_pid_text(text, call->pids[place]));
}

static void __attribute__((cold)) report(struct troupe_self *self,
    const struct tp_call *chain, uint32_t place, uint32_t schema)
{
    char cycle[TP_CALL_CYCLE_BYTES];
    uint64_t count = ck_pr_faa_64(&self->runtime->cycles_count, 1) + 1;

    if (tp_log_is_round(count)) {
        write_cycle(cycle, chain, place);
        tp_log_write(&self->runtime->log, TROUPE_LOG_WARNING,
            "cycle of asks: %s, the last for %s (%" PRIu64 " so far)", cycle,
            troupe_schema_by_number_view(schema)->name, count);
    }
}

/* The place of `to` in the chain of who waits, with self at its end. */
static uint32_t
find_cycle(const struct troupe_self *self, const struct tp_call *call,
    troupe_pid to, struct tp_call *chain)
{
    *chain = (struct tp_call){.count = 0};
    if (call != NULL) {
        *chain = *call;
    }
    append(chain, self->pid);
    return place_of(chain, to);
}

void
tp_call_look_for_cycle(struct troupe_self *self, const struct tp_call *call,
    troupe_pid to, uint32_t schema)
{
    struct tp_call chain;
    uint32_t place = find_cycle(self, call, to, &chain);

    if (place < chain.count) {
        report(self, &chain, place, schema);
    }
}

bool
tp_call_closes_cycle(const struct troupe_self *self, troupe_pid to, char *out)
{
    struct tp_call chain;
    struct tp_call call;
    uint32_t place =
        find_cycle(self, tp_call_read(self, &call) ? &call : NULL, to, &chain);

    if (place < chain.count) {
        write_cycle(out, &chain, place);
    }
    return place < chain.count;
}

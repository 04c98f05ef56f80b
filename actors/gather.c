/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/gather.h"

#include "actors/ask.h"
#include "actors/post.h"
#include "actors/process.h"
#include "base/assert.h"
#include "base/err.h"

/* ---- life ---------------------------------------------------------------- */

static size_t
bytes_for(size_t count)
{
    return sizeof(struct troupe_gathered) +
           count * sizeof(struct tp_gather_place);
}

static void
list(struct troupe_gathered **first, struct troupe_gathered *gathered)
{
    gathered->next = *first;
    gathered->link = first;
    if (*first != NULL) {
        (*first)->link = &gathered->next;
    }
    *first = gathered;
}

static void
unlist(struct troupe_gathered *gathered)
{
    *gathered->link = gathered->next;
    if (gathered->next != NULL) {
        gathered->next->link = gathered->link;
    }
}

/* In the actor's list, with nobody asked yet; NULL: no memory. */
static struct troupe_gathered *
make(struct troupe_self *self, const struct troupe_gather *gather)
{
    size_t bytes = bytes_for(gather->to_count);
    struct tp_extension *extension = tp_extension_get(self, self->actor);
    struct troupe_gathered *made;

    if (extension == NULL || (made = tp_block_take(&self->blocks,
                                  tp_block_class_of(bytes), bytes)) == NULL) {
        return NULL;
    }
    *made = (struct troupe_gathered){
        .then = gather->then,
        .context = gather->context,
        .quorum = gather->quorum == 0 ? gather->to_count : gather->quorum,
        .count = gather->to_count,
    };
    for (size_t i = 0; i < made->count; i++) {
        made->places[i] = (struct tp_gather_place){
            .gathered = made,
            .to = gather->to[i],
            .answer = {TROUPE_E_TIMED_OUT, NULL},
        };
    }
    list(&extension->gatherings, made);
    return made;
}

static void
destroy(struct troupe_self *self, struct troupe_gathered *gathered)
{
    unlist(gathered);
    for (size_t i = 0; i < gathered->count; i++) {
        if (gathered->places[i].reply != NULL) {
            tp_post_free(self, gathered->places[i].reply);
        }
    }
    tp_block_give(
        &self->blocks, tp_block_class_of(bytes_for(gathered->count)), gathered);
}

void
tp_gather_release_all(struct troupe_self *self, struct troupe_gathered **first)
{
    while (*first != NULL) {
        destroy(self, *first);
    }
}

/* ---- the end ------------------------------------------------------------- */

static void
withdraw_open(struct troupe_self *self, struct troupe_gathered *gathered)
{
    for (size_t i = 0; i < gathered->count; i++) {
        struct tp_gather_place *place = &gathered->places[i];

        if (place->request != 0) {
            tp_answer_withdraw(self, self->actor, place->request);
            place->request = 0;
        }
    }
}

static bool
is_out_of_reach(const struct troupe_gathered *gathered)
{
    return gathered->count - gathered->failures_count < gathered->quorum;
}

/* Whether this answer, the latest, has decided the outcome: *err. */
static bool
is_decided(const struct troupe_gathered *gathered,
    const struct troupe_answer *answer, troupe_err *err)
{
    if (gathered->replies_count >= gathered->quorum) {
        *err = TROUPE_OK;
        return true;
    }
    if (answer->err == TROUPE_E_TIMED_OUT) {
        *err = TROUPE_E_TIMED_OUT;
        return true;
    }
    *err = TROUPE_E_NO_QUORUM;
    return is_out_of_reach(gathered);
}

/* The continuation of each ask: the runtime's own code, where user code is
 * expected. */
static void
take_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct tp_gather_place *place = (void *)(uintptr_t)context;
    struct troupe_gathered *gathered = place->gathered;

    tp_containment_leave();
    place->request = 0;
    place->answer = *answer;
    if (answer->err == TROUPE_OK) {
        gathered->replies_count++;
        place->reply = self->in_hand;
        self->is_kept = true;
    } else {
        gathered->failures_count++;
    }
    if (is_decided(gathered, answer, &gathered->err)) {
        withdraw_open(self, gathered);
        tp_containment_enter();
        gathered->then(self, state, gathered->context, gathered);
        tp_containment_leave();
        destroy(self, gathered);
    }
}

/* ---- the beginning ------------------------------------------------------- */

static troupe_err
check(const struct troupe_self *self, const struct troupe_gather *gather)
{
    if (gather->size != sizeof(*gather)) {
        return tp_err_set(TROUPE_E_ABI_MISMATCH,
            "a gathering of %zu bytes, this library knows %zu: make it by "
            "TROUPE_GATHER",
            gather->size, sizeof(*gather));
    }
    if (self->worker == NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "troupe_gather() is for handlers; a thread outside has "
            "troupe_ask()");
    }
    if (gather->to_count == 0 || gather->to == NULL) {
        return tp_err_set(
            TROUPE_E_INVALID_ARGUMENT, "a gathering asks at least one actor");
    }
    if (gather->quorum > gather->to_count) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a quorum of %zu cannot be reached by asking %zu", gather->quorum,
            gather->to_count);
    }
    if (gather->then == NULL) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a gathering needs a function to go on with: .then");
    }
    return TROUPE_OK;
}

static struct troupe_message *
copy(struct troupe_self *self, const struct troupe_message *message)
{
    struct troupe_message *made = tp_post_block(self, message->payload_size);

    if (made != NULL) {
        made->schema = message->schema;
        made->payload_size = message->payload_size;
        memcpy(made->payload, message->payload, message->payload_size);
    }
    return made;
}

static troupe_err
ask(struct troupe_self *self, struct tp_gather_place *place,
    uint64_t timeout_ns, const struct troupe_message *message)
{
    struct tp_ask_options options = {
        place->to, timeout_ns, take_answer, (uintptr_t)place};
    struct troupe_message *request = copy(self, message);
    troupe_err err;

    if (request == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory to ask one more actor");
    }
    err = tp_ask_open(self, &options, &request, &place->request);
    if (err != TROUPE_OK) {
        tp_post_free(self, request);
        place->request = 0;
    }
    return err;
}

/* Asks all. NO_QUORUM: too few can be asked; nothing is open. */
static troupe_err
scatter(struct troupe_self *self, struct troupe_gathered *gathered,
    uint64_t timeout_ns, const struct troupe_message *message)
{
    size_t asked_count;

    for (size_t i = 0; i < gathered->count; i++) {
        struct tp_gather_place *place = &gathered->places[i];
        troupe_err err = ask(self, place, timeout_ns, message);

        if (err != TROUPE_OK) {
            place->answer.err = err;
            gathered->failures_count++;
        }
    }
    if (!is_out_of_reach(gathered)) {
        return TROUPE_OK;
    }
    asked_count = gathered->count - gathered->failures_count;
    withdraw_open(self, gathered);
    return tp_err_set(TROUPE_E_NO_QUORUM,
        "only %zu of %zu could be asked, for a quorum of %zu", asked_count,
        gathered->count, gathered->quorum);
}

troupe_err
troupe_gather_closed(struct troupe_self *self,
    const struct troupe_gather *gather, struct troupe_message *message,
    const uint8_t *end)
{
    TP_RUNTIME_CALL();
    struct troupe_gathered *gathered = NULL;
    troupe_err err = check(self, gather);

    troupe_message_close(message, end);
    if (err == TROUPE_OK) {
        err = tp_process_refuse(self, "troupe_gather");
    }
    if (err == TROUPE_OK && (gathered = make(self, gather)) == NULL) {
        err = tp_err_set(TROUPE_E_NO_MEMORY, "no memory to gather %zu answers",
            gather->to_count);
    }
    if (err == TROUPE_OK) {
        err = scatter(self, gathered, gather->timeout_ns, message);
        if (err != TROUPE_OK) {
            destroy(self, gathered);
        }
    }
    tp_post_free(self, message);
    return err;
}

/* ---- reading ------------------------------------------------------------- */

troupe_err
troupe_gathered_err(const struct troupe_gathered *gathered)
{
    return gathered->err;
}

size_t
troupe_gathered_count(const struct troupe_gathered *gathered)
{
    return gathered->count;
}

size_t
troupe_gathered_replies_count(const struct troupe_gathered *gathered)
{
    return gathered->replies_count;
}

troupe_pid
troupe_gathered_pid(const struct troupe_gathered *gathered, size_t index)
{
    TP_ASSERT(index < gathered->count);
    return gathered->places[index].to;
}

const struct troupe_answer *
troupe_gathered_answer_view(
    const struct troupe_gathered *gathered, size_t index)
{
    TP_ASSERT(index < gathered->count);
    return &gathered->places[index].answer;
}

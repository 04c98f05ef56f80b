/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/probes.h"

#include "actors/outside.h"
#include "actors/portrait.h"
#include "actors/post.h"
#include "actors/waits.h"
#include "base/err.h"
#include "base/memory.h"

enum { BATCH_COUNT = 1024 };

/* ---- the actor's side ---------------------------------------------------- */

struct troupe_message *
tp_probes_make_report(
    struct troupe_self *self, struct troupe_message **probe, size_t bytes)
{
    struct troupe_message *report;

    if (bytes <= TP_PROBES_SHORT_BYTES) {
        report = *probe;
        *probe = NULL;
        return report;
    }
    report = tp_post_block(self, bytes);
    if (report != NULL) {
        report->request = (*probe)->request;
        report->schema = (*probe)->schema;
        report->sender = (*probe)->sender;
        tp_post_free(self, *probe);
        *probe = NULL;
    }
    return report;
}

void
tp_probes_answer(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *probe)
{
    troupe_pid prober = probe->sender;
    struct troupe_message *report =
        probe->err == TP_PROBES_WAITS ? tp_waits_report(self, actor, probe)
                                      : tp_portrait_report(self, actor, probe);

    report->kind = TP_MESSAGE_REPORT;
    if (tp_post(self, prober, &report) != TROUPE_OK) {
        tp_post_free(self, report);
    }
}

/* ---- asking -------------------------------------------------------------- */

struct batch {
    troupe_pid probed[BATCH_COUNT]; /* TROUPE_NO_PID: nobody, or answered */
    uint32_t count;
};

/* Who lived last in that slot; TROUPE_NO_PID: nobody, or a thread. */
static troupe_pid
last_in(struct tp_registry *registry, uint32_t slot)
{
    struct tp_actor *actor = tp_registry_at(registry, slot);
    uint32_t issued = ck_pr_load_32(&actor->issued);

    ck_pr_fence_load(); /* pairs with tp_registry_issue() */
    if (issued == 0 || ck_pr_load_32(&actor->task.bound) == TP_TASK_ELSEWHERE) {
        return TROUPE_NO_PID;
    }
    return (uint64_t)issued << 32 | (uint64_t)registry->runtime_number << 28 |
           slot;
}

static troupe_err
probe(struct troupe_self *self, struct batch *batch,
    enum tp_probes_question question, troupe_pid pid)
{
    struct troupe_message *message = tp_post_block(self, TP_PROBES_SHORT_BYTES);

    if (message == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory to ask actors about themselves");
    }
    message->kind = TP_MESSAGE_PROBE;
    message->err = (uint16_t)question;
    message->request = self->probe;
    message->schema = batch->count;
    if (tp_post(self, pid, &message) != TROUPE_OK) {
        tp_post_free(self, message);
        return TROUPE_OK;
    }
    batch->probed[batch->count++] = pid;
    self->reports_due++;
    return TROUPE_OK;
}

/* What has been reported, and who has not answered. */
static troupe_err
take_reports(struct troupe_self *self, struct batch *batch,
    const struct tp_probes_taker *taker)
{
    troupe_err err = TROUPE_OK;

    while (self->reports != NULL) {
        struct troupe_message *message = self->reports;

        self->reports = message->next;
        batch->probed[message->schema] = TROUPE_NO_PID;
        if (err == TROUPE_OK) {
            err = taker->take(taker->context, &message);
        } else {
            tp_post_free(self, message);
        }
    }
    for (uint32_t i = 0; err == TROUPE_OK && i < batch->count; i++) {
        if (batch->probed[i] != TROUPE_NO_PID) {
            err = taker->miss(taker->context, batch->probed[i]);
        }
    }
    return err;
}

/* Sends a PROBE to the slots from *slot on, as many as fit a batch. */
static troupe_err
send_batch(struct troupe_self *self, struct batch *batch,
    enum tp_probes_question question, uint32_t *slot, uint32_t slots_count)
{
    troupe_err err = TROUPE_OK;

    batch->count = 0;
    self->probe++;
    self->reports_due = 0;
    for (;
         err == TROUPE_OK && *slot < slots_count && batch->count < BATCH_COUNT;
         ++*slot) {
        troupe_pid pid = last_in(&self->runtime->registry, *slot);

        if (pid != TROUPE_NO_PID) {
            err = probe(self, batch, question, pid);
        }
    }
    return err;
}

troupe_err
tp_probes_ask_all(struct troupe_self *self, enum tp_probes_question question,
    uint64_t patience_ns, const struct tp_probes_taker *taker)
{
    uint32_t slots_count = tp_registry_count(&self->runtime->registry);
    struct batch *batch = tp_memory_alloc(sizeof(*batch));
    uint32_t slot = 0;
    troupe_err err = TROUPE_OK;

    if (batch == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory to ask actors about themselves");
    }
    while (err == TROUPE_OK && slot < slots_count) {
        troupe_err taken;

        err = send_batch(self, batch, question, &slot, slots_count);
        tp_outside_await_reports(self, patience_ns);
        taken = take_reports(self, batch, taker);
        err = err != TROUPE_OK ? err : taken;
    }
    tp_memory_free(batch);
    return err;
}

troupe_err
tp_probes_check(struct troupe_self *self, const char *what)
{
    troupe_err err = tp_outside_check(self);

    if (err != TROUPE_OK) {
        return err;
    }
    if (self->worker != NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "%s() waits for all actors; it is for threads outside", what);
    }
    if (tp_runtime_state_of(self->runtime) == TP_RUNTIME_CREATED) {
        return tp_err_set(
            TROUPE_E_NOT_RUNNING, "the runtime has not been started");
    }
    return TROUPE_OK;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What a body calls: where it waits it leaves its fiber for the turn that runs
 * it (actors/process.h). */
#include "actors/ask.h"
#include "actors/bond.h"
#include "actors/life.h"
#include "actors/process.h"
#include "base/err.h"

#include <string.h>

static struct tp_process *
process_of(const struct troupe_self *self)
{
    return self->actor->extension->process;
}

/* ---- how a wait ends: in the turn, in a handler's place --------------------
 */

void
tp_process_take_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct tp_process *process = process_of(self);

    (void)state, (void)context;
    process->err = troupe_answer_err(answer);
    process->is_due = true;
    if (process->err == TROUPE_OK) {
        process->answer = self->in_hand;
        self->is_kept = true;
    }
}

static void
end_wait(struct troupe_self *self, void *state, uint64_t context)
{
    struct tp_process *process = process_of(self);

    (void)state, (void)context;
    process->timer = TROUPE_NO_TIMER;
    process->err =
        process->wait == TP_PROCESS_SLEEPS ? TROUPE_OK : TROUPE_E_TIMED_OUT;
    process->is_due = true;
}

/* ---- waiting --------------------------------------------------------------
 */

static troupe_err
wait_in(struct tp_process *process, enum tp_process_wait wait)
{
    process->wait = wait;
    process->err = TROUPE_OK;
    process->looked_at = NULL;
    tp_fiber_leave(&process->fiber);
    return process->err;
}

troupe_err
tp_process_require(const struct troupe_self *self, const char *what)
{
    if (self == NULL || self->process == NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "%s waits, so it is for the body of a process", what);
    }
    return TROUPE_OK;
}

troupe_err
tp_process_refuse(const struct troupe_self *self, const char *what)
{
    if (self != NULL && self->process != NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "%s is for handlers: a process waits instead", what);
    }
    return TROUPE_OK;
}

static troupe_err
receive(struct troupe_self *self, const struct troupe_message **message,
    uint64_t timeout_ns)
{
    struct tp_process *process = self->process;
    troupe_err err = TROUPE_OK;

    process->is_polling = timeout_ns == 0;
    if (timeout_ns != 0 && timeout_ns != TROUPE_FOREVER) {
        err = tp_timers_after(self, timeout_ns, end_wait, 0, &process->timer);
    }
    if (err == TROUPE_OK) {
        err = wait_in(process, TP_PROCESS_RECEIVES);
    }
    if (err == TROUPE_E_TIMED_OUT) {
        return tp_err_set(err, "no message has come in time");
    }
    *message = self->in_hand;
    return err;
}

troupe_err
troupe_receive(struct troupe_self *self, const struct troupe_message **message,
    uint64_t timeout_ns)
{
    TP_RUNTIME_CALL();
    troupe_err err = tp_process_require(self, "troupe_receive");

    *message = NULL;
    if (err != TROUPE_OK) {
        return err;
    }
    self->process->wanted_count = 0;
    return receive(self, message, timeout_ns);
}

/* The numbers of the schemas, a list that ends with NULL. */
static troupe_err
want(struct tp_process *process, struct troupe_schema *const *schemas)
{
    uint32_t count = 0;

    for (; schemas[count] != NULL; count++) {
        troupe_err err;

        if (count == TROUPE_RECEIVE_SCHEMAS_MAX) {
            return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
                "a receive of more than %d types", TROUPE_RECEIVE_SCHEMAS_MAX);
        }
        err = troupe_schema_intern(schemas[count]);
        if (err != TROUPE_OK) {
            return err;
        }
        process->wanted[count] = troupe_schema_number(schemas[count]);
    }
    process->wanted_count = count;
    return TROUPE_OK;
}

troupe_err
troupe_receive_listed(struct troupe_self *self,
    struct troupe_schema *const *schemas, const struct troupe_message **message,
    uint64_t timeout_ns)
{
    TP_RUNTIME_CALL();
    troupe_err err = tp_process_require(self, "a receive");

    *message = NULL;
    if (err == TROUPE_OK) {
        err = want(self->process, schemas);
    }
    return err == TROUPE_OK ? receive(self, message, timeout_ns) : err;
}

troupe_err
troupe_sleep(struct troupe_self *self, uint64_t span_ns)
{
    TP_RUNTIME_CALL();
    troupe_err err = tp_process_require(self, "troupe_sleep");

    if (err == TROUPE_OK) {
        err =
            tp_timers_after(self, span_ns, end_wait, 0, &self->process->timer);
    }
    return err == TROUPE_OK ? wait_in(self->process, TP_PROCESS_SLEEPS) : err;
}

troupe_err
tp_process_wait_for_answer(struct troupe_self *self)
{
    struct tp_process *process = self->process;
    troupe_err err;

    troupe_message_release(self, &process->answer);
    err = wait_in(process, TP_PROCESS_ASKS);
    self->answer = process->answer;
    return err == TROUPE_OK
               ? TROUPE_OK
               : tp_err_set(err, "the ask failed: %s", troupe_err_text(err));
}

troupe_err
tp_process_ask(struct troupe_self *self, troupe_pid to, uint64_t timeout_ns,
    struct troupe_message **message)
{
    struct tp_ask_options options = {to, timeout_ns, tp_process_take_answer, 0};
    char cycle[TP_CALL_CYCLE_BYTES];
    uint64_t request;
    troupe_err err;

    if (tp_call_closes_cycle(self, to, cycle)) {
        return tp_err_set(TROUPE_E_CYCLE, "cycle of asks: %s", cycle);
    }
    err = tp_ask_open(self, &options, message, &request);
    return err == TROUPE_OK ? tp_process_wait_for_answer(self) : err;
}

void
tp_process_wait_for_room(
    struct troupe_self *self, troupe_pid to, struct troupe_message *unsent)
{
    struct tp_process *process = self->process;

    process->unsent = unsent;
    process->unsent_to = to;
    (void)wait_in(process, TP_PROCESS_IS_HELD);
    process->unsent = NULL;
    process->wait = TP_PROCESS_RECEIVES;
}

void
tp_process_wait_for_end(struct troupe_self *self)
{
    for (;;) {
        (void)wait_in(self->process, TP_PROCESS_ENDS);
    }
}

/* ---- what a body does with what it has ----------------------------------- */

void
troupe_decline(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    if (tp_process_require(self, "troupe_decline") != TROUPE_OK ||
        self->in_hand == NULL || self->is_kept ||
        !tp_message_is_limited(self->in_hand)) {
        return;
    }
    tp_life_bury(self, self->actor, self->in_hand,
        TROUPE_DEAD_LETTER_NO_HANDLER, TROUPE_E_NO_HANDLER);
    self->in_hand = NULL;
}

bool
troupe_ended_in(
    const struct troupe_message *message, struct troupe_ended *ended)
{
    if (message->kind != TP_MESSAGE_EXIT && message->kind != TP_MESSAGE_DOWN) {
        return false;
    }
    ended->actor = message->sender;
    ended->monitor = message->kind == TP_MESSAGE_DOWN ? message->request : 0;
    ended->why = tp_bond_why(message);
    return true;
}

static void
count_stacks(const struct tp_stack_pool *pool, struct troupe_stacks *stacks)
{
    stacks->marked_count += ck_pr_load_64(&pool->cut_count[TP_STACK_MARKED]);
    stacks->protected_count +=
        ck_pr_load_64(&pool->cut_count[TP_STACK_PROTECTED]);
    stacks->checked_count += ck_pr_load_64(&pool->cut_count[TP_STACK_CHECKED]);
    stacks->taken_count += ck_pr_load_64(&pool->taken_count);
}

static void
count_stacks_of_own_threads(
    struct tp_own_threads *own, struct troupe_stacks *stacks)
{
    pthread_mutex_lock(&own->mutex);
    for (unsigned i = 0; i < own->count; i++) {
        if (own->threads[i].self != NULL) {
            count_stacks(&own->threads[i].self->stacks, stacks);
        }
    }
    pthread_mutex_unlock(&own->mutex);
}

void
troupe_stacks_count(
    struct troupe_runtime *runtime, struct troupe_stacks *stacks)
{
    struct troupe_stacks made = TROUPE_STACKS;
    size_t size = stacks->size < sizeof(made) ? stacks->size : sizeof(made);

    for (unsigned i = 0; i < runtime->scheduler->workers_count; i++) {
        count_stacks(&runtime->workers[i].stacks, &made);
    }
    count_stacks_of_own_threads(&runtime->own_threads, &made);
    memcpy(stacks, &made, size);
    stacks->size = size;
}

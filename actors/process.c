/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/process.h"

#include "actors/bond.h"
#include "actors/crash.h"
#include "actors/io.h"
#include "actors/life.h"
#include "actors/post.h"
#include "base/assert.h"
#include "base/err.h"

#include <signal.h>
#include <string.h>

#if defined(TP_ANNOUNCE_ASAN) || defined(TP_ANNOUNCE_TSAN)
enum { STACK_FACTOR = 4 };
#else
enum { STACK_FACTOR = 1 };
#endif

static const struct troupe_field no_fields[] = {
    {0, TROUPE_TYPE_nothing, "nothing"}};
struct troupe_schema troupe_ended_schema = {"troupe_ended", no_fields, 0, 1, 0};

static struct tp_process *
process_of(const struct tp_actor *actor)
{
    return actor->extension->process;
}

/* ---- making -------------------------------------------------------------- */

troupe_err
tp_process_make(
    struct troupe_self *self, size_t stack_bytes, struct tp_process **process)
{
    size_t bytes = sizeof(struct tp_process);
    struct tp_process *made;

    if (stack_bytes > TROUPE_STACK_BYTES_MAX) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a stack of %zu bytes; the largest has %zu", stack_bytes,
            TROUPE_STACK_BYTES_MAX);
    }
    made = tp_block_take(&self->blocks, tp_block_class_of(bytes), bytes);
    if (made == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a process");
    }
    memset(made, 0, bytes);
    made->stack_bytes =
        stack_bytes != 0 ? stack_bytes : STACK_FACTOR * TROUPE_STACK_BYTES;
    *process = made;
    return TROUPE_OK;
}

void
tp_process_destroy(struct troupe_self *self, struct tp_process **process)
{
    if (*process != NULL) {
        TP_ASSERT((*process)->fiber.stack == NULL);
        tp_block_give(
            &self->blocks, tp_block_class_of(sizeof(**process)), *process);
        *process = NULL;
    }
}

/* ---- the message in hand ------------------------------------------------- */

/* As the end of a handler would. */
static void
put_down(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *message = self->in_hand;
    bool is_kept = self->is_kept;

    self->in_hand = NULL;
    self->is_kept = false;
    if (message == NULL || is_kept) {
        return;
    }
    if (self->has_failed) {
        tp_life_bury(self, actor, message, TROUPE_DEAD_LETTER_FAILED,
            TROUPE_E_ACTOR_FAILED);
    } else if (tp_bond_is_kind(message->kind)) {
        tp_bond_sweep(self, message);
    } else if (message->request != 0) {
        tp_post_refusal(self, &message, TROUPE_E_NO_REPLY);
    } else {
        tp_post_free(self, message);
    }
}

static void
pick_up(struct troupe_self *self, struct tp_process *process)
{
    self->in_hand = process->in_hand;
    self->is_kept = process->is_kept;
    process->in_hand = NULL;
    process->is_kept = false;
}

/* The body waits for something else than the next message. */
static void
set_aside(struct troupe_self *self, struct tp_process *process)
{
    process->in_hand = self->in_hand;
    process->is_kept = self->is_kept && self->in_hand != NULL;
    self->in_hand = NULL;
    self->is_kept = false;
}

/* The actor ends with it in hand. Nobody waits for an answer once the runtime
 * has stopped. */
static void
abandon(struct troupe_self *self, struct troupe_message *message)
{
    if (tp_bond_is_kind(message->kind)) {
        tp_bond_sweep(self, message);
    } else if (message->request != 0 &&
               tp_runtime_state_of(self->runtime) != TP_RUNTIME_STOPPED) {
        tp_post_refusal(self, &message, TROUPE_E_NO_SUCH_ACTOR);
    } else {
        tp_post_free(self, message);
    }
}

/* ---- running ------------------------------------------------------------- */

static void
run_body(void *argument)
{
    struct tp_process *process = argument;
    struct tp_actor *actor = process->self->actor;

    tp_containment_enter();
    actor->table->body(process->self, tp_life_open_state(actor));
    tp_containment_leave();
}

/* What it has run into was nobody's, if no frame has skipped that. */
static void __attribute__((cold)) end_overflown(struct troupe_self *self,
    struct tp_actor *actor, const struct tp_stack *stack)
{
    const struct tp_crash crash = {
        SIGSEGV, (uintptr_t)stack->low - 1, stack->bytes};

    tp_crash_report(self, &crash);
    actor->flags &= (uint16_t)~TP_ACTOR_IS_STOPPING;
    tp_exit_release(self, &self->exit);
    tp_life_finish(self, actor, tp_crash_exit(self, &crash));
    self->is_sudden = true;
    self->has_failed = true;
}

static void
look_at_stack(struct troupe_self *self, struct tp_actor *actor)
{
    const struct tp_stack *stack = process_of(actor)->fiber.stack;

    if (__builtin_expect(stack->guard == TP_STACK_CHECKED, 0) &&
        !tp_stack_is_intact(stack)) {
        end_overflown(self, actor, stack);
    }
}

/* The body has returned. A socket may have to be written out first. */
static void
end_body(struct troupe_self *self, struct tp_actor *actor)
{
    if (tp_io_is_in(actor->extension)) {
        process_of(actor)->wait = TP_PROCESS_ENDS;
        self->runtime->io->close(self, actor);
    } else {
        tp_life_finish(
            self, actor, (struct tp_exit){.kind = TROUPE_EXIT_NORMAL});
    }
}

/* The body has gone as far as it could for now. */
static void
pause_body(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_process *process = process_of(actor);
    bool is_over = tp_fiber_is_over(&process->fiber);

    if (!is_over && process->wait == TP_PROCESS_RECEIVES &&
        tp_io_is_in(actor->extension)) {
        self->runtime->io->wait(self, actor);
    }
    if (self->chain.newest != NULL) {
        tp_post_flush(self);
    }
    if (is_over || self->has_failed || process->wait == TP_PROCESS_RECEIVES) {
        put_down(self, actor);
    } else {
        set_aside(self, process);
    }
    self->has_failed = false;
    if (process->wait == TP_PROCESS_ASKS) {
        self->congested = NULL; /* it waits for the answer anyway */
    }
    if (is_over) {
        end_body(self, actor);
    }
}

static void
run(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_process *process = process_of(actor);

    pick_up(self, process);
    process->is_due = false;
    self->process = process;
    (void)tp_life_open_state(actor);
    tp_fiber_enter(&process->fiber);
    look_at_stack(self, actor);
    self->process = NULL;
    pause_body(self, actor);
}

void
tp_process_go_on(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_process *process = process_of(actor);

    if (process->timer != TROUPE_NO_TIMER) {
        (void)troupe_timer_cancel(self, &process->timer);
    }
    run(self, actor);
}

/* ---- its lives ----------------------------------------------------------- */

static const char *
guard_text(enum tp_stack_guard guard)
{
    switch (guard) {
    case TP_STACK_MARKED:
        return "guarded by MADV_GUARD_INSTALL";
    case TP_STACK_PROTECTED:
        return "guarded by mprotect()";
    case TP_STACK_CHECKED:
    case TP_STACK_GUARDS_COUNT:
        break;
    }
    return "not guarded, but looked at when their actors wait";
}

/* The first of its kind on this worker. */
static void
note_guard(struct troupe_self *self, enum tp_stack_guard guard)
{
    if ((self->guards_noted & 1u << guard) == 0) {
        self->guards_noted |= 1u << guard;
        tp_log_write(&self->runtime->log, TROUPE_LOG_INFO,
            "worker %u: stacks are %s", self->worker->index, guard_text(guard));
    }
}

/* Unless it was given a place. Its end makes it free (actors/placement.h). */
static void
bind(struct tp_actor *actor, const struct tp_worker *worker)
{
    if (actor->task.bound == TP_TASK_ANYWHERE) {
        ck_pr_store_32(&actor->task.bound, 1 + worker->index);
    }
}

void
tp_process_begin(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_process *process = process_of(actor);
    struct tp_stack *stack = tp_stack_take(&self->stacks, process->stack_bytes);

    if (stack == NULL) {
        tp_life_fail(self, actor, 0, "no memory for a stack of %zu bytes",
            process->stack_bytes);
        return;
    }
    note_guard(self, stack->guard);
    bind(actor, self->worker);
    process->self = self;
    tp_fiber_begin(&process->fiber, stack, run_body, process);
    run(self, actor);
}

void
tp_process_end(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_process *process = process_of(actor);
    struct tp_stack *stack = process->fiber.stack;
    size_t stack_bytes = process->stack_bytes;

    if (stack != NULL) {
        tp_fiber_end(&process->fiber);
        tp_stack_give(&self->stacks, stack);
    }
    if (process->in_hand != NULL && !process->is_kept) {
        abandon(self, process->in_hand);
    }
    if (process->unsent != NULL) {
        tp_post_dead(self, &process->unsent, process->unsent_to,
            TROUPE_DEAD_LETTER_REFUSED, TROUPE_E_ACTOR_FAILED);
    }
    troupe_message_release(self, &process->answer);
    *process = (struct tp_process){.stack_bytes = stack_bytes};
}

size_t
tp_process_escape(struct troupe_self *self, const void *address)
{
    struct tp_process *process = self->process;

    if (process == NULL) {
        return 0;
    }
    tp_fiber_escape(&process->fiber);
    return tp_stack_guards(process->fiber.stack, (uintptr_t)address)
               ? process->fiber.stack->bytes
               : 0;
}

/* ---- looking for what it waits for --------------------------------------- */

static bool
is_wanted(const struct tp_process *process, uint32_t schema)
{
    bool found = process->wanted_count == 0;

    for (uint32_t i = 0; i < process->wanted_count; i++) {
        found |= process->wanted[i] == schema;
    }
    return found && process->wait == TP_PROCESS_RECEIVES;
}

bool
tp_process_wants(const struct tp_actor *actor, uint32_t schema)
{
    const struct tp_process *process = process_of(actor);

    return !process->is_due && is_wanted(process, schema);
}

static bool
is_news(const struct tp_actor *actor, const struct troupe_message *message)
{
    return message->kind == TP_MESSAGE_DOWN ||
           (message->kind == TP_MESSAGE_EXIT && actor->table->exit != NULL);
}

bool
tp_process_takes(
    const struct tp_actor *actor, const struct troupe_message *message)
{
    const struct tp_process *process = process_of(actor);

    if (message->incarnation != troupe_pid_incarnation(actor->pid)) {
        return true;
    }
    if (tp_message_is_limited(message)) {
        return is_wanted(process, message->schema);
    }
    return !is_news(actor, message) ||
           is_wanted(process, troupe_ended_schema.number);
}

static struct troupe_message *
take_first(struct tp_actor *actor, struct troupe_message **looked_at)
{
    struct troupe_message *message =
        *looked_at == NULL ? actor->mailbox.oldest : (*looked_at)->next;

    while (message != NULL && !tp_process_takes(actor, message)) {
        *looked_at = message;
        message = message->next;
    }
    return message == NULL
               ? NULL
               : tp_mailbox_take_behind(&actor->mailbox, *looked_at);
}

/* Nothing is there: the body, which is not to wait, goes on without. */
static struct troupe_message *
take_polled(struct tp_actor *actor, struct tp_process *process)
{
    struct troupe_message *message;

    tp_mailbox_fill(&actor->mailbox, &actor->inbox);
    message = take_first(actor, &process->looked_at);
    if (message == NULL) {
        process->err = TROUPE_E_TIMED_OUT;
        process->is_due = true;
    }
    return message;
}

/* What was looked at may have been dropped, or put aside by an exploration. */
struct troupe_message *
tp_process_take(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_process *process = process_of(actor);
    struct troupe_message *message;

    if ((actor->flags & (TP_ACTOR_STANDS_STILL | TP_ACTOR_IS_STOPPING)) != 0) {
        return NULL;
    }
    if ((actor->flags & TP_ACTOR_DROPS_OLDEST) != 0 ||
        self->worker->simulation != NULL) {
        process->looked_at = NULL;
    }
    message = take_first(actor, &process->looked_at);
    if (message == NULL && process->is_polling &&
        process->wait == TP_PROCESS_RECEIVES) {
        message = take_polled(actor, process);
    }
    return message;
}

/* ---- finding it ---------------------------------------------------------- */

/* In a handler's place, where the message is in hand. */
static void
keep(struct troupe_self *self)
{
    struct tp_process *process = process_of(self->actor);

    process->in_hand = self->in_hand;
    process->is_due = true;
    self->is_kept = true;
}

static void
keep_news(struct troupe_self *self)
{
    self->in_hand->schema = troupe_ended_schema.number;
    keep(self);
}

void
tp_process_receive(
    struct troupe_self *self, void *state, const struct troupe_message *message)
{
    (void)state, (void)message;
    keep(self);
}

void
tp_process_give(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    struct tp_process *process = process_of(actor);

    self->recent[self->handled_count % TP_SELF_RECENT_COUNT] = message->schema;
    self->handled_count++;
    process->in_hand = message;
    process->is_due = true;
}

void
tp_process_receive_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)state, (void)context, (void)down;
    keep_news(self);
}

void
troupe_exit_received(struct troupe_self *self, void *state, troupe_pid actor,
    const struct troupe_exit *why)
{
    (void)state, (void)actor, (void)why;
    if ((self->actor->flags & TP_ACTOR_IS_SEQUENTIAL) != 0) {
        keep_news(self);
    }
}

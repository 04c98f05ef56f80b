/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/actor.h"

#include "actors/answer.h"
#include "actors/bond.h"
#include "actors/crash.h"
#include "actors/isolation.h"
#include "actors/post.h"
#include "actors/runtime.h"
#include "actors/start.h"
#include "actors/waits.h"
#include "base/assert.h"
#include "base/err.h"
#include "scheduler/simulation.h"

static struct tp_actor *
actor_of(struct tp_task *task)
{
    return (struct tp_actor *)(void *)((char *)task -
                                       offsetof(struct tp_actor, task));
}

static bool
is_vacant(const struct tp_actor *actor)
{
    return actor->table == NULL;
}

/* The state, open to the actor's own code until the step is over. */
static void *
state_of(struct tp_actor *actor)
{
    tp_isolation_open_state(actor);
    return (actor->flags & TP_ACTOR_HAS_LARGE_STATE) != 0
               ? actor->state.large->bytes
               : actor->state.bytes;
}

/* ---- limits -------------------------------------------------------------- */

/* What a slot without an occupant takes off by the usual marks does no harm:
 * the mark is cleared sooner. */
static const struct tp_limit_marks *
marks_of(struct troupe_self *self, struct tp_actor *actor)
{
    if (__builtin_expect((actor->flags & TP_ACTOR_IS_EXACT) != 0, 0)) {
        return &tp_profiles_view(&self->runtime->profiles, actor)->marks;
    }
    return &self->runtime->marks;
}

static void
take_off_limit(struct troupe_self *self, struct tp_actor *actor,
    uint64_t messages, uint64_t bytes)
{
    if (tp_limit_subtract(
            &actor->limit, marks_of(self, actor), messages, bytes)) {
        tp_post_resume_paused(self, &actor->limit);
    }
}

/* Takes what has been handled off the limit. */
static void __attribute__((noinline))
settle(struct troupe_self *self, struct tp_actor *actor)
{
    uint64_t messages = actor->unsettled >> TP_ACTOR_UNSETTLED_BITS;
    uint64_t blocks = actor->unsettled & ((1u << TP_ACTOR_UNSETTLED_BITS) - 1);

    actor->unsettled = 0;
    take_off_limit(self, actor, messages, blocks * TP_BLOCK_BYTES_MIN);
}

/* Counts a message as handled, and settles from time to time. */
static inline void
count_handled(struct troupe_self *self, struct tp_actor *actor,
    const struct troupe_message *message)
{
    if (__builtin_expect(message->size_class == TP_BLOCK_CLASS_LARGE, 0)) {
        take_off_limit(self, actor, 1, tp_post_bytes_of(message));
        return;
    }
    actor->unsettled +=
        (1u << TP_ACTOR_UNSETTLED_BITS) + (1u << message->size_class);
    if (__builtin_expect(actor->unsettled >= self->settle_max ||
                             (actor->flags & TP_ACTOR_IS_EXACT) != 0,
            0)) {
        settle(self, actor);
    }
}

/* Whatever the inbox still holds is counted too, and is newer. */
static void
drop_oldest(struct troupe_self *self, struct tp_actor *actor)
{
    const struct tp_limit_marks *marks = marks_of(self, actor);
    struct troupe_message **place = &actor->mailbox.oldest;
    struct troupe_message *message;

    while (
        tp_limit_is_exceeded(&actor->limit, marks) &&
        (message = tp_mailbox_take_limited(&actor->mailbox, &place)) != NULL) {
        take_off_limit(self, actor, 1, tp_post_bytes_of(message));
        tp_post_dead(self, &message, actor->pid, TROUPE_DEAD_LETTER_DROPPED,
            TROUPE_E_MAILBOX_FULL);
    }
}

/* What is special about an occupant whose slot has this profile. */
static uint16_t
flags_of_profile(struct troupe_self *self, struct tp_actor *actor)
{
    const struct tp_profile *profile =
        tp_profiles_view(&self->runtime->profiles, actor);

    if (tp_profile_is_usual(actor)) {
        return 0;
    }
    return profile->policy == TROUPE_MAILBOX_DROP_OLDEST
               ? TP_ACTOR_IS_EXACT | TP_ACTOR_DROPS_OLDEST
               : TP_ACTOR_IS_EXACT;
}

/*
 * Pauses the actor on the one that its handler has congested. Without memory
 * for the note it is not paused: the hard mark holds.
 */
static void
pause_on_congested(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_actor *target = self->congested;
    struct troupe_message *resume;

    self->congested = NULL;
    if (tp_limit_is_congested(&actor->limit)) {
        return;
    }
    resume = tp_post_block(self, 0);
    if (resume == NULL) {
        return;
    }
    resume->kind = TP_MESSAGE_RESUME;
    resume->sender = self->pid;
    resume->incarnation = troupe_pid_incarnation(self->pid);
    actor->flags |= TP_ACTOR_IS_PAUSED;
    if (!tp_limit_pause(&target->limit, &resume)) {
        tp_post_resume_paused(self, &target->limit);
    }
}

/* ---- birth and death ----------------------------------------------------- */

/* Takes message. */
static void
install(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    struct tp_start *start = tp_start_of(message);

    TP_ASSERT(is_vacant(actor));
    actor->table = start->table;
    actor->pid =
        tp_registry_pid(&self->runtime->registry, actor, message->incarnation);
    actor->flags = message->err;
    actor->flags |= flags_of_profile(self, actor);
    actor->state = start->state;
    actor->extension = tp_start_extension(message);
    self->pid = actor->pid;
    tp_post_free(self, message); /* before: a crash would lose it */
    if (actor->table->start != NULL) {
        tp_containment_enter();
        actor->table->start(self, state_of(actor));
        tp_containment_leave();
    }
    tp_isolation_close_state(actor);
}

void
tp_actor_end(
    struct troupe_self *self, struct tp_actor *actor, struct tp_exit why)
{
    if ((actor->flags & TP_ACTOR_IS_STOPPING) != 0) {
        tp_exit_release(self, &why);
        return;
    }
    actor->flags |= TP_ACTOR_IS_STOPPING;
    self->exit = why;
}

static void
end_by(struct troupe_self *self, struct tp_actor *actor,
    enum troupe_exit_kind kind)
{
    self->is_sudden = kind == TROUPE_EXIT_KILLED;
    tp_actor_end(self, actor, (struct tp_exit){.kind = (uint8_t)kind});
}

static void
run_stop_handler(struct troupe_self *self, struct tp_actor *actor)
{
    if (actor->table->stop != NULL && !self->is_sudden) {
        struct troupe_exit why = tp_exit_view(&self->exit);

        tp_containment_enter();
        actor->table->stop(self, state_of(actor), &why);
        tp_containment_leave();
    }
}

static void
free_extension(struct troupe_self *self, struct tp_actor *actor)
{
    if (actor->extension == NULL) {
        return;
    }
    tp_timers_cancel_all(self, &actor->extension->timers);
    tp_answer_abandon_all(self, actor);
    if (tp_runtime_state_of(self->runtime) == TP_RUNTIME_STOPPED) {
        tp_bond_release_all(self, &actor->extension->bonds);
    } else {
        tp_bond_part_all(self, actor);
    }
    tp_extension_destroy(self, &actor->extension);
}

/* The occupant ends, by self->exit: what its mailbox still holds are dead
 * letters. */
static void
vacate(struct troupe_self *self, struct tp_actor *actor)
{
    run_stop_handler(self, actor);
    free_extension(self, actor);
    tp_isolation_release_state(actor);
    if ((actor->flags & TP_ACTOR_HAS_LARGE_STATE) != 0) {
        tp_state_free(self, actor->state.large);
    }
    actor->table = NULL;
    actor->pid = TROUPE_NO_PID;
    actor->flags = TP_ACTOR_IS_LEAVING;
    self->congested = NULL;
    self->is_sudden = false;
    tp_exit_release(self, &self->exit);
    ck_pr_store_64(&self->died_count, self->died_count + 1);
}

static bool __attribute__((cold))
try_leave(struct troupe_self *self, struct tp_actor *actor)
{
    if (actor->unsettled > 0) {
        settle(self, actor);
    }
    actor->flags = 0;
    if (!tp_inbox_try_sleep(&actor->inbox)) {
        actor->flags = TP_ACTOR_IS_LEAVING;
        return false;
    }
    tp_registry_give(&self->runtime->registry, &self->slots, actor);
    return true;
}

/*
 * The run is over. True: the slot is another's from here on. A slot that has
 * been vacated is free as soon as it sleeps.
 */
static bool
try_sleep(struct troupe_self *self, struct tp_actor *actor)
{
    if (__builtin_expect(tp_limit_is_congested(&actor->limit), 0)) {
        settle(self, actor);
    }
    if (__builtin_expect((actor->flags & TP_ACTOR_IS_LEAVING) != 0, 0)) {
        return try_leave(self, actor);
    }
    return tp_inbox_try_sleep(&actor->inbox);
}

/* ---- messages ------------------------------------------------------------ */

/* No message has incarnation 0, which is that of a vacant slot. */
static bool
is_for_occupant(
    const struct tp_actor *actor, const struct troupe_message *message)
{
    return message->incarnation == troupe_pid_incarnation(actor->pid);
}

static void
obey(struct troupe_self *self, struct tp_actor *actor,
    enum tp_message_kind command)
{
    if (command == TP_MESSAGE_STOP) {
        end_by(self, actor, TROUPE_EXIT_NORMAL);
    } else if (command == TP_MESSAGE_KILL) {
        end_by(self, actor, TROUPE_EXIT_KILLED);
    } else {
        actor->flags &= (uint16_t)~TP_ACTOR_IS_PAUSED;
    }
}

static void
handle_control(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *message;

    while ((message = tp_mailbox_pop_control(&actor->mailbox)) != NULL) {
        if (message->kind == TP_MESSAGE_PROBE) {
            tp_waits_answer(self, actor, message);
            continue;
        }
        if (message->kind == TP_MESSAGE_START) {
            install(self, actor, message);
            continue;
        }
        if (is_for_occupant(actor, message)) {
            obey(self, actor, (enum tp_message_kind)message->kind);
        }
        tp_post_free(self, message);
    }
}

static void __attribute__((cold)) bury(struct troupe_self *self,
    struct tp_actor *actor, struct troupe_message *message,
    enum troupe_dead_letter_cause cause, troupe_err err)
{
    troupe_pid receiver =
        tp_registry_pid(&self->runtime->registry, actor, message->incarnation);

    tp_post_dead(self, &message, receiver, cause, err);
}

static void
end_undecodable(
    struct troupe_self *self, struct tp_actor *actor, const char *format, ...)
{
    struct tp_exit why = {.kind = TROUPE_EXIT_DECODE};
    va_list arguments;

    va_start(arguments, format);
    tp_exit_print_text(self, &why, format, arguments);
    va_end(arguments);
    tp_actor_end(self, actor, why);
}

static void __attribute__((cold))
bury_undecodable(struct troupe_self *self, struct tp_actor *actor, int fault)
{
    struct troupe_message *message = self->in_hand;

    self->in_hand = NULL;
    (void)troupe_decode_failed(troupe_schema_by_number_view(message->schema),
        message->payload, message->payload + message->payload_size, fault);
    tp_log_write(
        &self->runtime->log, TROUPE_LOG_WARNING, "%s", troupe_err_detail());
    if ((actor->flags & TP_ACTOR_ENDS_ON_DECODE_ERROR) != 0) {
        end_undecodable(self, actor, "%s", troupe_err_detail());
    }
    bury(self, actor, message, TROUPE_DEAD_LETTER_DECODE, TROUPE_E_DECODE);
}

/* The handler has kept the message in hand, or has failed on it. */
static void __attribute__((cold)) put_down_specially(struct troupe_self *self,
    struct tp_actor *actor, struct troupe_message *message)
{
    bool is_kept = self->is_kept;

    self->is_kept = false;
    self->has_failed = false;
    if (!is_kept) {
        bury(self, actor, message, TROUPE_DEAD_LETTER_FAILED,
            TROUPE_E_ACTOR_FAILED);
    }
}

/* Done with the message in hand, unless the handler kept it. */
static void
put_down(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *message = self->in_hand;

    if (self->chain.newest != NULL) {
        tp_post_flush(self);
    }
    self->in_hand = NULL;
    if (__builtin_expect(self->is_kept || self->has_failed, 0)) {
        put_down_specially(self, actor, message);
        return;
    }
    if (__builtin_expect(message->request != 0, 0)) {
        tp_post_refusal(self, &message, TROUPE_E_NO_REPLY);
    } else {
        tp_post_free(self, message);
    }
}

static void
dispatch(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    const struct tp_behaviour_line *line =
        tp_behaviour_find(actor->table, message->schema);

    self->in_hand = message;
    self->recent[self->handled_count % TP_SELF_RECENT_COUNT] = message->schema;
    if (__builtin_expect(line != NULL, 1)) {
        int fault;

        tp_containment_enter();
        fault = line->dispatch(self, state_of(actor), message->payload,
            message->payload + message->payload_size, line->handler);
        tp_containment_leave();
        if (__builtin_expect(fault != 0, 0)) {
            bury_undecodable(self, actor, fault);
            return;
        }
    } else if (actor->table->any != NULL) {
        tp_containment_enter();
        actor->table->any(self, state_of(actor), message);
        tp_containment_leave();
    } else {
        self->in_hand = NULL;
        bury(self, actor, message, TROUPE_DEAD_LETTER_NO_HANDLER,
            TROUPE_E_NO_HANDLER);
        return;
    }
    self->handled_count++;
    put_down(self, actor);
}

static void
drop_uncounted(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    if (message->kind >= TP_MESSAGE_LINK) {
        tp_bond_drop(self, actor, message);
    } else {
        tp_answer_drop(self, actor, message);
    }
}

/* What an actor has asked for: answers, timers, news of others. */
static void
handle_uncounted(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    if (!is_for_occupant(actor, message)) {
        drop_uncounted(self, actor, message);
    } else if (message->kind < TP_MESSAGE_TIMER) {
        tp_answer_handle(self, actor, message, state_of(actor));
    } else if (message->kind == TP_MESSAGE_TIMER) {
        tp_timers_handle(self, actor, message, state_of(actor));
    } else {
        tp_bond_handle(self, actor, message, state_of(actor));
    }
}

/* By the worker's clock, which lags: never too early. */
static bool
is_expired(const struct troupe_self *self, const struct troupe_message *request)
{
    return tp_call_deadline_ns(request) <= self->worker->now_ns;
}

static void
handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    if (__builtin_expect(tp_message_is_limited(message), 1)) {
        count_handled(self, actor, message);
        if (__builtin_expect(!is_for_occupant(actor, message), 0)) {
            settle(self, actor);
            bury(self, actor, message, TROUPE_DEAD_LETTER_NO_SUCH_ACTOR,
                TROUPE_E_NO_SUCH_ACTOR);
            return;
        }
        if (message->kind == TP_MESSAGE_REQUEST && is_expired(self, message)) {
            bury(self, actor, message, TROUPE_DEAD_LETTER_EXPIRED,
                TROUPE_E_TIMED_OUT);
            return;
        }
        dispatch(self, actor, message);
    } else {
        handle_uncounted(self, actor, message);
    }
}

/* ---- the turn ------------------------------------------------------------ */

static void
begin_turn(
    struct troupe_self *self, struct tp_worker *worker, struct tp_actor *actor)
{
    self->actor = actor;
    self->pid = actor->pid;
    self->handled_before_turn = self->handled_count;
    tp_containment.opened = NULL;
    if (__builtin_expect(worker->simulation != NULL, 0)) {
        tp_simulation_note(worker->simulation, actor->index);
    }
    tp_mailbox_fill(&actor->mailbox, &actor->inbox);
}

/* What a flag, a control message or a congested receiver asks for. */
static void __attribute__((cold, noinline))
attend(struct troupe_self *self, struct tp_actor *actor)
{
    if (actor->mailbox.control != NULL) {
        handle_control(self, actor);
    }
    if ((actor->flags & TP_ACTOR_IS_STOPPING) != 0) {
        vacate(self, actor);
    }
    if ((actor->flags & TP_ACTOR_DROPS_OLDEST) != 0) {
        drop_oldest(self, actor);
    }
    if (self->congested != NULL) {
        pause_on_congested(self, actor);
    }
    if ((actor->flags & TP_ACTOR_IS_PAUSED) != 0 &&
        tp_limit_is_congested(&actor->limit)) {
        actor->flags &= (uint16_t)~TP_ACTOR_IS_PAUSED;
    }
}

static bool
needs_attention(const struct troupe_self *self, const struct tp_actor *actor)
{
    return (actor->flags & (TP_ACTOR_ATTENTION - 1)) != 0 ||
           actor->mailbox.control != NULL || self->congested != NULL;
}

/* Handles one message. False: the turn is over. */
static bool
take_step(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *message;

    if (__builtin_expect(needs_attention(self, actor), 0)) {
        attend(self, actor);
    }
    if (__builtin_expect((actor->flags & TP_ACTOR_IS_PAUSED) == 0, 1) &&
        (message = tp_mailbox_pop(&actor->mailbox)) != NULL) {
        handle(self, actor, message);
        tp_isolation_close_state(actor);
        tp_worker_count_handler(self->worker);
        return true;
    }
    if (try_sleep(self, actor)) {
        return false;
    }
    tp_mailbox_fill(&actor->mailbox, &actor->inbox);
    return true;
}

void
tp_actor_run(struct tp_worker *worker, struct tp_task *task)
{
    struct troupe_self *self = worker->local;
    struct tp_actor *actor = actor_of(task);
    unsigned steps_left = tp_worker_quantum(worker);

    begin_turn(self, worker, actor);
    while (take_step(self, actor)) {
        if (--steps_left == 0) {
            /* The last handler's due before another actor's turn begins. */
            if (needs_attention(self, actor)) {
                attend(self, actor);
            }
            tp_worker_yield(worker, task);
            break;
        }
    }
    self->actor = NULL;
}

/* ---- a crash ------------------------------------------------------------- */

/* What nobody will handle any more; the end of an ask is not a letter. */
static void
bury_in_hand(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *message = self->in_hand;

    self->in_hand = NULL;
    self->has_failed = false;
    if (self->is_kept) {
        self->is_kept = false;
        if (message == NULL || !tp_message_is_limited(message)) {
            return; /* it is handed on, or a gathering has it */
        }
        tp_kept_remove(&actor->extension->kept, message);
    }
    if (message == NULL) {
        return;
    }
    if (tp_message_is_limited(message) ||
        (message->kind == TP_MESSAGE_REPLY && message->err == TROUPE_OK)) {
        bury(self, actor, message, TROUPE_DEAD_LETTER_CRASHED,
            TROUPE_E_ACTOR_FAILED);
    } else if (tp_bond_is_kind(message->kind)) {
        tp_bond_sweep(self, message);
    } else {
        tp_post_free(self, message);
    }
}

void
tp_actor_crashed(struct troupe_self *self, const struct tp_crash *crash)
{
    struct tp_actor *actor = self->actor;

    if (self->chain.newest != NULL) {
        tp_post_flush(self);
    }
    tp_crash_report(self, crash);
    troupe_message_release(self, &tp_containment.opened);
    bury_in_hand(self, actor);
    tp_call_release(self, &self->call);
    tp_exit_release(self, &self->exit); /* it may have crashed while it ended */
    self->exit = (struct tp_exit){.kind = TROUPE_EXIT_CRASHED,
        .signal = (uint8_t)crash->signal,
        .address = crash->address};
    self->is_sudden = true;
    vacate(self, actor);
    self->actor = NULL;
    tp_worker_count_handler(self->worker);
    /* Its mail is buried in turns of its own. */
    tp_worker_yield(self->worker, &actor->task);
}

/* ---- the end ------------------------------------------------------------- */

static void
sweep_message(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    if (tp_message_is_limited(message)) {
        message->request = 0; /* nobody waits for an answer any more */
        bury(self, actor, message, TROUPE_DEAD_LETTER_RUNTIME_STOPPED,
            TROUPE_E_NOT_RUNNING);
    } else if (message->kind == TP_MESSAGE_START) {
        tp_start_release(self, message);
    } else if (tp_bond_is_kind(message->kind)) {
        tp_bond_sweep(self, message);
    } else {
        tp_post_free(self, message);
    }
}

struct tp_actor_remains
tp_actor_end_last(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_actor_remains remains = {false, false};

    if (is_vacant(actor)) {
        return remains;
    }
    remains.was_alive = true;
    remains.was_waiting =
        actor->extension != NULL && actor->extension->asks.open_count > 0;
    self->actor = actor;
    self->pid = actor->pid;
    end_by(self, actor, TROUPE_EXIT_SHUTDOWN);
    vacate(self, actor);
    self->actor = NULL;
    return remains;
}

bool
tp_actor_sweep(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *message;
    bool is_unborn = false;

    tp_mailbox_fill(&actor->mailbox, &actor->inbox);
    while ((message = tp_mailbox_pop_control(&actor->mailbox)) != NULL) {
        is_unborn |= message->kind == TP_MESSAGE_START;
        sweep_message(self, actor, message);
    }
    while ((message = tp_mailbox_pop(&actor->mailbox)) != NULL) {
        sweep_message(self, actor, message);
    }
    message = tp_limit_take_paused(&actor->limit);
    while (message != NULL) {
        struct troupe_message *next = message->next;

        tp_post_free(self, message);
        message = next;
    }
    return is_unborn;
}

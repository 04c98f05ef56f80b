/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/actor.h"

#include "actors/answer.h"
#include "actors/bond.h"
#include "actors/child.h"
#include "actors/delayed.h"
#include "actors/forward.h"
#include "actors/idle.h"
#include "actors/io.h"
#include "actors/life.h"
#include "actors/observer.h"
#include "actors/order.h"
#include "actors/pause.h"
#include "actors/post.h"
#include "actors/probes.h"
#include "actors/process.h"
#include "actors/runtime.h"
#include "actors/stash.h"
#include "actors/supervisor.h"
#include "base/assert.h"
#include "base/err.h"
#include "scheduler/simulation.h"

static struct tp_actor *
actor_of(struct tp_task *task)
{
    return (struct tp_actor *)(void *)((char *)task -
                                       offsetof(struct tp_actor, task));
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
    if (__builtin_expect(message->size_class >= TP_BLOCK_CLASS_LARGE, 0)) {
        take_off_limit(self, actor, 1, tp_post_bytes_of(message));
        return;
    }
    actor->unsettled +=
        (1u << TP_ACTOR_UNSETTLED_BITS) + (1u << message->size_class);
    if (__builtin_expect(actor->unsettled >= self->settle_max, 0)) {
        settle(self, actor);
    }
}

static void
sort_mail(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_order_replaced replaced = tp_order_sort(self, actor);

    if (replaced.messages_count > 0) {
        take_off_limit(
            self, actor, replaced.messages_count, replaced.bytes_count);
    }
}

/* *place: see tp_mailbox_take_limited(). */
static struct troupe_message *
take_oldest(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message ***place)
{
    return (actor->flags & TP_ACTOR_ORDERS_MAIL) != 0
               ? tp_order_take_oldest(self, actor)
               : tp_mailbox_take_limited(&actor->mailbox, place);
}

/* Whatever the inbox still holds is counted too, and is newer. */
static void __attribute__((cold, noinline))
drop_oldest(struct troupe_self *self, struct tp_actor *actor)
{
    const struct tp_limit_marks *marks = marks_of(self, actor);
    struct troupe_message **place = &actor->mailbox.oldest;
    struct troupe_message *message;

    while (tp_limit_is_exceeded(&actor->limit, marks) &&
           (message = take_oldest(self, actor, &place)) != NULL) {
        take_off_limit(self, actor, 1, tp_post_bytes_of(message));
        tp_post_dead(self, &message, actor->pid, TROUPE_DEAD_LETTER_DROPPED,
            TROUPE_E_MAILBOX_FULL);
    }
}

/* ---- sleeping -------------------------------------------------------------
 */

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

/* A command to an actor that is there. Takes message. */
static void
obey(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    switch ((enum tp_message_kind)message->kind) {
    case TP_MESSAGE_STOP:
        tp_life_stop(self, actor, (enum troupe_exit_kind)message->err);
        break;
    case TP_MESSAGE_KILL:
        tp_life_kill(self, actor);
        break;
    case TP_MESSAGE_RESUME:
        tp_pause_end(self, actor);
        break;
    case TP_MESSAGE_RELEASE:
        actor->flags &= (uint16_t)~TP_ACTOR_IS_HELD;
        break;
    default:
        tp_child_obey(self, actor, message);
        return;
    }
    tp_post_free(self, message);
}

static void
handle_control(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *message;

    while ((message = tp_mailbox_pop_control(&actor->mailbox)) != NULL) {
        if (message->kind == TP_MESSAGE_PROBE) {
            tp_probes_answer(self, actor, message);
            continue;
        }
        if (message->kind == TP_MESSAGE_START) {
            tp_life_begin(self, actor, message);
        } else if (is_for_occupant(actor, message)) {
            obey(self, actor, message);
        } else {
            tp_child_release(self, message);
        }
    }
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
    tp_life_finish(self, actor, why);
}

static void __attribute__((cold))
bury_undecodable(struct troupe_self *self, struct tp_actor *actor, int fault)
{
    struct troupe_message *message = self->in_hand;
    const uint8_t *payload = tp_message_payload_view(message);

    self->in_hand = NULL;
    (void)troupe_decode_failed(troupe_schema_by_number_view(message->schema),
        payload, payload + message->payload_size, fault);
    tp_log_write(
        &self->runtime->log, TROUPE_LOG_WARNING, "%s", troupe_err_detail());
    if ((actor->flags & TP_ACTOR_ENDS_ON_DECODE_ERROR) != 0) {
        end_undecodable(self, actor, "%s", troupe_err_detail());
    }
    tp_life_bury(
        self, actor, message, TROUPE_DEAD_LETTER_DECODE, TROUPE_E_DECODE);
}

/* The handler has kept the message in hand, put it aside, or failed on it. */
static void __attribute__((cold)) put_down_specially(struct troupe_self *self,
    struct tp_actor *actor, struct troupe_message *message)
{
    bool is_kept = self->is_kept;
    bool is_stashed = self->is_stashed;

    self->is_kept = false;
    self->is_stashed = false;
    self->has_failed = false;
    if (is_stashed) {
        tp_stash_put(self, actor, message);
    } else if (!is_kept) {
        tp_life_bury(self, actor, message, TROUPE_DEAD_LETTER_FAILED,
            TROUPE_E_ACTOR_FAILED);
    }
}

/* Done with the message in hand, unless the handler kept it. One that is still
 * in the inbox is freed when it has left that. */
static inline __attribute__((always_inline)) void
put_down(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *message = self->in_hand;

    if (self->chain.newest != NULL) {
        tp_post_flush(self);
    }
    self->in_hand = NULL;
    if (__builtin_expect(self->is_kept | self->has_failed, 0)) {
        put_down_specially(self, actor, message);
        return;
    }
    if (__builtin_expect(message->request != 0, 0)) {
        tp_post_refusal(self, &message, TROUPE_E_NO_REPLY);
    } else if (self->only == NULL) {
        tp_post_free(self, message);
    }
}

static inline __attribute__((always_inline)) void
run_handler(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, const uint8_t *payload)
{
    const struct tp_behaviour_line *line =
        tp_behaviour_find(actor->table, message->schema);

    self->in_hand = message;
    self->recent[self->handled_count % TP_SELF_RECENT_COUNT] = message->schema;
    if (__builtin_expect(line != NULL, 1)) {
        int fault;

        tp_containment_enter();
        fault = line->dispatch(self, tp_life_open_state(actor), payload,
            payload + message->payload_size, line->handler);
        tp_containment_leave();
        if (__builtin_expect(fault != 0, 0)) {
            bury_undecodable(self, actor, fault);
            return;
        }
    } else if (actor->table->any != NULL) {
        tp_containment_enter();
        actor->table->any(self, tp_life_open_state(actor), message);
        tp_containment_leave();
    } else {
        self->in_hand = NULL;
        tp_life_bury(self, actor, message, TROUPE_DEAD_LETTER_NO_HANDLER,
            TROUPE_E_NO_HANDLER);
        return;
    }
    self->handled_count++;
    put_down(self, actor);
}

static void __attribute__((cold, noinline))
run_observed_handler(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, const uint8_t *payload)
{
    tp_observer_begin(self, message);
    run_handler(self, actor, message, payload);
    tp_observer_end(self);
}

static inline __attribute__((always_inline)) void
dispatch(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, const uint8_t *payload)
{
    if (__builtin_expect(self->is_observed, 0)) {
        run_observed_handler(self, actor, message, payload);
    } else {
        run_handler(self, actor, message, payload);
    }
}

static void
drop_uncounted(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    if (tp_bond_is_kind(message->kind)) {
        tp_bond_drop(self, actor, message);
    } else if (tp_supervisor_is_kind(message->kind)) {
        tp_supervisor_drop(self, message);
    } else if (message->kind == TP_MESSAGE_IO) {
        tp_post_free(self, message);
    } else if (message->kind == TP_MESSAGE_RELAY) {
        tp_forward_relay(self, message);
    } else if (message->kind == TP_MESSAGE_DELAYED) {
        tp_delayed_drop(self, message);
    } else if (tp_directory_is_kind(message->kind)) {
        tp_directory_drop(self, message);
    } else {
        tp_answer_drop(self, actor, message);
    }
}

/* What an actor has asked for: answers, timers, news of others. */
static void __attribute__((noinline)) handle_uncounted(struct troupe_self *self,
    struct tp_actor *actor, struct troupe_message *message)
{
    if (!is_for_occupant(actor, message)) {
        drop_uncounted(self, actor, message);
    } else if (message->kind < TP_MESSAGE_TIMER) {
        tp_answer_handle(self, actor, message, tp_life_open_state(actor));
    } else if (message->kind == TP_MESSAGE_TIMER) {
        tp_timers_handle(self, actor, message, tp_life_open_state(actor));
    } else if (tp_bond_is_kind(message->kind)) {
        tp_bond_handle(self, actor, message, tp_life_open_state(actor));
    } else if (message->kind == TP_MESSAGE_IO) {
        tp_io_handle(self, actor, message);
    } else if (message->kind == TP_MESSAGE_RELAY) {
        tp_forward_relay(self, message);
    } else if (message->kind == TP_MESSAGE_DELAYED) {
        tp_delayed_arm(self, message);
    } else if (tp_directory_is_kind(message->kind)) {
        tp_directory_handle(self, message, tp_life_open_state(actor));
    } else {
        tp_supervisor_handle(self, actor, message, tp_life_open_state(actor));
    }
}

/* By the worker's clock, which lags: never too early. */
static bool
is_expired(const struct troupe_self *self, const struct troupe_message *request)
{
    return tp_call_deadline_ns(request) <= self->worker->now_ns;
}

/* Counts it, and looks whether it is still wanted. Else it is a dead letter. */
static bool
is_to_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    count_handled(self, actor, message);
    if (__builtin_expect(!is_for_occupant(actor, message), 0)) {
        settle(self, actor);
        tp_life_bury(self, actor, message, TROUPE_DEAD_LETTER_NO_SUCH_ACTOR,
            TROUPE_E_NO_SUCH_ACTOR);
        return false;
    }
    return true;
}

static void __attribute__((noinline)) handle_request(struct troupe_self *self,
    struct tp_actor *actor, struct troupe_message *message)
{
    if (!is_to_handle(self, actor, message)) {
        return;
    }
    if (is_expired(self, message)) {
        tp_life_bury(self, actor, message, TROUPE_DEAD_LETTER_EXPIRED,
            TROUPE_E_TIMED_OUT);
        return;
    }
    dispatch(self, actor, message, message->payload);
}

static void __attribute__((noinline)) handle_shared(struct troupe_self *self,
    struct tp_actor *actor, struct troupe_message *message)
{
    if (message->kind == TP_MESSAGE_PLACE) {
        message = tp_order_open(self, actor, message);
    }
    if (is_to_handle(self, actor, message)) {
        dispatch(self, actor, message, tp_message_payload_view(message));
    }
}

static inline __attribute__((always_inline)) void
handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    if (__builtin_expect(message->kind == TP_MESSAGE_TELL, 1)) {
        if (is_to_handle(self, actor, message)) {
            dispatch(self, actor, message, message->payload);
        }
    } else if (message->kind == TP_MESSAGE_REQUEST) {
        handle_request(self, actor, message);
    } else if (message->kind < TP_MESSAGE_REQUEST) {
        handle_shared(self, actor, message);
    } else {
        handle_uncounted(self, actor, message);
    }
}

/* ---- the turn ------------------------------------------------------------ */

static void
begin_turn(
    struct troupe_self *self, struct tp_worker *worker, struct tp_actor *actor)
{
    ck_pr_store_ptr(&self->actor, actor);
    self->pid = actor->pid;
    self->handled_before_turn = self->handled_count;
    self->pushes_count = 0;
    tp_containment.opened = NULL;
    if (__builtin_expect(worker->simulation != NULL, 0)) {
        tp_simulation_note(worker->simulation, actor->index);
        tp_faults_strike(self, actor);
    }
}

/* A suspended actor holds its mail; not what came too late for the life that
 * had the slot before, which others wait to be told of. */
static void
drop_stale(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message **held = &actor->extension->held;
    struct troupe_message *message;

    /* It may have been dropped, or put aside by an exploration. */
    if ((actor->flags & TP_ACTOR_DROPS_OLDEST) != 0 ||
        self->worker->simulation != NULL) {
        *held = NULL;
    }
    while ((message = tp_mailbox_take_stale(&actor->mailbox,
                troupe_pid_incarnation(actor->pid), held)) != NULL) {
        handle(self, actor, message);
    }
}

/* Gives a process what it waits for, and lets its body go on. False: it waits
 * on. True also if what it was given ends it. One that was held up gets first
 * what is no message to its body, or it could be too busy for ever to hear of
 * an end. */
static bool __attribute__((noinline))
step_process(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *message;

    while (!actor->extension->process->is_due &&
           (message = tp_process_take(self, actor)) != NULL) {
        handle(self, actor, message);
    }
    if (!tp_process_is_due(actor)) {
        return (actor->flags & TP_ACTOR_IS_STOPPING) != 0;
    }
    tp_process_go_on(self, actor);
    tp_isolation_close_state(actor);
    tp_worker_count_handler(self->worker);
    return true;
}

/* What a flag, a control message or a congested receiver asks for. True: there
 * were control messages, which are a step of their own. */
static bool __attribute__((cold, noinline))
attend(struct troupe_self *self, struct tp_actor *actor)
{
    bool is_step = actor->mailbox.control != NULL;

    if ((actor->flags & TP_ACTOR_IS_EXACT) != 0 && actor->unsettled > 0) {
        settle(self, actor);
    }
    if (is_step) {
        handle_control(self, actor);
    }
    if ((actor->flags & TP_ACTOR_IS_STOPPING) != 0) {
        tp_life_end(self, actor);
    }
    if ((actor->flags & TP_ACTOR_UNSTASHES) != 0) {
        tp_stash_return_due(self, actor);
    }
    if ((actor->flags & TP_ACTOR_ORDERS_MAIL) != 0) {
        sort_mail(self, actor);
    }
    if ((actor->flags & TP_ACTOR_DROPS_OLDEST) != 0) {
        drop_oldest(self, actor);
    }
    if ((actor->flags & TP_ACTOR_IS_SUSPENDED) != 0) {
        drop_stale(self, actor);
    }
    if (self->congested != NULL) {
        tp_pause_on_congested(self, actor);
    }
    if (tp_actor_looks_again(actor) && tp_limit_is_congested(&actor->limit)) {
        tp_pause_end(self, actor);
    }
    if ((actor->flags & TP_ACTOR_WATCHES_IDLE) != 0) {
        tp_idle_note(self, actor);
    }
    return is_step;
}

/* The same before a step, which a process may make, or for which the message is
 * chosen. Not after the last step of a turn: whatever a process did would be
 * left to another actor's. */
static bool __attribute__((cold, noinline))
attend_and_step(struct troupe_self *self, struct tp_actor *actor)
{
    bool is_step = attend(self, actor);

    if ((actor->flags & TP_ACTOR_IS_SEQUENTIAL) != 0) {
        is_step |= step_process(self, actor);
    }
    if (actor->mailbox.control != NULL) {
        return true; /* it has come while mail was sorted */
    }
    if (!is_step && (actor->flags & TP_ACTOR_ORDERS_MAIL) != 0 &&
        (actor->flags & TP_ACTOR_HOLDS_MAIL) == 0) {
        tp_order_choose(actor);
    }
    return is_step;
}

static bool
needs_attention(const struct troupe_self *self, const struct tp_actor *actor)
{
    return (actor->flags & (TP_ACTOR_ATTENTION - 1)) != 0 ||
           actor->mailbox.control != NULL || self->congested != NULL;
}

/* Handles one message, or what control asks for. False: the turn is over. */
static bool
take_step(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *message;

    if (__builtin_expect(needs_attention(self, actor), 0) &&
        attend_and_step(self, actor)) {
        return true;
    }
    if (__builtin_expect((actor->flags & TP_ACTOR_HOLDS_MAIL) == 0, 1) &&
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

/* After a handler. True: the run is over, and the message that was handled
 * where it lay is out of the inbox. */
static inline bool
try_sleep_with(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *only)
{
    return __builtin_expect(!needs_attention(self, actor), 1) &&
           __builtin_expect(!tp_limit_is_congested(&actor->limit), 1) &&
           tp_inbox_try_sleep_with(&actor->inbox, only);
}

/* Handles a message where it lies. False: the turn is over. */
static inline bool
take_only(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *only)
{
    bool is_over;

    TP_ASSERT_SLOW(self->only == NULL);
    self->only = only;
    handle(self, actor, only);
    tp_isolation_close_state(actor);
    tp_worker_count_handler(self->worker);
    if (__builtin_expect(self->only == NULL, 0)) {
        return true;
    }
    is_over = try_sleep_with(self, actor, only);
    if (is_over) {
        self->only = NULL;
    } else {
        tp_life_unlink_only(self, actor);
    }
    tp_post_free(self, only);
    return !is_over;
}

/* As take_step(). Most often there is one message and no more. */
static inline bool
take_first_step(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *only = tp_inbox_peek_only(&actor->inbox);

    if (only != NULL && only->kind == TP_MESSAGE_TELL &&
        actor->mailbox.oldest == NULL && !needs_attention(self, actor)) {
        return take_only(self, actor, only);
    }
    tp_mailbox_fill(&actor->mailbox, &actor->inbox);
    return take_step(self, actor);
}

/* After a quantum, or many pushes. An actor that many others wait for goes on
 * for longer: if each of them had as long a turn, it would never catch up. */
static bool
is_turn_over(const struct troupe_self *self, const struct tp_actor *actor,
    unsigned steps_count)
{
    return self->pushes_count >= TP_ACTOR_TURN_PUSHES_MAX ||
           steps_count >= TP_ACTOR_CONGESTED_STEPS_MAX ||
           self->worker->hands_on || !tp_limit_is_congested(&actor->limit);
}

void
tp_actor_run(struct tp_worker *worker, struct tp_task *task)
{
    struct troupe_self *self = worker->local;
    struct tp_actor *actor = actor_of(task);
    unsigned quantum = tp_worker_quantum(worker);
    unsigned steps_count = 0;
    bool goes_on;

    begin_turn(self, worker, actor);
    goes_on = take_first_step(self, actor);
    while (goes_on) {
        steps_count++;
        if ((steps_count >= quantum ||
                self->pushes_count >= TP_ACTOR_TURN_PUSHES_MAX) &&
            is_turn_over(self, actor, steps_count)) {
            /* The last handler's due before another actor's turn begins. */
            if (needs_attention(self, actor)) {
                (void)attend(self, actor);
            }
            tp_worker_yield(worker, task);
            break;
        }
        goes_on = take_step(self, actor);
    }
    ck_pr_store_ptr(&self->actor, NULL);
}

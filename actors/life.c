/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/life.h"

#include "actors/answer.h"
#include "actors/behaviour_stack.h"
#include "actors/child.h"
#include "actors/crash.h"
#include "actors/delayed.h"
#include "actors/idle.h"
#include "actors/io.h"
#include "actors/observer.h"
#include "actors/order.h"
#include "actors/owned.h"
#include "actors/placement.h"
#include "actors/post.h"
#include "actors/process.h"
#include "actors/start.h"
#include "actors/stash.h"
#include "actors/supervisor.h"
#include "base/assert.h"

/* What an actor keeps from one life to the next. */
enum {
    LASTING = TP_ACTOR_DROPS_OLDEST | TP_ACTOR_IS_EXACT |
              TP_ACTOR_IS_SEQUENTIAL | TP_ACTOR_ENDS_ON_DECODE_ERROR |
              TP_ACTOR_SUPERVISES,
};

static bool
is_vacant(const struct tp_actor *actor)
{
    return actor->table == NULL;
}

void
tp_life_unlink_only(struct troupe_self *self, struct tp_actor *actor)
{
    if (self->only != NULL) {
        tp_mailbox_fill_above(&actor->mailbox, &actor->inbox, self->only);
        self->only = NULL;
    }
}

void
tp_life_bury(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, enum troupe_dead_letter_cause cause,
    troupe_err err)
{
    troupe_pid receiver =
        tp_registry_pid(&self->runtime->registry, actor, message->incarnation);

    if (message == self->only) {
        tp_life_unlink_only(self, actor);
    }
    tp_post_dead(self, &message, receiver, cause, err);
}

/* ---- the beginning ------------------------------------------------------- */

/* What is special about an occupant whose slot has this profile. */
static uint16_t __attribute__((cold, noinline))
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

static void
run_start_handler(
    struct troupe_self *self, struct tp_actor *actor, troupe_pid by)
{
    if (__builtin_expect(self->is_observed, 0)) {
        tp_observer_start(self, actor, by);
    }
    if (actor->table->body != NULL) {
        tp_process_begin(self, actor);
    } else if (actor->table->start != NULL) {
        tp_containment_enter();
        actor->table->start(self, tp_life_open_state(actor));
        tp_containment_leave();
    }
    tp_isolation_close_state(actor);
}

void
tp_life_begin(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    struct tp_start *start = tp_start_of(message);
    troupe_pid spawner;

    TP_ASSERT(is_vacant(actor));
    tp_actor_set_table(actor, start->table);
    actor->pid =
        tp_registry_pid(&self->runtime->registry, actor, message->incarnation);
    actor->flags = message->err;
    actor->flags &= (uint16_t)~TP_ACTOR_ROUTES;
    actor->flags |= flags_of_profile(self, actor);
    actor->state = start->state;
    actor->extension = tp_start_extension(message);
    self->pid = actor->pid;
    spawner = message->sender;
    tp_post_free(self, message); /* before: a crash would lose it */
    if ((actor->flags & TP_ACTOR_IS_NAMED) != 0) {
        actor->flags &= (uint16_t)~TP_ACTOR_IS_NAMED;
        tp_directory_show(self, actor->pid);
    }
    if ((actor->flags & TP_ACTOR_IS_SUSPENDED) == 0) {
        run_start_handler(self, actor, spawner);
        tp_io_begin(self, actor);
    }
}

void
tp_life_begin_again(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    struct tp_start *start = tp_start_of(message);

    TP_ASSERT((actor->flags & TP_ACTOR_IS_SUSPENDED) != 0);
    tp_actor_set_table(actor, start->table);
    actor->state = start->state;
    actor->flags = (uint16_t)((actor->flags & LASTING) | message->err);
    run_start_handler(self, actor, message->sender);
}

/* ---- the end ------------------------------------------------------------- */

void
tp_life_finish(
    struct troupe_self *self, struct tp_actor *actor, struct tp_exit why)
{
    if ((actor->flags & TP_ACTOR_IS_STOPPING) != 0) {
        tp_exit_release(self, &why);
        return;
    }
    actor->flags |= TP_ACTOR_IS_STOPPING;
    self->exit = why;
}

void
tp_life_fail(struct troupe_self *self, struct tp_actor *actor, int code,
    const char *format, ...)
{
    struct tp_exit why = {.kind = TROUPE_EXIT_FAILED, .code = code};
    va_list arguments;

    va_start(arguments, format);
    tp_exit_print_text(self, &why, format, arguments);
    va_end(arguments);
    tp_life_finish(self, actor, why);
}

/* Between two lives there is nothing to stop. */
static void
finish_life_by(struct troupe_self *self, struct tp_actor *actor,
    enum troupe_exit_kind kind)
{
    if ((actor->flags & TP_ACTOR_IS_SUSPENDED) == 0) {
        tp_life_finish(self, actor, (struct tp_exit){.kind = (uint8_t)kind});
    }
}

void
tp_life_stop(struct troupe_self *self, struct tp_actor *actor,
    enum troupe_exit_kind kind)
{
    if ((actor->flags & TP_ACTOR_SUPERVISES) != 0 &&
        (actor->flags & TP_ACTOR_IS_SUSPENDED) == 0) {
        tp_supervisor_stop(self, tp_life_open_state(actor), kind);
        tp_isolation_close_state(actor);
    } else {
        finish_life_by(self, actor, kind);
    }
}

/* Whether it has been decided that the actor ends by a fault. */
static bool
is_failing(struct troupe_self *self, const struct tp_actor *actor)
{
    struct troupe_exit why = tp_exit_view(&self->exit);

    return (actor->flags & TP_ACTOR_IS_STOPPING) != 0 &&
           !troupe_exit_is_orderly(&why);
}

void
tp_life_kill(struct troupe_self *self, struct tp_actor *actor)
{
    if ((actor->flags & TP_ACTOR_IS_SUSPENDED) != 0 || self->is_sudden ||
        is_failing(self, actor)) {
        return;
    }
    actor->flags &= (uint16_t)~TP_ACTOR_IS_STOPPING;
    tp_exit_release(self, &self->exit);
    self->is_sudden = true;
    finish_life_by(self, actor, TROUPE_EXIT_KILLED);
}

static void
run_stop_handler(struct troupe_self *self, struct tp_actor *actor)
{
    if (actor->table->stop != NULL && !self->is_sudden) {
        struct troupe_exit why = tp_exit_view(&self->exit);

        self->is_sudden = true; /* it runs once, whatever it does */
        tp_containment_enter();
        actor->table->stop(self, tp_life_open_state(actor), &why);
        tp_containment_leave();
    }
}

/* The life, by self->exit, but not what others have to do with its pid. */
static void
end_life(struct troupe_self *self, struct tp_actor *actor)
{
    if ((actor->flags & TP_ACTOR_IS_SUSPENDED) != 0) {
        return;
    }
    run_stop_handler(self, actor);
    if (__builtin_expect(self->is_observed, 0)) {
        tp_observer_stop(self, actor);
    }
    if ((actor->flags & TP_ACTOR_SUPERVISES) != 0) {
        tp_supervisor_fini(self, tp_life_open_state(actor));
    }
    if ((actor->flags & TP_ACTOR_IS_SEQUENTIAL) != 0) {
        tp_process_end(self, actor);
    }
    if (actor->extension != NULL) {
        tp_timers_cancel_all(self, &actor->extension->timers);
        tp_io_end(self, actor);
        tp_answer_abandon_all(self, actor);
        tp_owned_free_all(&actor->extension->owned);
        tp_order_end(self, actor);
        tp_behaviour_stack_release(self, actor->extension);
        tp_stash_return_all(self, actor);
        tp_idle_release(self, actor->extension);
    }
    tp_isolation_release_state(actor);
    if ((actor->flags & TP_ACTOR_HAS_LARGE_STATE) != 0) {
        tp_state_free(self, actor->state.large);
    }
    actor->flags &= LASTING | TP_ACTOR_IS_PAUSED | TP_ACTOR_STAYS_PAUSED;
}

static void
free_extension(struct troupe_self *self, struct tp_actor *actor)
{
    if (actor->extension == NULL) {
        return;
    }
    if (actor->extension->token != NULL) {
        tp_post_free(self, actor->extension->token);
        actor->extension->token = NULL;
    }
    if (tp_runtime_state_of(self->runtime) == TP_RUNTIME_STOPPED) {
        tp_bond_release_all(self, &actor->extension->bonds);
    } else {
        tp_bond_part_all(self, actor);
    }
    tp_extension_destroy(self, &actor->extension);
}

/* What the mailbox still holds are dead letters. */
static void
vacate(struct troupe_self *self, struct tp_actor *actor)
{
    end_life(self, actor);
    if (tp_directory_may_have(&self->runtime->directory, actor->pid)) {
        tp_directory_end_slow(self, actor->pid);
    }
    free_extension(self, actor);
    if (ck_pr_load_32(&actor->task.bound) != TP_TASK_ANYWHERE) {
        tp_placement_leave(self, actor);
    }
    tp_actor_set_table(actor, NULL);
    actor->pid = TROUPE_NO_PID;
    actor->flags = TP_ACTOR_IS_LEAVING;
    ck_pr_store_64(&self->died_count, self->died_count + 1);
}

/* What the mailbox holds waits for the next life. */
static void
suspend(struct troupe_self *self, struct tp_actor *actor)
{
    end_life(self, actor);
    if (tp_directory_may_have(&self->runtime->directory, actor->pid)) {
        tp_directory_end_waits_slow(self, actor->pid);
    }
    tp_bond_look_away(self, actor);
    actor->extension->held = NULL;
    actor->flags |= TP_ACTOR_IS_SUSPENDED;
    tp_child_report_end(self, actor);
}

/* Once the runtime has stopped there is nobody to begin another life. */
static bool
may_live_again(struct troupe_self *self, const struct tp_actor *actor)
{
    return actor->extension != NULL && actor->extension->token != NULL &&
           tp_runtime_state_of(self->runtime) != TP_RUNTIME_STOPPED;
}

void
tp_life_end(struct troupe_self *self, struct tp_actor *actor)
{
    if (may_live_again(self, actor)) {
        suspend(self, actor);
    } else {
        vacate(self, actor);
    }
    self->congested = NULL;
    self->is_sudden = false;
    tp_exit_release(self, &self->exit);
}

/* ---- a crash ------------------------------------------------------------- */

/* What nobody will handle any more; the end of an ask is not a letter. */
static void
bury_in_hand(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *message = self->in_hand;

    self->in_hand = NULL;
    self->has_failed = false;
    if (self->is_stashed) {
        self->is_stashed = false; /* it would have been, had it returned */
        self->is_kept = false;
    } else if (self->is_kept) {
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
        tp_life_bury(self, actor, message, TROUPE_DEAD_LETTER_CRASHED,
            TROUPE_E_ACTOR_FAILED);
    } else if (tp_bond_is_kind(message->kind)) {
        tp_bond_sweep(self, message);
    } else {
        tp_post_free(self, message);
    }
}

void
tp_life_crashed(struct troupe_self *self, const struct tp_crash *crash)
{
    struct tp_actor *actor = self->actor;

    if (self->chain.newest != NULL) {
        tp_post_flush(self);
    }
    tp_crash_report(self, crash);
    self->process = NULL;
    troupe_message_release(self, &tp_containment.opened);
    bury_in_hand(self, actor);
    tp_call_release(self, &self->call);
    tp_exit_release(self, &self->exit); /* it may have crashed while it ended */
    self->exit = tp_crash_exit(self, crash);
    self->is_sudden = true;
    tp_life_end(self, actor);
    ck_pr_store_ptr(&self->actor, NULL);
    tp_worker_count_handler(self->worker);
    /* Its mail is buried in turns of its own, or swept. */
    if (tp_runtime_state_of(self->runtime) != TP_RUNTIME_STOPPED) {
        tp_worker_yield(self->worker, &actor->task);
    }
}

/* ---- the end of the runtime -----------------------------------------------
 */

static void
sweep_message(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    if (tp_message_is_limited(message)) {
        message->request = 0; /* nobody waits for an answer any more */
        tp_life_bury(self, actor, message, TROUPE_DEAD_LETTER_RUNTIME_STOPPED,
            TROUPE_E_NOT_RUNNING);
    } else if (message->kind == TP_MESSAGE_START) {
        tp_start_release(self, message);
    } else if (tp_bond_is_kind(message->kind)) {
        tp_bond_sweep(self, message);
    } else if (tp_supervisor_is_kind(message->kind)) {
        tp_supervisor_sweep(self, message);
    } else if (message->kind == TP_MESSAGE_DELAYED) {
        tp_delayed_sweep(self, message);
    } else if (tp_directory_is_kind(message->kind)) {
        tp_directory_drop(self, message);
    } else {
        tp_child_release(self, message);
    }
}

void
tp_life_end_last(struct troupe_self *self, struct tp_actor *actor,
    struct tp_life_remains *remains)
{
    if (is_vacant(actor)) {
        return;
    }
    /* Before: the stop handler may crash. */
    remains->alive_count++;
    remains->waiting_count +=
        actor->extension != NULL && actor->extension->asks.open_count > 0;
    ck_pr_store_ptr(&self->actor, actor);
    self->pid = actor->pid;
    self->handled_before_turn = self->handled_count;
    self->is_sudden = false; /* one that crashed may have left it */
    finish_life_by(self, actor, TROUPE_EXIT_SHUTDOWN);
    vacate(self, actor);
    tp_exit_release(self, &self->exit);
    self->congested = NULL;
    ck_pr_store_ptr(&self->actor, NULL);
}

bool
tp_life_sweep(struct troupe_self *self, struct tp_actor *actor)
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

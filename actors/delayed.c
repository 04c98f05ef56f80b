/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/delayed.h"

#include "actors/outside.h"
#include "actors/post.h"
#include "base/clock.h"
#include "base/err.h"

_Static_assert(offsetof(struct tp_delayed, block) == 0,
    "a block of a delayed tell is one of a timer");

static struct tp_delayed *
of_timeout(struct tp_timeout *timeout)
{
    return (struct tp_delayed *)(void *)timeout;
}

static struct tp_delayed *
of_message(struct troupe_message *message)
{
    return (struct tp_delayed *)(void *)message;
}

static unsigned
size_class(void)
{
    return tp_block_class_of(sizeof(struct tp_delayed));
}

void
tp_delayed_free(struct troupe_self *self, struct tp_timers_block *block)
{
    struct tp_delayed *delayed = (struct tp_delayed *)block;

    if (delayed->message != NULL) {
        tp_post_free(self, delayed->message);
    }
    tp_block_give(&self->blocks, size_class(), delayed);
}

/* The message is gone: the block goes where its name is. */
static void
end(struct troupe_self *self, struct tp_delayed *delayed)
{
    if (delayed->block.timer == TROUPE_NO_TIMER) {
        tp_delayed_free(self, &delayed->block);
    } else {
        tp_timers_send_home(self, &delayed->block, size_class());
    }
}

static void
bury(struct troupe_self *self, struct tp_delayed *delayed,
    enum troupe_dead_letter_cause cause, troupe_err err)
{
    tp_post_dead(self, &delayed->message, delayed->to, cause, err);
    end(self, delayed);
}

/* ---- making -------------------------------------------------------------- */

static struct tp_delayed *
make(struct troupe_self *self, troupe_pid to, uint64_t delay_ns)
{
    struct tp_delayed *made =
        tp_block_take(&self->blocks, size_class(), sizeof(*made));

    if (made != NULL) {
        made->block.owner = self->pid;
        made->block.timer = TROUPE_NO_TIMER;
        made->message = NULL;
        made->to = to;
        made->due_ns = tp_clock_after_ns(troupe_now_ns(self), delay_ns);
    }
    return made;
}

/* A thread's: the receiver is to arm it. */
static void
send_to_receiver(struct troupe_self *self, struct tp_delayed *delayed)
{
    struct troupe_message *message = (struct troupe_message *)(void *)delayed;

    tp_timeout_init_unarmed(&delayed->block.timeout);
    tp_post_init(message, size_class());
    message->kind = TP_MESSAGE_DELAYED;
    message->schema = 0;
    /* Not limited, and to a pid that has been checked: it cannot be refused. */
    tp_post_from(self, self->pid, delayed->to, message);
}

static void
arm(struct troupe_self *self, struct tp_delayed *delayed)
{
    struct tp_timeout *timeout = &delayed->block.timeout;

    if (self->worker == NULL) {
        send_to_receiver(self, delayed);
        return;
    }
    timeout->purpose = TP_MESSAGE_DELAYED;
    tp_worker_add_timeout(
        self->worker, timeout, delayed->due_ns, TP_TIMEOUT_UNAWAITED);
}

static troupe_err
no_memory(void)
{
    return tp_err_set(
        TROUPE_E_NO_MEMORY, "no memory to tell something after a while");
}

/* On an error the message stays the caller's. */
static troupe_err
set(struct troupe_self *self, troupe_pid to, uint64_t delay_ns, uint64_t *timer,
    struct troupe_message *message)
{
    struct tp_delayed *delayed;
    troupe_err err = tp_outside_check(self);

    if (err == TROUPE_OK) {
        err = tp_post_check(self, to);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    if (self->worker == NULL) {
        tp_outside_look(self); /* what has come home makes room */
    }
    delayed = make(self, to, delay_ns);
    if (delayed == NULL) {
        return no_memory();
    }
    if (timer != NULL && !tp_timers_name(self, &delayed->block)) {
        tp_delayed_free(self, &delayed->block);
        return no_memory();
    }
    if (timer != NULL) {
        *timer = delayed->block.timer;
    }
    delayed->message = message;
    arm(self, delayed);
    return TROUPE_OK;
}

troupe_err
troupe_tell_after_closed(struct troupe_self *self, troupe_pid to,
    uint64_t delay_ns, uint64_t *timer, struct troupe_message *message,
    const uint8_t *end_of_payload)
{
    TP_RUNTIME_CALL();
    troupe_err err;

    troupe_message_close(message, end_of_payload);
    message->sender = self->pid;
    err = set(self, to, delay_ns, timer, message);
    if (err != TROUPE_OK) {
        tp_post_dead(self, &message, to, tp_dead_letters_cause_of(err), err);
    }
    return err;
}

/* ---- being on the way ---------------------------------------------------- */

void
tp_delayed_arm(struct troupe_self *self, struct troupe_message *message)
{
    struct tp_delayed *delayed = of_message(message);
    struct tp_timeout *timeout = &delayed->block.timeout;

    timeout->purpose = TP_MESSAGE_DELAYED;
    if (!tp_worker_arm_timeout(
            self->worker, timeout, delayed->due_ns, TP_TIMEOUT_UNAWAITED)) {
        tp_delayed_free(self, &delayed->block);
    }
}

static void
lose(struct troupe_self *self, struct tp_delayed *delayed,
    enum troupe_dead_letter_cause cause, troupe_err err)
{
    if (tp_timeout_expire_unarmed(&delayed->block.timeout)) {
        bury(self, delayed, cause, err);
    } else {
        tp_delayed_free(self, &delayed->block);
    }
}

void
tp_delayed_drop(struct troupe_self *self, struct troupe_message *message)
{
    lose(self, of_message(message), TROUPE_DEAD_LETTER_NO_SUCH_ACTOR,
        TROUPE_E_NO_SUCH_ACTOR);
}

void
tp_delayed_sweep(struct troupe_self *self, struct troupe_message *message)
{
    lose(self, of_message(message), TROUPE_DEAD_LETTER_RUNTIME_STOPPED,
        TROUPE_E_NOT_RUNNING);
}

/* ---- being due ----------------------------------------------------------- */

void
tp_delayed_expire(struct tp_worker *worker, struct tp_timeout *timeout)
{
    struct troupe_self *self = worker->local;
    struct tp_delayed *delayed = of_timeout(timeout);
    troupe_err err = tp_post_on(self, delayed->to, &delayed->message);

    self->congested = NULL; /* there is no handler to be paused after */
    if (err != TROUPE_OK) {
        bury(self, delayed, tp_dead_letters_cause_of(err), err);
    } else {
        end(self, delayed);
    }
}

/* Cancelled, or left when the runtime has stopped. */
void
tp_delayed_release(struct tp_worker *worker, struct tp_timeout *timeout)
{
    struct troupe_self *self = worker->local;
    struct tp_delayed *delayed = of_timeout(timeout);

    if (ck_pr_load_32(&timeout->state) == TP_TIMEOUT_CANCELLED) {
        tp_delayed_free(self, &delayed->block);
    } else {
        bury(self, delayed, TROUPE_DEAD_LETTER_RUNTIME_STOPPED,
            TROUPE_E_NOT_RUNNING);
    }
}

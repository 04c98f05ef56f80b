/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/idle.h"

#include "actors/actor.h"
#include "actors/containment.h"
#include "actors/process.h"
#include "actors/runtime.h"
#include "base/err.h"

_Static_assert(sizeof(struct tp_idle) <= TP_BLOCK_BYTES_MIN,
    "a watch takes one cache line");

static unsigned
size_class(void)
{
    return tp_block_class_of(sizeof(struct tp_idle));
}

void
tp_idle_release(struct troupe_self *self, struct tp_extension *extension)
{
    if (extension->idle != NULL) {
        tp_block_give(&self->blocks, size_class(), extension->idle);
        extension->idle = NULL;
    }
}

/* ---- looking ------------------------------------------------------------- */

/* A tell, a request, or what comes of an ask. */
static bool
counts(const struct troupe_message *message)
{
    return message->kind <= TP_MESSAGE_EXPIRED;
}

/* Not the worker's time, which may be that of before a long handler. */
static uint64_t
now_ns(const struct troupe_self *self)
{
    return tp_clock_now_ns(&self->runtime->scheduler->clock);
}

void
tp_idle_note(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_idle *idle = actor->extension->idle;

    if (idle->is_about_to_handle) {
        idle->last_ns = now_ns(self);
    }
    idle->is_about_to_handle =
        actor->mailbox.oldest != NULL && counts(actor->mailbox.oldest);
}

static bool
has_any_that_counts(const struct troupe_message *list)
{
    while (list != NULL && !counts(list)) {
        list = list->next;
    }
    return list != NULL;
}

static bool
has_mail(struct tp_actor *actor)
{
    return has_any_that_counts(actor->mailbox.oldest) ||
           has_any_that_counts(tp_inbox_peek(&actor->inbox));
}

/* The runtime's own code, where user code is expected. */
static void
look(struct troupe_self *self, void *state, uint64_t context)
{
    struct tp_idle *idle = self->actor->extension->idle;
    uint64_t at_ns = now_ns(self);
    uint64_t since_ns = has_mail(self->actor) ? at_ns : idle->last_ns;

    (void)context;
    tp_containment_leave();
    if (at_ns - since_ns < idle->idle_ns) {
        tp_timers_begin_anew(self->actor, idle->beat, since_ns);
        return;
    }
    tp_timers_begin_anew(self->actor, idle->beat, at_ns);
    tp_containment_enter();
    idle->then(self, state, idle->context);
    tp_containment_leave();
}

/* ---- asking for it ------------------------------------------------------- */

static bool
is_handler(const struct troupe_self *self)
{
    return self != NULL && self->worker != NULL && self->actor != NULL;
}

static troupe_err
check(const struct troupe_self *self, uint64_t idle_ns,
    troupe_timer_handler *then)
{
    if (!is_handler(self)) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "only an actor is idle: troupe_when_idle() is for handlers");
    }
    if (idle_ns == 0 || then == NULL) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "to be told of being idle takes a time of at least 1 ns and a "
            "function to run");
    }
    return tp_process_refuse(self, "troupe_when_idle");
}

/* The actor's, made if it has none, with no beat. NULL: there is no memory. */
static struct tp_idle *
get(struct troupe_self *self)
{
    struct tp_extension *extension = tp_extension_get(self, self->actor);

    if (extension == NULL) {
        return NULL;
    }
    if (extension->idle == NULL) {
        extension->idle =
            tp_block_take(&self->blocks, size_class(), sizeof(struct tp_idle));
        if (extension->idle != NULL) {
            extension->idle->beat = TROUPE_NO_TIMER;
        }
    }
    return extension->idle;
}

troupe_err
troupe_when_idle(struct troupe_self *self, uint64_t idle_ns,
    troupe_timer_handler *then, uint64_t context)
{
    TP_RUNTIME_CALL();
    troupe_timer beat = TROUPE_NO_TIMER;
    troupe_err err = check(self, idle_ns, then);
    struct tp_idle *idle;

    if (err != TROUPE_OK) {
        return err;
    }
    idle = get(self);
    if (idle == NULL ||
        troupe_every(self, idle_ns, look, 0, &beat) != TROUPE_OK) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory to watch for being idle");
    }
    (void)troupe_timer_cancel(self, &idle->beat);
    *idle = (struct tp_idle){
        .beat = beat,
        .then = then,
        .context = context,
        .idle_ns = idle_ns,
        .last_ns = now_ns(self),
        .is_about_to_handle = true,
    };
    self->actor->flags |= TP_ACTOR_WATCHES_IDLE;
    return TROUPE_OK;
}

bool
troupe_idle_cancel(struct troupe_self *self)
{
    TP_RUNTIME_CALL();

    if (!is_handler(self) ||
        (self->actor->flags & TP_ACTOR_WATCHES_IDLE) == 0) {
        return false;
    }
    self->actor->flags &= (uint16_t)~TP_ACTOR_WATCHES_IDLE;
    (void)troupe_timer_cancel(self, &self->actor->extension->idle->beat);
    tp_idle_release(self, self->actor->extension);
    return true;
}

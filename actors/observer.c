/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/observer.h"

#include "actors/exit.h"
#include "actors/post.h"
#include "actors/runtime.h"
#include "base/err.h"
#include "mailbox/schema.h"

const char *
troupe_observed_kind_name(enum troupe_observed_kind kind)
{
    switch (kind) {
#define X(name, text)                                                          \
    case TROUPE_OBSERVED_##name:                                               \
        return text;
        TROUPE_OBSERVED_MAP(X)
#undef X
    }
    return "unknown";
}

/* ---- setting up ---------------------------------------------------------- */

troupe_err
tp_observer_check(const struct troupe_observer *observer)
{
    for (; observer != NULL; observer = observer->next) {
        if (observer->size != sizeof(*observer)) {
            return tp_err_set(TROUPE_E_ABI_MISMATCH,
                "an observer of %zu bytes, this library knows %zu: make it by "
                "TROUPE_OBSERVER",
                observer->size, sizeof(*observer));
        }
    }
    return TROUPE_OK;
}

void
tp_observer_watch(struct troupe_self *self)
{
    self->is_observed = self->runtime->observer != NULL;
    self->unobserved_class_max = self->chained_class_max;
    if (self->is_observed) {
        self->chained_class_max = 0;
    }
}

/* Calls that function of each observer that has it. */
#define TELL(self, function, ...)                                              \
    do {                                                                       \
        for (const struct troupe_observer *observer_ =                         \
                 (self)->runtime->observer;                                    \
             observer_ != NULL; observer_ = observer_->next) {                 \
            if (observer_->function != NULL) {                                 \
                observer_->function(observer_->context, __VA_ARGS__);          \
            }                                                                  \
        }                                                                      \
    } while (0)

static uint64_t
now_ns(const struct troupe_self *self)
{
    return tp_clock_now_ns(&self->runtime->scheduler->clock);
}

static uint32_t
worker_of(const struct troupe_self *self)
{
    return self->worker == NULL ? TROUPE_NO_WORKER : self->worker->index;
}

/* ---- messages ------------------------------------------------------------ */

/* False: it is the runtime's own affair. */
static bool
find_kind(unsigned kind, enum troupe_observed_kind *observed)
{
    switch ((enum tp_message_kind)kind) {
    case TP_MESSAGE_TELL:
    case TP_MESSAGE_SHARED:
        *observed = TROUPE_OBSERVED_TELL;
        return true;
    case TP_MESSAGE_REQUEST:
        *observed = TROUPE_OBSERVED_REQUEST;
        return true;
    case TP_MESSAGE_REPLY:
        *observed = TROUPE_OBSERVED_REPLY;
        return true;
    case TP_MESSAGE_EXPIRED:
        *observed = TROUPE_OBSERVED_DEADLINE;
        return true;
    case TP_MESSAGE_TIMER:
        *observed = TROUPE_OBSERVED_TIMER;
        return true;
    case TP_MESSAGE_EXIT:
        *observed = TROUPE_OBSERVED_EXIT;
        return true;
    case TP_MESSAGE_DOWN:
        *observed = TROUPE_OBSERVED_DOWN;
        return true;
    case TP_MESSAGE_NAMED:
        *observed = TROUPE_OBSERVED_NAME;
        return true;
    default:
        return false;
    }
}

/* What the runtime sends, not an actor. */
static bool
is_of_nobody(enum troupe_observed_kind kind)
{
    return kind == TROUPE_OBSERVED_DEADLINE || kind == TROUPE_OBSERVED_TIMER ||
           kind == TROUPE_OBSERVED_NAME;
}

static bool
has_payload(const struct troupe_message *message)
{
    return message->kind <= TP_MESSAGE_REPLY &&
           (message->kind != TP_MESSAGE_REPLY || message->err == TROUPE_OK);
}

static const char *
name_of(uint32_t schema, const char *otherwise)
{
    const struct troupe_schema *found = troupe_schema_by_number_view(schema);

    return found == NULL ? otherwise : found->name;
}

/* False: it is not told of. */
static bool
describe(const struct troupe_self *self, const struct troupe_message *message,
    troupe_pid receiver, struct troupe_observed_message *observed)
{
    const char *name;

    *observed = (struct troupe_observed_message){
        .worker = worker_of(self),
        .receiver = receiver,
        .message = message,
    };
    if (!find_kind(message->kind, &observed->kind)) {
        return false;
    }
    name = troupe_observed_kind_name(observed->kind);
    if (!is_of_nobody(observed->kind)) {
        observed->sender = message->sender;
    }
    if (message->kind >= TP_MESSAGE_REQUEST &&
        message->kind <= TP_MESSAGE_EXPIRED) {
        observed->request = message->request;
    }
    if (message->kind <= TP_MESSAGE_EXPIRED) {
        name = name_of(message->schema, name);
    }
    if (has_payload(message)) {
        observed->payload_size = message->payload_size;
    } else if (message->kind == TP_MESSAGE_REPLY) {
        observed->err = (troupe_err)message->err;
    }
    observed->name = name;
    observed->time_ns = now_ns(self);
    return true;
}

void
tp_observer_send(struct troupe_self *self, const struct tp_actor *actor,
    const struct troupe_message *message)
{
    struct troupe_observed_message observed;
    troupe_pid receiver =
        tp_registry_pid(&self->runtime->registry, actor, message->incarnation);

    if (describe(self, message, receiver, &observed) &&
        !is_of_nobody(observed.kind)) {
        TELL(self, send, &observed);
    }
}

void
tp_observer_begin(
    struct troupe_self *self, const struct troupe_message *message)
{
    if (describe(self, message, self->pid, &self->observed)) {
        TELL(self, begin, &self->observed);
    }
}

void
tp_observer_end(struct troupe_self *self)
{
    self->observed.time_ns = now_ns(self);
    self->observed.message = NULL;
    TELL(self, end, &self->observed);
}

void
tp_observer_lose(struct troupe_self *self, const struct tp_dead_letter *letter,
    const struct troupe_message *message)
{
    struct troupe_observed_message observed = {
        .worker = worker_of(self),
        .receiver = letter->receiver,
        .sender = letter->sender,
        .name = name_of(letter->schema, "?"),
        .payload_size = (uint32_t)letter->payload_size,
        .time_ns = now_ns(self),
    };

    if (message != NULL) {
        (void)describe(self, message, letter->receiver, &observed);
    }
    TELL(self, lose, &observed, letter->cause);
}

/* ---- actors -------------------------------------------------------------- */

static struct troupe_observed_actor
describe_actor(const struct troupe_self *self, const struct tp_actor *actor)
{
    return (struct troupe_observed_actor){
        .time_ns = now_ns(self),
        .worker = worker_of(self),
        .actor = actor->pid,
        .behaviour = actor->table->name,
    };
}

void
tp_observer_start(
    struct troupe_self *self, const struct tp_actor *actor, troupe_pid by)
{
    struct troupe_observed_actor observed = describe_actor(self, actor);

    observed.by = by;
    TELL(self, start, &observed);
}

void
tp_observer_stop(struct troupe_self *self, const struct tp_actor *actor)
{
    struct troupe_observed_actor observed = describe_actor(self, actor);
    struct troupe_exit why = tp_exit_view(&self->exit);

    TELL(self, stop, &observed, &why);
}

void
tp_observer_pause(struct troupe_self *self, const struct tp_actor *actor)
{
    struct troupe_observed_actor observed = describe_actor(self, actor);

    observed.on = actor->paused_on;
    TELL(self, pause, &observed);
}

void
tp_observer_resume(struct troupe_self *self, const struct tp_actor *actor)
{
    struct troupe_observed_actor observed = describe_actor(self, actor);

    TELL(self, resume, &observed);
}

/* ---- workers ------------------------------------------------------------- */

void
tp_observer_park(struct tp_worker *worker)
{
    const struct troupe_self *self = worker->local;
    struct troupe_observed_worker observed = {now_ns(self), worker->index};

    TELL(self, park, &observed);
}

void
tp_observer_unpark(struct tp_worker *worker)
{
    const struct troupe_self *self = worker->local;
    struct troupe_observed_worker observed = {now_ns(self), worker->index};

    TELL(self, unpark, &observed);
}

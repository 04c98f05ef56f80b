/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/timers.h"

#include "actors/delayed.h"
#include "actors/extension.h"
#include "actors/outside.h"
#include "actors/post.h"
#include "actors/process.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/memory.h"

_Static_assert(sizeof(struct tp_timers_block) == TP_BLOCK_BYTES_MIN,
    "a timer waits in one cache line");
_Static_assert(
    offsetof(struct tp_timeout, state) >= sizeof(struct troupe_message),
    "the envelope must not touch the timeout's state");

/* ---- the table ----------------------------------------------------------- */

static bool
grow(struct tp_timers *timers)
{
    uint32_t capacity = timers->capacity == 0 ? 2 : 2 * timers->capacity;
    struct tp_timers_entry *items =
        tp_memory_realloc(timers->items, (size_t)capacity * sizeof(*items));

    if (items == NULL) {
        return false;
    }
    for (uint32_t i = capacity; i > timers->capacity; i--) {
        items[i - 1] = (struct tp_timers_entry){.next_free = timers->free};
        timers->free = i;
    }
    timers->items = items;
    timers->capacity = capacity;
    return true;
}

/* Copies *wanted into the table. TROUPE_NO_TIMER: there is no memory. */
static troupe_timer
open_entry(struct tp_timers *timers, const struct tp_timers_entry *wanted)
{
    struct tp_timers_entry *entry;
    uint32_t generation;
    uint32_t place;

    if (timers->free == 0 && !grow(timers)) {
        return TROUPE_NO_TIMER;
    }
    place = timers->free;
    entry = &timers->items[place - 1];
    generation = entry->generation;
    timers->free = entry->next_free;
    timers->open_count++;
    *entry = *wanted;
    entry->generation = generation;
    return (troupe_timer)generation << 32 | place;
}

/* NULL: it is not open (any more). */
static struct tp_timers_entry *
find(struct tp_timers *timers, troupe_timer timer)
{
    uint32_t place = (uint32_t)timer;
    struct tp_timers_entry *entry;

    if (place == 0 || place > timers->capacity) {
        return NULL;
    }
    entry = &timers->items[place - 1];
    return entry->then != NULL && entry->generation == timer >> 32 ? entry
                                                                   : NULL;
}

/* What has no extension has set no timer. */
static struct tp_timers_entry *
find_of(struct tp_actor *actor, troupe_timer timer)
{
    return actor->extension == NULL ? NULL
                                    : find(&actor->extension->timers, timer);
}

static void
close_entry(struct tp_timers *timers, struct tp_timers_entry *entry)
{
    entry->then = NULL;
    entry->generation++;
    entry->next_free = timers->free;
    timers->free = (uint32_t)(entry - timers->items) + 1;
    timers->open_count--;
}

void
tp_timers_fini(struct tp_timers *timers)
{
    TP_ASSERT(timers->open_count == 0);
    tp_memory_free(timers->items);
    *timers = (struct tp_timers){NULL, 0, 0, 0};
}

/* The function of the names of delayed tells, which nobody runs. */
static void
be_sent(struct troupe_self *self, void *state, uint64_t context)
{
    (void)self, (void)state, (void)context;
}

static bool
is_delayed_tell(const struct tp_timers_entry *entry)
{
    return entry->then == be_sent;
}

/* ---- blocks -------------------------------------------------------------- */

static struct tp_timers_block *
take_block(struct troupe_self *self)
{
    size_t bytes = sizeof(struct tp_timers_block);

    return tp_block_take(&self->blocks, tp_block_class_of(bytes), bytes);
}

static void
give_block(struct troupe_self *self, struct tp_timers_block *block)
{
    tp_block_give(&self->blocks, tp_block_class_of(sizeof(*block)), block);
}

/* Puts the entry's block into the wheel of this worker. */
static void
arm(struct troupe_self *self, struct tp_timers_entry *entry,
    enum tp_timeout_awaited awaited)
{
    struct tp_timeout *timeout = &entry->block->timeout;

    timeout->purpose = TP_MESSAGE_TIMER;
    tp_worker_add_timeout(self->worker, timeout, entry->due_ns, awaited);
}

static enum tp_timeout_cancel
cancel_timeout(struct troupe_self *self, struct tp_timeout *timeout)
{
    return self->worker != NULL
               ? tp_worker_cancel_timeout(self->worker, timeout)
               : tp_scheduler_cancel_timeout(self->runtime->scheduler, timeout);
}

/* The entry, an open one, is not to run (again). False: it is a tell, and has
 * been sent. */
static bool
cancel(struct troupe_self *self, struct tp_timers *timers,
    struct tp_timers_entry *entry)
{
    struct tp_timers_block *block = entry->block;
    bool is_tell = is_delayed_tell(entry);
    enum tp_timeout_cancel done;

    close_entry(timers, entry);
    if (block == NULL) {
        return true;
    }
    done = cancel_timeout(self, &block->timeout);
    /* HANDED_ON: the wheel's worker frees it. TOO_LATE: it is a message to this
     * very actor by now, which finds no entry. */
    if (done == TP_TIMEOUT_IS_YOURS && is_tell) {
        tp_delayed_free(self, block);
    } else if (done == TP_TIMEOUT_IS_YOURS) {
        give_block(self, block);
    }
    return !is_tell || done != TP_TIMEOUT_TOO_LATE;
}

void
tp_timers_cancel_all(struct troupe_self *self, struct tp_timers *timers)
{
    for (uint32_t i = 0; timers->open_count > 0; i++) {
        struct tp_timers_entry *entry = &timers->items[i];

        if (entry->then == NULL) {
            continue;
        }
        if (is_delayed_tell(entry)) {
            close_entry(timers, entry);
        } else {
            (void)cancel(self, timers, entry);
        }
    }
}

/* ---- setting ------------------------------------------------------------- */

static troupe_err
check(const struct troupe_self *self, troupe_timer_handler *then)
{
    if (self == NULL || self->worker == NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "timers are for handlers: a thread outside has its own clock");
    }
    if (then == NULL) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a timer without a function to run; give one");
    }
    return TROUPE_OK;
}

/* What a handler may ask for, and a body must not. */
static troupe_err
check_handler(const struct troupe_self *self, troupe_timer_handler *then)
{
    troupe_err err = check(self, then);

    return err == TROUPE_OK ? tp_process_refuse(self, "a timer") : err;
}

/* Opens an entry with a block of its own; NULL leaves nothing behind. */
static struct tp_timers_entry *
open_with_block(struct troupe_self *self, struct tp_timers_entry *wanted)
{
    struct tp_extension *extension = tp_extension_get(self, self->actor);
    troupe_timer timer = TROUPE_NO_TIMER;

    wanted->block = extension == NULL ? NULL : take_block(self);
    if (wanted->block == NULL) {
        return NULL;
    }
    timer = open_entry(&extension->timers, wanted);
    if (timer == TROUPE_NO_TIMER) {
        give_block(self, wanted->block);
        return NULL;
    }
    wanted->block->owner = self->pid;
    wanted->block->timer = timer;
    return find(&extension->timers, timer);
}

bool
tp_timers_name(struct troupe_self *self, struct tp_timers_block *block)
{
    struct tp_extension *extension = tp_extension_get(self, self->actor);
    struct tp_timers_entry wanted = {.then = be_sent, .block = block};

    if (extension != NULL) {
        block->timer = open_entry(&extension->timers, &wanted);
    }
    return block->timer != TROUPE_NO_TIMER;
}

/* Sets what is wanted, to be due after delay_ns. */
static troupe_err
set(struct troupe_self *self, struct tp_timers_entry *wanted, uint64_t delay_ns,
    enum tp_timeout_awaited awaited, troupe_timer *timer)
{
    struct tp_timers_entry *entry;
    troupe_err err = check(self, wanted->then);

    if (err != TROUPE_OK) {
        return err;
    }
    wanted->due_ns =
        tp_clock_after_ns(tp_worker_now_ns(self->worker), delay_ns);
    entry = open_with_block(self, wanted);
    if (entry == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to set a timer");
    }
    if (timer != NULL) {
        *timer = entry->block->timer;
    }
    arm(self, entry, awaited);
    return TROUPE_OK;
}

troupe_err
troupe_after(struct troupe_self *self, uint64_t delay_ns,
    troupe_timer_handler *then, uint64_t context, troupe_timer *timer)
{
    TP_RUNTIME_CALL();
    troupe_err err = check_handler(self, then);

    return err == TROUPE_OK
               ? tp_timers_after(self, delay_ns, then, context, timer)
               : err;
}

troupe_err
tp_timers_after(struct troupe_self *self, uint64_t delay_ns,
    troupe_timer_handler *then, uint64_t context, troupe_timer *timer)
{
    struct tp_timers_entry wanted = {.then = then, .context = context};

    return set(self, &wanted, delay_ns, TP_TIMEOUT_UNAWAITED, timer);
}

troupe_err
tp_timers_after_awaited(struct troupe_self *self, uint64_t delay_ns,
    troupe_timer_handler *then, uint64_t context, troupe_timer *timer)
{
    struct tp_timers_entry wanted = {.then = then, .context = context};

    return set(self, &wanted, delay_ns, TP_TIMEOUT_AWAITED, timer);
}

troupe_err
troupe_every(struct troupe_self *self, uint64_t period_ns,
    troupe_timer_handler *then, uint64_t context, troupe_timer *timer)
{
    TP_RUNTIME_CALL();
    struct tp_timers_entry wanted = {
        .then = then, .context = context, .period_ns = period_ns};
    troupe_err err;

    if (period_ns == 0) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a timer with a period of 0 would never rest; give at least 1 ns");
    }
    err = check_handler(self, then);
    return err == TROUPE_OK
               ? set(self, &wanted, period_ns, TP_TIMEOUT_UNAWAITED, timer)
               : err;
}

bool
troupe_timer_cancel(struct troupe_self *self, troupe_timer *timer)
{
    TP_RUNTIME_CALL();
    struct tp_timers_entry *entry = tp_outside_check(self) != TROUPE_OK
                                        ? NULL
                                        : find_of(self->actor, *timer);

    *timer = TROUPE_NO_TIMER;
    return entry != NULL &&
           cancel(self, &self->actor->extension->timers, entry);
}

/* ---- being due ----------------------------------------------------------- */

static struct troupe_message *
message_of(struct tp_timers_block *block)
{
    return (struct troupe_message *)(void *)block;
}

void
tp_timers_send_home(struct troupe_self *self, struct tp_timers_block *block,
    unsigned size_class)
{
    struct troupe_message *message = message_of(block);

    /* Only the envelope is written: see the header. */
    message->request = 0;
    message->schema = 0;
    message->payload_size = 0;
    message->kind = TP_MESSAGE_TIMER;
    message->size_class = (uint8_t)size_class;
    message->err = TROUPE_OK;
    if (tp_post(self, block->owner, &message) != TROUPE_OK) {
        tp_post_free(self, message);
    }
}

void
tp_timers_expire(struct tp_worker *worker, struct tp_timeout *timeout)
{
    struct tp_timers_block *block = (struct tp_timers_block *)timeout;

    tp_timers_send_home(
        worker->local, block, tp_block_class_of(sizeof(*block)));
}

void
tp_timers_release(struct tp_worker *worker, struct tp_timeout *timeout)
{
    give_block(worker->local, (struct tp_timers_block *)timeout);
}

/* The first time of the entry's rhythm that is still to come. */
static uint64_t
next_due_ns(const struct tp_timers_entry *entry, uint64_t now_ns)
{
    uint64_t late_ns = now_ns > entry->due_ns ? now_ns - entry->due_ns : 0;
    uint64_t missed_count = late_ns / entry->period_ns;

    return tp_clock_after_ns(
        entry->due_ns + missed_count * entry->period_ns, entry->period_ns);
}

void
tp_timers_begin_anew(
    struct tp_actor *actor, troupe_timer timer, uint64_t from_ns)
{
    struct tp_timers_entry *entry = find_of(actor, timer);

    TP_ASSERT(entry != NULL && entry->block == NULL && entry->period_ns > 0);
    entry->due_ns = from_ns;
}

/* A timer has run: the block of a periodic one waits for the next time, unless
 * its function has cancelled it. */
static void
put_down(struct troupe_self *self, struct tp_actor *actor,
    struct tp_timers_block *block)
{
    struct tp_timers_entry *entry = find_of(actor, block->timer);

    if (entry == NULL) {
        give_block(self, block);
        return;
    }
    entry->block = block;
    entry->due_ns = next_due_ns(entry, tp_worker_now_ns(self->worker));
    arm(self, entry, TP_TIMEOUT_UNAWAITED);
}

static void
run(struct troupe_self *self, struct troupe_message *message, void *state,
    const struct tp_timers_entry *entry)
{
    message->sender = TROUPE_NO_PID;
    tp_post_begin_handler(self, message);
    entry->then(self, state, entry->context);
    tp_post_end_handler(self);
}

void
tp_timers_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, void *state)
{
    struct tp_timers_block *block = (struct tp_timers_block *)(void *)message;
    struct tp_timers_entry *entry = find_of(actor, block->timer);
    struct tp_timers_entry copy; /* the table may move while it runs */

    if (entry == NULL || entry->block != block) {
        tp_post_free(self, message);
        return;
    }
    if (is_delayed_tell(entry)) {
        close_entry(&actor->extension->timers, entry);
        tp_post_free(self, message);
        return;
    }
    copy = *entry;
    entry->block = NULL;
    if (entry->period_ns == 0) {
        close_entry(&actor->extension->timers, entry);
    }
    run(self, message, state, &copy);
    put_down(self, actor, block);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/outside.h"

#include "actors/delayed.h"
#include "actors/life.h"
#include "actors/observer.h"
#include "actors/post.h"
#include "actors/supervisor.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/memory.h"
#include "scheduler/simulation.h"

#include <string.h>

/* The longest that a thread is held up by a congested receiver. */
static const uint64_t pause_ns_max = TROUPE_SECONDS(1);

troupe_err
tp_outside_check(struct troupe_self *self)
{
    enum tp_runtime_state state;

    if (self == NULL) {
        return tp_err_set(TROUPE_E_NOT_RUNNING,
            "there is no self: troupe_thread_self() was refused before");
    }
    if (self->worker != NULL) {
        return TROUPE_OK;
    }
    state = tp_runtime_state_of(self->runtime);
    if (state == TP_RUNTIME_CREATED || state == TP_RUNTIME_RUNNING) {
        return TROUPE_OK;
    }
    return tp_err_set(TROUPE_E_NOT_RUNNING,
        state == TP_RUNTIME_FORKED
            ? "the runtime belongs to the parent of this process"
            : "the runtime has been stopped");
}

/* ---- waiting ------------------------------------------------------------- */

/* A delayed tell that it has made has been sent; or an answer is too late. */
static void
drop_own(struct troupe_self *self, struct troupe_message *message)
{
    if (message->kind == TP_MESSAGE_TIMER) {
        tp_timers_handle(self, self->actor, message, NULL);
    } else {
        tp_post_free(self, message);
    }
}

/* What was under way to an actor that had the slot before goes the way that it
 * would have gone there. */
static void
drop(struct troupe_self *self, struct troupe_message *message)
{
    if (message->incarnation == troupe_pid_incarnation(self->pid)) {
        drop_own(self, message);
    } else if (message->kind == TP_MESSAGE_DELAYED) {
        tp_delayed_drop(self, message);
    } else if (tp_message_is_limited(message)) {
        tp_life_bury(self, self->actor, message,
            TROUPE_DEAD_LETTER_NO_SUCH_ACTOR, TROUPE_E_NO_SUCH_ACTOR);
    } else if (tp_bond_is_kind(message->kind)) {
        tp_bond_drop(self, self->actor, message);
    } else if (tp_supervisor_is_kind(message->kind)) {
        tp_supervisor_drop(self, message);
    } else if (tp_directory_is_kind(message->kind)) {
        tp_directory_drop(self, message);
    } else {
        tp_post_free(self, message);
    }
}

static void
sort_one(struct troupe_self *self, struct troupe_message *message)
{
    if (message->kind == TP_MESSAGE_REPORT && self->is_probing &&
        message->request == self->probe) {
        message->next = self->reports;
        self->reports = message;
        self->reports_due--;
        return;
    }
    if (message->kind == TP_MESSAGE_REPLY && self->answer == NULL &&
        message->request == self->request) {
        self->answer = message;
        return;
    }
    if (message->kind == TP_MESSAGE_REPLY && message->err == TROUPE_OK) {
        tp_dead_letters_record_message(
            self, message, self->pid, TROUPE_DEAD_LETTER_LATE_REPLY);
    }
    drop(self, message);
}

void
tp_outside_look(struct troupe_self *self)
{
    struct tp_mailbox *mailbox = &self->actor->mailbox;
    struct troupe_message *message;

    tp_mailbox_fill(mailbox, &self->actor->inbox);
    while ((message = tp_mailbox_pop_control(mailbox)) != NULL) {
        self->is_paused &= message->kind != TP_MESSAGE_RESUME;
        tp_post_free(self, message);
    }
    while ((message = tp_mailbox_pop(mailbox)) != NULL) {
        sort_one(self, message);
    }
}

/* A thread waits for reports, for an answer or to be resumed, not for two of
 * them; the answer to its last ask may still be there when it is paused. */
static bool
is_served(const struct troupe_self *self)
{
    if (self->is_probing) {
        return self->reports_due == 0;
    }
    return self->request != 0 ? self->answer != NULL : !self->is_paused;
}

static uint64_t
now_ns(struct troupe_self *self)
{
    return tp_clock_now_ns(&self->runtime->scheduler->clock);
}

/* One step of waiting. False: the deadline has passed. */
static bool
wait_a_while(struct troupe_self *self, uint64_t deadline_ns)
{
    struct tp_scheduler *scheduler = self->runtime->scheduler;

    if (now_ns(self) >= deadline_ns) {
        return false;
    }
    if (scheduler->simulation != NULL) {
        return tp_simulation_step(scheduler, deadline_ns);
    }
    if (tp_inbox_try_sleep(&self->actor->inbox)) {
        tp_parker_park(&self->parker, deadline_ns);
    }
    return true;
}

/* Until is_served(), the deadline, or the end of the runtime. */
static troupe_err
wait_until_served(struct troupe_self *self, uint64_t deadline_ns)
{
    for (;;) {
        troupe_err err;
        bool is_in_time;

        tp_outside_look(self);
        if (is_served(self)) {
            return TROUPE_OK;
        }
        err = tp_outside_check(self);
        if (err != TROUPE_OK) {
            return err;
        }
        is_in_time = wait_a_while(self, deadline_ns);
        tp_outside_look(self);
        if (is_served(self)) {
            return TROUPE_OK;
        }
        if (!is_in_time) {
            return tp_err_set(TROUPE_E_TIMED_OUT,
                tp_runtime_state_of(self->runtime) == TP_RUNTIME_CREATED
                    ? "the runtime has not been started"
                    : "no answer before the deadline");
        }
    }
}

static uint64_t
deadline_in(struct troupe_self *self, uint64_t span_ns)
{
    return tp_clock_after_ns(now_ns(self), span_ns);
}

void
tp_outside_await_reports(struct troupe_self *self, uint64_t timeout_ns)
{
    self->is_probing = true;
    (void)wait_until_served(self, deadline_in(self, timeout_ns));
    self->is_probing = false;
}

void
tp_outside_pause(struct troupe_self *self)
{
    struct tp_limit *limit = &self->congested->limit;
    struct troupe_message *resume;

    self->congested = NULL;
    /* Before the start nobody would come to resume it. */
    if (tp_runtime_state_of(self->runtime) != TP_RUNTIME_RUNNING) {
        return;
    }
    resume = tp_post_block(self, 0);
    if (resume == NULL) {
        return;
    }
    resume->kind = TP_MESSAGE_RESUME;
    resume->sender = self->pid;
    resume->incarnation = troupe_pid_incarnation(self->pid);
    self->is_paused = true;
    self->request = 0;
    if (!tp_limit_pause(limit, &resume)) {
        tp_post_resume_paused(self, limit);
    }
    (void)wait_until_served(self, deadline_in(self, pause_ns_max));
    self->is_paused = false;
}

static troupe_err
answered(struct troupe_self *self)
{
    troupe_err err = (troupe_err)self->answer->err;

    if (err == TROUPE_OK) {
        return TROUPE_OK;
    }
    troupe_message_release(self, &self->answer);
    return tp_err_set(err, "the ask failed: %s", troupe_err_text(err));
}

/* For troupe_waits_print(). */
static void
show_asked(struct troupe_self *self, troupe_pid to, uint32_t schema,
    uint64_t deadline_ns)
{
    ck_pr_store_64(&self->asked.deadline_ns, deadline_ns);
    ck_pr_store_32(&self->asked.schema, schema);
    ck_pr_store_64(&self->asked.to, to);
}

troupe_err
tp_outside_ask(struct troupe_self *self, troupe_pid to, uint64_t timeout_ns,
    struct troupe_message **message)
{
    uint64_t deadline_ns;
    troupe_err err = tp_outside_check(self);

    if (err != TROUPE_OK) {
        return err;
    }
    deadline_ns = deadline_in(self, timeout_ns);
    err = tp_call_attach(self, message, deadline_ns, NULL);
    if (err != TROUPE_OK) {
        return err;
    }
    troupe_message_release(self, &self->answer);
    self->requests_count++;
    self->request = self->requests_count;
    (*message)->request = self->request;
    show_asked(self, to, (*message)->schema, deadline_ns);
    err = tp_post(self, to, message);
    self->congested = NULL; /* it waits for the answer anyway */
    if (err == TROUPE_OK) {
        err = wait_until_served(self, deadline_ns);
        err = err == TROUPE_OK ? answered(self) : err;
    }
    show_asked(self, TROUPE_NO_PID, 0, 0);
    return err;
}

/* ---- selves -------------------------------------------------------------- */

/* The slot is this thread's, and so is its inbox. */
static void
move_in(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_runtime *runtime = self->runtime;

    actor->parker = &self->parker;
    ck_pr_store_32(&actor->task.bound, TP_TASK_ELSEWHERE);
    ck_pr_store_64(&actor->limit.held,
        TP_LIMIT_CONGESTED | TP_LIMIT_OF(runtime->marks.messages_hard, 0));
    self->pid = tp_registry_issue(&runtime->registry, actor);
    tp_profiles_assign(&runtime->profiles, actor, TP_PROFILE_USUAL);
    actor->pid = self->pid;
    tp_actor_set_table(actor, NULL);
    self->actor = actor;
}

/*
 * A fresh slot, if there is one, so that nothing is under way to an actor that
 * was there before: such mail would wait until the thread looks.
 */
static troupe_err
find_slot(struct troupe_self *self)
{
    struct tp_registry *registry = &self->runtime->registry;
    struct tp_actor *actor;
    troupe_err err = tp_registry_take_fresh(registry, &self->slots, &actor);

    if (err != TROUPE_OK || !tp_inbox_try_occupy(&actor->inbox)) {
        err = tp_registry_take_awake(registry, &self->slots, &actor);
    }
    if (err == TROUPE_OK) {
        move_in(self, actor);
    }
    return err;
}

static struct troupe_self *
make(struct troupe_runtime *runtime)
{
    struct troupe_self *self =
        tp_memory_alloc_aligned(_Alignof(struct troupe_self), sizeof(*self));

    if (self == NULL) {
        (void)tp_err_set(TROUPE_E_NO_MEMORY, "no memory for another thread");
        return NULL;
    }
    memset(self, 0, sizeof(*self));
    self->runtime = runtime;
    tp_block_cache_init(&self->blocks, &runtime->depot);
    tp_parker_init(&self->parker, &tp_parking_futex);
    tp_observer_watch(self);
    if (find_slot(self) != TROUPE_OK) {
        tp_memory_free(self);
        return NULL;
    }
    tp_random_init(
        &self->random, runtime->seed ^ ~(uint64_t)self->actor->index);
    return self;
}

/* A self that nobody uses: one put back, or a new one. With the mutex. */
static struct troupe_self *
take_self(struct troupe_runtime *runtime)
{
    struct troupe_self *self = runtime->outside;

    while (self != NULL && self->is_taken) {
        self = self->next_outside;
    }
    if (self == NULL) {
        self = make(runtime);
        if (self == NULL) {
            return NULL;
        }
        self->next_outside = runtime->outside;
        runtime->outside = self;
    }
    self->is_taken = true;
    return self;
}

void
tp_outside_put_back(void *arg)
{
    struct troupe_self *self = arg;

    pthread_mutex_lock(&self->runtime->outside_mutex);
    self->is_taken = false;
    pthread_mutex_unlock(&self->runtime->outside_mutex);
}

static struct troupe_self *
enter(struct troupe_runtime *runtime)
{
    struct troupe_self *self;

    pthread_mutex_lock(&runtime->outside_mutex);
    self = take_self(runtime);
    pthread_mutex_unlock(&runtime->outside_mutex);
    if (self != NULL && pthread_setspecific(runtime->key, self) != 0) {
        tp_outside_put_back(self);
        (void)tp_err_set(TROUPE_E_NO_MEMORY, "no memory for another thread");
        return NULL;
    }
    return self;
}

struct troupe_self *
troupe_thread_self(struct troupe_runtime *runtime)
{
    TP_RUNTIME_CALL();
    struct troupe_self *self;

    if (tp_runtime_state_of(runtime) > TP_RUNTIME_RUNNING) {
        (void)tp_err_set(
            TROUPE_E_NOT_RUNNING, "the runtime is not running here");
        return NULL;
    }
    if (runtime->is_simulated &&
        !pthread_equal(runtime->creator, pthread_self())) {
        (void)tp_err_set(TROUPE_E_WRONG_THREAD,
            "under simulation only the thread that made the runtime may call");
        return NULL;
    }
    self = pthread_getspecific(runtime->key);
    return self != NULL ? self : enter(runtime);
}

/* What has come home since its slot was swept, and the names of it all. */
static void
empty(struct troupe_self *self)
{
    struct tp_actor *actor = self->actor;
    struct troupe_message *message;

    tp_mailbox_fill(&actor->mailbox, &actor->inbox);
    while ((message = tp_mailbox_pop(&actor->mailbox)) != NULL) {
        tp_post_free(self, message);
    }
    if (actor->extension != NULL) {
        tp_timers_cancel_all(self, &actor->extension->timers);
        tp_extension_destroy(self, &actor->extension);
    }
}

void
tp_outside_destroy_all(struct troupe_runtime *runtime)
{
    struct troupe_self *self = runtime->outside;

    while (self != NULL) {
        struct troupe_self *next = self->next_outside;

        empty(self);
        tp_memory_free(self);
        self = next;
    }
    runtime->outside = NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Ending actors: the public calls. */
#include "actors/actor_text.h"
#include "actors/life.h"
#include "actors/outside.h"
#include "actors/post.h"
#include "base/err.h"

#include <inttypes.h>
#include <stdarg.h>

enum { FAILURES_LOGGED_MAX = 10 };

/* Sends a command to an actor that may be anywhere. */
static troupe_err
command(struct troupe_self *self, troupe_pid actor, enum tp_message_kind kind)
{
    struct troupe_message *message;
    troupe_err err = tp_outside_check(self);

    if (err == TROUPE_OK) {
        err = tp_post_check(self, actor);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    message = tp_post_block(self, 0);
    if (message == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to stop an actor");
    }
    message->kind = (uint8_t)kind;
    err = tp_post(self, actor, &message);
    if (err != TROUPE_OK) {
        tp_post_free(self, message);
    }
    return err;
}

static bool
is_own(struct troupe_self *self, troupe_pid actor)
{
    return self != NULL && self->worker != NULL && self->actor != NULL &&
           actor == self->pid;
}

troupe_err
troupe_stop(struct troupe_self *self, troupe_pid actor)
{
    TP_RUNTIME_CALL();
    if (is_own(self, actor)) {
        tp_life_finish(
            self, self->actor, (struct tp_exit){.kind = TROUPE_EXIT_NORMAL});
        return TROUPE_OK;
    }
    return command(self, actor, TP_MESSAGE_STOP);
}

troupe_err
troupe_kill(struct troupe_self *self, troupe_pid actor)
{
    TP_RUNTIME_CALL();
    if (is_own(self, actor)) {
        tp_life_kill(self, self->actor);
        return TROUPE_OK;
    }
    return command(self, actor, TP_MESSAGE_KILL);
}

/* Each of the first failures, then the tenth part, and so on. */
static void
report(struct troupe_self *self, const struct tp_exit *why)
{
    uint64_t count = ck_pr_faa_64(&self->runtime->failures_count, 1) + 1;
    struct troupe_exit seen = tp_exit_view(why);
    char exit[TROUPE_EXIT_TEXT_MAX + 64];
    char actor[TP_ACTOR_TEXT_BYTES];

    if (count > FAILURES_LOGGED_MAX && !tp_log_is_round(count)) {
        return;
    }
    (void)troupe_exit_print(exit, sizeof(exit), &seen);
    tp_log_write(&self->runtime->log, TROUPE_LOG_WARNING,
        "%s %s (%" PRIu64 " so far)",
        tp_actor_text(self, self->pid, self->actor->table->name, actor), exit,
        count);
}

void
troupe_fail(struct troupe_self *self, int code, const char *format, ...)
{
    TP_RUNTIME_CALL();
    struct tp_exit why = {.kind = TROUPE_EXIT_FAILED, .code = code};
    va_list arguments;

    if (self == NULL || self->worker == NULL || self->actor == NULL ||
        (self->actor->flags & TP_ACTOR_IS_STOPPING) != 0) {
        return;
    }
    va_start(arguments, format);
    tp_exit_print_text(self, &why, format, arguments);
    va_end(arguments);
    self->has_failed =
        self->in_hand != NULL && tp_message_is_limited(self->in_hand);
    report(self, &why);
    tp_life_finish(self, self->actor, why);
}

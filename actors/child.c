/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/child.h"

#include "actors/life.h"
#include "actors/post.h"
#include "actors/start.h"
#include "base/assert.h"

/* To the supervisor, which may be gone, but was there. */
static void
send_home(struct troupe_self *self, struct troupe_message *message,
    enum tp_message_kind kind)
{
    troupe_err err;

    message->kind = (uint8_t)kind;
    err = tp_post(self, message->sender, &message);
    TP_ASSERT(err == TROUPE_OK);
}

/* The token is in its place before the start handler runs, which may crash. */
static void
run(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    TP_ASSERT(actor->extension->token == NULL);
    actor->extension->token = message;
    tp_life_begin_again(self, actor, message);
}

static void
finish(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    struct troupe_message **token = &actor->extension->token;

    if (*token != NULL) {
        tp_post_free(self, *token);
        *token = NULL;
    }
    tp_life_finish(self, actor, *tp_child_exit_of(message));
    tp_post_free(self, message);
}

void
tp_child_obey(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    switch ((enum tp_message_kind)message->kind) {
    case TP_MESSAGE_RUN:
        run(self, actor, message);
        break;
    case TP_MESSAGE_ECHO:
        message->err = (actor->flags &
                           (TP_ACTOR_IS_STOPPING | TP_ACTOR_IS_SUSPENDED)) != 0;
        send_home(self, message, TP_MESSAGE_STARTED);
        break;
    default:
        TP_ASSERT(message->kind == TP_MESSAGE_FINISH);
        finish(self, actor, message);
    }
}

void
tp_child_release(struct troupe_self *self, struct troupe_message *message)
{
    if (message->kind == TP_MESSAGE_RUN && tp_start_is_large(message)) {
        tp_state_free(self, tp_start_of(message)->state.large);
    } else if (message->kind == TP_MESSAGE_FINISH) {
        tp_exit_release(self, tp_child_exit_of(message));
    }
    tp_post_free(self, message);
}

void
tp_child_report_end(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *token = actor->extension->token;

    actor->extension->token = NULL;
    *tp_child_exit_of(token) = tp_exit_share(&self->exit);
    send_home(self, token, TP_MESSAGE_ENDED);
}

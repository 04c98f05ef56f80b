/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/pause.h"

#include "actors/observer.h"
#include "actors/post.h"
#include "actors/profile.h"

/* The exception of mailbox/limit.h: a router, on who is none. */
static bool
stays_paused_on(struct tp_actor *actor, struct tp_actor *target)
{
    return tp_profile_routes(actor) && !tp_profile_routes(target);
}

void
tp_pause_on_congested(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_actor *target = self->congested;
    bool stays = stays_paused_on(actor, target);
    struct troupe_message *resume;

    self->congested = NULL;
    if (tp_limit_is_congested(&actor->limit) && !stays) {
        return;
    }
    resume = tp_post_block(self, 0);
    if (resume == NULL) {
        return;
    }
    resume->kind = TP_MESSAGE_RESUME;
    resume->sender = self->pid;
    resume->incarnation = troupe_pid_incarnation(self->pid);
    actor->flags |=
        stays ? TP_ACTOR_IS_PAUSED | TP_ACTOR_STAYS_PAUSED : TP_ACTOR_IS_PAUSED;
    actor->paused_on = tp_registry_pid(
        &self->runtime->registry, target, ck_pr_load_32(&target->issued));
    if (self->is_observed) {
        tp_observer_pause(self, actor);
    }
    if (!tp_limit_pause(&target->limit, &resume)) {
        tp_post_resume_paused(self, &target->limit);
    }
}

void
tp_pause_end(struct troupe_self *self, struct tp_actor *actor)
{
    bool was_paused = (actor->flags & TP_ACTOR_IS_PAUSED) != 0;

    actor->flags &= (uint16_t) ~(TP_ACTOR_IS_PAUSED | TP_ACTOR_STAYS_PAUSED);
    if (was_paused && self->is_observed) {
        tp_observer_resume(self, actor);
    }
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/faults.h"

#include "actors/actor.h"
#include "actors/life.h"
#include "actors/runtime.h"
#include "base/memory.h"
#include "scheduler/simulation.h"

enum { TURNS_COUNT = 1000 };

void
tp_faults_init(
    struct troupe_runtime *runtime, const struct troupe_options *options)
{
    struct tp_simulation *simulation = runtime->scheduler->simulation;
    const struct troupe_faults *plan = &options->faults;
    struct tp_faults *faults = &runtime->faults;

    tp_random_init(&faults->random, ~options->seed);
    faults->is_reordering = plan->reorder;
    faults->turns_left =
        plan->turns_count > 0 ? plan->turns_count : TURNS_COUNT;
    faults->kills_left = plan->kills_count;
    faults->failures_left = plan->failed_allocations_count;
    faults->has_failures = plan->failed_allocations_count > 0;
    if (plan->reorder) {
        simulation->messages_max = 1;
    }
    if (plan->delay_ns_max > 0) {
        simulation->turn_ns_max = plan->delay_ns_max;
    }
}

void
tp_faults_fini(struct tp_faults *faults)
{
    if (faults->has_failures) {
        tp_memory_fail_at(0);
    }
    *faults = (struct tp_faults){.has_failures = false};
}

/* Whether one of the faults that are left begins in this turn. */
static bool
is_now(struct tp_faults *faults, uint64_t *left)
{
    if (*left == 0 ||
        tp_random_below(&faults->random, faults->turns_left) >= *left) {
        return false;
    }
    --*left;
    return true;
}

static bool
can_be_killed(const struct tp_actor *actor)
{
    return actor->table != NULL && (actor->flags & TP_ACTOR_IS_SUSPENDED) == 0;
}

static void
decide(struct tp_faults *faults)
{
    if (faults->turns_left == 0) {
        return;
    }
    if (is_now(faults, &faults->kills_left)) {
        faults->kills_due++;
    }
    if (is_now(faults, &faults->failures_left)) {
        tp_memory_fail_at(1);
    }
    faults->turns_left--;
}

/* Whether they keep their order: of one sender; or forwarded, perhaps by one
 * actor. */
static bool
go_together(const struct troupe_message *a, const struct troupe_message *b)
{
    bool is_forwarded = tp_message_is_forwarded(a);

    return is_forwarded == tp_message_is_forwarded(b) &&
           (is_forwarded || a->sender == b->sender);
}

/* Whether the message is the oldest of those that it goes together with. */
static bool
is_head(const struct troupe_message *list, const struct troupe_message *message)
{
    while (list != message && !go_together(list, message)) {
        list = list->next;
    }
    return list == message;
}

/* A head among all, each as likely as any other. */
static struct troupe_message *
choose_head(struct tp_faults *faults, struct troupe_message *list)
{
    struct troupe_message *chosen = list;
    uint64_t heads_count = 0;

    for (struct troupe_message *message = list; message != NULL;
         message = message->next) {
        if (is_head(list, message) &&
            tp_random_below(&faults->random, ++heads_count) == 0) {
            chosen = message;
        }
    }
    return chosen;
}

void
tp_faults_strike(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_faults *faults = &self->runtime->faults;

    decide(faults);
    if (faults->kills_due > 0 && can_be_killed(actor)) {
        faults->kills_due--;
        tp_life_kill(self, actor);
    }
    if (!faults->is_reordering || (actor->flags & TP_ACTOR_DROPS_OLDEST) != 0) {
        return;
    }
    tp_mailbox_fill(&actor->mailbox, &actor->inbox);
    if (actor->mailbox.oldest != NULL) {
        tp_mailbox_bring_forward(
            &actor->mailbox, choose_head(faults, actor->mailbox.oldest));
    }
}

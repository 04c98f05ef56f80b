/* SPDX-License-Identifier: BSD-2-Clause */
#include "exploration/replacing.h"

#include "actors/order.h"
#include "actors/post.h"

/* ---- places -------------------------------------------------------------- */

uint64_t
tp_replacing_queue_of(
    const struct tp_choices *choices, const struct troupe_message *message)
{
    for (size_t i = 0; i < choices->placed_count; i++) {
        if (choices->placed[i].message == message) {
            return choices->placed[i].queue;
        }
    }
    return 0;
}

static bool
waits_for(const struct tp_actor *actor, const struct troupe_message *message)
{
    const struct troupe_message *found = actor->mailbox.oldest;

    while (found != NULL && found != message) {
        found = found->next;
    }
    return found != NULL;
}

void
tp_replacing_let_go(struct tp_choices *choices, const struct tp_actor *actor)
{
    size_t kept = 0;

    for (size_t i = 0; i < choices->placed_count; i++) {
        struct tp_choices_placed placed = choices->placed[i];

        if (placed.slot != actor->index || waits_for(actor, placed.message)) {
            choices->placed[kept++] = placed;
        }
    }
    choices->placed_count = kept;
}

static void
note_place(struct tp_choices *choices, const struct tp_actor *actor,
    const struct troupe_message *message, uint64_t queue)
{
    void *placed = choices->placed;

    if (tp_choices_make_room(choices, &placed, choices->placed_count,
            &choices->placed_room, sizeof(choices->placed[0]))) {
        choices->placed = placed;
        choices->placed[choices->placed_count++] =
            (struct tp_choices_placed){actor->index, message, queue};
    }
}

/* ---- what may replace what ----------------------------------------------- */

/* NULL: the actor wants each such message. */
static const struct tp_behaviour_mark *
mark_of(const struct tp_actor *actor, const struct troupe_message *message)
{
    const struct tp_behaviour_mark *mark = tp_order_mark_of(actor, message);

    return mark == NULL || mark->kind != TROUPE_LATEST ||
                   message->kind == TP_MESSAGE_REQUEST
               ? NULL
               : mark;
}

static bool
is_same(const struct tp_actor *actor, const struct tp_behaviour_mark *mark,
    const struct troupe_message *one, const struct troupe_message *other)
{
    return other != one && other->schema == one->schema &&
           mark_of(actor, other) == mark && tp_latest_is_same(mark, one, other);
}

/* Whether none of its key is before it in its queue, but for head. */
static bool
is_first(const struct tp_choices *choices, const struct tp_actor *actor,
    const struct tp_behaviour_mark *mark, const struct troupe_message *head,
    const struct troupe_message *message)
{
    uint64_t queue = tp_choices_queue_of(choices, message);
    const struct troupe_message *older = actor->mailbox.oldest;

    while (older != message &&
           (older == head || tp_choices_queue_of(choices, older) != queue ||
               !is_same(actor, mark, message, older))) {
        older = older->next;
    }
    return older == message;
}

void
tp_replacing_offer(struct tp_choices *choices, struct tp_actor *actor,
    struct troupe_message *head, uint64_t queue)
{
    const struct tp_behaviour_mark *mark = mark_of(actor, head);

    for (struct troupe_message *message = mark == NULL ? NULL
                                                       : actor->mailbox.oldest;
         message != NULL; message = message->next) {
        uint64_t from = tp_choices_queue_of(choices, message);

        if (is_same(actor, mark, head, message) &&
            tp_replacing_queue_of(choices, message) == 0 &&
            !tp_choices_is_held(choices, message) &&
            is_first(choices, actor, mark, head, message)) {
            tp_choices_offer(choices,
                &(struct tp_offer){
                    .choice = {queue * UINT64_C(0x9e3779b97f4a7c15) ^ from,
                        actor->index, TP_CHOICE_REPLACE, 0},
                    .actor = actor,
                    .message = head,
                    .by = message,
                });
        }
    }
}

/* ---- replacing ----------------------------------------------------------- */

/* What is before the message in the list; NULL: nothing. */
static struct troupe_message *
before(const struct tp_actor *actor, const struct troupe_message *message)
{
    struct troupe_message *found = NULL;
    struct troupe_message *next = actor->mailbox.oldest;

    while (next != message) {
        found = next;
        next = next->next;
    }
    return found;
}

void
tp_replacing_take(struct tp_choices *choices, const struct tp_offer *offer)
{
    struct troupe_self *self = &choices->runtime->workers[0];
    struct tp_actor *actor = offer->actor;
    struct tp_mailbox *mailbox = &actor->mailbox;
    uint64_t queue = tp_choices_queue_of(choices, offer->message);
    const struct tp_limit_marks *marks =
        &tp_profiles_view(&choices->runtime->profiles, actor)->marks;

    (void)tp_mailbox_take_behind(mailbox, before(actor, offer->by));
    tp_mailbox_put_behind(mailbox, offer->message, offer->by);
    (void)tp_mailbox_take_behind(mailbox, before(actor, offer->message));
    if (tp_limit_subtract(
            &actor->limit, marks, 1, tp_post_bytes_of(offer->message))) {
        tp_post_resume_paused(self, &actor->limit);
    }
    tp_order_free_replaced(self, actor, offer->message);
    tp_replacing_let_go(choices, actor);
    note_place(choices, actor, offer->by, queue);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "exploration/choices.h"

#include "actors/order.h"
#include "actors/post.h"
#include "actors/process.h"
#include "actors/start.h"
#include "base/err.h"
#include "base/memory.h"
#include "exploration/replacing.h"
#include "scheduler/simulation.h"

#include <string.h>

/* Stands for the sender of timers and deadlines; no pid has incarnation 0. */
#define CLOCK_QUEUE UINT64_C(1)
/* And for that of what was forwarded. */
#define FORWARDED_QUEUE UINT64_C(2)

/* ---- room ---------------------------------------------------------------- */

bool
tp_choices_make_room(struct tp_choices *choices, void **items, size_t count,
    size_t *room, size_t size)
{
    size_t wanted = *room == 0 ? 16 : 2 * *room;
    void *larger;

    if (count < *room) {
        return true;
    }
    larger = tp_memory_realloc(*items, wanted * size);
    if (larger == NULL) {
        choices->is_short_of_memory = true;
        return false;
    }
    *items = larger;
    *room = wanted;
    return true;
}

void
tp_choices_offer(struct tp_choices *choices, const struct tp_offer *made)
{
    void *offers = choices->offers;

    if (tp_choices_make_room(choices, &offers, choices->offers_count,
            &choices->offers_room, sizeof(*made))) {
        choices->offers = offers;
        choices->offers[choices->offers_count++] = *made;
    }
}

void
tp_choices_fini(struct tp_choices *choices)
{
    tp_memory_free(choices->offers);
    tp_memory_free(choices->held);
    tp_memory_free(choices->placed);
    choices->offers = NULL;
    choices->held = NULL;
    choices->placed = NULL;
}

/* ---- mail that waits for control ----------------------------------------- */

static void
hold(struct tp_choices *choices, const struct tp_actor *actor,
    const struct troupe_message *mail, const struct troupe_message *control)
{
    void *held = choices->held;

    if (tp_choices_make_room(choices, &held, choices->held_count,
            &choices->held_room, sizeof(choices->held[0]))) {
        choices->held = held;
        choices->held[choices->held_count++] =
            (struct tp_choices_held){actor->index, mail, control};
    }
}

/* The newest in the list, which is newest first, that mail's sender sent. */
static const struct troupe_message *
control_before(
    const struct troupe_message *mail, const struct troupe_message *older)
{
    while (older != NULL &&
           !(tp_message_is_control(older) && older->sender == mail->sender)) {
        older = older->next;
    }
    return older;
}

static const struct troupe_message *
last_control_of(const struct tp_actor *actor, troupe_pid sender)
{
    const struct troupe_message *last = NULL;

    for (const struct troupe_message *message = actor->mailbox.control;
         message != NULL; message = message->next) {
        if (message->sender == sender) {
            last = message;
        }
    }
    return last;
}

/* Takes what has come, which tp_mailbox_sort() parts into control and mail. */
static void
fill(struct tp_choices *choices, struct tp_actor *actor)
{
    struct troupe_message *come = tp_inbox_take(&actor->inbox);

    for (const struct troupe_message *message = come; message != NULL;
         message = message->next) {
        const struct troupe_message *control;

        if (tp_message_is_control(message)) {
            continue;
        }
        choices->has_forwarded |= tp_message_is_forwarded(message);
        control = control_before(message, message->next);
        if (control == NULL) {
            control = last_control_of(actor, message->sender);
        }
        if (control != NULL) {
            hold(choices, actor, message, control);
        }
    }
    if (come != NULL) {
        tp_mailbox_sort(&actor->mailbox, come, NULL);
    }
}

static bool
has(const struct troupe_message *list, const struct troupe_message *message)
{
    while (list != NULL && list != message) {
        list = list->next;
    }
    return list != NULL;
}

/* What has been handled holds nothing any more; at once, before its block can
 * be another message. */
static void
let_go(struct tp_choices *choices, const struct tp_actor *actor)
{
    size_t kept = 0;

    for (size_t i = 0; i < choices->held_count; i++) {
        struct tp_choices_held held = choices->held[i];

        if (held.slot != actor->index ||
            (has(actor->mailbox.control, held.control) &&
                has(actor->mailbox.oldest, held.mail))) {
            choices->held[kept++] = held;
        }
    }
    choices->held_count = kept;
    tp_replacing_let_go(choices, actor);
}

bool
tp_choices_is_held(
    const struct tp_choices *choices, const struct troupe_message *mail)
{
    for (size_t i = 0; i < choices->held_count; i++) {
        if (choices->held[i].mail == mail) {
            return true;
        }
    }
    return false;
}

/* ---- turns --------------------------------------------------------------- */

static struct tp_actor *
actor_of(struct tp_task *task)
{
    return (struct tp_actor *)(void *)((char *)task -
                                       offsetof(struct tp_actor, task));
}

/* A turn handles one message; a slot that has handled one stays ready. */
static void
run_turn(struct tp_choices *choices, struct tp_actor *actor)
{
    tp_simulation_run(choices->runtime->scheduler, &actor->task);
    let_go(choices, actor);
}

/* Whether an actor may look there whether it is idle, at all of its queues. */
static bool
is_beat(const struct tp_actor *actor, const struct troupe_message *message)
{
    return message->kind == TP_MESSAGE_TIMER &&
           (actor->flags & TP_ACTOR_WATCHES_IDLE) != 0;
}

/* As tp_mailbox_put_aside(), but that what is looked at stays. */
static void
put_aside(struct tp_actor *actor, struct troupe_message *message,
    struct tp_mailbox *aside)
{
    struct tp_mailbox mail;

    tp_mailbox_put_aside(&actor->mailbox, message, aside);
    if (is_beat(actor, message)) {
        mail = (struct tp_mailbox){NULL, aside->oldest, aside->newest};
        aside->oldest = NULL;
        tp_mailbox_put_back(&actor->mailbox, &mail, message);
    }
}

/* A turn that handles this message. */
static void
run_only(struct tp_choices *choices, struct tp_actor *actor,
    struct troupe_message *message)
{
    struct troupe_self *self = &choices->runtime->workers[0];
    struct tp_mailbox aside;

    put_aside(actor, message, &aside);
    self->returned = NULL;
    tp_simulation_run(choices->runtime->scheduler, &actor->task);
    tp_mailbox_put_back(&actor->mailbox, &aside, self->returned);
    let_go(choices, actor);
}

/* ---- what nobody can tell ------------------------------------------------ */

/* The start of the next occupant; NULL: there is none. */
static struct troupe_message *
start_of(const struct tp_actor *actor)
{
    struct troupe_message *message = actor->mailbox.control;

    while (message != NULL && message->kind != TP_MESSAGE_START) {
        message = message->next;
    }
    return message;
}

/* For neither the occupant nor the next one. */
static bool
is_for_the_dead(
    const struct tp_actor *actor, const struct troupe_message *message)
{
    const struct troupe_message *start = start_of(actor);

    return message->incarnation != troupe_pid_incarnation(actor->pid) &&
           (start == NULL || message->incarnation != start->incarnation);
}

/* It only says that the occupant is there. */
static bool
is_listed(const struct tp_actor *actor, const struct troupe_message *message)
{
    return message->kind == TP_MESSAGE_LISTED &&
           message->incarnation == troupe_pid_incarnation(actor->pid) &&
           (actor->flags & TP_ACTOR_STANDS_STILL) == 0;
}

static bool
is_quiet_start(struct troupe_message *start)
{
    const struct tp_behaviour_table *table = tp_start_of(start)->table;

    return (table->start == NULL && table->body == NULL) ||
           (start->err & TP_ACTOR_IS_SUSPENDED) != 0;
}

static struct troupe_message *
find_quiet(const struct tp_actor *actor)
{
    struct troupe_message *message = start_of(actor);

    if (message != NULL && is_quiet_start(message)) {
        return message;
    }
    for (message = actor->mailbox.control; message != NULL;
         message = message->next) {
        if (is_for_the_dead(actor, message)) {
            return message;
        }
    }
    for (message = actor->mailbox.oldest; message != NULL;
         message = message->next) {
        if (is_for_the_dead(actor, message) || is_listed(actor, message)) {
            return message;
        }
    }
    return NULL;
}

/* Whether it would handle the message, if it were its turn. */
static bool
takes(const struct tp_actor *actor, const struct troupe_message *message)
{
    return (actor->flags & TP_ACTOR_STANDS_STILL) == 0 &&
           ((actor->flags & TP_ACTOR_IS_SEQUENTIAL) == 0 ||
               tp_process_takes(actor, message));
}

static bool
has_nothing_to_do(const struct tp_actor *actor)
{
    const struct troupe_message *message = actor->mailbox.oldest;

    while (message != NULL && !takes(actor, message)) {
        message = message->next;
    }
    return actor->mailbox.control == NULL && message == NULL;
}

/* False: the actor, which is ready, has nothing that happens unseen. */
static bool
run_quietly(struct tp_choices *choices, struct tp_actor *actor)
{
    struct troupe_message *message;

    fill(choices, actor);
    /* As its own turn would, which might go on to a message. */
    if (tp_actor_looks_again(actor) && tp_limit_is_congested(&actor->limit)) {
        actor->flags &= (uint16_t)~TP_ACTOR_IS_PAUSED;
    }
    if (has_nothing_to_do(actor)) {
        run_turn(choices, actor);
        return true;
    }
    message = find_quiet(actor);
    if (message != NULL) {
        run_only(choices, actor, message);
    }
    return message != NULL;
}

static void
settle(struct tp_choices *choices)
{
    struct tp_simulation *simulation = choices->runtime->scheduler->simulation;
    struct tp_task *task = simulation->oldest;

    while (task != NULL) {
        task = run_quietly(choices, actor_of(task)) ? simulation->oldest
                                                    : task->next;
    }
}

/* ---- listing ------------------------------------------------------------- */

/* Messages without a sender are a queue each, by what they say. */
uint64_t
tp_choices_queue_of(
    const struct tp_choices *choices, const struct troupe_message *message)
{
    uint64_t placed = tp_replacing_queue_of(choices, message);
    const uint8_t *payload = tp_message_payload_view(message);
    uint64_t hash = message->kind + (message->request << 8);

    if (placed != 0) {
        return placed;
    }
    if (message->kind == TP_MESSAGE_EXPIRED ||
        message->kind == TP_MESSAGE_TIMER) {
        return CLOCK_QUEUE;
    }
    if (tp_message_is_forwarded(message)) {
        return FORWARDED_QUEUE;
    }
    if (message->sender != TROUPE_NO_PID) {
        return message->sender;
    }
    for (uint32_t i = 0; i < message->payload_size; i++) {
        hash = (hash ^ payload[i]) * UINT64_C(0x100000001b3);
    }
    return hash << 32 | message->schema;
}

static bool
is_offered(const struct tp_choices *choices, const struct tp_choice *choice)
{
    for (size_t i = choices->offers_count; i > 0; i--) {
        if (tp_choice_is_same(&choices->offers[i - 1].choice, choice)) {
            return true;
        }
    }
    return false;
}

/* True: it is the head of its queue. */
static bool
offer_message(struct tp_choices *choices, struct tp_actor *actor,
    struct troupe_message *message, enum tp_choice_kind kind)
{
    struct tp_offer made = {
        .choice = {tp_choices_queue_of(choices, message), actor->index,
            (uint8_t)kind, 0},
        .actor = actor,
        .message = message,
    };
    bool is_head = !is_offered(choices, &made.choice);

    if (is_head) {
        tp_choices_offer(choices, &made);
    }
    return is_head;
}

/* Whether an older one of the same queue, which is urgent, is offered. */
static bool
waits_for_urgent(const struct tp_choices *choices, const struct tp_actor *actor,
    const struct troupe_message *message)
{
    const struct tp_choice urgent = {tp_choices_queue_of(choices, message),
        actor->index, TP_CHOICE_URGENT, 0};

    return is_offered(choices, &urgent);
}

static void
offer_one(struct tp_choices *choices, struct tp_actor *actor,
    struct troupe_message *message)
{
    const struct tp_behaviour_mark *mark = tp_order_mark_of(actor, message);

    if (mark != NULL && mark->kind == TROUPE_URGENT) {
        (void)offer_message(choices, actor, message, TP_CHOICE_URGENT);
    } else if (!waits_for_urgent(choices, actor, message) &&
               offer_message(choices, actor, message, TP_CHOICE_MAIL) &&
               mark != NULL) {
        tp_replacing_offer(
            choices, actor, message, tp_choices_queue_of(choices, message));
    }
}

static void
offer_mail(struct tp_choices *choices, struct tp_actor *actor)
{
    struct troupe_message *message = actor->mailbox.oldest;

    while (message != NULL) {
        if (!tp_choices_is_held(choices, message) && takes(actor, message)) {
            offer_one(choices, actor, message);
        }
        if ((actor->flags & TP_ACTOR_DROPS_OLDEST) != 0) {
            return;
        }
        message = message->next;
    }
}

static void
offer_all_of(struct tp_choices *choices, struct tp_actor *actor)
{
    struct troupe_message *message = start_of(actor);

    if (message != NULL) {
        (void)offer_message(choices, actor, message, TP_CHOICE_CONTROL);
        return;
    }
    for (message = actor->mailbox.control; message != NULL;
         message = message->next) {
        (void)offer_message(choices, actor, message, TP_CHOICE_CONTROL);
    }
    offer_mail(choices, actor);
}

static uint32_t
slots_count(const struct tp_choices *choices)
{
    return tp_registry_count(&choices->runtime->registry);
}

static struct tp_actor *
slot_at(const struct tp_choices *choices, uint32_t index)
{
    return tp_registry_at(&choices->runtime->registry, index);
}

static bool
may_be_killed(const struct tp_choices *choices, const struct tp_actor *actor)
{
    return actor->table != NULL &&
           (actor->flags & TP_ACTOR_IS_SUSPENDED) == 0 &&
           (choices->kill_only == NULL ||
               strcmp(choices->kill_only, actor->table->name) == 0);
}

static void
offer_kills(struct tp_choices *choices)
{
    for (uint32_t i = 0; choices->kills_left > 0 && i < slots_count(choices);
         i++) {
        struct tp_actor *actor = slot_at(choices, i);

        if (may_be_killed(choices, actor)) {
            tp_choices_offer(choices,
                &(struct tp_offer){
                    .choice = {actor->pid, actor->index, TP_CHOICE_KILL, 0},
                    .actor = actor,
                });
        }
    }
}

static bool
may_time_pass(const struct tp_choices *choices)
{
    struct tp_worker *worker = choices->runtime->workers[0].worker;

    return (choices->timers_race || choices->offers_count == 0) &&
           tp_timer_wheel_next_ns(&worker->timeouts.wheel) < choices->until_ns;
}

troupe_err
tp_choices_list(struct tp_choices *choices)
{
    struct tp_simulation *simulation = choices->runtime->scheduler->simulation;

    choices->offers_count = 0;
    settle(choices);
    for (struct tp_task *task = simulation->oldest; task != NULL;
         task = task->next) {
        offer_all_of(choices, actor_of(task));
    }
    if (may_time_pass(choices)) {
        tp_choices_offer(choices,
            &(struct tp_offer){
                .choice = {.slot = UINT32_MAX, .kind = TP_CHOICE_TIME}});
    }
    offer_kills(choices);
    if (choices->is_short_of_memory) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for what may happen");
    }
    return TROUPE_OK;
}

bool
tp_choices_is_end(const struct tp_choices *choices)
{
    return choices->offers_count == 0 ||
           choices->offers[0].choice.kind == TP_CHOICE_KILL;
}

/* ---- taking -------------------------------------------------------------- */

/* Whether somebody might be paused, refused or dropped. */
static bool
is_half_full(const struct tp_choices *choices, struct tp_actor *actor)
{
    const struct tp_limit_marks *marks;

    if (actor->table == NULL) {
        return false; /* also a thread's, whose limit is a fence */
    }
    marks = &tp_profiles_view(&choices->runtime->profiles, actor)->marks;
    return (actor->flags & TP_ACTOR_DROPS_OLDEST) != 0 ||
           tp_limit_reaches(actor->limit.held, (marks->messages_high + 1) / 2,
               (marks->bytes_high + 1) / 2);
}

static bool
is_crowded(const struct tp_choices *choices)
{
    for (uint32_t i = 0; i < slots_count(choices); i++) {
        if (is_half_full(choices, slot_at(choices, i))) {
            return true;
        }
    }
    return false;
}

/* What all share, before a step and after it. */
struct shared {
    struct tp_random random;
    uint64_t lives_count;
    uint64_t letters_count;
    uint64_t names_reads_count;
    uint64_t names_changes_count;
    bool is_crowded;
};

static struct shared
look_at_shared(const struct tp_choices *choices)
{
    const struct troupe_runtime *runtime = choices->runtime;
    const struct troupe_self *worker = &runtime->workers[0];
    struct shared seen = {
        .random = worker->random,
        .lives_count = worker->born_count + worker->died_count,
        .names_reads_count = runtime->directory.reads_count,
        .names_changes_count = runtime->directory.changes_count,
        .is_crowded = is_crowded(choices),
    };

    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        seen.letters_count += tp_dead_letters_count(
            &runtime->dead_letters, (enum troupe_dead_letter_cause)i);
    }
    return seen;
}

static unsigned
effects_between(
    struct tp_choices *choices, const struct shared *a, const struct shared *b)
{
    unsigned effects = 0;

    if (a->lives_count != b->lives_count) {
        effects |= TP_EFFECT_SLOTS;
    }
    if (memcmp(&a->random, &b->random, sizeof(a->random)) != 0) {
        effects |= TP_EFFECT_CHANCE;
    }
    if (a->letters_count != b->letters_count &&
        !tp_letter_subscribers_are_none(
            &choices->runtime->dead_letters.subscribers)) {
        effects |= TP_EFFECT_LETTERS;
    }
    if (a->names_reads_count != b->names_reads_count) {
        effects |= TP_EFFECT_NAMES_READ;
    }
    if (a->names_changes_count != b->names_changes_count) {
        effects |= TP_EFFECT_NAMES_READ | TP_EFFECT_NAMES_CHANGED;
    }
    if (a->is_crowded || b->is_crowded) {
        effects |= TP_EFFECT_EVERYTHING;
    }
    return effects;
}

static void
kill(struct tp_choices *choices, struct tp_actor *actor)
{
    struct troupe_self *self = &choices->runtime->workers[0];
    struct troupe_message *message = tp_post_block(self, 0);

    choices->kills_left--;
    if (message == NULL) {
        choices->is_short_of_memory = true;
        return;
    }
    message->kind = TP_MESSAGE_KILL;
    tp_post_from(self, TROUPE_NO_PID, actor->pid, message);
    fill(choices, actor);
    run_only(choices, actor, message);
}

static void
happen(struct tp_choices *choices, struct tp_offer *taken)
{
    switch ((enum tp_choice_kind)taken->choice.kind) {
    case TP_CHOICE_MAIL:
    case TP_CHOICE_URGENT:
    case TP_CHOICE_CONTROL:
        run_only(choices, taken->actor, taken->message);
        break;
    case TP_CHOICE_REPLACE:
        tp_replacing_take(choices, taken);
        break;
    case TP_CHOICE_TIME:
        (void)tp_simulation_jump(
            choices->runtime->scheduler, choices->until_ns);
        break;
    case TP_CHOICE_KILL:
        kill(choices, taken->actor);
        break;
    }
    settle(choices);
}

void
tp_choices_take(struct tp_choices *choices, struct tp_offer *taken)
{
    struct shared before = look_at_shared(choices);
    struct shared after;
    unsigned effects = 0;

    choices->has_forwarded = false;
    if (taken->choice.kind == TP_CHOICE_TIME ||
        (taken->choice.kind == TP_CHOICE_MAIL &&
            is_beat(taken->actor, taken->message))) {
        effects = TP_EFFECT_EVERYTHING;
    }
    happen(choices, taken);
    if (choices->has_forwarded) {
        effects = TP_EFFECT_EVERYTHING;
    }
    after = look_at_shared(choices);
    effects |= effects_between(choices, &before, &after);
    taken->choice.effects = (uint8_t)effects;
}

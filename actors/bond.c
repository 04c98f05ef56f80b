/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/bond.h"

#include "actors/life.h"
#include "actors/post.h"
#include "actors/process.h"
#include "actors/supervisor.h"
#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"
#include "troupe/link.h"

#include <string.h>

enum { LINES_MIN = 8, BOND_NUMBER_BITS = 48 };

/* What a watcher's end remembers at home. */
struct watch {
    troupe_down_handler *then;
    uint64_t context;
};

_Static_assert(sizeof(struct troupe_message) + sizeof(struct tp_exit) ==
                   TP_BLOCK_BYTES_MIN,
    "an end takes one cache line");

static struct tp_exit *
exit_of(struct troupe_message *end)
{
    return (struct tp_exit *)(void *)end->payload;
}

static struct watch *
watch_of(struct troupe_message *end)
{
    return (struct watch *)(void *)end->payload;
}

static struct tp_extension **
spare_of(struct troupe_message *end)
{
    return (struct tp_extension **)(void *)end->payload;
}

/* ---- ends at home -------------------------------------------------------- */

/* Links are found by the other actor, monitors by their number. */
static uint64_t
key_of(enum tp_message_kind kind, troupe_pid other, uint64_t number)
{
    return kind == TP_MESSAGE_EXIT ? other : number;
}

/* Slots that are neighbours stay so, and a large star falls in the order of
 * memory: scattered, it takes several times as long (bench cascade-star). */
static struct troupe_message **
line_of(struct tp_bonds *bonds, uint64_t key)
{
    if (bonds->lines == NULL) {
        return &bonds->single;
    }
    key ^= key >> 32;
    key ^= key >> __builtin_popcount(bonds->mask);
    return &bonds->lines[key & bonds->mask];
}

static void
put_in_line(struct tp_bonds *bonds, struct troupe_message *end)
{
    struct troupe_message **line = line_of(bonds,
        key_of((enum tp_message_kind)end->kind, end->sender, end->request));

    end->next = *line;
    *line = end;
}

/* All ends, linked by next, and no line any more. */
static struct troupe_message *
take_all(struct tp_bonds *bonds)
{
    struct troupe_message *all = bonds->single;

    for (uint32_t i = 0; bonds->lines != NULL && i <= bonds->mask; i++) {
        struct troupe_message *end = bonds->lines[i];

        while (end != NULL) {
            struct troupe_message *next = end->next;

            end->next = all;
            all = end;
            end = next;
        }
    }
    tp_memory_free(bonds->lines);
    *bonds = (struct tp_bonds){NULL, NULL, 0, 0};
    return all;
}

static void
grow(struct tp_bonds *bonds)
{
    uint32_t lines = bonds->lines == NULL ? LINES_MIN : 2 * (bonds->mask + 1);
    struct troupe_message **made =
        tp_memory_alloc_zeroed(lines, sizeof(struct troupe_message *));
    uint32_t count = bonds->count;
    struct troupe_message *end;

    if (made == NULL) {
        return;
    }
    end = take_all(bonds);
    *bonds = (struct tp_bonds){made, NULL, lines - 1, count};
    while (end != NULL) {
        struct troupe_message *next = end->next;

        put_in_line(bonds, end);
        end = next;
    }
}

static void
put_home(struct tp_bonds *bonds, struct troupe_message *end,
    enum tp_message_kind kind, troupe_pid other)
{
    end->kind = (uint8_t)kind;
    end->sender = other;
    if (bonds->count >= LINES_MIN / 2 && bonds->count > bonds->mask) {
        grow(bonds);
    }
    put_in_line(bonds, end);
    bonds->count++;
}

/* What a search is for: the end of that number; 0: any with that other. */
struct wanted {
    enum tp_message_kind kind;
    troupe_pid other;
    uint64_t number;
};

static bool
is_wanted(const struct troupe_message *end, const struct wanted *wanted)
{
    return end->kind == wanted->kind &&
           (wanted->number == 0 ? end->sender == wanted->other
                                : end->request == wanted->number);
}

/* The place that points to such an end, or to NULL. */
static struct troupe_message **
find(struct tp_bonds *bonds, const struct wanted *wanted)
{
    struct troupe_message **place =
        line_of(bonds, key_of(wanted->kind, wanted->other, wanted->number));

    while (*place != NULL && !is_wanted(*place, wanted)) {
        place = &(*place)->next;
    }
    return place;
}

/* Such an end, no longer at home; NULL if there is none. */
static struct troupe_message *
take(struct tp_actor *actor, const struct wanted *wanted)
{
    struct troupe_message **place;
    struct troupe_message *end;

    if (actor->extension == NULL) {
        return NULL;
    }
    place = find(&actor->extension->bonds, wanted);
    end = *place;
    if (end != NULL) {
        *place = end->next;
        actor->extension->bonds.count--;
    }
    return end;
}

static bool
take_and_free(struct troupe_self *self, struct tp_actor *actor,
    const struct wanted *wanted)
{
    struct troupe_message *end = take(actor, wanted);

    if (end == NULL) {
        return false;
    }
    tp_post_free(self, end);
    return true;
}

/* ---- making bonds -------------------------------------------------------- */

static uint64_t
next_number(struct troupe_self *self)
{
    return (uint64_t)self->worker->index << BOND_NUMBER_BITS |
           ++self->bonds_count;
}

/* Two ends of one bond. NULL in *first: no memory, and neither is made. */
static void
make_ends(struct troupe_self *self, struct troupe_message **first,
    struct troupe_message **second)
{
    *first = tp_post_block(self, sizeof(struct tp_exit));
    *second = tp_post_block(self, sizeof(struct tp_exit));
    if (*first != NULL && *second != NULL) {
        (*first)->request = (*second)->request = next_number(self);
        return;
    }
    if (*first != NULL) {
        tp_post_free(self, *first);
    }
    if (*second != NULL) {
        tp_post_free(self, *second);
    }
    *first = *second = NULL;
}

static troupe_err
no_memory(void)
{
    return tp_err_set(
        TROUPE_E_NO_MEMORY, "no memory to link with or watch an actor");
}

/* Makes `mine`, and `theirs` with a spare extension, of one bond. */
static troupe_err
make_bond(struct troupe_self *self, struct troupe_message **mine,
    struct troupe_message **theirs)
{
    struct tp_extension *spare;

    if (tp_extension_get(self, self->actor) == NULL) {
        return no_memory();
    }
    spare = tp_extension_make(self);
    if (spare == NULL) {
        return no_memory();
    }
    make_ends(self, mine, theirs);
    if (*mine == NULL) {
        tp_extension_destroy(self, &spare);
        return no_memory();
    }
    *spare_of(*theirs) = spare;
    return TROUPE_OK;
}

/* Whether the caller is an actor and the other one has been. */
static troupe_err
check(struct troupe_self *self, troupe_pid actor)
{
    if (self == NULL || self->worker == NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "links and monitors are between actors: call from a handler");
    }
    return tp_post_check(self, actor);
}

/* To an actor that check() has found: it cannot be refused. */
static void
send(struct troupe_self *self, troupe_pid to, struct troupe_message *end,
    enum tp_message_kind kind)
{
    troupe_err err;

    end->kind = (uint8_t)kind;
    err = tp_post(self, to, &end);
    TP_ASSERT(err == TROUPE_OK);
}

troupe_err
troupe_link(struct troupe_self *self, troupe_pid actor)
{
    TP_RUNTIME_CALL();
    const struct wanted link = {TP_MESSAGE_EXIT, actor, 0};
    struct troupe_message *theirs;
    struct troupe_message *mine;
    troupe_err err = check(self, actor);

    if (err != TROUPE_OK || actor == self->pid ||
        (self->actor->extension != NULL &&
            *find(&self->actor->extension->bonds, &link) != NULL)) {
        return err;
    }
    err = make_bond(self, &mine, &theirs);
    if (err == TROUPE_OK) {
        put_home(&self->actor->extension->bonds, mine, TP_MESSAGE_EXIT, actor);
        send(self, actor, theirs, TP_MESSAGE_LINK);
    }
    return err;
}

void
troupe_unlink(struct troupe_self *self, troupe_pid actor)
{
    TP_RUNTIME_CALL();
    const struct wanted link = {TP_MESSAGE_EXIT, actor, 0};
    struct troupe_message *mine;

    if (self == NULL || self->worker == NULL) {
        return;
    }
    while ((mine = take(self->actor, &link)) != NULL) {
        send(self, actor, mine, TP_MESSAGE_UNLINK);
    }
}

troupe_err
troupe_monitor(struct troupe_self *self, troupe_pid actor,
    troupe_down_handler *then, uint64_t context, troupe_monitor_id *monitor)
{
    TP_RUNTIME_CALL();
    struct troupe_message *theirs;
    struct troupe_message *mine;
    troupe_err err = check(self, actor);

    if (err == TROUPE_OK && (then == NULL) != (self->process != NULL)) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            then == NULL ? "a monitor without a function to run; give one"
                         : "a process receives the news; give NULL");
    }
    if (err == TROUPE_OK) {
        err = make_bond(self, &mine, &theirs);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    if (monitor != NULL) {
        *monitor = mine->request;
    }
    *watch_of(mine) =
        (struct watch){then != NULL ? then : tp_process_receive_down, context};
    put_home(&self->actor->extension->bonds, mine, TP_MESSAGE_DEMONITOR, actor);
    send(self, actor, theirs, TP_MESSAGE_MONITOR);
    return TROUPE_OK;
}

/* The watcher's end, by number alone. */
static struct troupe_message *
take_watch(struct tp_actor *actor, troupe_monitor_id monitor)
{
    const struct wanted watch = {TP_MESSAGE_DEMONITOR, TROUPE_NO_PID, monitor};

    return take(actor, &watch);
}

void
troupe_demonitor(struct troupe_self *self, troupe_monitor_id *monitor)
{
    TP_RUNTIME_CALL();
    struct troupe_message *mine;

    if (self == NULL || self->worker == NULL) {
        return;
    }
    mine = take_watch(self->actor, *monitor);
    *monitor = 0;
    if (mine != NULL) {
        send(self, mine->sender, mine, TP_MESSAGE_DEMONITOR);
    }
}

troupe_err
tp_bond_link_unborn(
    struct troupe_self *self, struct tp_bonds *unborn, troupe_pid actor)
{
    struct troupe_message *theirs;
    struct troupe_message *mine;

    if (tp_extension_get(self, self->actor) == NULL) {
        return no_memory();
    }
    make_ends(self, &mine, &theirs);
    if (mine == NULL) {
        return no_memory();
    }
    put_home(&self->actor->extension->bonds, mine, TP_MESSAGE_EXIT, actor);
    put_home(unborn, theirs, TP_MESSAGE_EXIT, self->pid);
    return TROUPE_OK;
}

/* ---- being told ---------------------------------------------------------- */

struct troupe_exit
tp_bond_why(const struct troupe_message *notice)
{
    return tp_exit_view((const struct tp_exit *)(const void *)notice->payload);
}

/* The second end has come to its home. */
static void
arrive(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *end, enum tp_message_kind kind)
{
    struct tp_extension *spare = *spare_of(end);

    if (actor->extension == NULL) {
        actor->extension = spare;
    } else {
        tp_extension_destroy(self, &spare);
    }
    put_home(&actor->extension->bonds, end, kind, end->sender);
}

/* A body that has received it keeps it in hand. */
static void
release_notice(struct troupe_self *self, struct troupe_message *notice)
{
    if (self->is_kept) {
        self->is_kept = false;
        return;
    }
    tp_exit_release(self, exit_of(notice));
    tp_post_free(self, notice);
}

/* The actor ends for the reason that its friend has ended for. */
static void
follow(struct troupe_self *self, struct tp_actor *actor,
    const struct troupe_message *notice)
{
    const struct tp_exit *why = exit_of((struct troupe_message *)notice);

    if (why->kind != TROUPE_EXIT_NORMAL) {
        tp_life_finish(self, actor, tp_exit_share(why));
    }
}

static void
handle_exit(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice, void *state)
{
    const struct wanted link = {TP_MESSAGE_EXIT, notice->sender, 0};
    bool is_linked = false;

    while (take_and_free(self, actor, &link)) {
        is_linked = true;
    }
    if (is_linked && actor->table->exit != NULL) {
        struct troupe_exit why = tp_exit_view(exit_of(notice));

        tp_post_begin_handler(self, notice);
        actor->table->exit(self, state, notice->sender, &why);
        tp_post_end_handler(self);
    } else if (is_linked) {
        follow(self, actor, notice);
    }
    release_notice(self, notice);
}

static void
handle_down(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice, void *state)
{
    struct troupe_message *mine = take_watch(actor, notice->request);

    if (mine != NULL) {
        struct watch watch = *watch_of(mine);
        struct troupe_exit why = tp_exit_view(exit_of(notice));
        struct troupe_down down = {notice->sender, notice->request, &why};

        tp_post_free(self, mine);
        tp_post_begin_handler(self, notice);
        watch.then(self, state, watch.context, &down);
        tp_post_end_handler(self);
    }
    release_notice(self, notice);
}

/* The other one has undone the bond. */
static void
forget(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, enum tp_message_kind kind)
{
    const struct wanted wanted = {kind, message->sender, message->request};

    (void)take_and_free(self, actor, &wanted);
    tp_post_free(self, message);
}

static void
look_away(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, void *state)
{
    troupe_pid watcher = message->sender;

    forget(self, actor, message, TP_MESSAGE_DOWN);
    if ((actor->flags & TP_ACTOR_SUPERVISES) != 0) {
        tp_supervisor_lose(self, state, watcher);
    }
}

void
tp_bond_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, void *state)
{
    switch ((enum tp_message_kind)message->kind) {
    case TP_MESSAGE_LINK:
        arrive(self, actor, message, TP_MESSAGE_EXIT);
        break;
    case TP_MESSAGE_MONITOR:
        arrive(self, actor, message, TP_MESSAGE_DOWN);
        break;
    case TP_MESSAGE_UNLINK:
        forget(self, actor, message, TP_MESSAGE_EXIT);
        break;
    case TP_MESSAGE_DEMONITOR:
        look_away(self, actor, message, state);
        break;
    case TP_MESSAGE_EXIT:
        handle_exit(self, actor, message, state);
        break;
    default:
        TP_ASSERT(message->kind == TP_MESSAGE_DOWN);
        handle_down(self, actor, message, state);
    }
}

/* The second end finds nobody: it goes to the first as the notice. */
static void
turn_back(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *end, enum tp_message_kind kind)
{
    troupe_pid gone =
        tp_registry_pid(&self->runtime->registry, actor, end->incarnation);
    troupe_pid other = end->sender;

    tp_extension_destroy(self, spare_of(end));
    *exit_of(end) = (struct tp_exit){.kind = TROUPE_EXIT_NO_SUCH_ACTOR};
    end->kind = (uint8_t)kind;
    tp_post_from(self, gone, other, end);
}

void
tp_bond_drop(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    if (message->kind == TP_MESSAGE_LINK) {
        turn_back(self, actor, message, TP_MESSAGE_EXIT);
    } else if (message->kind == TP_MESSAGE_MONITOR) {
        turn_back(self, actor, message, TP_MESSAGE_DOWN);
    } else {
        tp_bond_sweep(self, message);
    }
}

void
tp_bond_sweep(struct troupe_self *self, struct troupe_message *message)
{
    switch ((enum tp_message_kind)message->kind) {
    case TP_MESSAGE_LINK:
    case TP_MESSAGE_MONITOR:
        tp_extension_destroy(self, spare_of(message));
        break;
    case TP_MESSAGE_EXIT:
    case TP_MESSAGE_DOWN:
        tp_exit_release(self, exit_of(message));
        break;
    default:
        break;
    }
    tp_post_free(self, message);
}

void
tp_bond_release_all(struct troupe_self *self, struct tp_bonds *bonds)
{
    struct troupe_message *end = take_all(bonds);

    while (end != NULL) {
        struct troupe_message *next = end->next;

        tp_post_free(self, end);
        end = next;
    }
}

static void
part(struct troupe_self *self, struct troupe_message *end)
{
    troupe_pid other = end->sender;

    if (end->kind != TP_MESSAGE_DEMONITOR) {
        *exit_of(end) = tp_exit_share(&self->exit);
    }
    send(self, other, end, (enum tp_message_kind)end->kind);
}

void
tp_bond_look_away(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_bonds *bonds = &actor->extension->bonds;
    struct troupe_message *end = take_all(bonds);

    while (end != NULL) {
        struct troupe_message *next = end->next;

        if (end->kind == TP_MESSAGE_DEMONITOR) {
            part(self, end);
        } else {
            put_home(bonds, end, (enum tp_message_kind)end->kind, end->sender);
        }
        end = next;
    }
}

void
tp_bond_part_all(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *end = take_all(&actor->extension->bonds);

    while (end != NULL) {
        struct troupe_message *next = end->next;

        part(self, end);
        end = next;
    }
}

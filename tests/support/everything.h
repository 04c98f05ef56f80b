/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * everything: a small program that does all that actors can do.
 *
 * For tests that make something fail in it. It never gives up: what follows an
 * error is tried all the same, with whom there is, so that a failure meets the
 * rest of the program too. What came of it is in the tally (tally.h).
 *
 * One at a time, in a process whose handlers of signals are as fault.h says.
 */
#ifndef TROUPE_TESTS_SUPPORT_EVERYTHING_H
#define TROUPE_TESTS_SUPPORT_EVERYTHING_H

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "tests/support/tally.h"
#include "troupe/troupe.h"

enum {
    LARGE_BYTES = 9000,
    FLOOD_COUNT = 24, /* beyond the high mark */
    HIGH_COUNT = 8,
    LOW_COUNT = 2,
    NARROW_COUNT = 3, /* of mailboxes with a policy */
    KEYS_COUNT = 20,
};

#define NUMBER(FIELD) FIELD(int64, value)
#define BLOB(FIELD) FIELD(bin, bytes)
#define PEER(FIELD) FIELD(pid, to)
#define PEERS(FIELD) FIELD(pid, to) FIELD(pid, counter)
TROUPE_MESSAGE(add, NUMBER)
TROUPE_MESSAGE(blob, BLOB)
TROUPE_MESSAGE(fall, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(explode, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(flood, PEER)
TROUPE_MESSAGE(cry, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(inquire, PEERS)
TROUPE_MESSAGE(bind, PEER)
/* These are asked or replied; all others are told. */
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(hold, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(sum, NUMBER)

/* ---- who counts ---------------------------------------------------------- */

struct large {
    int64_t sum;
    char rest[LARGE_BYTES];
};

static void
on_add(struct troupe_self *self, void *state, const struct add *add)
{
    int64_t *value = state;

    (void)self;
    *value += add->value;
    atomic_fetch_add(&seen.handled_count, 1);
}

static void
on_blob(struct troupe_self *self, void *state, const struct blob *blob)
{
    (void)self, (void)state;
    CHECK(blob->bytes.size == LARGE_BYTES);
    atomic_fetch_add(&seen.handled_count, 1);
}

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    const int64_t *value = state;

    (void)get;
    note(troupe_reply(self, sum, .value = *value));
}

static void
on_hold_by_counter(
    struct troupe_self *self, void *state, const struct hold *hold)
{
    (void)state, (void)hold;
    note(troupe_reply(self, sum, .value = 1));
}

/* Those on which an actor fails are dead letters, and so not handled. */
static void
on_fall(struct troupe_self *self, void *state, const struct fall *fall)
{
    (void)state, (void)fall;
    troupe_fail(self, 3, "there is %s", "no memory");
}

static void
on_explode(struct troupe_self *self, void *state, const struct explode *explode)
{
    (void)self, (void)state, (void)explode;
    fault_do(FAULT_INSTRUCTION);
}

TROUPE_BEHAVIOUR(small, sizeof(int64_t), TROUPE_ON(add, on_add),
    TROUPE_ON(blob, on_blob), TROUPE_ON(get, on_get), TROUPE_ON(fall, on_fall),
    TROUPE_ON(explode, on_explode), TROUPE_ON(hold, on_hold_by_counter));
TROUPE_BEHAVIOUR(large, sizeof(struct large), TROUPE_ON(add, on_add),
    TROUPE_ON(blob, on_blob), TROUPE_ON(get, on_get), TROUPE_ON(fall, on_fall),
    TROUPE_ON(explode, on_explode));

/* ---- who floods, and is paused --------------------------------------------
 */

static void
on_flood(struct troupe_self *self, void *state, const struct flood *flood)
{
    (void)state;
    for (int i = 0; i < FLOOD_COUNT; i++) {
        (void)TELL(self, flood->to, add, .value = i);
    }
    note(troupe_become(self, small));
    atomic_fetch_add(&seen.handled_count, 1);
}

TROUPE_BEHAVIOUR(flooder, sizeof(int64_t), TROUPE_ON(flood, on_flood));

#include "tests/support/put_off.h"

/* ---- who keeps requests ---------------------------------------------------
 */

struct keeper {
    struct troupe_request *late, *never;
    troupe_pid counter;
    int count;
};

static void
on_late(struct troupe_self *self, void *state, uint64_t context)
{
    struct keeper *keeper = state;

    (void)context;
    if (note(troupe_reply_to(self, &keeper->late, sum, .value = 2)) !=
        TROUPE_OK) {
        troupe_request_release(self, &keeper->late);
    }
}

static void
answer_later(struct troupe_self *self, struct keeper *keeper)
{
    if (note(troupe_request_keep(self, &keeper->late)) == TROUPE_OK &&
        note(troupe_after(self, TROUPE_US(100), on_late, 0, NULL)) !=
            TROUPE_OK) {
        troupe_request_release(self, &keeper->late);
    }
}

static void
pass_on(struct troupe_self *self, const struct keeper *keeper)
{
    struct troupe_request *request = NULL;

    if (note(troupe_request_keep(self, &request)) == TROUPE_OK &&
        note(troupe_request_forward(self, &request, keeper->counter)) !=
            TROUPE_OK) {
        troupe_request_release(self, &request);
    }
}

static void
on_hold(struct troupe_self *self, void *state, const struct hold *hold)
{
    struct keeper *keeper = state;

    (void)hold;
    switch (keeper->count++) {
    case 0:
        answer_later(self, keeper);
        break;
    case 1:
        pass_on(self, keeper);
        break;
    default: /* it is asked three times */
        note(troupe_request_keep(self, &keeper->never));
    }
}

TROUPE_BEHAVIOUR(keeper, sizeof(struct keeper), TROUPE_ON(hold, on_hold));

/* ---- who asks, gathers and has timers -------------------------------------
 */

static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct sum sum;

    (void)self, (void)state, (void)context;
    (void)sum_from(answer, &sum);
    atomic_fetch_add(&seen.answered_count, 1);
}

static void
on_gathered(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_gathered *gathered)
{
    (void)self, (void)state, (void)context;
    CHECK(troupe_gathered_count(gathered) == 3);
    atomic_fetch_add(&seen.answered_count, 1);
}

static void
count_ask(troupe_err err)
{
    atomic_fetch_add(&seen.asked_count, note(err) == TROUPE_OK);
}

static void
ask(struct troupe_self *self, troupe_pid to, troupe_pid counter)
{
    const troupe_pid all[] = {counter, to, troupe_self_pid(self)};

    for (int i = 0; i < 3; i++) {
        count_ask(troupe_ask_then(
            self, to, i < 2 ? TROUPE_SECONDS(60) : 50, on_answer, 0, hold));
    }
    count_ask(troupe_ask_then(
        self, to, TROUPE_SECONDS(60), on_answer, 0, get)); /* NO_HANDLER */
    count_ask(troupe_gather(self,
        &TROUPE_GATHER(.to = all, .to_count = 3, .quorum = 1,
            .timeout_ns = TROUPE_SECONDS(60), .then = on_gathered),
        get));
}

static void
on_time(struct troupe_self *self, void *state, uint64_t context)
{
    (void)self, (void)state;
    CHECK(context == 5);
    atomic_fetch_add(&seen.timers_run_count, 1);
}

/* A timer that was set needs no memory, whichever way it ends. */
static void
set_timers(struct troupe_self *self)
{
    troupe_timer timer;

    for (int i = 0; i < 3; i++) {
        atomic_fetch_add(&seen.timers_set_count,
            note(troupe_after(self, TROUPE_US(i), on_time, 5, NULL)) ==
                TROUPE_OK);
        if (note(troupe_every(
                self, TROUPE_SECONDS(3600), on_time, 6, &timer)) == TROUPE_OK &&
            i > 0) {
            CHECK(troupe_timer_cancel(self, &timer));
        }
    }
}

static void
on_inquire(struct troupe_self *self, void *state, const struct inquire *inquire)
{
    (void)state;
    ask(self, inquire->to, inquire->counter);
    set_timers(self);
    tell_later(self, inquire->counter);
    atomic_fetch_add(&seen.handled_count, 1);
}

TROUPE_BEHAVIOUR(asker, 0, TROUPE_ON(inquire, on_inquire));

/* ---- who does it in line ---------------------------------------------------
 */

/* An answer may also fail because its giver has. */
static void
note_answer(troupe_err err)
{
    note(err == TROUPE_E_NO_MEMORY ? err : TROUPE_OK);
}

static void
work_in_line(struct troupe_self *self, void *state)
{
    const struct troupe_message *message;
    struct inquire inquire;
    struct sum sum;

    (void)state;
    if (troupe_receive_only(self, inquire, &inquire, TROUPE_FOREVER) !=
        TROUPE_OK) {
        return;
    }
    atomic_fetch_add(&seen.handled_count, 1);
    note(troupe_sleep(self, TROUPE_US(10)));
    note_answer(
        troupe_ask(self, inquire.counter, TROUPE_SECONDS(60), sum, &sum, get));
    note_answer(troupe_monitor(self, inquire.counter, NULL, 0, NULL));
    for (int i = 0; i < FLOOD_COUNT; i++) {
        (void)TELL(self, inquire.counter, add, .value = i);
    }
    while (troupe_receive(self, &message, TROUPE_MS(1)) == TROUPE_OK) {
        struct add add;

        atomic_fetch_add(&seen.handled_count, add_in(message, &add));
    }
}

TROUPE_PROCESS(clerk, 0, work_in_line);

/* ---- who links and watches ------------------------------------------------
 */

static void
check_reason(const struct troupe_exit *why)
{
    CHECK(why->kind == TROUPE_EXIT_FAILED && why->code == 3);
    CHECK(why->text[0] == '\0' || why->text[0] == 't'); /* if there is room */
}

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)self, (void)state;
    CHECK(context == 8);
    check_reason(down->why);
    atomic_fetch_add(&seen.monitors_run_count, 1);
}

static void
on_exit_of_friend(struct troupe_self *self, void *state, troupe_pid actor,
    const struct troupe_exit *why)
{
    (void)self, (void)state, (void)actor;
    check_reason(why);
    atomic_fetch_add(&seen.links_told_count, 1);
}

static void
spawn_linked(struct troupe_self *self, bool is_undone)
{
    troupe_pid child;

    if (note(troupe_spawn_with(self, large, &TROUPE_SPAWN_OPTIONS(.link = true),
            &child)) == TROUPE_OK &&
        is_undone) {
        troupe_unlink(self, child);
    }
}

static void
on_bind(struct troupe_self *self, void *state, const struct bind *bind)
{
    troupe_monitor_id undone = 0;

    (void)state;
    for (int i = 0; i < 6; i++) { /* more than fit one line of the table */
        atomic_fetch_add(&seen.monitors_made_count,
            note(troupe_monitor(self, bind->to, on_down, 8, NULL)) ==
                TROUPE_OK);
    }
    atomic_fetch_add(
        &seen.links_made_count, note(troupe_link(self, bind->to)) == TROUPE_OK);
    if (note(troupe_monitor(self, bind->to, on_down, 9, &undone)) ==
        TROUPE_OK) {
        troupe_demonitor(self, &undone);
    }
    spawn_linked(self, true);
    spawn_linked(self, false);
    atomic_fetch_add(
        &seen.falls_told_count, TELL(self, bind->to, fall) == TROUPE_OK);
    atomic_fetch_add(&seen.handled_count, 1);
}

/* At the end of the runtime: who is born then never lives. */
static void
on_binder_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)state, (void)why;
    spawn_linked(self, false);
}

TROUPE_BEHAVIOUR(binder, 0, TROUPE_ON(bind, on_bind),
    TROUPE_ON_EXIT(on_exit_of_friend), TROUPE_ON_STOP(on_binder_stop));

/* ---- who is told of dead letters ------------------------------------------
 */

static void
on_dead_letter(struct troupe_self *self, void *state,
    const struct troupe_dead_letter *letter)
{
    (void)self, (void)state, (void)letter;
}

static void
on_alarm(struct troupe_self *self, void *state,
    const struct troupe_dead_letters_alarm *alarm)
{
    (void)self, (void)state, (void)alarm;
}

TROUPE_BEHAVIOUR(gravedigger, 0, TROUPE_ON(troupe_dead_letter, on_dead_letter),
    TROUPE_ON(troupe_dead_letters_alarm, on_alarm));

/* ---- supervision ----------------------------------------------------------
 */

static const struct large first_state = {.sum = 3};
static const struct troupe_child inner_children[] = {
    TROUPE_CHILD(.name = "small", .behaviour = &small_behaviour)};
static const struct troupe_supervisor inner =
    TROUPE_SUPERVISOR(TROUPE_CHILDREN(inner_children));
static const struct troupe_child outer_children[] = {
    TROUPE_CHILD(.name = "large", .behaviour = &large_behaviour,
        .state = &first_state),
    TROUPE_CHILD(.name = "inner", .supervisor = &inner)};
static const struct troupe_supervisor outer =
    TROUPE_SUPERVISOR(.strategy = TROUPE_ONE_FOR_ALL, .restarts_max = 8,
        .backoff_ns = TROUPE_US(10), TROUPE_CHILDREN(outer_children));

static const struct troupe_supervisor patient =
    TROUPE_SUPERVISOR(.restarts_max = 8, .backoff_ns = TROUPE_US(10));

/* Tells a child to fail, with mail before and behind. */
static void
use_child(struct troupe_self *self, troupe_pid child)
{
    struct sum unread;

    (void)TELL(self, child, add, .value = 5);
    (void)TELL(self, child, fall);
    (void)TELL(self, child, add, .value = 5);
    note(troupe_ask(self, child, TROUPE_SECONDS(60), sum, &unread, get));
}

static void
supervise(struct troupe_self *self)
{
    troupe_pid supervisor = TROUPE_NO_PID;
    troupe_pid children[2] = {TROUPE_NO_PID, TROUPE_NO_PID};
    troupe_pid added = TROUPE_NO_PID;
    struct troupe_child_info info;

    note(troupe_supervise(self, &outer, &supervisor, children));
    note(troupe_supervisor_add(self, supervisor, &inner_children[0], &added));
    use_child(self, children[0]);
    (void)TELL(self, added, explode);
    use_child(self, added);
    /* What it cannot reply for want of memory is NO_REPLY. */
    (void)troupe_ask(self, supervisor, TROUPE_SECONDS(60), troupe_child_info,
        &info, troupe_get_child, .index = 0);
    note(troupe_tell(self, supervisor, troupe_end_child, .actor = added));
}

/* ---- mailboxes that are full ----------------------------------------------
 */

static void
fill(struct troupe_self *self, enum troupe_mailbox_policy policy, troupe_pid to)
{
    struct troupe_spawn_options options =
        TROUPE_SPAWN_OPTIONS(.mailbox = {.policy = policy,
                                 .messages_high = NARROW_COUNT});
    troupe_pid full = TROUPE_NO_PID;

    if (policy == TROUPE_MAILBOX_REDIRECT) {
        options.mailbox.redirect_to = to;
    }
    note(troupe_spawn_with(self, small, &options, &full));
    for (int i = 0; i < 2 * NARROW_COUNT; i++) {
        troupe_err err = troupe_tell(self, full, add, .value = 1);

        note_tell(err == TROUPE_E_MAILBOX_FULL ? TROUPE_OK : err);
    }
}

static void
fill_all(struct troupe_self *self, troupe_pid to)
{
    fill(self, TROUPE_MAILBOX_REJECT, to);
    fill(self, TROUPE_MAILBOX_DROP_NEWEST, to);
    fill(self, TROUPE_MAILBOX_DROP_OLDEST, to);
    fill(self, TROUPE_MAILBOX_REDIRECT, to);
}

/* ---- routers and pools ----------------------------------------------------
 */

/* What nobody is there for, because there was no memory to start somebody, is a
 * dead letter. */
static void
route(struct troupe_self *self, troupe_pid counter)
{
    struct sum unread;
    troupe_pid router = TROUPE_NO_PID;
    troupe_pid pool = TROUPE_NO_PID;

    note(troupe_router_spawn(self,
        &TROUPE_ROUTER_OPTIONS(.routees = &counter, .routees_count = 1),
        &router));
    note(troupe_router_spawn(self,
        &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_LEAST_LOADED,
            .worker = &inner_children[0], .workers_count = 2,
            .supervision = &patient),
        &pool));
    note(troupe_tell(self, router, troupe_add_routee, .actor = pool));
    for (int i = 0; i < 4; i++) {
        (void)TELL(self, router, add, .value = i);
    }
    (void)TELL(self, pool, fall);
    note(troupe_tell(self, pool, troupe_resize_pool, .workers_count = 1));
    (void)TELL(self, pool, add, .value = 5);
    note(troupe_tell(self, pool, troupe_resize_pool, .workers_count = 3));
    (void)TELL(self, pool, add, .value = 6);
    (void)troupe_ask(self, pool, TROUPE_SECONDS(60), sum, &unread, get);
}

/* ---- names and groups -----------------------------------------------------
 */

static void
on_named(struct troupe_self *self, void *state, uint64_t context,
    const char *name, troupe_pid holder)
{
    (void)self, (void)state, (void)holder;
    CHECK(context == 7 && strcmp(name, "named") == 0);
}

/* What was published to so many: one letter if it could not be made, else a
 * message each. */
static void
count_published(troupe_err err, size_t members_count, size_t taken_count)
{
    if (note(err) == TROUPE_OK) {
        atomic_fetch_add(&seen.tried_count, (int)members_count);
        atomic_fetch_add(
            &seen.unmade_count, (int)(members_count - taken_count));
    } else {
        atomic_fetch_add(&seen.tried_count, 1);
        atomic_fetch_add(&seen.unmade_count, 1);
    }
}

static void
publish(struct troupe_self *self)
{
    static const char bytes[LARGE_BYTES];
    size_t members_count = troupe_members_count(self, "group");
    size_t taken_count = 0;
    troupe_err err = troupe_publish_counted(
        self, "group", &taken_count, blob, .bytes = {bytes, LARGE_BYTES});

    count_published(err, members_count, taken_count);
    err = troupe_publish_counted(self, "group", &taken_count, add, .value = 1);
    count_published(err, members_count, taken_count);
}

/* Takes a name, waits for others, and publishes to a group that it is in. */
static void
on_cry(struct troupe_self *self, void *state, const struct cry *cry)
{
    troupe_pid own = troupe_self_pid(self);
    troupe_pid listener;

    (void)state, (void)cry;
    note(troupe_register(self, "own", own));
    note(troupe_await_name(self, "named", on_named, 7));
    note(troupe_await_name(self, "never", on_named, 7));
    note(troupe_join(self, "group", own));
    if (note(troupe_spawn(self, small, &listener)) == TROUPE_OK) {
        note(troupe_join(self, "group", listener));
    }
    publish(self);
    atomic_fetch_add(&seen.handled_count, 1);
}

TROUPE_BEHAVIOUR(crier, sizeof(int64_t), TROUPE_ON(cry, on_cry),
    TROUPE_ON(add, on_add), TROUPE_ON(blob, on_blob));

static void
play_in_public(struct troupe_self *self)
{
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.name = "named");
    troupe_pid named = TROUPE_NO_PID;
    troupe_pid crier = TROUPE_NO_PID;

    note(troupe_spawn(self, crier, &crier));
    (void)TELL(self, crier, cry);
    note(troupe_spawn_with(self, small, &options, &named));
    note(named == TROUPE_NO_PID
             ? TROUPE_OK
             : troupe_register(self, "named by another", named));
}

/* ---- mail in another order ------------------------------------------------
 */

TROUPE_BEHAVIOUR(sorter, sizeof(int64_t),
    TROUPE_ON_LATEST_BY(add, value, on_add), TROUPE_ON_URGENT(blob, on_blob));

/* More keys than there is room for at first. */
static void
send_values(struct troupe_self *self)
{
    static const char bytes[LARGE_BYTES];
    const struct troupe_spawn_options options =
        TROUPE_SPAWN_OPTIONS(.mailbox = {.policy = TROUPE_MAILBOX_UNBOUNDED});
    troupe_pid sorter = TROUPE_NO_PID;

    note(troupe_spawn_with(self, sorter, &options, &sorter));
    for (int i = 0; i < 2 * KEYS_COUNT; i++) {
        (void)TELL(self, sorter, add, .value = i % KEYS_COUNT);
    }
    (void)TELL(self, sorter, blob, .bytes = {bytes, LARGE_BYTES});
}

/* ---- all of it ------------------------------------------------------------
 */

static void
send_foreign_bytes(struct troupe_self *self, troupe_pid to)
{
    static const unsigned char five[] = {0x91, 0x05};
    struct troupe_message *message = NULL;

    if (note(troupe_message_create(
            self, "add", five, sizeof(five), &message)) == TROUPE_OK &&
        note(troupe_send(self, to, &message)) == TROUPE_OK) {
        atomic_fetch_add(&seen.tried_count, 1);
    }
    troupe_message_release(self, &message);
}

static void
print_waits(struct troupe_self *self)
{
    FILE *nowhere = fopen("/dev/null", "w");

    CHECK(nowhere != NULL);
    note(troupe_waits_print(self, nowhere));
    fclose(nowhere);
}

static void
play_alone(struct troupe_self *self, troupe_pid counter)
{
    static const char bytes[LARGE_BYTES];
    troupe_pid one = TROUPE_NO_PID;

    (void)TELL(self, counter, blob, .bytes = {bytes, LARGE_BYTES});
    send_foreign_bytes(self, counter);
    fill_all(self, counter);
    send_values(self);
    note(troupe_spawn(self, flooder, &one));
    (void)TELL(self, one, flood, .to = counter);
    for (int i = 0; i < FLOOD_COUNT; i++) {
        (void)TELL(self, counter, add, .value = i);
    }
    note(troupe_kill(self, one));
}

static void
play_together(struct troupe_self *self, troupe_pid counter)
{
    struct keeper first = {.counter = counter};
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.state = &first);
    troupe_pid keeper = TROUPE_NO_PID;
    troupe_pid asker = TROUPE_NO_PID;
    troupe_pid faller = TROUPE_NO_PID;
    troupe_pid binder = TROUPE_NO_PID;
    troupe_pid clerk = TROUPE_NO_PID;

    note(troupe_spawn(self, clerk, &clerk));
    (void)TELL(self, clerk, add, .value = 1);
    (void)TELL(self, clerk, inquire, .to = clerk, .counter = counter);
    (void)TELL(self, clerk, add, .value = 2);
    note(troupe_spawn_with(self, keeper, &options, &keeper));
    note(troupe_spawn(self, asker, &asker));
    (void)TELL(self, asker, inquire, .to = keeper, .counter = counter);
    note(troupe_spawn(self, large, &faller));
    note(troupe_spawn(self, binder, &binder));
    (void)TELL(self, binder, bind, .to = faller);
    put_aside_and_off(self);
    supervise(self);
    route(self, counter);
    print_waits(self);
}

static void
play(struct troupe_self *self)
{
    troupe_pid gravedigger = TROUPE_NO_PID;
    troupe_pid counter = TROUPE_NO_PID;
    struct sum sum;

    note(troupe_spawn(self, gravedigger, &gravedigger));
    note(troupe_dead_letters_subscribe(self, gravedigger));
    note(troupe_spawn(self, small, &counter));
    play_alone(self, counter);
    play_together(self, counter);
    play_in_public(self);
    note(troupe_ask(self, counter, TROUPE_SECONDS(60), sum, &sum, get));
    troupe_dead_letters_unsubscribe(self, gravedigger);
    note(troupe_stop(self, counter));
    (void)TELL(self, counter, add, .value = 1);
}

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static bool
is_told(const char *name)
{
    return strncmp(name, "troupe_", 7) != 0 && strcmp(name, "get") != 0 &&
           strcmp(name, "hold") != 0 && strcmp(name, "sum") != 0;
}

/* Plays it in a runtime of its own, with two workers or simulated. Returns the
 * first error. */
static troupe_err
everything_run(bool simulate)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime = NULL;
    struct troupe_self *self;

    tally_begin();
    if (note(troupe_runtime_create(
            &TROUPE_OPTIONS(.workers_count = 2, .simulate = simulate, .seed = 1,
                .dead_letters_max = 1, .log = keep_quiet,
                .watchdog_ns = TROUPE_SECONDS(3600),
                .mailbox = {.messages_high = HIGH_COUNT,
                    .messages_low = LOW_COUNT,
                    .messages_hard = 1000}),
            &runtime)) != TROUPE_OK) {
        CHECK(runtime == NULL);
        return (troupe_err)seen.first_err;
    }
    fault_put_handlers_back();
    CHECK(troupe_runtime_start(runtime) == TROUPE_OK);
    self = troupe_thread_self(runtime);
    if (self != NULL) {
        play(self);
    } else {
        note(TROUPE_E_NO_MEMORY);
    }
    CHECK(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report) == TROUPE_OK);
    CHECK(report.is_drained);
    tally_dead(runtime, is_told);
    seen.replaced_count = (int)report.messages_replaced_count;
    troupe_runtime_destroy(&runtime);
    CHECK(runtime == NULL);
    return (troupe_err)seen.first_err;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: whatever the policies of mailboxes are, each message is handled once,
 * refused once or a dead letter once; none reaches an actor that it was not
 * sent to, but for those that were redirected; nobody stands still.
 *
 * Method: several actors, and a thread outside, spawn children with mailboxes
 * of every kind, tell each other of them, send to those they know of, of which
 * many are dead by then, and stop them. So senders read profiles of slots that
 * get another one just then, and entries that are filled anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>

#include "tests/support/check.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

#define ADDRESS(FIELD) FIELD(pid, to)
#define PEERS(FIELD) FIELD(uint64, place) FIELD(pid, pid)
TROUPE_MESSAGE(item, ADDRESS)
TROUPE_MESSAGE(known, ADDRESS)
TROUPE_MESSAGE(peer, PEERS)
TROUPE_MESSAGE(churn, TROUPE_NO_FIELDS)

enum {
    CHURNERS = 4,
    ROUNDS = FEWER(2000),
    KNOWN = 16,
    ITEMS_A_ROUND = 24,
    POLICIES = TROUPE_MAILBOX_UNBOUNDED + 1,
};

static atomic_ullong taken_count;
static atomic_ullong refused_count;
static atomic_ullong handled_count;
static atomic_uint churners_left;
static troupe_pid sink;

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

/* ---- children and the sink ----------------------------------------------- */

static void
on_item(struct troupe_self *self, void *state, const struct item *item)
{
    (void)state;
    CHECK(item->to == troupe_self_pid(self));
    atomic_fetch_add(&handled_count, 1);
}

TROUPE_BEHAVIOUR(child, 0, TROUPE_ON(item, on_item));

/* What is redirected comes here. */
static void
on_any_item(struct troupe_self *self, void *state, const struct item *item)
{
    (void)self, (void)state, (void)item;
    atomic_fetch_add(&handled_count, 1);
}

TROUPE_BEHAVIOUR(sink, 0, TROUPE_ON(item, on_any_item));

/* ---- churners ------------------------------------------------------------ */

struct churner {
    troupe_pid peers[CHURNERS];
    troupe_pid known[KNOWN];
    troupe_pid own[KNOWN];
    uint64_t known_count;
    uint64_t rounds;
};

static void
send_item(struct troupe_self *self, troupe_pid to)
{
    troupe_err err = troupe_tell(self, to, item, .to = to);

    CHECK(err == TROUPE_OK || err == TROUPE_E_MAILBOX_FULL);
    atomic_fetch_add(err == TROUPE_OK ? &taken_count : &refused_count, 1);
}

static troupe_pid
spawn_child(struct troupe_self *self)
{
    struct troupe_mailbox_options mailbox = {
        .policy =
            (enum troupe_mailbox_policy)troupe_random_below(self, POLICIES)};
    troupe_pid pid = TROUPE_NO_PID;

    if (mailbox.policy != TROUPE_MAILBOX_DEFAULT &&
        mailbox.policy != TROUPE_MAILBOX_UNBOUNDED) {
        mailbox.messages_high = 1 + troupe_random_below(self, 8);
    }
    if (mailbox.policy == TROUPE_MAILBOX_REDIRECT) {
        mailbox.redirect_to = sink;
    }
    CHECK(troupe_spawn_with(self, child,
              &TROUPE_SPAWN_OPTIONS(.mailbox = mailbox), &pid) == TROUPE_OK);
    return pid;
}

static void
on_known(struct troupe_self *self, void *state, const struct known *known)
{
    struct churner *churner = state;

    (void)self;
    churner->known[churner->known_count++ % KNOWN] = known->to;
}

static void
on_peer(struct troupe_self *self, void *state, const struct peer *peer)
{
    struct churner *churner = state;

    (void)self;
    churner->peers[peer->place] = peer->pid;
}

static void
renew_child(struct troupe_self *self, struct churner *churner)
{
    troupe_pid *place = &churner->own[churner->rounds % KNOWN];

    if (*place != TROUPE_NO_PID) {
        CHECK(troupe_stop(self, *place) == TROUPE_OK);
    }
    *place = spawn_child(self);
    for (int i = 0; i < CHURNERS; i++) {
        if (churner->peers[i] != TROUPE_NO_PID) {
            CHECK(troupe_tell(self, churner->peers[i], known, .to = *place) ==
                  TROUPE_OK);
        }
    }
}

static void
on_churn(struct troupe_self *self, void *state, const struct churn *churn)
{
    struct churner *churner = state;
    uint64_t known_count =
        churner->known_count < KNOWN ? churner->known_count : KNOWN;

    (void)churn;
    renew_child(self, churner);
    for (int i = 0; i < ITEMS_A_ROUND && known_count > 0; i++) {
        send_item(self, churner->known[troupe_random_below(self, known_count)]);
    }
    if (++churner->rounds < ROUNDS) {
        CHECK(troupe_tell(self, troupe_self_pid(self), churn) == TROUPE_OK);
    } else if (atomic_fetch_sub(&churners_left, 1) == 1) {
        troupe_runtime_quit(self);
    }
}

TROUPE_BEHAVIOUR(churner, sizeof(struct churner), TROUPE_ON(churn, on_churn),
    TROUPE_ON(known, on_known), TROUPE_ON(peer, on_peer));

/* ---- the test ------------------------------------------------------------ */

static void
introduce(struct troupe_self *self, const troupe_pid *churners)
{
    for (int i = 0; i < CHURNERS; i++) {
        for (int j = 0; j < CHURNERS; j++) {
            CHECK(troupe_tell(self, churners[i], peer, .place = (uint64_t)j,
                      .pid = churners[j]) == TROUPE_OK);
        }
        CHECK(troupe_tell(self, churners[i], churn) == TROUPE_OK);
    }
}

/* This thread has children of its own. */
static void
churn_outside(struct troupe_self *self)
{
    while (atomic_load(&churners_left) > 0) {
        troupe_pid own = spawn_child(self);

        for (int i = 0; i < ITEMS_A_ROUND; i++) {
            send_item(self, own);
        }
        CHECK(troupe_stop(self, own) == TROUPE_OK);
        send_item(self, own);
    }
}

static void
every_message_is_handled_refused_or_a_dead_letter(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid churners[CHURNERS];
    uint64_t dead;

    (void)state;
    atomic_store(&churners_left, CHURNERS);
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.workers_count = 3, .log = keep_quiet), &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, sink, &sink), TROUPE_OK);
    for (int i = 0; i < CHURNERS; i++) {
        assert_int_equal(troupe_spawn(self, churner, &churners[i]), TROUPE_OK);
    }
    introduce(self, churners);
    churn_outside(self);
    troupe_runtime_wait(runtime);
    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report), TROUPE_OK);
    assert_true(report.is_drained);
    dead = report.dead_letters_count[TROUPE_DEAD_LETTER_DROPPED] +
           report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR];
    assert_int_equal(atomic_load(&taken_count), handled_count + dead);
    assert_int_equal(atomic_load(&refused_count),
        report.dead_letters_count[TROUPE_DEAD_LETTER_MAILBOX_FULL]);
    assert_true(report.dead_letters_count[TROUPE_DEAD_LETTER_DROPPED] > 0);
    assert_true(
        report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR] > 0);
    troupe_runtime_destroy(&runtime);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_handled_refused_or_a_dead_letter),
    };
    return cmocka_run_group_tests_name("policies", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stash_keeper: an actor that puts aside whatever comes while it is closed, in
 * a simulation, and what it has handled.
 *
 * For one program at a time; include it after cmocka.h.
 */
#ifndef TROUPE_TESTS_SUPPORT_STASH_KEEPER_H
#define TROUPE_TESTS_SUPPORT_STASH_KEEPER_H

#include <string.h>

#include "actors/actor.h"
#include "actors/runtime.h"
#include "actors/stash.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

#define ITEM(FIELD) FIELD(int64, number)
#define BULK(FIELD) FIELD(bin, bytes)
#define DOING(FIELD) FIELD(uint64, what)
TROUPE_MESSAGE(item, ITEM)
TROUPE_MESSAGE(bulk, BULK)
TROUPE_MESSAGE(get, ITEM)
TROUPE_MESSAGE(sum, ITEM)
TROUPE_MESSAGE(act, DOING)
TROUPE_MESSAGE(done, TROUPE_NO_FIELDS)

enum { SEEN_MAX = 4096 };

/* ---- who puts aside ------------------------------------------------------ */

static int64_t seen[SEEN_MAX];
static int seen_count;
static bool is_open;
static troupe_err last_err;
static void (*script)(struct troupe_self *self);
static int lives_count;

static void
see(int64_t number)
{
    CHECK(seen_count < SEEN_MAX);
    seen[seen_count++] = number;
}

static void
on_start(struct troupe_self *self, void *state)
{
    (void)self, (void)state;
    lives_count++;
}

static void
on_item(struct troupe_self *self, void *state, const struct item *item)
{
    (void)state;
    if (is_open) {
        see(item->number);
        return;
    }
    last_err = troupe_stash(self);
    if (last_err != TROUPE_OK) {
        CHECK(strstr(troupe_err_detail(), "a keeper is full: 4 messages"));
        see(-item->number);
    }
}

static void
on_bulk(struct troupe_self *self, void *state, const struct bulk *bulk)
{
    (void)state;
    if (is_open) {
        see((int64_t)bulk->bytes.size);
        return;
    }
    last_err = troupe_stash(self);
}

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    (void)state;
    if (is_open) {
        see(get->number);
        CHECK(troupe_reply(self, sum, .number = 2 * get->number) == TROUPE_OK);
        return;
    }
    last_err = troupe_stash(self);
}

static void
on_act(struct troupe_self *self, void *state, const struct act *act)
{
    (void)state, (void)act;
    script(self);
}

TROUPE_BEHAVIOUR(keeper, 0, TROUPE_ON_START(on_start), TROUPE_ON(item, on_item),
    TROUPE_ON(bulk, on_bulk), TROUPE_ON(get, on_get), TROUPE_ON(act, on_act));

/* ---- others -------------------------------------------------------------- */

static troupe_pid keeper_pid;
static troupe_err answer_err;
static int64_t answer_number;

static void
on_sum(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct sum sum = {0};

    (void)self, (void)state, (void)context;
    answer_err = troupe_answer_err(answer);
    if (answer_err == TROUPE_OK) {
        CHECK(sum_from(answer, &sum) == TROUPE_OK);
    }
    answer_number = sum.number;
}

static void
on_act_by_asker(struct troupe_self *self, void *state, const struct act *act)
{
    (void)state;
    CHECK(troupe_ask_then(self, keeper_pid, act->what, on_sum, 0, get,
              .number = 21) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(asker, 0, TROUPE_ON(act, on_act_by_asker));

/* Never answers in time. */
static struct troupe_request *kept;

static void
on_done_by_clock(struct troupe_self *self, void *state, const struct done *done)
{
    (void)state, (void)done;
    troupe_request_release(self, &kept);
    CHECK(troupe_request_keep(self, &kept) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(silent, 0, TROUPE_ON(done, on_done_by_clock));

/* ---- the world ----------------------------------------------------------- */

static struct troupe_runtime *runtime;
static struct troupe_self *thread;
static troupe_pid silent_pid;

static int
setup(void **state)
{
    (void)state;
    seen_count = 0;
    lives_count = 0;
    is_open = false;
    last_err = TROUPE_OK;
    answer_err = TROUPE_E_SYSTEM;
    kept = NULL;
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 11), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    thread = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(thread, keeper, &keeper_pid));
    TROUPE_CHECK(troupe_spawn(thread, silent, &silent_pid));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* Lets so much virtual time pass, and all happen that can. */
static void
pass(uint64_t span_ns)
{
    struct done reply;

    assert_int_equal(
        troupe_ask(thread, silent_pid, span_ns, done, &reply, done),
        TROUPE_E_TIMED_OUT);
}

static void
settle(void)
{
    pass(TROUPE_MS(1));
}

static void
tell_items(int64_t first, int64_t last)
{
    for (int64_t i = first; i <= last; i++) {
        TROUPE_CHECK(troupe_tell(thread, keeper_pid, item, .number = i));
    }
}

static void
play(void (*act_so)(struct troupe_self *self))
{
    script = act_so;
    TROUPE_CHECK(troupe_tell(thread, keeper_pid, act));
}

static void
assert_seen(int64_t first, int64_t last)
{
    assert_int_equal(seen_count, last - first + 1);
    for (int64_t i = first; i <= last; i++) {
        assert_int_equal(seen[i - first], i);
    }
}

static inline struct tp_actor *
slot_of(troupe_pid pid)
{
    return tp_registry_find(&runtime->registry, pid);
}

static void
open_all(struct troupe_self *self)
{
    is_open = true;
    (void)troupe_unstash(self);
}

static void
ask(uint64_t timeout_ns)
{
    troupe_pid asker_pid;

    TROUPE_CHECK(troupe_spawn(thread, asker, &asker_pid));
    TROUPE_CHECK(troupe_tell(thread, asker_pid, act, .what = timeout_ns));
    settle();
}

#endif

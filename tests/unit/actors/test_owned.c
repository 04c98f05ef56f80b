/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: memory of an actor is the actor's until it frees it or ends, and none
 * of it is left behind, however the actor ends.
 *
 * Method: an actor in a simulation takes memory and ends in every way that
 * there is; the process's count of blocks is what it was before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "actors/runtime.h"
#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "troupe/troupe.h"

TROUPE_MESSAGE(go, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(done, TROUPE_NO_FIELDS)

enum {
    PIECES_COUNT = 10,
    PIECE_BYTES = 1000,
    LIVES_COUNT = 3000,
    /* Blocks that the runtime keeps for later, or in quarantine. */
    KEPT_MAX = 9000,
};

struct hoard {
    unsigned char *pieces[PIECES_COUNT];
};

static void (*script)(struct troupe_self *self, struct hoard *hoard);
static unsigned starts_count;
static size_t seen_at_stop;

static void
on_start(struct troupe_self *self, void *state)
{
    struct hoard *hoard = state;

    starts_count++;
    for (int i = 0; i < PIECES_COUNT; i++) {
        hoard->pieces[i] = troupe_alloc(self, PIECE_BYTES);
        CHECK(hoard->pieces[i] != NULL);
        CHECK((uintptr_t)hoard->pieces[i] % 16 == 0);
        CHECK(
            hoard->pieces[i][0] == 0 && hoard->pieces[i][PIECE_BYTES - 1] == 0);
        memset(hoard->pieces[i], i + 1, PIECE_BYTES);
    }
}

static void
on_go(struct troupe_self *self, void *state, const struct go *go)
{
    (void)go;
    script(self, state);
    (void)troupe_reply(self, done);
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct hoard *hoard = state;

    (void)self, (void)why;
    seen_at_stop = hoard->pieces[3][PIECE_BYTES - 1];
}

TROUPE_BEHAVIOUR(hoarder, sizeof(struct hoard), TROUPE_ON_START(on_start),
    TROUPE_ON(go, on_go), TROUPE_ON_STOP(on_stop));

/* ---- the world ----------------------------------------------------------- */

static struct troupe_runtime *runtime;
static struct troupe_self *thread;

static void
log_nothing(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static int
setup(void **state)
{
    (void)state;
    starts_count = 0;
    seen_at_stop = 0;
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 7, .log = log_nothing),
        &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    thread = troupe_thread_self(runtime);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    troupe_runtime_destroy(&runtime);
    return 0;
}

static troupe_err
play(troupe_pid pid, void (*act)(struct troupe_self *self, struct hoard *hoard))
{
    struct done done;

    fault_put_handlers_back(); /* cmocka sets its own for each test */
    script = act;
    return troupe_ask(thread, pid, TROUPE_SECONDS(1), done, &done, go);
}

/* ---- scripts ------------------------------------------------------------- */

static void
do_nothing(struct troupe_self *self, struct hoard *hoard)
{
    (void)self, (void)hoard;
}

static void
free_some(struct troupe_self *self, struct hoard *hoard)
{
    static const int order[] = {9, 0, 5, 4};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        troupe_free(self, hoard->pieces[order[i]]);
        hoard->pieces[order[i]] = NULL;
    }
    troupe_free(self, NULL);
}

static void
resize_all(struct troupe_self *self, struct hoard *hoard)
{
    for (int i = 0; i < PIECES_COUNT; i++) {
        unsigned char *piece =
            troupe_realloc(self, hoard->pieces[i], (size_t)100000 >> i);

        CHECK(piece != NULL);
        CHECK(piece[0] == i + 1 && piece[99] == i + 1);
        hoard->pieces[i] = piece;
    }
    troupe_free(self, troupe_realloc(self, NULL, 1));
}

static void
run_out_of_memory(struct troupe_self *self, struct hoard *hoard)
{
    tp_memory_fail_every(true);
    CHECK(troupe_alloc(self, 1) == NULL);
    CHECK(troupe_realloc(self, hoard->pieces[1], 1 << 20) == NULL);
    tp_memory_fail_every(false);
    CHECK(hoard->pieces[1][PIECE_BYTES - 1] == 2);
    CHECK(troupe_alloc(self, SIZE_MAX) == NULL);
    CHECK(troupe_realloc(self, hoard->pieces[1], SIZE_MAX - 8) == NULL);
    CHECK(hoard->pieces[1][PIECE_BYTES - 1] == 2);
}

static void
stop(struct troupe_self *self, struct hoard *hoard)
{
    (void)hoard;
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}

static void
kill_itself(struct troupe_self *self, struct hoard *hoard)
{
    (void)hoard;
    CHECK(troupe_kill(self, troupe_self_pid(self)) == TROUPE_OK);
}

static void
give_up(struct troupe_self *self, struct hoard *hoard)
{
    (void)hoard;
    troupe_fail(self, 1, "as told");
}

static void
crash(struct troupe_self *self, struct hoard *hoard)
{
    (void)self, (void)hoard;
    fault_do(FAULT_NULL);
}

/* ---- tests --------------------------------------------------------------- */

static void
memory_is_the_actors_and_grows_and_shrinks(void **state)
{
    troupe_pid pid;

    (void)state;
    TROUPE_CHECK(troupe_spawn(thread, hoarder, &pid));
    assert_int_equal(play(pid, resize_all), TROUPE_OK);
    assert_int_equal(play(pid, free_some), TROUPE_OK);
}

static void
without_memory_what_there_is_stays(void **state)
{
    troupe_pid pid;

    (void)state;
    TROUPE_CHECK(troupe_spawn(thread, hoarder, &pid));
    assert_int_equal(play(pid, run_out_of_memory), TROUPE_OK);
}

static void
nothing_is_left_however_the_actor_ends(void **state)
{
    static void (*const ends[])(struct troupe_self * self,
        struct hoard * hoard) = {stop, kill_itself, give_up, crash};
    uint64_t before = tp_memory_blocks_count();
    troupe_pid pid;

    (void)state;
    for (unsigned i = 0; i < LIVES_COUNT; i++) {
        uint64_t now = tp_memory_blocks_count();

        TROUPE_CHECK(troupe_spawn(thread, hoarder, &pid));
        assert_int_equal(play(pid, resize_all), TROUPE_OK);
        assert_int_equal(play(pid, free_some), TROUPE_OK);
        assert_true(tp_memory_blocks_count() >= now + PIECES_COUNT - 4);
        (void)play(pid, ends[i % 4]);
        assert_int_equal(play(pid, do_nothing), TROUPE_E_NO_SUCH_ACTOR);
    }
    assert_in_range(tp_memory_blocks_count(), before, before + KEPT_MAX);
}

static void
a_stop_handler_may_still_use_it(void **state)
{
    troupe_pid pid;

    (void)state;
    TROUPE_CHECK(troupe_spawn(thread, hoarder, &pid));
    assert_int_equal(play(pid, do_nothing), TROUPE_OK);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(1), NULL));
    assert_int_equal(seen_at_stop, 4);
}

static void
another_life_begins_without_what_the_last_one_had(void **state)
{
    static const struct troupe_child children[] = {
        TROUPE_CHILD(.name = "hoarder", .behaviour = &hoarder_behaviour),
    };
    static const struct troupe_supervisor tree = TROUPE_SUPERVISOR(
        TROUPE_CHILDREN(children), .restarts_max = LIVES_COUNT + 1);
    troupe_pid supervisor;
    troupe_pid pid;
    uint64_t before = tp_memory_blocks_count();

    (void)state;
    TROUPE_CHECK(troupe_supervise(thread, &tree, &supervisor, &pid));
    for (unsigned i = 0; i < LIVES_COUNT; i++) {
        assert_int_equal(play(pid, do_nothing), TROUPE_OK);
        assert_int_equal(starts_count, i + 1);
        (void)play(pid, i % 2 == 0 ? crash : give_up);
    }
    assert_in_range(tp_memory_blocks_count(), before, before + KEPT_MAX);
}

static void
outside_a_handler_there_is_none(void **state)
{
    (void)state;
    assert_null(troupe_alloc(thread, 1));
    assert_null(troupe_realloc(thread, NULL, 1));
    assert_null(troupe_alloc(NULL, 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            memory_is_the_actors_and_grows_and_shrinks, setup, teardown),
        cmocka_unit_test_setup_teardown(
            without_memory_what_there_is_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(
            nothing_is_left_however_the_actor_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_stop_handler_may_still_use_it, setup, teardown),
        cmocka_unit_test_setup_teardown(
            another_life_begins_without_what_the_last_one_had, setup, teardown),
        cmocka_unit_test_setup_teardown(
            outside_a_handler_there_is_none, setup, teardown),
    };
    for (int i = 0; i < FAULT_SIGNALS_COUNT; i++) {
        signal(fault_signals_of_all[i], SIG_DFL); /* a sanitizer's go */
    }
    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    troupe_runtime_destroy(&runtime);
    fault_save_handlers();
    return cmocka_run_group_tests_name("owned", tests, NULL, NULL);
}

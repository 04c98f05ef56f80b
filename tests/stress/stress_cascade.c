/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a hundred thousand linked actors fall with one another, each once and
 * for the first one's reason, and no stack grows with their number.
 *
 * Method: a chain, each linked with the next; a star, all linked with one, of
 * which the middle fails, or a point. Simulated, on a thread whose stack would
 * not hold a frame for each; on threads (see also stress_lives) the star that
 * falls by a point.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/support/check.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

enum { CODE = 17, STACK_BYTES = 512 << 10 };

#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(grow_chain, NUMBER)
TROUPE_MESSAGE(grow_star, NUMBER)
TROUPE_MESSAGE(fail, TROUPE_NO_FIELDS)

static uint64_t actors_count = 100000;
static _Atomic(uint64_t) fallen_count;
/* One of the star's. The first, whose start has gone out before the handler
 * that spawns all of them is over. */
static troupe_pid point;

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static troupe_pid spawn_linked(struct troupe_self *self);

static void
on_grow_chain(
    struct troupe_self *self, void *state, const struct grow_chain *grow)
{
    (void)state;
    if (grow->value > 1) {
        CHECK(troupe_tell(self, spawn_linked(self), grow_chain,
                  .value = grow->value - 1) == TROUPE_OK);
    } else {
        troupe_runtime_quit(self);
    }
}

static void
on_grow_star(
    struct troupe_self *self, void *state, const struct grow_star *grow)
{
    (void)state;
    point = spawn_linked(self);
    for (uint64_t i = 2; i < grow->value; i++) {
        (void)spawn_linked(self);
    }
    troupe_runtime_quit(self);
}

static void
on_fail(struct troupe_self *self, void *state, const struct fail *fail)
{
    (void)state, (void)fail;
    troupe_fail(self, CODE, "the first");
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)self, (void)state;
    CHECK(why->kind == TROUPE_EXIT_FAILED && why->code == CODE);
    CHECK(why->text[0] == 't');
    atomic_fetch_add(&fallen_count, 1);
}

TROUPE_BEHAVIOUR(link, 0, TROUPE_ON(grow_chain, on_grow_chain),
    TROUPE_ON(grow_star, on_grow_star), TROUPE_ON(fail, on_fail),
    TROUPE_ON_STOP(on_stop));

static troupe_pid
spawn_linked(struct troupe_self *self)
{
    troupe_pid pid = TROUPE_NO_PID;

    CHECK(troupe_spawn_with(self, link, &TROUPE_SPAWN_OPTIONS(.link = true),
              &pid) == TROUPE_OK);
    return pid;
}

enum shape { CHAIN, STAR_BY_MIDDLE, STAR_BY_POINT };

static void
fall(enum shape shape, bool simulate)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid first;

    atomic_store(&fallen_count, 0);
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.workers_count = 2, .simulate = simulate, .seed = 5,
            .log = keep_quiet),
        &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, link, &first));
    if (shape == CHAIN) {
        TROUPE_CHECK(
            troupe_tell(self, first, grow_chain, .value = actors_count));
    } else {
        TROUPE_CHECK(
            troupe_tell(self, first, grow_star, .value = actors_count));
    }
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(
        troupe_tell(self, shape == STAR_BY_POINT ? point : first, fail));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(100), &report));
    CHECK(report.is_drained);
    CHECK(report.actors_alive_count == 0);
    CHECK(atomic_load(&fallen_count) == actors_count);
    troupe_runtime_destroy(&runtime);
}

static void
a_star_falls_with_one_of_its_points_on_threads(void **state)
{
    (void)state;
    fall(STAR_BY_POINT, false);
}

static void *
fall_in_simulation(void *unused)
{
    (void)unused;
    fall(CHAIN, true);
    fall(STAR_BY_MIDDLE, true);
    fall(STAR_BY_POINT, true);
    return NULL;
}

static void
a_hundred_thousand_fall_on_a_small_stack(void **state)
{
    pthread_attr_t attributes;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, STACK_BYTES), 0);
    assert_int_equal(
        pthread_create(&thread, &attributes, fall_in_simulation, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_star_falls_with_one_of_its_points_on_threads),
        cmocka_unit_test(a_hundred_thousand_fall_on_a_small_stack),
    };

    if (IS_SANITIZED && getenv("TROUPE_TEST_FULL") == NULL) {
        actors_count /= 5;
    }
    return cmocka_run_group_tests_name("cascade", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: an actor with a place runs there and nowhere else, over its restarts;
 * one with a thread of its own may block and holds up nobody, also when it
 * never returns.
 *
 * Method: handlers note their worker and their thread. What blocks reads from a
 * pipe, into which another actor or the test writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "actors/actor.h"
#include "actors/own_thread.h"
#include "actors/runtime.h"
#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(uint64, value)
#define PEER(FIELD) FIELD(pid, peer)
TROUPE_MESSAGE(whereabouts, NUMBER)
TROUPE_MESSAGE(get_whereabouts, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(hop, NUMBER)
TROUPE_MESSAGE(read_byte, PEER)
TROUPE_MESSAGE(write_byte, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(crash, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(give_birth, NUMBER)
TROUPE_MESSAGE(born, NUMBER)

enum { WORKERS = 3, HOPS = 300, THREADS_MAX = 3 };

static const uint64_t long_ns = TROUPE_SECONDS(60);

static struct troupe_runtime *runtime;
static struct troupe_self *self;
static struct troupe_stop_report report;
static int pipe_ends[2];
static uint64_t blocks_before, mappings_before;
static char log_text[2000];
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;

static void
note_line(void *context, enum troupe_log_level level, const char *line)
{
    size_t length;

    (void)context, (void)level;
    pthread_mutex_lock(&log_mutex);
    length = strlen(log_text);
    snprintf(log_text + length, sizeof(log_text) - length, "%s\n", line);
    pthread_mutex_unlock(&log_mutex);
}

static struct troupe_options
options_of(unsigned workers_count, bool simulate)
{
    return TROUPE_OPTIONS(.workers_count = workers_count, .simulate = simulate,
        .seed = 7, .own_threads_max = THREADS_MAX, .log = note_line);
}

static void
create(unsigned workers_count, bool simulate)
{
    struct troupe_options options = options_of(workers_count, simulate);

    blocks_before = tp_memory_blocks_count();
    mappings_before = tp_memory_mappings_count();
    report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    log_text[0] = '\0';
    assert_int_equal(pipe(pipe_ends), 0);
    assert_int_equal(troupe_runtime_create(&options, &runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_non_null(self);
}

static void
begin(unsigned workers_count, bool simulate)
{
    create(workers_count, simulate);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
}

static void
destroy(void)
{
    troupe_runtime_destroy(&runtime);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    assert_int_equal(tp_memory_blocks_count(), blocks_before);
    assert_int_equal(tp_memory_mappings_count(), mappings_before);
}

static void
finish(void)
{
    assert_int_equal(troupe_runtime_stop(runtime, long_ns, &report), TROUPE_OK);
    assert_true(report.is_drained);
    assert_int_equal(report.blocked_count, 0);
    destroy();
}

/* ---- actors -------------------------------------------------------------- */

struct resident {
    uint64_t hops_count;
    uint64_t place; /* 1 + its worker's index; 0: has not run */
    pthread_t thread;
};

static void
look_about(struct troupe_self *own, struct resident *resident)
{
    if (resident->place == 0) {
        resident->place = 1 + own->worker->index;
        resident->thread = pthread_self();
    }
    CHECK(resident->place == 1 + own->worker->index);
    CHECK(pthread_equal(resident->thread, pthread_self()));
}

static void
on_start(struct troupe_self *own, void *state)
{
    look_about(own, state);
}

/* The runtime's end comes on the thread that stops it. */
static void
on_stop(struct troupe_self *own, void *state, const struct troupe_exit *why)
{
    if (why->kind != TROUPE_EXIT_SHUTDOWN) {
        look_about(own, state);
    }
}

static void
on_get_whereabouts(struct troupe_self *own, void *state,
    const struct get_whereabouts *get_whereabouts)
{
    struct resident *resident = state;

    (void)get_whereabouts;
    look_about(own, resident);
    CHECK(
        troupe_reply(own, whereabouts, .value = resident->place) == TROUPE_OK);
}

static troupe_pid residents[2 * WORKERS + THREADS_MAX];
static unsigned residents_count;
static atomic_int hops_count;
static atomic_bool is_reading;

static void
on_hop(struct troupe_self *own, void *state, const struct hop *hop)
{
    struct resident *resident = state;

    look_about(own, resident);
    resident->hops_count++;
    atomic_fetch_add(&hops_count, 1);
    if (hop->value > 0) {
        uint64_t next = troupe_random_below(own, residents_count);

        CHECK(troupe_tell(own, residents[next], hop, .value = hop->value - 1) ==
              TROUPE_OK);
    }
}

static void
read_one(void)
{
    char byte;

    CHECK(read(pipe_ends[0], &byte, 1) == 1);
}

static void
write_one(void)
{
    CHECK(write(pipe_ends[1], "x", 1) == 1);
}

/* What it tells is on its way though the handler does not return. */
static void
on_read_byte(
    struct troupe_self *own, void *state, const struct read_byte *read_byte)
{
    uint64_t before_ns = troupe_now_ns(own);

    look_about(own, state);
    if (read_byte->peer != TROUPE_NO_PID) {
        CHECK(troupe_tell(own, read_byte->peer, write_byte) == TROUPE_OK);
    }
    atomic_store(&is_reading, true);
    read_one();
    CHECK(troupe_now_ns(own) > before_ns);
}

static void
on_write_byte(
    struct troupe_self *own, void *state, const struct write_byte *write_byte)
{
    (void)own, (void)state, (void)write_byte;
    write_one();
}

static void
on_crash(struct troupe_self *own, void *state, const struct crash *crash)
{
    (void)crash;
    look_about(own, state);
    fault_do(FAULT_OVERFLOW);
}

static void on_give_birth(
    struct troupe_self *own, void *state, const struct give_birth *give_birth);

TROUPE_BEHAVIOUR(resident, sizeof(struct resident), TROUPE_ON_START(on_start),
    TROUPE_ON(get_whereabouts, on_get_whereabouts), TROUPE_ON(hop, on_hop),
    TROUPE_ON(read_byte, on_read_byte), TROUPE_ON(write_byte, on_write_byte),
    TROUPE_ON(crash, on_crash), TROUPE_ON(give_birth, on_give_birth),
    TROUPE_ON_STOP(on_stop));

/* Answers 1 + the place of what it has spawned, or the error. */
static void
on_give_birth(
    struct troupe_self *own, void *state, const struct give_birth *give_birth)
{
    troupe_pid pid;
    troupe_err err;

    look_about(own, state);
    err = troupe_spawn_with(own, resident,
        &TROUPE_SPAWN_OPTIONS(.worker = (unsigned)give_birth->value,
            .link = true),
        &pid);
    CHECK(troupe_reply(own, born, .value = err == TROUPE_OK ? pid : err) ==
          TROUPE_OK);
}

static troupe_pid
spawn_on(unsigned worker)
{
    troupe_pid pid;

    assert_int_equal(troupe_spawn_with(self, resident,
                         &TROUPE_SPAWN_OPTIONS(.worker = worker), &pid),
        TROUPE_OK);
    return pid;
}

static troupe_err
try_spawn_alone(troupe_pid *pid)
{
    return troupe_spawn_with(
        self, resident, &TROUPE_SPAWN_OPTIONS(.own_thread = true), pid);
}

static troupe_pid
spawn_alone(void)
{
    troupe_pid pid;

    assert_int_equal(try_spawn_alone(&pid), TROUPE_OK);
    return pid;
}

static uint64_t
place_of(troupe_pid pid)
{
    struct whereabouts whereabouts = {0};

    assert_int_equal(troupe_ask(self, pid, long_ns, whereabouts, &whereabouts,
                         get_whereabouts),
        TROUPE_OK);
    return whereabouts.value;
}

/* ---- places -------------------------------------------------------------- */

static void
an_actor_with_a_place_runs_there_and_nowhere_else(void **state)
{
    (void)state;
    begin(WORKERS, false);
    residents_count = 0;
    for (unsigned i = 0; i < 2 * WORKERS; i++) {
        residents[residents_count++] = spawn_on(TROUPE_WORKER(i % WORKERS));
    }
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        residents[residents_count++] = spawn_alone();
    }
    atomic_store(&hops_count, 0);
    for (unsigned i = 0; i < residents_count; i++) {
        uint64_t place = i < 2 * WORKERS ? i % WORKERS : i - WORKERS;

        assert_int_equal(place_of(residents[i]), 1 + place);
        assert_int_equal(
            troupe_tell(self, residents[i], hop, .value = HOPS), TROUPE_OK);
    }
    finish();
    assert_int_equal(hops_count, (2 * WORKERS + THREADS_MAX) * (HOPS + 1));
}

static void
an_actor_shares_its_spawners_worker_if_asked_to(void **state)
{
    (void)state;
    begin(WORKERS, false);
    for (unsigned i = 0; i < WORKERS; i++) {
        troupe_pid parent = spawn_on(TROUPE_WORKER(i));
        struct born born = {0};

        assert_int_equal(troupe_ask(self, parent, long_ns, born, &born,
                             give_birth, .value = TROUPE_SPAWNERS_WORKER),
            TROUPE_OK);
        assert_int_equal(place_of(born.value), 1 + i);
    }
    finish();
}

static void
a_place_that_is_not_there_is_refused(void **state)
{
    struct born born = {0};
    troupe_pid pid = TROUPE_NO_PID;

    (void)state;
    begin(WORKERS, false);
    assert_int_equal(
        troupe_spawn_with(self, resident,
            &TROUPE_SPAWN_OPTIONS(.worker = TROUPE_WORKER(WORKERS)), &pid),
        TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "worker 3; there are 3"));
    assert_int_equal(
        troupe_spawn_with(self, resident,
            &TROUPE_SPAWN_OPTIONS(.worker = 1, .own_thread = true), &pid),
        TROUPE_E_INVALID_ARGUMENT);
    assert_int_equal(
        troupe_spawn_with(self, resident,
            &TROUPE_SPAWN_OPTIONS(.worker = TROUPE_SPAWNERS_WORKER), &pid),
        TROUPE_E_WRONG_THREAD);
    assert_int_equal(pid, TROUPE_NO_PID);
    assert_int_equal(troupe_ask(self, spawn_alone(), long_ns, born, &born,
                         give_birth, .value = TROUPE_SPAWNERS_WORKER),
        TROUPE_OK);
    assert_int_equal(born.value, TROUPE_E_WRONG_THREAD);
    finish();
}

static void
in_a_simulation_a_place_is_of_no_effect(void **state)
{
    struct born born = {0};

    (void)state;
    begin(WORKERS, true);
    assert_int_equal(place_of(spawn_on(TROUPE_WORKER(17))), 1);
    assert_int_equal(place_of(spawn_alone()), 1);
    assert_int_equal(troupe_ask(self, spawn_alone(), long_ns, born, &born,
                         give_birth, .value = TROUPE_SPAWNERS_WORKER),
        TROUPE_OK);
    assert_int_equal(place_of(born.value), 1);
    finish();
}

/* ---- threads ------------------------------------------------------------- */

static void
an_actor_on_its_own_thread_may_block_and_others_go_on(void **state)
{
    troupe_pid blocking;
    troupe_pid other;

    (void)state;
    begin(1, false);
    blocking = spawn_alone();
    other = spawn_on(0);
    assert_int_equal(
        troupe_tell(self, blocking, read_byte, .peer = TROUPE_NO_PID),
        TROUPE_OK);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(place_of(other), 1);
    }
    write_one();
    assert_int_equal(place_of(blocking), 2);
    finish();
}

static void
what_it_tells_is_sent_before_its_handler_returns(void **state)
{
    troupe_pid blocking;

    (void)state;
    begin(1, false);
    blocking = spawn_alone();
    assert_int_equal(
        troupe_tell(self, blocking, read_byte, .peer = spawn_on(0)), TROUPE_OK);
    assert_int_equal(place_of(blocking), 2);
    finish();
}

/* In line: it waits for messages, and in read(). */
static void
read_for_each_hop(struct troupe_self *own, void *state)
{
    struct hop next;

    while (troupe_receive_only(own, hop, &next, TROUPE_FOREVER) == TROUPE_OK) {
        look_about(own, state);
        CHECK(own->worker->is_lone);
        CHECK(troupe_tell(own, residents[0], write_byte) == TROUPE_OK);
        read_one();
        atomic_fetch_add(&hops_count, 1);
    }
}

TROUPE_PROCESS(stepper, sizeof(struct resident), read_for_each_hop);

static void
a_process_may_have_its_own_thread(void **state)
{
    troupe_pid pid;

    (void)state;
    begin(1, false);
    atomic_store(&hops_count, 0);
    residents[0] = spawn_on(0);
    assert_int_equal(troupe_spawn_with(self, stepper,
                         &TROUPE_SPAWN_OPTIONS(.own_thread = true), &pid),
        TROUPE_OK);
    for (int i = 0; i < HOPS; i++) {
        assert_int_equal(troupe_tell(self, pid, hop, .value = 0), TROUPE_OK);
    }
    finish();
    assert_int_equal(hops_count, HOPS);
}

static void
own_threads_are_bounded_and_used_again(void **state)
{
    bool simulate = *state != NULL;
    troupe_pid pids[THREADS_MAX];
    troupe_pid pid = TROUPE_NO_PID;
    troupe_err err;

    begin(1, simulate);
    for (int i = 0; i < THREADS_MAX; i++) {
        pids[i] = spawn_alone();
    }
    assert_int_equal(try_spawn_alone(&pid), TROUPE_E_TOO_MANY_THREADS);
    assert_non_null(strstr(troupe_err_detail(), "own_threads_max"));
    assert_int_equal(pid, TROUPE_NO_PID);
    for (int round = 0; round < 50; round++) {
        int i = round % THREADS_MAX;
        uint64_t place = place_of(pids[i]);

        assert_int_equal(troupe_stop(self, pids[i]), TROUPE_OK);
        do {
            (void)place_of(pids[(i + 1) % THREADS_MAX]);
            err = try_spawn_alone(&pids[i]);
        } while (err == TROUPE_E_TOO_MANY_THREADS);
        assert_int_equal(err, TROUPE_OK);
        assert_int_equal(place_of(pids[i]), place);
    }
    finish();
}

static void
an_actor_has_its_thread_from_before_the_start_on(void **state)
{
    troupe_pid pid;

    (void)state;
    create(1, false);
    pid = spawn_alone();
    assert_int_equal(troupe_tell(self, pid, read_byte, .peer = pid), TROUPE_OK);
    write_one();
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    assert_int_equal(place_of(pid), 2);
    finish();
    create(1, false); /* and with one that never starts nothing is lost */
    pid = spawn_alone();
    destroy();
}

static void
a_restart_leaves_an_actor_on_its_thread(void **state)
{
    struct troupe_child children[] = {
        TROUPE_CHILD(.name = "on its own", .behaviour = &resident_behaviour,
            .own_thread = true),
        TROUPE_CHILD(.name = "bound", .behaviour = &resident_behaviour,
            .worker = TROUPE_WORKER(1)),
    };
    struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.restarts_max = 100, TROUPE_CHILDREN(children));
    troupe_pid pids[2];

    (void)state;
    fault_put_handlers_back();
    begin(WORKERS, false);
    assert_int_equal(troupe_supervise(self, &tree, NULL, pids), TROUPE_OK);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(place_of(pids[0]), 1 + WORKERS);
        assert_int_equal(place_of(pids[1]), 2);
        assert_int_equal(troupe_tell(self, pids[i % 2], crash), TROUPE_OK);
    }
    finish();
    assert_non_null(strstr(log_text, "SIGSEGV"));
}

static void
a_child_is_not_placed_where_its_description_cannot_say(void **state)
{
    struct troupe_child child = TROUPE_CHILD(.name = "stray",
        .behaviour = &resident_behaviour, .worker = TROUPE_SPAWNERS_WORKER);
    struct troupe_supervisor inner = TROUPE_SUPERVISOR(.restarts_max = 1);
    struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.children = &child, .children_count = 1);

    (void)state;
    begin(1, false);
    assert_int_equal(
        troupe_supervise(self, &tree, NULL, NULL), TROUPE_E_INVALID_ARGUMENT);
    child = (struct troupe_child)TROUPE_CHILD(.name = "inner",
        .supervisor = &inner, .own_thread = true);
    assert_int_equal(
        troupe_supervise(self, &tree, NULL, NULL), TROUPE_E_INVALID_ARGUMENT);
    finish();
}

/* What was made stays: first the list fails, then the self twice, its signal
 * stack and its worker. */
static void
without_memory_there_is_no_thread_and_nothing_is_lost(void **state)
{
    static const uint64_t failing[] = {1, 2, 1, 2, 3};
    troupe_pid pid = TROUPE_NO_PID;

    (void)state;
    begin(1, false);
    (void)place_of(spawn_on(0));
    for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
        tp_memory_fail_at(failing[i]);
        assert_int_equal(try_spawn_alone(&pid), TROUPE_E_NO_MEMORY);
    }
    tp_memory_fail_at(0);
    assert_int_equal(try_spawn_alone(&pid), TROUPE_OK);
    assert_int_equal(place_of(pid), 2);
    finish();
}

/* ---- the end ------------------------------------------------------------- */

static void
a_stop_waits_for_what_own_threads_have_to_do(void **state)
{
    troupe_pid blocking;

    (void)state;
    begin(2, false);
    blocking = spawn_alone();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(
            troupe_tell(self, blocking, read_byte, .peer = spawn_on(0)),
            TROUPE_OK);
    }
    finish();
    assert_int_equal(report.messages_handled_count, 200);
}

/* Its actor reads what nobody has written. */
static void
block_for_good(void)
{
    atomic_store(&is_reading, false);
    begin(2, false);
    assert_int_equal(
        troupe_tell(self, spawn_alone(), read_byte, .peer = TROUPE_NO_PID),
        TROUPE_OK);
    while (!atomic_load(&is_reading)) {
        sched_yield();
    }
    assert_int_equal(troupe_runtime_stop(runtime, 0, &report), TROUPE_OK);
}

static void
a_stop_leaves_a_blocked_thread_to_itself_and_says_so(void **state)
{
    char text[3000] = "";
    FILE *stream = fmemopen(text, sizeof(text), "w");

    (void)state;
    block_for_good();
    assert_false(report.is_drained);
    assert_int_equal(report.blocked_count, 1);
    assert_string_equal(report.blocked[0].behaviour, "resident");
    assert_non_null(strstr(log_text, "(resident) has not returned"));
    troupe_stop_report_print(stream, &report);
    fclose(stream);
    assert_non_null(strstr(text, "(resident) had not returned"));
    write_one();
    while (!tp_own_threads_reclaim(runtime)) {
        sched_yield();
    }
    destroy(); /* all is there again, and is freed */
}

/* All is there for the thread when it returns. Nobody but this test could take
 * the memory back then. */
static void
a_runtime_with_a_blocked_thread_is_left_in_memory(void **state)
{
    struct troupe_runtime *left;

    (void)state;
    block_for_good();
    left = runtime;
    troupe_runtime_destroy(&runtime);
    assert_null(runtime);
    assert_non_null(strstr(log_text, "the runtime is left in memory"));
    write_one();
    while (!tp_own_threads_reclaim(left)) {
        sched_yield();
    }
    runtime = left;
    destroy();
}

/* What a process has once stays: it is not what a runtime leaves. */
static void
meet_all(void)
{
    struct troupe_schema *schemas[] = {&whereabouts_schema,
        &get_whereabouts_schema, &hop_schema, &read_byte_schema,
        &write_byte_schema, &crash_schema, &give_birth_schema, &born_schema};
    static const struct troupe_supervisor tree = TROUPE_SUPERVISOR();
    troupe_pid stepper_pid;

    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        CHECK(troupe_schema_intern(schemas[i]) == TROUPE_OK);
    }
    begin(1, true);
    (void)place_of(spawn_on(0));
    CHECK(troupe_spawn(self, stepper, &stepper_pid) == TROUPE_OK);
    CHECK(troupe_supervise(self, &tree, NULL, NULL) == TROUPE_OK);
    troupe_runtime_destroy(&runtime);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    fault_save_handlers();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_actor_with_a_place_runs_there_and_nowhere_else),
        cmocka_unit_test(an_actor_shares_its_spawners_worker_if_asked_to),
        cmocka_unit_test(a_place_that_is_not_there_is_refused),
        cmocka_unit_test(in_a_simulation_a_place_is_of_no_effect),
        cmocka_unit_test(an_actor_on_its_own_thread_may_block_and_others_go_on),
        cmocka_unit_test(what_it_tells_is_sent_before_its_handler_returns),
        cmocka_unit_test(a_process_may_have_its_own_thread),
        cmocka_unit_test(own_threads_are_bounded_and_used_again),
        {"own_threads_are_bounded_in_a_simulation_too",
            own_threads_are_bounded_and_used_again, NULL, NULL,
            (void *)(uintptr_t) "simulate"},
        cmocka_unit_test(an_actor_has_its_thread_from_before_the_start_on),
        cmocka_unit_test(a_restart_leaves_an_actor_on_its_thread),
        cmocka_unit_test(
            a_child_is_not_placed_where_its_description_cannot_say),
        cmocka_unit_test(without_memory_there_is_no_thread_and_nothing_is_lost),
        cmocka_unit_test(a_stop_waits_for_what_own_threads_have_to_do),
        cmocka_unit_test(a_stop_leaves_a_blocked_thread_to_itself_and_says_so),
        cmocka_unit_test(a_runtime_with_a_blocked_thread_is_left_in_memory),
    };

    meet_all();
    return cmocka_run_group_tests_name("placement", tests, NULL, NULL);
}

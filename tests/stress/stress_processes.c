/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: on threads, too, a process stays on one of them, and of thousands that
 * ask, tell, time out, crash, are killed and are born no message is lost or
 * received twice.
 *
 * Method: clients ask servers, both processes; each answer is checked. Some
 * clients crash or are killed in the middle and others take their place, until
 * as many have ended well as there should.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(number, NUMBER)
TROUPE_MESSAGE(query, NUMBER)
TROUPE_MESSAGE(result, NUMBER)
TROUPE_MESSAGE(done, NUMBER)

enum {
    SERVERS_COUNT = 8,
    CLIENTS_COUNT = FEWER(IS_SANITIZED ? 400 : 4000),
    CLIENTS_AT_ONCE = FEWER(200),
    ROUNDS_COUNT = 20,
    NUMBERS_COUNT = 40,
    WORKERS_COUNT = 4,
};

/* ---- servers ------------------------------------------------------------- */

static void
serve(struct troupe_self *self, void *state)
{
    const struct troupe_message *message;
    pthread_t thread = pthread_self();
    struct number number;
    struct query query;
    uint64_t *sum = state;

    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        CHECK(pthread_equal(thread, pthread_self()));
        if (query_in(message, &query)) {
            CHECK(troupe_reply(self, result, .value = query.value + 1) ==
                  TROUPE_OK);
        } else if (number_in(message, &number)) {
            *sum += number.value;
        } else {
            troupe_decline(self);
        }
    }
}

TROUPE_PROCESS(server, sizeof(uint64_t), serve);

/* ---- clients ------------------------------------------------------------- */

struct client {
    troupe_pid servers[SERVERS_COUNT];
    uint64_t number;
};

static troupe_pid
server_of(struct troupe_self *self, const struct client *client)
{
    return client->servers[troupe_random_below(self, SERVERS_COUNT)];
}

static void
ask_and_check(struct troupe_self *self, const struct client *client)
{
    struct result got = {0};
    uint64_t value = troupe_random_below(self, 1000);

    CHECK(troupe_ask(self, server_of(self, client), TROUPE_SECONDS(60), result,
              &got, query, .value = value) == TROUPE_OK);
    CHECK(got.value == value + 1);
}

static void
work(struct troupe_self *self, void *state)
{
    const struct client *client = state;
    const struct troupe_message *message;
    pthread_t thread = pthread_self();

    for (int round = 0; round < ROUNDS_COUNT; round++) {
        ask_and_check(self, client);
        for (int i = 0; i < NUMBERS_COUNT; i++) {
            CHECK(troupe_tell(self, server_of(self, client), number,
                      .value = 1) == TROUPE_OK);
        }
        if (troupe_random_below(self, 10) == 0) {
            CHECK(troupe_receive(self, &message, TROUPE_US(100)) ==
                  TROUPE_E_TIMED_OUT);
        }
        if (client->number % 7 == 0 && round == ROUNDS_COUNT / 2) {
            fault_do(FAULT_PAGE);
        }
        if (client->number % 7 == 1 && round == ROUNDS_COUNT / 2) {
            troupe_fail(self, 1, "as planned");
        }
        CHECK(pthread_equal(thread, pthread_self()));
    }
}

TROUPE_PROCESS(worker, sizeof(struct client), work);

/* ---- the boss ------------------------------------------------------------ */

static void
spawn_client(struct troupe_self *self, struct client *client)
{
    troupe_pid pid;

    client->number++;
    CHECK(troupe_spawn_with(self, worker,
              &TROUPE_SPAWN_OPTIONS(.state = client,
                  .stack_bytes = TROUPE_STACK_BYTES),
              &pid) == TROUPE_OK);
    CHECK(troupe_monitor(self, pid, NULL, 0, NULL) == TROUPE_OK);
    if (client->number % 7 == 2) {
        CHECK(troupe_kill(self, pid) == TROUPE_OK);
    }
}

static void
employ(struct troupe_self *self, void *state)
{
    struct client *client = state;
    struct query query;
    struct troupe_ended ended;
    struct troupe_request *kept;
    uint64_t well_count = 0;

    CHECK(
        troupe_receive_only(self, query, &query, TROUPE_FOREVER) == TROUPE_OK);
    CHECK(troupe_request_keep(self, &kept) == TROUPE_OK);
    for (int i = 0; i < SERVERS_COUNT; i++) {
        CHECK(troupe_spawn(self, server, &client->servers[i]) == TROUPE_OK);
    }
    for (int i = 0; i < CLIENTS_AT_ONCE; i++) {
        spawn_client(self, client);
    }
    while (well_count < CLIENTS_COUNT) {
        CHECK(troupe_receive_only(self, troupe_ended, &ended, TROUPE_FOREVER) ==
              TROUPE_OK);
        well_count += ended.why.kind == TROUPE_EXIT_NORMAL;
        spawn_client(self, client);
    }
    CHECK(troupe_reply_to(self, &kept, done, .value = well_count) == TROUPE_OK);
}

TROUPE_PROCESS(employer, sizeof(struct client), employ);

static void
quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
thousands_ask_and_crash_and_nothing_is_lost(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_stacks stacks = TROUPE_STACKS;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct done done = {0};
    troupe_pid boss;

    (void)state;
    fault_put_handlers_back();
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.workers_count = WORKERS_COUNT, .log = quiet),
        &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, employer, &boss));
    TROUPE_CHECK(troupe_ask(
        self, boss, TROUPE_SECONDS(600), done, &done, query, .value = 0));
    assert_int_equal(done.value, CLIENTS_COUNT);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report));
    assert_true(report.is_drained);
    /* And who waited for a message that did not come. */
    assert_true(report.actors_alive_count >= SERVERS_COUNT);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_NO_HANDLER], 0);
    troupe_stacks_count(runtime, &stacks);
    assert_int_equal(stacks.taken_count, 0);
    troupe_runtime_destroy(&runtime);
    assert_int_equal(tp_memory_mappings_count(), 0);
}

/* Its stacks are its thread's, and go with that. */
static void
a_process_may_have_a_thread_of_its_own(void **state)
{
    struct troupe_stacks stacks = TROUPE_STACKS;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct result got = {0};
    troupe_pid pid;

    (void)state;
    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn_with(
        self, server, &TROUPE_SPAWN_OPTIONS(.own_thread = true), &pid));
    for (uint64_t i = 0; i < ROUNDS_COUNT; i++) {
        TROUPE_CHECK(troupe_ask(
            self, pid, TROUPE_SECONDS(60), result, &got, query, .value = i));
        assert_int_equal(got.value, i + 1);
    }
    troupe_stacks_count(runtime, &stacks);
    assert_int_equal(stacks.taken_count, 1);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(60), NULL));
    troupe_runtime_destroy(&runtime);
    assert_int_equal(tp_memory_mappings_count(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousands_ask_and_crash_and_nothing_is_lost),
        cmocka_unit_test(a_process_may_have_a_thread_of_its_own),
    };
    struct troupe_runtime *runtime;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    fault_save_handlers();
    troupe_runtime_destroy(&runtime);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

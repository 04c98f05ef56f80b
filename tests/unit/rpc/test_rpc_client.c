/* SPDX-License-Identifier: BSD-2-Clause */
/* Actors, processes and threads here that call a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/rpc.h"

static troupe_pid
connect_to_it(const struct troupe_rpc_options *options)
{
    troupe_pid connection = TROUPE_NO_PID;

    CHECK(troupe_rpc_connect(net.self, net.address, options, &connection) ==
          TROUPE_OK);
    return connection;
}

static void
a_thread_calls_by_method_and_parameters(void **state)
{
    static const uint8_t params[] = {0x92, 2, 3};
    struct troupe_rpc_result result;
    struct troupe_rpc_error error;
    troupe_pid server;

    (void)state;
    BEGIN_SERVER(.requests_max = 0);
    server = connect_to_it(NULL);
    assert_int_equal(
        troupe_ask(net.self, server, long_ns, troupe_rpc_result, &result,
            troupe_rpc_call, .method = troupe_str_of("desk.add"),
            .params = {params, sizeof(params)}),
        TROUPE_OK);
    assert_int_equal(result.value.size, 1);
    assert_int_equal(result.value.data[0], 5);
    assert_int_equal(
        troupe_ask(net.self, server, long_ns, troupe_rpc_error, &error,
            troupe_rpc_call, .method = troupe_str_of("desk.sub")),
        TROUPE_OK);
    assert_int_equal(error.code, 405);
    finish_runtime();
}

static void
messages_of_a_service_that_is_known_are_asked_as_of_its_actor(void **state)
{
    struct sum sum;
    struct pair pair;
    struct troupe_rpc_done done;
    struct troupe_rpc_error error;
    troupe_pid server;

    (void)state;
    BEGIN_SERVER(.requests_max = 0);
    server = connect_to_it(TROUPE_RPC_OPTIONS(.peer = &desk_service));
    assert_int_equal(troupe_ask(net.self, server, long_ns, sum, &sum, add,
                         .a = 1000, .b = -1),
        TROUPE_OK);
    assert_int_equal(sum.value, 999);
    assert_int_equal(troupe_ask(net.self, server, long_ns, pair, &pair, twice,
                         .first = 4, .second = troupe_str_of("ab")),
        TROUPE_OK);
    assert_int_equal(pair.first, 8);
    assert_memory_equal(pair.second.data, "ab", 2);
    assert_int_equal(troupe_ask(net.self, server, long_ns, troupe_rpc_done,
                         &done, answer_kept),
        TROUPE_OK);
    assert_int_equal(troupe_ask(net.self, server, long_ns, troupe_rpc_error,
                         &error, refuse, .code = 409, .retry_ms = 7),
        TROUPE_OK);
    assert_int_equal(error.code, 409);
    assert_int_equal(error.retry_ms, 7);
    assert_memory_equal(error.text.data, "no", 2);
    assert_int_equal(troupe_ask(net.self, server, long_ns, troupe_rpc_error,
                         &error, not_offered),
        TROUPE_OK);
    assert_int_equal(error.code, 405);
    finish_runtime();
}

static void
a_token_is_said_first_and_a_wrong_one_ends_the_connection(void **state)
{
    struct sum sum;
    troupe_pid server;

    (void)state;
    BEGIN_SERVER(.token = "sesame");
    server = connect_to_it(
        TROUPE_RPC_OPTIONS(.peer = &desk_service, .token = "sesame"));
    assert_int_equal(
        troupe_ask(net.self, server, long_ns, sum, &sum, add, .a = 1, .b = 1),
        TROUPE_OK);
    server = connect_to_it(
        TROUPE_RPC_OPTIONS(.peer = &desk_service, .token = "semolina"));
    assert_int_equal(
        troupe_ask(net.self, server, long_ns, sum, &sum, add, .a = 1, .b = 1),
        TROUPE_E_NO_SUCH_ACTOR);
    finish_runtime();
}

/* ---- against a peer of bytes --------------------------------------------- */

static int listening_fd;

static int
begin_peer(void)
{
    struct sockaddr_in where = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(where);

    begin_runtime(&TROUPE_OPTIONS(.workers_count = 2));
    listening_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(listening_fd, (struct sockaddr *)&where, size) == 0);
    CHECK(listen(listening_fd, 8) == 0);
    CHECK(getsockname(listening_fd, (struct sockaddr *)&where, &size) == 0);
    snprintf(net.address, sizeof(net.address), "127.0.0.1:%u",
        ntohs(where.sin_port));
    return listening_fd;
}

static int
accept_it(void)
{
    int fd = accept(listening_fd, NULL, NULL);

    CHECK(fd >= 0);
    return fd;
}

static void
finish_peer(int fd)
{
    close(fd);
    finish_runtime();
    close(listening_fd);
}

/* Asks in the name of a thread of its own, for the thread that answers. */
#define FIELDS_OUTCOME(FIELD)                                                  \
    FIELD(int64, err) FIELD(int64, value) FIELD(uint32, code) FIELD(str, text)
TROUPE_MESSAGE(outcome, FIELDS_OUTCOME)
TROUPE_MESSAGE(get_outcome, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(ask_add, FIELDS_WHOM)
TROUPE_MESSAGE(tell_add, FIELDS_WHOM)

struct asker {
    struct troupe_request *waits;
    bool has_outcome;
    int64_t err;
    int64_t value;
    uint32_t code;
    char text[64];
};

static void
give_outcome(struct troupe_self *self, struct asker *asker)
{
    if (asker->waits != NULL && asker->has_outcome) {
        asker->has_outcome = false;
        CHECK(troupe_reply_to(self, &asker->waits, outcome, .err = asker->err,
                  .value = asker->value, .code = asker->code,
                  .text = troupe_str_of(asker->text)) == TROUPE_OK);
    }
}

static void
on_sum(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct asker *asker = state;
    struct sum sum;
    struct troupe_rpc_error error;

    (void)context;
    *asker = (struct asker){.waits = asker->waits, .has_outcome = true};
    if (troupe_rpc_error_from(answer, &error) == TROUPE_OK) {
        asker->code = error.code;
        snprintf(asker->text, sizeof(asker->text), "%.*s",
            (int)error.text.length, error.text.data);
    } else {
        asker->err = sum_from(answer, &sum);
        asker->value = asker->err == TROUPE_OK ? sum.value : 0;
    }
    give_outcome(self, asker);
}

static void
on_ask_add(struct troupe_self *self, void *state, const struct ask_add *ask)
{
    (void)state;
    CHECK(troupe_ask_then(self, ask->actor, TROUPE_SECONDS(60), on_sum, 0, add,
              .a = 2, .b = 3) == TROUPE_OK);
}

static void
on_tell_add(struct troupe_self *self, void *state, const struct tell_add *ask)
{
    (void)state;
    CHECK(troupe_tell(self, ask->actor, add, .a = 2, .b = 3) == TROUPE_OK);
}

static void
on_get_outcome(
    struct troupe_self *self, void *state, const struct get_outcome *get)
{
    struct asker *asker = state;

    (void)get;
    CHECK(troupe_request_keep(self, &asker->waits) == TROUPE_OK);
    give_outcome(self, asker);
}

TROUPE_BEHAVIOUR(asker, sizeof(struct asker), TROUPE_ON(ask_add, on_ask_add),
    TROUPE_ON(tell_add, on_tell_add), TROUPE_ON(get_outcome, on_get_outcome));

static troupe_pid
begin_asker(void)
{
    troupe_pid pid;

    CHECK(troupe_spawn(net.self, asker, &pid) == TROUPE_OK);
    return pid;
}

static struct outcome
outcome_of(troupe_pid asker)
{
    struct outcome outcome;

    CHECK(troupe_ask(net.self, asker, long_ns, outcome, &outcome,
              get_outcome) == TROUPE_OK);
    return outcome;
}

static void
a_call_is_a_request_and_what_is_told_a_notification(void **state)
{
    troupe_pid client;
    troupe_pid asker;
    int fd;

    (void)state;
    begin_peer();
    asker = begin_asker();
    client = connect_to_it(TROUPE_RPC_OPTIONS(.peer = &desk_service));
    fd = accept_it();
    assert_int_equal(
        troupe_tell(net.self, asker, tell_add, .actor = client), TROUPE_OK);
    assert_int_equal(
        troupe_tell(net.self, asker, ask_add, .actor = client), TROUPE_OK);
    hear(fd, "93 02 'desk.add' 92 02 03 94 00 01 'desk.add' 92 02 03");
    say(fd, "94 01 01 c0 05");
    assert_int_equal(outcome_of(asker).value, 5);
    finish_peer(fd);
}

static void
answers_may_come_in_any_order_and_strange_ones_are_ignored(void **state)
{
    troupe_pid client;
    troupe_pid one;
    troupe_pid two;
    int fd;

    (void)state;
    begin_peer();
    one = begin_asker();
    two = begin_asker();
    client = connect_to_it(TROUPE_RPC_OPTIONS(.peer = &desk_service));
    fd = accept_it();
    assert_int_equal(
        troupe_tell(net.self, one, ask_add, .actor = client), TROUPE_OK);
    hear(fd, "94 00 01 'desk.add' 92 02 03");
    assert_int_equal(
        troupe_tell(net.self, two, ask_add, .actor = client), TROUPE_OK);
    hear(fd, "94 00 02 'desk.add' 92 02 03");
    say(fd, "94 01 09 c0 3f 94 01 02 c0 02 94 01 02 c0 03 94 01 01 c0 01");
    assert_int_equal(outcome_of(two).value, 2);
    assert_int_equal(outcome_of(one).value, 1);
    finish_peer(fd);
}

static void
errors_of_any_form_are_errors(void **state)
{
    static const struct {
        const char *said;
        uint32_t code;
        const char *text;
    } errors[] = {
        {"92 cd 01 99 'busy'", 409, "busy"},
        {"93 cd 01 f7 'later' 81 'retry_ms' 05", 503, "later"},
        {"'no idea'", 500, "no idea"},
        {"07", 500, "the peer's error is the integer 7"},
    };
    troupe_pid client;
    troupe_pid asker;
    int fd;

    (void)state;
    begin_peer();
    asker = begin_asker();
    client = connect_to_it(TROUPE_RPC_OPTIONS(.peer = &desk_service));
    fd = accept_it();
    for (uint8_t i = 0; i < 4; i++) {
        struct outcome outcome;
        char said[128];

        assert_int_equal(
            troupe_tell(net.self, asker, ask_add, .actor = client), TROUPE_OK);
        snprintf(said, sizeof(said), "94 00 %02x 'desk.add' 92 02 03", i + 1);
        hear(fd, said);
        snprintf(said, sizeof(said), "94 01 %02x %s c0", i + 1, errors[i].said);
        say(fd, said);
        outcome = outcome_of(asker);
        assert_int_equal(outcome.code, errors[i].code);
        assert_int_equal(outcome.text.length, strlen(errors[i].text));
        assert_memory_equal(
            outcome.text.data, errors[i].text, outcome.text.length);
    }
    finish_peer(fd);
}

static void
a_result_that_does_not_fit_is_an_error(void **state)
{
    troupe_pid client;
    troupe_pid asker;
    int fd;

    (void)state;
    begin_peer();
    asker = begin_asker();
    client = connect_to_it(TROUPE_RPC_OPTIONS(.peer = &desk_service));
    fd = accept_it();
    assert_int_equal(
        troupe_tell(net.self, asker, ask_add, .actor = client), TROUPE_OK);
    hear(fd, "94 00 01 'desk.add' 92 02 03");
    say(fd, "94 01 01 c0 'five'");
    assert_int_equal(outcome_of(asker).code, 500);
    finish_peer(fd);
}

static void
the_end_of_the_connection_answers_what_was_asked(void **state)
{
    troupe_pid client;
    troupe_pid asker;
    int fd;

    (void)state;
    begin_peer();
    asker = begin_asker();
    client = connect_to_it(TROUPE_RPC_OPTIONS(.peer = &desk_service));
    fd = accept_it();
    assert_int_equal(
        troupe_tell(net.self, asker, ask_add, .actor = client), TROUPE_OK);
    hear(fd, "94 00 01 'desk.add' 92 02 03");
    close(fd);
    assert_int_equal(outcome_of(asker).err, TROUPE_E_NO_SUCH_ACTOR);
    finish_peer(-1);
}

static void
a_token_that_the_peer_does_not_take_ends_the_connection(void **state)
{
    troupe_pid client;
    troupe_pid asker;
    int fd;

    (void)state;
    begin_peer();
    asker = begin_asker();
    client = connect_to_it(
        TROUPE_RPC_OPTIONS(.peer = &desk_service, .token = "sesame"));
    fd = accept_it();
    assert_int_equal(
        troupe_tell(net.self, asker, ask_add, .actor = client), TROUPE_OK);
    hear(fd, "94 00 00 'troupe.auth' 91 'sesame' 94 00 01 'desk.add' 92 02 03");
    say(fd, "94 01 00 92 cd 01 91 'no' c0");
    assert_int_equal(outcome_of(asker).err, TROUPE_E_NO_SUCH_ACTOR);
    finish_peer(fd);
}

static void
options_that_contradict_each_other_are_refused(void **state)
{
    static const struct troupe_rpc_service twice_there[] = {
        {"a", NULL, 0}, {"b", NULL, 0}, {"a", NULL, 0}};
    static const struct troupe_rpc_service own = {"troupe", NULL, 0};
    static const struct troupe_net_options hasty = {
        .size = sizeof(hasty), .idle_ns = TROUPE_SECONDS(30)};
    const struct troupe_rpc_options *const refused[] = {
        TROUPE_RPC_OPTIONS(.services = twice_there, .services_count = 3),
        TROUPE_RPC_OPTIONS(.services = &own, .services_count = 1),
        TROUPE_RPC_OPTIONS(.services_count = 1),
        TROUPE_RPC_OPTIONS(.connection = &hasty),
        TROUPE_RPC_OPTIONS(.depth_max = 129),
        TROUPE_RPC_OPTIONS(.frame_bytes_max = SIZE_MAX),
    };
    troupe_pid client;

    (void)state;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 1));
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(
            troupe_rpc_connect(net.self, "127.0.0.1:1", refused[i], &client),
            TROUPE_E_INVALID_ARGUMENT);
    }
    finish_runtime();
}

static void
calls_that_the_peer_does_not_answer_are_given_up(void **state)
{
    troupe_pid client;
    troupe_pid asker;
    int fd;

    (void)state;
    begin_peer();
    asker = begin_asker();
    client = connect_to_it(
        TROUPE_RPC_OPTIONS(.peer = &desk_service, .call_ns = TROUPE_MS(1)));
    fd = accept_it();
    assert_int_equal(
        troupe_tell(net.self, asker, ask_add, .actor = client), TROUPE_OK);
    assert_int_equal(outcome_of(asker).code, 504);
    finish_peer(fd);
}

static void
more_calls_than_allowed_are_refused(void **state)
{
    troupe_pid client;
    troupe_pid one;
    troupe_pid two;
    int fd;

    (void)state;
    begin_peer();
    one = begin_asker();
    two = begin_asker();
    client = connect_to_it(
        TROUPE_RPC_OPTIONS(.peer = &desk_service, .calls_max = 1));
    fd = accept_it();
    assert_int_equal(
        troupe_tell(net.self, one, ask_add, .actor = client), TROUPE_OK);
    hear(fd, "94 00 01 'desk.add' 92 02 03");
    assert_int_equal(
        troupe_tell(net.self, two, ask_add, .actor = client), TROUPE_OK);
    assert_int_equal(outcome_of(two).code, 503);
    say(fd, "94 01 01 c0 05");
    assert_int_equal(outcome_of(one).value, 5);
    assert_int_equal(
        troupe_tell(net.self, two, ask_add, .actor = client), TROUPE_OK);
    hear(fd, "94 00 02 'desk.add' 92 02 03");
    say(fd, "94 01 02 c0 05");
    assert_int_equal(outcome_of(two).value, 5);
    finish_peer(fd);
}

/* So many that the table of calls grows, answered from the middle outwards. */
static void
hundreds_of_calls_are_told_apart(void **state)
{
    enum { CALLS = 100 };
    troupe_pid askers[CALLS];
    troupe_pid client;
    char text[128];
    int fd;

    (void)state;
    begin_peer();
    client = connect_to_it(TROUPE_RPC_OPTIONS(.peer = &desk_service));
    fd = accept_it();
    for (unsigned i = 0; i < CALLS; i++) {
        askers[i] = begin_asker();
        assert_int_equal(
            troupe_tell(net.self, askers[i], ask_add, .actor = client),
            TROUPE_OK);
        snprintf(text, sizeof(text), "94 00 %02x 'desk.add' 92 02 03", i + 1);
        hear(fd, text);
    }
    for (unsigned i = 0; i < CALLS; i++) {
        unsigned which = (i * 37 + 50) % CALLS;

        snprintf(text, sizeof(text), "94 01 %02x c0 %02x", which + 1, which);
        say(fd, text);
        assert_int_equal(outcome_of(askers[which]).value, which);
    }
    finish_peer(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_calls_by_method_and_parameters),
        cmocka_unit_test(
            messages_of_a_service_that_is_known_are_asked_as_of_its_actor),
        cmocka_unit_test(
            a_token_is_said_first_and_a_wrong_one_ends_the_connection),
        cmocka_unit_test(a_call_is_a_request_and_what_is_told_a_notification),
        cmocka_unit_test(
            answers_may_come_in_any_order_and_strange_ones_are_ignored),
        cmocka_unit_test(errors_of_any_form_are_errors),
        cmocka_unit_test(a_result_that_does_not_fit_is_an_error),
        cmocka_unit_test(the_end_of_the_connection_answers_what_was_asked),
        cmocka_unit_test(
            a_token_that_the_peer_does_not_take_ends_the_connection),
        cmocka_unit_test(options_that_contradict_each_other_are_refused),
        cmocka_unit_test(calls_that_the_peer_does_not_answer_are_given_up),
        cmocka_unit_test(more_calls_than_allowed_are_refused),
        cmocka_unit_test(hundreds_of_calls_are_told_apart),
    };

    return cmocka_run_group_tests_name("rpc_client", tests, NULL, NULL);
}

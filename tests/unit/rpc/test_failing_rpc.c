/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a server and a client that run out of memory anywhere say so. Each call
 * that was accepted is answered, if only by the end of its connection; and
 * nothing is left behind.
 *
 * Method: a program is run with its first request for memory failing, then its
 * second, and so on until it has made no more. A caller calls a desk by
 * MessagePack-RPC, asks what there is, notifies it, and is called back by it; a
 * stranger sends bytes of its own, with a value in two pieces. The program ends
 * when both have heard all they wait for, however that went: with a call that
 * is never answered the test does not end, for its deadline is too far.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "troupe/name.h"
#include "troupe/rpc.h"
#include "troupe/troupe.h"

enum { CALLS_COUNT = 5, TEXT_BYTES = 3000, FIRST_PIECE_BYTES = 1000 };

static struct {
    troupe_err first_err;
    unsigned awaited_count; /* who must be heard of before the end */
    unsigned results_count;
    unsigned notes_count;
    bool is_text_back;
    char folder[64];
    char address[96];
} program;

static void
note_err(troupe_err err)
{
    if (program.first_err == TROUPE_OK) {
        program.first_err = err;
    }
}

static void
need(struct troupe_self *self, troupe_err err)
{
    note_err(err);
    if (err != TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
    }
}

static void
heard_of_one(struct troupe_self *self)
{
    CHECK(program.awaited_count > 0);
    if (--program.awaited_count == 0) {
        troupe_runtime_quit(self);
    }
}

/* ---- a desk -------------------------------------------------------------- */

#define FIELDS_VALUE(FIELD) FIELD(int64, value)
#define FIELDS_TEXT(FIELD) FIELD(str, text)
TROUPE_MESSAGE(add_one, FIELDS_VALUE)
TROUPE_MESSAGE(number_is, FIELDS_VALUE)
TROUPE_MESSAGE(echo, FIELDS_TEXT)
TROUPE_MESSAGE(text_is, FIELDS_TEXT)
TROUPE_MESSAGE(note, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(call_back, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(get_number, TROUPE_NO_FIELDS)

struct desk {
    struct troupe_request *kept;
};

static void
on_add_one(struct troupe_self *self, void *state, const struct add_one *add)
{
    (void)state;
    need(self, troupe_reply(self, number_is, .value = add->value + 1));
}

static void
on_echo(struct troupe_self *self, void *state, const struct echo *echo)
{
    (void)state;
    need(self, troupe_reply(self, text_is, .text = echo->text));
}

static void
on_note(struct troupe_self *self, void *state, const struct note *message)
{
    (void)self, (void)state, (void)message;
    program.notes_count++;
}

static void
on_called_back(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct desk *desk = state;
    struct troupe_rpc_result result;
    troupe_err err = troupe_rpc_result_from(answer, &result);

    (void)context;
    need(self, err);
    if (err == TROUPE_OK) {
        need(self, troupe_reply_to(self, &desk->kept, number_is, .value = 7));
    }
}

static void
on_call_back(
    struct troupe_self *self, void *state, const struct call_back *message)
{
    struct desk *desk = state;
    troupe_pid caller = troupe_sender(self);
    troupe_err err = troupe_request_keep(self, &desk->kept);

    (void)message;
    need(self, err);
    if (err == TROUPE_OK) {
        need(self, troupe_ask_then(self, caller, TROUPE_SECONDS(600),
                       on_called_back, 0, troupe_rpc_call,
                       .method = troupe_str_of("caller.get_number")));
    }
}

TROUPE_BEHAVIOUR(desk, sizeof(struct desk), TROUPE_ON(add_one, on_add_one),
    TROUPE_ON(echo, on_echo), TROUPE_ON(note, on_note),
    TROUPE_ON(call_back, on_call_back));

TROUPE_RPC_SERVICE(desk, TROUPE_RPC_METHOD(add_one, number_is),
    TROUPE_RPC_METHOD(echo, text_is), TROUPE_RPC_METHOD(note, troupe_rpc_done),
    TROUPE_RPC_METHOD(call_back, number_is));

/* ---- a caller ------------------------------------------------------------ */

TROUPE_RPC_SERVICE(caller, TROUPE_RPC_METHOD(get_number, number_is));

static void
on_get_number(
    struct troupe_self *self, void *state, const struct get_number *get)
{
    (void)state, (void)get;
    need(self, troupe_reply(self, number_is, .value = 7));
}

static void
on_result(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct troupe_rpc_result result;
    troupe_err err = troupe_rpc_result_from(answer, &result);

    (void)state, (void)context;
    note_err(err);
    program.results_count += err == TROUPE_OK;
    heard_of_one(self);
}

static void
on_number(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct number_is is;
    troupe_err err = number_is_from(answer, &is);

    (void)state, (void)context;
    note_err(err);
    program.results_count += err == TROUPE_OK;
    heard_of_one(self);
}

static void
accepted(troupe_err err)
{
    note_err(err);
    program.awaited_count += err == TROUPE_OK;
}

static void
call_all(struct troupe_self *self, troupe_pid server)
{
    static const char *const methods[] = {
        "desk.call_back", "troupe.describe", "troupe.actors"};
    static const uint8_t params[] = {0x91, 4};

    for (int i = 0; i < 3; i++) {
        accepted(troupe_ask_then(self, server, TROUPE_SECONDS(600), on_result,
            0, troupe_rpc_call, .method = troupe_str_of(methods[i])));
    }
    accepted(troupe_ask_then(self, server, TROUPE_SECONDS(600), on_result, 0,
        troupe_rpc_call, .method = troupe_str_of("desk.add_one"),
        .params = {params, sizeof(params)}));
    note_err(troupe_tell(
        self, server, troupe_rpc_call, .method = troupe_str_of("desk.note")));
    accepted(troupe_ask_then(
        self, server, TROUPE_SECONDS(600), on_number, 0, add_one, .value = 5));
}

static void
on_caller_start(struct troupe_self *self, void *state)
{
    troupe_pid server;
    troupe_err err = troupe_register(self, "caller", troupe_self_pid(self));

    (void)state;
    if (err == TROUPE_OK) {
        err = troupe_rpc_connect(self, program.address,
            TROUPE_RPC_OPTIONS(.services = &caller_service, .services_count = 1,
                .peer = &desk_service),
            &server);
    }
    note_err(err);
    if (err == TROUPE_OK) {
        call_all(self, server);
    }
    heard_of_one(self);
}

static void
on_caller_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)state, (void)why;
    troupe_runtime_quit(self);
}

TROUPE_BEHAVIOUR(caller, 0, TROUPE_ON_START(on_caller_start),
    TROUPE_ON_STOP(on_caller_stop), TROUPE_ON(get_number, on_get_number));

/* ---- a stranger ---------------------------------------------------------- */

struct stranger {
    size_t sent;
    bool has_first_answer;
    bool is_error;     /* the second answer */
    size_t text_bytes; /* of it, with its head */
};

/* [0, 1, "desk.add_one", [4]] and [0, 2, "desk.echo", ["xx..."]]. */
static const uint8_t request[] = "\x94\x00\x01\xac"
                                 "desk.add_one\x91\x04"
                                 "\x94\x00\x02\xa9"
                                 "desk.echo\x91\xda\x0b\xb8";
enum {
    HEAD_BYTES = sizeof(request) - 1,
    REQUEST_BYTES = HEAD_BYTES + TEXT_BYTES,
    NUMBER_ANSWER_BYTES = 5,
    TEXT_ANSWER_BYTES = 4 + 3 + TEXT_BYTES,
};

static void
say_up_to(struct troupe_self *self, struct stranger *stranger, size_t end)
{
    uint8_t bytes[REQUEST_BYTES];

    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes, request, HEAD_BYTES);
    need(self,
        troupe_net_write(self, bytes + stranger->sent, end - stranger->sent));
    stranger->sent = end;
}

static void
on_stranger_start(struct troupe_self *self, void *state)
{
    struct troupe_net_options options = troupe_net_options_default();
    troupe_err err;

    options.connect_ns = TROUPE_SECONDS(600);
    err = troupe_net_connect(self, program.address, &options);
    need(self, err);
    if (err == TROUPE_OK) {
        say_up_to(self, state, FIRST_PIECE_BYTES);
    }
}

/* [1, 2, nil, "xx..."], in pieces, or [1, 2, error, nil], of which the first is
 * enough. */
static void
on_stranger_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    struct stranger *stranger = state;

    if (!stranger->has_first_answer) {
        stranger->has_first_answer = true;
        say_up_to(self, stranger, REQUEST_BYTES);
        return;
    }
    if (stranger->text_bytes == 0) {
        stranger->is_error = got->bytes.size < 4 ||
                             ((const uint8_t *)got->bytes.data)[3] != 0xc0;
    }
    stranger->text_bytes += got->bytes.size;
    program.is_text_back = stranger->text_bytes == TEXT_ANSWER_BYTES;
    if (stranger->is_error) {
        note_err(TROUPE_E_NO_MEMORY);
    }
    if (program.is_text_back || stranger->is_error) {
        need(self, troupe_net_close(self));
    }
}

static void
on_stranger_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)state, (void)why;
    heard_of_one(self);
}

TROUPE_BEHAVIOUR(stranger, sizeof(struct stranger),
    TROUPE_ON_START(on_stranger_start), TROUPE_ON_STOP(on_stranger_stop),
    TROUPE_ON(troupe_net_bytes, on_stranger_bytes));

/* ---- who listens --------------------------------------------------------- */

static troupe_err
begin(struct troupe_self *self)
{
    troupe_pid pid;
    troupe_err err = troupe_rpc_listen(self, program.address,
        TROUPE_RPC_OPTIONS(.services = &desk_service, .services_count = 1));

    if (err == TROUPE_OK) {
        err = troupe_spawn_with(
            self, desk, &TROUPE_SPAWN_OPTIONS(.name = "desk"), &pid);
    }
    if (err == TROUPE_OK) {
        program.awaited_count = 1;
        err = troupe_spawn(self, caller, &pid);
    }
    if (err == TROUPE_OK) {
        accepted(troupe_spawn(self, stranger, &pid));
    }
    return err;
}

static void
on_listen(struct troupe_self *self, void *state)
{
    (void)state;
    need(self, begin(self));
}

TROUPE_BEHAVIOUR(
    listener, 0, TROUPE_ON_START(on_listen), TROUPE_ON_STOP(on_caller_stop));

/* ---- the program --------------------------------------------------------- */

static troupe_err
play(struct troupe_runtime *runtime)
{
    troupe_pid pid;
    troupe_err err = troupe_runtime_start(runtime);

    if (err != TROUPE_OK) {
        return err;
    }
    err = troupe_spawn(troupe_thread_self(runtime), listener, &pid);
    if (err == TROUPE_OK) {
        troupe_runtime_wait(runtime);
    }
    (void)troupe_runtime_stop(runtime, TROUPE_SECONDS(60), NULL);
    return err;
}

/* The first error that anybody has had. */
static troupe_err
run(void)
{
    struct troupe_runtime *runtime = NULL;
    troupe_err err;

    program.first_err = TROUPE_OK;
    program.awaited_count = 0;
    program.results_count = 0;
    program.notes_count = 0;
    program.is_text_back = false;
    err = troupe_runtime_create(
        &TROUPE_OPTIONS(.io = troupe_net(), .workers_count = 1), &runtime);
    if (err == TROUPE_OK) {
        err = play(runtime);
        troupe_runtime_destroy(&runtime);
    }
    return err == TROUPE_OK ? program.first_err : err;
}

static bool
is_all_well(void)
{
    return program.results_count == CALLS_COUNT && program.notes_count == 1 &&
           program.is_text_back;
}

/* Whether there was an n-th. */
static bool
run_without_the_nth(uint64_t n, uint64_t *refused_count)
{
    uint64_t blocks = tp_memory_blocks_count();
    uint64_t mappings = tp_memory_mappings_count();
    bool has_failed;
    troupe_err err;

    tp_memory_fail_at(n);
    err = run();
    has_failed = tp_memory_fails_in() == 0;
    tp_memory_fail_at(0);
    CHECK(has_failed || (err == TROUPE_OK && is_all_well()));
    CHECK(tp_memory_blocks_count() == blocks);
    CHECK(tp_memory_mappings_count() == mappings);
    *refused_count += err != TROUPE_OK;
    return has_failed;
}

static void
each_request_for_memory_of_calls_may_fail(void **state)
{
    uint64_t refused_count = 0;
    uint64_t n = 1;

    (void)state;
    snprintf(program.folder, sizeof(program.folder), "/tmp/troupe-rpc-XXXXXX");
    CHECK(mkdtemp(program.folder) != NULL);
    snprintf(program.address, sizeof(program.address), "unix:%s/socket",
        program.folder);
    CHECK(run() == TROUPE_OK && is_all_well());
    while (run_without_the_nth(n, &refused_count)) {
        n++;
    }
    CHECK(rmdir(program.folder) == 0);
    fprintf(stderr, "%llu requests, %llu refusals\n", (unsigned long long)n,
        (unsigned long long)refused_count);
    CHECK(n > 30 && refused_count > n / 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_for_memory_of_calls_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/serve/serve.h"

#include "cli/options.h"
#include "examples/bank/greeting/token.h"
#include "examples/bank/service/messages.h"
#include "examples/bank/service/service.h"

#include <troupe/net.h>
#include <troupe/rpc.h>
#include <troupe/troupe.h>

#include <inttypes.h>
#include <stdio.h>

#define START_NS TROUPE_SECONDS(10)

enum { FILES_BESIDE = 64 }; /* that are no connections */

TROUPE_RPC_SERVICE(bank, TROUPE_RPC_METHOD(open, money),
    TROUPE_RPC_METHOD(deposit, money), TROUPE_RPC_METHOD(withdraw, money),
    TROUPE_RPC_METHOD(transfer, moved), TROUPE_RPC_METHOD(balance, money),
    TROUPE_RPC_METHOD(total, money), TROUPE_RPC_METHOD(history, changes));

/* ---- who listens ----------------------------------------------------------
 */

TROUPE_MESSAGE(get_address, TROUPE_NO_FIELDS)
#define SERVE_ADDRESS(FIELD) FIELD(str, text) FIELD(str, why_not)
TROUPE_MESSAGE(address, SERVE_ADDRESS)

struct door {
    const struct bank_serve_options *options;
    const char *token;      /* NULL: none */
    struct troupe_tls *tls; /* NULL: without */
    char why_not[256];      /* it cannot listen; or empty */
};

static void
on_start(struct troupe_self *self, void *state)
{
    struct door *door = state;
    const struct bank_serve_options *options = door->options;

    if (troupe_rpc_listen(self, options->listen,
            TROUPE_RPC_OPTIONS(.services = &bank_service, .services_count = 1,
                .token = door->token, .allow_remote = options->allow_remote,
                .connections_max = (uint32_t)options->connections_max,
                .connection = &TROUPE_NET_OPTIONS(.tls = door->tls))) !=
        TROUPE_OK) {
        snprintf(
            door->why_not, sizeof(door->why_not), "%s", troupe_err_detail());
    }
}

static void
on_get_address(
    struct troupe_self *self, void *state, const struct get_address *get)
{
    const struct door *door = state;
    char text[TROUPE_NET_ADDRESS_MAX] = "";

    (void)get;
    (void)troupe_net_address(self, text, sizeof(text));
    (void)troupe_reply(self, address, .text = troupe_str_of(text),
        .why_not = troupe_str_of(door->why_not));
}

TROUPE_BEHAVIOUR(door, sizeof(struct door), TROUPE_ON_START(on_start),
    TROUPE_ON(get_address, on_get_address));

/* ---- the program ----------------------------------------------------------
 */

static int
fail(const char *what)
{
    fprintf(stderr, "troupe-bank: %s: %s\n", what, troupe_err_detail());
    return 1;
}

/* The bank, and then its door. Returns the exit status. */
static int
open_up(struct troupe_self *self, const struct door *door,
    struct bank_journal *journal)
{
    struct address is;
    troupe_pid pid;

    if (bank_service_start(self,
            &(struct bank_service_options){.journal = journal,
                .rest_ns = TROUPE_SECONDS(door->options->rest_s)},
            &pid) != TROUPE_OK) {
        return fail("the bank cannot start");
    }
    if (troupe_spawn_with(self, door, &TROUPE_SPAWN_OPTIONS(.state = door),
            &pid) != TROUPE_OK) {
        return fail("the bank cannot listen");
    }
    if (troupe_ask(self, pid, START_NS, address, &is, get_address) !=
        TROUPE_OK) {
        return fail("the bank cannot listen");
    }
    if (is.why_not.length > 0) {
        fprintf(stderr, "troupe-bank: cannot listen: %.*s\n",
            (int)is.why_not.length, is.why_not.data);
        return 1;
    }
    printf("listening on %.*s\n", (int)is.text.length, is.text.data);
    fflush(stdout);
    return 0;
}

static int
run(struct troupe_runtime *runtime, const struct door *door,
    struct bank_journal *journal)
{
    int status;

    if (troupe_runtime_start(runtime) != TROUPE_OK) {
        return fail("no start");
    }
    status = open_up(troupe_thread_self(runtime), door, journal);
    if (status != 0) {
        (void)troupe_runtime_stop(runtime, 0, NULL);
    } else if (troupe_run_until_signal(runtime, NULL, NULL) != TROUPE_OK) {
        status = fail("it cannot wait for signals");
    }
    return status;
}

/* Those that each connection takes one of. What the system allows is said when
 * it is too little. */
static void
raise_files(const struct bank_serve_options *options)
{
    uint64_t limit = 0;
    uint64_t wanted = (uint64_t)options->connections_max + FILES_BESIDE;

    if (troupe_net_raise_files(wanted, &limit) != TROUPE_OK) {
        fprintf(stderr,
            "troupe-bank: %" PRIu64 " files may be open, so fewer than %" PRId64
            " connections: %s\n",
            limit, options->connections_max, troupe_err_detail());
    }
}

/* NULL without an error: none is wanted. Returns the exit status. */
static int
make_tls(const struct bank_serve_options *options, struct troupe_tls **tls)
{
    *tls = NULL;
    if ((options->tls_certificate == NULL) != (options->tls_key == NULL)) {
        fprintf(stderr, "troupe-bank: --tls-certificate and --tls-key belong "
                        "together\n");
        return CLI_EXIT_USAGE;
    }
    if (options->tls_key != NULL &&
        troupe_tls_create_server(
            options->tls_certificate, options->tls_key, tls) != TROUPE_OK) {
        return fail("no TLS");
    }
    return 0;
}

int
bank_serve(const void *given, char *const *operands, size_t operands_count)
{
    const struct bank_serve_options *options = given;
    struct bank_journal *journal = bank_journal_memory_create();
    struct troupe_runtime *runtime = NULL;
    struct bank_token token;
    struct door door = {.options = options};
    int status = bank_token_read(&token, options->token_file)
                     ? make_tls(options, &door.tls)
                     : CLI_EXIT_USAGE;

    (void)operands, (void)operands_count;
    if (status != 0) {
        bank_journal_destroy(&journal);
        return status;
    }
    door.token = token.text[0] == '\0' ? NULL : token.text;
    troupe_signals_block();
    raise_files(options);
    if (journal == NULL ||
        troupe_runtime_create(
            &TROUPE_OPTIONS(.io = troupe_net(),
                .workers_count = (unsigned)options->threads_count),
            &runtime) != TROUPE_OK) {
        status = fail("no runtime");
    } else {
        status = run(runtime, &door, journal);
        troupe_runtime_destroy(&runtime);
    }
    troupe_tls_destroy(&door.tls);
    bank_journal_destroy(&journal);
    return status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/load/load.h"

#include "cli/nearest.h"
#include "cli/options.h"
#include "cli/table.h"
#include "examples/bank/load/conductor.h"
#include "examples/bank/load/result.h"
#include "troupe/net.h"

#include <inttypes.h>
#include <string.h>

enum {
    SECONDS_DEFAULT = 10,
    OPEN_LOOP_FLIGHTS = 64,
    FILES_BESIDES = 64, /* descriptors that are no connections */
};

static const struct bank_protocol *const protocols[] = {
    &bank_protocol_rpc, &bank_protocol_redis};
enum { PROTOCOLS_COUNT = sizeof(protocols) / sizeof(protocols[0]) };

/* ---- what is to be done -------------------------------------------------- */

static bool
choose_protocol(struct bank_plan *plan, const char *name)
{
    const char *names[PROTOCOLS_COUNT];

    for (size_t i = 0; i < PROTOCOLS_COUNT; i++) {
        names[i] = protocols[i]->name;
        if (strcmp(name, names[i]) == 0) {
            plan->protocol = protocols[i];
            return true;
        }
    }
    fprintf(stderr,
        "troupe-bank: --protocol: there is no \"%s\"; the nearest is %s\n",
        name, cli_nearest(name, names, PROTOCOLS_COUNT));
    return false;
}

static bool
choose_greeting(struct bank_plan *plan, const struct bank_load_options *options)
{
    if (options->token_file != NULL && !plan->protocol->has_token) {
        fprintf(stderr,
            "troupe-bank: --token-file: the protocol %s has no token\n",
            plan->protocol->name);
        return false;
    }
    return bank_greeting_init(&plan->greeting, options->connect,
        options->token_file, options->tls_authority);
}

static bool
choose_mix(struct bank_plan *plan, const char *text)
{
    char why[BANK_MIX_WHY_SIZE];

    if (text == NULL) {
        text = plan->protocol->has_transfer ? "deposit=1,transfer=2,balance=1"
                                            : "deposit=1";
    }
    if (!bank_mix_parse(&plan->mix, text, why)) {
        fprintf(stderr, "troupe-bank: --mix: %s\n", why);
        return false;
    }
    if (plan->mix.shares[BANK_REQUEST_TRANSFER] == 0) {
        return true;
    }
    if (!plan->protocol->has_transfer) {
        fprintf(stderr,
            "troupe-bank: --mix: the protocol %s has no transfer; it has "
            "deposit, withdraw and balance\n",
            plan->protocol->name);
    } else if (plan->accounts_count == 1) {
        fputs("troupe-bank: --mix: a transfer takes two accounts; --accounts 2 "
              "makes them\n",
            stderr);
    }
    return plan->protocol->has_transfer && plan->accounts_count > 1;
}

static bool
choose_end(struct bank_plan *plan, const struct bank_load_options *options)
{
    int64_t seconds = options->seconds;

    if (seconds != 0 && options->requests_count != 0) {
        fputs("troupe-bank: --seconds and --requests both say when it is over; "
              "give one of them\n",
            stderr);
        return false;
    }
    if (seconds == 0 && options->requests_count == 0) {
        seconds = SECONDS_DEFAULT;
    }
    plan->requests_count = (uint64_t)options->requests_count;
    plan->duration_ns = TROUPE_SECONDS(seconds);
    return true;
}

/* Each connection is a file. */
static bool
raise_files(uint32_t connections_count)
{
    uint64_t wanted = (uint64_t)connections_count + FILES_BESIDES;
    uint64_t limit = 0;

    if (troupe_net_raise_files(wanted, &limit) != TROUPE_OK) {
        fprintf(stderr,
            "troupe-bank: --connections %" PRIu32 " takes %" PRIu64
            " open files, and this process may have %" PRIu64
            "; ulimit -Hn says how many a shell allows\n",
            connections_count, wanted, limit);
        return false;
    }
    return true;
}

static uint32_t
choose_flights(const struct bank_load_options *options)
{
    if (options->pipeline != 0) {
        return (uint32_t)options->pipeline;
    }
    return options->rate == 0 ? 1 : OPEN_LOOP_FLIGHTS;
}

static bool
make_plan(struct bank_plan *plan, const struct bank_load_options *options)
{
    *plan = (struct bank_plan){
        .address = options->connect,
        .connections_count = (uint32_t)options->connections_count,
        .flights_max = choose_flights(options),
        .accounts_count = (uint32_t)options->accounts_count,
        .seed = (uint64_t)options->seed,
        .rate = (uint64_t)options->rate,
        .silence_ns = TROUPE_SECONDS(options->timeout_s),
    };
    if (options->connect == NULL) {
        fputs("troupe-bank: load takes --connect ADDRESS, such as "
              "127.0.0.1:4242 or unix:/run/bank\n",
            stderr);
        return false;
    }
    if (!choose_protocol(plan, options->protocol) ||
        !choose_mix(plan, options->mix) || !choose_end(plan, options) ||
        !raise_files(plan->connections_count) ||
        !choose_greeting(plan, options)) {
        return false;
    }
    if (!bank_zipf_init(
            &plan->zipf, plan->accounts_count, options->skew_millionths)) {
        fputs("troupe-bank: out of memory\n", stderr);
        bank_greeting_fini(&plan->greeting);
        return false;
    }
    return true;
}

/* ---- doing it ------------------------------------------------------------ */

/* A client that fails is the conductor's to tell of. */
static void
log_nothing(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
carry_out(const struct bank_plan *plan, unsigned threads_count,
    struct bank_outcome *outcome)
{
    struct bank_conductor conductor = {.plan = plan, .outcome = outcome};
    struct troupe_runtime *runtime;
    troupe_pid pid;

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = threads_count,
                                  .io = troupe_net(), .log = log_nothing),
            &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn_with(troupe_thread_self(runtime), bank_conductor,
        &TROUPE_SPAWN_OPTIONS(.state = &conductor), &pid));
    troupe_runtime_wait(runtime);
    (void)troupe_runtime_stop(runtime, 0, NULL);
    troupe_runtime_destroy(&runtime);
}

static bool
tell(const struct bank_plan *plan, const struct bank_outcome *outcome,
    bool is_json)
{
    bool is_told;

    if (outcome->why[0] != '\0') {
        fprintf(stderr, "troupe-bank: %s\n", outcome->why);
        return true;
    }
    is_told = is_json ? bank_result_json(plan, outcome, stdout)
                      : bank_result_table(
                            plan, outcome, stdout, cli_table_width_of(stdout));
    if (!is_told) {
        fputs("troupe-bank: the result could not be told: out of memory or "
              "output closed\n",
            stderr);
    }
    return is_told;
}

int
bank_load(const void *options, char *const *operands, size_t operands_count)
{
    const struct bank_load_options *given = options;
    static struct bank_outcome outcome; /* all zeros; 60 KB */
    struct bank_plan plan;
    bool is_right;

    (void)operands;
    (void)operands_count;
    if (!make_plan(&plan, given)) {
        return CLI_EXIT_USAGE;
    }
    carry_out(&plan, (unsigned)given->threads_count, &outcome);
    is_right = tell(&plan, &outcome, given->is_json) &&
               bank_outcome_is_right(&outcome);
    bank_zipf_fini(&plan.zipf);
    bank_greeting_fini(&plan.greeting);
    return is_right ? 0 : 1;
}

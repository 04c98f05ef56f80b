/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * troupe-bank: one ledger, applied by threads that share memory and by actors
 * that share nothing.
 */
#include "cli/options.h"
#include "examples/bank/call/call.h"
#include "examples/bank/compare.h"
#include "examples/bank/generate.h"
#include "examples/bank/load/flights.h"
#include "examples/bank/load/load.h"
#include "examples/bank/replay.h"
#include "examples/bank/serve/serve.h"
#include "examples/bank/zipf.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Of those that talk to a server. */
#define TOKEN_HELP "the server's token is in this file, alone, as a line"
#define AUTHORITY_HELP                                                         \
    "by TLS, with whom one of these certificates (PEM)\nhas signed"

static const struct bank_compare_options compare_defaults = {0};

static const struct cli_option compare_options[] = {
    CLI_TEXT(struct bank_compare_options, ledger, "ledger", "FILE",
        "the ledger, - for standard input\n(default: the one that was built "
        "along)"),
    CLI_INTEGER(struct bank_compare_options, threads_count, "threads", "N", 1,
        256,
        "threads that apply it\n(default: one for each processor, at least 2)"),
    CLI_TEXT(struct bank_compare_options, variants, "variants", "LIST",
        "which variants, with commas between (default: all)"),
    CLI_INTEGER(struct bank_compare_options, runs_count, "runs", "N", 1,
        1000000,
        "passes of each (default: until 1 s and 5 passes\nare measured, but "
        "at most 10,000)"),
    CLI_FLAG(struct bank_compare_options, no_overdraft, "no-overdraft",
        "decline what would take a balance below zero"),
    CLI_FLAG(
        struct bank_compare_options, is_json, "json", "print JSON, no table"),
    CLI_TEXT(struct bank_compare_options, balances, "balances", "FILE",
        "write the last variant's balances as CSV"),
};

static const char compare_details[] =
    "Variants:\n"
    "  unsafe    shared memory, no lock: what goes wrong\n"
    "  mutex     shared memory, one lock for the bank\n"
    "  locks     shared memory, a lock for each account\n"
    "  actors    an actor for each account, nothing shared\n"
    "\n"
    "A ledger is CSV with the header id,kind,account,to,amount; kinds are "
    "open,\n"
    "deposit, withdraw and transfer. It is checked before anything is "
    "applied;\n"
    "what is wrong is told as FILE:LINE:COLUMN, with columns in bytes.\n"
    "\n"
    "Each variant runs in a process of its own. Only applying is on the "
    "clock.\n"
    "Seconds and switches are medians over the passes, lost updates their "
    "sum;\n"
    "totals, declined, wrong accounts and balances are those of the worst "
    "pass.\n"
    "Peak RSS includes the ledger, which all variants share.\n"
    "\n"
    "Exit status: 0 if every safe variant was exact, 1 if one was not, 2 for\n"
    "bad usage or input.";

static const struct bank_generate_options generate_defaults = {
    .transactions_count = 200000,
    .accounts_count = 1000,
    .skew_millionths = CLI_MILLION,
    .seed = 1,
};

static const struct cli_option generate_options[] = {
    CLI_INTEGER(struct bank_generate_options, transactions_count,
        "transactions", "N", 0, BANK_GENERATE_TRANSACTIONS_MAX,
        "lines after the opens (default: 200000)"),
    CLI_INTEGER(struct bank_generate_options, accounts_count, "accounts", "M",
        1, BANK_GENERATE_ACCOUNTS_MAX, "accounts to open (default: 1000)"),
    CLI_DECIMAL(struct bank_generate_options, skew_millionths, "skew", "Z", 0,
        BANK_ZIPF_SKEW_MAX_MILLIONTHS,
        "0: all accounts are as busy; 1: the k-th is\nas busy as 1/k (default: "
        "1)"),
    CLI_INTEGER(struct bank_generate_options, seed, "seed", "S", 0, INT64_MAX,
        "another ledger of the same kind (default: 1)"),
};

static const struct bank_call_options call_defaults = {.timeout_s = 30};

static const struct cli_option call_options[] = {
    CLI_TEXT(struct bank_call_options, connect, "connect", "ADDRESS",
        "the server, HOST:PORT or unix:PATH"),
    CLI_TEXT(
        struct bank_call_options, token_file, "token-file", "FILE", TOKEN_HELP),
    CLI_TEXT(struct bank_call_options, tls_authority, "tls-authority", "FILE",
        AUTHORITY_HELP),
    CLI_INTEGER(struct bank_call_options, timeout_s, "timeout", "SECONDS", 1,
        BANK_LOAD_SECONDS_MAX, "how long to wait (default: 30)"),
};

static const char call_details[] =
    "ARGS are the parameters in their order, each as JSON; a word that is no "
    "JSON is a\n"
    "text. The result is printed as JSON.\n"
    "\n"
    "Exit status: 0 if there is a result, 1 if the answer is an error, which "
    "goes to\n"
    "stderr, or there is none, 2 for bad usage.";

static const struct bank_load_options load_defaults = {
    .protocol = "rpc",
    .connections_count = 10,
    .accounts_count = 1000,
    .skew_millionths = CLI_MILLION,
    .timeout_s = 30,
    .seed = 1,
};

static const struct cli_option load_options[] = {
    CLI_TEXT(struct bank_load_options, connect, "connect", "ADDRESS",
        "the server, HOST:PORT or unix:PATH"),
    CLI_TEXT(
        struct bank_load_options, token_file, "token-file", "FILE", TOKEN_HELP),
    CLI_TEXT(struct bank_load_options, tls_authority, "tls-authority", "FILE",
        AUTHORITY_HELP),
    CLI_TEXT(struct bank_load_options, protocol, "protocol", "NAME",
        "rpc or redis (default: rpc)"),
    CLI_INTEGER(struct bank_load_options, connections_count, "connections", "N",
        1, BANK_LOAD_CONNECTIONS_MAX, "at a time (default: 10)"),
    CLI_INTEGER(struct bank_load_options, pipeline, "pipeline", "N", 1,
        BANK_FLIGHTS_MAX,
        "requests in flight on each (default: 1; with\n--rate at most 64)"),
    CLI_INTEGER(struct bank_load_options, rate, "rate", "N", 1,
        BANK_LOAD_RATE_MAX,
        "requests a second in all, on time (default: as\nfast as they are "
        "answered)"),
    CLI_INTEGER(struct bank_load_options, seconds, "seconds", "N", 1,
        BANK_LOAD_SECONDS_MAX, "for so long (default: 10)"),
    CLI_INTEGER(struct bank_load_options, requests_count, "requests", "N", 1,
        INT64_C(1000000000000), "so many, and no --seconds"),
    CLI_INTEGER(struct bank_load_options, accounts_count, "accounts", "M", 1,
        BANK_GENERATE_ACCOUNTS_MAX, "accounts to open (default: 1000)"),
    CLI_TEXT(struct bank_load_options, mix, "mix", "LIST",
        "shares of deposit, withdraw, transfer, balance\n(default: "
        "deposit=1,transfer=2,balance=1; of redis:\ndeposit=1)"),
    CLI_DECIMAL(struct bank_load_options, skew_millionths, "skew", "Z", 0,
        BANK_ZIPF_SKEW_MAX_MILLIONTHS,
        "0: all accounts are as busy; 1: the k-th is\nas busy as 1/k (default: "
        "1)"),
    CLI_INTEGER(struct bank_load_options, seed, "seed", "S", 0, INT64_MAX,
        "other requests of the same kind (default: 1)"),
    CLI_INTEGER(struct bank_load_options, timeout_s, "timeout", "SECONDS", 1,
        BANK_LOAD_SECONDS_MAX,
        "no answer for so long: it is given up\n(default: 30)"),
    CLI_INTEGER(struct bank_load_options, threads_count, "threads", "N", 1, 256,
        "threads that ask (default: one for each processor)"),
    CLI_FLAG(struct bank_load_options, is_json, "json", "print JSON, no table"),
};

static const char load_details[] =
    "It connects, opens the accounts, asks, and compares what the bank has "
    "then with\n"
    "what the answers add up to: nobody else may change it meanwhile.\n"
    "\n"
    "Without --rate each connection asks again when it is answered. With "
    "--rate\n"
    "requests are due at even times, and are timed from when they were due, "
    "sent or\n"
    "not: the time in which a slow server kept them waiting counts.\n"
    "\n"
    "Exit status: 0 if the bank has what it should have, 1 if not or if it did "
    "not\n"
    "go through to the end, 2 for bad usage.";

static const struct bank_serve_options serve_defaults = {
    .listen = "127.0.0.1:4242",
    .connections_max = 10000,
    .rest_s = 60,
};

static const struct cli_option serve_options[] = {
    CLI_TEXT(struct bank_serve_options, listen, "listen", "ADDRESS",
        "HOST:PORT or unix:PATH; port 0 is one that is\nfree (default: "
        "127.0.0.1:4242)"),
    CLI_TEXT(struct bank_serve_options, token_file, "token-file", "FILE",
        "who wants in has to know the token in this file:\ncall and load by "
        "the same option, others by\ntroupe.auth(token), first"),
    CLI_TEXT(struct bank_serve_options, tls_certificate, "tls-certificate",
        "FILE", "serve by TLS, with this certificate (PEM)"),
    CLI_TEXT(
        struct bank_serve_options, tls_key, "tls-key", "FILE", "and its key"),
    CLI_FLAG(struct bank_serve_options, allow_remote, "allow-remote",
        "other machines may connect, if the address\nlets them"),
    CLI_INTEGER(struct bank_serve_options, threads_count, "threads", "N", 1,
        256, "workers (default: one for each processor)"),
    CLI_INTEGER(struct bank_serve_options, connections_max, "connections", "N",
        1, 1000000, "at a time (default: 10000)"),
    CLI_INTEGER(struct bank_serve_options, rest_s, "rest", "SECONDS", 1,
        1000000,
        "an account that nobody asks for so long rests\n(default: "
        "60)"),
};

static const char serve_details[] =
    "Methods, by MessagePack-RPC; amounts are whole cents:\n"
    "  bank.open(account, amount_cents)         the balance\n"
    "  bank.deposit(account, amount_cents)      the new balance\n"
    "  bank.withdraw(account, amount_cents)     the new balance\n"
    "  bank.transfer(from, to, amount_cents)    [from_balance, to_balance]\n"
    "  bank.balance(account)                    the balance\n"
    "  bank.total()                             all there is, at one moment\n"
    "  bank.history(account, limit)             changes, the newest first\n"
    "Those that change something take a key as their last parameter: the same "
    "key\n"
    "is applied once, so a client may ask again.\n"
    "\n"
    "It prints \"listening on ADDRESS\" when it is ready. SIGTERM ends it when "
    "what\n"
    "was asked is answered; SIGUSR1 prints what its actors do. It keeps all in "
    "memory:\n"
    "what the bank has ends with it.";

static const struct cli_command commands[] = {
    {
        .name = "call",
        .summary = "Ask a bank's server one thing",
        .details = call_details,
        .example =
            "troupe-bank call --connect 127.0.0.1:4242 bank.deposit alice 500",
        .options = call_options,
        .options_count = COUNT_OF(call_options),
        .defaults = &call_defaults,
        .defaults_size = sizeof(call_defaults),
        .operands_usage = "METHOD ARGS...",
        .operands_min = 1,
        .operands_max = 1 + BANK_CALL_PARAMS_MAX,
        .run = bank_call,
    },
    {
        .name = "compare",
        .summary = "Apply one ledger with each variant and compare them",
        .details = compare_details,
        .example = "troupe-bank compare --threads 2 --variants unsafe,mutex",
        .options = compare_options,
        .options_count = COUNT_OF(compare_options),
        .defaults = &compare_defaults,
        .defaults_size = sizeof(compare_defaults),
        .run = bank_compare,
    },
    {
        .name = "generate",
        .summary = "Write a ledger to standard output",
        .details = "The same options give the same bytes on every machine.",
        .example = "troupe-bank generate --transactions 1000000 > ledger.csv",
        .options = generate_options,
        .options_count = COUNT_OF(generate_options),
        .defaults = &generate_defaults,
        .defaults_size = sizeof(generate_defaults),
        .run = bank_generate,
    },
    {
        .name = "load",
        .summary = "Measure how fast a bank's server answers",
        .details = load_details,
        .example =
            "troupe-bank load --connect 127.0.0.1:4242 --connections 100",
        .options = load_options,
        .options_count = COUNT_OF(load_options),
        .defaults = &load_defaults,
        .defaults_size = sizeof(load_defaults),
        .run = bank_load,
    },
    {
        .name = "replay",
        .summary = "Show the textbook race step by step, the same every time",
        .example = "troupe-bank replay",
        .run = bank_replay,
    },
    {
        .name = "serve",
        .summary = "Serve a bank to clients by MessagePack-RPC",
        .details = serve_details,
        .example = "troupe-bank serve --listen 127.0.0.1:4242",
        .options = serve_options,
        .options_count = COUNT_OF(serve_options),
        .defaults = &serve_defaults,
        .defaults_size = sizeof(serve_defaults),
        .run = bank_serve,
    },
};

static const struct cli_program program = {
    .name = "troupe-bank",
    .summary = "A bank whose ledger is applied by threads that share memory, "
               "and by\nactors that share nothing",
    .commands = commands,
    .commands_count = COUNT_OF(commands),
};

int
main(int argc, char **argv)
{
    return cli_main(&program, argc, argv);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * troupe-bank: one ledger, applied by threads that share memory and by actors
 * that share nothing.
 */
#include "cli/options.h"
#include "examples/bank/compare.h"
#include "examples/bank/generate.h"
#include "examples/bank/replay.h"
#include "examples/bank/zipf.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

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

static const struct cli_command commands[] = {
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
        .name = "replay",
        .summary = "Show the textbook race step by step, the same every time",
        .example = "troupe-bank replay",
        .run = bank_replay,
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

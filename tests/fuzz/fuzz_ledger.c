/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a ledger file is read as it says, or refused with a place and a reason.
 *
 * For all bytes:
 *
 * - a refusal has a sentence that a terminal may show and a place in the file;
 * - an accepted ledger's balances are what its transactions make of them, each
 *   an amount after every line;
 * - written out again, every field quoted, it reads as the same ledger.
 *
 * The reader's buffer is made small, so that records that do not fit, and lines
 * that are split between two reads, are within reach of short inputs.
 */
#include "tests/fuzz/fuzz.h"

#include "examples/bank/ledger_reader.h"
#include "examples/bank/money.h"
#include "examples/bank/utf8.h"

#undef BANK_CSV_RECORD_MAX
#define BANK_CSV_RECORD_MAX ((size_t)1024)
#include "examples/bank/csv_reader.c"

static bool
read_bytes(struct bank_ledger *ledger, const void *bytes, size_t size,
    struct bank_ledger_fault *fault)
{
    FILE *stream = fmemopen((void *)(uintptr_t)bytes, size, "r");
    bool is_good;

    CHECK(stream != NULL);
    bank_ledger_init(ledger);
    is_good = bank_ledger_read(ledger, stream, NULL, fault);
    fclose(stream);
    return is_good;
}

/* ---- refused ------------------------------------------------------------- */

static void
check_refusal(
    const struct bank_ledger_fault *fault, const uint8_t *bytes, size_t size)
{
    size_t length = strlen(fault->sentence);
    size_t lines_count = 1;

    for (size_t i = 0; i < size; i++) {
        lines_count += bytes[i] == '\n';
    }
    CHECK(length > 0 && fuzz_is_printable(fault->sentence, length));
    CHECK(bank_utf8_is_valid(fault->sentence, length));
    CHECK(fault->position.line >= 1);
    CHECK(fault->position.line <= lines_count);
    CHECK(fault->position.column >= 1);
    CHECK(fault->position.column <= size + 1);
}

/* ---- accepted ------------------------------------------------------------ */

static void
add(bank_total *balance, bank_total cents)
{
    *balance += cents;
    CHECK(*balance >= -(bank_total)BANK_MONEY_MAX);
    CHECK(*balance <= BANK_MONEY_MAX);
}

static void
check_balances(const struct bank_ledger *ledger)
{
    size_t count = ledger->accounts.count;
    bank_total *balances = calloc(count + 1, sizeof(*balances));

    CHECK(balances != NULL);
    for (size_t i = 0; i < count; i++) {
        CHECK(ledger->opening_cents[i] >= 0);
        balances[i] = ledger->opening_cents[i];
    }
    for (size_t i = 0; i < ledger->transactions_count; i++) {
        const struct bank_transaction *transaction = &ledger->transactions[i];

        CHECK(transaction->cents > 0);
        CHECK(transaction->from != transaction->to);
        if (transaction->from != BANK_NOBODY) {
            CHECK(transaction->from < count);
            add(&balances[transaction->from], -(bank_total)transaction->cents);
        }
        if (transaction->to != BANK_NOBODY) {
            CHECK(transaction->to < count);
            add(&balances[transaction->to], transaction->cents);
        }
    }
    for (size_t i = 0; i < count; i++) {
        CHECK(balances[i] == ledger->closing_cents[i]);
    }
    free(balances);
}

static void
write_name(FILE *out, const struct bank_ledger *ledger, uint32_t account)
{
    size_t length = 0;
    const char *name =
        account == BANK_NOBODY
            ? ""
            : bank_accounts_name_view(&ledger->accounts, account, &length);

    fputc('"', out);
    for (size_t i = 0; i < length; i++) {
        if (name[i] == '"') {
            fputc('"', out);
        }
        fputc(name[i], out);
    }
    fputc('"', out);
}

static void
write_line(FILE *out, const struct bank_ledger *ledger, const char *kind,
    uint32_t account, uint32_t to, int64_t cents)
{
    char amount[BANK_MONEY_TEXT_SIZE];

    fprintf(out, "\"\",\"%s\",", kind);
    write_name(out, ledger, account);
    fputc(',', out);
    write_name(out, ledger, to);
    fprintf(out, ",\"%s\"\r\n", bank_money_format(amount, cents));
}

static void
write_transaction(FILE *out, const struct bank_ledger *ledger,
    const struct bank_transaction *transaction)
{
    if (transaction->from == BANK_NOBODY) {
        write_line(out, ledger, "deposit", transaction->to, BANK_NOBODY,
            transaction->cents);
    } else if (transaction->to == BANK_NOBODY) {
        write_line(out, ledger, "withdraw", transaction->from, BANK_NOBODY,
            transaction->cents);
    } else {
        write_line(out, ledger, "transfer", transaction->from, transaction->to,
            transaction->cents);
    }
}

static void
write_ledger(FILE *out, const struct bank_ledger *ledger)
{
    fputs("id,kind,account,to,amount\n", out);
    for (uint32_t i = 0; i < ledger->accounts.count; i++) {
        write_line(
            out, ledger, "open", i, BANK_NOBODY, ledger->opening_cents[i]);
    }
    for (size_t i = 0; i < ledger->transactions_count; i++) {
        write_transaction(out, ledger, &ledger->transactions[i]);
    }
}

static void
check_same_accounts(
    const struct bank_ledger *ledger, const struct bank_ledger *again)
{
    CHECK(again->accounts.count == ledger->accounts.count);
    for (uint32_t i = 0; i < ledger->accounts.count; i++) {
        size_t length;
        const char *name =
            bank_accounts_name_view(&ledger->accounts, i, &length);

        CHECK(bank_accounts_find(&again->accounts, name, length) == i);
        CHECK(again->opening_cents[i] == ledger->opening_cents[i]);
        CHECK(again->closing_cents[i] == ledger->closing_cents[i]);
    }
}

static void
check_same_transactions(
    const struct bank_ledger *ledger, const struct bank_ledger *again)
{
    CHECK(again->transactions_count == ledger->transactions_count);
    for (size_t i = 0; i < ledger->transactions_count; i++) {
        const struct bank_transaction *one = &ledger->transactions[i];
        const struct bank_transaction *other = &again->transactions[i];

        CHECK(one->from == other->from);
        CHECK(one->to == other->to);
        CHECK(one->cents == other->cents);
    }
}

static void
check_reads_again(const struct bank_ledger *ledger)
{
    struct bank_ledger again;
    struct bank_ledger_fault fault;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    CHECK(out != NULL);
    write_ledger(out, ledger);
    CHECK(fclose(out) == 0);
    CHECK(read_bytes(&again, text, size, &fault));
    check_same_accounts(ledger, &again);
    check_same_transactions(ledger, &again);
    bank_ledger_fini(&again);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct bank_ledger ledger;
    struct bank_ledger_fault fault;

    if (read_bytes(&ledger, bytes, size, &fault)) {
        check_balances(&ledger);
        check_reads_again(&ledger);
    } else {
        check_refusal(&fault, bytes, size);
    }
    bank_ledger_fini(&ledger);
    return 0;
}

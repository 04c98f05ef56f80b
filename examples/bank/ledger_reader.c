/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/ledger_reader.h"

#include "cli/nearest.h"
#include "examples/bank/utf8.h"

#include <stdarg.h>
#include <string.h>

/* Records between two looks at the progress. */
enum { PROGRESS_INTERVAL = 1024 };

enum column { ID, KIND, ACCOUNT, TO, AMOUNT, COLUMNS_COUNT };

static const char *const headings[COLUMNS_COUNT] = {
    "id", "kind", "account", "to", "amount"};

enum kind { OPEN, DEPOSIT, WITHDRAW, TRANSFER, KINDS_COUNT };

static const char *const kinds[KINDS_COUNT] = {
    "open", "deposit", "withdraw", "transfer"};

/* A record of the file on its way into the ledger. */
struct entry {
    struct bank_csv_reader *reader;
    struct bank_ledger *ledger;
    struct bank_ledger_fault *fault;
    enum kind kind;
    uint32_t account; /* BANK_NOBODY for an open */
    uint32_t to;      /* BANK_NOBODY unless a transfer */
    int64_t cents;
};

/* Always false, so that a check can return it. */
static bool refuse(struct entry *entry, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool
refuse(struct entry *entry, size_t column, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(
        entry->fault->sentence, BANK_LEDGER_SENTENCE_SIZE, format, arguments);
    va_end(arguments);
    entry->fault->position = bank_csv_reader_locate(entry->reader, column);
    return false;
}

static bool refuse_file(struct bank_ledger_fault *fault, const char *format,
    ...) __attribute__((format(printf, 2, 3)));

static bool
refuse_file(struct bank_ledger_fault *fault, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(fault->sentence, BANK_LEDGER_SENTENCE_SIZE, format, arguments);
    va_end(arguments);
    fault->position = (struct bank_csv_position){0};
    return false;
}

static const struct bank_csv_field *
field_of(const struct entry *entry, enum column column)
{
    return &entry->reader->fields[column];
}

static const char *
quote(char text[BANK_UTF8_QUOTED_SIZE], const struct bank_csv_field *field)
{
    size_t kept = field->length < BANK_CSV_FIELD_KEPT_SIZE
                      ? field->length
                      : BANK_CSV_FIELD_KEPT_SIZE;

    return bank_utf8_quote(text, field->bytes, kept);
}

static bool
is_text(const struct bank_csv_field *field, const char *text)
{
    size_t length = strlen(text);

    return field->length == length && memcmp(field->bytes, text, length) == 0;
}

static bool
check_header(struct entry *entry)
{
    for (size_t i = 0; i < COLUMNS_COUNT; i++) {
        if (i >= entry->reader->fields_count ||
            !is_text(field_of(entry, (enum column)i), headings[i])) {
            return refuse(entry, 0,
                "a ledger begins with the header id,kind,account,to,amount");
        }
    }
    return entry->reader->fields_count == COLUMNS_COUNT ||
           refuse(entry, COLUMNS_COUNT,
               "the header has nothing behind id,kind,account,to,amount");
}

static bool
check_fields_count(struct entry *entry)
{
    size_t count = entry->reader->fields_count;

    return count == COLUMNS_COUNT ||
           refuse(entry, count < COLUMNS_COUNT ? count : COLUMNS_COUNT,
               "this line has %zu field%s instead of the five "
               "id,kind,account,to,amount",
               count, count == 1 ? "" : "s");
}

static bool
check_length(struct entry *entry, enum column column)
{
    size_t length = field_of(entry, column)->length;

    return length <= BANK_LEDGER_NAME_MAX ||
           refuse(entry, column, "%s has %zu bytes; at most %d are allowed",
               headings[column], length, BANK_LEDGER_NAME_MAX);
}

static bool
check_kind(struct entry *entry)
{
    const struct bank_csv_field *field = field_of(entry, KIND);
    char text[BANK_UTF8_QUOTED_SIZE];

    for (size_t i = 0; i < KINDS_COUNT; i++) {
        if (is_text(field, kinds[i])) {
            entry->kind = (enum kind)i;
            return true;
        }
    }
    quote(text, field);
    return refuse(entry, KIND,
        "unknown kind %s; there are open, deposit, withdraw and transfer, and "
        "the nearest is %s",
        text, cli_nearest(text + 1, kinds, KINDS_COUNT));
}

/* The name of an account that the entry opens. */
static bool
check_new_account(struct entry *entry)
{
    const struct bank_csv_field *field = field_of(entry, ACCOUNT);
    char text[BANK_UTF8_QUOTED_SIZE];

    if (!bank_utf8_is_valid(field->bytes, field->length)) {
        return refuse(entry, ACCOUNT, "the account name %s is not UTF-8",
            quote(text, field));
    }
    if (bank_accounts_find(&entry->ledger->accounts, field->bytes,
            field->length) != BANK_NOBODY) {
        return refuse(entry, ACCOUNT, "account %s is opened a second time",
            quote(text, field));
    }
    entry->account = BANK_NOBODY;
    return true;
}

/* The name of an account that must be open. */
static bool
check_open_account(struct entry *entry, enum column column, uint32_t *account)
{
    const struct bank_csv_field *field = field_of(entry, column);
    char text[BANK_UTF8_QUOTED_SIZE];

    *account = bank_accounts_find(
        &entry->ledger->accounts, field->bytes, field->length);
    return *account != BANK_NOBODY ||
           refuse(entry, column,
               "account %s has not been opened; its open line must come before "
               "its first use",
               quote(text, field));
}

static bool
check_account(struct entry *entry)
{
    if (field_of(entry, ACCOUNT)->length == 0) {
        return refuse(entry, ACCOUNT, "the account is missing");
    }
    if (!check_length(entry, ACCOUNT)) {
        return false;
    }
    return entry->kind == OPEN
               ? check_new_account(entry)
               : check_open_account(entry, ACCOUNT, &entry->account);
}

static bool
check_to(struct entry *entry)
{
    bool is_empty = field_of(entry, TO)->length == 0;
    char text[BANK_UTF8_QUOTED_SIZE];

    entry->to = BANK_NOBODY;
    if (entry->kind != TRANSFER) {
        return is_empty ||
               refuse(entry, TO,
                   "only a transfer names a second account; leave \"to\" empty "
                   "for %s",
                   kinds[entry->kind]);
    }
    if (is_empty) {
        return refuse(entry, TO, "a transfer needs an account to transfer to");
    }
    if (!check_length(entry, TO) ||
        !check_open_account(entry, TO, &entry->to)) {
        return false;
    }
    return entry->to != entry->account ||
           refuse(entry, TO, "a transfer from account %s to itself",
               quote(text, field_of(entry, TO)));
}

static bool
check_sign(struct entry *entry)
{
    if (entry->kind == OPEN) {
        return entry->cents >= 0 ||
               refuse(entry, AMOUNT,
                   "an account cannot be opened with less than zero");
    }
    return entry->cents > 0 ||
           refuse(entry, AMOUNT, "the amount of a %s must be more than zero",
               entry->kind == WITHDRAW ? "withdrawal" : kinds[entry->kind]);
}

static bool
check_amount(struct entry *entry)
{
    const struct bank_csv_field *field = field_of(entry, AMOUNT);
    bool is_kept = field->length <= BANK_CSV_FIELD_KEPT_SIZE;
    char text[BANK_UTF8_QUOTED_SIZE];

    switch (is_kept
                ? bank_money_parse(field->bytes, field->length, &entry->cents)
                : BANK_MONEY_NOT_A_NUMBER) {
    case BANK_MONEY_OK:
        return check_sign(entry);
    case BANK_MONEY_TOO_MANY_DECIMALS:
        return refuse(
            entry, AMOUNT, "%s has more than two decimals", quote(text, field));
    case BANK_MONEY_TOO_LARGE:
        return refuse(entry, AMOUNT,
            "%s is beyond the largest amount, 92233720368547758.07",
            quote(text, field));
    case BANK_MONEY_NOT_A_NUMBER:
        break;
    }
    return refuse(entry, AMOUNT,
        "%s is not an amount; write digits with at most two decimals, such as "
        "12.50",
        quote(text, field));
}

static bool
refuse_overflow(struct entry *entry, uint32_t account)
{
    char text[BANK_UTF8_QUOTED_SIZE];
    size_t length;
    const char *name =
        bank_accounts_name_view(&entry->ledger->accounts, account, &length);

    return refuse(entry, AMOUNT,
        "this takes the balance of account %s beyond %s92233720368547758.07",
        bank_utf8_quote(text, name, length),
        account == entry->account && entry->kind != DEPOSIT ? "-" : "");
}

static enum bank_ledger_added
add(struct entry *entry, uint32_t *overflowing)
{
    bool is_deposit = entry->kind == DEPOSIT;
    struct bank_transaction transaction = {
        .from = is_deposit ? BANK_NOBODY : entry->account,
        .to = is_deposit ? entry->account : entry->to,
        .cents = entry->cents,
    };
    const struct bank_csv_field *name = field_of(entry, ACCOUNT);

    if (entry->kind == OPEN) {
        return bank_ledger_open(
            entry->ledger, name->bytes, name->length, entry->cents);
    }
    return bank_ledger_post(entry->ledger, &transaction, overflowing);
}

static bool
take_entry(struct entry *entry)
{
    uint32_t overflowing = BANK_NOBODY;

    if (!check_fields_count(entry) || !check_length(entry, ID) ||
        !check_kind(entry) || !check_account(entry) || !check_to(entry) ||
        !check_amount(entry)) {
        return false;
    }
    switch (add(entry, &overflowing)) {
    case BANK_LEDGER_ADDED:
        return true;
    case BANK_LEDGER_OVERFLOWS:
        return refuse_overflow(entry, overflowing);
    case BANK_LEDGER_NO_MEMORY:
        break;
    }
    return refuse(entry, 0, "out of memory");
}

/* The reader has no more records. True: because the file is at its end. */
static bool
end_reading(struct entry *entry, enum bank_csv_outcome outcome)
{
    switch (outcome) {
    case BANK_CSV_UNREADABLE:
        return refuse_file(entry->fault, "cannot be read: %m");
    case BANK_CSV_NO_MEMORY:
        return refuse_file(entry->fault, "out of memory");
    case BANK_CSV_MALFORMED:
        entry->fault->position = entry->reader->flaw_position;
        snprintf(entry->fault->sentence, BANK_LEDGER_SENTENCE_SIZE, "%s",
            entry->reader->flaw);
        return false;
    default:
        return true;
    }
}

static void
report(const struct entry *entry, struct cli_progress *progress, size_t records)
{
    if (progress != NULL && records % PROGRESS_INTERVAL == 0) {
        cli_progress_update(progress, entry->reader->bytes_count);
    }
}

static bool
read_entries(struct entry *entry, struct cli_progress *progress)
{
    enum bank_csv_outcome outcome = bank_csv_reader_next(entry->reader);
    size_t records = 0;

    if (outcome == BANK_CSV_END) {
        return refuse(entry, 0,
            "the ledger is empty; it begins with the header "
            "id,kind,account,to,amount");
    }
    if (outcome == BANK_CSV_RECORD && !check_header(entry)) {
        return false;
    }
    while (outcome == BANK_CSV_RECORD &&
           (outcome = bank_csv_reader_next(entry->reader)) == BANK_CSV_RECORD) {
        if (!take_entry(entry)) {
            return false;
        }
        report(entry, progress, ++records);
    }
    return end_reading(entry, outcome);
}

bool
bank_ledger_read(struct bank_ledger *ledger, FILE *stream,
    struct cli_progress *progress, struct bank_ledger_fault *fault)
{
    struct bank_csv_reader reader;
    struct entry entry = {.reader = &reader, .ledger = ledger, .fault = fault};
    bool is_good;

    if (!bank_csv_reader_init(&reader, stream)) {
        return refuse_file(fault, "out of memory");
    }
    is_good = read_entries(&entry, progress);
    bank_csv_reader_fini(&reader);
    bank_ledger_shrink(ledger);
    return is_good;
}

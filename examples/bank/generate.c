/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/generate.h"

#include "cli/progress.h"
#include "examples/bank/zipf.h"

#include <errno.h>
#include <string.h>

/* The buffer is written out when a longest line might no longer fit. */
enum { BUFFER_SIZE = 1 << 16, LINE_MAX = 256 };

enum { OPENING_CENTS_MAX = 100000000, AMOUNT_CENTS_MAX = 100000 };

/* Transactions between two looks at the progress. */
enum { PROGRESS_INTERVAL = 4096 };

struct generator {
    uint64_t random; /* state */
    struct bank_zipf zipf;
    int name_digits; /* of every account's number, so that names sort by it */
    FILE *stream;
    size_t used;
    char buffer[BUFFER_SIZE];
};

/* splitmix64: a Weyl sequence, its numbers mixed (Steele, Lea, Flood 2014). */
static uint64_t
next_random(struct generator *generator)
{
    uint64_t mixed = generator->random += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

/* Any number below limit is as likely as any other. */
static uint64_t
random_below(struct generator *generator, uint64_t limit)
{
    return (uint64_t)((unsigned __int128)next_random(generator) * limit >> 64);
}

static uint32_t
random_account(struct generator *generator)
{
    uint64_t column = next_random(generator);

    return bank_zipf_draw(&generator->zipf, column, next_random(generator));
}

/* Another account than from: one that is drawn, or else its neighbour. */
static uint32_t
random_other_account(struct generator *generator, uint32_t from)
{
    uint32_t to = random_account(generator);

    return to != from ? to : (from + 1) % generator->zipf.ranks_count;
}

static int
count_digits(uint64_t number)
{
    int digits = 1;

    while (number >= 10) {
        number /= 10;
        digits++;
    }
    return digits;
}

static void
put_text(struct generator *generator, const char *text)
{
    size_t length = strlen(text);

    memcpy(generator->buffer + generator->used, text, length);
    generator->used += length;
}

/* Written by hand: printf would take most of the time of a large ledger. */
static void
put_number(struct generator *generator, uint64_t number, int digits)
{
    char *end = generator->buffer + generator->used + digits;

    for (int i = 0; i < digits; i++) {
        *--end = (char)('0' + (int)(number % 10));
        number /= 10;
    }
    generator->used += (size_t)digits;
}

static void
put_account(struct generator *generator, uint32_t account)
{
    put_text(generator, "acct");
    put_number(generator, account + UINT64_C(1), generator->name_digits);
}

static void
put_amount(struct generator *generator, uint64_t cents)
{
    put_number(generator, cents / 100, count_digits(cents / 100));
    put_text(generator, ".");
    put_number(generator, cents % 100, 2);
}

static void
write_out(struct generator *generator)
{
    fwrite(generator->buffer, 1, generator->used, generator->stream);
    generator->used = 0;
}

/* id, kind and account of a line; the prefix tells opens and transactions. */
static void
begin_line(struct generator *generator, const char *prefix, uint64_t id,
    const char *kind, uint32_t account)
{
    if (generator->used > BUFFER_SIZE - LINE_MAX) {
        write_out(generator);
    }
    put_text(generator, prefix);
    put_number(generator, id, count_digits(id));
    put_text(generator, kind);
    put_account(generator, account);
    put_text(generator, ",");
}

static void
end_line(struct generator *generator, uint64_t cents)
{
    put_text(generator, ",");
    put_amount(generator, cents);
    put_text(generator, "\n");
}

static void
generate_open(struct generator *generator, uint32_t account)
{
    begin_line(generator, "o", account + UINT64_C(1), ",open,", account);
    end_line(generator, random_below(generator, OPENING_CENTS_MAX + 1));
}

static void
generate_transaction(struct generator *generator, uint64_t id)
{
    static const char *const kinds[] = {
        ",deposit,", ",withdraw,", ",transfer,", ",transfer,"};
    bool has_two = generator->zipf.ranks_count > 1;
    uint64_t kind = random_below(generator, has_two ? 4 : 2);
    uint32_t account = random_account(generator);

    begin_line(generator, "t", id, kinds[kind], account);
    if (kind >= 2) {
        put_account(generator, random_other_account(generator, account));
    }
    end_line(generator, 1 + random_below(generator, AMOUNT_CENTS_MAX));
}

static void
generate_all(
    struct generator *generator, const struct bank_generate_options *options)
{
    struct cli_progress progress;
    uint64_t count = (uint64_t)options->transactions_count;

    cli_progress_init(&progress, "writing", count);
    put_text(generator, "id,kind,account,to,amount\n");
    for (uint32_t i = 0; i < generator->zipf.ranks_count; i++) {
        generate_open(generator, i);
    }
    for (uint64_t i = 1; i <= count && !ferror(generator->stream); i++) {
        generate_transaction(generator, i);
        if (i % PROGRESS_INTERVAL == 0) {
            cli_progress_update(&progress, i);
        }
    }
    write_out(generator);
    cli_progress_fini(&progress);
}

bool
bank_generate_on(const struct bank_generate_options *options, FILE *stream)
{
    struct generator generator = {
        .random = (uint64_t)options->seed,
        .name_digits = count_digits((uint64_t)options->accounts_count),
        .stream = stream,
    };

    if (!bank_zipf_init(&generator.zipf, (uint32_t)options->accounts_count,
            options->skew_millionths)) {
        errno = ENOMEM;
        return false;
    }
    generate_all(&generator, options);
    bank_zipf_fini(&generator.zipf);
    return fflush(stream) == 0 && !ferror(stream);
}

int
bank_generate(const void *options, char *const *operands, size_t operands_count)
{
    (void)operands;
    (void)operands_count;
    if (!bank_generate_on(options, stdout)) {
        fprintf(stderr, "troupe-bank: the ledger cannot be written: %m\n");
        return 1;
    }
    return 0;
}

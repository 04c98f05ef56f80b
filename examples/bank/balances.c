/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/balances.h"

#include "examples/bank/money.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

struct line {
    const char *name;
    size_t length;
    int64_t cents;
};

static int
compare_names(const void *left, const void *right)
{
    const struct line *l = left;
    const struct line *r = right;
    size_t shorter = l->length < r->length ? l->length : r->length;
    int order = memcmp(l->name, r->name, shorter);

    return order != 0 ? order
                      : (l->length > r->length) - (l->length < r->length);
}

static bool
needs_quotes(const struct line *line)
{
    for (size_t i = 0; i < line->length; i++) {
        if (strchr("\",\r\n", line->name[i]) != NULL && line->name[i] != '\0') {
            return true;
        }
    }
    return false;
}

static void
write_line(const struct line *line, FILE *stream)
{
    char balance[BANK_MONEY_TEXT_SIZE];

    if (needs_quotes(line)) {
        csv_fwrite(stream, line->name, line->length);
    } else {
        fwrite(line->name, 1, line->length, stream);
    }
    fprintf(stream, ",%s\n", bank_money_format(balance, line->cents));
}

bool
bank_balances_write(
    const struct bank_accounts *accounts, const int64_t *cents, FILE *stream)
{
    struct line *lines = malloc((accounts->count + (size_t)1) * sizeof(*lines));

    if (lines == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < accounts->count; i++) {
        lines[i].name = bank_accounts_name_view(accounts, i, &lines[i].length);
        lines[i].cents = cents[i];
    }
    qsort(lines, accounts->count, sizeof(*lines), compare_names);
    fputs("account,balance\n", stream);
    for (uint32_t i = 0; i < accounts->count; i++) {
        write_line(&lines[i], stream);
    }
    free(lines);
    return fflush(stream) == 0 && !ferror(stream);
}

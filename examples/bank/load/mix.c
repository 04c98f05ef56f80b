/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/load/mix.h"

#include "cli/nearest.h"
#include "cli/number.h"

#include <stdio.h>
#include <string.h>

static const char *const names[BANK_REQUEST_MIXED_COUNT] = {
    [BANK_REQUEST_DEPOSIT] = "deposit",
    [BANK_REQUEST_WITHDRAW] = "withdraw",
    [BANK_REQUEST_TRANSFER] = "transfer",
    [BANK_REQUEST_BALANCE] = "balance",
};

/* The longest NAME=SHARE that may be right, with its NUL. */
enum { PART_SIZE = 32 };

static bool
find_kind(const char *name, size_t *kind)
{
    for (*kind = 0; *kind < BANK_REQUEST_MIXED_COUNT; (*kind)++) {
        if (strcmp(names[*kind], name) == 0) {
            return true;
        }
    }
    return false;
}

/* part is NAME=SHARE, and is cut at its sign. */
static bool
parse_part(struct bank_mix *mix, char *part, char why[BANK_MIX_WHY_SIZE])
{
    char *sign = strchr(part, '=');
    int64_t share = 0;
    size_t kind;

    if (sign == NULL) {
        snprintf(why, BANK_MIX_WHY_SIZE,
            "\"%s\" is no NAME=SHARE, such as transfer=2", part);
        return false;
    }
    *sign = '\0';
    if (!find_kind(part, &kind)) {
        snprintf(why, BANK_MIX_WHY_SIZE,
            "there is no request \"%s\"; the nearest is %s", part,
            cli_nearest(part, names, BANK_REQUEST_MIXED_COUNT));
        return false;
    }
    if (!cli_number_parse(sign + 1, &share) || share < 0 ||
        share > BANK_MIX_SHARE_MAX) {
        snprintf(why, BANK_MIX_WHY_SIZE,
            "the share \"%s\" of %s is no whole number from 0 to %d", sign + 1,
            part, BANK_MIX_SHARE_MAX);
        return false;
    }
    mix->sum += (uint32_t)share - mix->shares[kind];
    mix->shares[kind] = (uint32_t)share;
    return true;
}

bool
bank_mix_parse(
    struct bank_mix *mix, const char *text, char why[BANK_MIX_WHY_SIZE])
{
    *mix = (struct bank_mix){.sum = 0};
    while (text != NULL) {
        size_t length = strcspn(text, ",");
        char part[PART_SIZE];

        snprintf(part, sizeof(part), "%.*s", (int)length, text);
        if (!parse_part(mix, part, why)) {
            return false;
        }
        text = text[length] == ',' ? text + length + 1 : NULL;
    }
    if (mix->sum == 0) {
        snprintf(why, BANK_MIX_WHY_SIZE,
            "all shares are 0, and nothing would be asked");
    }
    return mix->sum > 0;
}

enum bank_request_kind
bank_mix_draw(const struct bank_mix *mix, uint64_t random)
{
    uint64_t at = (uint64_t)((unsigned __int128)random * mix->sum >> 64);
    size_t kind = 0;

    while (at >= mix->shares[kind]) {
        at -= mix->shares[kind++];
    }
    return (enum bank_request_kind)kind;
}

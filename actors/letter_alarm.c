/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/letter_alarm.h"

#include "base/err.h"

#include <ck_pr.h>
#include <inttypes.h>

enum {
    LETTERS_BITS = 21,
    BEGIN_BITS = 64 - LETTERS_BITS, /* of microseconds: 101 days */
    LETTERS_MAX = 1000000,          /* and one more fits */
};

static const uint64_t letters_mask = (1ull << LETTERS_BITS) - 1;
static const uint64_t begin_mask = (1ull << BEGIN_BITS) - 1;
static const uint64_t period_ns_default = TROUPE_SECONDS(1);
static const uint64_t period_ns_max = TROUPE_SECONDS(24 * 60 * 60);

troupe_err
tp_letter_alarm_init(
    struct tp_letter_alarm *alarm, const struct troupe_options *options)
{
    uint64_t period_ns = options->dead_letters_period_ns;

    if (options->dead_letters_max > LETTERS_MAX) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "dead_letters_max is %" PRIu32 "; an alarm counts up to %d",
            options->dead_letters_max, LETTERS_MAX);
    }
    if (period_ns > period_ns_max) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "dead_letters_period_ns is %" PRIu64 "; at most a day is possible, "
            "%" PRIu64,
            period_ns, period_ns_max);
    }
    if (period_ns != 0 && options->dead_letters_max == 0) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "dead_letters_period_ns is given without dead_letters_max: say how "
            "many are too many");
    }
    alarm->letters_max = options->dead_letters_max;
    alarm->period_us =
        ((period_ns == 0 ? period_ns_default : period_ns) + 999) / 1000;
    alarm->period = 0;
    return TROUPE_OK;
}

/* Where the letter leaves the period: in it, or as the first of a new one. */
static uint64_t
counted(const struct tp_letter_alarm *alarm, uint64_t period, uint64_t now_us)
{
    uint64_t elapsed_us = (now_us - (period >> LETTERS_BITS)) & begin_mask;
    bool is_before_begin = elapsed_us > begin_mask / 2;

    if (period == 0 || (elapsed_us >= alarm->period_us && !is_before_begin)) {
        return (now_us & begin_mask) << LETTERS_BITS | 1;
    }
    return (period & letters_mask) > alarm->letters_max ? period : period + 1;
}

bool
tp_letter_alarm_count(struct tp_letter_alarm *alarm, uint64_t now_ns)
{
    uint64_t seen = ck_pr_load_64(&alarm->period);
    uint64_t next;

    do {
        next = counted(alarm, seen, now_ns / 1000);
        if (next == seen) {
            return false;
        }
    } while (!ck_pr_cas_64_value(&alarm->period, seen, next, &seen));
    return (next & letters_mask) == (uint64_t)alarm->letters_max + 1;
}

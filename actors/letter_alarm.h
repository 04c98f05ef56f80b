/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * letter_alarm: notices when there are many dead letters within a short time.
 *
 * A period begins with the first letter after the last period has ended. The
 * letter that is one too many within it raises the alarm; those after it are
 * not counted any more, so a period has one alarm at most and a flood costs a
 * load each from there on.
 *
 * When the period began and how many letters it has are one word, changed by
 * compare-and-swap: so each letter is counted in one period, and exactly one
 * finds itself the one too many. The clocks of two workers differ by some
 * microseconds; a letter that seems to come before the period's begin is taken
 * to come with it.
 *
 *     tp_letter_alarm_init     one thread
 *     tp_letter_alarm_count    any thread
 *
 * Not chosen: periods that follow each other by the clock (a burst across the
 * border of two could be twice as large, unnoticed), a sliding window (needs
 * the time of each letter).
 */
#ifndef TROUPE_ACTORS_LETTER_ALARM_H
#define TROUPE_ACTORS_LETTER_ALARM_H

#include "troupe/runtime.h"

struct tp_letter_alarm {
    uint32_t letters_max; /* 0: there is no alarm */
    uint64_t period_us;
    /* Microseconds of the begin above, letters below. Written by any thread by
     * compare-and-swap; orders nothing. 0: no period has begun. Stale: the
     * compare-and-swap fails, or one more letter is not counted. */
    uint64_t period;
};

/* As the options say. INVALID_ARGUMENT: what is too large to be counted. */
TROUPE_MUST_USE troupe_err tp_letter_alarm_init(
    struct tp_letter_alarm *alarm, const struct troupe_options *options);

/* Counts a letter. True: it is the one too many. */
bool tp_letter_alarm_count(struct tp_letter_alarm *alarm, uint64_t now_ns);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter: an actor that adds up what it is told, and tells the sum when asked.
 *
 *     add        told     adds amount
 *     get_sum    asked    answers with sum
 */
#ifndef COUNTER_H
#define COUNTER_H

#include <troupe/troupe.h>

#define ADD(FIELD) FIELD(int64, amount)
#define SUM(FIELD) FIELD(int64, value)

TROUPE_MESSAGE(add, ADD)
TROUPE_MESSAGE(get_sum, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(sum, SUM)

TROUPE_BEHAVIOUR_DECLARE(counter);

#endif

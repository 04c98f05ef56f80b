/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/load/outcome.h"

bool
bank_outcome_is_right(const struct bank_outcome *outcome)
{
    return outcome->why[0] == '\0' &&
           outcome->total_cents >= outcome->expected_least_cents &&
           outcome->total_cents <= outcome->expected_most_cents;
}

double
bank_outcome_rate(const struct bank_outcome *outcome)
{
    return outcome->elapsed_ns == 0 ? 0
                                    : (double)outcome->waits.count * 1e9 /
                                          (double)outcome->elapsed_ns;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exercise withdraw. There are 100 in the account. Two threads call withdraw():
 * whoever still finds 80 takes them. Nobody should ever get what is not there,
 * and one of the two should get his money.
 *
 * Mend it: there is a lock, balance_lock, for stage_lock() and stage_unlock().
 */
#include "lab/exercise.h"

void withdraw(void *unused);

void
withdraw(void *unused)
{
    (void)unused;
    if (stage_read(&balance) >= 80) {
        stage_write(&balance, stage_read(&balance) - 80);
        stage_write(&paid, stage_read(&paid) + 80);
    }
}

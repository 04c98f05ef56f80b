/* SPDX-License-Identifier: BSD-2-Clause */
/* An answer to the exercise withdraw. */
#include "lab/exercise.h"

void withdraw(void *unused);

void
withdraw(void *unused)
{
    (void)unused;
    stage_lock(&balance_lock);
    if (stage_read(&balance) >= 80) {
        stage_write(&balance, stage_read(&balance) - 80);
        stage_write(&paid, stage_read(&paid) + 80);
    }
    stage_unlock(&balance_lock);
}

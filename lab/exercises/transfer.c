/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exercise transfer. Three accounts with 100 each, and three threads that move
 * money round: from the first to the second, from the second to the third, from
 * the third to the first. Each locks both accounts, so no cent is lost. But
 * something else can happen.
 *
 * Mend it, and keep both locks while money moves.
 */
#include "lab/exercise.h"

void transfer(void *given);

void
transfer(void *given)
{
    const struct transfer *transfer = given;
    struct account *from = transfer->from;
    struct account *to = transfer->to;

    stage_lock(&from->lock);
    stage_lock(&to->lock);
    stage_write(&from->cents, stage_read(&from->cents) - transfer->cents);
    stage_write(&to->cents, stage_read(&to->cents) + transfer->cents);
    stage_unlock(&to->lock);
    stage_unlock(&from->lock);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* An answer to the exercise transfer: the lower address first. */
#include "lab/exercise.h"

void transfer(void *given);

void
transfer(void *given)
{
    const struct transfer *transfer = given;
    struct account *from = transfer->from;
    struct account *to = transfer->to;
    struct account *first = from < to ? from : to;
    struct account *second = from < to ? to : from;

    stage_lock(&first->lock);
    stage_lock(&second->lock);
    stage_write(&from->cents, stage_read(&from->cents) - transfer->cents);
    stage_write(&to->cents, stage_read(&to->cents) + transfer->cents);
    stage_unlock(&second->lock);
    stage_unlock(&first->lock);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/service.h"

#include "examples/bank/service/bank.h"
#include "examples/bank/service/journal_actor.h"

static const struct troupe_supervisor tree =
    TROUPE_SUPERVISOR(.restarts_max = 100,
        .restarts_within_ns = TROUPE_SECONDS(10));

/* The bank is told who the journal is, so it is added when that is known. */
troupe_err
bank_service_start(struct troupe_self *self,
    const struct bank_service_options *options, troupe_pid *bank)
{
    struct bank_journal_actor journal_begins = {options->journal};
    struct troupe_child journal = TROUPE_CHILD(.name = "journal",
        .behaviour = &bank_journal_actor_behaviour, .state = &journal_begins);
    struct bank bank_begins = {.rest_ns = options->rest_ns};
    struct troupe_child branches =
        TROUPE_CHILD(.name = "bank", .is_registered = true,
            .behaviour = &bank_behaviour, .state = &bank_begins);
    troupe_pid supervisor;
    troupe_err err = troupe_supervise(self, &tree, &supervisor, NULL);

    if (err == TROUPE_OK) {
        err = troupe_supervisor_add(
            self, supervisor, &journal, &bank_begins.journal);
    }
    return err != TROUPE_OK
               ? err
               : troupe_supervisor_add(self, supervisor, &branches, bank);
}

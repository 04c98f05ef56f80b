/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/variant.h"

const struct bank_variant *const bank_variants[] = {
    &bank_variant_unsafe,
    &bank_variant_mutex,
    &bank_variant_locks,
    &bank_variant_actors,
    NULL,
};

struct bank_chunk
bank_job_chunk(const struct bank_job *job, size_t thread)
{
    size_t count = job->ledger->transactions_count;

    return (struct bank_chunk){
        .begin = count * thread / job->threads_count,
        .end = count * (thread + 1) / job->threads_count,
    };
}

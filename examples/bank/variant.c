/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/variant.h"

const struct bank_variant *const bank_variants[] = {
    &bank_variant_unsafe,
    &bank_variant_mutex,
    &bank_variant_locks,
    NULL,
};

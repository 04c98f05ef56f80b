/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Planted: parameters get the room that they had, though a whole number may
 * become a double.
 */
#define tp_rpc_params_size_max size_max_that_ships
#include "rpc/params.c"
#undef tp_rpc_params_size_max

size_t
tp_rpc_params_size_max(
    const struct troupe_schema *schema, struct troupe_raw params)
{
    (void)schema;
    return 5 + params.size;
}

#include "tests/fuzz/fuzz_rpc.c"

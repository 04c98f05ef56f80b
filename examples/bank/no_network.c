/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/call/call.h"
#include "examples/bank/load/load.h"
#include "examples/bank/serve/serve.h"

#include <stdio.h>

static int
refuse(const char *command)
{
    fprintf(stderr,
        "troupe-bank: %s needs a network, and this program was built without "
        "libuv; install libuv1-dev and build it again\n",
        command);
    return 1;
}

int
bank_load(const void *options, char *const *operands, size_t operands_count)
{
    (void)options;
    (void)operands;
    (void)operands_count;
    return refuse("load");
}

int
bank_call(const void *options, char *const *operands, size_t operands_count)
{
    (void)options;
    (void)operands;
    (void)operands_count;
    return refuse("call");
}

int
bank_serve(const void *options, char *const *operands, size_t operands_count)
{
    (void)options;
    (void)operands;
    (void)operands_count;
    return refuse("serve");
}

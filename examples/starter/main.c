/* SPDX-License-Identifier: BSD-2-Clause */
#include "counter.h"

#include <inttypes.h>
#include <stdio.h>

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid counter;
    struct sum sum;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, counter, &counter));
    for (int64_t i = 1; i <= 100; i++) {
        TROUPE_CHECK(troupe_tell(self, counter, add, .amount = i));
    }
    TROUPE_CHECK(
        troupe_ask(self, counter, TROUPE_SECONDS(5), sum, &sum, get_sum));
    printf("the sum of 1 to 100 is %" PRId64 "\n", sum.value);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/system.h"

static struct troupe_runtime *the_runtime;

struct troupe_self *
system_begin(const struct troupe_options *options)
{
    TROUPE_CHECK(troupe_runtime_create(options, &the_runtime));
    TROUPE_CHECK(troupe_runtime_start(the_runtime));
    return troupe_thread_self(the_runtime);
}

struct troupe_runtime *
system_runtime(void)
{
    return the_runtime;
}

void
system_wait(void)
{
    troupe_runtime_wait(the_runtime);
}

void
system_end(struct troupe_stop_report *report)
{
    TROUPE_CHECK(troupe_runtime_stop(the_runtime, TROUPE_SECONDS(10), report));
    troupe_runtime_destroy(&the_runtime);
}

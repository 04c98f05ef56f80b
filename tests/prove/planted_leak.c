/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A planted bug, which whoever looks for leaks must find: an actor makes a
 * message, and neither sends nor releases it.
 */
#include "troupe/troupe.h"

TROUPE_MESSAGE(write_letter, TROUPE_NO_FIELDS)

static void
on_write_letter(
    struct troupe_self *self, void *state, const struct write_letter *order)
{
    static const unsigned char empty[] = {0x90};
    struct troupe_message *letter; /* the planted bug: it ends with this */

    (void)state, (void)order;
    TROUPE_CHECK(
        troupe_message_create(self, "letter", empty, sizeof(empty), &letter));
}

TROUPE_BEHAVIOUR(writer, 0, TROUPE_ON(write_letter, on_write_letter));

enum { LETTERS_COUNT = 100 };

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, writer, &pid));
    for (int i = 0; i < LETTERS_COUNT; i++) {
        TROUPE_CHECK(troupe_tell(self, pid, write_letter));
    }
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(10), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

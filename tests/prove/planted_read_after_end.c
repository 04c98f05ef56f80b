/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A planted bug, which memcheck must find: an actor keeps a pointer to the
 * message in hand, and reads it when the next one comes.
 *
 * A message is the handler's until it returns.
 */
#include "troupe/troupe.h"

#define TEXT(FIELD) FIELD(str, text)
TROUPE_MESSAGE(word, TEXT)

struct listener {
    const unsigned char *last; /* of a message that is gone */
    size_t same_count;
};

static void
on_any(
    struct troupe_self *self, void *state, const struct troupe_message *message)
{
    struct listener *listener = state;
    size_t size;
    const unsigned char *word = troupe_message_payload_view(message, &size);

    (void)self;
    if (listener->last != NULL) {
        listener->same_count += listener->last[0] == word[0]; /* the planted
                                                                 bug */
    }
    listener->last = word;
}

TROUPE_BEHAVIOUR(listener, sizeof(struct listener), TROUPE_ON_ANY(on_any));

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
    TROUPE_CHECK(troupe_spawn(self, listener, &pid));
    for (int i = 0; i < 3; i++) {
        TROUPE_CHECK(
            troupe_tell(self, pid, word, .text = troupe_str_of("so it goes")));
    }
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(10), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* hello: a thread asks an actor and waits for its answer. */
#include <stdio.h>
#include <troupe/troupe.h>

#define GREET(FIELD) FIELD(str, name)
#define GREETING(FIELD) FIELD(str, text) FIELD(uint32, count)
TROUPE_MESSAGE(greet, GREET)
TROUPE_MESSAGE(greeting, GREETING)

struct greeter {
    uint32_t count; /* how many it has greeted */
};

static void
on_greet(struct troupe_self *self, void *state, const struct greet *greet)
{
    struct greeter *greeter = state;
    char text[64];
    int length = snprintf(text, sizeof(text), "Hello, %.*s!",
        (int)greet->name.length, greet->name.data);

    if (length >= (int)sizeof(text)) {
        length = (int)sizeof(text) - 1;
    }
    greeter->count++;
    troupe_reply(self, greeting, .text = {text, (uint32_t)length},
        .count = greeter->count);
}

TROUPE_BEHAVIOUR(greeter, sizeof(struct greeter), TROUPE_ON(greet, on_greet));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct greeting greeting;
    troupe_pid greeter;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, greeter, &greeter));
    TROUPE_CHECK(troupe_ask(self, greeter, TROUPE_SECONDS(5), greeting,
        &greeting, greet, .name = {"world", 5}));
    printf("%.*s (greeting %u)\n", (int)greeting.text.length,
        greeting.text.data, greeting.count);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * any_message: a message made from bytes that any MessagePack library could
 * have packed, and an actor that takes whatever comes, prints it and passes it
 * on to an actor that knows the type.
 */
#include <stdio.h>
#include <troupe/troupe.h>

#define READING(FIELD) FIELD(str, sensor) FIELD(int32, celsius)
#define MEET(FIELD) FIELD(pid, other)
TROUPE_MESSAGE(reading, READING)
TROUPE_MESSAGE(meet, MEET)

static void
on_reading(struct troupe_self *self, void *state, const struct reading *reading)
{
    (void)self, (void)state;
    printf("decoded: %.*s is at %d degrees\n", (int)reading->sensor.length,
        reading->sensor.data, reading->celsius);
}

TROUPE_BEHAVIOUR(meter, 0, TROUPE_ON(reading, on_reading));

static void
on_meet(struct troupe_self *self, void *state, const struct meet *meet)
{
    troupe_pid *other = state;

    (void)self;
    *other = meet->other;
}

static void
on_any(
    struct troupe_self *self, void *state, const struct troupe_message *message)
{
    const troupe_pid *other = state;
    char line[128];

    troupe_message_print(line, sizeof(line), message);
    printf("passing on: %s\n", line);
    if (troupe_forward(self, *other) != TROUPE_OK) {
        puts(troupe_err_detail());
    }
}

TROUPE_BEHAVIOUR(
    relay, sizeof(troupe_pid), TROUPE_ON(meet, on_meet), TROUPE_ON_ANY(on_any));

int
main(void)
{
    /* ["kitchen", 21]: an array of the fields, by position. */
    static const unsigned char bytes[] = "\x92\xa7kitchen\x15";
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct troupe_message *message;
    troupe_pid meter;
    troupe_pid relay;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, meter, &meter));
    TROUPE_CHECK(troupe_spawn(self, relay, &relay));
    TROUPE_CHECK(troupe_tell(self, relay, meet, .other = meter));
    TROUPE_CHECK(troupe_message_create(
        self, "reading", bytes, sizeof(bytes) - 1, &message));
    TROUPE_CHECK(troupe_send(self, relay, &message));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policies: a sensor sends eight readings at once to a display whose mailbox
 * holds three. What becomes of the others is the display's policy; the sensor
 * has no line for it.
 *
 * Simulated, so that the display does not run in between.
 */
#include <stdio.h>
#include <string.h>
#include <troupe/troupe.h>

enum { READINGS = 8 };

#define READING(FIELD) FIELD(uint64, number)
#define SEEN(FIELD) FIELD(str, text)
TROUPE_MESSAGE(reading, READING)
TROUPE_MESSAGE(get_seen, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(seen, SEEN)

struct display {
    char text[2 * READINGS + 1];
};

static void
on_reading(struct troupe_self *self, void *state, const struct reading *reading)
{
    struct display *display = state;
    size_t used = strlen(display->text);

    (void)self;
    snprintf(display->text + used, sizeof(display->text) - used, "%s%llu",
        used == 0 ? "" : " ", (unsigned long long)reading->number);
}

static void
on_get_seen(
    struct troupe_self *self, void *state, const struct get_seen *get_seen)
{
    struct display *display = state;

    (void)get_seen;
    troupe_reply(
        self, seen, .text = {display->text, (uint32_t)strlen(display->text)});
}

TROUPE_BEHAVIOUR(display, sizeof(struct display),
    TROUPE_ON(reading, on_reading), TROUPE_ON(get_seen, on_get_seen));

static void
print_seen(struct troupe_self *self, const char *name, troupe_pid display)
{
    struct seen seen;

    TROUPE_CHECK(
        troupe_ask(self, display, TROUPE_SECONDS(1), seen, &seen, get_seen));
    printf("%-12s saw %.*s\n", name, (int)seen.text.length, seen.text.data);
}

#define MAILBOX(...)                                                           \
    ((struct troupe_mailbox_options){.messages_high = 3, .policy = __VA_ARGS__})

static void
try_policy(struct troupe_runtime *runtime, const char *name,
    struct troupe_mailbox_options mailbox)
{
    struct troupe_self *self = troupe_thread_self(runtime);
    unsigned refused_count = 0;
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, display, &TROUPE_SPAWN_OPTIONS(.mailbox = mailbox), &pid));
    for (uint64_t i = 1; i <= READINGS; i++) {
        refused_count += troupe_tell(self, pid, reading, .number = i) ==
                         TROUPE_E_MAILBOX_FULL;
    }
    troupe_runtime_wait(runtime); /* until nothing is left to do */
    print_seen(self, name, pid);
    if (refused_count > 0) {
        printf("%-12s and %u were refused\n", "", refused_count);
    }
}

int
main(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid spare;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, display, &spare));

    try_policy(runtime, "pause", MAILBOX(TROUPE_MAILBOX_PAUSE));
    try_policy(runtime, "reject", MAILBOX(TROUPE_MAILBOX_REJECT));
    try_policy(runtime, "drop newest", MAILBOX(TROUPE_MAILBOX_DROP_NEWEST));
    try_policy(runtime, "drop oldest", MAILBOX(TROUPE_MAILBOX_DROP_OLDEST));
    try_policy(runtime, "redirect",
        MAILBOX(TROUPE_MAILBOX_REDIRECT, .redirect_to = spare));
    print_seen(self, "the spare", spare);

    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), &report));
    troupe_stop_report_print(stdout, &report);
    troupe_runtime_destroy(&runtime);
    return 0;
}

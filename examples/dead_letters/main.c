/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead_letters: messages that nobody handles, and where they turn up: on the
 * log, at an actor that subscribes, as an alarm when there are many, in the
 * table and in the stop report.
 */
#include <stdio.h>
#include <troupe/troupe.h>

#define WORD(FIELD) FIELD(str, text)
TROUPE_MESSAGE(word, WORD)
TROUPE_MESSAGE(unheard_of, TROUPE_NO_FIELDS)

static void
on_word(struct troupe_self *self, void *state, const struct word *word)
{
    (void)self, (void)state;
    printf("heard: %.*s\n", (int)word->text.length, word->text.data);
}

TROUPE_BEHAVIOUR(listener, 0, TROUPE_ON(word, on_word));

static void
on_dead_letter(struct troupe_self *self, void *state,
    const struct troupe_dead_letter *letter)
{
    (void)self, (void)state;
    printf("clerk: %.*s: %s (%llu so far, %llu missed)\n",
        (int)letter->example.length, letter->example.data,
        troupe_dead_letter_cause_name(letter->cause),
        (unsigned long long)letter->count, (unsigned long long)letter->missed);
}

static void
on_alarm(struct troupe_self *self, void *state,
    const struct troupe_dead_letters_alarm *alarm)
{
    (void)self, (void)state;
    printf("clerk: more than %llu dead letters!\n",
        (unsigned long long)alarm->dead_letters_max);
}

TROUPE_BEHAVIOUR(clerk, 0, TROUPE_ON(troupe_dead_letter, on_dead_letter),
    TROUPE_ON(troupe_dead_letters_alarm, on_alarm));

static void
show(void *context, enum troupe_log_level level, const char *line)
{
    (void)context;
    if (level <= TROUPE_LOG_WARNING) {
        printf("log: %s\n", line);
    }
}

int
main(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid listener;
    troupe_pid clerk;
    troupe_err err;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1, .log = show,
            .dead_letters_max = 3, .dead_letters_period_ns = TROUPE_MS(100)),
        &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, listener, &listener));

    TROUPE_CHECK(troupe_tell(self, listener, word, .text = {"hello", 5}));
    TROUPE_CHECK(troupe_tell(self, listener, unheard_of));
    troupe_runtime_wait(runtime);

    TROUPE_CHECK(troupe_spawn(self, clerk, &clerk));
    TROUPE_CHECK(troupe_dead_letters_subscribe(self, clerk));

    TROUPE_CHECK(troupe_stop(self, listener));
    TROUPE_CHECK(troupe_tell(self, listener, word, .text = {"too late", 8}));
    troupe_runtime_wait(runtime);

    err = troupe_tell(self, TROUPE_NO_PID, word, .text = {"whom?", 5});
    printf("err: %s: %s\n", troupe_err_name(err), troupe_err_detail());

    TROUPE_CHECK(troupe_tell(self, listener, word, .text = {"still?", 6}));
    troupe_runtime_wait(runtime);

    troupe_dead_letters_print(stdout, runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), &report));
    troupe_stop_report_print(stdout, &report);
    troupe_runtime_destroy(&runtime);
    return 0;
}

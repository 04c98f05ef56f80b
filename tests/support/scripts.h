/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scripts: a simulated world in which processes do what a test's functions say,
 * and note what they see, in order.
 */
#ifndef TROUPE_TESTS_SUPPORT_SCRIPTS_H
#define TROUPE_TESTS_SUPPORT_SCRIPTS_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

#define SCRIPTS_NUMBER(FIELD) FIELD(int64, value)
TROUPE_MESSAGE(number, SCRIPTS_NUMBER)
TROUPE_MESSAGE(query, SCRIPTS_NUMBER)
TROUPE_MESSAGE(result, SCRIPTS_NUMBER)
TROUPE_MESSAGE(go, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(idle, TROUPE_NO_FIELDS)

/* ---- notes --------------------------------------------------------------- */

enum { SCRIPTS_NOTES_BYTES = 4096 };
static char scripts_notes[SCRIPTS_NOTES_BYTES]; /* words, a blank after each */

static void __attribute__((format(printf, 1, 2), unused))
note(const char *format, ...)
{
    size_t length = strlen(scripts_notes);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(scripts_notes + length, sizeof(scripts_notes) - length, format,
        arguments);
    va_end(arguments);
    length = strlen(scripts_notes);
    CHECK(length + 2 < sizeof(scripts_notes));
    strcpy(scripts_notes + length, " ");
}

#define assert_noted(expected) assert_string_equal(scripts_notes, expected)

/* ---- the log ------------------------------------------------------------- */

static char scripts_log[SCRIPTS_NOTES_BYTES];

static void
take_log(void *context, enum troupe_log_level level, const char *line)
{
    size_t length = strlen(scripts_log);

    (void)context, (void)level;
    snprintf(scripts_log + length, sizeof(scripts_log) - length, "%s\n", line);
}

/* ---- processes ----------------------------------------------------------- */

struct script {
    void (*body)(struct troupe_self *self, struct script *script);
    troupe_pid other; /* for whatever the body likes */
    int64_t value;
};

static void
run_script(struct troupe_self *self, void *state)
{
    struct script *script = state;

    script->body(self, script);
}

static void
on_script_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    char text[256];

    (void)self, (void)state;
    troupe_exit_print(text, sizeof(text), why);
    note("[%s]", text);
}

TROUPE_PROCESS(scripted, sizeof(struct script), run_script);
TROUPE_PROCESS(
    noting, sizeof(struct script), run_script, TROUPE_ON_STOP(on_script_stop));
TROUPE_PROCESS(trapping, sizeof(struct script), run_script,
    TROUPE_ON_STOP(on_script_stop), TROUPE_RECEIVE_EXITS);

/* ---- the world ----------------------------------------------------------- */

static struct troupe_runtime *runtime;
static struct troupe_self *thread;
static troupe_pid nobody; /* is asked, and never answers in time */

static struct troupe_request *scripts_kept;

static void
on_idle(struct troupe_self *self, void *state, const struct idle *idle)
{
    (void)state, (void)idle;
    CHECK(troupe_request_keep(self, &scripts_kept) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(silent, 0, TROUPE_ON(idle, on_idle));

static int __attribute__((unused)) scripts_set_up(void **state)
{
    (void)state;
    scripts_notes[0] = '\0';
    scripts_log[0] = '\0';
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 7, .log = take_log),
        &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    thread = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(thread, silent, &nobody));
    return 0;
}

static int __attribute__((unused)) scripts_tear_down(void **state)
{
    (void)state;
    troupe_runtime_destroy(&runtime);
    return tp_memory_mappings_count() == 0 ? 0 : -1;
}

static troupe_pid __attribute__((unused))
spawn_script(struct troupe_behaviour *behaviour, const struct script *script)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_behaviour(
        thread, behaviour, &TROUPE_SPAWN_OPTIONS(.state = script), &pid));
    return pid;
}

/* A process that does this. */
static troupe_pid __attribute__((unused))
play(void (*body)(struct troupe_self *self, struct script *script))
{
    return spawn_script(&scripted_behaviour, &(struct script){.body = body});
}

/* One that does this to, with or for another. */
static troupe_pid __attribute__((unused))
play_with(void (*body)(struct troupe_self *self, struct script *script),
    troupe_pid other)
{
    return spawn_script(
        &scripted_behaviour, &(struct script){.body = body, .other = other});
}

/* Lets so much virtual time pass, and all happen that does by then. */
static void __attribute__((unused)) pass(uint64_t span_ns)
{
    struct result result;

    CHECK(troupe_ask(thread, nobody, span_ns, result, &result, idle) ==
          TROUPE_E_TIMED_OUT);
}

/* All that can happen now happens. */
static void __attribute__((unused)) settle(void)
{
    pass(TROUPE_MS(1));
}

static uint64_t __attribute__((unused)) stacks_taken_count(void)
{
    struct troupe_stacks stacks = TROUPE_STACKS;

    troupe_stacks_count(runtime, &stacks);
    return stacks.taken_count;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_thread: an actor reads lines from a pipe and waits for each in read(),
 * on a thread of its own. The others go on meanwhile: a counter ticks and, at
 * each tick, writes the line that the reader waits for.
 */
#include <stdio.h>
#include <string.h>
#include <troupe/troupe.h>
#include <unistd.h>

enum { LINES = 3, TICKS_A_LINE = 1000 };

#define LINE(FIELD) FIELD(str, text)
#define PEER(FIELD) FIELD(pid, printer)
TROUPE_MESSAGE(line, LINE)
TROUPE_MESSAGE(read_all, PEER)
TROUPE_MESSAGE(tick, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(end_of_file, TROUPE_NO_FIELDS)

static int pipe_ends[2]; /* where the lines come from, and where they go */

/* ---- the reader ---------------------------------------------------------- */

/* It never returns before the end of the file, and need not: what it tells is
 * sent at once. */
static void
on_read_all(
    struct troupe_self *self, void *state, const struct read_all *read_all)
{
    char text[80];
    ssize_t length;

    (void)state;
    while ((length = read(pipe_ends[0], text, sizeof(text))) > 0) {
        TROUPE_CHECK(troupe_tell(
            self, read_all->printer, line, .text = {text, (uint32_t)length}));
    }
    TROUPE_CHECK(troupe_tell(self, read_all->printer, end_of_file));
}
TROUPE_BEHAVIOUR(reader, 0, TROUPE_ON(read_all, on_read_all));

/* ---- the others ---------------------------------------------------------- */

struct counter {
    unsigned ticks_count;
    unsigned lines_count;
};

/* A thousand ticks, each a message, and then a line for the reader. */
static void
on_tick(struct troupe_self *self, void *state, const struct tick *tick)
{
    struct counter *counter = state;
    char text[80];
    int length;

    (void)tick;
    if (++counter->ticks_count % TICKS_A_LINE != 0) {
        TROUPE_CHECK(troupe_tell(self, troupe_self_pid(self), tick));
        return;
    }
    length =
        snprintf(text, sizeof(text), "%u ticks so far", counter->ticks_count);
    if (write(pipe_ends[1], text, (size_t)length) != length) {
        troupe_fail(self, 1, "the pipe takes nothing");
    }
}

static void
on_line(struct troupe_self *self, void *state, const struct line *line)
{
    struct counter *counter = state;

    printf("read: %.*s\n", (int)line->text.length, line->text.data);
    if (++counter->lines_count < LINES) {
        TROUPE_CHECK(troupe_tell(self, troupe_self_pid(self), tick));
    } else {
        close(pipe_ends[1]); /* so that the reader's read() ends */
    }
}

static void
on_end_of_file(
    struct troupe_self *self, void *state, const struct end_of_file *end)
{
    (void)state, (void)end;
    puts("the reader has returned");
    troupe_runtime_quit(self);
}
TROUPE_BEHAVIOUR(counter, sizeof(struct counter), TROUPE_ON(tick, on_tick),
    TROUPE_ON(line, on_line), TROUPE_ON(end_of_file, on_end_of_file));

int
main(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid counter_pid;
    troupe_pid reader_pid;

    if (pipe(pipe_ends) != 0) {
        return 1;
    }
    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, counter, &counter_pid));
    TROUPE_CHECK(troupe_spawn_with(
        self, reader, &TROUPE_SPAWN_OPTIONS(.own_thread = true), &reader_pid));
    TROUPE_CHECK(
        troupe_tell(self, reader_pid, read_all, .printer = counter_pid));
    TROUPE_CHECK(troupe_tell(self, counter_pid, tick));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), &report));
    printf("drained: %s\n", report.is_drained ? "yes" : "no");
    troupe_runtime_destroy(&runtime);
    close(pipe_ends[0]);
    return 0;
}

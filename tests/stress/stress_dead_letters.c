/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: no dead letter is lost or counted twice, whoever reads or listens
 * meanwhile; a subscriber is told of each or told how many it missed; an
 * example is never half of one letter and half of another.
 *
 * Method: actors on all workers tell the dead and nobody, each for a while; a
 * subscriber adds up; a thread outside reads the table and subscribes another
 * actor again and again, which stops itself when it is first told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

enum { WRITERS = 8, BURST = 50, BURSTS = 100, ROWS_MAX = 64 };
static const uint64_t letters_count = WRITERS * BURST * BURSTS;

/* Four times the same number. */
#define QUAD(FIELD)                                                            \
    FIELD(uint64, a) FIELD(uint64, b) FIELD(uint64, c) FIELD(uint64, d)
#define PEER(FIELD) FIELD(pid, pid)
#define COUNTS(FIELD) FIELD(uint64, notices) FIELD(uint64, missed)
TROUPE_MESSAGE(quad, QUAD)
TROUPE_MESSAGE(write_to, PEER)
TROUPE_MESSAGE(go_on, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(get_counts, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(counts, COUNTS)

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

/* ---- who writes to the dead ---------------------------------------------- */

struct writer {
    troupe_pid to;
    uint64_t bursts;
};

static uint32_t writers_left;

static void
on_go_on(struct troupe_self *self, void *state, const struct go_on *go_on)
{
    struct writer *writer = state;

    (void)go_on;
    for (uint64_t i = 0; i < BURST; i++) {
        (void)troupe_tell(
            self, writer->to, quad, .a = i, .b = i, .c = i, .d = i);
    }
    writer->bursts++;
    if (writer->bursts < BURSTS) {
        CHECK(troupe_tell(self, troupe_self_pid(self), go_on) == TROUPE_OK);
    } else if (__atomic_sub_fetch(&writers_left, 1, __ATOMIC_ACQ_REL) == 0) {
        troupe_runtime_quit(self);
    }
}

static void
on_write_to(
    struct troupe_self *self, void *state, const struct write_to *write_to)
{
    struct writer *writer = state;

    writer->to = write_to->pid;
    on_go_on(self, state, NULL);
}

TROUPE_BEHAVIOUR(writer, sizeof(struct writer),
    TROUPE_ON(write_to, on_write_to), TROUPE_ON(go_on, on_go_on));

/* ---- who is told --------------------------------------------------------- */

static void
check_example(const char *text, size_t length)
{
    unsigned a, b, c, d;
    char copy[TROUPE_DEAD_LETTER_TEXT_BYTES];

    CHECK(length < sizeof(copy));
    memcpy(copy, text, length);
    copy[length] = '\0';
    CHECK(
        sscanf(copy, "quad{a: %u, b: %u, c: %u, d: %u}", &a, &b, &c, &d) == 4);
    CHECK(a == b && b == c && c == d);
}

static void
on_dead_letter(struct troupe_self *self, void *state,
    const struct troupe_dead_letter *letter)
{
    struct counts *counts = state;

    (void)self;
    check_example(letter->example.data, letter->example.length);
    counts->notices++;
    counts->missed += letter->missed;
}

static void
on_get_counts(
    struct troupe_self *self, void *state, const struct get_counts *get_counts)
{
    const struct counts *had = state;

    (void)get_counts;
    CHECK(troupe_reply(self, counts, .notices = had->notices,
              .missed = had->missed) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(watcher, sizeof(struct counts),
    TROUPE_ON(troupe_dead_letter, on_dead_letter),
    TROUPE_ON(get_counts, on_get_counts));

static void
on_dead_letter_stop(struct troupe_self *self, void *state,
    const struct troupe_dead_letter *letter)
{
    (void)state, (void)letter;
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}
TROUPE_BEHAVIOUR(
    fleeting, 0, TROUPE_ON(troupe_dead_letter, on_dead_letter_stop));

/* ---- the test ------------------------------------------------------------ */

static struct troupe_runtime *runtime;
static struct troupe_self *self;

static troupe_pid
dead_actor(void)
{
    troupe_pid pid;

    assert_int_equal(troupe_spawn(self, fleeting, &pid), TROUPE_OK);
    assert_int_equal(troupe_stop(self, pid), TROUPE_OK);
    return pid;
}

static uint64_t
read_quads(void)
{
    static struct troupe_dead_letters_row rows[ROWS_MAX];
    size_t rows_count = troupe_dead_letters_read(runtime, rows, ROWS_MAX);
    uint64_t count = 0;

    assert_true(rows_count <= ROWS_MAX);
    for (size_t i = 0; i < rows_count; i++) {
        if (strcmp(rows[i].message, "quad") == 0) {
            count += rows[i].count;
            if (rows[i].example[0] != '\0') {
                check_example(rows[i].example, strlen(rows[i].example));
            }
        }
    }
    return count;
}

static void
start_writers(void)
{
    troupe_pid dead[2] = {dead_actor(), TROUPE_NO_PID};

    writers_left = WRITERS;
    for (unsigned i = 0; i < WRITERS; i++) {
        troupe_pid pid;

        assert_int_equal(troupe_spawn(self, writer, &pid), TROUPE_OK);
        assert_int_equal(
            troupe_tell(self, pid, write_to, .pid = dead[i % 2]), TROUPE_OK);
    }
}

static void
read_and_subscribe(void)
{
    while (__atomic_load_n(&writers_left, __ATOMIC_ACQUIRE) > 0) {
        troupe_pid pid;
        troupe_err err;

        assert_true(read_quads() <= letters_count);
        assert_int_equal(troupe_spawn(self, fleeting, &pid), TROUPE_OK);
        err = troupe_dead_letters_subscribe(self, pid);
        assert_true(err == TROUPE_OK || err == TROUPE_E_TOO_MANY_SUBSCRIBERS);
        if (err != TROUPE_OK) {
            assert_int_equal(troupe_stop(self, pid), TROUPE_OK);
        }
    }
}

/* What was missed last is told with the next one, so there has to be one. */
static void
wait_until_all_is_told(troupe_pid pid)
{
    uint64_t told_count = 0;
    uint64_t sent_count = letters_count;

    while (told_count < sent_count) {
        struct counts got = {0};

        (void)troupe_tell(
            self, TROUPE_NO_PID, quad, .a = 1, .b = 1, .c = 1, .d = 1);
        sent_count++;
        assert_int_equal(
            troupe_ask(self, pid, TROUPE_SECONDS(60), counts, &got, get_counts),
            TROUPE_OK);
        told_count = got.notices + got.missed;
        assert_true(told_count <= sent_count);
    }
    assert_int_equal(read_quads(), sent_count);
}

static void
every_dead_letter_is_counted_and_told_or_missed(void **state)
{
    troupe_pid pid;

    (void)state;
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.workers_count = 4, .dead_letters_max = 1000,
                .dead_letters_period_ns = TROUPE_US(100), .log = keep_quiet),
            &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, watcher, &pid), TROUPE_OK);
    assert_int_equal(troupe_dead_letters_subscribe(self, pid), TROUPE_OK);
    start_writers();
    read_and_subscribe();
    troupe_runtime_wait(runtime);
    wait_until_all_is_told(pid);
    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(60), NULL), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_dead_letter_is_counted_and_told_or_missed),
    };
    return cmocka_run_group_tests_name("dead letters", tests, NULL, NULL);
}

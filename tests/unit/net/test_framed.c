/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that are cut into lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/tcp.h>

#include "net/framing.h"
#include "tests/support/network.h"
#include "troupe/sequential.h"

enum { LINE_MAX_BYTES = 10 };

#define COUNT(FIELD) FIELD(int64, count)
TROUPE_MESSAGE(go_on, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(count_lines, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(lines_are, COUNT)

/* ---- cutting ------------------------------------------------------------- */

/* The line that is complete with the last of these bytes, which come one by
 * one; none before that is. */
static enum tp_framing_found
feed(struct tp_framing *framing, const char *bytes, char *text)
{
    enum tp_framing_found found = TP_FRAMING_NONE;
    const unsigned char *line = NULL;
    size_t count = 0;
    size_t taken = 0;

    for (; *bytes != '\0'; bytes++) {
        size_t room;

        assert_int_equal(found, TP_FRAMING_NONE);
        *tp_framing_room(framing, LINE_MAX_BYTES, &room) =
            (unsigned char)*bytes;
        assert_true(room > 0);
        tp_framing_add(framing, 1);
        found = tp_framing_find(
            framing, LINE_MAX_BYTES, false, &line, &count, &taken);
    }
    if (found == TP_FRAMING_LINE) {
        snprintf(
            text, LINE_MAX_BYTES + 1, "%.*s", (int)count, (const char *)line);
        tp_framing_take(framing, taken);
    }
    return found;
}

static void
a_line_is_complete_with_its_last_byte(void **state)
{
    struct tp_framing framing = {NULL, 0, 0, 0};
    char text[LINE_MAX_BYTES + 1];

    (void)state;
    assert_int_equal(feed(&framing, "ab\n", text), TP_FRAMING_LINE);
    assert_string_equal(text, "ab");
    assert_int_equal(feed(&framing, "\r\n", text), TP_FRAMING_LINE);
    assert_string_equal(text, "");
    assert_int_equal(feed(&framing, "0123456789\r\n", text), TP_FRAMING_LINE);
    assert_string_equal(text, "0123456789");
    assert_null(framing.bytes);
    assert_int_equal(
        feed(&framing, "0123456789\rx", text), TP_FRAMING_TOO_LONG);
    tp_framing_fini(&framing);
    assert_int_equal(feed(&framing, "0123456789ab", text), TP_FRAMING_TOO_LONG);
    tp_framing_fini(&framing);
}

/* ---- who gets lines, and sends each back in brackets ----------------------
 */

static void
send_back(struct troupe_self *self, struct troupe_bin line)
{
    char text[64];

    CHECK(line.size <= LINE_MAX_BYTES);
    snprintf(
        text, sizeof(text), "[%.*s]", (int)line.size, (const char *)line.data);
    CHECK(troupe_net_write(self, text, strlen(text)) == TROUPE_OK);
}

static void
on_line(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)state;
    send_back(self, got->bytes);
}

TROUPE_BEHAVIOUR(
    bracket, 0, TROUPE_ON_STOP(tell_why), TROUPE_ON(troupe_net_bytes, on_line));

static void
on_last(
    struct troupe_self *self, void *state, const struct troupe_net_ended *ended)
{
    (void)state, (void)ended;
    CHECK(troupe_net_write(self, ".", 1) == TROUPE_OK);
    CHECK(troupe_net_close(self) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(thorough, 0, TROUPE_ON_STOP(tell_why),
    TROUPE_ON(troupe_net_bytes, on_line), TROUPE_ON(troupe_net_ended, on_last));

static void
run_bracket(struct troupe_self *self, void *state)
{
    struct troupe_net_bytes got;

    (void)state;
    while (troupe_receive_only(self, troupe_net_bytes, &got, TROUPE_FOREVER) ==
           TROUPE_OK) {
        send_back(self, got.bytes);
    }
}
TROUPE_PROCESS(bracket_body, 0, run_bracket, TROUPE_ON_STOP(tell_why));

struct slow {
    int64_t count;
};

/* Pauses after each line, until it is told. */
static void
on_line_of_slow(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    ((struct slow *)state)->count++;
    on_line(self, state, got);
    CHECK(troupe_net_pause(self) == TROUPE_OK);
}

static void
on_go_on(struct troupe_self *self, void *state, const struct go_on *go)
{
    (void)state, (void)go;
    CHECK(troupe_net_resume(self) == TROUPE_OK);
}

static void
on_count_lines(
    struct troupe_self *self, void *state, const struct count_lines *asked)
{
    (void)asked;
    CHECK(troupe_reply(self, lines_are,
              .count = ((struct slow *)state)->count) == TROUPE_OK);
}

static void
on_slow_start(struct troupe_self *self, void *state)
{
    (void)state;
    be_watched(self);
}

TROUPE_BEHAVIOUR(slow, sizeof(struct slow), TROUPE_ON_START(on_slow_start),
    TROUPE_ON(count_lines, on_count_lines),
    TROUPE_ON(troupe_net_bytes, on_line_of_slow), TROUPE_ON(go_on, on_go_on));

static const struct troupe_net_options lines = {
    .size = sizeof(lines), .line_max = LINE_MAX_BYTES};

static int
begin_with(struct troupe_behaviour *behaviour)
{
    struct troupe_net_listen listen = {
        .size = sizeof(listen), .behaviour = behaviour, .connection = &lines};

    begin_at("127.0.0.1:0", &listen);
    return connect_peer();
}

static void
expect(int fd, const char *text)
{
    char back[64] = "";

    CHECK(strlen(text) < sizeof(back));
    receive_all(fd, back, strlen(text));
    assert_string_equal(back, text);
}

static void
send_last(int fd, const char *text)
{
    send_all(fd, text, strlen(text));
    CHECK(shutdown(fd, SHUT_WR) == 0);
}

static void
finish_at_end(int fd)
{
    assert_true(is_at_end(fd));
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    close(fd);
    finish_runtime();
}

/* ---- tests --------------------------------------------------------------- */

static const char many[] = "one\r\n\ntwo\n\r\n0123456789\n0123456789\r\nl\rx\n";
static const char many_back[] = "[one][][two][][0123456789][0123456789][l\rx]";

static void
lines_are_cut_wherever_bytes_are(void **state)
{
    int fd = begin_with(&bracket_behaviour);
    int one = 1;

    (void)state;
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
    send_all(fd, many, strlen(many));
    expect(fd, many_back);
    for (size_t i = 0; i < strlen(many); i++) {
        send_all(fd, many + i, 1);
    }
    CHECK(shutdown(fd, SHUT_WR) == 0);
    expect(fd, many_back);
    finish_at_end(fd);
}

static void
a_body_receives_them_one_by_one(void **state)
{
    int fd = begin_with(&bracket_body_behaviour);

    (void)state;
    send_all(fd, many, strlen(many));
    CHECK(shutdown(fd, SHUT_WR) == 0);
    expect(fd, many_back);
    finish_at_end(fd);
}

static void
the_last_line_may_lack_its_end(void **state)
{
    int fd = begin_with(&thorough_behaviour);

    (void)state;
    send_last(fd, "a\nlast");
    expect(fd, "[a][last].");
    finish_at_end(fd);
}

static void
the_last_line_of_a_body_too(void **state)
{
    int fd = begin_with(&bracket_body_behaviour);

    (void)state;
    send_last(fd, "a\nlast");
    expect(fd, "[a][last]");
    finish_at_end(fd);
}

static void
expect_too_long(const char *text, bool is_last)
{
    int fd = begin_with(&bracket_behaviour);
    struct end_note end;

    send_all(fd, text, strlen(text));
    if (is_last) {
        CHECK(shutdown(fd, SHUT_WR) == 0);
    }
    end = next_end();
    assert_int_equal(end.kind, TROUPE_EXIT_FAILED);
    assert_int_equal(end.code, EMSGSIZE);
    assert_string_equal(end.text, "a line of more than 10 bytes");
    close(fd);
    finish_runtime();
}

static void
a_line_that_is_too_long_ends_the_actor(void **state)
{
    (void)state;
    expect_too_long("a\n0123456789A\n", false);
    expect_too_long("0123456789A\r\n", false);
    expect_too_long("0123456789AB", false);
    expect_too_long("0123456789A", true);
}

/* More than are read at a time. */
static void
many_lines_come_in_their_order(void **state)
{
    enum { COUNT = 5000, BYTES = 10 };
    static char sent[COUNT * BYTES];
    static char back[COUNT * (BYTES + 1)];
    int fd = begin_with(&bracket_behaviour);

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        char line[BYTES + 1];

        snprintf(line, sizeof(line), "%09zu\n", i);
        memcpy(sent + i * BYTES, line, BYTES);
    }
    send_all(fd, sent, sizeof(sent));
    CHECK(shutdown(fd, SHUT_WR) == 0);
    receive_all(fd, back, sizeof(back));
    for (size_t i = 0; i < COUNT; i++) {
        char line[BYTES + 2];

        snprintf(line, sizeof(line), "[%09zu]", i);
        CHECK(memcmp(back + i * (BYTES + 1), line, BYTES + 1) == 0);
    }
    finish_at_end(fd);
}

static void
who_has_paused_gets_no_line_though_one_waits(void **state)
{
    int fd = begin_with(&slow_behaviour);
    troupe_pid pid = next_open();
    struct lines_are are;

    (void)state;
    send_all(fd, "a\nb\n", 4);
    expect(fd, "[a]");
    CHECK(troupe_ask(net.self, pid, long_ns, lines_are, &are, count_lines) ==
          TROUPE_OK);
    assert_int_equal(are.count, 1);
    CHECK(troupe_tell(net.self, pid, go_on) == TROUPE_OK);
    expect(fd, "[b]");
    CHECK(shutdown(fd, SHUT_WR) == 0);
    CHECK(troupe_tell(net.self, pid, go_on) == TROUPE_OK);
    finish_at_end(fd);
}

static void
on_greedy_start(struct troupe_self *self, void *state)
{
    (void)state;
    CHECK(troupe_net_connect(
              self, "127.0.0.1:1", &TROUPE_NET_OPTIONS(.line_max = SIZE_MAX)) ==
          TROUPE_E_INVALID_ARGUMENT);
    CHECK(strstr(troupe_err_detail(), "the longest may have") != NULL);
}

TROUPE_BEHAVIOUR(greedy, 0, TROUPE_ON_START(on_greedy_start));

static void
lines_longer_than_messages_are_refused(void **state)
{
    troupe_pid pid;

    (void)state;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 2));
    CHECK(troupe_spawn(net.self, greedy, &pid) == TROUPE_OK);
    finish_runtime();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_complete_with_its_last_byte),
        cmocka_unit_test(lines_are_cut_wherever_bytes_are),
        cmocka_unit_test(a_body_receives_them_one_by_one),
        cmocka_unit_test(the_last_line_may_lack_its_end),
        cmocka_unit_test(the_last_line_of_a_body_too),
        cmocka_unit_test(a_line_that_is_too_long_ends_the_actor),
        cmocka_unit_test(many_lines_come_in_their_order),
        cmocka_unit_test(who_has_paused_gets_no_line_though_one_waits),
        cmocka_unit_test(lines_longer_than_messages_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

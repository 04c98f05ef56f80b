/* SPDX-License-Identifier: BSD-2-Clause */
/* What a server of MessagePack-RPC answers to peers that are mere bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/support/rpc.h"

static int
begin_one(void)
{
    BEGIN_SERVER(.requests_max = 0);
    return connect_peer();
}

static void
finish_one(int fd)
{
    close(fd);
    finish_runtime();
}

/* ---- calls --------------------------------------------------------------- */

static void
a_reply_of_one_field_is_the_value_of_several_an_array_of_none_nil(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 07 'desk.add' 92 02 03");
    hear(fd, "94 01 07 c0 05");
    say(fd, "94 00 08 'desk.twice' 92 15 'ab'");
    hear(fd, "94 01 08 c0 92 2a 'ab'");
    say(fd, "94 00 09 'desk.answer_kept' 90");
    hear(fd, "94 01 09 c0 c0");
    finish_one(fd);
}

static void
parameters_come_by_position_or_by_name_and_raw_ones_may_be_left_out(
    void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 01 'desk.add' 91 82 'b' 03 'a' 02");
    hear(fd, "94 01 01 c0 05");
    say(fd, "94 00 02 'desk.echo_text' 91 'hi'");
    hear(fd, "94 01 02 c0 92 'hi' c0");
    say(fd,
        "94 00 03 'desk.echo_text' 91 82 'note' 92 01 02 'text' c4 02 61 62");
    hear(fd, "94 01 03 c0 92 'ab' 92 01 02");
    finish_one(fd);
}

static void
a_method_may_be_bin_and_integers_have_any_encoding(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 cc 00 ce 00 00 00 05 c4 08 6465736b2e616464 "
            "92 cf 00 00 00 00 00 00 00 02 d3 ff ff ff ff ff ff ff ff");
    hear(fd, "94 01 05 c0 01");
    finish_one(fd);
}

static void
bytes_may_come_one_at_a_time(void **state)
{
    struct bytes bytes = bytes_of("94 00 07 'desk.add' 92 cd 01 00 03"
                                  "94 00 08 'desk.add' 92 02 03");
    int fd = begin_one();

    (void)state;
    for (size_t i = 0; i < bytes.count; i++) {
        send_all(fd, &bytes.at[i], 1);
    }
    hear(fd, "94 01 07 c0 cd 01 03 94 01 08 c0 05");
    finish_one(fd);
}

static void
a_thousand_frames_may_come_at_once(void **state)
{
    enum { FRAMES = 1000 };
    struct bytes one = bytes_of("94 00 cd 00 00 'desk.add' 92 02 03");
    int fd = begin_one();
    uint8_t *all = malloc(FRAMES * one.count);
    bool is_answered[FRAMES] = {false};

    (void)state;
    for (unsigned i = 0; i < FRAMES; i++) {
        one.at[3] = (uint8_t)(i >> 8);
        one.at[4] = (uint8_t)i;
        memcpy(all + i * one.count, one.at, one.count);
    }
    send_all(fd, all, FRAMES * one.count);
    free(all);
    for (unsigned i = 0; i < FRAMES; i++) {
        uint8_t byte;
        unsigned id;

        hear(fd, "94 01");
        receive_all(fd, &byte, 1);
        id = byte;
        if (byte == 0xcc || byte == 0xcd) {
            uint8_t more[2] = {0, 0};

            receive_all(fd, more, byte == 0xcc ? 1 : 2);
            id = byte == 0xcc ? more[0] : (unsigned)(more[0] << 8 | more[1]);
        }
        hear(fd, "c0 05");
        assert_true(id < FRAMES && !is_answered[id]);
        is_answered[id] = true;
    }
    finish_one(fd);
}

static void
answers_come_in_the_order_in_which_they_are_ready(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 01 'desk.keep' 90 94 00 02 'desk.keep' 90"
            "94 00 03 'desk.add' 92 01 01 94 00 04 'desk.answer_kept' 90");
    hear(fd, "94 01 03 c0 02 94 01 02 c0 01 94 01 01 c0 00 94 01 04 c0 c0");
    finish_one(fd);
}

static void
a_notification_is_told_and_an_unknown_or_unfit_one_is_ignored(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 01 'desk.keep' 90 93 02 'desk.nothing' 90 93 02 'x' c0"
            "93 02 'desk.add' 91 c0 93 02 'desk.answer_kept' 90");
    hear(fd, "94 01 01 c0 00");
    finish_one(fd);
}

/* ---- errors -------------------------------------------------------------- */

static void
parameters_that_do_not_fit_are_400_and_the_field_is_named(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 01 'desk.add' 92 'two' 03");
    assert_non_null(strstr(hear_error(fd, true, 1, 400), "add.a (int64"));
    say(fd, "94 00 02 'desk.add' 91 02");
    assert_non_null(strstr(hear_error(fd, true, 2, 400), "add.b"));
    say(fd, "94 00 03 'desk.add' 93 02 02 02");
    (void)hear_error(fd, true, 3, 400);
    say(fd, "94 00 04 'desk.add' 91 82 'a' 02 'c' 03");
    assert_non_null(strstr(hear_error(fd, true, 4, 400), "\"c\""));
    say(fd, "94 00 05 'desk.add' 07");
    (void)hear_error(fd, true, 5, 400);
    say(fd, "94 00 06 'desk.add' 92 02 03");
    hear(fd, "94 01 06 c0 05");
    finish_one(fd);
}

static void
what_is_not_offered_is_405(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 01 'desk.sub' 92 02 03");
    assert_non_null(strstr(hear_error(fd, true, 1, 405), "\"desk.sub\""));
    say(fd, "94 00 02 'desk.not_offered' 90 94 00 03 'add' 90"
            "94 00 04 '' 90 94 00 05 '.add' 90 94 00 06 'desk.' 90"
            "94 00 07 'troupe.stop' 90");
    for (uint8_t id = 2; id <= 7; id++) {
        (void)hear_error(fd, true, id, 405);
    }
    say(fd, "94 00 08 'desk.unhandled' 90"); /* offered, and has no line */
    (void)hear_error(fd, true, 8, 405);
    finish_one(fd);
}

static void
an_actor_has_errors_of_its_own(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 01 'desk.refuse' 92 cd 01 99 00");
    assert_string_equal(hear_error(fd, true, 1, 409), "no");
    say(fd, "94 00 02 'desk.refuse' 92 cd 01 f7 32");
    hear(fd, "94 01 02 93 cd 01 f7 'no' 81 'retry_ms' 32 c0");
    finish_one(fd);
}

static void
an_actor_that_is_silent_or_fails_is_500_and_one_that_is_gone_410(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 01 'desk.stay_mute' 90");
    assert_non_null(strstr(hear_error(fd, true, 1, 500), "desk: "));
    say(fd, "94 00 02 'desk.crash' 90");
    (void)hear_error(fd, true, 2, 500);
    say(fd, "94 00 03 'desk.add' 92 02 03");
    (void)hear_error(fd, true, 3, 410);
    finish_one(fd);
}

static void
a_deadline_that_passes_is_504(void **state)
{
    struct troupe_rpc_done done;
    int fd;

    (void)state;
    BEGIN_SERVER(.request_ns = TROUPE_MS(1));
    fd = connect_peer();
    say(fd, "94 00 01 'desk.keep' 90");
    (void)hear_error(fd, true, 1, 504);
    /* Nobody hears the late answer. */
    assert_int_equal(troupe_ask(net.self, desk_pid, long_ns, troupe_rpc_done,
                         &done, answer_kept),
        TROUPE_OK);
    say(fd, "94 00 02 'troupe.actors' 90");
    hear(fd, "94 01 02 c0 91 82 'name' 'desk' 'actor' a7 3c302e322e313e");
    finish_one(fd);
}

static void
a_mailbox_that_is_full_is_503_and_says_when_to_try_again(void **state)
{
    int fd = begin_one();
    troupe_pid narrow;

    (void)state;
    troupe_unregister(net.self, "desk", desk_pid);
    assert_int_equal(
        troupe_spawn_with(net.self, desk,
            (&TROUPE_SPAWN_OPTIONS(.name = "desk", .own_thread = true,
                .mailbox = {.policy = TROUPE_MAILBOX_REJECT,
                    .messages_high = 2})),
            &narrow),
        TROUPE_OK);
    atomic_store(&is_released, false);
    say(fd, "94 00 01 'desk.hold' 90 94 00 02 'desk.hold' 90"
            "94 00 03 'desk.hold' 90");
    hear(fd, "94 01 03 93 cd 01 f7");
    atomic_store(&is_released, true);
    finish_one(fd);
}

/* ---- faults of the protocol ---------------------------------------------- */

static void
expect_fault(const char *sent, bool has_id)
{
    int fd = begin_one();

    say(fd, sent);
    (void)hear_error(fd, has_id, 1, 400);
    assert_true(is_at_end(fd));
    finish_one(fd);
}

static void
a_fault_of_the_protocol_is_answered_and_closes(void **state)
{
    (void)state;
    expect_fault("c1", false);
    expect_fault("07", false);
    expect_fault("90", false);
    expect_fault("94 03 01 'x' 90", false);
    expect_fault("93 00 01 'x'", false);
    expect_fault("94 00 c0 'x' 90", false);
    expect_fault("94 00 01 07 90", true);
    expect_fault("dd ff 00 00 00", false); /* more than a frame may be */
}

static void
a_fault_may_come_in_pieces(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 01 'troupe.actors' 90 94 00");
    hear(fd, "94 01 01 c0 91 82 'name' 'desk' 'actor' a7 3c302e322e313e");
    say(fd, "02 c1 90"); /* the rest of a frame that is being kept */
    (void)hear_error(fd, false, 0, 400);
    assert_true(is_at_end(fd));
    finish_one(fd);
}

static void
what_came_before_a_fault_is_answered_first(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 01 'troupe.actors' 90 c1 94 00 02 'troupe.actors' 90");
    hear(fd, "94 01 01 c0 91 82 'name' 'desk' 'actor' a7 3c302e322e313e");
    (void)hear_error(fd, false, 0, 400);
    assert_true(is_at_end(fd));
    finish_one(fd);
}

/* ---- other users --------------------------------------------------------- */

enum { NOBODY = 65534 };

static char folder[] = "/tmp/troupe-rpc-XXXXXX";

static const char *
begin_unix(bool allow_other_users)
{
    static char address[64];

    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(address, sizeof(address), "unix:%s/socket", folder);
    begin_server_at(address,
        TROUPE_RPC_OPTIONS(.services = &desk_service, .services_count = 1,
            .allow_other_users = allow_other_users));
    return address + strlen("unix:");
}

static void
finish_unix(int fd)
{
    finish_one(fd);
    assert_int_equal(rmdir(folder), 0);
}

/* The user of this thread alone: libc's function changes all threads'. */
static void
become_user(uid_t uid)
{
    assert_int_equal(syscall(SYS_setresuid, (uid_t)-1, uid, (uid_t)-1), 0);
}

static int
connect_as_nobody(void)
{
    int fd;

    assert_int_equal(chmod(folder, 0755), 0);
    become_user(NOBODY);
    fd = connect_peer();
    become_user(0);
    return fd;
}

static void
other_users_may_not_call_unless_they_are_allowed(void **state)
{
    const char *path;
    struct stat file;
    int fd;

    (void)state;
    if (geteuid() != 0) {
        skip(); /* nobody else can be another user */
    }
    path = begin_unix(false);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(chmod(path, 0666), 0);
    fd = connect_as_nobody();
    assert_string_equal(hear_error(fd, false, 0, 401),
        "this is the socket of user 0, and you are user 65534");
    assert_true(is_at_end(fd));
    finish_unix(fd);

    (void)begin_unix(true);
    fd = connect_as_nobody();
    say(fd, "94 00 01 'desk.add' 92 02 03");
    hear(fd, "94 01 01 c0 05");
    finish_unix(fd);
}

/* ---- limits -------------------------------------------------------------- */

static void
a_frame_that_is_larger_or_deeper_than_allowed_is_a_fault(void **state)
{
    int fd;

    (void)state;
    BEGIN_SERVER(.frame_bytes_max = 64, .depth_max = 4);
    fd = connect_peer();
    say(fd, "94 00 01 'desk.echo_text' 92 'a text of twenty-six bytes' 91 90");
    hear(fd, "94 01 01 c0 92 'a text of twenty-six bytes' 91 90");
    say(fd, "94 00 02 'desk.echo_text' 92 'a' 91 91 90");
    assert_non_null(strstr(hear_error(fd, false, 0, 400), "deep"));
    assert_true(is_at_end(fd));
    close(fd);
    fd = connect_peer();
    say(fd, "94 00 02 'desk.echo_text' 91 da 00 40");
    (void)hear_error(fd, false, 0, 400);
    assert_true(is_at_end(fd));
    finish_one(fd);
}

/* Of those that are in flight no more are taken; what has been read is kept. */
static void
no_more_requests_are_in_flight_than_allowed(void **state)
{
    int fd;
    int other;

    (void)state;
    BEGIN_SERVER(.requests_max = 4);
    fd = connect_peer();
    other = connect_peer();
    for (int i = 0; i < 10; i++) {
        say(fd, "94 00 01 'desk.keep' 90");
    }
    for (int i = 0; i < 10; i++) {
        uint8_t value;

        do { /* what is not kept yet is answered the next time */
            say(other, "94 00 05 'desk.answer_kept' 90");
            hear(other, "94 01 05 c0 c0");
        } while (recv(fd, &value, 1, MSG_PEEK | MSG_DONTWAIT) < 1);
        hear(fd, "94 01 01 c0");
        receive_all(fd, &value, 1); /* how many were kept before it */
        assert_true(value < 4);
    }
    close(other);
    finish_one(fd);
}

/* ---- who is let in ------------------------------------------------------- */

static void
the_first_request_has_to_be_the_token(void **state)
{
    int fd;

    (void)state;
    BEGIN_SERVER(.token = "sesame");
    fd = connect_peer();
    say(fd, "94 00 01 'troupe.auth' 91 'sesame' 94 00 02 'desk.add' 92 02 03");
    hear(fd, "94 01 01 c0 c3 94 01 02 c0 05");
    close(fd);
    fd = connect_peer();
    say(fd, "94 00 01 'troupe.auth' 91 'sesamE' 94 00 02 'desk.add' 92 02 03");
    (void)hear_error(fd, true, 1, 401);
    assert_true(is_at_end(fd));
    close(fd);
    fd = connect_peer();
    say(fd, "94 00 01 'desk.add' 92 02 03");
    (void)hear_error(fd, true, 1, 401);
    assert_true(is_at_end(fd));
    close(fd);
    fd = connect_peer();
    say(fd, "93 02 'desk.add' 92 02 03");
    (void)hear_error(fd, false, 0, 401);
    assert_true(is_at_end(fd));
    finish_one(fd);
}

#define FIELDS_TRY(FIELD) FIELD(str, address) FIELD(bool, allow_remote)
TROUPE_MESSAGE(try_to_listen, FIELDS_TRY)

static void
on_try_to_listen(
    struct troupe_self *self, void *state, const struct try_to_listen *at)
{
    char address[64];

    (void)state;
    snprintf(address, sizeof(address), "%.*s", (int)at->address.length,
        at->address.data);
    CHECK(troupe_reply(self, sum,
              .value = (int64_t)troupe_rpc_listen(self, address,
                  TROUPE_RPC_OPTIONS(.allow_remote = at->allow_remote))) ==
          TROUPE_OK);
}

TROUPE_BEHAVIOUR(trying, 0, TROUPE_ON(try_to_listen, on_try_to_listen));

static troupe_err
try_address(const char *address, bool allow_remote)
{
    troupe_pid pid;
    struct sum err;

    CHECK(troupe_spawn(net.self, trying, &pid) == TROUPE_OK);
    CHECK(troupe_ask(net.self, pid, long_ns, sum, &err, try_to_listen,
              .address = troupe_str_of(address),
              .allow_remote = allow_remote) == TROUPE_OK);
    return (troupe_err)err.value;
}

static void
other_machines_are_not_listened_to_unless_it_is_said(void **state)
{
    static const char *const remote[] = {
        "0.0.0.0:0", ":0", "*:0", "[::]:0", "example.invalid:0"};
    static const char *const local[] = {"127.0.0.1:0", "localhost:0"};

    (void)state;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 1));
    for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
        assert_int_equal(
            try_address(remote[i], false), TROUPE_E_INVALID_ARGUMENT);
    }
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
        assert_int_equal(try_address(local[i], false), TROUPE_OK);
    }
    assert_int_equal(try_address("0.0.0.0:0", true), TROUPE_OK);
    finish_runtime();
}

/* ---- what a server says of itself ---------------------------------------- */

static void
services_describe_themselves(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 01 'troupe.describe' 91 'desk'");
    hear(fd, "94 01 01 c0 91 82 'name' 'desk' 'methods' 9b"
             "83 'name' 'add' 'params' 92 82 'name' 'a' 'type' 'int64'"
             "82 'name' 'b' 'type' 'int64' 'result' 91"
             "82 'name' 'value' 'type' 'int64'");
    close(fd);
    fd = connect_peer();
    say(fd, "94 00 01 'troupe.describe' 91 'till'");
    (void)hear_error(fd, true, 1, 404);
    say(fd, "94 00 02 'troupe.describe' 91 01");
    (void)hear_error(fd, true, 2, 400);
    say(fd, "94 00 03 'troupe.describe' 92 'desk' 'till'");
    (void)hear_error(fd, true, 3, 400);
    say(fd, "94 00 04 'troupe.actors' 91 'desk'");
    (void)hear_error(fd, true, 4, 400);
    finish_one(fd);
}

/* ---- both directions ----------------------------------------------------- */

static void
a_peer_may_be_called_and_notified(void **state)
{
    int fd = begin_one();

    (void)state;
    say(fd, "94 00 01 'desk.call_back' 90");
    hear(fd, "94 00 01 'client.number' 90 93 02 'client.noted' 90");
    say(fd, "94 01 01 c0 2a 94 01 01 c0 2b 94 01 07 c0 c0");
    hear(fd, "94 01 01 c0 2a");
    finish_one(fd);
}

static void
what_is_in_flight_is_answered_when_the_peer_has_said_all(void **state)
{
    int fd = begin_one();
    int other = connect_peer();

    (void)state;
    say(fd, "94 00 01 'desk.keep' 90 94 00 02 'desk.add' 92 02 03");
    hear(fd, "94 01 02 c0 05");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    say(other, "94 00 01 'desk.answer_kept' 90");
    hear(other, "94 01 01 c0 c0");
    hear(fd, "94 01 01 c0 00");
    assert_true(is_at_end(fd));
    close(other);
    finish_one(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_reply_of_one_field_is_the_value_of_several_an_array_of_none_nil),
        cmocka_unit_test(
            parameters_come_by_position_or_by_name_and_raw_ones_may_be_left_out),
        cmocka_unit_test(a_method_may_be_bin_and_integers_have_any_encoding),
        cmocka_unit_test(bytes_may_come_one_at_a_time),
        cmocka_unit_test(a_thousand_frames_may_come_at_once),
        cmocka_unit_test(answers_come_in_the_order_in_which_they_are_ready),
        cmocka_unit_test(
            a_notification_is_told_and_an_unknown_or_unfit_one_is_ignored),
        cmocka_unit_test(
            parameters_that_do_not_fit_are_400_and_the_field_is_named),
        cmocka_unit_test(what_is_not_offered_is_405),
        cmocka_unit_test(an_actor_has_errors_of_its_own),
        cmocka_unit_test(
            an_actor_that_is_silent_or_fails_is_500_and_one_that_is_gone_410),
        cmocka_unit_test(a_deadline_that_passes_is_504),
        cmocka_unit_test(
            a_mailbox_that_is_full_is_503_and_says_when_to_try_again),
        cmocka_unit_test(a_fault_of_the_protocol_is_answered_and_closes),
        cmocka_unit_test(a_fault_may_come_in_pieces),
        cmocka_unit_test(what_came_before_a_fault_is_answered_first),
        cmocka_unit_test(other_users_may_not_call_unless_they_are_allowed),
        cmocka_unit_test(
            a_frame_that_is_larger_or_deeper_than_allowed_is_a_fault),
        cmocka_unit_test(no_more_requests_are_in_flight_than_allowed),
        cmocka_unit_test(the_first_request_has_to_be_the_token),
        cmocka_unit_test(other_machines_are_not_listened_to_unless_it_is_said),
        cmocka_unit_test(services_describe_themselves),
        cmocka_unit_test(a_peer_may_be_called_and_notified),
        cmocka_unit_test(
            what_is_in_flight_is_answered_when_the_peer_has_said_all),
    };

    return cmocka_run_group_tests_name("rpc_server", tests, NULL, NULL);
}

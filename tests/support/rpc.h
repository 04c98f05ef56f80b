/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rpc: a server of MessagePack-RPC on a free port, an actor behind it, and
 * peers that are plain sockets (tests/support/network.h). What peers send and
 * expect are bytes, written as text by hex() and friends: they share no code
 * with what is tested.
 */
#ifndef TROUPE_TESTS_SUPPORT_RPC_H
#define TROUPE_TESTS_SUPPORT_RPC_H

#include <stdatomic.h>

#include "tests/support/network.h"
#include "troupe/name.h"
#include "troupe/rpc.h"

/* ---- an actor ------------------------------------------------------------ */

#define FIELDS_ADD(FIELD) FIELD(int64, a) FIELD(int64, b)
#define FIELDS_SUM(FIELD) FIELD(int64, value)
#define FIELDS_PAIR(FIELD) FIELD(int64, first) FIELD(str, second)
#define FIELDS_TEXT(FIELD) FIELD(str, text) FIELD(raw, note)
#define FIELDS_CODE(FIELD) FIELD(uint32, code) FIELD(uint64, retry_ms)
TROUPE_MESSAGE(add, FIELDS_ADD)
TROUPE_MESSAGE(sum, FIELDS_SUM)
TROUPE_MESSAGE(pair, FIELDS_PAIR)
TROUPE_MESSAGE(twice, FIELDS_PAIR)
TROUPE_MESSAGE(echo_text, FIELDS_TEXT)
TROUPE_MESSAGE(text_is, FIELDS_TEXT)
TROUPE_MESSAGE(refuse, FIELDS_CODE)
TROUPE_MESSAGE(stay_mute, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(keep, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(answer_kept, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(hold, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(crash, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(call_back, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(not_offered, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(unhandled, TROUPE_NO_FIELDS)

struct desk {
    struct troupe_request *kept[1024];
    unsigned kept_count;
};

static void
on_add(struct troupe_self *self, void *state, const struct add *add)
{
    (void)state;
    (void)troupe_reply(self, sum, .value = add->a + add->b);
}

static void
on_twice(struct troupe_self *self, void *state, const struct twice *twice)
{
    (void)state;
    CHECK(troupe_reply(self, pair, .first = 2 * twice->first,
              .second = twice->second) == TROUPE_OK);
}

static void
on_echo_text(struct troupe_self *self, void *state, const struct echo_text *got)
{
    (void)state;
    CHECK(troupe_reply(self, text_is, .text = got->text, .note = got->note) ==
          TROUPE_OK);
}

static void
on_refuse(struct troupe_self *self, void *state, const struct refuse *refuse)
{
    (void)state;
    CHECK(troupe_reply(self, troupe_rpc_error, .code = refuse->code,
              .text = troupe_str_of("no"),
              .retry_ms = refuse->retry_ms) == TROUPE_OK);
}

static void
on_stay_mute(
    struct troupe_self *self, void *state, const struct stay_mute *message)
{
    (void)self, (void)state, (void)message;
}

static void
on_keep(struct troupe_self *self, void *state, const struct keep *message)
{
    struct desk *desk = state;

    (void)message;
    CHECK(desk->kept_count < 1024);
    CHECK(troupe_request_keep(self, &desk->kept[desk->kept_count++]) ==
          TROUPE_OK);
}

/* The latest first. */
static void
on_answer_kept(
    struct troupe_self *self, void *state, const struct answer_kept *message)
{
    struct desk *desk = state;

    (void)message;
    while (desk->kept_count > 0) {
        desk->kept_count--;
        CHECK(troupe_reply_to(self, &desk->kept[desk->kept_count], sum,
                  .value = desk->kept_count) == TROUPE_OK);
    }
    (void)troupe_reply(self, troupe_rpc_done);
}

/* Until it is released, its handler does not return. */
static atomic_bool is_released;

static void
on_hold(struct troupe_self *self, void *state, const struct hold *message)
{
    (void)state, (void)message;
    while (!atomic_load(&is_released)) {
    }
    (void)troupe_reply(self, troupe_rpc_done);
}

static void
on_crash(struct troupe_self *self, void *state, const struct crash *message)
{
    (void)state, (void)message;
    troupe_fail(self, 1, "on demand");
}

static void
on_called_back(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct desk *desk = state;
    struct troupe_rpc_result result;
    int64_t value = -1;

    (void)context;
    if (troupe_rpc_result_from(answer, &result) == TROUPE_OK) {
        CHECK(troupe_wire_get_int64(result.value.data,
                  result.value.data + result.value.size, &value) != NULL);
    }
    desk->kept_count--;
    CHECK(troupe_reply_to(self, &desk->kept[desk->kept_count], sum,
              .value = value) == TROUPE_OK);
}

static void
on_call_back(
    struct troupe_self *self, void *state, const struct call_back *message)
{
    struct desk *desk = state;

    (void)message;
    CHECK(troupe_request_keep(self, &desk->kept[desk->kept_count++]) ==
          TROUPE_OK);
    CHECK(troupe_ask_then(self, troupe_sender(self), TROUPE_SECONDS(60),
              on_called_back, 0, troupe_rpc_call,
              .method = troupe_str_of("client.number")) == TROUPE_OK);
    CHECK(troupe_tell(self, troupe_sender(self), troupe_rpc_call,
              .method = troupe_str_of("client.noted")) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(desk, sizeof(struct desk), TROUPE_ON(add, on_add),
    TROUPE_ON(twice, on_twice), TROUPE_ON(echo_text, on_echo_text),
    TROUPE_ON(refuse, on_refuse), TROUPE_ON(stay_mute, on_stay_mute),
    TROUPE_ON(keep, on_keep), TROUPE_ON(answer_kept, on_answer_kept),
    TROUPE_ON(hold, on_hold), TROUPE_ON(crash, on_crash),
    TROUPE_ON(call_back, on_call_back));

TROUPE_RPC_SERVICE(desk, TROUPE_RPC_METHOD(add, sum),
    TROUPE_RPC_METHOD(twice, pair), TROUPE_RPC_METHOD(echo_text, text_is),
    TROUPE_RPC_METHOD(refuse, troupe_rpc_done),
    TROUPE_RPC_METHOD(stay_mute, troupe_rpc_done), TROUPE_RPC_METHOD(keep, sum),
    TROUPE_RPC_METHOD(answer_kept, troupe_rpc_done),
    TROUPE_RPC_METHOD(crash, troupe_rpc_done),
    TROUPE_RPC_METHOD(hold, troupe_rpc_done), TROUPE_RPC_METHOD(call_back, sum),
    TROUPE_RPC_METHOD(unhandled, troupe_rpc_done));

/* ---- a server ------------------------------------------------------------ */

struct serving {
    const char *address;
    const struct troupe_rpc_options *options;
};

static void
on_serving_start(struct troupe_self *self, void *state)
{
    const struct serving *serving = state;

    if (troupe_rpc_listen(self, serving->address, serving->options) !=
        TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
    }
}

TROUPE_BEHAVIOUR(serving, sizeof(struct serving),
    TROUPE_ON_START(on_serving_start), TROUPE_ON(get_address, on_get_address));

static troupe_pid desk_pid;

static void __attribute__((unused))
begin_server_at(const char *address, const struct troupe_rpc_options *options)
{
    struct serving state = {address, options};

    begin_runtime(&TROUPE_OPTIONS(.workers_count = 2));
    CHECK(troupe_spawn_with(net.self, desk,
              &TROUPE_SPAWN_OPTIONS(.name = "desk"), &desk_pid) == TROUPE_OK);
    CHECK(troupe_spawn_with(net.self, serving,
              &TROUPE_SPAWN_OPTIONS(.state = &state),
              &net.listener) == TROUPE_OK);
    ask_address(net.listener);
}

#define BEGIN_SERVER(...)                                                      \
    begin_server_at(                                                           \
        "127.0.0.1:0", TROUPE_RPC_OPTIONS(.services = &desk_service,           \
                           .services_count = 1, __VA_ARGS__))

/* ---- bytes --------------------------------------------------------------- */

struct bytes {
    size_t count;
    uint8_t at[4096];
};

/*
 * MessagePack by hand: "94 00 01 'desk.add' 92 02 03" has hex bytes, and texts
 * of less than 32 bytes in quotes, with their headers.
 */
static struct bytes __attribute__((unused)) bytes_of(const char *text)
{
    struct bytes made = {.count = 0};

    while (*text != '\0') {
        if (*text == ' ') {
            text++;
        } else if (*text == '\'') {
            const char *end = strchr(text + 1, '\'');
            size_t length = (size_t)(end - text - 1);

            CHECK(end != NULL && length < 32);
            made.at[made.count++] = (uint8_t)(0xa0 | length);
            memcpy(made.at + made.count, text + 1, length);
            made.count += length;
            text = end + 1;
        } else {
            unsigned byte;

            CHECK(sscanf(text, "%2x", &byte) == 1);
            made.at[made.count++] = (uint8_t)byte;
            text += 2;
        }
        CHECK(made.count < sizeof(made.at) - 40);
    }
    return made;
}

static void __attribute__((unused)) say(int fd, const char *text)
{
    struct bytes bytes = bytes_of(text);

    send_all(fd, bytes.at, bytes.count);
}

static void __attribute__((unused)) hear(int fd, const char *text)
{
    struct bytes expected = bytes_of(text);
    struct bytes got = {.count = expected.count};

    receive_all(fd, got.at, got.count);
    if (memcmp(got.at, expected.at, got.count) != 0) {
        fprintf(stderr, "expected %s\ngot     ", text);
        for (size_t i = 0; i < got.count; i++) {
            fprintf(stderr, " %02x", got.at[i]);
        }
        fprintf(stderr, "\n");
    }
    CHECK(memcmp(got.at, expected.at, got.count) == 0);
}

/* [1, id, [code, TEXT], nil] with any text of less than 256 bytes; returns the
 * text. has_id false: the id is nil. */
static __attribute__((unused)) const char *
hear_error(int fd, bool has_id, uint8_t id, unsigned code)
{
    static char text[256];
    uint8_t head[8];
    uint8_t length = 0;
    uint8_t nil;

    receive_all(fd, head, 7);
    CHECK(head[0] == 0x94 && head[1] == 0x01);
    CHECK(head[2] == (has_id ? id : 0xc0));
    CHECK(head[3] == 0x92 && head[4] == 0xcd);
    CHECK((unsigned)(head[5] << 8 | head[6]) == code);
    receive_all(fd, &length, 1);
    if (length == 0xd9) {
        receive_all(fd, &length, 1);
    } else {
        CHECK((length & 0xe0) == 0xa0);
        length &= 0x1f;
    }
    receive_all(fd, text, length);
    text[length] = '\0';
    receive_all(fd, &nil, 1);
    CHECK(nil == 0xc0);
    return text;
}

#endif

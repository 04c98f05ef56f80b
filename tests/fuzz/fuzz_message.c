/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: foreign bytes become messages only if they are whole values, and each
 * message is handled as its sender meant it, or is a dead letter.
 *
 * The bytes are a run of messages: a byte that chooses the name, one that says
 * how long the payload is, the payload. Each is made by troupe_message_create()
 * and, unless its name says to drop it, sent to one actor of a simulation. For
 * all bytes:
 *
 * - a message is made exactly of what the scan accepts as a whole;
 * - its handler sees the fields that the payload decodes to, in the order of
 *   sending; a name without a handler of its own arrives with its bytes;
 * - what does not decode is a dead letter, and nothing else is.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/schemas.h"

#include "mailbox/scan.h"

enum { MESSAGES_MAX = 256, STRANGER = FUZZ_KINDS_COUNT, NAMES_COUNT };

struct sent {
    unsigned name; /* below FUZZ_KINDS_COUNT: of that kind */
    const uint8_t *payload;
    size_t size;
};

/* What the actor is to handle, in this order. */
static struct {
    struct sent sent[MESSAGES_MAX];
    size_t sent_count;
    size_t handled_count;
    size_t undecoded_count;
} expected;

static const char *
name_of(unsigned name)
{
    return name == STRANGER ? "fuzz_stranger" : fuzz_kinds[name].schema->name;
}

static const struct sent *
next_expected(unsigned name)
{
    const struct sent *sent = &expected.sent[expected.handled_count++];

    CHECK(expected.handled_count <= expected.sent_count);
    CHECK(sent->name == name);
    return sent;
}

static size_t
encode(uint8_t **out, const struct fuzz_kind *kind,
    const union fuzz_any_message *message)
{
    *out = malloc(kind->size_max(message));
    CHECK(*out != NULL);
    return (size_t)(kind->encode(*out, message) - *out);
}

/* The message in hand encodes to the same bytes as what was sent. */
static void
check_handled(unsigned name, const union fuzz_any_message *message)
{
    const struct sent *sent = next_expected(name);
    const struct fuzz_kind *kind = &fuzz_kinds[name];
    union fuzz_any_message meant;
    uint8_t *handled_bytes;
    uint8_t *meant_bytes;
    size_t size = encode(&handled_bytes, kind, message);

    CHECK(kind->decode(sent->payload, sent->payload + sent->size, &meant) == 0);
    CHECK(encode(&meant_bytes, kind, &meant) == size);
    CHECK(memcmp(handled_bytes, meant_bytes, size) == 0);
    free(handled_bytes);
    free(meant_bytes);
}

enum {
#define X(name) NUMBER_OF_##name,
    FUZZ_MESSAGE_MAP(X)
#undef X
};

#define X(name)                                                                \
    static void on_##name(                                                     \
        struct troupe_self *self, void *state, const struct name *message)     \
    {                                                                          \
        union fuzz_any_message any = {.name = *message};                       \
                                                                               \
        (void)self, (void)state;                                               \
        check_handled(NUMBER_OF_##name, &any);                                 \
    }
FUZZ_MESSAGE_MAP(X)
#undef X

static void
on_any(
    struct troupe_self *self, void *state, const struct troupe_message *message)
{
    const struct sent *sent = next_expected(STRANGER);
    size_t size = 0;
    const void *payload = troupe_message_payload_view(message, &size);

    (void)self, (void)state;
    CHECK(strcmp(troupe_message_name_view(message), name_of(STRANGER)) == 0);
    CHECK(size == sent->size && memcmp(payload, sent->payload, size) == 0);
}

TROUPE_BEHAVIOUR(receiver, 1, TROUPE_ON(fuzz_numbers, on_fuzz_numbers),
    TROUPE_ON(fuzz_mixed, on_fuzz_mixed), TROUPE_ON(fuzz_texts, on_fuzz_texts),
    TROUPE_ON(fuzz_nothing, on_fuzz_nothing),
    TROUPE_ON(fuzz_wide, on_fuzz_wide), TROUPE_ON_ANY(on_any));

static bool
decodes(const struct sent *sent)
{
    union fuzz_any_message message;

    return sent->name == STRANGER ||
           fuzz_kinds[sent->name].decode(
               sent->payload, sent->payload + sent->size, &message) == 0;
}

static void
expect(const struct sent *sent)
{
    if (decodes(sent)) {
        expected.sent[expected.sent_count++] = *sent;
    } else {
        expected.undecoded_count++;
    }
}

static void
check_created(const struct sent *sent, troupe_err err)
{
    size_t value_size = 0;
    bool is_whole = tp_scan_value(sent->payload, sent->size,
                        &TP_SCAN_BOUNDS_DEFAULT, &value_size) == TROUPE_OK &&
                    value_size == sent->size;

    CHECK(err == (is_whole ? TROUPE_OK : TROUPE_E_MALFORMED));
}

/* The payload in a block of its own, so that a read behind its end is seen. */
static void
deliver(struct troupe_self *self, troupe_pid to, const struct sent *sent,
    bool is_dropped)
{
    uint8_t *copy = fuzz_copy(sent->payload, sent->size);
    struct troupe_message *message = NULL;
    troupe_err err = troupe_message_create(
        self, name_of(sent->name), copy, sent->size, &message);

    free(copy);
    CHECK((message != NULL) == (err == TROUPE_OK));
    check_created(sent, err);
    if (err == TROUPE_OK && is_dropped) {
        troupe_message_release(self, &message);
    } else if (err == TROUPE_OK) {
        expect(sent);
        CHECK(troupe_send(self, to, &message) == TROUPE_OK);
    }
    CHECK(message == NULL);
}

static void
deliver_all(
    struct troupe_self *self, troupe_pid to, const uint8_t *bytes, size_t size)
{
    while (size >= 2 && expected.sent_count < MESSAGES_MAX) {
        size_t room = size - 2;
        struct sent sent = {
            .name = (bytes[0] & 0x7f) % NAMES_COUNT,
            .payload = bytes + 2,
            .size = bytes[1] < room ? bytes[1] : room,
        };

        deliver(self, to, &sent, bytes[0] >= 0x80);
        bytes = sent.payload + sent.size;
        size = room - sent.size;
    }
}

static void
check_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level;
    CHECK(fuzz_is_printable(line, strlen(line)));
}

static void
check_report(const struct troupe_stop_report *report)
{
    CHECK(report->is_drained);
    CHECK(expected.handled_count == expected.sent_count);
    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        CHECK(report->dead_letters_count[i] ==
              (i == TROUPE_DEAD_LETTER_DECODE ? expected.undecoded_count : 0));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;

    memset(&expected, 0, sizeof(expected));
    CHECK(troupe_runtime_create(
              &TROUPE_OPTIONS(.simulate = true, .seed = 1,
                  .crash_ends_process = true, .log = check_line),
              &runtime) == TROUPE_OK);
    CHECK(troupe_runtime_start(runtime) == TROUPE_OK);
    self = troupe_thread_self(runtime);
    CHECK(troupe_spawn(self, receiver, &pid) == TROUPE_OK);
    deliver_all(self, pid, bytes, size);
    CHECK(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(1), &report) == TROUPE_OK);
    check_report(&report);
    troupe_runtime_destroy(&runtime);
    return 0;
}

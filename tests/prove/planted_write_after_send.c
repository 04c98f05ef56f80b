/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A planted bug, which the race detectors must find: an actor keeps a pointer
 * to a message that it has sent, and writes through it while the receiver
 * reads.
 *
 * Sending takes the message away: troupe_send() sets the sender's pointer to
 * NULL. This program keeps a copy of the pointer all the same. In each round
 * the receiver reads and does not return before the writer has written, so the
 * other worker steals the writer, and both are at it at once. That is seen to
 * through words of ck_pr's, which order neither after the other. Nothing is
 * written once the receiver has returned: that might hurt the tool.
 */
#include "troupe/troupe.h"

#include <ck_pr.h>
#include <stdint.h>
#include <string.h>

enum {
    ROUNDS_COUNT = 20,
    PAYLOAD_BYTES = 64,
};

#define PEER(FIELD) FIELD(pid, reader)
TROUPE_MESSAGE(begin, PEER)
TROUPE_MESSAGE(again, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(done, TROUPE_NO_FIELDS)

static struct {
    uint32_t is_reading;  /* by the reader, who has begun */
    uint32_t has_written; /* by the writer; 0 again before each round */
} shared;

struct reader {
    unsigned char copy[2 + PAYLOAD_BYTES];
};

static void
on_any(
    struct troupe_self *self, void *state, const struct troupe_message *message)
{
    struct reader *reader = state;
    size_t size;
    const unsigned char *payload = troupe_message_payload_view(message, &size);

    ck_pr_store_32(&shared.is_reading, 1);
    memcpy(reader->copy, payload, size);
    while (ck_pr_load_32(&shared.has_written) == 0) {
        ck_pr_stall();
    }
    ck_pr_store_32(&shared.is_reading, 0);
    (void)troupe_tell(self, troupe_sender(self), done);
}

TROUPE_BEHAVIOUR(reader, sizeof(struct reader), TROUPE_ON_ANY(on_any));

struct writer {
    troupe_pid reader;
    uint64_t rounds;
    unsigned char *kept; /* into a message that is not its own any more */
};

static void
begin_round(struct troupe_self *self, struct writer *writer)
{
    unsigned char bytes[2 + PAYLOAD_BYTES] = {0xc4, PAYLOAD_BYTES};
    struct troupe_message *message;
    size_t size;

    TROUPE_CHECK(
        troupe_message_create(self, "blob", bytes, sizeof(bytes), &message));
    writer->kept =
        (unsigned char *)(uintptr_t)troupe_message_payload_view(message, &size);
    writer->kept += size - 1;
    ck_pr_store_32(&shared.has_written, 0);
    TROUPE_CHECK(troupe_send(self, writer->reader, &message));
    (void)troupe_tell(self, troupe_self_pid(self), again);
}

static void
on_again(struct troupe_self *self, void *state, const struct again *again)
{
    struct writer *writer = state;

    (void)again;
    if (ck_pr_load_32(&shared.is_reading) == 0) {
        (void)troupe_tell(self, troupe_self_pid(self), again);
        return;
    }
    *writer->kept = 1; /* the planted bug */
    ck_pr_store_32(&shared.has_written, 1);
}

static void
on_done(struct troupe_self *self, void *state, const struct done *done)
{
    struct writer *writer = state;

    (void)done;
    if (++writer->rounds == ROUNDS_COUNT) {
        troupe_runtime_quit(self);
    } else {
        begin_round(self, writer);
    }
}

static void
on_begin(struct troupe_self *self, void *state, const struct begin *begin)
{
    struct writer *writer = state;

    writer->reader = begin->reader;
    begin_round(self, writer);
}

TROUPE_BEHAVIOUR(writer, sizeof(struct writer), TROUPE_ON(begin, on_begin),
    TROUPE_ON(again, on_again), TROUPE_ON(done, on_done));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid reader_pid;
    troupe_pid writer_pid;

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 2), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, reader, &reader_pid));
    TROUPE_CHECK(troupe_spawn(self, writer, &writer_pid));
    TROUPE_CHECK(troupe_tell(self, writer_pid, begin, .reader = reader_pid));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(10), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A planted bug, which the race detectors must find: an actor keeps a pointer
 * to a message that it has sent, and writes through it while the receiver
 * reads.
 *
 * Sending takes the message away: troupe_send() sets the sender's pointer to
 * NULL. This program keeps a copy of the pointer all the same. In each round
 * the writer writes for some turns while the receiver reads; the other worker
 * steals one of the two, so that both are at it at once. The next round begins
 * when the receiver has answered.
 */
#include "troupe/troupe.h"

#include <stdint.h>
#include <string.h>

enum {
    ROUNDS_COUNT = 300,
    WRITES_COUNT = 300, /* a round */
    READS_COUNT = 200,
    PAYLOAD_BYTES = 64,
};

#define PEER(FIELD) FIELD(pid, reader)
TROUPE_MESSAGE(begin, PEER)
TROUPE_MESSAGE(again, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(done, TROUPE_NO_FIELDS)

struct reader {
    uint64_t sum;
};

static void
on_any(
    struct troupe_self *self, void *state, const struct troupe_message *message)
{
    struct reader *reader = state;
    size_t size;
    const unsigned char *payload = troupe_message_payload_view(message, &size);

    for (size_t i = 0; i < READS_COUNT * size; i++) {
        reader->sum += payload[i % size];
    }
    (void)troupe_tell(self, troupe_sender(self), done);
}

TROUPE_BEHAVIOUR(reader, sizeof(struct reader), TROUPE_ON_ANY(on_any));

struct writer {
    troupe_pid reader;
    uint64_t rounds;
    uint64_t writes;     /* in this round */
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
    writer->writes = 0;
    TROUPE_CHECK(troupe_send(self, writer->reader, &message));
    (void)troupe_tell(self, troupe_self_pid(self), again);
}

static void
on_again(struct troupe_self *self, void *state, const struct again *again)
{
    struct writer *writer = state;

    (void)again;
    *writer->kept = 1; /* the planted bug */
    if (++writer->writes < WRITES_COUNT) {
        (void)troupe_tell(self, troupe_self_pid(self), again);
    }
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

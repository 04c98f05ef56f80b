/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/lines.h"

#include "actors/life.h"
#include "actors/post.h"
#include "actors/process.h"
#include "troupe/net.h"

#include <errno.h>
#include <string.h>

static const uint8_t nothing_payload[] = {0x90}; /* an array of nothing */

typedef void bytes_handler(struct troupe_self *self, void *state,
    const struct troupe_net_bytes *bytes);

static struct troupe_schema *const schemas[TP_LINES_COUNT] = {
    [TP_LINE_OPENED] = &troupe_net_opened_schema,
    [TP_LINE_BYTES] = &troupe_net_bytes_schema,
    [TP_LINE_DRAINED] = &troupe_net_drained_schema,
    [TP_LINE_ENDED] = &troupe_net_ended_schema,
};

troupe_err
tp_lines_init(void)
{
    troupe_err err = TROUPE_OK;

    for (size_t i = 0; i < TP_LINES_COUNT && err == TROUPE_OK; i++) {
        err = troupe_schema_intern(schemas[i]);
    }
    return err;
}

/* ---- to a body ----------------------------------------------------------- */

bool
tp_lines_hear(const struct tp_actor *actor, enum tp_line line)
{
    return actor->table->body == NULL ||
           (line != TP_LINE_DRAINED &&
               tp_process_wants(actor, troupe_schema_number(schemas[line])));
}

static void
give(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, const uint8_t *end)
{
    troupe_message_close(message, end);
    tp_process_give(self, actor, message);
}

static void
fail(struct troupe_self *self, struct tp_actor *actor)
{
    tp_life_fail(self, actor, ENOMEM, "no memory for what the connection said");
}

static bool
give_word(struct troupe_self *self, struct tp_actor *actor, enum tp_line word)
{
    struct troupe_message *message = NULL;
    uint8_t *payload = NULL;

    if (!tp_lines_hear(actor, word)) {
        return false;
    }
    if (troupe_message_open(self, schemas[word], sizeof(nothing_payload),
            &message, &payload) != TROUPE_OK) {
        fail(self, actor);
        return true;
    }
    memcpy(payload, nothing_payload, sizeof(nothing_payload));
    give(self, actor, message, payload + sizeof(nothing_payload));
    return true;
}

static bool
give_bytes(struct troupe_self *self, struct tp_actor *actor,
    const struct troupe_net_bytes *said)
{
    struct troupe_message *message = NULL;
    const uint8_t *end = NULL;

    if (!tp_lines_hear(actor, TP_LINE_BYTES)) {
        return false;
    }
    if (troupe_net_bytes_make(self, said, &message, &end) == TROUPE_OK) {
        give(self, actor, message, end);
    } else {
        fail(self, actor);
    }
    return true;
}

/* ---- to a handler -------------------------------------------------------- */

/* The line, and all is ready for its handler; NULL: there is none. */
static const struct tp_behaviour_line *
begin(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice, enum tp_line said)
{
    uint32_t number = troupe_schema_number(schemas[said]);
    const struct tp_behaviour_line *line =
        tp_behaviour_find(actor->table, number);

    if (line != NULL) {
        self->recent[self->handled_count % TP_SELF_RECENT_COUNT] = number;
        notice->sender = TROUPE_NO_PID;
        tp_post_begin_handler(self, notice);
    }
    return line;
}

static void
end(struct troupe_self *self)
{
    tp_post_end_handler(self);
    self->handled_count++;
}

bool
tp_lines_say(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice, enum tp_line word)
{
    const struct tp_behaviour_line *line;

    if (actor->table->body != NULL) {
        return give_word(self, actor, word);
    }
    line = begin(self, actor, notice, word);
    if (line == NULL) {
        return false;
    }
    (void)line->dispatch(self, tp_life_open_state(actor), nothing_payload,
        nothing_payload + sizeof(nothing_payload), line->handler);
    end(self);
    return true;
}

bool
tp_lines_say_bytes(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice, const void *bytes, size_t count)
{
    const struct troupe_net_bytes said = {
        .bytes = {.data = bytes, .size = (uint32_t)count}};
    const struct tp_behaviour_line *line;

    if (actor->table->body != NULL) {
        return give_bytes(self, actor, &said);
    }
    line = begin(self, actor, notice, TP_LINE_BYTES);
    if (line == NULL) {
        return false;
    }
    ((bytes_handler *)line->handler)(self, tp_life_open_state(actor), &said);
    end(self);
    return true;
}

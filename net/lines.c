/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/lines.h"

#include "actors/life.h"
#include "actors/post.h"
#include "troupe/net.h"

typedef void bytes_handler(struct troupe_self *self, void *state,
    const struct troupe_net_bytes *bytes);

troupe_err
tp_lines_init(void)
{
    static struct troupe_schema *const said[] = {
        &troupe_net_opened_schema,
        &troupe_net_drained_schema,
        &troupe_net_ended_schema,
        &troupe_net_bytes_schema,
    };
    troupe_err err = TROUPE_OK;

    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]) && err == TROUPE_OK;
         i++) {
        err = troupe_schema_intern(said[i]);
    }
    return err;
}

/* The line, and all is ready for its handler; NULL: there is none. */
static const struct tp_behaviour_line *
begin(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice, const struct troupe_schema *schema)
{
    uint32_t number = troupe_schema_number(schema);
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

/* Messages without fields. */
static bool
say(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice, const struct troupe_schema *schema)
{
    static const uint8_t payload[] = {0x90}; /* an array of nothing */
    const struct tp_behaviour_line *line = begin(self, actor, notice, schema);

    if (line == NULL) {
        return false;
    }
    (void)line->dispatch(self, tp_life_open_state(actor), payload,
        payload + sizeof(payload), line->handler);
    end(self);
    return true;
}

bool
tp_lines_say_opened(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice)
{
    return say(self, actor, notice, &troupe_net_opened_schema);
}

bool
tp_lines_say_drained(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice)
{
    return say(self, actor, notice, &troupe_net_drained_schema);
}

bool
tp_lines_say_ended(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice)
{
    return say(self, actor, notice, &troupe_net_ended_schema);
}

bool
tp_lines_say_bytes(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *notice, const void *bytes, size_t count)
{
    const struct troupe_net_bytes said = {
        .bytes = {.data = bytes, .size = (uint32_t)count}};
    const struct tp_behaviour_line *line =
        begin(self, actor, notice, &troupe_net_bytes_schema);

    if (line == NULL) {
        return false;
    }
    ((bytes_handler *)line->handler)(self, tp_life_open_state(actor), &said);
    end(self);
    return true;
}

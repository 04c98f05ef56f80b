/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/shared.h"

#include "base/assert.h"

#include <ck_pr.h>

static unsigned
envelope_class(void)
{
    return tp_block_class_of(sizeof(struct troupe_message) + sizeof(void *));
}

static void
take_off(struct tp_block_cache *blocks, struct troupe_message *content,
    uint64_t count)
{
    uint64_t held;

    ck_pr_fence_release(); /* what was read, before it is freed */
    held = ck_pr_faa_64(&content->holders_count, -count);
    TP_ASSERT_SLOW(held >= count);
    if (held == count) {
        ck_pr_fence_acquire();
        tp_block_give(blocks, content->size_class, content);
    }
}

void
tp_shared_begin(struct troupe_message *content, uint64_t envelopes_max)
{
    ck_pr_store_64(&content->holders_count, envelopes_max + 1);
}

struct troupe_message *
tp_shared_make(struct tp_block_cache *blocks, struct troupe_message *content)
{
    unsigned size_class = envelope_class();
    struct troupe_message *made =
        tp_block_take(blocks, size_class, tp_block_bytes_of(size_class));

    if (made != NULL) {
        made->sender = TROUPE_NO_PID;
        made->request = 0;
        made->schema = content->schema;
        made->payload_size = content->payload_size;
        made->kind = TP_MESSAGE_SHARED;
        made->size_class = TP_SHARED_CLASS;
        made->err = TROUPE_OK;
        memcpy(made->payload, &content, sizeof(content));
    }
    return made;
}

void
tp_shared_end(struct tp_block_cache *blocks, struct troupe_message **content,
    uint64_t unused_count)
{
    take_off(blocks, *content, unused_count + 1);
    *content = NULL;
}

void
tp_shared_free(struct tp_block_cache *blocks, struct troupe_message *envelope)
{
    struct troupe_message *content = tp_shared_content(envelope);

    tp_block_give(blocks, envelope_class(), envelope);
    take_off(blocks, content, 1);
}

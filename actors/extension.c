/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/extension.h"

#include "actors/actor.h"
#include "actors/process.h"
#include "actors/self.h"
#include "base/assert.h"

#include <string.h>

struct tp_extension *
tp_extension_make(struct troupe_self *self)
{
    size_t bytes = sizeof(struct tp_extension);
    struct tp_extension *made =
        tp_block_take(&self->blocks, tp_block_class_of(bytes), bytes);

    if (made != NULL) {
        memset(made, 0, bytes);
    }
    return made;
}

struct tp_extension *
tp_extension_get(struct troupe_self *self, struct tp_actor *actor)
{
    if (actor->extension == NULL) {
        actor->extension = tp_extension_make(self);
    }
    return actor->extension;
}

void
tp_extension_destroy(struct troupe_self *self, struct tp_extension **extension)
{
    tp_asks_fini(&(*extension)->asks);
    tp_kept_fini(&(*extension)->kept);
    TP_ASSERT((*extension)->bonds.count == 0);
    TP_ASSERT((*extension)->token == NULL);
    TP_ASSERT((*extension)->owned == NULL);
    TP_ASSERT((*extension)->behaviours == NULL);
    TP_ASSERT((*extension)->stash == NULL);
    TP_ASSERT((*extension)->idle == NULL);
    TP_ASSERT((*extension)->order == NULL);
    tp_timers_fini(&(*extension)->timers);
    tp_process_destroy(self, &(*extension)->process);
    tp_block_give(
        &self->blocks, tp_block_class_of(sizeof(**extension)), *extension);
    *extension = NULL;
}

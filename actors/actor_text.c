/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/actor_text.h"

#include "actors/directory.h"
#include "actors/runtime.h"
#include "troupe/name.h"

enum { BEHAVIOUR_BYTES_MAX = 80 };

const char *
tp_actor_text(
    struct troupe_self *self, troupe_pid pid, const char *behaviour, char *out)
{
    char id[TP_PID_TEXT_BYTES];
    char name[TROUPE_NAME_BYTES_MAX + 1] = "";

    if (tp_directory_may_have(&self->runtime->directory, pid)) {
        (void)tp_directory_name_of(self, pid, name, sizeof(name));
    }
    snprintf(out, TP_ACTOR_TEXT_BYTES, "%s (%.*s%s%s%s)", tp_pid_text(id, pid),
        BEHAVIOUR_BYTES_MAX, behaviour == NULL ? "?" : behaviour,
        name[0] == '\0' ? "" : " \"", name, name[0] == '\0' ? "" : "\"");
    return out;
}

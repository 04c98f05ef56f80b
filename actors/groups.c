/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups: the public calls but those that publish. */
#include "actors/outside.h"
#include "actors/post.h"

troupe_err
troupe_join(struct troupe_self *self, const char *group, troupe_pid actor)
{
    TP_RUNTIME_CALL();
    troupe_err err = tp_outside_check(self);

    if (err == TROUPE_OK) {
        err = tp_words_check(group);
    }
    if (err == TROUPE_OK) {
        err = tp_post_check(self, actor);
    }
    return err == TROUPE_OK ? tp_directory_join(self, group, actor) : err;
}

void
troupe_leave(struct troupe_self *self, const char *group, troupe_pid actor)
{
    TP_RUNTIME_CALL();
    if (group != NULL && tp_outside_check(self) == TROUPE_OK) {
        tp_directory_quit(self, group, actor);
    }
}

size_t
troupe_members_count(struct troupe_self *self, const char *group)
{
    TP_RUNTIME_CALL();
    const struct tp_word *word;
    size_t count;
    uint64_t was;

    if (self == NULL || group == NULL) {
        return 0;
    }
    was = tp_directory_enter(self);
    word = tp_directory_find(self, group);
    count = word == NULL ? 0 : ck_pr_load_32(&word->members_count);
    tp_directory_leave(self, was);
    return count;
}

static size_t
read_members(const struct tp_word *word, troupe_pid *members, size_t capacity)
{
    const struct tp_members *found = tp_members_of(word);
    uint32_t used = found == NULL ? 0 : tp_members_used(found);
    size_t count = 0;

    for (uint32_t i = 0; i < used; i++) {
        troupe_pid pid = tp_members_at(found, i);

        if (pid != TROUPE_NO_PID) {
            if (count < capacity) {
                members[count] = pid;
            }
            count++;
        }
    }
    return count;
}

size_t
troupe_members_read(struct troupe_self *self, const char *group,
    troupe_pid *members, size_t capacity)
{
    TP_RUNTIME_CALL();
    const struct tp_word *word;
    size_t count;
    uint64_t was;

    if (self == NULL || group == NULL) {
        return 0;
    }
    was = tp_directory_enter(self);
    word = tp_directory_find(self, group);
    count = word == NULL ? 0 : read_members(word, members, capacity);
    tp_directory_leave(self, was);
    return count;
}

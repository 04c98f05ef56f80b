/* SPDX-License-Identifier: BSD-2-Clause */
/* Names: the public calls. */
#include "actors/name_waits.h"
#include "actors/outside.h"
#include "actors/post.h"
#include "actors/process.h"
#include "base/err.h"

troupe_err
troupe_register(struct troupe_self *self, const char *name, troupe_pid actor)
{
    TP_RUNTIME_CALL();
    troupe_err err = tp_outside_check(self);

    if (err == TROUPE_OK) {
        err = tp_words_check(name);
    }
    if (err == TROUPE_OK) {
        err = tp_post_check(self, actor);
    }
    return err == TROUPE_OK ? tp_directory_register(self, name, actor) : err;
}

void
troupe_unregister(struct troupe_self *self, const char *name, troupe_pid actor)
{
    TP_RUNTIME_CALL();
    if (name != NULL && tp_outside_check(self) == TROUPE_OK) {
        tp_directory_unregister(self, name, actor);
    }
}

troupe_pid
troupe_whereis(struct troupe_self *self, const char *name)
{
    TP_RUNTIME_CALL();
    const struct tp_word *word;
    troupe_pid holder;
    uint64_t was;

    if (self == NULL || name == NULL) {
        return TROUPE_NO_PID;
    }
    was = tp_directory_enter(self);
    word = tp_directory_find(self, name);
    holder = word == NULL ? TROUPE_NO_PID : ck_pr_load_64(&word->holder);
    tp_directory_leave(self, was);
    return holder;
}

size_t
troupe_name_of(
    struct troupe_self *self, troupe_pid actor, char *out, size_t size)
{
    TP_RUNTIME_CALL();
    if (tp_outside_check(self) == TROUPE_OK) {
        return tp_directory_name_of(self, actor, out, size);
    }
    if (size > 0) {
        *out = '\0';
    }
    return 0;
}

troupe_err
troupe_await_name(struct troupe_self *self, const char *name,
    troupe_name_handler *then, uint64_t context)
{
    TP_RUNTIME_CALL();
    troupe_err err = tp_words_check(name);

    if (self == NULL || self->worker == NULL || self->actor == NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "troupe_await_name() is for handlers; a thread outside can look "
            "with troupe_whereis()");
    }
    if (err == TROUPE_OK && then == NULL) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a wait for a name without a function to run; give one");
    }
    if (err == TROUPE_OK) {
        err = tp_process_refuse(self, "troupe_await_name");
    }
    return err == TROUPE_OK ? tp_name_waits_await(self, name, then, context)
                            : err;
}

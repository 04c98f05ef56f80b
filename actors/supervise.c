/* SPDX-License-Identifier: BSD-2-Clause */
/* Making supervisors and giving them children: the public calls. */
#include "actors/outside.h"
#include "actors/post.h"
#include "actors/start.h"
#include "actors/supervised.h"
#include "actors/supervisor.h"
#include "base/assert.h"
#include "base/err.h"

static const struct tp_exit shut_down = {.kind = TROUPE_EXIT_SHUTDOWN};

/* ---- bringing children --------------------------------------------------- */

/* Takes *child. The supervisor has been made. */
static void
bring(struct troupe_self *self, troupe_pid supervisor,
    struct tp_supervised **child)
{
    struct troupe_message *adopt = (*child)->adopt;
    troupe_err err;

    (*child)->adopt = NULL;
    adopt->kind = TP_MESSAGE_ADOPT;
    adopt->request = (uintptr_t)*child;
    *child = NULL;
    err = tp_post(self, supervisor, &adopt);
    TP_ASSERT(err == TROUPE_OK);
}

static void
abandon_all(struct troupe_self *self, struct tp_supervised *children)
{
    while (children != NULL) {
        struct tp_supervised *child = children;

        children = child->next;
        tp_supervised_abandon(self, &child, &shut_down);
    }
}

/* All children of the description, linked by next. */
static troupe_err
make_all(struct troupe_self *self, const struct troupe_supervisor *description,
    struct tp_supervised **children)
{
    struct tp_supervised **end = children;

    *children = NULL;
    for (unsigned i = 0; i < description->children_count; i++) {
        troupe_err err = tp_supervised_make(
            self, tp_supervised_described(description, i), end);

        if (err != TROUPE_OK) {
            abandon_all(self, *children);
            return err;
        }
        end = &(*end)->next;
    }
    return TROUPE_OK;
}

static void
bring_all(struct troupe_self *self, troupe_pid supervisor,
    struct tp_supervised *children, troupe_pid *pids)
{
    for (unsigned i = 0; children != NULL; i++) {
        struct tp_supervised *child = children;

        children = child->next;
        if (pids != NULL) {
            pids[i] = child->pid;
        }
        bring(self, supervisor, &child);
    }
}

/* ---- the calls ----------------------------------------------------------- */

static troupe_err
spawn_root(struct troupe_self *self,
    const struct troupe_supervisor *description, const struct tp_root *root,
    troupe_pid owner, troupe_pid *pid)
{
    struct tp_supervisor state = {.description = description,
        .is_root = true,
        .owner = owner,
        .restarts = *tp_root_restarts_view(root)};
    struct troupe_spawn_options options = troupe_spawn_options_default();
    const struct tp_behaviour_table *table;
    troupe_err err = tp_behaviour_register(tp_supervisor_behaviour(), &table);

    options.state = &state;
    return err == TROUPE_OK
               ? tp_spawn(self, table, &options, TP_ACTOR_SUPERVISES, pid)
               : err;
}

/* Of a description that has been checked. */
static troupe_err
supervise(struct troupe_self *self, const struct troupe_supervisor *description,
    troupe_pid owner, troupe_pid *supervisor, troupe_pid *children)
{
    struct tp_supervised *made = NULL;
    struct tp_root *root = NULL;
    troupe_pid pid = TROUPE_NO_PID;
    troupe_err err = make_all(self, description, &made);

    if (err != TROUPE_OK) {
        return err;
    }
    root = tp_root_make(self, description);
    err = root == NULL
              ? tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a supervisor")
              : spawn_root(self, description, root, owner, &pid);
    if (err != TROUPE_OK) {
        if (root != NULL) {
            tp_root_free(self, root);
        }
        abandon_all(self, made);
        return err;
    }
    tp_roots_add(self, root, pid);
    bring_all(self, pid, made, children);
    if (supervisor != NULL) {
        *supervisor = pid;
    }
    return TROUPE_OK;
}

troupe_err
troupe_supervise(struct troupe_self *self,
    const struct troupe_supervisor *description, troupe_pid *supervisor,
    troupe_pid *children)
{
    TP_RUNTIME_CALL();
    troupe_err err = tp_outside_check(self);

    if (err == TROUPE_OK && description == NULL) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a supervisor without a description; make one by "
            "TROUPE_SUPERVISOR");
    }
    if (err == TROUPE_OK) {
        err = tp_supervised_check(description);
    }
    return err == TROUPE_OK ? supervise(self, description, TROUPE_NO_PID,
                                  supervisor, children)
                            : err;
}

troupe_err
tp_supervise_own(struct troupe_self *self,
    const struct troupe_supervisor *description, troupe_down_handler *then,
    troupe_pid *supervisor)
{
    struct troupe_message *stop = tp_post_block(self, 0);
    troupe_pid pid = TROUPE_NO_PID;
    troupe_err err;

    if (stop == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a supervisor");
    }
    err = supervise(self, description, self->pid, &pid, NULL);
    if (err == TROUPE_OK) {
        err = troupe_monitor(self, pid, then, 0, NULL);
    }
    if (err == TROUPE_OK || pid == TROUPE_NO_PID) {
        tp_post_free(self, stop);
    } else {
        stop->kind = TP_MESSAGE_STOP;
        stop->err = TROUPE_EXIT_SHUTDOWN;
        tp_post_from(self, self->pid, pid, stop);
    }
    if (err == TROUPE_OK) {
        *supervisor = pid;
    }
    return err;
}

troupe_err
troupe_supervisor_add(struct troupe_self *self, troupe_pid supervisor,
    const struct troupe_child *child, troupe_pid *pid)
{
    TP_RUNTIME_CALL();
    struct tp_supervised *made;
    troupe_err err = tp_outside_check(self);

    if (err == TROUPE_OK) {
        err = tp_post_check(self, supervisor);
    }
    if (err == TROUPE_OK && child == NULL) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a child without a description; make one by TROUPE_CHILD");
    }
    if (err == TROUPE_OK) {
        err = tp_supervised_make(self, child, &made);
    }
    if (err == TROUPE_OK) {
        if (pid != NULL) {
            *pid = made->pid;
        }
        bring(self, supervisor, &made);
    }
    return err;
}

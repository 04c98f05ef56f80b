/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/router.h"

#include "actors/extension.h"
#include "actors/forward.h"
#include "actors/outside.h"
#include "actors/owned.h"
#include "actors/pool.h"
#include "actors/post.h"
#include "actors/start.h"
#include "base/err.h"
#include "troupe/memory.h"

#include <string.h>

/* ---- routees ------------------------------------------------------------- */

static void
on_routee_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    TP_RUNTIME_CALL();
    struct tp_router *router = state;
    size_t index = tp_routees_find(&router->routees, down->actor);

    (void)self, (void)context;
    if (index < router->routees.count) {
        tp_routees_remove(&router->routees, index);
    }
}

troupe_err
tp_router_add(struct troupe_self *self, struct tp_router *router,
    troupe_pid actor, bool is_worker)
{
    struct tp_routee routee = {.pid = actor, .is_worker = is_worker};
    troupe_err err;

    if (actor == self->pid) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a router that were its own routee would go round in a ring");
    }
    if (tp_routees_find(&router->routees, actor) < router->routees.count) {
        return TROUPE_OK;
    }
    err = troupe_monitor(self, actor, on_routee_down, 0, &routee.monitor);
    if (err != TROUPE_OK) {
        return err;
    }
    routee.slot = tp_registry_find(&self->runtime->registry, actor);
    if (!tp_routees_add(self, &router->routees, &routee)) {
        troupe_demonitor(self, &routee.monitor);
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a routee");
    }
    return TROUPE_OK;
}

void
tp_router_remove(
    struct troupe_self *self, struct tp_router *router, size_t index)
{
    troupe_demonitor(self, &router->routees.items[index].monitor);
    tp_routees_remove(&router->routees, index);
}

/* ---- routing ------------------------------------------------------------- */

/* By a key another routee would be the wrong one. */
static bool
may_go_elsewhere(const struct tp_router *router)
{
    return router->options.kind != TROUPE_ROUTE_CONSISTENT_HASH;
}

static void
route(struct troupe_self *self, struct tp_router *router, uint64_t key)
{
    TP_RUNTIME_CALL();
    const struct tp_routees *routees = &router->routees;
    size_t left = may_go_elsewhere(router) ? routees->count : 1;
    size_t index =
        tp_routees_choose(self, &router->routees, router->options.kind, key);
    troupe_err err = tp_forward_in_hand(self, routees->items[index].pid);

    while (err == TROUPE_E_MAILBOX_FULL && --left > 0) {
        index = index + 1 < routees->count ? index + 1 : 0;
        err = tp_forward_in_hand(self, routees->items[index].pid);
    }
    if (err != TROUPE_OK) {
        tp_forward_bury(self, routees->items[index].pid, err);
    }
}

static bool
read_key(struct tp_router *router, const struct troupe_message *message,
    uint64_t *key)
{
    if (router->options.kind != TROUPE_ROUTE_CONSISTENT_HASH) {
        return true;
    }
    return router->options.key != NULL
               ? router->options.key(message, key)
               : tp_route_key_read(&router->key, message, key);
}

static void
bury(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    tp_forward_bury(self, self->pid, TROUPE_E_NO_ROUTEE);
}

/* The program's own function for the key runs as a handler does: a fault in it
 * ends the router. */
static void
on_any(
    struct troupe_self *self, void *state, const struct troupe_message *message)
{
    struct tp_router *router = state;
    uint64_t key = 0;

    if (router->routees.count > 0 && read_key(router, message, &key)) {
        route(self, router, key);
    } else {
        bury(self);
    }
}

/* ---- being told ---------------------------------------------------------- */

static void
reply_about(
    struct troupe_self *self, const struct tp_router *router, size_t index)
{
    struct troupe_routee_info info = {.routees_count = router->routees.count};

    if (index < router->routees.count) {
        info.actor = router->routees.items[index].pid;
        info.waiting_count = tp_routee_load(&router->routees.items[index]);
    }
    (void)troupe_routee_info_reply(self, info);
}

/* A request is NO_REPLY when its handler has returned. */
static void
refuse(struct troupe_self *self)
{
    char pid[TP_PID_TEXT_BYTES];

    tp_log_write(&self->runtime->log, TROUPE_LOG_WARNING, "router %s: %s",
        tp_pid_text(pid, self->pid), troupe_err_detail());
}

static void
on_add_routee(struct troupe_self *self, void *state,
    const struct troupe_add_routee *add_routee)
{
    TP_RUNTIME_CALL();
    struct tp_router *router = state;

    if (tp_router_add(self, router, add_routee->actor, false) == TROUPE_OK) {
        reply_about(
            self, router, tp_routees_find(&router->routees, add_routee->actor));
    } else {
        refuse(self);
    }
}

static void
on_remove_routee(struct troupe_self *self, void *state,
    const struct troupe_remove_routee *remove_routee)
{
    TP_RUNTIME_CALL();
    struct tp_router *router = state;
    size_t index = tp_routees_find(&router->routees, remove_routee->actor);
    troupe_err err = TROUPE_OK;

    if (index < router->routees.count) {
        if (router->routees.items[index].is_worker) {
            err = tp_pool_retire(self, router, index);
        } else {
            tp_router_remove(self, router, index);
        }
    }
    if (err == TROUPE_OK) {
        reply_about(self, router, router->routees.count);
    } else {
        refuse(self);
    }
}

static void
on_resize_pool(struct troupe_self *self, void *state,
    const struct troupe_resize_pool *resize_pool)
{
    TP_RUNTIME_CALL();
    struct tp_router *router = state;

    if (tp_pool_resize(self, router, resize_pool->workers_count) == TROUPE_OK) {
        reply_about(self, router, router->routees.count);
    } else {
        refuse(self);
    }
}

static void
on_get_routee(struct troupe_self *self, void *state,
    const struct troupe_get_routee *get_routee)
{
    TP_RUNTIME_CALL();
    struct tp_router *router = state;

    reply_about(self, router,
        get_routee->index < router->routees.count ? (size_t)get_routee->index
                                                  : router->routees.count);
}

/* ---- beginning ----------------------------------------------------------- */

static troupe_err
take_first_routees(struct troupe_self *self, struct tp_router *router)
{
    struct troupe_router_options *options = &router->options;
    troupe_err err = TROUPE_OK;

    for (size_t i = 0; err == TROUPE_OK && i < options->routees_count; i++) {
        err = tp_router_add(self, router, options->routees[i], false);
    }
    troupe_free(self, (void *)(uintptr_t)options->routees);
    options->routees = NULL;
    options->routees_count = 0;
    return err;
}

static void
on_start(struct troupe_self *self, void *state)
{
    TP_RUNTIME_CALL();
    struct tp_router *router = state;
    troupe_err err = take_first_routees(self, router);

    router->key.field = router->options.key_field;
    if (err == TROUPE_OK && router->options.worker != NULL) {
        err = tp_pool_start(self, router);
    }
    if (err != TROUPE_OK) {
        troupe_fail(self, (int)err, "%s", troupe_err_detail());
    }
}

TROUPE_BEHAVIOUR(troupe_router, sizeof(struct tp_router),
    TROUPE_ON_START(on_start), TROUPE_ON(troupe_add_routee, on_add_routee),
    TROUPE_ON(troupe_remove_routee, on_remove_routee),
    TROUPE_ON(troupe_resize_pool, on_resize_pool),
    TROUPE_ON(troupe_get_routee, on_get_routee), TROUPE_ON_ANY(on_any));

/* ---- spawning ------------------------------------------------------------ */

static troupe_err
contradicts(const char *what)
{
    return tp_err_set(
        TROUPE_E_INVALID_ARGUMENT, "options of a router: %s", what);
}

static troupe_err
check_key(const struct troupe_router_options *options)
{
    bool is_by_key = options->kind == TROUPE_ROUTE_CONSISTENT_HASH;

    if (options->kind > TROUPE_ROUTE_CONSISTENT_HASH) {
        return contradicts("there is no such kind");
    }
    if (is_by_key && (options->key == NULL) == (options->key_field == NULL)) {
        return contradicts("CONSISTENT_HASH needs either key or key_field");
    }
    if (!is_by_key && (options->key != NULL || options->key_field != NULL)) {
        return contradicts("only CONSISTENT_HASH has a key");
    }
    return TROUPE_OK;
}

static troupe_err
check_routees(
    struct troupe_self *self, const struct troupe_router_options *options)
{
    troupe_err err = TROUPE_OK;

    if (options->routees == NULL && options->routees_count > 0) {
        return contradicts("routees is NULL, routees_count is not 0");
    }
    for (size_t i = 0; err == TROUPE_OK && i < options->routees_count; i++) {
        err = tp_post_check(self, options->routees[i]);
    }
    return err;
}

/* With all fields that this library knows. */
static struct troupe_spawn_options
read_spawn(const struct troupe_spawn_options *given)
{
    struct troupe_spawn_options spawn = troupe_spawn_options_default();

    if (given != NULL) {
        memcpy(&spawn, given, given->size);
        spawn.size = sizeof(spawn);
    }
    return spawn;
}

static troupe_err
check_spawn(const struct troupe_spawn_options *spawn)
{
    if (spawn->size < sizeof(size_t) || spawn->size > sizeof(*spawn)) {
        return contradicts("make spawn by TROUPE_SPAWN_OPTIONS");
    }
    if (read_spawn(spawn).state != NULL) {
        return contradicts("spawn has a state; a router's is its own");
    }
    return TROUPE_OK;
}

/* A copy with all fields that this library knows, if they agree. */
static troupe_err
read_options(struct troupe_self *self,
    const struct troupe_router_options *given,
    struct troupe_router_options *options)
{
    troupe_err err;

    *options = troupe_router_options_default();
    if (given != NULL) {
        if (given->size < sizeof(size_t) || given->size > sizeof(*options)) {
            return tp_err_set(TROUPE_E_ABI_MISMATCH,
                "router options of %zu bytes, this library knows %zu: make "
                "them by TROUPE_ROUTER_OPTIONS",
                given->size, sizeof(*options));
        }
        memcpy(options, given, given->size);
    }
    err = check_key(options);
    if (err == TROUPE_OK) {
        err = check_routees(self, options);
    }
    if (err == TROUPE_OK && options->worker == NULL &&
        (options->workers_count > 0 || options->supervision != NULL)) {
        err = contradicts("workers_count and supervision are of a pool, which "
                          "has a worker");
    }
    if (err == TROUPE_OK && options->worker != NULL) {
        err = tp_pool_check(options);
    }
    if (err == TROUPE_OK && options->spawn != NULL) {
        err = check_spawn(options->spawn);
    }
    return err;
}

/* The router's from its birth: a copy of the list. */
static troupe_err
make_extension(struct troupe_self *self, struct troupe_router_options *options,
    struct tp_extension **extension)
{
    size_t bytes = options->routees_count * sizeof(options->routees[0]);
    troupe_pid *copy = NULL;

    *extension = tp_extension_make(self);
    if (*extension != NULL) {
        copy = tp_owned_make(&(*extension)->owned, bytes);
    }
    if (copy == NULL) {
        if (*extension != NULL) {
            tp_extension_destroy(self, extension);
        }
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a router");
    }
    if (bytes > 0) {
        memcpy(copy, options->routees, bytes);
    }
    options->routees = copy;
    return TROUPE_OK;
}

troupe_err
troupe_router_spawn(struct troupe_self *self,
    const struct troupe_router_options *given, troupe_pid *router)
{
    TP_RUNTIME_CALL();
    struct troupe_spawn_options options;
    struct tp_router state = {.supervisor = TROUPE_NO_PID};
    const struct tp_behaviour_table *table;
    struct tp_extension *extension = NULL;
    troupe_err err = tp_outside_check(self);

    if (err == TROUPE_OK) {
        err = read_options(self, given, &state.options);
    }
    if (err == TROUPE_OK) {
        err = tp_behaviour_register(&troupe_router_behaviour, &table);
    }
    if (err == TROUPE_OK) {
        err = make_extension(self, &state.options, &extension);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    options = read_spawn(state.options.spawn);
    state.options.spawn = NULL;
    options.state = &state;
    return tp_spawn_with_extension(
        self, table, &options, TP_ACTOR_ROUTES, &extension, router);
}

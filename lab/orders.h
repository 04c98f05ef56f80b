/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * orders: a scene in every order, and what comes of them.
 *
 * The search is troupe's own (exploration/search.h). Of threads every step is
 * taken in every order with all others; of actors, orders that none of them can
 * tell apart are one.
 *
 * One thread.
 */
#ifndef TROUPE_LAB_ORDERS_H
#define TROUPE_LAB_ORDERS_H

#include "lab/scene.h"

enum { ORDERS_OUTCOMES_MAX = 32, ORDERS_STEPS_MAX = 64 };

struct orders_outcome {
    char line[SCENE_LINE_SIZE];
    bool is_right;
    uint64_t count; /* of orders */
};

struct orders {
    uint64_t count;
    uint64_t wrong_count;
    struct orders_outcome outcomes[ORDERS_OUTCOMES_MAX];
    size_t outcomes_count;
    /* The shortest order that ends wrong, as indices into the choices. */
    size_t wrong[ORDERS_STEPS_MAX];
    size_t wrong_length; /* 0: there is none */
};

/* Runs the scene in every order that begins with those choices. */
void orders_explore(const struct scene *scene, const size_t *given,
    size_t given_count, struct orders *orders);

/* Draws the shortest order that ends wrong, and how it ends; the caller's, to
 * be freed. */
char *orders_draw_wrong(const struct scene *scene, const struct orders *orders);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/shown.h"

#include "lab/orders.h"

#include <stdlib.h>

static uint64_t
explore(struct lab_report *report, const char *who, const struct scene *scene,
    bool is_drawn)
{
    struct orders *orders = malloc(sizeof(*orders));
    uint64_t wrong_count;

    if (orders == NULL) {
        abort();
    }
    orders_explore(scene, NULL, 0, orders);
    if (is_drawn && orders->wrong_length > 0) {
        char *drawing = orders_draw_wrong(scene, orders);

        lab_show(report, drawing);
        free(drawing);
    }
    lab_measured(report, who, "orders", "", (double)orders->count);
    lab_measured(
        report, who, "that end wrong", "", (double)orders->wrong_count);
    wrong_count = orders->wrong_count;
    free(orders);
    return wrong_count;
}

uint64_t
shown_orders(
    struct lab_report *report, const char *who, const struct scene *scene)
{
    return explore(report, who, scene, false);
}

uint64_t
shown_worst(
    struct lab_report *report, const char *who, const struct scene *scene)
{
    return explore(report, who, scene, true);
}

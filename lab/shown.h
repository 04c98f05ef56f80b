/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shown: a scene explored, for a report.
 *
 * One thread.
 */
#ifndef TROUPE_LAB_SHOWN_H
#define TROUPE_LAB_SHOWN_H

#include "lab/report.h"
#include "lab/scene.h"

/* Runs the scene in every order, and measures how many there are and how many
 * end wrong, which is returned. */
uint64_t shown_orders(
    struct lab_report *report, const char *who, const struct scene *scene);

/* The same, and draws the shortest that ends wrong. */
uint64_t shown_worst(
    struct lab_report *report, const char *who, const struct scene *scene);

#endif

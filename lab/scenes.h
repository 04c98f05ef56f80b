/* SPDX-License-Identifier: BSD-2-Clause */
/* scenes: those that labs show and people play, each in the file of its lab. */
#ifndef TROUPE_LAB_SCENES_H
#define TROUPE_LAB_SCENES_H

#include "lab/scene.h"

extern const struct scene scene_race;
extern const struct scene scene_deadlock;
extern const struct scene scene_mutex;
extern const struct scene scene_semaphore;
extern const struct scene scene_seats;
extern const struct scene scene_order;
extern const struct scene scene_neighbours;

#endif

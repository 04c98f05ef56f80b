/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * play: a game in which somebody is the scheduler.
 *
 * A scene is shown as far as it has come, with what can happen next; a number
 * makes it happen. So each outcome can be looked for; how many there are is
 * known, since the explorer has been through all orders before. Moves are
 * lines, typed or piped in:
 *
 *     1, 2, ...   this choice        u   undo
 *     h           a hint             n   from the beginning
 *     ?           what can be typed  q   enough
 *
 * A hint is the next step of the shortest way to an end that is wrong.
 *
 * The main thread.
 */
#ifndef TROUPE_LAB_PLAY_H
#define TROUPE_LAB_PLAY_H

#include <stdio.h>

/* Plays the scene of that name until the input ends or somebody has enough.
 * NULL: lists what can be played. Returns the exit status. */
int play_scene(const char *name, FILE *input, FILE *output);

#endif

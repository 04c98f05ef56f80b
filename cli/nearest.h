/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nearest: the word somebody probably meant.
 *
 * Distance is the number of single letters to insert, delete, replace or swap
 * with their neighbour to turn one word into the other. A word that only has
 * not been typed to its end is nearer than any other. Something is always
 * nearest: the reader judges better than a threshold whether it was meant.
 *
 *     cli_nearest    any thread
 */
#ifndef TROUPE_CLI_NEAREST_H
#define TROUPE_CLI_NEAREST_H

#include <stddef.h>

/* Letters of a word that are looked at; what follows counts as one each. */
enum { CLI_NEAREST_LETTERS_MAX = 64 };

/* The number of edits between two words. */
size_t cli_nearest_distance(const char *left, const char *right);

/* The first word that typed begins, or else of those closest to it; NULL if
 * there are none. */
const char *cli_nearest(
    const char *typed, const char *const *words, size_t words_count);

#endif

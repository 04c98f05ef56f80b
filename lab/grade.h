/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grade: an answer to an exercise, in every order.
 *
 * The file is compiled and loaded, and run in a process of its own with the
 * bounds of a lab (lab/bounds.h). Which exercise it answers, its names say: it
 * defines withdraw(), transfer(), or the behaviours seller and buyer.
 *
 * The main thread.
 */
#ifndef TROUPE_LAB_GRADE_H
#define TROUPE_LAB_GRADE_H

/* Says which order breaks the answer, or that none does. Returns the exit
 * status: 0 none does, 1 one does, 2 it is no answer. */
int grade_file(const char *path);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * picture: the figures of a report as bars, in SVG.
 *
 * All figures of the unit that the lab has drawn are bars, grouped by what was
 * measured, a colour a version. If the longest is more than fifty times the
 * shortest, the scale is logarithmic, and says so.
 *
 * One thread.
 */
#ifndef TROUPE_LAB_PICTURE_H
#define TROUPE_LAB_PICTURE_H

#include "lab/report.h"

/* Of a lab that has something drawn. False: nothing of it was measured, or it
 * could not be written. */
bool picture_write(const struct lab_report *report, FILE *stream);

#endif

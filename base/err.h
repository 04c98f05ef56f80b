/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * err: the sentence that goes with an error.
 *
 * The code says which kind of thing went wrong; the sentence says which actor,
 * schema, field or number. It is kept for the thread that was refused, as errno
 * is, so that a function needs no parameter for it.
 *
 *     tp_err_set    any thread
 */
#ifndef TROUPE_BASE_ERR_H
#define TROUPE_BASE_ERR_H

#include "troupe/err.h"

/* Keeps the sentence for troupe_err_detail() and returns err. Cold paths. */
troupe_err tp_err_set(troupe_err err, const char *format, ...)
    __attribute__((cold, format(printf, 2, 3)));

#endif

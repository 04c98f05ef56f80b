/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * assert: a broken invariant stops the process, in every build.
 *
 * For programming errors only; what can go wrong in a correct program returns
 * a troupe_err. Kept in release builds: stopping is cheaper than running on
 * with a state nobody designed. TP_ASSERT_SLOW is for checks that cost more
 * than the code they guard, and is compiled out by NDEBUG.
 */
#ifndef TROUPE_BASE_ASSERT_H
#define TROUPE_BASE_ASSERT_H

#include <stdio.h>
#include <stdlib.h>

#define TP_ASSERT(condition)                                                   \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: %s: broken invariant: %s\n", __FILE__,     \
                __LINE__, __func__, #condition);                               \
            abort();                                                           \
        }                                                                      \
    } while (0)

#ifdef NDEBUG
#define TP_ASSERT_SLOW(condition) ((void)sizeof(condition))
#else
#define TP_ASSERT_SLOW(condition) TP_ASSERT(condition)
#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: assertions that work on any thread.
 *
 * cmocka's own assertions longjmp to the test that failed, so they are for the
 * test's thread only. CHECK prints and aborts; ctest reports the abort.
 */
#ifndef TROUPE_TESTS_SUPPORT_CHECK_H
#define TROUPE_TESTS_SUPPORT_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: CHECK(%s) failed\n", __FILE__, __LINE__,   \
                #condition);                                                   \
            abort();                                                           \
        }                                                                      \
    } while (0)

#endif

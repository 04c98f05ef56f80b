/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ck_pr for protocol tests: each operation begins a step of its own.
 *
 * With this file first on the include path the code under test stops before
 * every operation on a shared word (tests/support/steps.h), and says which one
 * it is. The only fence that is a step is the one that orders a store before a
 * load, and only where stores are buffered: x86 needs no other, and without
 * buffers stepped threads see each other's writes in one order.
 */
#ifndef TROUPE_TESTS_SUPPORT_STEPPING_CK_PR_H
#define TROUPE_TESTS_SUPPORT_STEPPING_CK_PR_H

#include "tests/support/steps.h"
#include "tests/support/tsan/ck_pr.h"

#include <string.h>

/* One thread: nobody comes between. */
static inline bool
stepping_cas_ptr_2_value(
    void *target, const void *expected, const void *value, void *seen)
{
    unsigned char was[2 * sizeof(void *)];
    bool done = memcmp(target, expected, sizeof(was)) == 0;

    memcpy(was, target, sizeof(was));
    if (done) {
        memcpy(target, value, sizeof(was));
    }
    memcpy(seen, was, sizeof(was));
    return done;
}

#define STEP(kind, name, word, bytes_count, operation)                         \
    (steps_pause_at_operation(                                                 \
         kind, word, bytes_count, name, #word, __FILE__, __LINE__),            \
        operation)

#define ck_pr_load_ptr(word)                                                   \
    STEP(STEPS_LOAD, "load", word, sizeof(void *), ck_pr_load_ptr(word))
#define ck_pr_load_uint(word)                                                  \
    STEP(STEPS_LOAD, "load", word, sizeof(unsigned), ck_pr_load_uint(word))
#define ck_pr_load_32(word)                                                    \
    STEP(STEPS_LOAD, "load", word, 4, ck_pr_load_32(word))
#define ck_pr_load_64(word)                                                    \
    STEP(STEPS_LOAD, "load", word, 8, ck_pr_load_64(word))
#define ck_pr_store_ptr(word, value)                                           \
    STEP(STEPS_STORE, "store", word, sizeof(void *),                           \
        ck_pr_store_ptr(word, value))
#define ck_pr_store_uint(word, value)                                          \
    STEP(STEPS_STORE, "store", word, sizeof(unsigned),                         \
        ck_pr_store_uint(word, value))
#define ck_pr_store_32(word, value)                                            \
    STEP(STEPS_STORE, "store", word, 4, ck_pr_store_32(word, value))
#define ck_pr_store_64(word, value)                                            \
    STEP(STEPS_STORE, "store", word, 8, ck_pr_store_64(word, value))
#define ck_pr_fas_ptr(word, value)                                             \
    STEP(STEPS_CHANGE, "fas", word, sizeof(void *), ck_pr_fas_ptr(word, value))
#define ck_pr_fas_32(word, value)                                              \
    STEP(STEPS_CHANGE, "fas", word, 4, ck_pr_fas_32(word, value))
#define ck_pr_fas_64(word, value)                                              \
    STEP(STEPS_CHANGE, "fas", word, 8, ck_pr_fas_64(word, value))
#define ck_pr_cas_ptr(word, expected, value)                                   \
    STEP(STEPS_CHANGE, "cas", word, sizeof(void *),                            \
        ck_pr_cas_ptr(word, expected, value))
#define ck_pr_cas_ptr_value(word, expected, value, seen)                       \
    STEP(STEPS_CHANGE, "cas", word, sizeof(void *),                            \
        ck_pr_cas_ptr_value(word, expected, value, seen))
#define ck_pr_cas_ptr_2_value(word, expected, value, seen)                     \
    STEP(STEPS_CHANGE, "cas", word, 2 * sizeof(void *),                        \
        stepping_cas_ptr_2_value(word, expected, value, seen))
#define ck_pr_cas_uint(word, expected, value)                                  \
    STEP(STEPS_CHANGE, "cas", word, sizeof(unsigned),                          \
        ck_pr_cas_uint(word, expected, value))
#define ck_pr_cas_uint_value(word, expected, value, seen)                      \
    STEP(STEPS_CHANGE, "cas", word, sizeof(unsigned),                          \
        ck_pr_cas_uint_value(word, expected, value, seen))
#define ck_pr_cas_32(word, expected, value)                                    \
    STEP(STEPS_CHANGE, "cas", word, 4, ck_pr_cas_32(word, expected, value))
#define ck_pr_cas_32_value(word, expected, value, seen)                        \
    STEP(STEPS_CHANGE, "cas", word, 4,                                         \
        ck_pr_cas_32_value(word, expected, value, seen))
#define ck_pr_cas_64(word, expected, value)                                    \
    STEP(STEPS_CHANGE, "cas", word, 8, ck_pr_cas_64(word, expected, value))
#define ck_pr_cas_64_value(word, expected, value, seen)                        \
    STEP(STEPS_CHANGE, "cas", word, 8,                                         \
        ck_pr_cas_64_value(word, expected, value, seen))
#define ck_pr_faa_32(word, value)                                              \
    STEP(STEPS_CHANGE, "faa", word, 4, ck_pr_faa_32(word, value))
#define ck_pr_faa_64(word, value)                                              \
    STEP(STEPS_CHANGE, "faa", word, 8, ck_pr_faa_64(word, value))
#define ck_pr_add_64(word, value)                                              \
    STEP(STEPS_CHANGE, "add", word, 8, ck_pr_add_64(word, value))
#define ck_pr_sub_64(word, value)                                              \
    STEP(STEPS_CHANGE, "sub", word, 8, ck_pr_sub_64(word, value))
#define ck_pr_inc_32(word)                                                     \
    STEP(STEPS_CHANGE, "inc", word, 4, ck_pr_inc_32(word))
#define ck_pr_dec_32(word)                                                     \
    STEP(STEPS_CHANGE, "dec", word, 4, ck_pr_dec_32(word))
#define ck_pr_fence_memory()                                                   \
    steps_pause_at_operation(                                                  \
        STEPS_FENCE, NULL, 0, "fence", "", __FILE__, __LINE__)

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ck_pr for protocol tests: each operation begins a step of its own.
 *
 * With this file first on the include path the code under test stops before
 * every operation on a shared word (tests/support/steps.h). Fences are no
 * steps: stepped threads see each other's writes in one order. What a missing
 * fence would do is not to be found here.
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

#define STEP(operation) (steps_pause_at_operation(), operation)

#define ck_pr_load_ptr(...) STEP(ck_pr_load_ptr(__VA_ARGS__))
#define ck_pr_load_uint(...) STEP(ck_pr_load_uint(__VA_ARGS__))
#define ck_pr_load_32(...) STEP(ck_pr_load_32(__VA_ARGS__))
#define ck_pr_load_64(...) STEP(ck_pr_load_64(__VA_ARGS__))
#define ck_pr_store_ptr(...) STEP(ck_pr_store_ptr(__VA_ARGS__))
#define ck_pr_store_uint(...) STEP(ck_pr_store_uint(__VA_ARGS__))
#define ck_pr_store_32(...) STEP(ck_pr_store_32(__VA_ARGS__))
#define ck_pr_store_64(...) STEP(ck_pr_store_64(__VA_ARGS__))
#define ck_pr_fas_ptr(...) STEP(ck_pr_fas_ptr(__VA_ARGS__))
#define ck_pr_fas_32(...) STEP(ck_pr_fas_32(__VA_ARGS__))
#define ck_pr_cas_ptr(...) STEP(ck_pr_cas_ptr(__VA_ARGS__))
#define ck_pr_cas_ptr_value(...) STEP(ck_pr_cas_ptr_value(__VA_ARGS__))
#define ck_pr_cas_ptr_2_value(...) STEP(stepping_cas_ptr_2_value(__VA_ARGS__))
#define ck_pr_cas_uint_value(...) STEP(ck_pr_cas_uint_value(__VA_ARGS__))
#define ck_pr_cas_32(...) STEP(ck_pr_cas_32(__VA_ARGS__))
#define ck_pr_cas_64(...) STEP(ck_pr_cas_64(__VA_ARGS__))
#define ck_pr_cas_64_value(...) STEP(ck_pr_cas_64_value(__VA_ARGS__))
#define ck_pr_faa_64(...) STEP(ck_pr_faa_64(__VA_ARGS__))
#define ck_pr_add_64(...) STEP(ck_pr_add_64(__VA_ARGS__))

#endif

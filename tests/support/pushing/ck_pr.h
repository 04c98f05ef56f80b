/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ck_pr for a test that looks at every push to an inbox: pushing_look(), which
 * the test has, is called before each.
 *
 * With this file first on the include path; behind it is
 * tests/support/stepping, whose operations are no steps if the test's steps are
 * calls. An inbox is pushed to by ck_pr_cas_ptr_value(); whatever else goes
 * through it is looked at too, which does no harm.
 */
#ifndef TROUPE_TESTS_SUPPORT_PUSHING_CK_PR_H
#define TROUPE_TESTS_SUPPORT_PUSHING_CK_PR_H

#include "tests/support/stepping/ck_pr.h"

void pushing_look(const void *word);

static inline bool
pushing_cas_ptr_value(void *target, void *expected, void *value, void *seen)
{
    pushing_look(target);
    return ck_pr_cas_ptr_value(target, expected, value, seen);
}

#undef ck_pr_cas_ptr_value
#define ck_pr_cas_ptr_value pushing_cas_ptr_value

#endif

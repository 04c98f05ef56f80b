/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sanitized: whether the test runs under a sanitizer or valgrind, which takes
 * ten times as long, or fifty times.
 */
#ifndef TROUPE_TESTS_SUPPORT_SANITIZED_H
#define TROUPE_TESTS_SUPPORT_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
    defined(TROUPE_VALGRIND)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* So many, or where valgrind makes that minutes, a twentieth. */
#ifdef TROUPE_VALGRIND
#define FEWER(count) ((count) / 20)
#else
#define FEWER(count) (count)
#endif

#endif

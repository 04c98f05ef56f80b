/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ck_pr for ThreadSanitizer: the same operations over the compiler's atomics.
 *
 * TSan cannot see the inline assembly of Concurrency Kit's own ck_pr.h and
 * reports races in correct programs. With this file first on the include path
 * (the tsan preset puts it there) it sees the very code that ships: every edge
 * it takes into account is one that the code makes.
 *
 * What it cannot find is a missing fence: here every operation is acquire and
 * release. That is the explorer's part.
 */
#ifndef CK_PR_H
#define CK_PR_H

#include <ck_cc.h>
#include <ck_limits.h>
#include <ck_md.h>
#include <ck_stdint.h>
#include <stdbool.h>

#define CK_PR_OF(name, type)                                                   \
    static inline type ck_pr_load_##name(const void *target)                   \
    {                                                                          \
        return __atomic_load_n((const type *)target, __ATOMIC_ACQUIRE);        \
    }                                                                          \
    static inline void ck_pr_store_##name(void *target, type value)            \
    {                                                                          \
        __atomic_store_n((type *)target, value, __ATOMIC_RELEASE);             \
    }                                                                          \
    static inline type ck_pr_fas_##name(void *target, type value)              \
    {                                                                          \
        return __atomic_exchange_n((type *)target, value, __ATOMIC_ACQ_REL);   \
    }                                                                          \
    static inline bool ck_pr_cas_##name##_value(                               \
        void *target, type expected, type value, void *seen)                   \
    {                                                                          \
        bool done = __atomic_compare_exchange_n((type *)target, &expected,     \
            value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);                 \
        *(type *)seen = expected;                                              \
        return done;                                                           \
    }                                                                          \
    static inline bool ck_pr_cas_##name(                                       \
        void *target, type expected, type value)                               \
    {                                                                          \
        return __atomic_compare_exchange_n((type *)target, &expected, value,   \
            false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);                        \
    }

#define CK_PR_ARITHMETIC_OF(name, type)                                        \
    static inline type ck_pr_faa_##name(void *target, type value)              \
    {                                                                          \
        return __atomic_fetch_add((type *)target, value, __ATOMIC_ACQ_REL);    \
    }                                                                          \
    static inline void ck_pr_add_##name(void *target, type value)              \
    {                                                                          \
        (void)__atomic_fetch_add((type *)target, value, __ATOMIC_ACQ_REL);     \
    }                                                                          \
    static inline void ck_pr_sub_##name(void *target, type value)              \
    {                                                                          \
        (void)__atomic_fetch_sub((type *)target, value, __ATOMIC_ACQ_REL);     \
    }                                                                          \
    static inline void ck_pr_or_##name(void *target, type value)               \
    {                                                                          \
        (void)__atomic_fetch_or((type *)target, value, __ATOMIC_ACQ_REL);      \
    }                                                                          \
    static inline void ck_pr_and_##name(void *target, type value)              \
    {                                                                          \
        (void)__atomic_fetch_and((type *)target, value, __ATOMIC_ACQ_REL);     \
    }                                                                          \
    static inline void ck_pr_inc_##name(void *target)                          \
    {                                                                          \
        (void)__atomic_fetch_add((type *)target, 1, __ATOMIC_ACQ_REL);         \
    }                                                                          \
    static inline void ck_pr_dec_##name(void *target)                          \
    {                                                                          \
        (void)__atomic_fetch_sub((type *)target, 1, __ATOMIC_ACQ_REL);         \
    }

typedef void *ck_pr_pointer;
CK_PR_OF(ptr, ck_pr_pointer)
CK_PR_OF(int, int)
CK_PR_OF(uint, unsigned int)
CK_PR_OF(32, uint32_t)
CK_PR_OF(64, uint64_t)
CK_PR_ARITHMETIC_OF(uint, unsigned int)
CK_PR_ARITHMETIC_OF(32, uint32_t)
CK_PR_ARITHMETIC_OF(64, uint64_t)

/* For ck_stack's generation: two pointers at once. */
#define CK_F_PR_CAS_PTR_2
#define CK_F_PR_CAS_PTR_2_VALUE
static inline bool
ck_pr_cas_ptr_2_value(void *target, void *expected, void *value, void *seen)
{
    unsigned __int128 old;
    unsigned __int128 new;
    bool done;

    __builtin_memcpy(&old, expected, sizeof(old));
    __builtin_memcpy(&new, value, sizeof(new));
    done = __atomic_compare_exchange_n((unsigned __int128 *)target, &old, new,
        false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    __builtin_memcpy(seen, &old, sizeof(old));
    return done;
}

#define CK_PR_FENCE(name)                                                      \
    static inline void ck_pr_##name(void)                                      \
    {                                                                          \
    }

/* Needed even here: acquire and release do not order a store before a load. */
static inline void
ck_pr_fence_memory(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

CK_PR_FENCE(stall)
CK_PR_FENCE(barrier)
CK_PR_FENCE(fence_acquire)
CK_PR_FENCE(fence_acqrel)
CK_PR_FENCE(fence_atomic)
CK_PR_FENCE(fence_atomic_load)
CK_PR_FENCE(fence_atomic_store)
CK_PR_FENCE(fence_load)
CK_PR_FENCE(fence_load_atomic)
CK_PR_FENCE(fence_load_store)
CK_PR_FENCE(fence_lock)
CK_PR_FENCE(fence_release)
CK_PR_FENCE(fence_store)
CK_PR_FENCE(fence_store_atomic)
CK_PR_FENCE(fence_unlock)

#endif

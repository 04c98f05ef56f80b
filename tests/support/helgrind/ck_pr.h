/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ck_pr for Helgrind: the same operations, announced to it.
 *
 * Helgrind knows locks and threads, not lock-free code. With this file first on
 * the include path each word that is reached through ck_pr is taken out of its
 * checking, and each operation says which way order goes: a write releases what
 * its thread did before, a read acquires it. So what Helgrind checks is all the
 * rest: messages, states, lists, everything that must be touched by one thread
 * at a time.
 *
 * Like the one for ThreadSanitizer it cannot find a missing fence.
 */
#ifndef CK_PR_H
#define CK_PR_H

#include <ck_cc.h>
#include <ck_limits.h>
#include <ck_md.h>
#include <ck_stdint.h>
#include <stdbool.h>
#include <valgrind/helgrind.h>

#define CK_PR_RELEASE(target)                                                  \
    do {                                                                       \
        VALGRIND_HG_DISABLE_CHECKING((target), sizeof(*(target)));             \
        ANNOTATE_HAPPENS_BEFORE(target);                                       \
    } while (0)
#define CK_PR_ACQUIRE(target)                                                  \
    do {                                                                       \
        VALGRIND_HG_DISABLE_CHECKING((target), sizeof(*(target)));             \
        ANNOTATE_HAPPENS_AFTER(target);                                        \
    } while (0)

#define CK_PR_OF(name, type)                                                   \
    static inline type ck_pr_load_##name(const void *target)                   \
    {                                                                          \
        type value;                                                            \
                                                                               \
        VALGRIND_HG_DISABLE_CHECKING(target, sizeof(type));                    \
        value = __atomic_load_n((const type *)target, __ATOMIC_SEQ_CST);       \
        CK_PR_ACQUIRE((const type *)target);                                   \
        return value;                                                          \
    }                                                                          \
    static inline void ck_pr_store_##name(void *target, type value)            \
    {                                                                          \
        CK_PR_RELEASE((type *)target);                                         \
        __atomic_store_n((type *)target, value, __ATOMIC_SEQ_CST);             \
    }                                                                          \
    static inline type ck_pr_fas_##name(void *target, type value)              \
    {                                                                          \
        type was;                                                              \
                                                                               \
        CK_PR_RELEASE((type *)target);                                         \
        was = __atomic_exchange_n((type *)target, value, __ATOMIC_SEQ_CST);    \
        CK_PR_ACQUIRE((type *)target);                                         \
        return was;                                                            \
    }                                                                          \
    static inline bool ck_pr_cas_##name##_value(                               \
        void *target, type expected, type value, void *seen)                   \
    {                                                                          \
        bool done;                                                             \
                                                                               \
        CK_PR_RELEASE((type *)target);                                         \
        done = __atomic_compare_exchange_n((type *)target, &expected, value,   \
            false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                        \
        CK_PR_ACQUIRE((type *)target);                                         \
        *(type *)seen = expected;                                              \
        return done;                                                           \
    }                                                                          \
    static inline bool ck_pr_cas_##name(                                       \
        void *target, type expected, type value)                               \
    {                                                                          \
        return ck_pr_cas_##name##_value(target, expected, value, &expected);   \
    }

#define CK_PR_ARITHMETIC_OF(name, type)                                        \
    static inline type ck_pr_faa_##name(void *target, type value)              \
    {                                                                          \
        type was;                                                              \
                                                                               \
        CK_PR_RELEASE((type *)target);                                         \
        was = __atomic_fetch_add((type *)target, value, __ATOMIC_SEQ_CST);     \
        CK_PR_ACQUIRE((type *)target);                                         \
        return was;                                                            \
    }                                                                          \
    static inline void ck_pr_add_##name(void *target, type value)              \
    {                                                                          \
        (void)ck_pr_faa_##name(target, value);                                 \
    }                                                                          \
    static inline void ck_pr_sub_##name(void *target, type value)              \
    {                                                                          \
        (void)ck_pr_faa_##name(target, (type)0 - value);                       \
    }                                                                          \
    static inline void ck_pr_inc_##name(void *target)                          \
    {                                                                          \
        (void)ck_pr_faa_##name(target, 1);                                     \
    }                                                                          \
    static inline void ck_pr_dec_##name(void *target)                          \
    {                                                                          \
        (void)ck_pr_faa_##name(target, (type)-1);                              \
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
    unsigned __int128 was;

    __builtin_memcpy(&old, expected, sizeof(old));
    __builtin_memcpy(&new, value, sizeof(new));
    CK_PR_RELEASE((unsigned __int128 *)target);
    was = __sync_val_compare_and_swap((unsigned __int128 *)target, old, new);
    CK_PR_ACQUIRE((unsigned __int128 *)target);
    __builtin_memcpy(seen, &was, sizeof(was));
    return was == old;
}

#define CK_PR_FENCE(name)                                                      \
    static inline void ck_pr_##name(void)                                      \
    {                                                                          \
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
CK_PR_FENCE(fence_memory)
CK_PR_FENCE(fence_release)
CK_PR_FENCE(fence_store)
CK_PR_FENCE(fence_store_atomic)
CK_PR_FENCE(fence_unlock)

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * announce: tells the tools that watch a program which stack it runs on.
 *
 * A sanitizer or valgrind takes a stack pointer that leaps for a fault, or for
 * a frame of megabytes. So each switch (base/fiber.c) is announced to them, and
 * each stack (base/stack.c). In builds without a sanitizer nothing is left of
 * the first, and of the second a few instructions when a stack is made, by
 * which valgrind, under which any build may run, knows of it.
 *
 *     tp_announce_begin      before a fiber is entered for the first time
 *     tp_announce_enter      on the way in, before the jump
 *     tp_announce_entered    on the fiber's stack, after it
 *     tp_announce_leave      on the way out, before the jump; is_last: the
 *                            fiber is over
 *     tp_announce_left       back on the other stack, after it
 *     tp_announce_escape     who runs on the fiber's stack is about to be on
 *                            the other one, by a jump of another kind
 *     tp_announce_end        the fiber is not entered any more
 *     tp_announce_unused     nothing that is on these bytes is in use
 *
 * All functions are for the thread that runs the fiber. Those that switch are
 * inlined in every build: ThreadSanitizer notes who enters and leaves a
 * function, and a function that switched would leave another's.
 */
#ifndef TROUPE_BASE_ANNOUNCE_H
#define TROUPE_BASE_ANNOUNCE_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define TP_ANNOUNCE_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define TP_ANNOUNCE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TP_ANNOUNCE_ASAN 1
#elif __has_feature(thread_sanitizer)
#define TP_ANNOUNCE_TSAN 1
#endif
#endif

#define TP_ANNOUNCE_INLINE static inline __attribute__((always_inline))

/* What the tools want to be told again. */
struct tp_announced {
    void *inner; /* what is theirs of the fiber */
    void *outer; /* of who entered it */
    const void *outer_low;
    size_t outer_bytes;
};

/* ---- valgrind ------------------------------------------------------------ */

#ifdef TROUPE_HAS_VALGRIND

#include <valgrind/valgrind.h>

static inline unsigned
tp_announce_stack(char *low, size_t bytes)
{
    return (unsigned)VALGRIND_STACK_REGISTER(low, low + bytes);
}

static inline void
tp_announce_stack_gone(unsigned number)
{
    VALGRIND_STACK_DEREGISTER(number);
}

#else

static inline unsigned
tp_announce_stack(char *low, size_t bytes)
{
    (void)low, (void)bytes;
    return 0;
}

static inline void
tp_announce_stack_gone(unsigned number)
{
    (void)number;
}

#endif

/* ---- the sanitizers ------------------------------------------------------ */

#if defined(TP_ANNOUNCE_ASAN)

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

static inline void
tp_announce_begin(struct tp_announced *announced)
{
    *announced = (struct tp_announced){NULL, NULL, NULL, 0};
}

TP_ANNOUNCE_INLINE void
tp_announce_enter(struct tp_announced *announced, const char *low, size_t bytes)
{
    __sanitizer_start_switch_fiber(&announced->outer, low, bytes);
}

TP_ANNOUNCE_INLINE void
tp_announce_entered(struct tp_announced *announced)
{
    __sanitizer_finish_switch_fiber(
        announced->inner, &announced->outer_low, &announced->outer_bytes);
}

TP_ANNOUNCE_INLINE void
tp_announce_leave(struct tp_announced *announced, bool is_last)
{
    __sanitizer_start_switch_fiber(is_last ? NULL : &announced->inner,
        announced->outer_low, announced->outer_bytes);
}

TP_ANNOUNCE_INLINE void
tp_announce_left(struct tp_announced *announced)
{
    __sanitizer_finish_switch_fiber(announced->outer, NULL, NULL);
}

TP_ANNOUNCE_INLINE void
tp_announce_escape(struct tp_announced *announced)
{
    tp_announce_leave(announced, true);
    tp_announce_left(announced);
}

static inline void
tp_announce_end(struct tp_announced *announced)
{
    (void)announced;
}

static inline void
tp_announce_unused(const char *low, size_t bytes)
{
    __asan_unpoison_memory_region(low, bytes);
}

#elif defined(TP_ANNOUNCE_TSAN)

#include <sanitizer/tsan_interface.h>

static inline void
tp_announce_begin(struct tp_announced *announced)
{
    announced->inner = __tsan_create_fiber(0);
}

TP_ANNOUNCE_INLINE void
tp_announce_enter(struct tp_announced *announced, const char *low, size_t bytes)
{
    (void)low, (void)bytes;
    announced->outer = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(announced->inner, 0);
}

TP_ANNOUNCE_INLINE void
tp_announce_entered(struct tp_announced *announced)
{
    (void)announced;
}

TP_ANNOUNCE_INLINE void
tp_announce_leave(struct tp_announced *announced, bool is_last)
{
    (void)is_last;
    __tsan_switch_to_fiber(announced->outer, 0);
}

TP_ANNOUNCE_INLINE void
tp_announce_left(struct tp_announced *announced)
{
    (void)announced;
}

TP_ANNOUNCE_INLINE void
tp_announce_escape(struct tp_announced *announced)
{
    tp_announce_leave(announced, true);
}

static inline void
tp_announce_end(struct tp_announced *announced)
{
    __tsan_destroy_fiber(announced->inner);
}

static inline void
tp_announce_unused(const char *low, size_t bytes)
{
    (void)low, (void)bytes;
}

#else

static inline void
tp_announce_begin(struct tp_announced *announced)
{
    (void)announced;
}

TP_ANNOUNCE_INLINE void
tp_announce_enter(struct tp_announced *announced, const char *low, size_t bytes)
{
    (void)announced, (void)low, (void)bytes;
}

TP_ANNOUNCE_INLINE void
tp_announce_entered(struct tp_announced *announced)
{
    (void)announced;
}

TP_ANNOUNCE_INLINE void
tp_announce_leave(struct tp_announced *announced, bool is_last)
{
    (void)announced, (void)is_last;
}

TP_ANNOUNCE_INLINE void
tp_announce_left(struct tp_announced *announced)
{
    (void)announced;
}

TP_ANNOUNCE_INLINE void
tp_announce_escape(struct tp_announced *announced)
{
    (void)announced;
}

static inline void
tp_announce_end(struct tp_announced *announced)
{
    (void)announced;
}

static inline void
tp_announce_unused(const char *low, size_t bytes)
{
    (void)low, (void)bytes;
}

#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stage: threads that take one step at a time, when they are told to.
 *
 * Each is a piece of real C code on a stack of its own (base/fiber.h). It
 * stops before whatever others could notice: a read or write of shared memory,
 * a lock, a wait. Whoever directs the stage lets one of them take its next
 * step, which is that operation and all up to the one after it. So whatever
 * threads could do to each other on a machine where memory is sequentially
 * consistent, they can do here, and it can be repeated.
 *
 *     static void
 *     deposit(void *cents)
 *     {
 *         int64_t seen = stage_read(&balance);
 *
 *         stage_write(&balance, seen + *(const int64_t *)cents);
 *     }
 *
 * A thread that wants a lock which somebody has cannot go on; if none can, and
 * not all are over, they wait for ever.
 *
 * One stage at a time, on one thread.
 */
#ifndef TROUPE_LAB_STAGE_H
#define TROUPE_LAB_STAGE_H

#include "base/fiber.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STAGE_THREADS_MAX = 6, STAGE_TEXT_SIZE = 96, STAGE_LOCKS_MAX = 8 };

/* Zeroed memory is a free one. */
struct stage_lock {
    const char *name; /* NULL: it is shown as the code has it */
    int holder;       /* number of the thread, from 1; 0: free */
};

/* ---- for the code on the stage ------------------------------------------- */

/* A step that reads, or writes, a word that others see. */
#define stage_read(place) stage_read_at((place), #place)
#define stage_write(place, value) stage_write_at((place), (value), #place)
/* Waits until the lock is free, and takes it. */
#define stage_lock(lock) stage_lock_at((lock), #lock)
/* Takes it if it is free: whether it was. */
#define stage_try_lock(lock) stage_try_lock_at((lock), #lock)
#define stage_unlock(lock) stage_unlock_at((lock), #lock)

int64_t stage_read_at(const int64_t *place, const char *name);
void stage_write_at(int64_t *place, int64_t value, const char *name);
void stage_lock_at(struct stage_lock *lock, const char *name);
bool stage_try_lock_at(struct stage_lock *lock, const char *name);
void stage_unlock_at(struct stage_lock *lock, const char *name);

/* A step of another kind: "asks the disk". Others may go on before it. */
void stage_pause(const char *what);

/* ---- for whoever directs it ---------------------------------------------- */

struct stage_thread {
    const char *name;
    struct tp_fiber fiber;
    char next[STAGE_TEXT_SIZE]; /* what its next step is, unless it is over */
    struct stage_lock *wanted;  /* NULL: it can go on */
};

struct stage {
    struct stage_thread threads[STAGE_THREADS_MAX];
    size_t threads_count;
    struct tp_stack_pool stacks;
    struct stage_thread *current; /* NULL: the director */
};

/* Zeroed memory. */
void stage_begin(struct stage *stage);
void stage_end(struct stage *stage);

/* Adds a thread, which goes on as far as its first step. */
void stage_add(struct stage *stage, const char *name, void (*body)(void *),
    void *argument);

bool stage_is_over(const struct stage *stage, size_t thread);

/* Whether it can take its next step. */
bool stage_can_step(const struct stage *stage, size_t thread);

void stage_step(struct stage *stage, size_t thread);

#endif

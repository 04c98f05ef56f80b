/* SPDX-License-Identifier: BSD-2-Clause */
/* rwlock: readers that keep a writer out. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/task_state.h"
#include "lab/threads.h"

#include <ck_rwlock.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

/* A writer that wants the lock while a reader has it. */
struct desk {
    pthread_rwlock_t lock;
    ck_rwlock_t ck_lock;
    pid_t writer; /* its number; 0: it has not begun */
    bool is_written;
};

static void
write_once(void *context, unsigned index)
{
    struct desk *desk = context;

    (void)index;
    __atomic_store_n(&desk->writer, task_number(), __ATOMIC_RELEASE);
    pthread_rwlock_wrlock(&desk->lock);
    __atomic_store_n(&desk->is_written, true, __ATOMIC_RELEASE);
    pthread_rwlock_unlock(&desk->lock);
}

/* ---- broken: pthread's default, whoever reads may ------------------------ */

static void
prefer_readers(pthread_rwlockattr_t *attributes)
{
    pthread_rwlockattr_setkind_np(attributes, PTHREAD_RWLOCK_PREFER_READER_NP);
}

/* ---- mended: who comes after a writer waits for it ----------------------- */

static void
prefer_writers(pthread_rwlockattr_t *attributes)
{
    pthread_rwlockattr_setkind_np(
        attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
}

/* ---- readers that relieve each other ------------------------------------- */

/* How many readers get in while the writer waits: each comes before the one
 * before it leaves, so that the lock is never free. */
static uint64_t
overtake(uint64_t readers_count, void (*prefer)(pthread_rwlockattr_t *))
{
    struct desk desk = {.writer = 0};
    pthread_rwlockattr_t attributes;
    struct threads *writer;
    uint64_t count = 0;

    pthread_rwlockattr_init(&attributes);
    prefer(&attributes);
    pthread_rwlock_init(&desk.lock, &attributes);
    pthread_rwlock_rdlock(&desk.lock);
    writer = threads_start(1, THREADS_STACK_BYTES, write_once, &desk);
    while (__atomic_load_n(&desk.writer, __ATOMIC_ACQUIRE) == 0) {
        sched_yield();
    }
    (void)task_await(desk.writer, "blocked");
    while (count < readers_count && pthread_rwlock_tryrdlock(&desk.lock) == 0) {
        pthread_rwlock_unlock(&desk.lock); /* the older one leaves */
        count++;
    }
    pthread_rwlock_unlock(&desk.lock);
    threads_join(writer);
    pthread_rwlock_destroy(&desk.lock);
    pthread_rwlockattr_destroy(&attributes);
    return count;
}

/* ---- the same of Concurrency Kit's --------------------------------------- */

static void
write_once_ck(void *context, unsigned index)
{
    struct desk *desk = context;

    (void)index;
    ck_rwlock_write_lock(&desk->ck_lock);
    ck_rwlock_write_unlock(&desk->ck_lock);
}

static uint64_t
overtake_ck(uint64_t readers_count)
{
    struct desk desk = {.writer = 0};
    struct threads *writer;
    uint64_t count = 0;

    ck_rwlock_init(&desk.ck_lock);
    ck_rwlock_read_lock(&desk.ck_lock);
    writer = threads_start(1, THREADS_STACK_BYTES, write_once_ck, &desk);
    while (!ck_rwlock_locked_writer(&desk.ck_lock)) { /* it waits, spinning */
        sched_yield();
    }
    while (count < readers_count && ck_rwlock_read_trylock(&desk.ck_lock)) {
        ck_rwlock_read_unlock(&desk.ck_lock);
        count++;
    }
    ck_rwlock_read_unlock(&desk.ck_lock);
    threads_join(writer);
    return count;
}

/* ---- actors: mail is handled as it comes --------------------------------- */

TROUPE_MESSAGE(read_page, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(write_page, TROUPE_NO_FIELDS)

struct page {
    uint64_t reads_count;
    uint64_t reads_before_write;
};

static void
on_read_page(
    struct troupe_self *self, void *state, const struct read_page *read)
{
    struct page *page = state;

    (void)self;
    (void)read;
    page->reads_count++;
}

static uint64_t reads_before_write;

static void
on_write_page(
    struct troupe_self *self, void *state, const struct write_page *write)
{
    struct page *page = state;

    (void)write;
    reads_before_write = page->reads_count;
    troupe_runtime_quit(self);
}

TROUPE_BEHAVIOUR(page, sizeof(struct page), TROUPE_ON(read_page, on_read_page),
    TROUPE_ON(write_page, on_write_page));

/* One read, the write, and then as many reads as there are. */
static uint64_t
overtake_actor(uint64_t readers_count)
{
    struct troupe_self *self = system_begin(NULL);
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(self, page, &pid));
    TROUPE_CHECK(troupe_tell(self, pid, read_page));
    TROUPE_CHECK(troupe_tell(self, pid, write_page));
    for (uint64_t i = 0; i < readers_count; i++) {
        TROUPE_CHECK(troupe_tell(self, pid, read_page));
    }
    system_wait();
    system_end(NULL);
    return reads_before_write - 1;
}

/* ---- the lab ------------------------------------------------------------- */

static void
run(struct lab_report *report)
{
    uint64_t count = lab_size(report, 100000, 1000);
    uint64_t broken = overtake(count, prefer_readers);
    uint64_t mended =
        overtake(count, lab_is_fixed(report) ? prefer_writers : prefer_readers);
    uint64_t ck = overtake_ck(count);
    uint64_t actor = overtake_actor(count);
    static const char what[] = "readers before the writer";

    lab_measured(report, "pthread's default", what, "", (double)broken);
    lab_measured(report, "writers preferred", what, "", (double)mended);
    lab_measured(report, "CK rwlock", what, "", (double)ck);
    lab_measured(report, "an actor", what, "", (double)actor);
    lab_expect_equal(
        report, "readers that overtake, pthread's default", count, broken);
    lab_expect_equal(
        report, "readers that overtake, writers preferred", 0, mended);
    lab_expect_equal(
        report, "readers that overtake, Concurrency Kit's lock", 0, ck);
    lab_expect_equal(
        report, "reads that an actor does before the write", 0, actor);
    lab_say(report,
        "A reader has the lock, a writer waits for it. Then %u readers come, "
        "each before the one before it leaves. By pthread's default all of "
        "them "
        "get in, and the writer would wait for as long as they keep coming. A "
        "lock that prefers writers may starve readers instead: somebody has to "
        "be told to wait. An actor's mail is in order: a write has its turn.",
        (unsigned)count);
    lab_conclude(report, LAB_HOLDS,
        "With pthread's default %u of %u later readers went first; of a lock "
        "that prefers writers, none.",
        (unsigned)broken, (unsigned)count);
}

const struct lab lab_rwlock = {
    .name = "rwlock",
    .claim = "Readers that keep coming starve a writer.",
    .duration_s = 1,
    .run = run,
};

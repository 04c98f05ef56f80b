/* SPDX-License-Identifier: BSD-2-Clause */
/* leak: threads that nobody joins, and actors that nobody stops. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/timing.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

enum { STACK_BYTES = 256 << 10 };

/* ---- broken: made and forgotten; mended: joined -------------------------- */

/* Where this thread's stack is. */
static void *
find_stack(void *arg)
{
    (void)arg;
    return __builtin_frame_address(0);
}

static void *
find_stack_of_forgotten(void *arg)
{
    *(void **)arg = __builtin_frame_address(0);
    return NULL;
}

/* Makes threads one after the other, each over before the next begins. */
static bool
make_threads(unsigned count, bool are_joined, void **stacks)
{
    pthread_attr_t attributes;
    bool is_made = true;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (unsigned i = 0; i < count && is_made; i++) {
        pthread_t thread;

        stacks[i] = NULL;
        is_made = pthread_create(&thread, &attributes,
                      are_joined ? find_stack : find_stack_of_forgotten,
                      &stacks[i]) == 0;
        if (is_made && are_joined) {
            pthread_join(thread, &stacks[i]);
        }
        while (
            is_made && __atomic_load_n(&stacks[i], __ATOMIC_ACQUIRE) == NULL) {
            sched_yield();
        }
    }
    pthread_attr_destroy(&attributes);
    return is_made;
}

static int
compare_pointers(const void *left, const void *right)
{
    const char *const *one = left;
    const char *const *other = right;

    return (*one > *other) - (*one < *other);
}

/* How many stacks there were for so many threads; 0: not as many threads. */
static uint64_t
count_stacks(unsigned count, bool are_joined)
{
    void **stacks = calloc(count, sizeof(*stacks));
    uint64_t different = 0;

    if (stacks != NULL && make_threads(count, are_joined, stacks)) {
        qsort(stacks, count, sizeof(*stacks), compare_pointers);
        for (unsigned i = 0; i < count; i++) {
            different += i == 0 || stacks[i] != stacks[i - 1];
        }
    }
    free(stacks);
    return different;
}

/* ---- actors: forgotten, and the report that says so ---------------------- */

#define QUESTION(FIELD) FIELD(uint64, number)
TROUPE_MESSAGE(question, QUESTION)

/* One that is asked once, and could end then, but only `tidy` does. */
static void
on_question(
    struct troupe_self *self, void *state, const struct question *question)
{
    const bool *is_tidy = state;

    (void)question;
    if (*is_tidy) {
        (void)troupe_stop(self, troupe_self_pid(self));
    }
}

TROUPE_BEHAVIOUR(helper, sizeof(bool), TROUPE_ON(question, on_question));

static uint64_t
count_actors_left(uint64_t count, bool is_tidy)
{
    struct troupe_stop_report left = TROUPE_STOP_REPORT;
    struct troupe_self *self = system_begin(NULL);
    troupe_pid pid;

    for (uint64_t i = 0; i < count; i++) {
        TROUPE_CHECK(troupe_spawn_with(
            self, helper, &TROUPE_SPAWN_OPTIONS(.state = &is_tidy), &pid));
        TROUPE_CHECK(troupe_tell(self, pid, question, .number = i));
    }
    system_end(&left);
    return left.actors_alive_count;
}

/* ---- the lab ------------------------------------------------------------- */

static void
run(struct lab_report *report)
{
    unsigned count = (unsigned)lab_size(report, 1000, 50);
    bool is_fixed = lab_is_fixed(report);
    uint64_t joined = count_stacks(count, is_fixed);
    uint64_t before = timing_virtual_bytes();
    uint64_t forgotten = count_stacks(count, false);
    uint64_t kept = timing_virtual_bytes() - before;
    uint64_t actors = count_actors_left(count, false);
    uint64_t tidy = count_actors_left(count, is_fixed);

    if (joined == 0 || forgotten == 0) {
        lab_conclude(report, LAB_NOT_SHOWN,
            "The system gave fewer than %u threads.", count);
        return;
    }
    lab_measured(
        report, "never joined", "stacks that are left", "", (double)forgotten);
    lab_measured(report, "joined", "stacks that are left", "", (double)joined);
    lab_measured(report, "never joined", "addresses that are left", "MiB",
        (double)kept / (1 << 20));
    lab_expect_equal(
        report, "stacks of threads that nobody joins", count, forgotten);
    lab_expect_at_most(
        report, "stacks of as many threads that are joined", count / 5, joined);
    lab_say(report,
        "%u threads, each over before the next begins. A thread that has ended "
        "keeps its stack, for whoever joins it to get its result; only a join, "
        "or pthread_detach(), gives it back.",
        count);
    lab_measured(
        report, "forgotten", "actors alive at the stop", "", (double)actors);
    lab_measured(report, "that stop themselves", "actors alive at the stop", "",
        (double)tidy);
    lab_expect_equal(
        report, "actors that the stop report finds forgotten", count, actors);
    lab_expect_equal(
        report, "actors it finds that stopped themselves", 0, tidy);
    lab_say(report,
        "Actors leak as well: one that waits for ever for a message that "
        "nobody sends is never collected. The report of the runtime's stop "
        "counts them.");
    lab_conclude(report, LAB_HOLDS,
        "%u threads that had ended still had %.0f MiB of addresses; joined, %u "
        "did for all. Forgotten actors leak too, and are counted.",
        count, (double)kept / (1 << 20), (unsigned)joined);
}

const struct lab lab_leak = {
    .name = "leak",
    .claim = "A thread that is never joined leaks, though it has ended.",
    .duration_s = 1,
    .run = run,
};

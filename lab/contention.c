/* SPDX-License-Identifier: BSD-2-Clause */
/* contention: many threads, one lock. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <pthread.h>
#include <stdlib.h>

enum { SHARDS_MAX = 16 };

struct shard {
    pthread_mutex_t lock;
    uint64_t sum; /* under the lock: also how often it was taken */
} __attribute__((aligned(64)));

struct bank {
    struct shard shards[SHARDS_MAX];
    unsigned shards_count;
    uint64_t rounds_each;
};

/* ---- broken: one lock for all (shards_count 1) --------------------------- */
/* ---- mended: a lock for each sixteenth ----------------------------------- */

static void
deposit(struct bank *bank, uint64_t account)
{
    struct shard *shard = &bank->shards[account % bank->shards_count];

    pthread_mutex_lock(&shard->lock);
    shard->sum++;
    pthread_mutex_unlock(&shard->lock);
}

static void
deposit_rounds(void *context, unsigned index)
{
    struct bank *bank = context;

    for (uint64_t i = 0; i < bank->rounds_each; i++) {
        deposit(bank, index + i);
    }
}

struct result {
    double ns_each;
    uint64_t sum;
    uint64_t most_of_a_lock;
};

/* False: the system gave fewer threads. */
static bool
run_threads(unsigned threads_count, unsigned shards_count,
    uint64_t rounds_count, struct result *result)
{
    struct bank *bank = aligned_alloc(64, sizeof(*bank));
    uint64_t start_ns;
    bool is_run;

    if (bank == NULL) {
        abort();
    }
    bank->shards_count = shards_count;
    bank->rounds_each = rounds_count / threads_count;
    for (unsigned i = 0; i < SHARDS_MAX; i++) {
        pthread_mutex_init(&bank->shards[i].lock, NULL);
        bank->shards[i].sum = 0;
    }
    start_ns = timing_now_ns();
    is_run = threads_run(threads_count, deposit_rounds, bank);
    *result = (struct result){
        .ns_each = (double)(timing_now_ns() - start_ns) / (double)rounds_count};
    for (unsigned i = 0; i < SHARDS_MAX; i++) {
        uint64_t sum = bank->shards[i].sum;

        result->sum += sum;
        result->most_of_a_lock =
            sum > result->most_of_a_lock ? sum : result->most_of_a_lock;
        pthread_mutex_destroy(&bank->shards[i].lock);
    }
    free(bank);
    return is_run;
}

/* ---- actors: many that tell sixteen accounts ----------------------------- */

TROUPE_MESSAGE(pay_in, TROUPE_NO_FIELDS)
#define TOTAL(FIELD) FIELD(uint64, sum)
TROUPE_MESSAGE(get_total, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(total, TOTAL)

static void
on_pay_in(struct troupe_self *self, void *state, const struct pay_in *pay_in)
{
    uint64_t *sum = state;

    (void)self;
    (void)pay_in;
    ++*sum;
}

static void
on_get_total(struct troupe_self *self, void *state, const struct get_total *get)
{
    const uint64_t *sum = state;

    (void)get;
    (void)troupe_reply(self, total, .sum = *sum);
}

TROUPE_BEHAVIOUR(shard_actor, sizeof(uint64_t), TROUPE_ON(pay_in, on_pay_in),
    TROUPE_ON(get_total, on_get_total));

static troupe_pid shard_actors[SHARDS_MAX];
static uint64_t rounds_each;
static uint64_t still_paying;

/* In sequential style a tell waits while the account has too much to do. */
static void
pay_rounds(struct troupe_self *self, void *state)
{
    const uint64_t *index = state;

    for (uint64_t i = 0; i < rounds_each; i++) {
        TROUPE_CHECK(
            troupe_tell(self, shard_actors[(*index + i) % SHARDS_MAX], pay_in));
    }
    if (__atomic_sub_fetch(&still_paying, 1, __ATOMIC_RELAXED) == 0) {
        troupe_runtime_quit(self);
    }
}

TROUPE_PROCESS(payer, sizeof(uint64_t), pay_rounds);

static struct result
run_actors(unsigned payers_count, uint64_t rounds_count)
{
    struct troupe_self *self = system_begin(NULL);
    struct result result = {.sum = 0};
    uint64_t start_ns;

    rounds_each = rounds_count / payers_count;
    still_paying = payers_count;
    for (int i = 0; i < SHARDS_MAX; i++) {
        TROUPE_CHECK(troupe_spawn(self, shard_actor, &shard_actors[i]));
    }
    start_ns = timing_now_ns();
    for (uint64_t i = 0; i < payers_count; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn_with(
            self, payer, &TROUPE_SPAWN_OPTIONS(.state = &i), &pid));
    }
    system_wait();
    for (int i = 0; i < SHARDS_MAX; i++) {
        struct total total;

        TROUPE_CHECK(troupe_ask(self, shard_actors[i], TROUPE_SECONDS(60),
            total, &total, get_total));
        result.sum += total.sum;
    }
    result.ns_each =
        (double)(timing_now_ns() - start_ns) / (double)rounds_count;
    system_end(NULL);
    return result;
}

/* ---- the lab ------------------------------------------------------------- */

struct row {
    struct result one;
    struct result sharded;
    struct result actors;
};

static bool
measure(struct lab_report *report, unsigned count, uint64_t rounds_count,
    struct row *row)
{
    unsigned shards_count = lab_is_fixed(report) ? SHARDS_MAX : 1;
    uint64_t done = rounds_count / count * count;
    char what[LAB_TEXT_SIZE];

    if (!run_threads(count, 1, rounds_count, &row->one) ||
        !run_threads(count, shards_count, rounds_count, &row->sharded)) {
        return false;
    }
    row->actors = run_actors(count, rounds_count);
    snprintf(what, sizeof(what), "a deposit, %u of them", count);
    lab_measured(report, "one lock", what, "ns", row->one.ns_each);
    lab_measured(report, "16 locks", what, "ns", row->sharded.ns_each);
    lab_measured(report, "actors", what, "ns", row->actors.ns_each);
    snprintf(what, sizeof(what), "deposits of %u threads with one lock", count);
    lab_expect_equal(report, what, done, row->one.sum);
    snprintf(what, sizeof(what), "deposits of %u actors", count);
    lab_expect_equal(report, what, done, row->actors.sum);
    snprintf(
        what, sizeof(what), "how often one of 16 locks is taken, by %u", count);
    lab_expect_at_most(
        report, what, done / SHARDS_MAX + count, row->sharded.most_of_a_lock);
    return true;
}

static void
run(struct lab_report *report)
{
    static const unsigned counts[] = {1, 2, 8, 100, 1000};
    uint64_t rounds_count = lab_size(report, 4000000, 16000);
    size_t points_count = lab_size(report, 5, 4);
    struct row first = {.one = {0, 0, 0}};
    struct row last = {.one = {0, 0, 0}};

    for (size_t i = 0; i < points_count; i++) {
        if (!measure(report, counts[i], rounds_count, &last)) {
            lab_conclude(report, LAB_NOT_SHOWN,
                "The system gave fewer than %u threads.", counts[i]);
            return;
        }
        if (i == 0) {
            first = last;
        }
    }
    lab_say(report,
        "The same number of deposits in all, by more and more threads, or "
        "actors. More threads than processors add little: those that wait "
        "sleep. What costs is the second processor, to which the lock and what "
        "it protects have to travel.");
    lab_conclude(report,
        last.one.ns_each > 1.5 * first.one.ns_each ? LAB_HOLDS : LAB_PARTLY,
        "A deposit under one lock takes %.0f ns with one thread and %.0f ns "
        "with %u; with 16 locks %.0f ns, by actors %.0f ns.",
        first.one.ns_each, last.one.ns_each, counts[points_count - 1],
        last.sharded.ns_each, last.actors.ns_each);
}

const struct lab lab_contention = {
    .name = "contention",
    .claim = "The more threads share a lock, the slower each becomes.",
    .drawn = "ns",
    .duration_s = 5,
    .run = run,
};

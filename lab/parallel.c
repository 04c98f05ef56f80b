/* SPDX-License-Identifier: BSD-2-Clause */
/* parallel: concurrency is not parallelism. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <openssl/evp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNKS_COUNT = 4, DIGEST_BYTES = 32 };

/* Real work: SHA-256 of this program's own file, in four chunks. */
struct job {
    unsigned char *bytes;
    size_t size;
    unsigned processors_count; /* that the threads are bound to */
    unsigned char digests[CHUNKS_COUNT][DIGEST_BYTES];
    int ran_on[CHUNKS_COUNT];
};

static void
read_file(struct job *job, size_t size_least)
{
    FILE *file = fopen("/proc/self/exe", "rb");
    size_t used = 0;

    job->size = size_least;
    job->bytes = malloc(size_least);
    if (file == NULL || job->bytes == NULL) {
        abort();
    }
    while (used < size_least) { /* again and again, if it is small */
        used += fread(job->bytes + used, 1, size_least - used, file);
        rewind(file);
    }
    fclose(file);
}

static void
hash_chunk(struct job *job, unsigned chunk)
{
    size_t size = job->size / CHUNKS_COUNT;

    if (EVP_Digest(job->bytes + chunk * size, size, job->digests[chunk], NULL,
            EVP_sha256(), NULL) != 1) {
        abort();
    }
    job->ran_on[chunk] = sched_getcpu();
}

/* ---- one thread ---------------------------------------------------------- */

static void
by_one(struct job *job)
{
    for (unsigned chunk = 0; chunk < CHUNKS_COUNT; chunk++) {
        hash_chunk(job, chunk);
    }
}

/* ---- broken: four threads, one processor --------------------------------- */
/* ---- mended: the same threads on all of them ----------------------------- */

static void
hash_in_thread(void *context, unsigned index)
{
    struct job *job = context;

    threads_bind(index % job->processors_count);
    hash_chunk(job, index);
}

static void
by_four(struct job *job)
{
    if (!threads_run(CHUNKS_COUNT, hash_in_thread, job)) {
        abort();
    }
}

/* ---- actors: one a chunk ------------------------------------------------- */

#define CHUNK(FIELD) FIELD(uint32, number)
TROUPE_MESSAGE(hash, CHUNK)
TROUPE_MESSAGE(hashed, CHUNK)

static struct job *job_of_actors; /* each touches its own chunk of it */

static void
on_hash(struct troupe_self *self, void *state, const struct hash *hash)
{
    (void)state;
    hash_chunk(job_of_actors, hash->number);
    (void)troupe_reply(self, hashed, .number = hash->number);
}

TROUPE_BEHAVIOUR(hasher, 0, TROUPE_ON(hash, on_hash));

static void
on_hashed(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    unsigned *done_count = state;

    (void)context;
    TROUPE_CHECK(troupe_answer_err(answer));
    if (++*done_count == CHUNKS_COUNT) {
        troupe_runtime_quit(self);
    }
}

static void
on_dealer_start(struct troupe_self *self, void *state)
{
    (void)state;
    for (uint32_t number = 0; number < CHUNKS_COUNT; number++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn(self, hasher, &pid));
        TROUPE_CHECK(troupe_ask_then(self, pid, TROUPE_SECONDS(600), on_hashed,
            0, hash, .number = number));
    }
}

TROUPE_BEHAVIOUR(dealer, sizeof(unsigned), TROUPE_ON_START(on_dealer_start));

static void
by_actors(struct job *job)
{
    struct troupe_self *self = system_begin(NULL);
    troupe_pid pid;

    job_of_actors = job;
    TROUPE_CHECK(troupe_spawn(self, dealer, &pid));
    system_wait();
    system_end(NULL);
}

/* ---- the lab ------------------------------------------------------------- */

static unsigned
processors_used(const struct job *job)
{
    unsigned count = 0;

    for (int i = 0; i < CHUNKS_COUNT; i++) {
        bool is_new = true;

        for (int j = 0; j < i; j++) {
            is_new = is_new && job->ran_on[j] != job->ran_on[i];
        }
        count += is_new;
    }
    return count;
}

static double
measure(struct job *job, void (*by)(struct job *))
{
    uint64_t start_ns = timing_now_ns();

    by(job);
    return (double)(timing_now_ns() - start_ns) / 1e6;
}

static void
run(struct lab_report *report)
{
    unsigned processors_count = timing_processors_count();
    struct job job = {.processors_count = 1};
    unsigned char first[CHUNKS_COUNT][DIGEST_BYTES];
    uint64_t start_ns = timing_now_ns();
    double read_ms;
    double one_ms;
    double pinned_ms;
    double spread_ms;
    double actors_ms;
    double bound;

    read_file(&job, lab_size(report, 200000000, 1000000));
    read_ms = (double)(timing_now_ns() - start_ns) / 1e6;
    one_ms = measure(&job, by_one);
    memcpy(first, job.digests, sizeof(first));
    pinned_ms = measure(&job, by_four);
    lab_expect_equal(report, "processors that four pinned threads ran on", 1,
        processors_used(&job));
    lab_measured(report, "one thread", "to hash four chunks", "ms", one_ms);
    lab_measured(report, "4 threads, 1 processor", "to hash four chunks", "ms",
        pinned_ms);
    if (processors_count < 2) {
        lab_conclude(report, LAB_NOT_SHOWN, "There is one processor here.");
        free(job.bytes);
        return;
    }
    job.processors_count = lab_is_fixed(report) ? processors_count : 1;
    spread_ms = measure(&job, by_four);
    lab_expect_at_least(report, "processors that four free threads ran on", 2,
        processors_used(&job));
    lab_expect_equal(report, "their digests are those of one thread", 1,
        memcmp(first, job.digests, sizeof(first)) == 0);
    memset(job.digests, 0, sizeof(job.digests));
    actors_ms = measure(&job, by_actors);
    lab_expect_equal(report, "so are those of four actors", 1,
        memcmp(first, job.digests, sizeof(first)) == 0);
    lab_measured(
        report, "4 threads, all", "to hash four chunks", "ms", spread_ms);
    lab_measured(report, "4 actors", "to hash four chunks", "ms", actors_ms);
    lab_measured(
        report, "one thread", "to read the file before", "ms", read_ms);
    bound = (read_ms + one_ms) / (read_ms + one_ms / processors_count);
    lab_say(report,
        "Four threads on one processor are concurrent: none waits for another "
        "to end. They are not parallel: it takes as long as one. On %u "
        "processors it takes less, but the file is read by one thread before: "
        "by Amdahl's law the whole cannot be more than %.2f times as fast "
        "here, "
        "and with any number of processors not more than %.2f times.",
        processors_count, bound, (read_ms + one_ms) / read_ms);
    lab_conclude(report,
        one_ms / spread_ms > 3.5 ? LAB_HOLDS : LAB_DOES_NOT_HOLD,
        "Four threads on one processor took %.2f times as long as one thread, "
        "on %u processors %.2f times.",
        pinned_ms / one_ms, processors_count, spread_ms / one_ms);
    free(job.bytes);
}

const struct lab lab_parallel = {
    .name = "parallel",
    .claim = "Four threads do a job four times as fast.",
    .drawn = "ms",
    .duration_s = 4,
    .run = run,
};

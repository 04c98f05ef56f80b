/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/trial.h"

#include "cli/progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROGRESS_TOTAL = 1000 };

/*
 * What the pipe carries: a frame for each pass, then one that is last with the
 * balances of all accounts behind it. Zeroed before it is filled, so that the
 * gaps between its members are not sent unset.
 */
struct frame {
    bool is_last;
    struct bank_pass pass;
    uint64_t shown;
    uint64_t peak_rss_bytes;
};

/* How far a trial has come, kept by both ends. */
struct extent {
    size_t passes_wanted; /* 0: until enough has been measured */
    size_t passes_count;
    double seconds;
};

/* The child's side. */
struct worker {
    const struct bank_variant *variant;
    const struct bank_job *job;
    int pipe;
    struct extent extent;
    struct bank_outcome outcome;
    int64_t *shown_cents;
    struct bank_pass shown_pass;
    size_t shown;
};

static bool
is_enough(const struct extent *extent)
{
    if (extent->passes_wanted > 0) {
        return extent->passes_count >= extent->passes_wanted;
    }
    return extent->passes_count >= BANK_TRIAL_PASSES_MAX ||
           (extent->passes_count >= BANK_TRIAL_PASSES_MIN &&
               extent->seconds >= BANK_TRIAL_SECONDS_MIN);
}

static double
part_done(const struct extent *extent)
{
    double by_count;
    double by_time = extent->seconds / BANK_TRIAL_SECONDS_MIN;

    if (extent->passes_wanted > 0) {
        return (double)extent->passes_count / (double)extent->passes_wanted;
    }
    by_count = (double)extent->passes_count / BANK_TRIAL_PASSES_MIN;
    return by_count < by_time ? by_count : by_time;
}

static void
extend(struct extent *extent, const struct bank_pass *pass)
{
    extent->passes_count++;
    extent->seconds += pass->seconds;
}

static bool
is_at_least_as_bad(const struct bank_pass *pass, const struct bank_pass *other)
{
    if (pass->is_exact != other->is_exact) {
        return !pass->is_exact;
    }
    if (pass->updates_lost_count != other->updates_lost_count) {
        return pass->updates_lost_count > other->updates_lost_count;
    }
    return pass->wrong_accounts_count >= other->wrong_accounts_count;
}

static bool
write_all(int descriptor, const void *bytes, size_t size)
{
    const char *next = bytes;

    while (size > 0) {
        ssize_t written = write(descriptor, next, size);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        next += written;
        size -= (size_t)written;
    }
    return true;
}

/* False: the other end is closed, or an error, before all has come. */
static bool
read_all(int descriptor, void *bytes, size_t size)
{
    char *next = bytes;

    while (size > 0) {
        ssize_t got = read(descriptor, next, size);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        next += got;
        size -= (size_t)got;
    }
    return true;
}

static bool
allocate_worker(struct worker *worker)
{
    const struct bank_ledger *ledger = worker->job->ledger;
    size_t accounts = (size_t)ledger->accounts.count + 1;

    worker->outcome.cents = calloc(accounts, sizeof(int64_t));
    worker->shown_cents = calloc(accounts, sizeof(int64_t));
    if (worker->job->refuses_overdraft) {
        worker->outcome.is_declined =
            calloc(ledger->transactions_count + 1, sizeof(bool));
    }
    if (worker->outcome.cents == NULL || worker->shown_cents == NULL ||
        (worker->job->refuses_overdraft &&
            worker->outcome.is_declined == NULL)) {
        fputs("out of memory\n", stderr);
        return false;
    }
    return true;
}

static void
free_worker(struct worker *worker)
{
    free(worker->outcome.cents);
    free(worker->outcome.is_declined);
    free(worker->shown_cents);
}

/* Remembers a pass and its balances if it is the worst until now. */
static void
keep_worst(struct worker *worker, const struct bank_pass *pass)
{
    int64_t *cents = worker->outcome.cents;

    if (worker->extent.passes_count > 0 &&
        !is_at_least_as_bad(pass, &worker->shown_pass)) {
        return;
    }
    worker->shown_pass = *pass;
    worker->shown = worker->extent.passes_count;
    worker->outcome.cents = worker->shown_cents;
    worker->shown_cents = cents;
}

static bool
run_passes(struct worker *worker)
{
    do {
        struct frame frame;

        memset(&frame, 0, sizeof(frame));
        if (!bank_pass_run(
                worker->variant, worker->job, &worker->outcome, &frame.pass)) {
            return false;
        }
        keep_worst(worker, &frame.pass);
        extend(&worker->extent, &frame.pass);
        if (!write_all(worker->pipe, &frame, sizeof(frame))) {
            return false;
        }
    } while (!is_enough(&worker->extent));
    return true;
}

static bool
send_end(struct worker *worker)
{
    struct frame frame;
    struct rusage usage;

    memset(&frame, 0, sizeof(frame));
    frame.is_last = true;
    frame.shown = worker->shown;
    getrusage(RUSAGE_SELF, &usage);
    frame.peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    return write_all(worker->pipe, &frame, sizeof(frame)) &&
           write_all(worker->pipe, worker->shown_cents,
               worker->job->ledger->accounts.count * sizeof(int64_t));
}

/* The child's whole life. */
static _Noreturn void
work(struct worker *worker)
{
    bool is_done =
        allocate_worker(worker) && run_passes(worker) && send_end(worker);

    free_worker(worker);
    exit(is_done ? EXIT_SUCCESS : EXIT_FAILURE);
}

static bool
add_pass(struct bank_trial *trial, const struct bank_pass *pass)
{
    if (trial->passes_count == trial->passes_capacity) {
        size_t capacity = trial->passes_capacity * 2 + 16;
        struct bank_pass *passes =
            realloc(trial->passes, capacity * sizeof(*passes));

        if (passes == NULL) {
            return false;
        }
        trial->passes = passes;
        trial->passes_capacity = capacity;
    }
    trial->passes[trial->passes_count++] = *pass;
    trial->is_exact = trial->is_exact && pass->is_exact;
    trial->updates_lost_count += pass->updates_lost_count;
    trial->updates_applied_count += pass->updates_applied_count;
    return true;
}

/* Reads what the child sends. False: it ended before it was done. */
static bool
receive(struct bank_trial *trial, int pipe, size_t accounts_count,
    struct extent *extent)
{
    struct cli_progress progress;
    struct frame frame = {.is_last = false};
    bool is_good;

    cli_progress_init(&progress, trial->variant->name, PROGRESS_TOTAL);
    while (
        (is_good = read_all(pipe, &frame, sizeof(frame))) && !frame.is_last) {
        extend(extent, &frame.pass);
        if (!add_pass(trial, &frame.pass)) {
            break;
        }
        cli_progress_update(
            &progress, (uint64_t)(part_done(extent) * PROGRESS_TOTAL));
    }
    cli_progress_fini(&progress);
    trial->shown = frame.shown;
    trial->peak_rss_bytes = frame.peak_rss_bytes;
    return is_good && frame.is_last &&
           read_all(pipe, trial->cents, accounts_count * sizeof(int64_t));
}

/* Waits for the child and says on stderr how it ended, if not well. */
static bool
reap(pid_t child, const struct bank_variant *variant)
{
    int status;

    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "%s: its process was ended by signal %d (%s)\n",
            variant->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
        return false;
    }
    if (WEXITSTATUS(status) != 0) {
        fprintf(stderr, "%s: its process could not finish\n", variant->name);
    }
    return WEXITSTATUS(status) == 0;
}

static bool
run_in_child(
    struct bank_trial *trial, const struct bank_job *job, struct extent extent)
{
    int pipes[2];
    pid_t child;
    bool is_good;

    if (pipe(pipes) != 0) {
        fprintf(stderr, "%s: cannot make a pipe: %m\n", trial->variant->name);
        return false;
    }
    fflush(NULL);
    child = fork();
    if (child == 0) {
        struct worker worker = {.variant = trial->variant,
            .job = job,
            .pipe = pipes[1],
            .extent = extent};

        close(pipes[0]);
        work(&worker);
    }
    close(pipes[1]);
    if (child < 0) {
        fprintf(stderr, "%s: cannot fork: %m\n", trial->variant->name);
        close(pipes[0]);
        return false;
    }
    is_good = receive(trial, pipes[0], job->ledger->accounts.count, &extent);
    close(pipes[0]);
    return reap(child, trial->variant) && is_good;
}

bool
bank_trial_run(struct bank_trial *trial, const struct bank_variant *variant,
    const struct bank_job *job, size_t passes_count)
{
    *trial = (struct bank_trial){
        .variant = variant,
        .threads_count = job->threads_count,
        .transactions_count = job->ledger->transactions_count,
        .cents =
            calloc((size_t)job->ledger->accounts.count + 1, sizeof(int64_t)),
        .is_exact = true,
    };
    if (trial->cents == NULL) {
        fputs("out of memory\n", stderr);
        return false;
    }
    if (!run_in_child(
            trial, job, (struct extent){.passes_wanted = passes_count})) {
        bank_trial_fini(trial);
        return false;
    }
    return true;
}

void
bank_trial_fini(struct bank_trial *trial)
{
    free(trial->passes);
    free(trial->cents);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* quota: half a processor, and too many threads for it. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 10 };

/* A group of our own, with half a processor. */
struct group {
    char path[256];
    char why[128]; /* it cannot be; empty: it can */
};

static bool
write_to(const struct group *group, const char *file, const char *text)
{
    char path[320];
    FILE *stream;
    bool is_written;

    snprintf(path, sizeof(path), "%s/%s", group->path, file);
    stream = fopen(path, "r+"); /* a file that there is, or none */
    is_written = stream != NULL && fputs(text, stream) >= 0;
    if (stream != NULL) {
        is_written = fclose(stream) == 0 && is_written;
    }
    return is_written;
}

/* What a version of control groups calls a quota, and where its groups are. */
struct kind {
    const char *folder;
    const char *has; /* a file there, if it is this kind */
    const char *quota_file;
    const char *quota; /* 50 ms in 100 ms */
};

static const struct kind kinds[] = {
    {"/sys/fs/cgroup", "cgroup.controllers", "cpu.max", "50000 100000"},
    {"/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "cpu.cfs_quota_us", "50000"},
    {"/sys/fs/cgroup/cpu", "cpu.shares", "cpu.cfs_quota_us", "50000"},
};

static struct group
make_group(void)
{
    struct group group = {.why = "there are no control groups here"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct kind *kind = &kinds[i];
        char known[300];

        snprintf(known, sizeof(known), "%s/%s", kind->folder, kind->has);
        if (access(known, F_OK) != 0) {
            continue;
        }
        snprintf(group.path, sizeof(group.path), "%s/troupe-lab-%d",
            kind->folder, (int)getpid());
        if (mkdir(group.path, 0755) != 0) {
            snprintf(group.why, sizeof(group.why),
                "no control group can be made in %s: %s", kind->folder,
                strerror(errno));
            continue;
        }
        if (write_to(&group, kind->quota_file, kind->quota)) {
            group.why[0] = '\0';
            return group;
        }
        snprintf(group.why, sizeof(group.why),
            "control groups have no %s in %s", kind->quota_file, kind->folder);
        rmdir(group.path);
    }
    return group;
}

static uint64_t
read_throttled(const struct group *group)
{
    char path[320];
    char key[64];
    unsigned long long value = 0;
    FILE *stat;

    snprintf(path, sizeof(path), "%s/cpu.stat", group->path);
    stat = fopen(path, "r");
    while (stat != NULL && fscanf(stat, "%63s %llu", key, &value) == 2) {
        if (strcmp(key, "nr_throttled") == 0) {
            break;
        }
        value = 0;
    }
    if (stat != NULL) {
        fclose(stat);
    }
    return value;
}

/* ---- what runs there: bursts of work, each timed ------------------------- */

struct load {
    uint64_t until_ns;
    uint64_t bursts_count;
    uint64_t longest_ns;
};

static void
work_in_bursts(void *context, unsigned index)
{
    struct load *load = context;

    (void)index;
    while (timing_now_ns() < load->until_ns) {
        uint64_t start_ns = timing_now_ns();
        volatile uint64_t value = 0;
        uint64_t took_ns;

        for (int i = 0; i < 200000; i++) {
            value = value * 6364136223846793005u + 1;
        }
        took_ns = timing_now_ns() - start_ns;
        __atomic_fetch_add(&load->bursts_count, 1, __ATOMIC_RELAXED);
        if (took_ns > __atomic_load_n(&load->longest_ns, __ATOMIC_RELAXED)) {
            __atomic_store_n(&load->longest_ns, took_ns, __ATOMIC_RELAXED);
        }
    }
}

struct result {
    uint64_t throttled;
    uint64_t threads_count;
    uint64_t workers_count; /* that the runtime chooses there */
    struct load load;
};

/* In a child within the group. */
static struct result
run_in_group(
    const struct group *group, unsigned threads_count, uint64_t span_ns)
{
    uint64_t before = read_throttled(group);
    struct result result = {.threads_count = threads_count};
    int ends[2];
    pid_t child;

    if (pipe(ends) != 0 || (child = fork()) < 0) {
        abort();
    }
    if (child == 0) {
        char number[32];

        snprintf(number, sizeof(number), "%d", (int)getpid());
        if (!write_to(group, "cgroup.procs", number)) {
            _exit(1);
        }
        result.load.until_ns = timing_now_ns() + span_ns;
        (void)threads_run(threads_count, work_in_bursts, &result.load);
        (void)system_begin(NULL);
        result.workers_count = troupe_runtime_workers_count(system_runtime());
        system_end(NULL);
        _exit(write(ends[1], &result, sizeof(result)) != sizeof(result));
    }
    close(ends[1]);
    if (read(ends[0], &result, sizeof(result)) != sizeof(result)) {
        result.load.bursts_count = 0;
    }
    close(ends[0]);
    (void)waitpid(child, NULL, 0);
    result.throttled = read_throttled(group) - before;
    return result;
}

static void
tell(struct lab_report *report, const char *who, const struct result *result)
{
    lab_measured(report, who, "times throttled", "", (double)result->throttled);
    lab_measured(report, who, "bursts of work done", "",
        (double)result->load.bursts_count);
    lab_measured(report, who, "the longest burst", "ms",
        (double)result->load.longest_ns / 1e6);
}

static void
run(struct lab_report *report)
{
    struct group group = make_group();
    uint64_t span_ns = lab_size(report, 3000000000, 500000000);
    struct result many;
    struct result right;

    if (group.why[0] != '\0') {
        lab_conclude(report, LAB_NOT_SHOWN, "%s.", group.why);
        return;
    }
    many = run_in_group(&group, MANY, span_ns); /* broken */
    right = run_in_group(
        &group, lab_is_fixed(report) ? 1 : MANY, span_ns); /* mended */
    rmdir(group.path);
    tell(report, "10 threads", &many);
    tell(report, "1 thread", &right);
    lab_measured(report, "the runtime's choice", "workers", "",
        (double)right.workers_count);
    lab_expect_at_least(
        report, "times that ten threads are throttled", 1, many.throttled);
    lab_expect_equal(report,
        "workers that the runtime chooses for half a "
        "processor",
        1, right.workers_count);
    lab_expect_at_most(report, "threads that share half a processor",
        right.workers_count, right.threads_count);
    lab_expect_at_least(
        report, "bursts that were done", 1, right.load.bursts_count);
    lab_say(report,
        "Half a processor: 50 ms in each 100 ms, for all threads together. Ten "
        "threads use that up at once where there are several processors, and "
        "then all of them stand still until the period is over. The runtime "
        "reads the quota and makes as many workers as it gives processors, at "
        "least one.");
    lab_conclude(report, LAB_HOLDS,
        "Ten threads were throttled %u times, one %u times; the longest burst "
        "took %.0f ms and %.0f ms. The runtime chose to have %u.",
        (unsigned)many.throttled, (unsigned)right.throttled,
        (double)many.load.longest_ns / 1e6, (double)right.load.longest_ns / 1e6,
        (unsigned)right.workers_count);
}

const struct lab lab_quota = {
    .name = "quota",
    .claim = "More threads than a container has processors make it slower.",
    .drawn = "ms",
    .duration_s = 8,
    .run = run,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu_count: how many workers this process can keep busy.
 *
 * The least of the processors in the affinity mask and of the processor time
 * that control groups allow, rounded up, and never under 1. A group's limit
 * holds for all below it, so every group from the process's own up to the
 * highest visible one is asked: cpu.max of cgroup v2, cpu.cfs_quota_us and
 * cpu.cfs_period_us of v1, both where both are mounted. More workers than that
 * would only be stopped by the kernel in the middle of a handler.
 *
 * What cannot be read or understood limits nothing: a count too high is slow,
 * a refusal to start would be worse.
 *
 * Who may call what: any thread, before start; it reads a few files.
 */
#ifndef TROUPE_SCHEDULER_CPU_COUNT_H
#define TROUPE_SCHEDULER_CPU_COUNT_H

/* What to ask instead of the machine; each 0 or NULL means the machine. */
struct tp_cpu_sources {
    const char *root;              /* a directory with proc/ and sys/ */
    unsigned int processors_count; /* online */
    unsigned int affinity_count;   /* in the mask of this thread */
};

struct tp_cpu_count {
    unsigned int count; /* at least 1 */
    char reason[512];   /* "2 of 16 processors: cpu.max of /a allows 1.5" */
};

/* sources may be NULL: the machine. Cannot fail. */
struct tp_cpu_count tp_cpu_count_read(const struct tp_cpu_sources *sources);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/timing.h"

#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t
read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t
timing_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t
timing_processor_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* Which number of statm, from 0, in bytes. */
static uint64_t
read_pages(int index)
{
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    for (int i = 0; statm != NULL && i <= index; i++) {
        if (fscanf(statm, "%lu", &pages) != 1) {
            pages = 0;
        }
    }
    if (statm != NULL) {
        fclose(statm);
    }
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t
timing_virtual_bytes(void)
{
    return read_pages(0);
}

uint64_t
timing_resident_bytes(void)
{
    return read_pages(1);
}

uint64_t
timing_switches_count(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw;
}

unsigned
timing_processors_count(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        return 1;
    }
    return (unsigned)CPU_COUNT(&set);
}

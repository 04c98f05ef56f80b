/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/machine.h"

#include <ck_md.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifdef __OPTIMIZE__
#define OPTIMIZED "optimized"
#else
#define OPTIMIZED "not optimized"
#endif

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

unsigned
bench_machine_processors_count(void)
{
    cpu_set_t set;
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        count = CPU_COUNT(&set);
    }
    return count < 1 ? 1 : (unsigned)count;
}

/* The value after "model name : "; false: this kernel tells none. */
static bool
read_model(char *model, int size)
{
    char line[BENCH_MACHINE_TEXT_SIZE];
    FILE *info = fopen("/proc/cpuinfo", "r");
    bool is_found = false;

    while (
        info != NULL && !is_found && fgets(line, sizeof(line), info) != NULL) {
        const char *value = strchr(line, ':');

        if (value != NULL && strncmp(line, "model name", 10) == 0) {
            snprintf(model, (size_t)size, "%.*s", (int)strcspn(value + 2, "\n"),
                value + 2);
            is_found = true;
        }
    }
    if (info != NULL) {
        fclose(info);
    }
    return is_found;
}

const char *
bench_machine_name(char text[BENCH_MACHINE_TEXT_SIZE])
{
    char model[BENCH_MACHINE_TEXT_SIZE / 2]; /* room for the rest */
    struct utsname system;

    uname(&system);
    if (!read_model(model, sizeof(model))) {
        snprintf(model, sizeof(model), "%s", system.machine);
    }
    snprintf(text, BENCH_MACHINE_TEXT_SIZE, "%u x %.120s, %.20s %.60s",
        bench_machine_processors_count(), model, system.sysname,
        system.release);
    return text;
}

const char *
bench_machine_versions(char text[BENCH_MACHINE_TEXT_SIZE])
{
    snprintf(text, BENCH_MACHINE_TEXT_SIZE,
        "troupe %s, %s, glibc %s, CK %s, %s", BENCH_VERSION, COMPILER,
        gnu_get_libc_version(), CK_VERSION, OPTIMIZED);
    return text;
}

struct bench_machine_load
bench_machine_load_now(void)
{
    /* user nice system idle iowait irq softirq steal */
    enum { KINDS_COUNT = 8, IDLE = 3, IOWAIT = 4 };
    struct bench_machine_load load = {0, 0, 0};
    unsigned long long ticks;
    struct tms own;
    FILE *stat = fopen("/proc/stat", "r");

    if (stat == NULL || fscanf(stat, "cpu") == EOF) {
        return load;
    }
    for (int i = 0; i < KINDS_COUNT && fscanf(stat, "%llu", &ticks) == 1; i++) {
        load.all_ticks += ticks;
        load.busy_ticks += i == IDLE || i == IOWAIT ? 0 : ticks;
    }
    fclose(stat);
    times(&own);
    load.own_ticks = (uint64_t)(own.tms_utime + own.tms_stime + own.tms_cutime +
                                own.tms_cstime);
    return load;
}

double
bench_machine_others_since(const struct bench_machine_load *before)
{
    struct bench_machine_load now = bench_machine_load_now();
    double all = (double)(now.all_ticks - before->all_ticks);
    double others = (double)(now.busy_ticks - before->busy_ticks) -
                    (double)(now.own_ticks - before->own_ticks);

    return all <= 0 || others <= 0 ? 0 : others / all;
}

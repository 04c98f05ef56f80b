/* SPDX-License-Identifier: BSD-2-Clause */
#include "scheduler/cpu_count.h"

#include <ctype.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_BYTES_MAX = 4096,
    CPUS_MAX = 1 << 16, /* more than any kernel is built for */
};

/* Processor time a group may use in a period; period_us 0: no limit. */
struct quota {
    uint64_t quota_us;
    uint64_t period_us;
};

/* The least quota on the way, and where it stands. */
struct limit {
    struct quota quota;
    const char *file;
    char group[LINE_BYTES_MAX];
};

/* One kind of control group: where it is mounted and where we are in it. */
struct hierarchy {
    bool is_v2;
    char mount_point[LINE_BYTES_MAX];
    char mount_root[LINE_BYTES_MAX]; /* the group seen at mount_point */
    char group[LINE_BYTES_MAX];      /* of this process; "" if in none */
};

/*
 * The next line without its end; false: no more. What is longer than a path
 * can be is cut: the mounts we look for are shorter.
 */
static bool
read_line(FILE *file, char line[LINE_BYTES_MAX])
{
    size_t length;

    if (fgets(line, LINE_BYTES_MAX, file) == NULL) {
        return false;
    }
    length = strcspn(line, "\n");
    if (line[length] == '\0' && length == LINE_BYTES_MAX - 1) {
        for (int c = getc(file); c != EOF && c != '\n'; c = getc(file)) {
        }
    }
    line[length] = '\0';
    return true;
}

static FILE *
open_below(const char *root, const char *path)
{
    char full_path[2 * LINE_BYTES_MAX];
    int length = snprintf(full_path, sizeof(full_path), "%s%s", root, path);

    return length < (int)sizeof(full_path) ? fopen(full_path, "re") : NULL;
}

/* The first line of a control file; false: there is none. */
static bool
read_control(const char *root, const char *directory, const char *name,
    char line[LINE_BYTES_MAX])
{
    char path[2 * LINE_BYTES_MAX];
    int length = snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file;
    bool is_read;

    if (length < 0 || length >= (int)sizeof(path)) {
        return false;
    }
    file = open_below(root, path);
    if (file == NULL) {
        return false;
    }
    is_read = read_line(file, line);
    fclose(file);
    return is_read;
}

/* A whole number above 0, all of the text up to *end; 0: it is none. */
static uint64_t
positive(const char *text, char **end)
{
    uint64_t number;

    *end = (char *)text;
    if (!isdigit((unsigned char)*text)) {
        return 0;
    }
    number = strtoull(text, end, 10);
    return number != UINT64_MAX ? number : 0; /* or more than 64 bits hold */
}

/* "150000 100000", or "max 100000" for no limit. */
static struct quota
read_quota_v2(const char *root, const char *directory)
{
    struct quota quota = {0};
    char line[LINE_BYTES_MAX];
    char *end;

    if (!read_control(root, directory, "cpu.max", line)) {
        return quota;
    }
    quota.quota_us = positive(line, &end);
    if (quota.quota_us != 0 && *end == ' ') {
        quota.period_us = positive(end + 1, &end);
    }
    return *end == '\0' ? quota : (struct quota){0};
}

/* A file each; a quota of -1 is no limit. */
static struct quota
read_quota_v1(const char *root, const char *directory)
{
    struct quota quota;
    char line[LINE_BYTES_MAX];
    char *end;

    if (!read_control(root, directory, "cpu.cfs_quota_us", line)) {
        return (struct quota){0};
    }
    quota.quota_us = positive(line, &end);
    if (quota.quota_us == 0 || *end != '\0' ||
        !read_control(root, directory, "cpu.cfs_period_us", line)) {
        return (struct quota){0};
    }
    quota.period_us = positive(line, &end);
    return *end == '\0' ? quota : (struct quota){0};
}

static double
processors_of(struct quota quota)
{
    return (double)quota.quota_us / (double)quota.period_us;
}

static void
take_if_less(struct limit *limit, struct quota quota, const char *file,
    const char *group)
{
    if (quota.period_us == 0 ||
        (limit->quota.period_us != 0 &&
            processors_of(limit->quota) <= processors_of(quota))) {
        return;
    }
    limit->quota = quota;
    limit->file = file;
    snprintf(limit->group, sizeof(limit->group), "%s", group);
}

/* Asks one group, "" being the one at the mount point. */
static void
ask_group(const struct hierarchy *hierarchy, const char *root,
    const char *group, struct limit *limit)
{
    char directory[2 * LINE_BYTES_MAX];
    const char *shown = *group != '\0' ? group : "/";

    snprintf(
        directory, sizeof(directory), "%s%s", hierarchy->mount_point, group);
    if (hierarchy->is_v2) {
        take_if_less(limit, read_quota_v2(root, directory), "cpu.max", shown);
    } else {
        take_if_less(
            limit, read_quota_v1(root, directory), "cpu.cfs_quota_us", shown);
    }
}

/*
 * The part of the process's group below the mount point: inside a container
 * the group may be told as the host sees it, /docker/a, where /docker/a is
 * what is mounted. A group that is not below the mount, which a namespace
 * shows as /.. and on, is invisible: "".
 */
static const char *
visible_group(const struct hierarchy *hierarchy)
{
    const char *group = hierarchy->group;
    size_t root_length = strlen(hierarchy->mount_root);

    if (strcmp(hierarchy->mount_root, "/") == 0) {
        root_length = 0;
    }
    if (strncmp(group, hierarchy->mount_root, root_length) != 0 ||
        group[root_length] != '/' || strncmp(group, "/..", 3) == 0) {
        return "";
    }
    return group + root_length;
}

/* From the process's own group up to the mount point. */
static void
ask_hierarchy(
    const struct hierarchy *hierarchy, const char *root, struct limit *limit)
{
    char group[LINE_BYTES_MAX];
    char *last_slash;

    if (hierarchy->group[0] == '\0') {
        return;
    }
    snprintf(group, sizeof(group), "%s", visible_group(hierarchy));
    while ((last_slash = strrchr(group, '/')) != NULL) {
        ask_group(hierarchy, root, group, limit);
        *last_slash = '\0';
    }
    ask_group(hierarchy, root, "", limit);
}

/* Whether word is one of the words of a list with commas. */
static bool
has_word(const char *list, const char *word)
{
    size_t word_length = strlen(word);

    for (; *list != '\0'; list += *list == ',') {
        size_t length = strcspn(list, ",");

        if (length == word_length && strncmp(list, word, length) == 0) {
            return true;
        }
        list += length;
    }
    return false;
}

/* One line of /proc/self/cgroup: id, controllers and group, with colons. */
static void
take_group(struct hierarchy *hierarchy, char *line)
{
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    bool is_ours;

    if (group == NULL) {
        return;
    }
    *group++ = '\0';
    is_ours = hierarchy->is_v2 ? strcmp(line, "0:") == 0
                               : has_word(controllers + 1, "cpu");
    if (is_ours) {
        snprintf(hierarchy->group, sizeof(hierarchy->group), "%s", group);
    }
}

/* Turns the \040 of /proc/self/mountinfo back into what it stands for. */
static void
unescape(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        if (*text == '\\' && strspn(text + 1, "01234567") >= 3) {
            char digits[] = {text[1], text[2], text[3], '\0'};

            *to++ = (char)strtoul(digits, NULL, 8);
            text += 3;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

/*
 * One line of /proc/self/mountinfo: the fourth field is the group that is
 * mounted and the fifth where; behind a lone dash come the type, the source and
 * the options, which name the controllers of v1. True: it is our mount.
 */
static bool
take_mount(struct hierarchy *hierarchy, const char *line)
{
    const char *tail = strstr(line, " - ");

    /* No word is longer than its line, so all of them fit. */
    char type[LINE_BYTES_MAX];
    char options[LINE_BYTES_MAX];

    if (tail == NULL || sscanf(tail, " - %s %*s %s", type, options) != 2) {
        return false;
    }
    if (strcmp(type, hierarchy->is_v2 ? "cgroup2" : "cgroup") != 0 ||
        (!hierarchy->is_v2 && !has_word(options, "cpu")) ||
        sscanf(line, "%*s %*s %*s %s %s", hierarchy->mount_root,
            hierarchy->mount_point) != 2) {
        return false;
    }
    unescape(hierarchy->mount_root);
    unescape(hierarchy->mount_point);
    return true;
}

/* Where it is mounted; where systems mount it by custom if that is not told. */
static void
find_mount(struct hierarchy *hierarchy, const char *root)
{
    FILE *file = open_below(root, "/proc/self/mountinfo");
    char line[LINE_BYTES_MAX];
    bool is_found = false;

    while (file != NULL && !is_found && read_line(file, line)) {
        is_found = take_mount(hierarchy, line);
    }
    if (file != NULL) {
        fclose(file);
    }
    if (!is_found) {
        snprintf(hierarchy->mount_root, LINE_BYTES_MAX, "/");
        snprintf(hierarchy->mount_point, LINE_BYTES_MAX, "%s",
            hierarchy->is_v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu");
    }
}

static void
find_group(struct hierarchy *hierarchy, const char *root)
{
    FILE *file = open_below(root, "/proc/self/cgroup");
    char line[LINE_BYTES_MAX];

    hierarchy->group[0] = '\0';
    while (file != NULL && read_line(file, line)) {
        take_group(hierarchy, line);
    }
    if (file != NULL) {
        fclose(file);
    }
}

/* The least that any group of v2 or v1 allows; a period of 0 if none does. */
static struct limit
read_limit(const char *root)
{
    struct limit limit = {.group = ""};

    for (int is_v2 = 0; is_v2 <= 1; is_v2++) {
        struct hierarchy hierarchy = {.is_v2 = is_v2};

        find_group(&hierarchy, root);
        find_mount(&hierarchy, root);
        ask_hierarchy(&hierarchy, root, &limit);
    }
    return limit;
}

/* In the mask of this thread; 0 if the system does not tell. */
static unsigned int
count_affinity(void)
{
    /* A kernel built for more processors than there is room for refuses. */
    cpu_set_t set[CPUS_MAX / CPU_SETSIZE];

    if (sched_getaffinity(0, sizeof(set), set) != 0) {
        return 0;
    }
    return (unsigned int)CPU_COUNT_S(sizeof(set), set);
}

static unsigned int
count_online(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count > 0 ? (unsigned int)count : 1;
}

static unsigned int
rounded_up(struct quota quota)
{
    uint64_t count = quota.quota_us / quota.period_us;

    count += quota.quota_us % quota.period_us != 0;
    return count < UINT_MAX ? (unsigned int)count : UINT_MAX;
}

static void
explain(struct tp_cpu_count *result, unsigned int processors_count,
    const struct limit *limit)
{
    int length = snprintf(result->reason, sizeof(result->reason),
        "%u of %u processors: ", result->count, processors_count);
    char *rest = result->reason + length;
    size_t size = sizeof(result->reason) - (size_t)length;

    if (limit != NULL) {
        snprintf(rest, size, "%s of %.400s allows %.4g", limit->file,
            limit->group, processors_of(limit->quota));
    } else if (result->count < processors_count) {
        snprintf(rest, size, "the affinity mask allows %u", result->count);
    } else {
        snprintf(rest, size, "nothing limits them");
    }
}

struct tp_cpu_count
tp_cpu_count_read(const struct tp_cpu_sources *sources)
{
    struct tp_cpu_sources ask = sources ? *sources : (struct tp_cpu_sources){0};
    struct limit limit = read_limit(ask.root ? ask.root : "");
    bool is_limited = limit.quota.period_us != 0;
    struct tp_cpu_count result;

    if (ask.processors_count == 0) {
        ask.processors_count = count_online();
    }
    if (ask.affinity_count == 0) {
        ask.affinity_count = count_affinity();
    }
    if (ask.affinity_count == 0) {
        ask.affinity_count = ask.processors_count;
    }
    result.count = ask.affinity_count;
    is_limited = is_limited && rounded_up(limit.quota) < result.count;
    if (is_limited) {
        result.count = rounded_up(limit.quota);
    }
    explain(&result, ask.processors_count, is_limited ? &limit : NULL);
    return result;
}

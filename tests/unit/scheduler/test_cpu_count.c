/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Method: each test writes its own proc/ and sys/ into a temporary directory
 * and asks with that as the root of the file system.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scheduler/cpu_count.h"

#define V2_MOUNT                                                               \
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 c rw\n"
#define V1_MOUNT                                                               \
    "29 23 0:25 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"        \
    "33 23 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup "              \
    "rw,cpu,cpuacct\n"

static char root[] = "/tmp/troupe_cpu_count_XXXXXX";

static int
make_root(void **state)
{
    (void)state;
    memcpy(root + sizeof(root) - 7, "XXXXXX", 6);
    return mkdtemp(root) != NULL ? 0 : -1;
}

static int
remove_entry(
    const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static int
remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes the file and the directories that it needs, below the root. */
static void
put(const char *path, const char *text)
{
    char full_path[1024];
    FILE *file;

    snprintf(full_path, sizeof(full_path), "%s%s", root, path);
    for (char *slash = full_path + sizeof(root); *slash != '\0'; slash++) {
        if (*slash == '/') {
            *slash = '\0';
            mkdir(full_path, 0700);
            *slash = '/';
        }
    }
    file = fopen(full_path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void
expect(unsigned int count, const char *reason)
{
    const struct tp_cpu_sources sources = {
        .root = root, .processors_count = 16, .affinity_count = 8};
    struct tp_cpu_count found = tp_cpu_count_read(&sources);

    assert_string_equal(found.reason, reason);
    assert_int_equal(found.count, count);
}

#define AFFINITY "8 of 16 processors: the affinity mask allows 8"

static void
this_machine_has_at_least_one_processor_and_a_reason(void **state)
{
    struct tp_cpu_count found = tp_cpu_count_read(NULL);
    char beginning[32];

    (void)state;
    assert_true(found.count >= 1);
    snprintf(beginning, sizeof(beginning), "%u of ", found.count);
    assert_ptr_equal(strstr(found.reason, beginning), found.reason);
}

static void
without_control_groups_the_affinity_mask_decides(void **state)
{
    (void)state;
    expect(8, AFFINITY);
}

static void
without_any_limit_all_processors_are_used(void **state)
{
    const struct tp_cpu_sources sources = {
        .root = root, .processors_count = 16, .affinity_count = 16};
    struct tp_cpu_count found = tp_cpu_count_read(&sources);

    (void)state;
    assert_int_equal(found.count, 16);
    assert_string_equal(
        found.reason, "16 of 16 processors: nothing limits them");
}

static void
half_a_processor_too_much_counts_as_a_whole_one(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/proc/self/mountinfo", V2_MOUNT);
    put("/sys/fs/cgroup/a/b/cpu.max", "150000 100000\n");
    expect(2, "2 of 16 processors: cpu.max of /a/b allows 1.5");
}

static void
the_least_quota_on_the_way_to_the_root_decides(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/a/b/c\n");
    put("/proc/self/mountinfo", V2_MOUNT);
    put("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "700000 100000\n");
    put("/sys/fs/cgroup/a/cpu.max", "60000 20000\n");
    put("/sys/fs/cgroup/cpu.max", "500000 100000\n");
    put("/sys/fs/cgroup/other/cpu.max", "100000 100000\n");
    expect(3, "3 of 16 processors: cpu.max of /a allows 3");
}

static void
the_group_at_the_mount_point_counts_too(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/\n");
    put("/proc/self/mountinfo", V2_MOUNT);
    put("/sys/fs/cgroup/cpu.max", "10000 100000\n");
    expect(1, "1 of 16 processors: cpu.max of / allows 0.1");
}

static void
a_quota_above_the_affinity_mask_does_not_matter(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/a\n");
    put("/proc/self/mountinfo", V2_MOUNT);
    put("/sys/fs/cgroup/a/cpu.max", "900000 100000\n");
    expect(8, AFFINITY);
    put("/sys/fs/cgroup/a/cpu.max", "800000 100000\n");
    expect(8, AFFINITY);
    put("/sys/fs/cgroup/a/cpu.max", "4294967297 1\n");
    expect(8, AFFINITY);
}

static void
without_mountinfo_the_customary_places_are_read(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/a\n");
    put("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
    expect(2, "2 of 16 processors: cpu.max of /a allows 2");
    put("/proc/self/cgroup", "4:cpu:/a\n0::/a\n");
    put("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "100000\n");
    put("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
    expect(1, "1 of 16 processors: cpu.cfs_quota_us of /a allows 1");
}

static void
quotas_of_version_1_are_found_beside_other_controllers(void **state)
{
    (void)state;
    put("/proc/self/cgroup",
        "5:memory:/m\n3:cpuacct,cpu:/a/b\n2:cpuset:/s\n1:name=cpu:/n\n");
    put("/proc/self/mountinfo", V1_MOUNT);
    put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "250000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/s/cpu.cfs_quota_us", "1000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/s/cpu.cfs_period_us", "100000\n");
    expect(3, "3 of 16 processors: cpu.cfs_quota_us of /a allows 2.5");
}

static void
of_both_versions_the_lesser_decides(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "3:cpu,cpuacct:/a\n0::/b\n");
    put("/proc/self/mountinfo",
        V1_MOUNT "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 c rw\n");
    put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "500000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
    expect(5, "5 of 16 processors: cpu.cfs_quota_us of /a allows 5");
    put("/sys/fs/cgroup/unified/b/cpu.max", "400000 100000\n");
    expect(4, "4 of 16 processors: cpu.max of /b allows 4");
}

static void
a_container_sees_its_own_group_though_told_the_hosts_name(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/docker/ab/c\n");
    put("/proc/self/mountinfo",
        "30 23 0:26 /docker/ab /sys/fs/cgroup ro - cgroup2 c rw\n");
    put("/sys/fs/cgroup/c/cpu.max", "200000 100000\n");
    expect(2, "2 of 16 processors: cpu.max of /c allows 2");
    put("/proc/self/cgroup", "0::/docker/ab\n");
    put("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    expect(3, "3 of 16 processors: cpu.max of / allows 3");
}

static void
of_a_group_outside_the_mount_only_the_mount_point_is_read(void **state)
{
    (void)state;
    put("/proc/self/mountinfo",
        "30 23 0:26 /docker/ab /sys/fs/cgroup ro - cgroup2 c rw\n");
    put("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    put("/sys/fs/cgroup/c/cpu.max", "200000 100000\n");
    put("/sys/fs/cgroupc/c/cpu.max", "100000 100000\n");
    put("/proc/self/cgroup", "0::/docker/abc/c\n");
    expect(3, "3 of 16 processors: cpu.max of / allows 3");
    put("/proc/self/mountinfo", V2_MOUNT);
    put("/sys/fs/cpu.max", "100000 100000\n");
    put("/proc/self/cgroup", "0::/../c\n");
    expect(3, "3 of 16 processors: cpu.max of / allows 3");
}

static void
spaces_in_a_mount_point_and_colons_in_a_group_are_understood(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/a:b c\n");
    put("/proc/self/mountinfo",
        "30 23 0:26 / /my\\040groups\\x rw - cgroup2 c rw\n");
    put("/my groups\\x/a:b c/cpu.max", "200000 100000\n");
    expect(2, "2 of 16 processors: cpu.max of /a:b c allows 2");
}

static void
what_cannot_be_understood_limits_nothing(void **state)
{
    const char *garbage[] = {"", "\n", "x", "100000", "100000 ", "100000 x",
        "x 100000", "0 100000", "100000 0", "-100000 100000", "100000 -100000",
        "100000 100000 1", "100000x100000", "100000  100000", "1e5 100000",
        " 100000 100000", "99999999999999999999 1", "1 99999999999999999999",
        "\xff\xfe 1"};

    (void)state;
    put("/proc/self/cgroup", "0::/a\n3:cpu:/a\n");
    put("/proc/self/mountinfo", V2_MOUNT);
    for (size_t i = 0; i < sizeof(garbage) / sizeof(*garbage); i++) {
        put("/sys/fs/cgroup/a/cpu.max", garbage[i]);
        put("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", garbage[i]);
        put("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "x");
        expect(8, AFFINITY);
    }
    put("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "100000\n");
    expect(8, AFFINITY);
}

static void
garbage_in_proc_limits_nothing(void **state)
{
    const char *groups[] = {"", "\n", "0", "0:", "0::", "0::\n", "::/a", "0::a",
        "0:x:/a", "zero::/a"};
    const char *mounts[] = {"", "\n\n", " - ", "a - cgroup2", "- cgroup2 c rw",
        "1 2 3 - cgroup2 c rw", "1 2 3 / /nowhere\\04 - cgroup2 c rw",
        "1 2 3 / /nowhere\\ - cgroup2 c rw"};

    (void)state;
    put("/sys/fs/cgroup/a/cpu.max", "100000 100000\n");
    for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
        put("/proc/self/cgroup", groups[i]);
        expect(8, AFFINITY);
    }
    put("/proc/self/cgroup", "0::/b\n");
    for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
        put("/proc/self/mountinfo", mounts[i]);
        expect(8, AFFINITY);
    }
}

static void
lines_longer_than_any_path_are_passed_over(void **state)
{
    static char mounts[20000];

    (void)state;
    memset(mounts, 'x', 3 * 4095);
    snprintf(mounts + 3 * 4095, sizeof(mounts) - 3 * 4095,
        "29 23 0:25 / /tail rw - cgroup2 c rw\n"
        "30 23 0:26 / /far rw - cgroup2 c rw\n");
    put("/proc/self/mountinfo", mounts);
    put("/proc/self/cgroup", "0::/a\n");
    put("/tail/a/cpu.max", "100000 100000\n");
    put("/far/a/cpu.max", "200000 100000\n");
    expect(2, "2 of 16 processors: cpu.max of /a allows 2");
}

static void
a_very_long_group_is_cut_in_the_reason(void **state)
{
    char path[1024] = "/sys/fs/cgroup/";
    char group[1024] = "0::/";
    struct tp_cpu_sources sources = {.root = root, .affinity_count = 8};
    struct tp_cpu_count found;

    (void)state;
    for (int i = 0; i < 6; i++) {
        char name[103];

        memset(name, 'a' + i, 101);
        strcpy(name + 101, "/");
        strcat(path, name);
        strcat(group, name);
    }
    group[strlen(group) - 1] = '\0';
    strcat(path, "cpu.max");
    put("/proc/self/cgroup", group);
    put(path, "200000 100000\n");
    found = tp_cpu_count_read(&sources);
    assert_int_equal(found.count, 2);
    assert_non_null(strstr(found.reason, " allows 2"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(this_machine_has_at_least_one_processor_and_a_reason),
        TEST(without_control_groups_the_affinity_mask_decides),
        TEST(without_any_limit_all_processors_are_used),
        TEST(half_a_processor_too_much_counts_as_a_whole_one),
        TEST(the_least_quota_on_the_way_to_the_root_decides),
        TEST(the_group_at_the_mount_point_counts_too),
        TEST(a_quota_above_the_affinity_mask_does_not_matter),
        TEST(without_mountinfo_the_customary_places_are_read),
        TEST(quotas_of_version_1_are_found_beside_other_controllers),
        TEST(of_both_versions_the_lesser_decides),
        TEST(a_container_sees_its_own_group_though_told_the_hosts_name),
        TEST(of_a_group_outside_the_mount_only_the_mount_point_is_read),
        TEST(spaces_in_a_mount_point_and_colons_in_a_group_are_understood),
        TEST(what_cannot_be_understood_limits_nothing),
        TEST(garbage_in_proc_limits_nothing),
        TEST(lines_longer_than_any_path_are_passed_over),
        TEST(a_very_long_group_is_cut_in_the_reason),
    };
    return cmocka_run_group_tests_name("cpu_count", tests, NULL, NULL);
}

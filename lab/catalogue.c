/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/lab.h"

#include <string.h>

extern const struct lab lab_race;
extern const struct lab lab_memory;
extern const struct lab lab_isolation;
extern const struct lab lab_stacks;
extern const struct lab lab_spawn;
extern const struct lab lab_leak;
extern const struct lab lab_lifecycle;
extern const struct lab lab_deadlock;
extern const struct lab lab_mutex;
extern const struct lab lab_semaphore;
extern const struct lab lab_rwlock;
extern const struct lab lab_contention;
extern const struct lab lab_false_sharing;
extern const struct lab lab_not_magic;
extern const struct lab lab_thrashing;
extern const struct lab lab_starvation;
extern const struct lab lab_switch;
extern const struct lab lab_overlap;
extern const struct lab lab_ipc;
extern const struct lab lab_offload;
extern const struct lab lab_parallel;
extern const struct lab lab_observe;
extern const struct lab lab_quota;
extern const struct lab lab_servers;

const struct lab *const lab_catalogue[] = {
    &lab_race,
    &lab_memory,
    &lab_isolation,
    &lab_stacks,
    &lab_spawn,
    &lab_leak,
    &lab_lifecycle,
    &lab_deadlock,
    &lab_mutex,
    &lab_semaphore,
    &lab_rwlock,
    &lab_contention,
    &lab_false_sharing,
    &lab_not_magic,
    &lab_thrashing,
    &lab_starvation,
    &lab_switch,
    &lab_overlap,
    &lab_ipc,
    &lab_offload,
    &lab_parallel,
    &lab_observe,
    &lab_quota,
    &lab_servers,
    NULL,
};

const struct lab *
lab_find(const char *name)
{
    for (size_t i = 0; lab_catalogue[i] != NULL; i++) {
        if (strcmp(lab_catalogue[i]->name, name) == 0) {
            return lab_catalogue[i];
        }
    }
    return NULL;
}

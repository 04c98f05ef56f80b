/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/task_state.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t
task_number(void)
{
    return (pid_t)syscall(SYS_gettid);
}

const char *
task_state(pid_t number)
{
    char path[64];
    char line[512];
    const char *state;
    FILE *stat;

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)number);
    stat = fopen(path, "r");
    if (stat == NULL || fgets(line, sizeof(line), stat) == NULL) {
        if (stat != NULL) {
            fclose(stat);
        }
        return "terminated";
    }
    fclose(stat);
    state = strrchr(line, ')'); /* the name before it may contain anything */
    switch (state != NULL ? state[2] : '?') {
    case 'R':
        return "running";
    case 'S':
    case 'D':
        return "blocked";
    default:
        return "terminated"; /* Z, X: it is being taken away */
    }
}

const char *
task_await(pid_t number, const char *wanted)
{
    const char *state;

    do {
        sched_yield();
        state = task_state(number);
    } while (strcmp(state, wanted) != 0);
    return state;
}

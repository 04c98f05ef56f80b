/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/bounds.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
enum { IS_DATA_BOUND = 0 };
#else
enum { IS_DATA_BOUND = 1 };
#endif

static void
bound(int resource, uint64_t most)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) == 0 &&
        (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > most)) {
        limit.rlim_cur = most;
        (void)setrlimit(resource, &limit);
    }
}

static void
be_bounded(pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1);
    }
    bound(RLIMIT_CORE, 0);
    bound(RLIMIT_FSIZE, BOUNDS_FILE_BYTES);
    if (IS_DATA_BOUND) {
        bound(RLIMIT_DATA, BOUNDS_DATA_BYTES);
    }
}

/* False: it has not ended in time. Afterwards there is still its process
 * group, so that no other can have its number. */
static bool
await(pid_t child, unsigned limit_s)
{
    int descriptor = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd end = {.fd = descriptor, .events = POLLIN};
    siginfo_t info;
    int count;

    if (descriptor < 0) { /* an old kernel: without a limit */
        return waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0;
    }
    do {
        count = poll(&end, 1, (int)limit_s * 1000);
    } while (count < 0 && errno == EINTR);
    close(descriptor);
    return count > 0;
}

enum bounds_end
bounds_run(
    void (*run)(void *context), void *context, unsigned limit_s, int *status)
{
    pid_t parent = getpid();
    pid_t child;
    bool is_in_time;

    fflush(NULL);
    child = fork();
    if (child < 0) {
        *status = errno;
        return BOUNDS_REFUSED;
    }
    if (child == 0) {
        be_bounded(parent);
        run(context);
        exit(0);
    }
    setpgid(child, child);
    is_in_time = await(child, limit_s);
    kill(-child, SIGKILL); /* also what it has started and left behind */
    while (waitpid(child, status, 0) < 0 && errno == EINTR) {
    }
    if (!is_in_time) {
        return BOUNDS_LATE;
    }
    if (WIFSIGNALED(*status)) {
        *status = WTERMSIG(*status);
        return BOUNDS_KILLED;
    }
    *status = WEXITSTATUS(*status);
    return BOUNDS_RETURNED;
}

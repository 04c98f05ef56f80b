/* SPDX-License-Identifier: BSD-2-Clause */
#include "scheduler/thread.h"

#include <signal.h>
#include <stdio.h>

void
tp_thread_processors(cpu_set_t *allowed)
{
    if (sched_getaffinity(0, sizeof(*allowed), allowed) != 0) {
        CPU_ZERO(allowed);
    }
}

static void
block_signals(sigset_t *before)
{
    sigset_t blocked;

    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    sigdelset(&blocked, SIGTRAP);
    sigdelset(&blocked, SIGABRT);
    sigdelset(&blocked, SIGSYS);
    pthread_sigmask(SIG_SETMASK, &blocked, before);
}

int
tp_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
    sigset_t before;
    int refused;

    block_signals(&before);
    refused = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return refused;
}

void
tp_thread_name(const char *kind, unsigned number)
{
    char name[16];

    snprintf(name, sizeof(name), "troupe/%s%u", kind, number % 100000);
    pthread_setname_np(pthread_self(), name);
}

void
tp_thread_pin(const cpu_set_t *allowed, unsigned index)
{
    cpu_set_t one;

    if (CPU_COUNT(allowed) == 0) {
        return;
    }
    index %= (unsigned)CPU_COUNT(allowed);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, allowed) && index-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            sched_setaffinity(0, sizeof(one), &one);
            return;
        }
    }
}

void
tp_thread_spread(const cpu_set_t *allowed)
{
    if (CPU_COUNT(allowed) > 0) {
        sched_setaffinity(0, sizeof(*allowed), allowed);
    }
}

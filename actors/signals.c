/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals: a runtime that runs until the system tells it to end.
 *
 * Two threads: one of ours waits for the end and stops the runtime; the one
 * that called takes signals, and so is free for the next one while the other
 * drains.
 *
 *     caller                               stopper
 *     poll: signals, done                  troupe_runtime_wait()
 *       SIGTERM -> tp_shutdown_ask ----->    returns
 *                                          troupe_runtime_stop()
 *       SIGTERM -> tp_shutdown_hurry --->    drains no more
 *     reads done <-------------------------- writes done
 *     joins it, prints the report
 *
 * What an actor ends by troupe_runtime_quit() takes the same way without the
 * first arrow. The descriptor of signals can be polled together with the one of
 * the stopper; with sigwait() the stopper would have to send a signal of its
 * own, which could not be told from one that somebody else has sent.
 *
 * Not chosen: a handler that writes to a pipe (a second way for one thing, and
 * it would have to be chained with what the program has set).
 */
#include "troupe/signals.h"

#include "actors/containment.h"
#include "actors/runtime.h"
#include "actors/shutdown.h"
#include "base/err.h"
#include "scheduler/thread.h"
#include "troupe/dump.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const uint64_t drain_ns_default = TROUPE_SECONDS(10);

struct vigil {
    struct troupe_runtime *runtime;
    struct troupe_signal_options options;
    int signals;
    int done;
    unsigned ends_count; /* signals that ask for the end */
    /* The stopper's, until it is joined. */
    struct troupe_stop_report report;
    troupe_err err;
    char detail[256]; /* of err: details are a thread's own */
};

static void
list_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGUSR1);
}

void
troupe_signals_block(void)
{
    sigset_t signals;

    list_signals(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* ---- the stopper --------------------------------------------------------- */

static void
wait_and_stop(struct vigil *vigil)
{
    troupe_runtime_wait(vigil->runtime);
    vigil->err = troupe_runtime_stop(
        vigil->runtime, vigil->options.drain_ns, &vigil->report);
    if (vigil->err != TROUPE_OK) {
        snprintf(
            vigil->detail, sizeof(vigil->detail), "%s", troupe_err_detail());
    }
}

static void *
run_stopper(void *arg)
{
    struct vigil *vigil = arg;

    tp_thread_name("stop", 0);
    wait_and_stop(vigil);
    (void)eventfd_write(vigil->done, 1);
    return NULL;
}

/* ---- who takes signals --------------------------------------------------- */

static void
dump(struct vigil *vigil)
{
    FILE *stream = vigil->options.stream;

    if (troupe_dump(vigil->runtime, NULL, stream) != TROUPE_OK) {
        fprintf(stream, "no dump: %s\n", troupe_err_detail());
    }
    fflush(stream);
}

/* The default action of a signal that is not blocked any more. */
static void
give_up(int signal)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t one;

    sigaction(signal, &action, NULL);
    sigemptyset(&one);
    sigaddset(&one, signal);
    raise(signal);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

static void
end(struct vigil *vigil, int signal)
{
    FILE *stream = vigil->options.stream;

    vigil->ends_count++;
    if (vigil->ends_count == 1) {
        fprintf(stream, "SIG%s: stopping, within %.1f s; again: at once\n",
            sigabbrev_np(signal), (double)vigil->options.drain_ns * 1e-9);
        fflush(stream);
        tp_shutdown_ask(vigil->runtime);
    } else if (vigil->ends_count == 2) {
        fprintf(stream, "SIG%s: stopping at once\n", sigabbrev_np(signal));
        fflush(stream);
        tp_shutdown_hurry(vigil->runtime);
    } else {
        give_up(signal);
    }
}

static void
take_signals(struct vigil *vigil)
{
    struct signalfd_siginfo came;

    while (read(vigil->signals, &came, sizeof(came)) == sizeof(came)) {
        if (came.ssi_signo == SIGUSR1) {
            dump(vigil);
        } else {
            end(vigil, (int)came.ssi_signo);
        }
    }
}

static void
take_until_done(struct vigil *vigil)
{
    struct pollfd files[] = {
        {.fd = vigil->done, .events = POLLIN},
        {.fd = vigil->signals, .events = POLLIN},
    };

    while (files[0].revents == 0) {
        if (poll(files, 2, -1) < 0) {
            files[0].revents = 0; /* a signal that is not ours */
            continue;
        }
        if (files[0].revents == 0) {
            take_signals(vigil);
        }
    }
}

static troupe_err
keep(struct vigil *vigil)
{
    pthread_t stopper;
    int refused = tp_thread_start(&stopper, run_stopper, vigil);

    if (refused != 0) {
        return tp_err_set(TROUPE_E_SYSTEM,
            "no thread to stop the runtime by: %s", strerror(refused));
    }
    take_until_done(vigil);
    pthread_join(stopper, NULL);
    return vigil->err == TROUPE_OK
               ? TROUPE_OK
               : tp_err_set(vigil->err, "%s", vigil->detail);
}

/* Else a late one would end the process when it is unblocked. */
static void
drop_pending(const sigset_t *signals)
{
    struct timespec at_once = {0, 0};

    while (sigtimedwait(signals, NULL, &at_once) > 0) {
    }
}

static troupe_err
open_and_keep(struct vigil *vigil, const sigset_t *signals)
{
    troupe_err err;

    vigil->signals = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
    vigil->done = eventfd(0, EFD_CLOEXEC);
    if (vigil->signals < 0 || vigil->done < 0) {
        err = tp_err_set(TROUPE_E_SYSTEM,
            "no file descriptor to take signals by: %s", strerror(errno));
    } else {
        err = keep(vigil);
    }
    if (vigil->signals >= 0) {
        close(vigil->signals);
    }
    if (vigil->done >= 0) {
        close(vigil->done);
    }
    return err;
}

static troupe_err
keep_with_signals(struct vigil *vigil)
{
    sigset_t signals;
    sigset_t before;
    troupe_err err;

    list_signals(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    err = open_and_keep(vigil, &signals);
    if (err == TROUPE_OK) {
        drop_pending(&signals);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

static troupe_err
keep_simulation(struct vigil *vigil)
{
    wait_and_stop(vigil);
    return vigil->err;
}

/* ---- the whole ----------------------------------------------------------- */

static troupe_err
resolve(const struct troupe_signal_options *given,
    struct troupe_signal_options *options)
{
    *options = troupe_signal_options_default();
    if (given != NULL) {
        if (given->size < sizeof(size_t) || given->size > sizeof(*options)) {
            return tp_err_set(TROUPE_E_ABI_MISMATCH,
                "signal options of %zu bytes, this library knows %zu: make "
                "them by TROUPE_SIGNAL_OPTIONS",
                given->size, sizeof(*options));
        }
        memcpy(options, given, given->size);
    }
    if (options->drain_ns == 0) {
        options->drain_ns = drain_ns_default;
    }
    if (options->stream == NULL) {
        options->stream = stderr;
    }
    return TROUPE_OK;
}

/* In the stopper it would be no error: a thread of ours may stop. */
static troupe_err
check(const struct troupe_runtime *runtime)
{
    const struct troupe_self *self = pthread_getspecific(runtime->key);

    if (self != NULL && self->worker != NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "a handler cannot wait for the end of its own runtime");
    }
    return TROUPE_OK;
}

troupe_err
troupe_run_until_signal(struct troupe_runtime *runtime,
    const struct troupe_signal_options *given,
    struct troupe_stop_report *report)
{
    TP_RUNTIME_CALL();
    struct vigil vigil = {
        .runtime = runtime, .report = TROUPE_STOP_REPORT, .err = TROUPE_OK};
    troupe_err err = resolve(given, &vigil.options);

    if (err == TROUPE_OK) {
        err = check(runtime);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    err = runtime->is_simulated ? keep_simulation(&vigil)
                                : keep_with_signals(&vigil);
    if (err != TROUPE_OK) {
        return err;
    }
    troupe_stop_report_print(vigil.options.stream, &vigil.report);
    fflush(vigil.options.stream);
    if (report != NULL) {
        size_t size = report->size < sizeof(vigil.report)
                          ? report->size
                          : sizeof(vigil.report);

        vigil.report.size = size;
        memcpy(report, &vigil.report, size);
    }
    return TROUPE_OK;
}

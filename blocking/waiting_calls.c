/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waiting_calls: the functions of the C library that wait, which report first.
 *
 * Linked into a program, they stand before those of the C library, for the
 * program and for the shared libraries that it uses; each calls the one that it
 * stands for. What the C library calls inside itself, such as the write() of
 * printf(), is not seen.
 *
 * Reported is what would wait, as far as can be known beforehand: a read or a
 * write of a pipe, a socket or a terminal that is not O_NONBLOCK, a poll with
 * time, a mutex that somebody has. Files on disks are not: every program reads
 * some, and the system has most of them in memory; fsync() is.
 *
 * Not chosen: a library for LD_PRELOAD, which would find the handler's flag
 * only in programs that link troupe as a shared library; the linker's --wrap,
 * which sees the program's own objects alone.
 */
#include "troupe/blocking.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Named by whoever links this, so that the linker takes it. */
TROUPE_API const int troupe_blocking_is_linked;
const int troupe_blocking_is_linked = 1;

/* Declares next, the function that this one stands before. Asked for at the
 * first call; by two threads at once, both find the same. */
#define NEXT(name)                                                             \
    static __typeof__(&(name)) found;                                          \
    __typeof__(&(name)) next = __atomic_load_n(&found, __ATOMIC_RELAXED);      \
    if (next == NULL) {                                                        \
        *(void **)&next = dlsym(RTLD_NEXT, #name);                             \
        __atomic_store_n(&found, next, __ATOMIC_RELAXED);                      \
    }

#define REPORT(name) troupe_blocking_report(#name, __builtin_return_address(0))

#define EXPORT __attribute__((visibility("default")))

static bool
may_wait(int file)
{
    int errno_before = errno;
    int flags = fcntl(file, F_GETFL);
    struct stat is;
    bool may = flags >= 0 && (flags & O_NONBLOCK) == 0 &&
               fstat(file, &is) == 0 && !S_ISREG(is.st_mode) &&
               !S_ISDIR(is.st_mode);

    errno = errno_before;
    return may;
}

/* ---- descriptors --------------------------------------------------------- */

EXPORT ssize_t
read(int file, void *bytes, size_t count)
{
    NEXT(read)
    if (may_wait(file)) {
        REPORT(read);
    }
    return next(file, bytes, count);
}

EXPORT ssize_t
write(int file, const void *bytes, size_t count)
{
    NEXT(write)
    if (may_wait(file)) {
        REPORT(write);
    }
    return next(file, bytes, count);
}

EXPORT ssize_t
recv(int file, void *bytes, size_t count, int flags)
{
    NEXT(recv)
    if ((flags & MSG_DONTWAIT) == 0 && may_wait(file)) {
        REPORT(recv);
    }
    return next(file, bytes, count, flags);
}

EXPORT ssize_t
send(int file, const void *bytes, size_t count, int flags)
{
    NEXT(send)
    if ((flags & MSG_DONTWAIT) == 0 && may_wait(file)) {
        REPORT(send);
    }
    return next(file, bytes, count, flags);
}

EXPORT ssize_t
recvfrom(int file, void *restrict bytes, size_t count, int flags,
    __SOCKADDR_ARG address, socklen_t *restrict size)
{
    NEXT(recvfrom)
    if ((flags & MSG_DONTWAIT) == 0 && may_wait(file)) {
        REPORT(recvfrom);
    }
    return next(file, bytes, count, flags, address, size);
}

EXPORT ssize_t
sendto(int file, const void *bytes, size_t count, int flags,
    __CONST_SOCKADDR_ARG address, socklen_t size)
{
    NEXT(sendto)
    if ((flags & MSG_DONTWAIT) == 0 && may_wait(file)) {
        REPORT(sendto);
    }
    return next(file, bytes, count, flags, address, size);
}

EXPORT ssize_t
recvmsg(int file, struct msghdr *message, int flags)
{
    NEXT(recvmsg)
    if ((flags & MSG_DONTWAIT) == 0 && may_wait(file)) {
        REPORT(recvmsg);
    }
    return next(file, message, flags);
}

EXPORT ssize_t
sendmsg(int file, const struct msghdr *message, int flags)
{
    NEXT(sendmsg)
    if ((flags & MSG_DONTWAIT) == 0 && may_wait(file)) {
        REPORT(sendmsg);
    }
    return next(file, message, flags);
}

EXPORT int
connect(int file, __CONST_SOCKADDR_ARG address, socklen_t size)
{
    NEXT(connect)
    if (may_wait(file)) {
        REPORT(connect);
    }
    return next(file, address, size);
}

EXPORT int
accept(int file, __SOCKADDR_ARG address, socklen_t *size)
{
    NEXT(accept)
    if (may_wait(file)) {
        REPORT(accept);
    }
    return next(file, address, size);
}

EXPORT int
accept4(int file, __SOCKADDR_ARG address, socklen_t *restrict size, int flags)
{
    NEXT(accept4)
    if (may_wait(file)) {
        REPORT(accept4);
    }
    return next(file, address, size, flags);
}

EXPORT int
poll(struct pollfd *files, nfds_t count, int timeout_ms)
{
    NEXT(poll)
    if (timeout_ms != 0) {
        REPORT(poll);
    }
    return next(files, count, timeout_ms);
}

EXPORT int
ppoll(struct pollfd *files, nfds_t count, const struct timespec *timeout,
    const sigset_t *signals)
{
    NEXT(ppoll)
    if (timeout == NULL || timeout->tv_sec != 0 || timeout->tv_nsec != 0) {
        REPORT(ppoll);
    }
    return next(files, count, timeout, signals);
}

EXPORT int
select(int end, fd_set *restrict readable, fd_set *restrict writable,
    fd_set *restrict special, struct timeval *restrict timeout)
{
    NEXT(select)
    if (timeout == NULL || timeout->tv_sec != 0 || timeout->tv_usec != 0) {
        REPORT(select);
    }
    return next(end, readable, writable, special, timeout);
}

EXPORT int
pselect(int end, fd_set *restrict readable, fd_set *restrict writable,
    fd_set *restrict special, const struct timespec *restrict timeout,
    const sigset_t *restrict signals)
{
    NEXT(pselect)
    if (timeout == NULL || timeout->tv_sec != 0 || timeout->tv_nsec != 0) {
        REPORT(pselect);
    }
    return next(end, readable, writable, special, timeout, signals);
}

EXPORT int
epoll_wait(int file, struct epoll_event *events, int count, int timeout_ms)
{
    NEXT(epoll_wait)
    if (timeout_ms != 0) {
        REPORT(epoll_wait);
    }
    return next(file, events, count, timeout_ms);
}

EXPORT int
epoll_pwait(int file, struct epoll_event *events, int count, int timeout_ms,
    const sigset_t *signals)
{
    NEXT(epoll_pwait)
    if (timeout_ms != 0) {
        REPORT(epoll_pwait);
    }
    return next(file, events, count, timeout_ms, signals);
}

EXPORT int
fsync(int file)
{
    NEXT(fsync)
    REPORT(fsync);
    return next(file);
}

EXPORT int
fdatasync(int file)
{
    NEXT(fdatasync)
    REPORT(fdatasync);
    return next(file);
}

/* ---- time ---------------------------------------------------------------- */

EXPORT unsigned
sleep(unsigned seconds)
{
    NEXT(sleep)
    REPORT(sleep);
    return next(seconds);
}

EXPORT int
usleep(useconds_t span_us)
{
    NEXT(usleep)
    REPORT(usleep);
    return next(span_us);
}

EXPORT int
nanosleep(const struct timespec *span, struct timespec *left)
{
    NEXT(nanosleep)
    REPORT(nanosleep);
    return next(span, left);
}

EXPORT int
clock_nanosleep(clockid_t clock, int flags, const struct timespec *span,
    struct timespec *left)
{
    NEXT(clock_nanosleep)
    REPORT(clock_nanosleep);
    return next(clock, flags, span, left);
}

/* ---- others -------------------------------------------------------------- */

EXPORT pid_t
waitpid(pid_t pid, int *status, int options)
{
    NEXT(waitpid)
    if ((options & WNOHANG) == 0) {
        REPORT(waitpid);
    }
    return next(pid, status, options);
}

EXPORT int
getaddrinfo(const char *restrict name, const char *restrict service,
    const struct addrinfo *restrict hints,
    struct addrinfo **restrict found_ones)
{
    NEXT(getaddrinfo)
    REPORT(getaddrinfo);
    return next(name, service, hints, found_ones);
}

EXPORT int
pthread_mutex_lock(pthread_mutex_t *mutex)
{
    int busy = pthread_mutex_trylock(mutex);

    NEXT(pthread_mutex_lock)
    if (busy != EBUSY) {
        return busy;
    }
    REPORT(pthread_mutex_lock);
    return next(mutex);
}

EXPORT int
pthread_cond_wait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex)
{
    NEXT(pthread_cond_wait)
    REPORT(pthread_cond_wait);
    return next(condition, mutex);
}

EXPORT int
pthread_join(pthread_t thread, void **result)
{
    NEXT(pthread_join)
    REPORT(pthread_join);
    return next(thread, result);
}

EXPORT int
sem_wait(sem_t *semaphore)
{
    int errno_before = errno;

    NEXT(sem_wait)
    if (sem_trywait(semaphore) == 0) {
        return 0;
    }
    errno = errno_before;
    REPORT(sem_wait);
    return next(semaphore);
}

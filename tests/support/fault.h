/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault: code that faults, in each way that a handler can.
 *
 * Sanitizers would report most of it before the processor does, which is not
 * what is tested, so these functions are compiled without them.
 */
#ifndef TROUPE_TESTS_SUPPORT_FAULT_H
#define TROUPE_TESTS_SUPPORT_FAULT_H

#include "tests/support/check.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* A division by 0 that is none, as on aarch64, is followed by an instruction
 * that there is not. */
#ifdef __aarch64__
#define FAULT_DIVISION_SIGNAL SIGILL
#define FAULT_UNDEFINED_INSTRUCTION ".inst 0"
#else
#define FAULT_DIVISION_SIGNAL SIGFPE
#define FAULT_UNDEFINED_INSTRUCTION "ud2"
#endif

enum fault {
    FAULT_NULL,        /* SIGSEGV */
    FAULT_PAGE,        /* SIGSEGV, at a page that may not be read */
    FAULT_OVERFLOW,    /* SIGSEGV, with no stack left */
    FAULT_DIVISION,    /* FAULT_DIVISION_SIGNAL */
    FAULT_INSTRUCTION, /* SIGILL */
    FAULT_FILE,        /* SIGBUS, behind the end of a mapped file */
    FAULTS_COUNT,
};

static const int fault_signals[FAULTS_COUNT] = {
    SIGSEGV, SIGSEGV, SIGSEGV, FAULT_DIVISION_SIGNAL, SIGILL, SIGBUS};

#define FAULT_RAW                                                              \
    __attribute__((noinline, unused, no_sanitize("address"),                   \
        no_sanitize("undefined"), no_sanitize("thread")))

/* A page that may not be touched; the process keeps it. */
static inline char *
fault_page(void)
{
    char *page =
        mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(page != MAP_FAILED);
    return page;
}

static inline char *
fault_page_of_empty_file(void)
{
    int file = memfd_create("empty", 0);
    char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);

    CHECK(file >= 0 && page != MAP_FAILED);
    close(file);
    return page;
}

static FAULT_RAW void
fault_read(const char *at)
{
    (void)*(const volatile char *)at;
}

static FAULT_RAW int
fault_overflow(uint64_t depth)
{
    volatile char frame[512];

    frame[depth % sizeof(frame)] = 1;
    return depth == 0 ? 0 : fault_overflow(depth - 1) + frame[0];
}

static FAULT_RAW void
fault_divide(int by)
{
    volatile int divisor = by;
    volatile int quotient = 100 / divisor;

    (void)quotient;
}

static inline void
fault_do(enum fault fault)
{
    static char *const volatile nowhere = NULL;

    switch (fault) {
    case FAULT_NULL:
        fault_read(nowhere);
        break;
    case FAULT_PAGE:
        fault_read(fault_page());
        break;
    case FAULT_OVERFLOW:
        (void)fault_overflow(UINT64_MAX);
        break;
    case FAULT_DIVISION:
        fault_divide(0);
        __asm__ volatile(FAULT_UNDEFINED_INSTRUCTION);
        break;
    case FAULT_INSTRUCTION:
        __asm__ volatile(FAULT_UNDEFINED_INSTRUCTION);
        break;
    case FAULT_FILE:
        fault_read(fault_page_of_empty_file());
        break;
    case FAULTS_COUNT:
        break;
    }
}

/*
 * cmocka puts its own handlers of these signals on before each test. So main()
 * makes a runtime and saves what that has set; a test that is to be contained
 * puts it back.
 */
enum { FAULT_SIGNALS_COUNT = 4 };
static const int fault_signals_of_all[FAULT_SIGNALS_COUNT] = {
    SIGSEGV, SIGBUS, SIGFPE, SIGILL};
static struct sigaction fault_handlers[FAULT_SIGNALS_COUNT];

static inline void
fault_save_handlers(void)
{
    for (int i = 0; i < FAULT_SIGNALS_COUNT; i++) {
        sigaction(fault_signals_of_all[i], NULL, &fault_handlers[i]);
    }
}

static inline void
fault_put_handlers_back(void)
{
    for (int i = 0; i < FAULT_SIGNALS_COUNT; i++) {
        sigaction(fault_signals_of_all[i], &fault_handlers[i], NULL);
    }
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Its longjmp check takes a jump between two stacks for an attack. */
#undef _FORTIFY_SOURCE

#include "actors/containment.h"

#include "actors/crash.h"
#include "actors/life.h"
#include "actors/process.h"
#include "actors/runtime.h"
#include "base/memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* A worker's loop that contains, on the stack of the thread that runs it. */
struct loop {
    struct troupe_self *self;
    struct tp_crash crash;
    sigjmp_buf start;
};

enum { FAULTS_COUNT = 4, STACK_BYTES_MIN = 1 << 16 };

static const int faults[FAULTS_COUNT] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};

/* What handled each before us. Written once, before our handler is set. */
static struct sigaction earlier[FAULTS_COUNT];
static pthread_once_t install_once = PTHREAD_ONCE_INIT;

__thread struct tp_containment tp_containment
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* The innermost loop of this thread; NULL: none. Its own and its signal
 * handler's. */
static __thread struct loop *volatile innermost
    __attribute__((tls_model("initial-exec")));

struct troupe_self *
tp_containment_self(void)
{
    struct loop *loop = innermost;

    return loop != NULL && tp_containment.is_in_user_code != 0 ? loop->self
                                                               : NULL;
}

/* ---- the signal handler -------------------------------------------------- */

static bool
is_contained(const struct loop *loop, const siginfo_t *info)
{
    return info->si_code > 0 && tp_containment.is_in_user_code != 0 &&
           loop != NULL &&
           tp_runtime_state_of(loop->self->runtime) != TP_RUNTIME_FORKED;
}

static const struct sigaction *
earlier_of(int signal)
{
    int i = 0;

    while (faults[i] != signal) {
        i++;
    }
    return &earlier[i];
}

/* The default action: at the faulting instruction, which runs once more; what
 * was sent is sent again. */
static void
act_by_default(int signal, const siginfo_t *info)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    sigaction(signal, &action, NULL);
    if (info->si_code <= 0) {
        raise(signal);
    }
}

/* With the mask that the kernel would have set. */
static void
call_earlier(
    const struct sigaction *action, int signal, siginfo_t *info, void *context)
{
    sigset_t blocked = action->sa_mask;
    sigset_t before;

    if ((action->sa_flags & SA_NODEFER) == 0) {
        sigaddset(&blocked, signal);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    if ((action->sa_flags & SA_SIGINFO) != 0) {
        action->sa_sigaction(signal, info, context);
    } else {
        action->sa_handler(signal);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void
pass_on(int signal, siginfo_t *info, void *context)
{
    const struct sigaction *action = earlier_of(signal);
    bool is_plain = (action->sa_flags & SA_SIGINFO) == 0;

    if (is_plain && action->sa_handler == SIG_IGN && info->si_code <= 0) {
        return;
    }
    /* The kernel does not let a fault be ignored. */
    if (is_plain &&
        (action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN)) {
        act_by_default(signal, info);
    } else {
        call_earlier(action, signal, info, context);
    }
}

static void __attribute__((noreturn)) jump_out(struct loop *loop, int signal,
    const siginfo_t *info, const ucontext_t *context)
{
    tp_containment.is_in_user_code = 0;
    loop->crash.signal = signal;
    loop->crash.address = (uintptr_t)info->si_addr;
    loop->crash.stack_bytes = tp_process_escape(loop->self, info->si_addr);
    pthread_sigmask(SIG_SETMASK, &context->uc_sigmask, NULL);
    siglongjmp(loop->start, 1);
}

static void
on_fault(int signal, siginfo_t *info, void *context)
{
    struct loop *loop = innermost;

    if (is_contained(loop, info)) {
        jump_out(loop, signal, info, context);
    }
    pass_on(signal, info, context);
}

static void
install(void)
{
    struct sigaction action = {
        .sa_sigaction = on_fault,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART,
    };

    sigemptyset(&action.sa_mask);
    for (int i = 0; i < FAULTS_COUNT; i++) {
        sigaction(faults[i], NULL, &earlier[i]);
        sigaction(faults[i], &action, NULL);
    }
}

void
tp_containment_install(void)
{
    pthread_once(&install_once, install);
}

/* ---- the way back -------------------------------------------------------- */

void
tp_containment_enclose(
    struct tp_worker *worker, void (*body)(struct tp_worker *worker))
{
    struct loop *outer = innermost;
    struct loop loop;

    loop.self = worker->local;
    if (sigsetjmp(loop.start, 0) != 0) {
        tp_life_crashed(loop.self, &loop.crash);
    }
    innermost = &loop;
    body(worker);
    innermost = outer;
}

/* ---- the alternate stack ------------------------------------------------- */

static size_t
page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t
stack_bytes(void)
{
    long wanted =
        sysconf(_SC_SIGSTKSZ); /* grows with what the CPU has to save */

    return wanted > STACK_BYTES_MIN ? (size_t)wanted : STACK_BYTES_MIN;
}

bool
tp_signal_stack_create(struct tp_signal_stack *stack)
{
    size_t page = page_bytes();

    stack->bytes = page + (stack_bytes() + page - 1) / page * page;
    stack->pages = tp_memory_map(stack->bytes);
    if (stack->pages == NULL) {
        return false;
    }
    /* Without the guard it is a stack all the same. */
    (void)mprotect(stack->pages, page, PROT_NONE);
    return true;
}

void
tp_signal_stack_put_on(const struct tp_signal_stack *stack)
{
    stack_t mine = {.ss_sp = stack->pages + page_bytes(),
        .ss_size = stack->bytes - page_bytes()};
    stack_t now;

    if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE) != 0) {
        (void)sigaltstack(&mine, NULL);
    }
}

static bool
is_on(const struct tp_signal_stack *stack)
{
    stack_t now;

    return sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE) == 0 &&
           now.ss_sp == stack->pages + page_bytes();
}

void
tp_signal_stack_take_off(const struct tp_signal_stack *stack)
{
    stack_t none = {.ss_flags = SS_DISABLE};

    if (stack->pages != NULL && is_on(stack)) {
        (void)sigaltstack(&none, NULL);
    }
}

void
tp_signal_stack_destroy(struct tp_signal_stack *stack)
{
    if (stack->pages != NULL) {
        tp_memory_unmap(stack->pages, stack->bytes);
        stack->pages = NULL;
    }
}

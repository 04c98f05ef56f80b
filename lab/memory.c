/* SPDX-License-Identifier: BSD-2-Clause */
/* memory: what is shared, and with whom. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what may be shared -------------------------------------------------- */

static int64_t global;

/* A block of the heap, a variable on the caller's stack, an open file. */
struct places {
    int64_t *heap;
    int64_t *stack;
    int file;
};

static void
write_everywhere(const struct places *places)
{
    global = 1;
    *places->heap = 1;
    *places->stack = 1;
    if (write(places->file, "x", 1) != 1) {
        abort();
    }
}

/* ---- broken: a thread, which shares it all ------------------------------- */

static void
write_in_thread(void *context, unsigned index)
{
    (void)index;
    write_everywhere(context);
}

static void
by_thread(struct places *places)
{
    if (!threads_run(1, write_in_thread, places)) {
        abort();
    }
}

/* ---- mended: a process, which has a copy --------------------------------- */

static void
by_process(struct places *places)
{
    pid_t child = fork();

    if (child == 0) {
        write_everywhere(places);
        _exit(0);
    }
    if (child < 0 || waitpid(child, NULL, 0) != child) {
        abort();
    }
}

/* ---- actors: what they are told is a copy -------------------------------- */

#define VALUES(FIELD) FIELD(int64, heap) FIELD(int64, stack)
TROUPE_MESSAGE(values, VALUES)
TROUPE_MESSAGE(written, VALUES)

static void
on_values(struct troupe_self *self, void *state, const struct values *values)
{
    struct values *own = state;

    *own = *values;
    own->heap = 1;
    own->stack = 1;
    (void)troupe_reply(self, written, .heap = own->heap, .stack = own->stack);
}

TROUPE_BEHAVIOUR(listener, sizeof(struct values), TROUPE_ON(values, on_values));

static void
by_actor(struct places *places)
{
    struct troupe_self *self = system_begin(NULL);
    struct written written;
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(self, listener, &pid));
    TROUPE_CHECK(troupe_ask(self, pid, TROUPE_SECONDS(60), written, &written,
        values, .heap = *places->heap, .stack = *places->stack));
    system_end(NULL);
}

/* ---- who sees what ------------------------------------------------------- */

struct seen {
    int64_t global;
    int64_t heap;
    int64_t stack;
    int64_t file;
};

static struct seen
look_after(
    void (*by)(struct places *), struct lab_report *report, const char *who)
{
    int64_t *heap = calloc(1, sizeof(*heap));
    int64_t stack = 0;
    char path[] = "/tmp/troupe-lab-XXXXXX";
    struct places places = {heap, &stack, mkstemp(path)};
    struct seen seen;

    if (heap == NULL || places.file < 0) {
        abort();
    }
    unlink(path);
    global = 0;
    by(&places);
    seen = (struct seen){
        global, *heap, stack, (int64_t)lseek(places.file, 0, SEEK_CUR)};
    lab_measured(report, who, "a global", "", (double)seen.global);
    lab_measured(report, who, "a heap block", "", (double)seen.heap);
    lab_measured(
        report, who, "a variable on the stack", "", (double)seen.stack);
    lab_measured(
        report, who, "the place in an open file", "", (double)seen.file);
    close(places.file);
    free(heap);
    return seen;
}

static void
run(struct lab_report *report)
{
    struct seen thread;
    struct seen process;
    struct seen actor;

    lab_say(report,
        "Main has a global, a heap block, a variable on its stack and an open "
        "file. Another writes 1 to all it can. What main sees afterwards:");
    thread = look_after(by_thread, report, "thread");
    process = look_after(
        lab_is_fixed(report) ? by_process : by_thread, report, "process");
    actor = look_after(by_actor, report, "actor");
    lab_expect_equal(report, "a thread's write to the heap is seen", 1,
        (uint64_t)thread.heap);
    lab_expect_equal(report, "a thread's write to main's stack is seen", 1,
        (uint64_t)thread.stack);
    lab_expect_equal(report, "a process's write to the heap is seen", 0,
        (uint64_t)process.heap);
    lab_expect_equal(report, "a process's write to a global is seen", 0,
        (uint64_t)process.global);
    lab_expect_equal(report, "a process moves on in the open file it was given",
        1, (uint64_t)process.file);
    lab_expect_equal(report, "an actor's write to what it was told is seen", 0,
        (uint64_t)(actor.heap + actor.stack));
    lab_say(report,
        "A thread's stack is its own only as long as nobody gives its address "
        "away. A process has copies of all memory, but open files are the "
        "system's, and so is the place in them. An actor is in the same memory "
        "as main and could reach a global; what it is told is a copy, and its "
        "state nobody has the address of.");
    lab_conclude(report, LAB_PARTLY,
        "Threads share heap, globals and files, and their stacks too, once an "
        "address is handed out. Private is what nobody else is told.");
}

const struct lab lab_memory = {
    .name = "memory",
    .claim = "Threads share heap, code and open files, and have private "
             "stacks.",
    .duration_s = 1,
    .run = run,
};

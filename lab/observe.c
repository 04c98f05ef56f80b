/* SPDX-License-Identifier: BSD-2-Clause */
/* observe: what the system's tools see of a program that runs actors. */
#include "lab/lab.h"
#include "lab/system.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS_COUNT = 2, LINES_MAX = 14, TEXT_SIZE = 8192 };

/* ---- the program that is looked at --------------------------------------- */

TROUPE_MESSAGE(knock, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(come_in, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(rotate, TROUPE_NO_FIELDS)

static void
on_knock(struct troupe_self *self, void *state, const struct knock *knock)
{
    struct troupe_request **kept = state;

    (void)knock;
    TROUPE_CHECK(troupe_request_keep(self, kept)); /* it never opens */
}

TROUPE_BEHAVIOUR(
    doorkeeper, sizeof(struct troupe_request *), TROUPE_ON(knock, on_knock));

static troupe_pid door;

static void
on_come_in(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self;
    (void)state;
    (void)context;
    (void)answer;
}

static void
on_visitor_start(struct troupe_self *self, void *state)
{
    (void)state;
    TROUPE_CHECK(
        troupe_ask_then(self, door, TROUPE_SECONDS(600), on_come_in, 0, knock));
}

TROUPE_BEHAVIOUR(visitor, 0, TROUPE_ON_START(on_visitor_start));

static void
on_rotate(struct troupe_self *self, void *state, const struct rotate *rotate)
{
    (void)state;
    (void)rotate;
    (void)troupe_tell(self, troupe_self_pid(self), rotate);
}

TROUPE_BEHAVIOUR(mill, 0, TROUPE_ON(rotate, on_rotate));

/* Says by a byte that it runs; waits for one, says what its actors do, and
 * waits for the next. */
static void
be_looked_at(int in, int out)
{
    struct troupe_self *self =
        system_begin(&TROUPE_OPTIONS(.workers_count = WORKERS_COUNT));
    FILE *stream = fdopen(out, "w");
    troupe_pid pid;
    char byte = '!';

    TROUPE_CHECK(troupe_spawn(self, doorkeeper, &door));
    TROUPE_CHECK(troupe_spawn(self, visitor, &pid));
    TROUPE_CHECK(troupe_spawn(self, mill, &pid));
    TROUPE_CHECK(troupe_tell(self, pid, rotate));
    if (stream == NULL || write(out, &byte, 1) != 1 ||
        read(in, &byte, 1) != 1) {
        _exit(1);
    }
    TROUPE_CHECK(troupe_dump(system_runtime(), NULL, stream));
    fclose(stream);
    (void)read(in, &byte, 1);
    _exit(0);
}

struct program {
    pid_t number;
    int to;
    int from;
};

static struct program
start_program(void)
{
    int to[2];
    int from[2];
    struct program program;
    char byte;

    if (pipe(to) != 0 || pipe(from) != 0) {
        abort();
    }
    program = (struct program){fork(), to[1], from[0]};
    if (program.number == 0) {
        close(to[1]);
        close(from[0]);
        be_looked_at(to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    if (read(program.from, &byte, 1) != 1) {
        abort();
    }
    return program;
}

/* ---- broken: the threads, which know of no actor ------------------------- */

/* A line a thread: its number and name. */
static unsigned
list_threads(const struct program *program, char text[TEXT_SIZE])
{
    char path[64];
    unsigned count = 0;
    size_t used = 0;
    const struct dirent *entry;
    DIR *tasks;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)program->number);
    tasks = opendir(path);
    text[0] = '\0';
    while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
        char name[64] = "";
        char file[400];
        FILE *comm;

        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(file, sizeof(file), "%s/%s/comm", path, entry->d_name);
        comm = fopen(file, "r");
        if (comm != NULL) {
            (void)(fgets(name, sizeof(name), comm) != NULL);
            fclose(comm);
            used += (size_t)snprintf(
                text + used, TEXT_SIZE - used, "%s %s", entry->d_name, name);
            count++;
        }
    }
    if (tasks != NULL) {
        closedir(tasks);
    }
    return count;
}

/* ---- mended: the program is asked for its actors ------------------------- */

static void
ask_for_actors(const struct program *program, char text[TEXT_SIZE])
{
    size_t used = 0;
    ssize_t count;

    if (write(program->to, "?", 1) != 1) {
        abort();
    }
    while (
        (count = read(program->from, text + used, TEXT_SIZE - 1 - used)) > 0) {
        used += (size_t)count;
    }
    text[used] = '\0';
}

/* ---- the tools ----------------------------------------------------------- */

/* The first lines of what a tool says of the program. */
static void
show_tool(struct lab_report *report, const char *format, pid_t number,
    const char *explained)
{
    char command[256];
    char shell[280];
    char text[TEXT_SIZE] = "";
    size_t used;
    FILE *tool;
    int lines_count = 0;

    used = (size_t)snprintf(text, sizeof(text), "$ ");
    snprintf(command, sizeof(command), format, (int)number);
    used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", command);
    fflush(NULL);
    snprintf(shell, sizeof(shell), "{ %s; } 2>&1", command);
    tool = popen(shell, "r");
    while (tool != NULL && lines_count < LINES_MAX &&
           fgets(text + used,
               (int)(100 < sizeof(text) - used ? 100 : sizeof(text) - used),
               tool) != NULL) {
        used += strlen(text + used);
        lines_count++;
    }
    if (tool != NULL) {
        char rest[256];

        while (fgets(rest, sizeof(rest), tool) != NULL) {
        }
        pclose(tool);
    }
    if (lines_count == 0) {
        snprintf(text + used, sizeof(text) - used, "(it says nothing)\n");
    }
    lab_say(report, "%s", explained);
    lab_show(report, text);
}

static void
show_tools(struct lab_report *report, pid_t number)
{
    show_tool(report, "ps -T -p %d -o spid,stat,time,comm", number,
        "ps -T has a line a thread: main, which waits (S), and the workers, of "
        "which the one with the mill is busy (R). Of actors it knows nothing.");
    show_tool(report, "top -H -b -n 1 -p %d | tail -n +7", number,
        "top -H shows the same with the share of a processor that each takes.");
    show_tool(report,
        "timeout -s INT 1 strace -c -f -qq -p %d 2>&1 | cut -c1-70", number,
        "strace -c counts system calls for a second: next to none. A worker "
        "that is busy with actors has nothing to ask of the kernel; only one "
        "that falls asleep does (futex).");
    show_tool(report,
        "gdb -batch -p %d -ex 'thread apply all bt 4' 2>/dev/null | grep -E "
        "'^(Thread|#)' "
        "| "
        "cut -c1-96",
        number,
        "gdb shows where each thread is. (With share/gdb loaded it lists "
        "actors too: `troupe actors`.)");
}

/* ---- the lab ------------------------------------------------------------- */

static void
run(struct lab_report *report)
{
    struct program program = start_program();
    char threads[TEXT_SIZE];
    char actors[TEXT_SIZE];
    unsigned threads_count = list_threads(&program, threads);

    lab_say(report,
        "A program with %d workers and three actors: a doorkeeper that never "
        "opens, a visitor that has knocked, and a mill that tells itself to go "
        "on.",
        WORKERS_COUNT);
    if (lab_size(report, 1, 0) == 1) {
        show_tools(report, program.number);
    }
    ask_for_actors(&program, actors);
    lab_say(report,
        "The program itself knows: troupe_dump() asks each actor. It says who "
        "waits for whom, which no stack shows, since an actor that waits has "
        "none:");
    lab_show(report, actors);
    lab_expect_at_least(report, "threads that the system shows",
        WORKERS_COUNT + 1, threads_count);
    lab_expect_equal(report, "threads named after an actor", 0,
        strstr(threads, "doorkeeper") != NULL);
    lab_expect_equal(report, "the dump names who waits and for whom", 1,
        strstr(lab_is_fixed(report) ? actors : threads, "visitor") != NULL &&
            strstr(lab_is_fixed(report) ? actors : threads, "doorkeeper") !=
                NULL);
    kill(program.number, SIGKILL);
    (void)waitpid(program.number, NULL, 0);
    close(program.to);
    close(program.from);
    lab_conclude(report, LAB_PARTLY,
        "They show %u threads and where each is, and no actor; the dump shows "
        "all actors and who waits for whom.",
        threads_count);
}

const struct lab lab_observe = {
    .name = "observe",
    .claim = "The system's tools show what a program does.",
    .duration_s = 4,
    .run = run,
};

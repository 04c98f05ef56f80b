/* SPDX-License-Identifier: BSD-2-Clause */
/* ipc: what it costs to hand a message over. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <arpa/inet.h>
#include <ck_pr.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOTS_COUNT = 256 };

/* ---- broken: a word that the writer writes, and the reader reads --------- */

struct word {
    uint64_t value;
};

static void
write_word(struct word *word, uint64_t value)
{
    word->value = value; /* whether or not the last one was read */
}

/* ---- mended: a ring, whose writer waits for room ------------------------- */

struct ring {
    /* Written by the reader, with release; read by the writer. */
    unsigned head __attribute__((aligned(64)));
    /* The other way round. */
    unsigned tail __attribute__((aligned(64)));
    uint64_t slots[SLOTS_COUNT];
};

static bool
try_push(struct ring *ring, uint64_t value)
{
    unsigned tail = ring->tail;

    if (tail - ck_pr_load_uint(&ring->head) == SLOTS_COUNT) {
        return false;
    }
    ring->slots[tail % SLOTS_COUNT] = value;
    ck_pr_fence_release(); /* pairs with the acquire in try_pop() */
    ck_pr_store_uint(&ring->tail, tail + 1);
    return true;
}

static bool
try_pop(struct ring *ring, uint64_t *value)
{
    unsigned head = ring->head;

    if (ck_pr_load_uint(&ring->tail) == head) {
        return false;
    }
    ck_pr_fence_acquire(); /* pairs with the release in try_push() */
    *value = ring->slots[head % SLOTS_COUNT];
    ck_pr_fence_release(); /* the slot is read before it is free */
    ck_pr_store_uint(&ring->head, head + 1);
    return true;
}

/* How many of so many messages arrive, if the reader comes late. */
static uint64_t
deliver_by_word(uint64_t count)
{
    struct word word = {0};

    for (uint64_t i = 1; i <= count; i++) {
        write_word(&word, i);
    }
    return word.value != 0;
}

static uint64_t
deliver_by_ring(uint64_t count)
{
    struct ring *ring = calloc(1, sizeof(*ring));
    uint64_t arrived = 0;
    uint64_t value;

    if (ring == NULL) {
        abort();
    }
    for (uint64_t i = 1; i <= count; i++) {
        while (!try_push(ring, i)) { /* the reader comes now */
            arrived += try_pop(ring, &value);
        }
    }
    while (try_pop(ring, &value)) {
        arrived++;
    }
    free(ring);
    return arrived;
}

/* ---- back and forth ------------------------------------------------------ */

/* Two places where messages lie, one for each direction. */
struct pair {
    struct ring rings[2];
    uint64_t *pointers[2]; /* to one of: */
    uint64_t letters[2];
    int ends[2][2]; /* of each side: where it reads, and writes */
    uint64_t rounds_count;
    uint64_t sum; /* of what the first side got */
};

typedef void pass_function(struct pair *pair, unsigned side);

static void
pass_by_ring(struct pair *pair, unsigned side)
{
    for (uint64_t i = 0; i < pair->rounds_count; i++) {
        uint64_t value = i;

        if (side == 0) {
            while (!try_push(&pair->rings[0], value)) {
                sched_yield();
            }
        }
        while (!try_pop(&pair->rings[1 - side], &value)) {
            sched_yield();
        }
        if (side == 1) {
            while (!try_push(&pair->rings[1], value)) {
                sched_yield();
            }
        } else {
            pair->sum += value;
        }
    }
}

/* A pointer, in a word of each direction that is NULL while it is empty. */
static void
pass_by_pointer(struct pair *pair, unsigned side)
{
    uint64_t *mine = &pair->letters[side];

    for (uint64_t i = 0; i < pair->rounds_count; i++) {
        uint64_t *theirs;

        if (side == 0) {
            *mine = i;
            __atomic_store_n(&pair->pointers[0], mine, __ATOMIC_RELEASE);
        }
        while ((theirs = __atomic_exchange_n(&pair->pointers[1 - side], NULL,
                    __ATOMIC_ACQ_REL)) == NULL) {
            sched_yield();
        }
        if (side == 1) {
            *mine = *theirs;
            __atomic_store_n(&pair->pointers[1], mine, __ATOMIC_RELEASE);
        } else {
            pair->sum += *theirs;
        }
    }
}

static void
move(int descriptor, bool is_writing, uint64_t *value)
{
    ssize_t count = is_writing ? write(descriptor, value, sizeof(*value))
                               : read(descriptor, value, sizeof(*value));

    if (count != sizeof(*value)) {
        _exit(1);
    }
}

static void
pass_by_descriptors(struct pair *pair, unsigned side)
{
    for (uint64_t i = 0; i < pair->rounds_count; i++) {
        uint64_t value = i;

        if (side == 0) {
            move(pair->ends[0][1], true, &value);
            move(pair->ends[0][0], false, &value);
            pair->sum += value;
        } else {
            move(pair->ends[1][0], false, &value);
            move(pair->ends[1][1], true, &value);
        }
    }
}

struct thread_pass {
    struct pair *pair;
    pass_function *pass;
};

static void
pass_in_thread(void *context, unsigned index)
{
    const struct thread_pass *job = context;

    job->pass(job->pair, index);
}

struct result {
    double ns_each;
    bool is_right;
};

static struct result
finish(struct pair *pair, uint64_t start_ns)
{
    uint64_t n = pair->rounds_count;
    struct result result = {
        (double)(timing_now_ns() - start_ns) / (2 * (double)n),
        pair->sum == n * (n - 1) / 2};

    munmap(pair, sizeof(*pair));
    return result;
}

static struct pair *
make_pair(uint64_t rounds_count)
{
    struct pair *pair = mmap(NULL, sizeof(*pair), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (pair == MAP_FAILED) {
        abort();
    }
    pair->rounds_count = rounds_count;
    return pair;
}

static struct result
between_threads(struct pair *pair, pass_function *pass)
{
    struct thread_pass job = {pair, pass};
    uint64_t start_ns = timing_now_ns();

    if (!threads_run(2, pass_in_thread, &job)) {
        abort();
    }
    return finish(pair, start_ns);
}

static struct result
between_processes(struct pair *pair, pass_function *pass)
{
    uint64_t start_ns = timing_now_ns();
    pid_t child = fork();

    if (child == 0) {
        pass(pair, 1);
        _exit(0);
    }
    pass(pair, 0);
    (void)waitpid(child, NULL, 0);
    return finish(pair, start_ns);
}

/* ---- descriptors --------------------------------------------------------- */

static void
close_ends(const int ends[2][2])
{
    for (int i = 0; i < 2; i++) {
        close(ends[i][0]);
        if (ends[i][1] != ends[i][0]) {
            close(ends[i][1]);
        }
    }
}

static struct result
by_pipes(uint64_t rounds_count)
{
    struct pair *pair = make_pair(rounds_count);
    int there[2];
    int back[2];
    int ends[2][2];
    struct result result;

    if (pipe(there) != 0 || pipe(back) != 0) {
        abort();
    }
    ends[0][0] = pair->ends[0][0] = back[0];
    ends[0][1] = pair->ends[0][1] = there[1];
    ends[1][0] = pair->ends[1][0] = there[0];
    ends[1][1] = pair->ends[1][1] = back[1];
    result = between_processes(pair, pass_by_descriptors);
    close_ends(ends);
    return result;
}

static struct result
by_sockets(uint64_t rounds_count, const int sockets[2])
{
    struct pair *pair = make_pair(rounds_count);
    struct result result;

    for (int i = 0; i < 2; i++) {
        pair->ends[i][0] = pair->ends[i][1] = sockets[i];
    }
    result = between_processes(pair, pass_by_descriptors);
    close(sockets[0]);
    close(sockets[1]);
    return result;
}

static struct result
by_unix_socket(uint64_t rounds_count)
{
    int sockets[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) {
        abort();
    }
    return by_sockets(rounds_count, sockets);
}

/* False: there is no loopback. */
static bool
connect_loopback(int sockets[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    bool is_made;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_made = bind(listener, (struct sockaddr *)&address, size) == 0 &&
              listen(listener, 1) == 0 &&
              getsockname(listener, (struct sockaddr *)&address, &size) == 0;
    sockets[0] = socket(AF_INET, SOCK_STREAM, 0);
    is_made =
        is_made && connect(sockets[0], (struct sockaddr *)&address, size) == 0;
    sockets[1] = is_made ? accept(listener, NULL, NULL) : -1;
    close(listener);
    for (int i = 0; i < 2; i++) {
        (void)setsockopt(sockets[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    return is_made && sockets[1] >= 0;
}

/* ---- actors -------------------------------------------------------------- */

#define LETTER(FIELD) FIELD(uint64, number) FIELD(uint64, left)
TROUPE_MESSAGE(letter, LETTER)

static uint64_t letters_left;

static void
on_letter(struct troupe_self *self, void *state, const struct letter *letter)
{
    (void)state;
    letters_left = letter->left;
    if (letter->left == 0) {
        troupe_runtime_quit(self);
    } else {
        (void)troupe_tell(self, troupe_sender(self), letter,
            .number = letter->number + 1, .left = letter->left - 1);
    }
}

static troupe_pid correspondent;
static uint64_t letters_count;

static void
on_first_start(struct troupe_self *self, void *state)
{
    (void)state;
    (void)troupe_tell(
        self, correspondent, letter, .number = 0, .left = letters_count);
}

TROUPE_BEHAVIOUR(second_writer, 0, TROUPE_ON(letter, on_letter));
TROUPE_BEHAVIOUR(first_writer, 0, TROUPE_ON_START(on_first_start),
    TROUPE_ON(letter, on_letter));

static struct result
by_actors(uint64_t rounds_count, unsigned first, unsigned second)
{
    struct troupe_self *self = system_begin(NULL);
    uint64_t start_ns = timing_now_ns();
    struct result result;
    troupe_pid pid;

    letters_count = 2 * rounds_count;
    TROUPE_CHECK(troupe_spawn_with(self, second_writer,
        &TROUPE_SPAWN_OPTIONS(.worker = second), &correspondent));
    TROUPE_CHECK(troupe_spawn_with(
        self, first_writer, &TROUPE_SPAWN_OPTIONS(.worker = first), &pid));
    system_wait();
    result.ns_each =
        (double)(timing_now_ns() - start_ns) / (double)letters_count;
    result.is_right = letters_left == 0;
    system_end(NULL);
    return result;
}

/* ---- the lab ------------------------------------------------------------- */

static void
tell(struct lab_report *report, const char *who, struct result result)
{
    char what[LAB_TEXT_SIZE];

    lab_measured(report, who, "a message, one way", "ns", result.ns_each);
    snprintf(what, sizeof(what), "all arrive by %s", who);
    lab_expect_equal(report, what, 1, result.is_right);
}

static void
run(struct lab_report *report)
{
    uint64_t count = lab_size(report, 100000, 1000);
    uint64_t many = lab_size(report, 1000000, 2000);
    struct result actors = by_actors(many, 0, 0);
    uint64_t late = 10000;
    struct result ring = between_threads(make_pair(count), pass_by_ring);
    int sockets[2];

    lab_expect_equal(report, "messages of 10,000 that arrive by one word", 1,
        deliver_by_word(late));
    lab_expect_equal(report, "messages of 10,000 that arrive by a ring", late,
        lab_is_fixed(report) ? deliver_by_ring(late) : deliver_by_word(late));
    tell(report, "actors", actors);
    if (timing_processors_count() > 1) {
        tell(report, "actors on two workers",
            by_actors(count, TROUPE_WORKER(0), TROUPE_WORKER(1)));
    }
    tell(report, "a pointer between threads",
        between_threads(make_pair(count), pass_by_pointer));
    tell(report, "a ring between threads", ring);
    tell(report, "a ring between processes",
        between_processes(make_pair(count), pass_by_ring));
    tell(report, "pipes", by_pipes(count));
    tell(report, "a Unix socket", by_unix_socket(count));
    if (connect_loopback(sockets)) {
        tell(report, "loopback TCP", by_sockets(count, sockets));
    }
    lab_say(report,
        "A message goes to and fro, with nothing else to do, so each pays the "
        "whole way: within a worker a few instructions; between processors a "
        "cache line that travels; between processes the kernel besides, which "
        "puts one to sleep and wakes the other. (A word that is written again "
        "before it was read has lost a message; the pointer waits until it has "
        "been taken.)");
    lab_conclude(report, LAB_PARTLY,
        "An actor's message takes %.0f ns, a slot of a shared ring %.0f ns: "
        "shared memory is fast while nobody has to be woken.",
        actors.ns_each, ring.ns_each);
}

const struct lab lab_ipc = {
    .name = "ipc",
    .claim = "Shared memory is the fastest way to hand something over, and "
             "messages are slow.",
    .drawn = "ns",
    .duration_s = 8,
    .run = run,
};

/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/replay.h"

#include "examples/bank/interleavings.h"

#include <stdbool.h>
#include <stdint.h>

enum { THREADS_COUNT = 2, STEPS_COUNT = 3, OUTCOMES_MAX = 4 };
enum { OPENING = 100, LOST_DEPOSIT = 80 };

/* What a thread does to the balance it has read. */
struct thread {
    char name;
    int change;
    const char *computes;
};

static const struct thread threads[THREADS_COUNT] = {
    {'A', +50, "adds 50"},
    {'B', -20, "takes 20"},
};

static const size_t steps_counts[THREADS_COUNT] = {STEPS_COUNT, STEPS_COUNT};

/* A machine of two threads with a register each, and one shared word. */
struct machine {
    int balance;
    int registers[THREADS_COUNT];
    int steps_done[THREADS_COUNT];
};

struct outcome {
    int balance;
    unsigned interleavings_count;
};

/* Takes a thread's next step and says in words what it did. */
static const char *
step(struct machine *machine, unsigned thread)
{
    switch (machine->steps_done[thread]++) {
    case 0:
        machine->registers[thread] = machine->balance;
        return "reads the balance";
    case 1:
        machine->registers[thread] += threads[thread].change;
        return threads[thread].computes;
    default:
        machine->balance = machine->registers[thread];
        return "writes the balance";
    }
}

static int
run(const struct interleaving *order)
{
    struct machine machine = {.balance = OPENING};

    for (size_t i = 0; i < order->length; i++) {
        step(&machine, order->threads[i]);
    }
    return machine.balance;
}

static void
print_register(const struct machine *machine, unsigned thread, FILE *stream)
{
    if (machine->steps_done[thread] == 0) {
        fprintf(stream, "%10s", "-");
    } else {
        fprintf(stream, "%10d", machine->registers[thread]);
    }
}

static void
print_steps(const struct interleaving *order, FILE *stream)
{
    struct machine machine = {.balance = OPENING};

    fprintf(stream, "  step  thread  %-20s%10s%10s%10s\n", "does", "A holds",
        "B holds", "balance");
    fprintf(stream, "%66d\n", machine.balance);
    for (size_t i = 0; i < order->length; i++) {
        unsigned thread = order->threads[i];
        const char *done = step(&machine, thread);

        fprintf(
            stream, "  %4zu  %-6c  %-20s", i + 1, threads[thread].name, done);
        print_register(&machine, 0, stream);
        print_register(&machine, 1, stream);
        fprintf(stream, "%10d\n", machine.balance);
    }
}

static void
print_lost_deposit(FILE *stream)
{
    struct interleaving order;

    interleaving_init(&order, steps_counts, THREADS_COUNT);
    while (run(&order) != LOST_DEPOSIT && interleaving_next(&order)) {
    }
    fprintf(stream, "One of their interleavings:\n\n");
    print_steps(&order, stream);
    fprintf(stream,
        "\nB had read the balance before A wrote it, and wrote over "
        "it: A's 50 are gone.\n");
}

/* Counts an outcome where the row, sorted by balance, has or gets it. */
static void
count_outcome(struct outcome outcomes[OUTCOMES_MAX], size_t *count, int balance)
{
    size_t place = 0;

    while (place < *count && outcomes[place].balance < balance) {
        place++;
    }
    if (place == *count || outcomes[place].balance != balance) {
        for (size_t i = (*count)++; i > place; i--) {
            outcomes[i] = outcomes[i - 1];
        }
        outcomes[place] = (struct outcome){.balance = balance};
    }
    outcomes[place].interleavings_count++;
}

static const char *
meaning_of(int balance)
{
    int change = balance - OPENING;

    if (change == threads[0].change + threads[1].change) {
        return "both count, as they should";
    }
    return change == threads[0].change ? "what B took is forgotten"
                                       : "what A added is lost";
}

static void
print_outcomes(FILE *stream)
{
    struct outcome outcomes[OUTCOMES_MAX];
    size_t count = 0;
    struct interleaving order;

    interleaving_init(&order, steps_counts, THREADS_COUNT);
    do {
        count_outcome(outcomes, &count, run(&order));
    } while (interleaving_next(&order));
    fprintf(stream, "\nAll %d interleavings of the six steps:\n\n",
        (int)interleavings_count(steps_counts, THREADS_COUNT));
    fprintf(stream, "  balance  interleavings\n");
    for (size_t i = 0; i < count; i++) {
        fprintf(stream, "  %7d  %13u  %s\n", outcomes[i].balance,
            outcomes[i].interleavings_count, meaning_of(outcomes[i].balance));
    }
}

void
bank_replay_shared(FILE *stream)
{
    fprintf(stream,
        "Shared memory: an account holds $%d. Thread A adds 50, thread B takes "
        "20.\nEach reads the balance, computes, and writes it back.\n\n",
        OPENING);
    print_lost_deposit(stream);
    print_outcomes(stream);
}

int
bank_replay(const void *options, char *const *operands, size_t operands_count)
{
    (void)options;
    (void)operands;
    (void)operands_count;
    bank_replay_shared(stdout);
    bank_replay_actor(stdout);
    return 0;
}

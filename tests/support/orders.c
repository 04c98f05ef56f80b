/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/orders.h"

#include "tests/support/check.h"
#include "tests/support/order_drawing.h"
#include "tests/support/order_races.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FLUSHES = STEPS_THREADS_MAX,
    /* Without a shorter one, the order that was found is drawn. */
    SHORTENING_ORDERS_MAX = 30000,
    SHORTENING_PREEMPTIONS_MAX = 6,
};

/* In memory that is shared with the parent. */
struct search {
    struct orders_report report;
    bool was_frozen;
    struct order order; /* at hand */
};

static struct steps steps;
static const struct orders_world *world;
static struct search *search;
static struct order_point points[ORDER_STEPS_MAX];
static size_t given_count;       /* steps that the order begins with */
static unsigned preemptions_max; /* if no order is left out */
static bool is_reduced;
static unsigned first_taken_count; /* steps of the first thread */

/* ---- footprints ---------------------------------------------------------- */

static struct order_footprint
footprint_of_thread(unsigned index)
{
    const struct steps_thread *thread = &steps.threads[index];
    const struct steps_operation *next = &thread->next;
    struct order_footprint about = {
        .word = next->word,
        .bytes_count = next->bytes_count,
        .is_change = next->kind == STEPS_CHANGE || next->kind == STEPS_STORE ||
                     next->kind == STEPS_TOUCH,
        .is_touch = next->kind == STEPS_TOUCH,
        .is_anything = next->kind == STEPS_ANYTHING,
    };

    if (steps.has_stores && next->kind != STEPS_LOAD) {
        about.buffers = 1u << index;
        if (next->kind == STEPS_STORE) {
            about.bytes_count = 0; /* that is the flush's */
        }
    }
    return about;
}

static struct order_footprint
footprint_of_flush(unsigned index)
{
    const struct steps_store *oldest = &steps.threads[index].stores[0];

    return (struct order_footprint){
        .word = oldest->word,
        .bytes_count = oldest->bytes_count,
        .is_change = true,
        .buffers = 1u << index,
    };
}

static struct order_footprint
footprint_of(unsigned choice)
{
    return choice < FLUSHES ? footprint_of_thread(choice)
                            : footprint_of_flush(choice - FLUSHES);
}

/* ---- what can go on ------------------------------------------------------ */

static bool
is_frozen(unsigned thread)
{
    bool is_it = thread == 0 && world->frozen_at != ORDERS_NOT_FROZEN &&
                 first_taken_count + 1 >= world->frozen_at &&
                 !steps.threads[0].is_done;

    search->was_frozen |= is_it;
    return is_it;
}

static order_choices
enabled_choices(void)
{
    order_choices enabled = 0;

    for (unsigned i = 0; i < steps.threads_count; i++) {
        if (!is_frozen(i) && steps_can_take(&steps, i)) {
            enabled |= order_choice(i);
        }
        if (steps.threads[i].stores_count > 0) {
            enabled |= order_choice(FLUSHES + i);
        }
    }
    return enabled;
}

/* Threads that have something to do, and cannot. */
static order_choices
blocked_choices(order_choices enabled)
{
    order_choices blocked = 0;

    for (unsigned i = 0; i < steps.threads_count; i++) {
        if (!steps.threads[i].is_done && !order_has(enabled, i) &&
            !is_frozen(i)) {
            blocked |= order_choice(i);
        }
    }
    return blocked;
}

static uint64_t
value_at(const void *word, size_t bytes_count)
{
    uint64_t value = 0;

    if (bytes_count > 0) {
        memcpy(&value, word,
            bytes_count < sizeof(value) ? bytes_count : sizeof(value));
    }
    return value;
}

static struct order_step *
write_down(unsigned choice, const struct order_footprint *about)
{
    const struct steps_thread *thread = &steps.threads[choice % FLUSHES];
    struct order_step *step = &search->order.steps[search->order.count];
    bool is_flush = choice >= FLUSHES;

    *step = (struct order_step){
        .thread = choice % FLUSHES,
        .is_flush = is_flush,
        .is_buffered =
            !is_flush && steps.has_stores && thread->next.kind == STEPS_STORE,
        .operation = is_flush ? thread->stores[0].operation : thread->next,
        .was = value_at(about->word, about->bytes_count),
    };
    search->order.count++;
    return step;
}

/* Takes the step, writes it down, and says what it has been about in fact. */
static struct order_footprint
take(unsigned choice, struct order_footprint about)
{
    struct order_step *step = write_down(choice, &about);
    unsigned thread = choice % FLUSHES;
    unsigned char was[2 * sizeof(void *)];

    CHECK(about.bytes_count <= sizeof(was));
    memcpy(was, about.bytes_count > 0 ? about.word : "", about.bytes_count);
    if (choice >= FLUSHES) {
        steps_flush(&steps, thread);
    } else {
        first_taken_count += thread == 0;
        steps_take(&steps, thread);
    }
    step->is = value_at(about.word, about.bytes_count);
    step->outcome = ORDER_STEP_DONE;
    about.is_change =
        about.is_touch || (about.bytes_count > 0 &&
                              memcmp(was, about.word, about.bytes_count) != 0);
    return about;
}

/* ---- one order ----------------------------------------------------------- */

static bool
is_preemption(unsigned last, unsigned choice, order_choices enabled)
{
    return last != ORDER_NO_CHOICE && choice != last &&
           order_has(enabled, last);
}

/* Which sleep at a new point, and what they would do. */
static void
put_to_sleep(struct order_point *point, const struct order_point *before)
{
    order_choices sleepers = before->asleep | before->tried;

    for (unsigned i = 0; i < ORDER_CHOICES_COUNT; i++) {
        if (order_has(sleepers, i) && order_has(point->enabled, i) &&
            order_do_commute(&before->done[i], &before->done[before->taken])) {
            point->asleep |= order_choice(i);
            point->done[i] = before->done[i];
        }
    }
}

/* False: all sleep, the order is redundant. */
static bool
open_point(size_t depth, order_choices enabled)
{
    struct order_point *point = &points[depth];
    const struct order_point *before = depth > 0 ? point - 1 : NULL;
    unsigned last = before != NULL ? before->taken : ORDER_NO_CHOICE;
    order_choices awake;

    memset(point, 0, sizeof(*point));
    point->enabled = enabled;
    if (before != NULL) {
        point->preemptions_count =
            before->preemptions_count +
            is_preemption(depth > 1 ? points[depth - 2].taken : ORDER_NO_CHOICE,
                before->taken, before->enabled);
        if (is_reduced) {
            put_to_sleep(point, before);
        }
    }
    awake = enabled & ~point->asleep;
    if (awake == 0) {
        return false;
    }
    point->taken = last != ORDER_NO_CHOICE && order_has(awake, last)
                       ? last
                       : order_first_of(awake);
    point->wanted = is_reduced ? order_choice(point->taken) : enabled;
    return true;
}

/* Races of what is not taken are looked for where it cannot be. */
static void
look_at_blocked(size_t depth, order_choices enabled)
{
    order_choices blocked = is_reduced ? blocked_choices(enabled) : 0;

    while (blocked != 0) {
        unsigned choice = order_first_of(blocked);
        struct order_footprint about = footprint_of(choice);
        unsigned clock[ORDER_CHOICES_COUNT];

        order_find_races(points, depth, choice, &about, clock);
        blocked &= blocked - 1;
    }
}

/* Takes the step at a point. Its races are known if it is one of those that are
 * given, but for the last of them, at which this order differs. */
static void
take_point(size_t depth)
{
    struct order_point *point = &points[depth];
    struct order_footprint *done = &point->done[point->taken];

    /* Or words move from order to order. */
    CHECK(depth + 1 >= given_count ||
          footprint_of(point->taken).word == done->word);
    *done = take(point->taken, footprint_of(point->taken));
    if (is_reduced && depth + 1 >= given_count) {
        order_find_races(points, depth, point->taken, done, point->clock);
        point->clock[point->taken] = (unsigned)depth + 1;
    }
}

static void __attribute__((noreturn)) fail_at(unsigned thread, const char *what)
{
    const struct steps_operation *operation = &steps.threads[thread].next;
    struct order_footprint about = footprint_of(thread);

    write_down(thread, &about)->outcome = ORDER_STEP_WAITS;
    fprintf(stderr, "%s:%d: CHECK(%s) failed\n", operation->file,
        operation->line, what);
    abort();
}

/* Nothing goes on: all have ended, or need not. */
static void
check_ended(void)
{
    for (unsigned i = 0; i < steps.threads_count; i++) {
        const struct steps_thread *thread = &steps.threads[i];

        if (!thread->is_done && !is_frozen(i) &&
            thread->next.kind != STEPS_IDLE) {
            fail_at(i, "this is not waited for in vain");
        }
    }
}

static void
note_result(uint64_t result)
{
    struct orders_report *report = &search->report;
    size_t place = 0;

    while (place < report->results_count && report->results[place] < result) {
        place++;
    }
    if (place < report->results_count && report->results[place] == result) {
        return;
    }
    CHECK(report->results_count < ORDERS_RESULTS_MAX);
    memmove(&report->results[place + 1], &report->results[place],
        (report->results_count - place) * sizeof(report->results[0]));
    report->results[place] = result;
    report->results_count++;
}

static void
begin_order(void)
{
    steps_init(&steps, false);
    steps.has_stores = world->has_stores;
    first_taken_count = 0;
    search->order.count = 0;
    world->begin(&steps);
    search->order.threads_count = (unsigned)steps.threads_count;
    for (size_t i = 0; i < steps.threads_count; i++) {
        search->order.names[i] = steps.threads[i].name;
    }
}

/* True: it is still an order of its own. Takes a step of it. */
static bool
go_on(size_t depth, order_choices enabled, bool is_redundant)
{
    if (!is_redundant && depth >= given_count) {
        look_at_blocked(depth, enabled);
        is_redundant = !open_point(depth, enabled);
    }
    if (is_redundant) {
        unsigned choice = order_first_of(enabled);

        take(choice, footprint_of(choice));
        return false;
    }
    CHECK(points[depth].enabled == enabled); /* or chance plays a part */
    take_point(depth);
    return true;
}

/* Runs one order, and returns how many points of it there are to differ at. */
static size_t
run_order(void)
{
    struct orders_report *report = &search->report;
    bool is_redundant = false;
    size_t points_count = 0;
    size_t depth = 0;
    order_choices enabled;

    begin_order();
    while ((enabled = enabled_choices()) != 0) {
        if (depth == ORDER_STEPS_MAX - 1) {
            fail_at(search->order.steps[depth - 1].thread, "this ends");
        }
        is_redundant = !go_on(depth, enabled, is_redundant);
        points_count += !is_redundant;
        depth++;
    }
    if (!is_redundant) {
        look_at_blocked(depth, 0);
    }
    check_ended();
    note_result(world->end());
    report->orders_count++;
    report->redundant_count += is_redundant;
    report->steps_max = depth > report->steps_max ? depth : report->steps_max;
    return points_count;
}

/* ---- all orders ---------------------------------------------------------- */

static bool
is_allowed(size_t depth, unsigned choice)
{
    const struct order_point *point = &points[depth];
    unsigned last = depth > 0 ? points[depth - 1].taken : ORDER_NO_CHOICE;

    return is_reduced || point->preemptions_count +
                                 is_preemption(last, choice, point->enabled) <=
                             preemptions_max;
}

/* What is to be tried next at a point; ORDER_NO_CHOICE: all has been. */
static unsigned
next_choice(size_t depth)
{
    struct order_point *point = &points[depth];
    order_choices left = point->wanted & ~point->tried & ~point->asleep;

    while (left != 0 && !is_allowed(depth, order_first_of(left))) {
        left &= left - 1;
    }
    return order_first_of(left);
}

/* The next order differs as late as it can. False: there is none. */
static bool
advance(size_t points_count)
{
    while (points_count > 0) {
        struct order_point *point = &points[points_count - 1];
        unsigned choice;

        point->tried |= order_choice(point->taken);
        choice = next_choice(points_count - 1);
        if (choice != ORDER_NO_CHOICE) {
            point->taken = choice;
            given_count = points_count;
            return true;
        }
        points_count--;
    }
    return false;
}

static void
run_orders(uint64_t orders_max)
{
    size_t points_count;

    given_count = 0;
    do {
        points_count = run_order();
    } while (advance(points_count) && search->report.orders_count < orders_max);
}

/* In a child process. True: an order has failed, and is the trace. */
static bool
search_in_child(uint64_t orders_max, bool is_quiet)
{
    int status;
    pid_t child;

    memset(search, 0, sizeof(*search));
    fflush(NULL);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
        if (is_quiet) {
            CHECK(dup2(open("/dev/null", O_WRONLY), STDERR_FILENO) >= 0);
        }
        run_orders(orders_max);
        fflush(NULL);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return status != 0;
}

/* Finds an order that fails with as few preemptions as can be, and draws it;
 * the one at hand if there is none in so many orders. */
static char *
draw_shortest(void)
{
    static struct order found;
    bool has_failed = false;

    found = search->order;
    is_reduced = false;
    for (unsigned i = 0; i <= SHORTENING_PREEMPTIONS_MAX && !has_failed; i++) {
        preemptions_max = i;
        has_failed = search_in_child(SHORTENING_ORDERS_MAX, true);
    }
    return order_drawing(has_failed ? &search->order : &found);
}

static void
run_world(const struct orders_world *of, bool is_quiet)
{
    world = of;
    is_reduced = !of->is_unreduced;
    preemptions_max = UINT32_MAX;
    if (search == NULL) {
        search = mmap(NULL, sizeof(*search), PROT_READ | PROT_WRITE,
            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        CHECK(search != MAP_FAILED);
    }
    if (search_in_child(UINT64_MAX, is_quiet)) {
        struct orders_report report = search->report;

        report.has_failed = true;
        report.drawing = draw_shortest();
        search->report = report;
    }
}

void
orders_run(const struct orders_world *of, struct orders_report *report)
{
    run_world(of, true);
    *report = search->report;
}

uint64_t
orders_run_all(const struct orders_world *of)
{
    const struct orders_report *report;

    run_world(of, false);
    report = &search->report;
    printf("%llu orders%s, %llu of them redundant, of up to %zu steps\n",
        (unsigned long long)report->orders_count,
        of->has_stores ? " with store buffers" : "",
        (unsigned long long)report->redundant_count, report->steps_max);
    if (report->has_failed) {
        fprintf(stderr, "fails in this order:\n%s", report->drawing);
    }
    CHECK(!report->has_failed);
    return report->orders_count;
}

uint64_t
orders_run_both(struct orders_world of)
{
    uint64_t orders_count = orders_run_all(&of);

    if (getenv("TROUPE_TEST_SEQUENTIAL") != NULL) {
        return orders_count;
    }
    of.has_stores = true;
    return orders_count + orders_run_all(&of);
}

uint64_t
orders_run_frozen(const struct orders_world *of)
{
    struct orders_world frozen = *of;
    uint64_t orders_count = 0;

    do {
        frozen.frozen_at++;
        orders_count += orders_run_all(&frozen);
    } while (search->was_frozen);
    CHECK(frozen.frozen_at > 1);
    return orders_count;
}

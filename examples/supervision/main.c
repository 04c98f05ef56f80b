/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An office with a printer that jams. Its supervisor starts it again, and the
 * pages that wait are printed; when it jams too often, the supervisor above
 * takes over.
 */
#include <inttypes.h>
#include <stdio.h>
#include <troupe/troupe.h>

#define PAGE(FIELD) FIELD(uint64, number)
TROUPE_MESSAGE(page, PAGE)

struct printer {
    uint64_t printed_count;
};

static void
on_start(struct troupe_self *self, void *state)
{
    (void)self, (void)state;
    puts("printer: ready");
}

static void
on_page(struct troupe_self *self, void *state, const struct page *page)
{
    struct printer *printer = state;

    if (page->number % 3 == 0) {
        troupe_fail(self, 7, "page %" PRIu64 " is jammed", page->number);
        return;
    }
    printer->printed_count++;
    printf("printer: page %" PRIu64 ", number %" PRIu64 " since it started\n",
        page->number, printer->printed_count);
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    char text[100];

    (void)self, (void)state;
    troupe_exit_print(text, sizeof(text), why);
    printf("printer: %s\n", text);
}
TROUPE_BEHAVIOUR(printer, sizeof(struct printer), TROUPE_ON_START(on_start),
    TROUPE_ON(page, on_page), TROUPE_ON_STOP(on_stop));

static void
on_clerk_start(struct troupe_self *self, void *state)
{
    (void)self, (void)state;
    puts("clerk: good morning");
}

static void
on_clerk_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)self, (void)state, (void)why;
    puts("clerk: good night");
}
TROUPE_BEHAVIOUR(
    clerk, 0, TROUPE_ON_START(on_clerk_start), TROUPE_ON_STOP(on_clerk_stop));

/* ---- the tree ------------------------------------------------------------ */

static const struct troupe_child machines[] = {
    TROUPE_CHILD(.name = "printer", .behaviour = &printer_behaviour),
};
static const struct troupe_supervisor machine_room =
    TROUPE_SUPERVISOR(.restarts_max = 2,
        .restarts_within_ns = TROUPE_SECONDS(9), .backoff_ns = TROUPE_MS(100),
        TROUPE_CHILDREN(machines));

static const struct troupe_child rooms[] = {
    TROUPE_CHILD(.name = "clerk", .behaviour = &clerk_behaviour),
    TROUPE_CHILD(.name = "machine room", .supervisor = &machine_room),
};
static const struct troupe_supervisor office =
    TROUPE_SUPERVISOR(.strategy = TROUPE_ONE_FOR_ALL, TROUPE_CHILDREN(rooms));

/* ---- the program --------------------------------------------------------- */

static void
print_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context;
    if (level != TROUPE_LOG_INFO || line[0] == 'c') { /* of children */
        printf("log: %s\n", line);
    }
}

static troupe_pid
find_child(struct troupe_self *self, troupe_pid supervisor, uint64_t index)
{
    struct troupe_child_info child;

    TROUPE_CHECK(troupe_ask(self, supervisor, TROUPE_SECONDS(1),
        troupe_child_info, &child, troupe_get_child, .index = index));
    printf("child %" PRIu64 ": %.*s, started again %" PRIu64 " times%s%.*s\n",
        index, (int)child.name.length, child.name.data, child.restarts_count,
        child.last_end.length > 0 ? "; its last life " : "",
        (int)child.last_end.length, child.last_end.data);
    return child.actor;
}

static void
print_pages(struct troupe_self *self, troupe_pid printer, uint64_t first)
{
    for (uint64_t number = first; number < first + 5; number++) {
        TROUPE_CHECK(troupe_tell(self, printer, page, .number = number));
    }
}

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid children[2];
    troupe_pid printer;
    troupe_pid pid;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1, .log = print_line),
        &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);

    TROUPE_CHECK(troupe_supervise(self, &office, &pid, children));
    printer = find_child(self, children[1], 0);
    print_pages(self, printer, 1); /* one of them jams */
    troupe_runtime_wait(runtime);  /* until nothing is left to do */
    find_child(self, children[1], 0);
    print_pages(self, printer, 6); /* two more jam: that is too often */
    troupe_runtime_wait(runtime);
    find_child(self, pid, 1);

    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(9), NULL));
    troupe_runtime_destroy(&runtime);
}

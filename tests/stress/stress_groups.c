/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: whoever is in a group while something is published gets it once, in
 * order; whoever has ended has left its groups and lost its names when others
 * hear of it; what was taken is handled or a dead letter; nothing is left
 * behind.
 *
 * Method: publishers publish numbered pages to regulars, who stay, and to
 * guests, who come, take a name, join, leave, come back and end in all ways,
 * by the thousand, listed by themselves or by their host. On several workers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

enum {
    ROUNDS_COUNT = 10,
    WORKERS_COUNT = 3,
    REGULARS_COUNT = 6,
    PUBLISHERS_COUNT = 3,
    SEATS_COUNT = 12,
    GUESTS_COUNT = 1500,
    NAMES_COUNT = 5,
    BLANKS = 80,
};

#define PAGE(FIELD)                                                            \
    FIELD(uint64, publisher) FIELD(uint64, number) FIELD(bin, blanks)
#define LINE(FIELD) FIELD(uint64, publisher) FIELD(uint64, number)
#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(page, PAGE)
TROUPE_MESSAGE(line, LINE) /* so short that it is copied */
TROUPE_MESSAGE(publish_next, NUMBER)
TROUPE_MESSAGE(ping, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(greeting, TROUPE_NO_FIELDS)

static const char blanks[BLANKS];

static atomic_ulong taken_count;
static atomic_ulong handled_count;
static atomic_ulong named_count;
static atomic_ulong published_count;
static atomic_ulong regulars_handled_count;
static atomic_bool guests_are_gone;

static void
keep_quiet(void *context, enum troupe_log_level level, const char *message)
{
    (void)context, (void)level, (void)message;
}

/* ---- who stays ----------------------------------------------------------- */

struct regular {
    uint64_t next[PUBLISHERS_COUNT];
};

static void
expect(struct regular *regular, uint64_t publisher, uint64_t number)
{
    CHECK(publisher < PUBLISHERS_COUNT);
    CHECK(number == regular->next[publisher]);
    regular->next[publisher]++;
    atomic_fetch_add(&handled_count, 1);
    atomic_fetch_add(&regulars_handled_count, 1);
}

static void
on_page(struct troupe_self *self, void *state, const struct page *page)
{
    (void)self;
    CHECK(page->blanks.size == BLANKS);
    expect(state, page->publisher, page->number);
}

static void
on_line(struct troupe_self *self, void *state, const struct line *line)
{
    (void)self;
    expect(state, line->publisher, line->number);
}

static void
on_ping(struct troupe_self *self, void *state, const struct ping *ping)
{
    (void)state, (void)ping;
    CHECK(troupe_reply(self, ping) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(regular, sizeof(struct regular), TROUPE_ON(page, on_page),
    TROUPE_ON(line, on_line), TROUPE_ON(ping, on_ping));

/* ---- who publishes ------------------------------------------------------- */

struct publisher {
    uint64_t number;
    uint64_t next;
};

static void
publish(struct troupe_self *self, struct publisher *publisher)
{
    size_t taken = 0;
    troupe_err err =
        publisher->next % 3 == 0
            ? troupe_publish_counted(self, "crowd", &taken, line,
                  .publisher = publisher->number, .number = publisher->next)
            : troupe_publish_counted(self, "crowd", &taken, page,
                  .publisher = publisher->number, .number = publisher->next,
                  .blanks = {blanks, BLANKS});

    CHECK(err == TROUPE_OK && taken >= REGULARS_COUNT);
    atomic_fetch_add(&taken_count, taken);
    atomic_fetch_add(&published_count, 1);
    publisher->next++;
}

static void
on_publish_next(struct troupe_self *self, void *state,
    const struct publish_next *publish_next)
{
    struct publisher *publisher = state;

    publisher->number = publish_next->value;
    publish(self, publisher);
    if (!guests_are_gone) {
        CHECK(troupe_tell(self, troupe_self_pid(self), publish_next,
                  .value = publisher->number) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(publisher, sizeof(struct publisher),
    TROUPE_ON(publish_next, on_publish_next));

/* ---- who comes and goes -------------------------------------------------- */

struct guest {
    uint64_t mood;
    uint64_t heard_count;
};

static void
hear(struct troupe_self *self, struct guest *guest)
{
    troupe_pid own = troupe_self_pid(self);

    switch (guest->mood * 7 + guest->heard_count++) {
    case 9:
        troupe_leave(self, "crowd", own);
        CHECK(troupe_join(self, "crowd", own) == TROUPE_OK);
        break;
    case 10:
    case 22:
        (void)troupe_stop(self, own);
        break;
    case 30:
        troupe_fail(self, 1, "had enough");
        return; /* what it fails on is a dead letter */
    default:
        if (guest->heard_count == 6) {
            (void)troupe_kill(self, own);
        }
    }
    atomic_fetch_add(&handled_count, 1);
}

static void
on_page_for_guest(
    struct troupe_self *self, void *state, const struct page *page)
{
    CHECK(page->blanks.size == BLANKS);
    hear(self, state);
}

static void
on_line_for_guest(
    struct troupe_self *self, void *state, const struct line *line)
{
    (void)line;
    hear(self, state);
}

static void
guest_name(char *name, size_t size, uint64_t number)
{
    snprintf(name, size, "guest %u", (unsigned)(number % NAMES_COUNT));
}

static void
on_guest_start(struct troupe_self *self, void *state)
{
    struct guest *guest = state;
    troupe_pid own = troupe_self_pid(self);
    char name[32];

    guest_name(name, sizeof(name), troupe_random_below(self, 100));
    if (guest->mood % 2 == 0) {
        CHECK(troupe_join(self, "crowd", own) == TROUPE_OK);
        if (troupe_register(self, name, own) == TROUPE_OK) {
            CHECK(troupe_whereis(self, name) == own);
            atomic_fetch_add(&named_count, 1);
        }
    }
}

TROUPE_BEHAVIOUR(guest, sizeof(struct guest), TROUPE_ON_START(on_guest_start),
    TROUPE_ON(page, on_page_for_guest), TROUPE_ON(line, on_line_for_guest));

/* ---- who receives them --------------------------------------------------- */

struct host {
    unsigned come_count;
    unsigned gone_count;
};

static void invite(struct troupe_self *self, struct host *host);

/* Whether the dead one is still to be found; it must not be, if nobody else
 * was giving it names while it ended. */
static void
check_is_gone(struct troupe_self *self, troupe_pid dead)
{
    char name[32];

    for (unsigned i = 0; i < NAMES_COUNT; i++) {
        guest_name(name, sizeof(name), i);
        CHECK(troupe_whereis(self, name) != dead);
    }
}

static void
on_down(struct troupe_self *self, void *state, uint64_t mood,
    const struct troupe_down *down)
{
    struct host *host = state;

    if (mood % 2 == 0) {
        check_is_gone(self, down->actor);
    }
    host->gone_count++;
    if (host->gone_count == GUESTS_COUNT) {
        guests_are_gone = true;
        troupe_runtime_quit(self);
    } else if (host->come_count < GUESTS_COUNT) {
        invite(self, host);
    }
}

static void
invite(struct troupe_self *self, struct host *host)
{
    struct guest first = {troupe_random_below(self, 5), 0};
    troupe_pid pid;
    char name[32];

    host->come_count++;
    CHECK(troupe_spawn_with(self, guest, &TROUPE_SPAWN_OPTIONS(.state = &first),
              &pid) == TROUPE_OK);
    CHECK(troupe_monitor(self, pid, on_down, first.mood, NULL) == TROUPE_OK);
    if (first.mood % 2 == 0) {
        return; /* it lists itself */
    }
    if (troupe_random_below(self, 4) == 0) {
        CHECK(troupe_kill(self, pid) == TROUPE_OK); /* while it is listed */
    }
    guest_name(name, sizeof(name), pid);
    if (troupe_register(self, name, pid) == TROUPE_OK) {
        atomic_fetch_add(&named_count, 1);
    }
    CHECK(troupe_join(self, "crowd", pid) == TROUPE_OK);
}

static void
on_host_start(struct troupe_self *self, void *state)
{
    for (unsigned i = 0; i < SEATS_COUNT; i++) {
        invite(self, state);
    }
}

TROUPE_BEHAVIOUR(host, sizeof(struct host), TROUPE_ON_START(on_host_start));

/* ---- a round ------------------------------------------------------------- */

static troupe_pid
spawn(struct troupe_self *self, struct troupe_behaviour *behaviour)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_behaviour(self, behaviour, NULL, &pid));
    return pid;
}

/* The news that somebody was listed too late may still be under way. */
static void
await_empty_chairs(struct troupe_self *self, troupe_pid regular)
{
    struct ping pong;

    while (troupe_members_count(self, "crowd") != REGULARS_COUNT) {
        TROUPE_CHECK(
            troupe_ask(self, regular, TROUPE_SECONDS(60), ping, &pong, ping));
    }
    for (unsigned i = 0; i < NAMES_COUNT; i++) {
        char name[32];

        guest_name(name, sizeof(name), i);
        while (troupe_whereis(self, name) != TROUPE_NO_PID) {
            TROUPE_CHECK(troupe_ask(
                self, regular, TROUPE_SECONDS(60), ping, &pong, ping));
        }
    }
}

static void
check_counts(const struct troupe_stop_report *report)
{
    uint64_t buried = 0;

    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        buried += report->dead_letters_count[i];
    }
    CHECK(report->is_drained);
    CHECK(handled_count + buried == taken_count);
    CHECK(regulars_handled_count == REGULARS_COUNT * published_count);
    CHECK(named_count > 0);
}

static void
run(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    troupe_pid regulars[REGULARS_COUNT];
    struct troupe_runtime *runtime;
    struct troupe_self *self;

    guests_are_gone = false;
    taken_count = handled_count = named_count = 0;
    published_count = regulars_handled_count = 0;
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.workers_count = WORKERS_COUNT, .log = keep_quiet),
        &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    for (int i = 0; i < REGULARS_COUNT; i++) {
        regulars[i] = spawn(self, &regular_behaviour);
        TROUPE_CHECK(troupe_join(self, "crowd", regulars[i]));
    }
    (void)spawn(self, &host_behaviour);
    for (uint64_t i = 0; i < PUBLISHERS_COUNT; i++) {
        TROUPE_CHECK(troupe_tell(
            self, spawn(self, &publisher_behaviour), publish_next, .value = i));
    }
    troupe_runtime_wait(runtime);
    await_empty_chairs(self, regulars[0]);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(100), &report));
    troupe_runtime_destroy(&runtime);
    check_counts(&report);
}

static void
who_stays_hears_all_and_who_ends_leaves_nothing(void **state)
{
    uint64_t blocks;

    (void)state;
    run(); /* registers what stays for ever */
    blocks = tp_memory_blocks_count();
    for (int i = 1; i < ROUNDS_COUNT; i++) {
        run();
        assert_int_equal(tp_memory_blocks_count(), blocks);
    }
}

/* ---- newborns ------------------------------------------------------------ */

enum { NEWBORNS_COUNT = 20000, FINDERS_COUNT = 2 };

static atomic_uint latest; /* the number of the next one to be born */
static atomic_ulong greeted_count;
static atomic_ulong greetings_count;

struct newborn {
    unsigned number;
};

static void
on_newborn_start(struct troupe_self *self, void *state)
{
    const struct newborn *newborn = state;
    char name[32];

    snprintf(name, sizeof(name), "newborn %u", newborn->number);
    CHECK(troupe_whereis(self, name) == troupe_self_pid(self));
}

static void
on_greeting(
    struct troupe_self *self, void *state, const struct greeting *greeting)
{
    (void)self, (void)state, (void)greeting;
    atomic_fetch_add(&greeted_count, 1);
}

TROUPE_BEHAVIOUR(newborn, sizeof(struct newborn),
    TROUPE_ON_START(on_newborn_start), TROUPE_ON(greeting, on_greeting));

/* Greets whoever is being born, as soon as it is found. */
static void *
find_newborns(void *arg)
{
    struct troupe_self *self = troupe_thread_self(arg);
    unsigned number;

    while ((number = latest) < NEWBORNS_COUNT) {
        troupe_pid pid;
        char name[32];

        snprintf(name, sizeof(name), "newborn %u", number);
        pid = troupe_whereis(self, name);
        if (pid != TROUPE_NO_PID) {
            CHECK(troupe_tell(self, pid, greeting) == TROUPE_OK);
            atomic_fetch_add(&greetings_count, 1);
        }
    }
    return NULL;
}

static void
bear_all(struct troupe_self *self)
{
    for (unsigned i = 0; i < NEWBORNS_COUNT; i++) {
        struct newborn first = {i};
        troupe_pid pid;
        char name[32];

        snprintf(name, sizeof(name), "newborn %u", i);
        TROUPE_CHECK(troupe_spawn_with(self, newborn,
            &TROUPE_SPAWN_OPTIONS(.state = &first, .name = name), &pid));
        CHECK(troupe_whereis(self, name) == pid);
        atomic_fetch_add(&latest, 1);
    }
}

static void
a_newborn_is_found_from_its_first_moment_and_not_before(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    pthread_t finders[FINDERS_COUNT];
    struct troupe_runtime *runtime;

    (void)state;
    latest = 0;
    greeted_count = greetings_count = 0;
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.workers_count = 2, .log = keep_quiet), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    for (int i = 0; i < FINDERS_COUNT; i++) {
        CHECK(pthread_create(&finders[i], NULL, find_newborns, runtime) == 0);
    }
    bear_all(troupe_thread_self(runtime));
    for (int i = 0; i < FINDERS_COUNT; i++) {
        pthread_join(finders[i], NULL);
    }
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(100), &report));
    troupe_runtime_destroy(&runtime);
    print_message("%lu greetings\n", (unsigned long)greetings_count);
    assert_int_equal(greeted_count, greetings_count);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_newborn_is_found_from_its_first_moment_and_not_before),
        cmocka_unit_test(who_stays_hears_all_and_who_ends_leaves_nothing),
    };
    return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}

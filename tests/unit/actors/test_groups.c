/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups: who is told, in which order, and what becomes of a payload that many
 * share. Simulated, so that who runs when is the test's choice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "actors/runtime.h"
#include "base/memory.h"
#include "scheduler/simulation.h"
#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(uint64, value)
#define PAGE(FIELD) FIELD(uint64, number) FIELD(bin, bytes)
#define PEER(FIELD) FIELD(pid, pid)
TROUPE_MESSAGE(small, NUMBER)
TROUPE_MESSAGE(page, PAGE)
TROUPE_MESSAGE(other_page, PAGE)
TROUPE_MESSAGE(wrong_page, NUMBER)
TROUPE_MESSAGE(print_run, NUMBER)
TROUPE_MESSAGE(reprint, PEER)

enum { MEMBERS = 5, BYTES = 1000, SEEN_MAX = 64 };

static const uint64_t long_ns = TROUPE_SECONDS(60);

static struct troupe_runtime *runtime;
static struct troupe_self *self;
static struct troupe_stop_report report;
static char bytes[BYTES];
static troupe_pid members[MEMBERS];

/* What all members have got, in this order; one test at a time. */
static struct {
    const void *data;
    uint64_t number;
    troupe_pid by;
    troupe_pid from;
} seen[SEEN_MAX];
static unsigned seen_count;

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
see(struct troupe_self *own, uint64_t number, const void *data)
{
    CHECK(seen_count < SEEN_MAX);
    seen[seen_count].data = data;
    seen[seen_count].number = number;
    seen[seen_count].by = troupe_self_pid(own);
    seen[seen_count].from = troupe_sender(own);
    seen_count++;
}

static void
on_small(struct troupe_self *own, void *state, const struct small *small)
{
    (void)state;
    see(own, small->value, small);
}

static void
on_page(struct troupe_self *own, void *state, const struct page *page)
{
    (void)state;
    CHECK(page->bytes.size == BYTES);
    CHECK(memcmp(page->bytes.data, bytes, BYTES) == 0);
    see(own, page->number, page->bytes.data);
}

static void
on_any(
    struct troupe_self *own, void *state, const struct troupe_message *message)
{
    char text[64];
    size_t size;
    const uint8_t *payload = troupe_message_payload_view(message, &size);

    (void)state;
    CHECK(size > BYTES && memmem(payload, size, bytes, BYTES) != NULL);
    CHECK(strcmp(troupe_message_name_view(message), "other_page") == 0);
    (void)troupe_message_print(text, sizeof(text), message);
    CHECK(strncmp(text, "other_page [3, ", 15) == 0);
    see(own, 3, payload);
}

/* Publishes pages between tells. */
static void
on_print_run(
    struct troupe_self *own, void *state, const struct print_run *print_run)
{
    (void)state;
    for (uint64_t i = 0; i < print_run->value; i++) {
        CHECK(troupe_tell(own, members[0], small, .value = 3 * i) == TROUPE_OK);
        CHECK(troupe_publish(own, "readers", page, .number = 3 * i + 1,
                  .bytes = {bytes, BYTES}) == TROUPE_OK);
        CHECK(troupe_publish(own, "readers", small, .value = 3 * i + 2) ==
              TROUPE_OK);
    }
}

static void
on_wrong(
    struct troupe_self *own, void *state, const struct wrong_page *wrong_page)
{
    (void)state, (void)wrong_page;
    troupe_stop(own, troupe_self_pid(own));
}

TROUPE_BEHAVIOUR(reader, 0, TROUPE_ON(small, on_small),
    TROUPE_ON(page, on_page), TROUPE_ON(print_run, on_print_run),
    TROUPE_ON(wrong_page, on_wrong), TROUPE_ON_ANY(on_any));

static void
on_page_crash(struct troupe_self *own, void *state, const struct page *page)
{
    (void)own, (void)state, (void)page;
    fault_do(FAULT_INSTRUCTION);
}

static void
on_page_fail(struct troupe_self *own, void *state, const struct page *page)
{
    (void)state, (void)page;
    troupe_fail(own, 1, "no reader");
}

TROUPE_BEHAVIOUR(fragile, 0, TROUPE_ON(page, on_page_crash));
TROUPE_BEHAVIOUR(failing, 0, TROUPE_ON(page, on_page_fail));
TROUPE_BEHAVIOUR(deaf, 0);

static void
begin(void)
{
    seen_count = 0;
    report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    memset(bytes, 'p', sizeof(bytes));
    assert_int_equal(troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true,
                                               .seed = 5, .log = keep_quiet),
                         &runtime),
        TROUPE_OK);
    fault_put_handlers_back();
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
}

static void
begin_with_members(void)
{
    begin();
    for (int i = 0; i < MEMBERS; i++) {
        assert_int_equal(troupe_spawn(self, reader, &members[i]), TROUPE_OK);
        assert_int_equal(troupe_join(self, "readers", members[i]), TROUPE_OK);
    }
}

static void
finish(void)
{
    assert_int_equal(troupe_runtime_stop(runtime, long_ns, &report), TROUPE_OK);
    assert_true(report.is_drained);
    troupe_runtime_destroy(&runtime);
}

static void
run(void)
{
    troupe_runtime_wait(runtime);
}

static size_t
publish_page(uint64_t number)
{
    size_t taken_count = 99;

    assert_int_equal(troupe_publish_counted(self, "readers", &taken_count, page,
                         .number = number, .bytes = {bytes, BYTES}),
        TROUPE_OK);
    return taken_count;
}

/* ---- members ------------------------------------------------------------- */

static void
all_members_are_told_and_share_one_payload(void **state)
{
    (void)state;
    begin_with_members();
    assert_int_equal(publish_page(1), MEMBERS);
    run();
    assert_int_equal(seen_count, MEMBERS);
    for (unsigned i = 0; i < MEMBERS; i++) {
        assert_ptr_equal(seen[i].data, seen[0].data);
        assert_int_equal(seen[i].from, troupe_self_pid(self));
    }
    finish();
}

static void
a_group_without_members_takes_nothing(void **state)
{
    (void)state;
    begin();
    assert_int_equal(publish_page(1), 0);
    assert_int_equal(troupe_members_count(self, "readers"), 0);
    assert_int_equal(
        troupe_publish(self, "", small, .value = 1), TROUPE_E_INVALID_ARGUMENT);
    assert_int_equal(troupe_publish(self, NULL, small, .value = 1),
        TROUPE_E_INVALID_ARGUMENT);
    finish();
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_REFUSED], 2);
}

static void
members_come_and_go(void **state)
{
    troupe_pid found[MEMBERS];

    (void)state;
    begin_with_members();
    assert_int_equal(troupe_join(self, "readers", members[0]), TROUPE_OK);
    assert_int_equal(troupe_members_count(self, "readers"), MEMBERS);
    assert_int_equal(
        troupe_members_read(self, "readers", found, MEMBERS), MEMBERS);
    assert_memory_equal(found, members, sizeof(found));
    troupe_leave(self, "readers", members[1]);
    troupe_leave(self, "readers", members[1]);
    troupe_leave(self, "writers", members[1]);
    assert_int_equal(publish_page(1), MEMBERS - 1);
    assert_int_equal(troupe_stop(self, members[2]), TROUPE_OK);
    run();
    assert_int_equal(seen_count, MEMBERS - 2); /* a stop overtakes */
    assert_int_equal(troupe_members_count(self, "readers"), MEMBERS - 2);
    assert_int_equal(troupe_join(self, "readers", members[1]), TROUPE_OK);
    assert_int_equal(publish_page(2), MEMBERS - 1);
    assert_int_equal(
        troupe_join(self, "readers", TROUPE_NO_PID), TROUPE_E_NO_SUCH_ACTOR);
    finish();
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR], 1);
}

static void
a_group_grows_and_shrinks(void **state)
{
    enum { COUNT = 3000 };
    static troupe_pid crowd[COUNT];
    size_t taken_count = 0;

    (void)state;
    begin();
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(troupe_spawn(self, deaf, &crowd[i]), TROUPE_OK);
        assert_int_equal(troupe_join(self, "crowd", crowd[i]), TROUPE_OK);
    }
    for (int i = 0; i < COUNT; i++) {
        if (i % 10 != 0) {
            troupe_leave(self, "crowd", crowd[i]);
        }
    }
    assert_int_equal(troupe_members_count(self, "crowd"), COUNT / 10);
    assert_int_equal(
        troupe_publish_counted(self, "crowd", &taken_count, small, .value = 1),
        TROUPE_OK);
    assert_int_equal(taken_count, COUNT / 10);
    for (int i = 0; i < COUNT; i += 10) {
        troupe_leave(self, "crowd", crowd[i]);
    }
    assert_int_equal(troupe_members_count(self, "crowd"), 0);
    finish();
}

/* ---- sequential style ---------------------------------------------------- */

static void
on_named(struct troupe_self *own, void *state, uint64_t context,
    const char *name, troupe_pid holder)
{
    (void)own, (void)state, (void)context, (void)name, (void)holder;
    CHECK(false);
}

/* Receives pages, and publishes what it has heard. */
static void
read_in_line(struct troupe_self *own, void *state)
{
    struct page page;

    (void)state;
    CHECK(
        troupe_await_name(own, "nobody", on_named, 0) == TROUPE_E_WRONG_THREAD);
    while (
        troupe_receive_only(own, page, &page, TROUPE_SECONDS(5)) == TROUPE_OK) {
        CHECK(page.bytes.size == BYTES);
        CHECK(memcmp(page.bytes.data, bytes, BYTES) == 0);
        see(own, page.number, page.bytes.data);
        CHECK(troupe_publish(own, "readers", small, .value = page.number) ==
              TROUPE_OK);
    }
}

TROUPE_PROCESS(in_line, 0, read_in_line);

static void
a_process_is_a_member_like_any_other(void **state)
{
    troupe_pid process;

    (void)state;
    begin_with_members();
    assert_int_equal(troupe_spawn(self, in_line, &process), TROUPE_OK);
    assert_int_equal(troupe_join(self, "readers", process), TROUPE_OK);
    assert_int_equal(publish_page(1), MEMBERS + 1);
    assert_int_equal(publish_page(2), MEMBERS + 1);
    run();
    assert_int_equal(seen_count, 2 * (MEMBERS + 1) + 2 * MEMBERS);
    assert_int_equal(troupe_members_count(self, "readers"), MEMBERS);
    finish();
}

/* ---- order --------------------------------------------------------------- */

static void
what_one_sender_publishes_and_tells_arrives_in_order(void **state)
{
    uint64_t next[MEMBERS] = {0, 1, 1, 1, 1};

    (void)state;
    begin_with_members();
    assert_int_equal(
        troupe_tell(self, members[1], print_run, .value = 4), TROUPE_OK);
    run();
    assert_int_equal(seen_count, 4 + 2 * 4 * MEMBERS);
    for (unsigned i = 0; i < seen_count; i++) {
        int reader = 0;

        while (members[reader] != seen[i].by) {
            reader++;
        }
        assert_int_equal(seen[i].number, next[reader]);
        next[reader] += reader > 0 && next[reader] % 3 == 2 ? 2 : 1;
    }
    finish();
}

/* ---- lists and messages -------------------------------------------------- */

static void
a_list_is_told_and_who_is_not_there_is_not_counted(void **state)
{
    const troupe_pid list[] = {0, 0, TROUPE_NO_PID};
    troupe_pid some[3];

    (void)state;
    begin_with_members();
    memcpy(some, list, sizeof(some));
    some[0] = some[1] = members[0];
    assert_int_equal(troupe_tell_all(self, some, 3, page, .number = 1,
                         .bytes = {bytes, BYTES}),
        TROUPE_OK);
    assert_int_equal(
        troupe_tell_all(self, some, 2, small, .value = 2), TROUPE_OK);
    run();
    assert_int_equal(seen_count, 4);
    finish();
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR], 1);
}

static void
a_message_that_there_is_may_be_published(void **state)
{
    struct troupe_message *message = NULL;
    uint8_t payload[BYTES + 16];
    struct other_page value = {3, {bytes, BYTES}};
    size_t taken_count;

    (void)state;
    begin_with_members();
    assert_int_equal(
        troupe_message_create(self, "other_page", payload,
            (size_t)(other_page_encode(payload, &value) - payload), &message),
        TROUPE_OK);
    assert_int_equal(troupe_publish_message(self, "", &taken_count, &message),
        TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(message);
    assert_int_equal(
        troupe_publish_message(self, "readers", &taken_count, &message),
        TROUPE_OK);
    assert_null(message);
    assert_int_equal(taken_count, MEMBERS);
    run();
    assert_int_equal(seen_count, MEMBERS);
    assert_ptr_equal(seen[0].data, seen[1].data);
    finish();
}

/* ---- limits -------------------------------------------------------------- */

static void
a_payload_counts_whole_in_each_mailbox(void **state)
{
    struct tp_actor *actor;

    (void)state;
    begin_with_members();
    run();
    assert_int_equal(publish_page(1), MEMBERS);
    for (int i = 0; i < MEMBERS; i++) {
        uint64_t held;

        actor = tp_registry_find(&runtime->registry, members[i]);
        held = actor->limit.held;
        assert_int_equal(held >> TP_LIMIT_BYTES_BITS, 1);
        held &= TP_LIMIT_OF(1, 0) - 1;
        assert_in_range(held, BYTES, BYTES + 256);
    }
    run();
    for (int i = 0; i < MEMBERS; i++) {
        actor = tp_registry_find(&runtime->registry, members[i]);
        assert_int_equal(actor->limit.held, 0);
    }
    finish();
}

static troupe_pid
member_with(enum troupe_mailbox_policy policy, troupe_pid redirect_to)
{
    troupe_pid pid;

    assert_int_equal(troupe_spawn_with(self, reader,
                         &TROUPE_SPAWN_OPTIONS(.mailbox = {.policy = policy,
                                                   .messages_high = 2,
                                                   .messages_hard = 4,
                                                   .redirect_to = redirect_to}),
                         &pid),
        TROUPE_OK);
    assert_int_equal(troupe_join(self, "readers", pid), TROUPE_OK);
    return pid;
}

static unsigned
seen_by(troupe_pid pid)
{
    unsigned count = 0;

    for (unsigned i = 0; i < seen_count; i++) {
        count += seen[i].by == pid;
    }
    return count;
}

static void
each_member_has_its_own_policy(void **state)
{
    troupe_pid rejects;
    troupe_pid drops_newest;
    troupe_pid drops_oldest;
    troupe_pid redirects;
    troupe_pid spare;

    (void)state;
    begin();
    assert_int_equal(troupe_spawn(self, reader, &spare), TROUPE_OK);
    rejects = member_with(TROUPE_MAILBOX_REJECT, TROUPE_NO_PID);
    drops_newest = member_with(TROUPE_MAILBOX_DROP_NEWEST, TROUPE_NO_PID);
    drops_oldest = member_with(TROUPE_MAILBOX_DROP_OLDEST, TROUPE_NO_PID);
    redirects = member_with(TROUPE_MAILBOX_REDIRECT, spare);
    assert_int_equal(publish_page(1), 4);
    assert_int_equal(publish_page(2), 4);
    assert_int_equal(publish_page(3), 3); /* one has refused it */
    assert_int_equal(publish_page(4), 3);
    run();
    assert_int_equal(seen_by(rejects), 2);
    assert_int_equal(seen_by(drops_newest), 2);
    assert_int_equal(seen_by(drops_oldest), 2);
    assert_int_equal(seen_by(redirects), 2);
    assert_int_equal(seen_by(spare), 2);
    finish();
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_MAILBOX_FULL], 2);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_DROPPED], 4);
}

static void
who_publishes_to_a_congested_member_is_paused(void **state)
{
    struct tp_actor *publisher;

    (void)state;
    begin();
    members[0] = member_with(TROUPE_MAILBOX_PAUSE, TROUPE_NO_PID);
    assert_int_equal(troupe_spawn(self, reader, &members[1]), TROUPE_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            troupe_tell(self, members[1], print_run, .value = 1), TROUPE_OK);
    }
    publisher = tp_registry_find(&runtime->registry, members[1]);
    while ((publisher->flags & TP_ACTOR_IS_PAUSED) == 0) {
        assert_true(tp_simulation_step(runtime->scheduler, UINT64_MAX));
    }
    run();
    assert_int_equal(seen_count, 9);
    finish();
}

/* ---- ends of a payload --------------------------------------------------- */

static void
join_as(struct troupe_behaviour *behaviour)
{
    troupe_pid pid;

    assert_int_equal(
        troupe_spawn_behaviour(self, behaviour, NULL, &pid), TROUPE_OK);
    assert_int_equal(troupe_join(self, "readers", pid), TROUPE_OK);
}

static void
whatever_becomes_of_a_shared_message_is_a_dead_letter_with_its_text(
    void **state)
{
    struct troupe_dead_letters_row rows[8];

    (void)state;
    begin();
    join_as(&fragile_behaviour);
    join_as(&failing_behaviour);
    join_as(&deaf_behaviour);
    assert_int_equal(publish_page(1), 3);
    run();
    assert_int_equal(troupe_dead_letters_read(runtime, rows, 8), 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            strncmp(rows[i].example, "page{number: 1, bytes: ", 23), 0);
        assert_int_equal(rows[i].sender, troupe_self_pid(self));
    }
    finish();
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED], 1);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_FAILED], 1);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_NO_HANDLER], 1);
}

static void
a_shared_message_that_does_not_decode_is_reported(void **state)
{
    static const uint8_t nonsense[40] = {0xc4, 38}; /* bytes, no array */
    struct troupe_message *message = NULL;

    (void)state;
    begin_with_members();
    assert_int_equal(troupe_message_create(
                         self, "page", nonsense, sizeof(nonsense), &message),
        TROUPE_OK);
    assert_int_equal(
        troupe_publish_message(self, "readers", NULL, &message), TROUPE_OK);
    run();
    finish();
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_DECODE], MEMBERS);
}

static void
nothing_is_left_behind(void **state)
{
    uint64_t blocks = tp_memory_blocks_count();

    (void)state;
    whatever_becomes_of_a_shared_message_is_a_dead_letter_with_its_text(NULL);
    each_member_has_its_own_policy(NULL);
    a_shared_message_that_does_not_decode_is_reported(NULL);
    a_group_grows_and_shrinks(NULL);
    /* What waits when a runtime is destroyed, and what was never started. */
    begin_with_members();
    assert_int_equal(publish_page(1), MEMBERS);
    troupe_runtime_destroy(&runtime);
    assert_int_equal(
        troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true), &runtime),
        TROUPE_OK);
    self = troupe_thread_self(runtime);
    join_as(&deaf_behaviour);
    assert_int_equal(publish_page(1), 1);
    troupe_runtime_destroy(&runtime);
    assert_int_equal(tp_memory_blocks_count(), blocks);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_members_are_told_and_share_one_payload),
        cmocka_unit_test(a_group_without_members_takes_nothing),
        cmocka_unit_test(members_come_and_go),
        cmocka_unit_test(a_group_grows_and_shrinks),
        cmocka_unit_test(a_process_is_a_member_like_any_other),
        cmocka_unit_test(what_one_sender_publishes_and_tells_arrives_in_order),
        cmocka_unit_test(a_list_is_told_and_who_is_not_there_is_not_counted),
        cmocka_unit_test(a_message_that_there_is_may_be_published),
        cmocka_unit_test(a_payload_counts_whole_in_each_mailbox),
        cmocka_unit_test(each_member_has_its_own_policy),
        cmocka_unit_test(who_publishes_to_a_congested_member_is_paused),
        cmocka_unit_test(
            whatever_becomes_of_a_shared_message_is_a_dead_letter_with_its_text),
        cmocka_unit_test(a_shared_message_that_does_not_decode_is_reported),
        cmocka_unit_test(nothing_is_left_behind),
    };
    /* cmocka puts its own signal handlers on (fault.h). */
    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    fault_save_handlers();
    troupe_runtime_destroy(&runtime);
    return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}

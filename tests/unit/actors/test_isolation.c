/* SPDX-License-Identifier: BSD-2-Clause */
/* What is poisoned, and when; in builds with address sanitizer only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actors/quarantine.h"
#include "base/memory.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

#define PEER(FIELD) FIELD(pid, to)
#define NUMBER(FIELD) FIELD(int64, value)
#define TEXT(FIELD) FIELD(str, text)
TROUPE_MESSAGE(add, NUMBER)
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(sum, NUMBER)
TROUPE_MESSAGE(shrink, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(ask_of, PEER)
TROUPE_MESSAGE(put, TEXT)
TROUPE_MESSAGE(borrow, TEXT)
TROUPE_MESSAGE(drop, TROUPE_NO_FIELDS)

enum { REPORT_BYTES = 1 << 16 };

static const uint64_t long_ns = TROUPE_SECONDS(60);

static bool
is_poisoned(const void *address)
{
    return __asan_address_is_poisoned(address) != 0;
}

/* ---- states: one within the slot, one in a block ------------------------- */

static unsigned char *state_seen;
static size_t size_seen;
static bool was_open;
static bool was_open_behind;
static int looks_count;

static void
look_at(void *state, size_t size)
{
    state_seen = state;
    size_seen = size;
    was_open = __asan_region_is_poisoned(state, size) == NULL;
    was_open_behind = !is_poisoned(state_seen + size);
    looks_count++;
}

static void
assert_was_open_alone(int looks)
{
    assert_int_equal(looks_count, looks);
    assert_true(was_open);
    assert_false(was_open_behind);
    for (size_t i = 0; i < size_seen; i++) {
        assert_true(is_poisoned(state_seen + i));
    }
    looks_count = 0;
}

struct small {
    int32_t sum;
    int32_t unused[2];
};

static void
on_add_small(struct troupe_self *self, void *state, const struct add *add)
{
    struct small *small = state;

    (void)self;
    small->sum += (int32_t)add->value;
    look_at(state, sizeof(*small));
}

static void
on_get_small(struct troupe_self *self, void *state, const struct get *get)
{
    struct small *small = state;

    (void)get;
    look_at(state, sizeof(*small));
    CHECK(troupe_reply(self, sum, .value = small->sum) == TROUPE_OK);
}

static void
on_stop_small(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)self, (void)why;
    look_at(state, sizeof(struct small));
}

TROUPE_BEHAVIOUR(small, sizeof(struct small), TROUPE_ON_STOP(on_stop_small),
    TROUPE_ON(add, on_add_small), TROUPE_ON(get, on_get_small));

struct large {
    int32_t sum;
    unsigned char unused[96];
};

static void
on_start_large(struct troupe_self *self, void *state)
{
    (void)self;
    look_at(state, sizeof(struct large));
}

static void
on_late(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)context;
    CHECK(troupe_answer_err(answer) == TROUPE_E_TIMED_OUT);
    look_at(state, sizeof(struct large));
}

static void
on_ask_of(struct troupe_self *self, void *state, const struct ask_of *ask_of)
{
    (void)state;
    CHECK(troupe_ask_then(self, ask_of->to, TROUPE_SECONDS(1), on_late, 0,
              borrow, .text = troupe_str_of("long")) == TROUPE_OK);
}

static void
on_shrink(struct troupe_self *self, void *state, const struct shrink *shrink)
{
    (void)state, (void)shrink;
    CHECK(troupe_become(self, small) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(large, sizeof(struct large), TROUPE_ON_START(on_start_large),
    TROUPE_ON(ask_of, on_ask_of), TROUPE_ON(shrink, on_shrink));

/* ---- messages ------------------------------------------------------------ */

static const char *text_seen;
static char text_read[8];
static uint64_t texts_count;

static void
on_put(struct troupe_self *self, void *state, const struct put *put)
{
    (void)self, (void)state;
    text_seen = put->text.data;
    memcpy(text_read, put->text.data,
        put->text.length < sizeof(text_read) ? put->text.length
                                             : sizeof(text_read));
    texts_count++;
}

static struct troupe_request *borrowed;

static void
on_borrow(struct troupe_self *self, void *state, const struct borrow *borrow)
{
    (void)state;
    text_seen = borrow->text.data;
    CHECK(troupe_request_keep(self, &borrowed) == TROUPE_OK);
}

static void
on_drop(struct troupe_self *self, void *state, const struct drop *drop)
{
    (void)state, (void)drop;
    CHECK(!is_poisoned(text_seen));
    troupe_request_release(self, &borrowed);
    CHECK(is_poisoned(text_seen));
}

TROUPE_BEHAVIOUR(keeper, 0, TROUPE_ON(put, on_put),
    TROUPE_ON(borrow, on_borrow), TROUPE_ON(drop, on_drop));

static void
on_get_never(struct troupe_self *self, void *state, const struct get *get)
{
    struct troupe_request *request = NULL;

    (void)state, (void)get;
    CHECK(troupe_request_keep(self, &request) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(mute, 0, TROUPE_ON(get, on_get_never));

/* ---- asks that are answered and expire at once --------------------------- */

static int answers_count;

static void
on_either(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context;
    answers_count += troupe_answer_err(answer) == TROUPE_OK;
}

static void
on_ask_hastily(
    struct troupe_self *self, void *state, const struct ask_of *ask_of)
{
    (void)state;
    CHECK(troupe_ask_then(self, ask_of->to, troupe_random_below(self, 8000000),
              on_either, 0, get) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(hasty, 0, TROUPE_ON(ask_of, on_ask_hastily));

/* ---- the stage ----------------------------------------------------------- */

static struct troupe_runtime *runtime;
static struct troupe_self *me;

static int
set_up(void **state)
{
    (void)state;
    looks_count = 0;
    texts_count = 0;
    if (troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true, .seed = 1),
            &runtime) != TROUPE_OK ||
        troupe_runtime_start(runtime) != TROUPE_OK) {
        return -1;
    }
    me = troupe_thread_self(runtime);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* Runs all that is ready: virtual time passes when nothing is. */
static void
settle(void)
{
    struct sum sum;
    troupe_pid last;

    assert_int_equal(troupe_spawn(me, mute, &last), TROUPE_OK);
    assert_int_equal(
        troupe_ask(me, last, long_ns, sum, &sum, get), TROUPE_E_TIMED_OUT);
}

static struct troupe_message *
make_put(const unsigned char **view, size_t text_bytes)
{
    size_t size = 6 + text_bytes; /* an array of one, a length of 32 bits */
    unsigned char *bytes = calloc(1, size);
    struct troupe_message *message = NULL;

    assert_non_null(bytes);
    memcpy(bytes, "\x91\xdb", 2);
    for (size_t i = 0; i < 4; i++) {
        bytes[2 + i] = (unsigned char)(text_bytes >> (24 - 8 * i));
    }
    memset(bytes + 6, 'x', text_bytes);
    assert_int_equal(
        troupe_message_create(me, "put", bytes, size, &message), TROUPE_OK);
    free(bytes);
    *view = troupe_message_payload_view(message, &size);
    return message;
}

/* ---- the tests ----------------------------------------------------------- */

static void
a_message_is_poisoned_where_it_was_when_it_was_sent(void **state)
{
    const unsigned char *view;
    struct troupe_message *message = make_put(&view, 4);
    troupe_pid pid;

    (void)state;
    assert_int_equal(troupe_spawn(me, keeper, &pid), TROUPE_OK);
    assert_false(is_poisoned(view));
    assert_int_equal(troupe_send(me, pid, &message), TROUPE_OK);
    assert_null(message);
    assert_true(is_poisoned(view));
    assert_true(is_poisoned(view - sizeof(struct troupe_message)));
    settle();
    assert_int_equal(texts_count, 1);
    assert_memory_equal(text_read, "xxxx", 4);
    assert_true(is_poisoned(view));
}

static void
a_message_that_is_refused_stays_where_it_is(void **state)
{
    const unsigned char *view;
    struct troupe_message *message = make_put(&view, 4);
    struct troupe_message *same = message;

    (void)state;
    assert_int_equal(
        troupe_send(me, TROUPE_NO_PID, &message), TROUPE_E_NO_SUCH_ACTOR);
    assert_ptr_equal(message, same);
    assert_null(__asan_region_is_poisoned(message, sizeof(*message)));
    assert_memory_equal(view + 6, "xxxx", 4);
    troupe_message_release(me, &message);
}

static void
a_message_is_sent_also_without_memory_to_move_it(void **state)
{
    const unsigned char *view;
    struct troupe_message *message = make_put(&view, 4);
    troupe_pid pid;
    troupe_err err;

    (void)state;
    assert_int_equal(troupe_spawn(me, keeper, &pid), TROUPE_OK);
    settle();
    tp_memory_fail_every(true);
    err = troupe_send(me, pid, &message);
    tp_memory_fail_every(false);
    assert_int_equal(err, TROUPE_OK);
    settle();
    assert_int_equal(texts_count, 1);
}

static void
a_request_that_was_kept_is_poisoned_when_it_is_released(void **state)
{
    troupe_pid pid;
    troupe_pid asker;

    (void)state;
    assert_int_equal(troupe_spawn(me, keeper, &pid), TROUPE_OK);
    assert_int_equal(troupe_spawn(me, large, &asker), TROUPE_OK);
    assert_int_equal(troupe_tell(me, asker, ask_of, .to = pid), TROUPE_OK);
    settle();
    assert_non_null(borrowed);
    assert_int_equal(troupe_tell(me, pid, drop), TROUPE_OK);
    settle();
    assert_null(borrowed);
}

/* So many have their answers that most wait for their turn past the deadline:
 * then a message has been made of a timeout that is yet to be cancelled. */
static void
an_expiry_stays_where_its_asker_looks_for_it(void **state)
{
    enum { ASKERS_COUNT = 300 };
    troupe_pid pid;
    troupe_pid asker;

    (void)state;
    answers_count = 0;
    assert_int_equal(troupe_spawn(me, small, &pid), TROUPE_OK);
    for (int i = 0; i < ASKERS_COUNT; i++) {
        assert_int_equal(troupe_spawn(me, hasty, &asker), TROUPE_OK);
        assert_int_equal(troupe_tell(me, asker, ask_of, .to = pid), TROUPE_OK);
    }
    settle();
    assert_in_range(answers_count, 1, ASKERS_COUNT);
}

static void
what_was_sent_before_is_freed_when_much_is_sent(void **state)
{
    const unsigned char *view;
    uint64_t blocks_count;
    troupe_pid pid;

    (void)state;
    assert_int_equal(troupe_spawn(me, keeper, &pid), TROUPE_OK);
    settle();
    blocks_count = tp_memory_blocks_count();
    for (int i = 0; i < 3 * TP_QUARANTINE_BLOCKS_MAX; i++) {
        assert_int_equal(
            troupe_tell(me, pid, put, .text = troupe_str_of("a")), TROUPE_OK);
    }
    settle();
    assert_int_equal(texts_count, 3 * TP_QUARANTINE_BLOCKS_MAX);
    assert_true(tp_memory_blocks_count() > blocks_count + 1000);
    assert_true(
        tp_memory_blocks_count() < blocks_count + 2 * TP_QUARANTINE_BLOCKS_MAX);
    for (int i = 0; i < 40; i++) {
        struct troupe_message *message = make_put(&view, 1 << 20);

        assert_int_equal(troupe_send(me, pid, &message), TROUPE_OK);
        settle();
    }
    /* Those of a megabyte have driven the small ones out. */
    assert_true(tp_memory_blocks_count() < blocks_count + 200);
}

static void
a_state_in_the_slot_is_open_to_its_handlers_alone(void **state)
{
    struct sum sum;
    troupe_pid pid;

    (void)state;
    assert_int_equal(troupe_spawn(me, small, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(me, pid, add, .value = 3), TROUPE_OK);
    settle();
    assert_was_open_alone(1);
    assert_int_equal(troupe_tell(me, pid, add, .value = 4), TROUPE_OK);
    assert_int_equal(troupe_ask(me, pid, long_ns, sum, &sum, get), TROUPE_OK);
    assert_int_equal(sum.value, 7);
    assert_was_open_alone(2);
}

static void
a_state_in_a_block_is_open_to_its_handlers_alone(void **state)
{
    troupe_pid pid;
    troupe_pid slow;
    struct sum sum;

    (void)state;
    assert_int_equal(troupe_spawn(me, keeper, &slow), TROUPE_OK);
    assert_int_equal(
        troupe_spawn_with(me, large,
            &TROUPE_SPAWN_OPTIONS(.state = &(struct large){.sum = 5}), &pid),
        TROUPE_OK);
    settle();
    assert_was_open_alone(1); /* at the start */
    assert_int_equal(troupe_tell(me, pid, ask_of, .to = slow), TROUPE_OK);
    settle();
    settle();                 /* its deadline is behind the first one's */
    assert_was_open_alone(1); /* in the continuation */
    assert_int_equal(troupe_tell(me, pid, shrink), TROUPE_OK);
    assert_int_equal(troupe_ask(me, pid, long_ns, sum, &sum, get), TROUPE_OK);
    assert_int_equal(sum.value, 5);
    assert_int_equal(size_seen, sizeof(struct small));
    assert_was_open_alone(1); /* as much as it has become */
}

static void
a_slot_whose_actor_is_gone_is_open_to_the_next(void **state)
{
    unsigned char *first;
    troupe_pid pid;

    (void)state;
    assert_int_equal(troupe_spawn(me, small, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(me, pid, add, .value = 3), TROUPE_OK);
    settle();
    first = state_seen;
    assert_true(is_poisoned(first));
    assert_int_equal(troupe_stop(me, pid), TROUPE_OK);
    settle();
    assert_int_equal(looks_count, 2); /* the stop handler's is the second */
    assert_true(was_open && !was_open_behind);
    assert_null(__asan_region_is_poisoned(first, 16));
    assert_int_equal(troupe_spawn(me, small, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(me, pid, add, .value = 3), TROUPE_OK);
    settle();
    troupe_runtime_destroy(&runtime);
    assert_null(__asan_region_is_poisoned(state_seen, 16));
}

/* ---- the sentence -------------------------------------------------------- */

/* What the sanitizer prints when a child of this process touches address. */
static const char *
report_of(volatile unsigned char *address)
{
    static char report[REPORT_BYTES];
    size_t length = 0;
    ssize_t got;
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        *address = 1;
        _exit(0);
    }
    close(ends[1]);
    while (
        (got = read(ends[0], report + length, REPORT_BYTES - 1 - length)) > 0) {
        length += (size_t)got;
    }
    report[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return report;
}

static void
assert_says(const char *report, const char *sentence)
{
    assert_non_null(strstr(report, "ERROR: AddressSanitizer"));
    if (strstr(report, sentence) == NULL) {
        fail_msg("not said: %s\n%s", sentence, report);
    }
}

static void
a_report_says_whose_message_it_was(void **state)
{
    const unsigned char *view;
    struct troupe_message *message = make_put(&view, 4);
    troupe_pid pid;

    (void)state;
    assert_int_equal(troupe_spawn(me, keeper, &pid), TROUPE_OK);
    assert_int_equal(troupe_send(me, pid, &message), TROUPE_OK);
    assert_says(report_of((unsigned char *)(uintptr_t)view),
        "troupe: this is the message put that thread <0.0.1> outside the "
        "runtime has sent to <0.1.1>: it belongs to its receiver; touched by "
        "thread <0.0.1> outside the runtime\n");
}

static void
a_report_says_whose_state_it_is(void **state)
{
    troupe_pid pid;

    (void)state;
    assert_int_equal(troupe_spawn(me, small, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(me, pid, add, .value = 3), TROUPE_OK);
    settle();
    assert_says(report_of(state_seen + 4),
        "troupe: this is the state of actor <0.1.1> (small), which is for its "
        "own handlers; touched by thread <0.0.1> outside the runtime\n");
    assert_says(report_of(state_seen + sizeof(struct small)),
        "troupe: this is behind the 12 bytes of state that actor <0.1.1> "
        "(small) has; touched by");
    assert_int_equal(troupe_spawn(me, large, &pid), TROUPE_OK);
    settle();
    assert_says(report_of(state_seen + 99),
        "troupe: this is the state of actor <0.3.1> (large), which is");
}

static void
a_report_about_anything_else_says_nothing_of_actors(void **state)
{
    unsigned char *volatile gone = malloc(8);
    const char *report;

    (void)state;
    free(gone);
    report = report_of(gone);
    assert_non_null(strstr(report, "heap-use-after-free"));
    assert_null(strstr(report, "troupe: this is"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_poisoned_where_it_was_when_it_was_sent),
        TEST(a_message_that_is_refused_stays_where_it_is),
        TEST(a_message_is_sent_also_without_memory_to_move_it),
        TEST(a_request_that_was_kept_is_poisoned_when_it_is_released),
        TEST(an_expiry_stays_where_its_asker_looks_for_it),
        TEST(what_was_sent_before_is_freed_when_much_is_sent),
        TEST(a_state_in_the_slot_is_open_to_its_handlers_alone),
        TEST(a_state_in_a_block_is_open_to_its_handlers_alone),
        TEST(a_slot_whose_actor_is_gone_is_open_to_the_next),
        TEST(a_report_says_whose_message_it_was),
        TEST(a_report_says_whose_state_it_is),
        TEST(a_report_about_anything_else_says_nothing_of_actors),
    };
    return cmocka_run_group_tests_name("isolation", tests, NULL, NULL);
}

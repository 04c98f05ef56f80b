/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * routing: a stage for routers: actors that write down what they get, and
 * somebody who sends.
 *
 * For tests of routers and pools; one of them at a time uses the stage.
 */
#ifndef TROUPE_TESTS_SUPPORT_ROUTING_H
#define TROUPE_TESTS_SUPPORT_ROUTING_H

#include <stdatomic.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "troupe/troupe.h"

#define ITEM(FIELD) FIELD(uint64, number) FIELD(str, name)
#define NUMBER(FIELD) FIELD(uint64, value)
#define SEND(FIELD) FIELD(pid, to) FIELD(uint64, first) FIELD(uint64, count)
TROUPE_MESSAGE(item, ITEM)
TROUPE_MESSAGE(question, NUMBER)
TROUPE_MESSAGE(answer, NUMBER)
TROUPE_MESSAGE(fall, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(explode, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(step, NUMBER)
TROUPE_MESSAGE(send_items, SEND)
TROUPE_MESSAGE(silence, TROUPE_NO_FIELDS)

enum { ROWS_MAX = 16, ITEMS_MAX = 100000 };

static const uint64_t long_ns = TROUPE_SECONDS(60);

static struct {
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct troupe_stop_report report;
    void (*on_handled)(struct troupe_self *own); /* called for each item */

    /* What each routee has handled. */
    atomic_uint_least64_t counts[ROWS_MAX];
    atomic_uint_least64_t senders[ROWS_MAX];
    /* Of each item, who handled it: 1 + the row; 0: nobody. */
    atomic_uchar handled_by[ITEMS_MAX];
    atomic_uint born_count; /* routees that began a life */
} stage;

/* ---- routees ------------------------------------------------------------- */

struct routee {
    uint64_t row;
    uint64_t steps_count; /* that an item takes after it was handled */
};

static void
on_routee_start(struct troupe_self *own, void *state)
{
    (void)own, (void)state;
    atomic_fetch_add(&stage.born_count, 1);
}

static void
on_item(struct troupe_self *own, void *state, const struct item *item)
{
    const struct routee *routee = state;

    CHECK(item->number < ITEMS_MAX);
    CHECK(atomic_exchange(&stage.handled_by[item->number],
              (unsigned char)(1 + routee->row)) == 0);
    atomic_fetch_add(&stage.counts[routee->row], 1);
    if (stage.on_handled != NULL) {
        stage.on_handled(own);
    }
    if (routee->steps_count > 0) {
        (void)troupe_tell(
            own, troupe_self_pid(own), step, .value = routee->steps_count);
    }
}

static void
on_step(struct troupe_self *own, void *state, const struct step *one)
{
    (void)state;
    if (one->value > 1) {
        (void)troupe_tell(
            own, troupe_self_pid(own), step, .value = one->value - 1);
    }
}

static void
on_question(
    struct troupe_self *own, void *state, const struct question *question)
{
    const struct routee *routee = state;

    atomic_store(&stage.senders[routee->row], troupe_sender(own));
    CHECK(troupe_reply(own, answer,
              .value = 1000 * routee->row + question->value) == TROUPE_OK);
}

static void
on_silence(struct troupe_self *own, void *state, const struct silence *silence)
{
    struct troupe_request *kept = NULL;

    (void)state, (void)silence;
    CHECK(troupe_request_keep(own, &kept) == TROUPE_OK);
}

static void
on_fall(struct troupe_self *own, void *state, const struct fall *fall)
{
    (void)state, (void)fall;
    troupe_fail(own, 3, "it was told to");
}

static void
on_explode(struct troupe_self *own, void *state, const struct explode *explode)
{
    (void)own, (void)state, (void)explode;
    fault_do(FAULT_INSTRUCTION);
}

TROUPE_BEHAVIOUR(routee, sizeof(struct routee),
    TROUPE_ON_START(on_routee_start), TROUPE_ON(item, on_item),
    TROUPE_ON(step, on_step), TROUPE_ON(question, on_question),
    TROUPE_ON(silence, on_silence), TROUPE_ON(fall, on_fall),
    TROUPE_ON(explode, on_explode));

/* ---- who sends ----------------------------------------------------------- */

enum { BURST = 50 };

/* In bursts, a message of its own each. */
static void
on_send_items(
    struct troupe_self *own, void *state, const struct send_items *send)
{
    uint64_t burst = send->count < BURST ? send->count : BURST;

    (void)state;
    for (uint64_t i = 0; i < burst; i++) {
        CHECK(troupe_tell(own, send->to, item, .number = send->first + i) ==
              TROUPE_OK);
    }
    if (send->count > burst) {
        (void)troupe_tell(own, troupe_self_pid(own), send_items, .to = send->to,
            .first = send->first + burst, .count = send->count - burst);
    }
}

TROUPE_BEHAVIOUR(source, 0, TROUPE_ON(send_items, on_send_items));

/* ---- the stage ----------------------------------------------------------- */

static void
stage_keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
begin_with(const struct troupe_options *options)
{
    memset((void *)&stage, 0, sizeof(stage));
    stage.report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    assert_int_equal(troupe_runtime_create(options, &stage.runtime), TROUPE_OK);
    assert_int_equal(troupe_runtime_start(stage.runtime), TROUPE_OK);
    stage.self = troupe_thread_self(stage.runtime);
}

static void __attribute__((unused)) begin(bool simulate)
{
    begin_with(&TROUPE_OPTIONS(.simulate = simulate, .seed = 7,
        .workers_count = 2, .log = stage_keep_quiet));
}

static void
finish(void)
{
    assert_int_equal(
        troupe_runtime_stop(stage.runtime, TROUPE_SECONDS(60), &stage.report),
        TROUPE_OK);
    assert_true(stage.report.is_drained);
    troupe_runtime_destroy(&stage.runtime);
}

static uint64_t
dead_letters(enum troupe_dead_letter_cause cause)
{
    return stage.report.dead_letters_count[cause];
}

static uint64_t __attribute__((unused)) all_dead_letters(void)
{
    uint64_t count = 0;

    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        count += dead_letters((enum troupe_dead_letter_cause)i);
    }
    return count;
}

static uint64_t __attribute__((unused)) all_handled(void)
{
    uint64_t count = 0;

    for (int i = 0; i < ROWS_MAX; i++) {
        count += atomic_load(&stage.counts[i]);
    }
    return count;
}

static troupe_pid __attribute__((unused)) spawn_routee(
    uint64_t row, uint64_t steps_count, struct troupe_mailbox_options mailbox)
{
    const struct routee first = {row, steps_count};
    troupe_pid pid;

    assert_int_equal(
        troupe_spawn_with(stage.self, routee,
            &TROUPE_SPAWN_OPTIONS(.state = &first, .mailbox = mailbox), &pid),
        TROUPE_OK);
    return pid;
}

static void __attribute__((unused))
spawn_routees(unsigned count, troupe_pid *pids)
{
    for (unsigned i = 0; i < count; i++) {
        pids[i] = spawn_routee(i, 0, (struct troupe_mailbox_options){0});
    }
}

static troupe_pid __attribute__((unused))
spawn_router(const struct troupe_router_options *options)
{
    troupe_pid pid;

    assert_int_equal(troupe_router_spawn(stage.self, options, &pid), TROUPE_OK);
    return pid;
}

static void __attribute__((unused)) send_item(troupe_pid to, uint64_t number)
{
    assert_int_equal(
        troupe_tell(stage.self, to, item, .number = number), TROUPE_OK);
}

/* An actor sends so many items to it. */
static void __attribute__((unused)) send_many(troupe_pid to, uint64_t count)
{
    troupe_pid source;

    assert_int_equal(troupe_spawn(stage.self, source, &source), TROUPE_OK);
    assert_int_equal(troupe_tell(stage.self, source, send_items, .to = to,
                         .first = 0, .count = count),
        TROUPE_OK);
}

/* In a simulation: time passes, and everybody does what there is to do. */
static void __attribute__((unused)) wait_for(uint64_t span_ns)
{
    const struct routee first = {ROWS_MAX - 1, 0};
    struct answer unread;
    troupe_pid pid;

    assert_int_equal(troupe_spawn_with(stage.self, routee,
                         &TROUPE_SPAWN_OPTIONS(.state = &first), &pid),
        TROUPE_OK);
    assert_int_equal(
        troupe_ask(stage.self, pid, span_ns, answer, &unread, silence),
        TROUPE_E_TIMED_OUT);
    assert_int_equal(troupe_stop(stage.self, pid), TROUPE_OK);
}

static uint64_t __attribute__((unused))
ask_number(troupe_pid to, uint64_t number)
{
    struct answer answer = {0};

    assert_int_equal(troupe_ask(stage.self, to, long_ns, answer, &answer,
                         question, .value = number),
        TROUPE_OK);
    return answer.value;
}

static struct troupe_routee_info __attribute__((unused))
ask_routee(troupe_pid router, uint64_t index)
{
    struct troupe_routee_info info = {0};

    assert_int_equal(troupe_ask(stage.self, router, long_ns, troupe_routee_info,
                         &info, troupe_get_routee, .index = index),
        TROUPE_OK);
    return info;
}

/* For main(): cmocka puts its own signal handlers on (fault.h). */
static void
stage_save_handlers(void)
{
    struct troupe_runtime *runtime = NULL;

    for (int i = 0; i < FAULT_SIGNALS_COUNT; i++) {
        signal(fault_signals_of_all[i], SIG_DFL); /* a sanitizer's go */
    }
    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    fault_save_handlers();
    troupe_runtime_destroy(&runtime);
}

/* Both back ends run each test of this kind. */
#define ON_BOTH(name)                                                          \
    static void name##_on_threads(void **state)                                \
    {                                                                          \
        (void)state;                                                           \
        name(false);                                                           \
    }                                                                          \
    static void name##_in_a_simulation(void **state)                           \
    {                                                                          \
        (void)state;                                                           \
        name(true);                                                            \
    }
#define BOTH(name)                                                             \
    cmocka_unit_test(name##_on_threads),                                       \
        cmocka_unit_test(name##_in_a_simulation)

#endif

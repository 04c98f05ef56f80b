/* SPDX-License-Identifier: BSD-2-Clause */
/* Who waits for whom, as it is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ck_pr.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

#define PEER(FIELD) FIELD(pid, pid) FIELD(uint64, timeout_ns)
#define NUMBER(FIELD) FIELD(int64, value)
TROUPE_MESSAGE(wait_for, PEER)
TROUPE_MESSAGE(get_price, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(price, NUMBER)
TROUPE_MESSAGE(answer_all, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(block, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(look, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(looked, NUMBER)

enum { HELD_MAX = 4096, MANY_COUNT = 2500 };

static const uint64_t long_ns = TROUPE_SECONDS(3600);

/* ---- clerks, who ask, and shops, who hold what they are asked ------------ */

static void
on_price(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context, (void)answer;
}

static void
on_wait_for(
    struct troupe_self *self, void *state, const struct wait_for *wait_for)
{
    (void)state;
    CHECK(troupe_ask_then(self, wait_for->pid, wait_for->timeout_ns, on_price,
              0, get_price) == TROUPE_OK);
}

struct shop {
    struct troupe_request *held[HELD_MAX];
    int held_count;
};

static void
on_get_price(
    struct troupe_self *self, void *state, const struct get_price *get_price)
{
    struct shop *shop = state;

    (void)get_price;
    CHECK(
        troupe_request_keep(self, &shop->held[shop->held_count]) == TROUPE_OK);
    shop->held_count++;
}

static void
on_answer_all(
    struct troupe_self *self, void *state, const struct answer_all *answer_all)
{
    struct shop *shop = state;

    (void)answer_all;
    while (shop->held_count > 0) {
        shop->held_count--;
        CHECK(troupe_reply_to(self, &shop->held[shop->held_count], price,
                  .value = 1) == TROUPE_OK);
    }
}

static uint32_t is_blocked;
static uint32_t is_released;

static void
on_block(struct troupe_self *self, void *state, const struct block *block)
{
    (void)self, (void)state, (void)block;
    ck_pr_store_32(&is_blocked, 1);
    while (ck_pr_load_32(&is_released) == 0) {
        ck_pr_stall();
    }
}

static void
on_look(struct troupe_self *self, void *state, const struct look *look)
{
    (void)state, (void)look;
    CHECK(troupe_reply(self, looked,
              .value = (int64_t)troupe_waits_print(self, stdout)) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(shop, sizeof(struct shop), TROUPE_ON(get_price, on_get_price),
    TROUPE_ON(answer_all, on_answer_all), TROUPE_ON(wait_for, on_wait_for),
    TROUPE_ON(block, on_block), TROUPE_ON(look, on_look));
TROUPE_BEHAVIOUR(clerk, 0, TROUPE_ON(wait_for, on_wait_for));

/* ---- fixture ------------------------------------------------------------- */

static struct troupe_runtime *runtime;
static struct troupe_self *self;
static troupe_pid mute; /* whom the test asks to let time go by */

static void
begin(bool simulate)
{
    is_blocked = 0;
    is_released = 0;
    assert_int_equal(troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 3,
                                               .simulate = simulate, .seed = 5),
                         &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, shop, &mute), TROUPE_OK);
}

/* Under simulation: until nothing is left to do but to wait. */
static void
settle(void)
{
    struct price price;

    assert_int_equal(troupe_ask(self, mute, TROUPE_SECONDS(1) / 20, price,
                         &price, get_price),
        TROUPE_E_TIMED_OUT);
}

/* Without waiting for what nobody will answer. */
static void
finish(struct troupe_stop_report *report)
{
    assert_int_equal(troupe_runtime_stop(runtime, 0, report), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
}

static troupe_pid
spawn_shop(void)
{
    troupe_pid pid = TROUPE_NO_PID;

    assert_int_equal(troupe_spawn(self, shop, &pid), TROUPE_OK);
    return pid;
}

static troupe_pid
spawn_clerk(troupe_pid waits_for, uint64_t timeout_ns)
{
    troupe_pid pid = TROUPE_NO_PID;

    assert_int_equal(troupe_spawn(self, clerk, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(self, pid, wait_for, .pid = waits_for,
                         .timeout_ns = timeout_ns),
        TROUPE_OK);
    return pid;
}

/* What is printed; to be freed. */
static char *
waits(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    assert_int_equal(troupe_waits_print(self, stream), TROUPE_OK);
    fclose(stream);
    return text;
}

static void
assert_waits(const char *expected)
{
    char *text = waits();

    assert_string_equal(text, expected);
    free(text);
}

static int
count(const char *text, const char *part)
{
    int found = 0;

    for (; (text = strstr(text, part)) != NULL; text++) {
        found++;
    }
    return found;
}

/* ---- tests --------------------------------------------------------------- */

static void
nobody_waits_at_first(void **state)
{
    (void)state;
    begin(true);
    (void)spawn_shop();
    assert_waits("nobody waits for an answer\n");
    finish(NULL);
}

static void
each_ask_is_a_line(void **state)
{
    troupe_pid shop;

    (void)state;
    begin(true);
    shop = spawn_shop();
    (void)spawn_clerk(shop, TROUPE_SECONDS(60));
    (void)spawn_clerk(shop, UINT64_MAX);
    /* Those who have asked wait by the second time. */
    settle();
    assert_waits("actor <0.3.1> (clerk) waits for actor <0.2.1> (shop): "
                 "get_price, 59.9 s left\n"
                 "actor <0.4.1> (clerk) waits for actor <0.2.1> (shop): "
                 "get_price, without a deadline\n");
    (void)troupe_tell(self, shop, answer_all);
    settle();
    assert_waits("nobody waits for an answer\n");
    finish(NULL);
}

/* No chain of requests connects them: each was told to ask. */
static void
a_cycle_is_found(void **state)
{
    troupe_pid shops[3];
    char *text;

    (void)state;
    begin(true);
    for (int i = 0; i < 3; i++) {
        shops[i] = spawn_shop();
    }
    for (int i = 0; i < 3; i++) {
        (void)troupe_tell(self, shops[i], wait_for, .pid = shops[(i + 1) % 3],
            .timeout_ns = TROUPE_SECONDS(60));
    }
    (void)spawn_clerk(shops[1], TROUPE_SECONDS(60));
    settle();
    text = waits();
    assert_int_equal(count(text, "waits for"), 4);
    assert_int_equal(count(text, "cycle"), 1);
    assert_non_null(
        strstr(text, "cycle: actor <0.2.1> (shop) -> actor <0.3.1> (shop) -> "
                     "actor <0.4.1> (shop) -> actor <0.2.1> (shop)\n"));
    free(text);
    finish(NULL);
}

static void
a_cycle_of_one_is_found_and_two_are_two(void **state)
{
    troupe_pid shops[3];
    char *text;

    (void)state;
    begin(true);
    for (int i = 0; i < 3; i++) {
        shops[i] = spawn_shop();
    }
    (void)troupe_tell(
        self, shops[0], wait_for, .pid = shops[0], .timeout_ns = long_ns);
    (void)troupe_tell(
        self, shops[1], wait_for, .pid = shops[2], .timeout_ns = long_ns);
    (void)troupe_tell(
        self, shops[2], wait_for, .pid = shops[1], .timeout_ns = long_ns);
    settle();
    text = waits();
    assert_int_equal(count(text, "cycle: "), 2);
    assert_non_null(
        strstr(text, "cycle: actor <0.2.1> (shop) -> actor <0.2.1> (shop)\n"));
    free(text);
    finish(NULL);
}

static void
asks_without_a_cycle_show_none(void **state)
{
    troupe_pid shops[4];
    char *text;

    (void)state;
    begin(true);
    for (int i = 0; i < 4; i++) {
        shops[i] = spawn_shop();
    }
    /* A diamond: two ways from the first to the last. */
    for (int i = 0; i < 4; i++) {
        (void)troupe_tell(self, shops[i / 2], wait_for,
            .pid = shops[i < 2 ? i + 1 : 3], .timeout_ns = long_ns);
    }
    (void)troupe_tell(
        self, shops[2], wait_for, .pid = shops[3], .timeout_ns = long_ns);
    settle();
    text = waits();
    assert_int_equal(count(text, "waits for"), 5);
    assert_int_equal(count(text, "cycle"), 0);
    free(text);
    finish(NULL);
}

static void
thousands_of_actors_tell(bool simulate)
{
    troupe_pid shop;
    char *text;

    begin(simulate);
    shop = spawn_shop();
    for (int i = 0; i < MANY_COUNT; i++) {
        (void)spawn_clerk(shop, long_ns);
    }
    do {
        text = waits();
        if (count(text, "waits for") == MANY_COUNT) {
            break;
        }
        free(text);
    } while (true);
    free(text);
    finish(NULL);
}

static void
in_a_simulation_thousands_of_actors_tell(void **state)
{
    (void)state;
    thousands_of_actors_tell(true);
}

static void
on_threads_thousands_of_actors_tell(void **state)
{
    (void)state;
    thousands_of_actors_tell(false);
}

struct asker {
    pthread_t thread;
    troupe_pid shop;
    troupe_err err;
};

static void *
ask(void *arg)
{
    struct asker *asker = arg;
    struct price price;

    asker->err = troupe_ask(troupe_thread_self(runtime), asker->shop, long_ns,
        price, &price, get_price);
    return NULL;
}

static void
threads_are_listed_too(void **state)
{
    struct asker asker;
    char *text;

    (void)state;
    begin(false);
    asker.shop = spawn_shop();
    assert_int_equal(pthread_create(&asker.thread, NULL, ask, &asker), 0);
    for (;;) {
        text = waits();
        if (count(text, "thread <0.") == 1 &&
            count(text, "waits for actor <0.2.1> (shop): get_price, 35") == 1) {
            break;
        }
        free(text);
    }
    free(text);
    /* The thread shows what it asks before it does: the shop may not have it. */
    while (pthread_tryjoin_np(asker.thread, NULL) != 0) {
        (void)troupe_tell(self, asker.shop, answer_all);
        sched_yield();
    }
    assert_int_equal(asker.err, TROUPE_OK);
    assert_waits("nobody waits for an answer\n");
    finish(NULL);
}

static void
who_does_not_return_from_its_handler_is_busy(void **state)
{
    troupe_pid shop;

    (void)state;
    begin(false);
    shop = spawn_shop();
    (void)troupe_tell(self, shop, block);
    while (ck_pr_load_32(&is_blocked) == 0) {
        ck_pr_stall();
    }
    assert_waits("nobody waits for an answer\n"
                 "busy actor <0.2.1> has not returned from its handler\n");
    /* Its report comes now, and is too late: it says that nobody waits. */
    ck_pr_store_32(&is_blocked, 0);
    (void)troupe_tell(
        self, shop, wait_for, .pid = mute, .timeout_ns = UINT64_MAX);
    (void)troupe_tell(self, shop, block);
    ck_pr_store_32(&is_released, 1);
    while (ck_pr_load_32(&is_blocked) == 0) {
        ck_pr_stall();
    }
    assert_waits("actor <0.2.1> (shop) waits for actor <0.1.1> (shop): "
                 "get_price, without a deadline\n");
    finish(NULL);
}

static void
who_has_died_waits_for_nobody(void **state)
{
    troupe_pid shop;
    troupe_pid dying;

    (void)state;
    begin(true);
    shop = spawn_shop();
    dying = spawn_clerk(shop, long_ns);
    settle();
    (void)troupe_stop(self, dying);
    settle();
    assert_waits("nobody waits for an answer\n");
    finish(NULL);
}

static void
actors_come_and_go_meanwhile(void **state)
{
    (void)state;
    begin(false);
    for (int i = 0; i < 30; i++) {
        troupe_pid shop = spawn_shop();

        for (int j = 0; j < 20; j++) {
            troupe_pid clerk = spawn_clerk(shop, long_ns);

            if (j % 3 == 0) {
                (void)troupe_stop(self, clerk);
            }
        }
        free(waits());
        (void)troupe_stop(self, shop);
    }
    finish(NULL);
}

static void
only_threads_of_a_running_runtime_may_ask_for_it(void **state)
{
    struct troupe_runtime *created;
    struct looked looked = {0};
    troupe_pid shop;

    (void)state;
    assert_int_equal(troupe_runtime_create(NULL, &created), TROUPE_OK);
    assert_int_equal(troupe_waits_print(troupe_thread_self(created), stdout),
        TROUPE_E_NOT_RUNNING);
    troupe_runtime_destroy(&created);
    begin(true);
    shop = spawn_shop();
    assert_int_equal(
        troupe_ask(self, shop, long_ns, looked, &looked, look), TROUPE_OK);
    assert_int_equal(looked.value, TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_runtime_stop(runtime, 0, NULL), TROUPE_OK);
    assert_int_equal(troupe_waits_print(self, stdout), TROUPE_E_NOT_RUNNING);
    troupe_runtime_destroy(&runtime);
}

/* Fails in each place in turn. True: it found memory everywhere. */
static bool
prints_without_memory_at(uint64_t n)
{
    char text[4096];
    FILE *stream = fmemopen(text, sizeof(text), "w");
    troupe_err err;

    assert_non_null(stream);
    tp_memory_fail_at(n);
    err = troupe_waits_print(self, stream);
    tp_memory_fail_at(0);
    fclose(stream);
    assert_true(err == TROUPE_OK || err == TROUPE_E_NO_MEMORY);
    return err == TROUPE_OK && strstr(text, "more asks") == NULL;
}

static void
without_memory_it_says_so(void **state)
{
    uint64_t blocks_count = tp_memory_blocks_count();
    troupe_pid shop;
    int failed_count = 0;

    (void)state;
    begin(true);
    shop = spawn_shop();
    (void)spawn_clerk(shop, long_ns);
    (void)spawn_clerk(shop, long_ns);
    settle();
    for (uint64_t n = 1; n < 100; n++) {
        failed_count += !prints_without_memory_at(n);
    }
    assert_true(failed_count > 0);
    assert_true(failed_count < 50);
    finish(NULL);
    assert_int_equal(tp_memory_blocks_count(), blocks_count);
}

static void
the_report_of_a_stop_says_who_waited(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    char text[4096];
    FILE *stream = fmemopen(text, sizeof(text), "w");
    troupe_pid shop;

    (void)state;
    begin(true);
    shop = spawn_shop();
    for (int i = 0; i < 2 * TROUPE_STOP_WAITS_MAX; i++) {
        (void)spawn_clerk(shop, long_ns);
    }
    settle();
    finish(&report);
    assert_int_equal(report.actors_waiting_count, 2 * TROUPE_STOP_WAITS_MAX);
    assert_int_equal(report.waits_count, TROUPE_STOP_WAITS_MAX);
    assert_int_equal(report.waits[0].waits_for, shop);
    assert_string_equal(report.waits[0].behaviour, "clerk");
    assert_string_equal(report.waits[0].message, "get_price");
    troupe_stop_report_print(stream, &report);
    fclose(stream);
    assert_non_null(
        strstr(text, "<0.3.1> (clerk) waited for <0.2.1>: get_price\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_waits_at_first),
        cmocka_unit_test(each_ask_is_a_line),
        cmocka_unit_test(a_cycle_is_found),
        cmocka_unit_test(a_cycle_of_one_is_found_and_two_are_two),
        cmocka_unit_test(asks_without_a_cycle_show_none),
        cmocka_unit_test(in_a_simulation_thousands_of_actors_tell),
        cmocka_unit_test(on_threads_thousands_of_actors_tell),
        cmocka_unit_test(threads_are_listed_too),
        cmocka_unit_test(who_does_not_return_from_its_handler_is_busy),
        cmocka_unit_test(who_has_died_waits_for_nobody),
        cmocka_unit_test(actors_come_and_go_meanwhile),
        cmocka_unit_test(only_threads_of_a_running_runtime_may_ask_for_it),
        cmocka_unit_test(without_memory_it_says_so),
        cmocka_unit_test(the_report_of_a_stop_says_who_waited),
    };
    return cmocka_run_group_tests_name("waits", tests, NULL, NULL);
}

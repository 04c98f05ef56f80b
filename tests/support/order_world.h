/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order_world: a receiver with marked lines, in a simulation, and the words for
 * what it has handled: "c1 i1 a3" is a command 1, an item 1, a price 3 of a.
 */
#ifndef TROUPE_TESTS_SUPPORT_ORDER_WORLD_H
#define TROUPE_TESTS_SUPPORT_ORDER_WORLD_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(uint64, value)
#define PRICE(FIELD) FIELD(uint64, cents) FIELD(str, symbol)
TROUPE_MESSAGE(number, NUMBER)
TROUPE_MESSAGE(item, NUMBER)
TROUPE_MESSAGE(command, NUMBER)
TROUPE_MESSAGE(command_yourself, NUMBER)
TROUPE_MESSAGE(flood_yourself, NUMBER)
TROUPE_MESSAGE(kill_yourself, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(urgent_query, NUMBER)
TROUPE_MESSAGE(price, PRICE)
TROUPE_MESSAGE(status, NUMBER)
TROUPE_MESSAGE(ask_echo, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(echo, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(become_ordered, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(become_plain, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(fail_now, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(get_replaced, TROUPE_NO_FIELDS)

enum { SEEN_BYTES = 8192 };

static const uint64_t long_ns = TROUPE_SECONDS(60);

static struct troupe_runtime *runtime;
static struct troupe_self *tester;
static struct troupe_stop_report report;
static troupe_pid receiver_pid;
static troupe_pid plain_pid;
static troupe_pid echoing_pid;
static char seen[SEEN_BYTES]; /* what receivers have handled, a word each */

#define TELL(to, ...)                                                          \
    assert_int_equal(troupe_tell(tester, (to), __VA_ARGS__), TROUPE_OK)

static inline void
add_word(char *words, char letter, uint64_t value)
{
    size_t used = strlen(words);

    CHECK(used + 24 < SEEN_BYTES);
    (void)snprintf(
        words + used, SEEN_BYTES - used, "%c%" PRIu64 " ", letter, value);
}

static inline void
forget_seen(void)
{
    seen[0] = '\0';
}

/* How many words begin with the letter. */
static inline unsigned
handled_count(char letter)
{
    unsigned count = 0;

    for (const char *at = seen; *at != '\0'; at++) {
        count += *at == letter;
    }
    return count;
}

/* So many words are before this one. */
static inline unsigned
place_of(const char *word)
{
    const char *found = strstr(seen, word);
    unsigned place = 0;

    assert_non_null(found);
    for (const char *at = seen; at < found; at++) {
        place += *at == ' ';
    }
    return place;
}

/* ---- the receiver -------------------------------------------------------- */

TROUPE_BEHAVIOUR_DECLARE(ordered);
TROUPE_BEHAVIOUR_DECLARE(plain);

#define ON_NUMBER(message, letter)                                             \
    static void on_##message(                                                  \
        struct troupe_self *own, void *state, const struct message *number)    \
    {                                                                          \
        (void)own, (void)state;                                                \
        add_word(seen, letter, number->value);                                 \
    }
ON_NUMBER(item, 'i')
ON_NUMBER(command, 'c')
ON_NUMBER(status, 's')

static void
on_price(struct troupe_self *own, void *state, const struct price *price)
{
    (void)own, (void)state;
    add_word(seen, price->symbol.data[0], price->cents);
}

static void
on_command_yourself(struct troupe_self *own, void *state,
    const struct command_yourself *command_yourself)
{
    (void)state;
    add_word(seen, 'y', command_yourself->value);
    CHECK(troupe_tell(own, troupe_self_pid(own), command,
              .value = command_yourself->value) == TROUPE_OK);
}

static void
on_flood_yourself(
    struct troupe_self *own, void *state, const struct flood_yourself *flood)
{
    (void)state;
    add_word(seen, 'f', flood->value);
    if (flood->value > 1) {
        CHECK(troupe_tell(own, troupe_self_pid(own), flood_yourself,
                  .value = flood->value - 1) == TROUPE_OK);
    }
}

static void
on_kill_yourself(
    struct troupe_self *own, void *state, const struct kill_yourself *message)
{
    (void)state, (void)message;
    (void)snprintf(seen + strlen(seen), 3, "k ");
    CHECK(troupe_kill(own, troupe_self_pid(own)) == TROUPE_OK);
}

static void
on_urgent_query(
    struct troupe_self *own, void *state, const struct urgent_query *query)
{
    (void)state;
    add_word(seen, 'q', query->value);
    CHECK(troupe_reply(own, number, .value = query->value) == TROUPE_OK);
}

static void
on_echoed(struct troupe_self *own, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)own, (void)state, (void)context;
    CHECK(troupe_answer_err(answer) == TROUPE_OK);
    (void)snprintf(seen + strlen(seen), 3, "r ");
}

static void
on_ask_echo(
    struct troupe_self *own, void *state, const struct ask_echo *message)
{
    (void)state, (void)message;
    CHECK(troupe_ask_then(own, echoing_pid, long_ns, on_echoed, 0, echo) ==
          TROUPE_OK);
}

static void
on_become_plain(
    struct troupe_self *own, void *state, const struct become_plain *message)
{
    (void)state, (void)message;
    CHECK(troupe_become(own, plain) == TROUPE_OK);
}

static void
on_become_ordered(
    struct troupe_self *own, void *state, const struct become_ordered *message)
{
    (void)state, (void)message;
    CHECK(troupe_become(own, ordered) == TROUPE_OK);
}

static void
on_fail_now(
    struct troupe_self *own, void *state, const struct fail_now *message)
{
    (void)state, (void)message;
    troupe_fail(own, 1, "as told");
}

static void
on_get_replaced(
    struct troupe_self *own, void *state, const struct get_replaced *message)
{
    (void)state, (void)message;
    CHECK(troupe_reply(own, number, .value = troupe_replaced_count(own)) ==
          TROUPE_OK);
}

TROUPE_BEHAVIOUR(ordered, 0, TROUPE_ON(item, on_item),
    TROUPE_ON_URGENT(command, on_command),
    TROUPE_ON(command_yourself, on_command_yourself),
    TROUPE_ON_URGENT(flood_yourself, on_flood_yourself),
    TROUPE_ON_URGENT(kill_yourself, on_kill_yourself),
    TROUPE_ON_URGENT(urgent_query, on_urgent_query),
    TROUPE_ON_LATEST_BY(price, symbol, on_price),
    TROUPE_ON_LATEST(status, on_status), TROUPE_ON(ask_echo, on_ask_echo),
    TROUPE_ON_URGENT(become_plain, on_become_plain),
    TROUPE_ON_URGENT(fail_now, on_fail_now),
    TROUPE_ON(get_replaced, on_get_replaced));

TROUPE_BEHAVIOUR(plain, 0, TROUPE_ON(item, on_item),
    TROUPE_ON(command, on_command), TROUPE_ON(price, on_price),
    TROUPE_ON(become_ordered, on_become_ordered));

/* ---- who answers it ------------------------------------------------------ */

static void
on_echo(struct troupe_self *own, void *state, const struct echo *echo)
{
    (void)state, (void)echo;
    CHECK(troupe_reply(own, number, .value = 0) == TROUPE_OK);
    CHECK(troupe_tell(own, receiver_pid, command, .value = 9) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(echoer, 0, TROUPE_ON(echo, on_echo));

/* ---- the world ----------------------------------------------------------- */

static inline void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static inline void
begin_with(struct troupe_mailbox_options mailbox)
{
    report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    forget_seen();
    assert_int_equal(troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true,
                                               .seed = 1, .log = keep_quiet),
                         &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    tester = troupe_thread_self(runtime);
    assert_int_equal(
        troupe_spawn_with(tester, ordered,
            &TROUPE_SPAWN_OPTIONS(.mailbox = mailbox), &receiver_pid),
        TROUPE_OK);
    assert_int_equal(troupe_spawn(tester, plain, &plain_pid), TROUPE_OK);
    assert_int_equal(troupe_spawn(tester, echoer, &echoing_pid), TROUPE_OK);
}

static inline void
begin(void)
{
    begin_with(
        (struct troupe_mailbox_options){.policy = TROUPE_MAILBOX_DEFAULT});
}

/* Lets everybody run until nothing waits. */
static inline void
settle_down(void)
{
    troupe_runtime_wait(runtime);
}

static inline void
finish(void)
{
    assert_int_equal(troupe_runtime_stop(runtime, long_ns, &report), TROUPE_OK);
    assert_true(report.is_drained);
    troupe_runtime_destroy(&runtime);
}

/* What has been handled since, but for the blank at the end. */
static inline void
expect(const char *words)
{
    settle_down();
    if (seen[0] != '\0') {
        seen[strlen(seen) - 1] = '\0';
    }
    assert_string_equal(seen, words);
    forget_seen();
}
#define EXPECT(words) expect(words)

static inline void
tell_all(troupe_pid to, char letter, uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++) {
        assert_int_equal(letter == 'i'
                             ? troupe_tell(tester, to, item, .value = i)
                             : troupe_tell(tester, to, command, .value = i),
            TROUPE_OK);
    }
}

static inline void
tell_items(uint64_t first, uint64_t last)
{
    tell_all(receiver_pid, 'i', first, last);
}

static inline void
tell_commands(uint64_t first, uint64_t last)
{
    tell_all(receiver_pid, 'c', first, last);
}

static inline void
tell_prices_to(troupe_pid to, const char *symbol, uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++) {
        TELL(to, price, .cents = i, .symbol = troupe_str_of(symbol));
    }
}

static inline void
tell_prices(const char *symbol, uint64_t first, uint64_t last)
{
    tell_prices_to(receiver_pid, symbol, first, last);
}

/* A receiver that is started again. */
static inline void
supervise_receiver(void)
{
    static const struct troupe_child children[] = {
        TROUPE_CHILD(.name = "receiver", .behaviour = &ordered_behaviour)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.restarts_max = 9, TROUPE_CHILDREN(children));
    troupe_pid pid;

    assert_int_equal(
        troupe_supervise(tester, &tree, &pid, &receiver_pid), TROUPE_OK);
}

#endif

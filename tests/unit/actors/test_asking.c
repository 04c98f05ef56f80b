/* SPDX-License-Identifier: BSD-2-Clause */
/* Deadlines that travel, requests that are handed on, and cycles of asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ck_pr.h>
#include <pthread.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "troupe/troupe.h"

#define ROUTE(FIELD)                                                           \
    FIELD(uint64, timeout_ns) FIELD(boolean, hold) FIELD(bin, hops)
#define ARRIVED(FIELD) FIELD(int32, err) FIELD(uint64, at_ns)
#define PEER(FIELD) FIELD(pid, pid)
#define BYTES(FIELD) FIELD(bin, bytes)
#define NUMBER(FIELD) FIELD(int64, value)
/* Ask your way along these hops; the last one answers, or holds the request. */
TROUPE_MESSAGE(route, ROUTE)
TROUPE_MESSAGE(arrived, ARRIVED)
TROUPE_MESSAGE(detour, ROUTE) /* the same, in a continuation */
TROUPE_MESSAGE(aside, ROUTE)  /* the same, but answer first */
TROUPE_MESSAGE(let_go, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(pass_on, PEER) /* hand the request that you hold on */
TROUPE_MESSAGE(passed, ARRIVED)
TROUPE_MESSAGE(consult, PEER) /* hand on the request in hand */
TROUPE_MESSAGE(echo, BYTES)
TROUPE_MESSAGE(get_last, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(block, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(count, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(nothing, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(stumble, PEER)       /* hand on, then crash */
TROUPE_MESSAGE(stumble_later, PEER) /* crash in a continuation */
TROUPE_MESSAGE(total, NUMBER)

static const uint64_t long_ns = TROUPE_SECONDS(3600);

/* ---- an agent ------------------------------------------------------------ */

struct agent {
    struct troupe_request *held;
    int32_t last_err; /* of its last ask */
    uint64_t last_ns; /* when that ended */
    int64_t counted;
    struct route asked; /* to be asked in a continuation */
    troupe_pid hops[16];
};

static struct route
rest_of(const struct route *route)
{
    struct route rest = *route;

    rest.hops.data += sizeof(troupe_pid);
    rest.hops.size -= (uint32_t)sizeof(troupe_pid);
    return rest;
}

static troupe_pid
first_of(const struct route *route)
{
    troupe_pid pid;

    memcpy(&pid, route->hops.data, sizeof(pid));
    return pid;
}

static void
on_arrived(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct agent *agent = state;
    struct troupe_request *request = (void *)(uintptr_t)context;
    struct arrived arrived = {TROUPE_OK, 0};
    troupe_err err = arrived_from(answer, &arrived);

    agent->last_err = (int32_t)err;
    agent->last_ns = troupe_now_ns(self);
    if (request != NULL) {
        CHECK(troupe_reply_to(self, &request, arrived,
                  .err = err == TROUPE_OK ? arrived.err : (int32_t)err) ==
              TROUPE_OK);
    }
}

static void
go_on(struct troupe_self *self, const struct route *route,
    struct troupe_request *request)
{
    struct route rest = rest_of(route);

    CHECK(troupe_ask_then(self, first_of(route), route->timeout_ns, on_arrived,
              (uintptr_t)request, route, .timeout_ns = rest.timeout_ns,
              .hold = rest.hold, .hops = rest.hops) == TROUPE_OK);
}

static void
on_route(struct troupe_self *self, void *state, const struct route *route)
{
    struct agent *agent = state;
    struct troupe_request *request;

    if (route->hops.size == 0 && route->hold) {
        CHECK(troupe_request_keep(self, &agent->held) == TROUPE_OK);
        return;
    }
    if (route->hops.size == 0) {
        CHECK(troupe_reply(self, arrived, .err = TROUPE_OK) == TROUPE_OK);
        return;
    }
    CHECK(troupe_request_keep(self, &request) == TROUPE_OK);
    go_on(self, route, request);
}

static void
on_echo_before_detour(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct agent *agent = state;

    CHECK(troupe_answer_err(answer) == TROUPE_OK);
    if (context == 0) { /* aside */
        CHECK(troupe_reply_to(self, &agent->held, arrived, .err = 0) ==
              TROUPE_OK);
        go_on(self, &agent->asked, NULL);
    } else {
        struct troupe_request *request = agent->held;

        agent->held = NULL;
        go_on(self, &agent->asked, request);
    }
}

/* Asks the first hop for something else first, then along the route. */
static void
go_later(struct troupe_self *self, struct agent *agent, uint64_t context,
    const struct route *route)
{
    CHECK(route->hops.size <= sizeof(agent->hops));
    memcpy(agent->hops, route->hops.data, route->hops.size);
    agent->asked = *route;
    agent->asked.hops.data = (const uint8_t *)agent->hops;
    CHECK(troupe_request_keep(self, &agent->held) == TROUPE_OK);
    CHECK(troupe_ask_then(self, first_of(&agent->asked), long_ns,
              on_echo_before_detour, context, echo,
              .bytes = {NULL, 0}) == TROUPE_OK);
}

static void
on_detour(struct troupe_self *self, void *state, const struct detour *detour)
{
    struct route route = {detour->timeout_ns, detour->hold, detour->hops};

    go_later(self, state, 1, &route);
}

static void
on_aside(struct troupe_self *self, void *state, const struct aside *aside)
{
    struct route route = {aside->timeout_ns, aside->hold, aside->hops};

    go_later(self, state, 0, &route);
}

static void
on_let_go(struct troupe_self *self, void *state, const struct let_go *let_go)
{
    struct agent *agent = state;

    (void)let_go;
    CHECK(troupe_reply_to(self, &agent->held, arrived, .err = 0) == TROUPE_OK);
}

static void
on_pass_on(struct troupe_self *self, void *state, const struct pass_on *pass_on)
{
    struct agent *agent = state;
    troupe_err err = troupe_request_forward(self, &agent->held, pass_on->pid);

    CHECK((err == TROUPE_OK) == (agent->held == NULL));
    CHECK(troupe_reply(self, passed, .err = (int32_t)err) == TROUPE_OK);
}

/* The request is `consult` for the next one too, which answers it. */
static void
on_consult(struct troupe_self *self, void *state, const struct consult *consult)
{
    struct troupe_request *request;

    (void)state;
    if (consult->pid == troupe_self_pid(self)) {
        CHECK(troupe_reply(self, arrived, .err = 0) == TROUPE_OK);
        return;
    }
    CHECK(troupe_request_keep(self, &request) == TROUPE_OK);
    CHECK(troupe_request_forward(self, &request, consult->pid) == TROUPE_OK);
    CHECK(request == NULL);
    CHECK(troupe_sender(self) == TROUPE_NO_PID);
    CHECK(troupe_reply(self, arrived, .err = 1) == TROUPE_E_NO_REQUEST);
    CHECK(troupe_request_keep(self, &request) == TROUPE_E_NO_REQUEST);
}

static void
on_echo(struct troupe_self *self, void *state, const struct echo *echo)
{
    (void)state;
    CHECK(troupe_reply(self, echo, .bytes = echo->bytes) == TROUPE_OK);
}

static void
on_get_last(
    struct troupe_self *self, void *state, const struct get_last *get_last)
{
    struct agent *agent = state;

    (void)get_last;
    CHECK(troupe_reply(self, arrived, .err = agent->last_err,
              .at_ns = agent->last_ns) == TROUPE_OK);
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
on_count(struct troupe_self *self, void *state, const struct count *count)
{
    struct agent *agent = state;

    (void)count;
    agent->counted++;
    CHECK(troupe_reply(self, total, .value = agent->counted) == TROUPE_OK);
}

static void
on_stumble(struct troupe_self *self, void *state, const struct stumble *stumble)
{
    struct troupe_request *request;

    (void)state;
    if (stumble->pid == troupe_self_pid(self)) {
        CHECK(troupe_reply(self, arrived, .err = 0) == TROUPE_OK);
        return;
    }
    CHECK(troupe_request_keep(self, &request) == TROUPE_OK);
    CHECK(troupe_request_forward(self, &request, stumble->pid) == TROUPE_OK);
    fault_do(FAULT_NULL);
}

static void
crash(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context, (void)answer;
    fault_do(FAULT_NULL);
}

static void
on_stumble_later(struct troupe_self *self, void *state,
    const struct stumble_later *stumble_later)
{
    struct agent *agent = state;

    CHECK(troupe_request_keep(self, &agent->held) == TROUPE_OK);
    CHECK(troupe_ask_then(self, stumble_later->pid, long_ns, crash, 0, echo) ==
          TROUPE_OK);
}

static void
on_nothing(struct troupe_self *self, void *state, const struct nothing *nothing)
{
    (void)self, (void)state, (void)nothing;
}

TROUPE_BEHAVIOUR(agent, sizeof(struct agent), TROUPE_ON(route, on_route),
    TROUPE_ON(detour, on_detour), TROUPE_ON(aside, on_aside),
    TROUPE_ON(let_go, on_let_go), TROUPE_ON(pass_on, on_pass_on),
    TROUPE_ON(consult, on_consult), TROUPE_ON(echo, on_echo),
    TROUPE_ON(get_last, on_get_last), TROUPE_ON(block, on_block),
    TROUPE_ON(count, on_count), TROUPE_ON(nothing, on_nothing),
    TROUPE_ON(stumble, on_stumble), TROUPE_ON(stumble_later, on_stumble_later));

/* ---- a world of agents --------------------------------------------------- */

enum { AGENTS_COUNT = 12 };

static struct world {
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid agents[AGENTS_COUNT];
    struct troupe_stop_report report;
    pthread_mutex_t mutex;
    char log[4096]; /* by the mutex, until the runtime has stopped */
} world;

static void
keep_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level;
    pthread_mutex_lock(&world.mutex);
    if (strlen(world.log) + strlen(line) + 2 < sizeof(world.log)) {
        strcat(world.log, line);
        strcat(world.log, "\n");
    }
    pthread_mutex_unlock(&world.mutex);
}

static void
begin(bool simulate)
{
    memset(&world, 0, sizeof(world));
    is_blocked = 0;
    is_released = 0;
    pthread_mutex_init(&world.mutex, NULL);
    world.report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    assert_int_equal(troupe_runtime_create(
                         &TROUPE_OPTIONS(.workers_count = 3,
                             .simulate = simulate, .seed = 7, .log = keep_line),
                         &world.runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(world.runtime), TROUPE_OK);
    world.self = troupe_thread_self(world.runtime);
    for (int i = 0; i < AGENTS_COUNT; i++) {
        assert_int_equal(
            troupe_spawn(world.self, agent, &world.agents[i]), TROUPE_OK);
    }
}

static void
finish(void)
{
    assert_int_equal(
        troupe_runtime_stop(world.runtime, long_ns, &world.report), TROUPE_OK);
    assert_true(world.report.is_drained);
    troupe_runtime_destroy(&world.runtime);
    pthread_mutex_destroy(&world.mutex);
}

static uint64_t
dead_letters(enum troupe_dead_letter_cause cause)
{
    return world.report.dead_letters_count[cause];
}

/* "1 2 0": the agents' pids one after the other. */
static struct troupe_bin
hops_of(const char *route)
{
    static troupe_pid pids[16];
    uint32_t count = 0;

    for (const char *at = route; *at != '\0'; at++) {
        if (*at != ' ') {
            int digit = *at >= 'a' ? *at - 'a' + 10 : *at - '0';

            pids[count++] = world.agents[digit];
        }
    }
    return (struct troupe_bin){
        (const uint8_t *)pids, count * (uint32_t)sizeof(pids[0])};
}

struct trip {
    int first;
    const char *hops;
    uint64_t timeout_ns; /* of the first ask; 0: long */
    uint64_t inner_ns;   /* of all others; 0: long */
    bool hold;
};

static uint64_t
or_long(uint64_t span_ns)
{
    return span_ns == 0 ? long_ns : span_ns;
}

/* How the first ask ends, or how the second one did. */
static troupe_err
end_of(troupe_err err, const struct arrived *arrived)
{
    return err != TROUPE_OK ? err : (troupe_err)arrived->err;
}

static troupe_err
travel(struct trip trip)
{
    struct arrived arrived = {0, 0};
    troupe_err err = troupe_ask(world.self, world.agents[trip.first],
        or_long(trip.timeout_ns), arrived, &arrived, route,
        .timeout_ns = or_long(trip.inner_ns), .hold = trip.hold,
        .hops = hops_of(trip.hops));

    return end_of(err, &arrived);
}

static troupe_err
travel_later(struct trip trip)
{
    struct arrived arrived = {0, 0};
    troupe_err err = troupe_ask(world.self, world.agents[trip.first],
        or_long(trip.timeout_ns), arrived, &arrived, detour,
        .timeout_ns = or_long(trip.inner_ns), .hold = trip.hold,
        .hops = hops_of(trip.hops));

    return end_of(err, &arrived);
}

static troupe_err
travel_after_answering(struct trip trip)
{
    struct arrived arrived = {0, 0};
    troupe_err err = troupe_ask(world.self, world.agents[trip.first],
        or_long(trip.timeout_ns), arrived, &arrived, aside,
        .timeout_ns = or_long(trip.inner_ns), .hold = trip.hold,
        .hops = hops_of(trip.hops));

    return end_of(err, &arrived);
}

/* How the last ask of an agent ended, and when. */
static struct arrived
last_of(int agent_index)
{
    struct arrived last = {-1, 0};

    assert_int_equal(troupe_ask(world.self, world.agents[agent_index], long_ns,
                         arrived, &last, get_last),
        TROUPE_OK);
    return last;
}

/* Lets virtual time go by. */
static void
wait_for(uint64_t span_ns)
{
    struct total total;

    assert_int_equal(troupe_ask(world.self, world.agents[AGENTS_COUNT - 1],
                         span_ns, total, &total, route, .hold = true),
        TROUPE_E_TIMED_OUT);
}

static int
cycles_logged(void)
{
    int count = 0;

    for (const char *at = world.log; (at = strstr(at, "cycle of asks")) != NULL;
         at++) {
        count++;
    }
    return count;
}

/* ---- deadlines ----------------------------------------------------------- */

static void
a_request_whose_deadline_has_passed_is_not_handled(void **state)
{
    struct total total = {7};

    (void)state;
    begin(true);
    assert_int_equal(
        troupe_ask(world.self, world.agents[0], 0, total, &total, count),
        TROUPE_E_TIMED_OUT);
    assert_int_equal(
        troupe_ask(world.self, world.agents[0], long_ns, total, &total, count),
        TROUPE_OK);
    assert_int_equal(total.value, 1);
    finish();
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_EXPIRED), 1);
    assert_non_null(strstr(world.log, "its deadline had passed"));
}

/* The agent is at work while the deadline passes, on another thread. */
static void
a_request_that_waits_too_long_is_not_handled(void **state)
{
    struct total total = {7};

    (void)state;
    begin(false);
    (void)troupe_tell(world.self, world.agents[0], block);
    while (ck_pr_load_32(&is_blocked) == 0) {
        ck_pr_stall();
    }
    /* Its worker looks at the clock every 16 messages. */
    for (int i = 0; i < 16; i++) {
        (void)troupe_tell(world.self, world.agents[0], nothing);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(troupe_ask(world.self, world.agents[0], TROUPE_MS(1),
                             total, &total, count),
            TROUPE_E_TIMED_OUT);
    }
    ck_pr_store_32(&is_released, 1);
    assert_int_equal(
        troupe_ask(world.self, world.agents[0], long_ns, total, &total, count),
        TROUPE_OK);
    assert_int_equal(total.value, 1);
    finish();
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_EXPIRED), 3);
}

static void
an_answer_that_does_not_come_in_time_is_timed_out_and_then_late(void **state)
{
    (void)state;
    begin(true);
    assert_int_equal(
        travel((struct trip){.timeout_ns = 1000000, .hold = true, .hops = ""}),
        TROUPE_E_TIMED_OUT);
    (void)troupe_tell(world.self, world.agents[0], let_go);
    (void)last_of(0);
    finish();
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_LATE_REPLY), 1);
}

static void
what_is_asked_for_a_request_ends_with_it(void **state)
{
    uint64_t begun_ns;
    struct arrived last;

    (void)state;
    begin(true);
    begun_ns = troupe_now_ns(world.self);
    assert_int_equal(
        travel((struct trip){
            .hops = "12", .hold = true, .timeout_ns = TROUPE_SECONDS(1)}),
        TROUPE_E_TIMED_OUT);
    wait_for(TROUPE_SECONDS(1));
    last = last_of(1);
    assert_int_equal(last.err, TROUPE_E_TIMED_OUT);
    assert_true(last.at_ns >= begun_ns + TROUPE_SECONDS(1));
    assert_true(last.at_ns < begun_ns + TROUPE_SECONDS(2));
    finish();
}

static void
an_earlier_deadline_of_its_own_holds(void **state)
{
    uint64_t begun_ns;

    (void)state;
    begin(true);
    begun_ns = troupe_now_ns(world.self);
    assert_int_equal(travel((struct trip){.hops = "12",
                         .hold = true,
                         .timeout_ns = TROUPE_SECONDS(1000),
                         .inner_ns = TROUPE_SECONDS(1)}),
        TROUPE_E_TIMED_OUT);
    assert_true(troupe_now_ns(world.self) < begun_ns + TROUPE_SECONDS(2));
    finish();
}

static void
a_continuation_goes_on_with_the_deadline(void **state)
{
    uint64_t begun_ns;
    struct arrived last;

    (void)state;
    begin(true);
    begun_ns = troupe_now_ns(world.self);
    assert_int_equal(
        travel_later((struct trip){
            .hops = "12", .hold = true, .timeout_ns = TROUPE_SECONDS(1)}),
        TROUPE_E_TIMED_OUT);
    wait_for(TROUPE_SECONDS(1));
    last = last_of(0);
    assert_int_equal(last.err, TROUPE_E_TIMED_OUT);
    assert_true(last.at_ns < begun_ns + TROUPE_SECONDS(2));
    finish();
}

static void
what_is_asked_after_the_answer_has_its_own_deadline(void **state)
{
    uint64_t begun_ns;
    struct arrived last;

    (void)state;
    begin(true);
    begun_ns = troupe_now_ns(world.self);
    assert_int_equal(travel_after_answering((struct trip){.hops = "12",
                         .hold = true,
                         .timeout_ns = TROUPE_SECONDS(1),
                         .inner_ns = TROUPE_SECONDS(20)}),
        TROUPE_OK);
    wait_for(TROUPE_SECONDS(30));
    last = last_of(0);
    assert_int_equal(last.err, TROUPE_E_TIMED_OUT);
    assert_true(last.at_ns >= begun_ns + TROUPE_SECONDS(20));
    finish();
}

/* Whether there is room behind the payload differs from size to size. */
static void
requests_of_every_size_carry_their_deadline(void **state)
{
    static uint8_t bytes[9000];
    struct echo echo;

    (void)state;
    begin(true);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    for (uint32_t size = 0; size <= sizeof(bytes);
         size += size < 600 || (size > 3900 && size < 4200) ? 1 : 97) {
        assert_int_equal(troupe_ask(world.self, world.agents[0], long_ns, echo,
                             &echo, echo, .bytes = {bytes, size}),
            TROUPE_OK);
        assert_int_equal(echo.bytes.size, size);
        assert_memory_equal(echo.bytes.data, bytes, size);
    }
    finish();
}

static void
the_dead_answer_at_once(bool simulate)
{
    begin(simulate);
    for (int i = 0; i < AGENTS_COUNT; i++) {
        (void)troupe_stop(world.self, world.agents[i]);
        /* Without a deadline: only an answer ends these. */
        assert_int_equal(travel((struct trip){
                             .first = i, .hops = "", .timeout_ns = UINT64_MAX}),
            TROUPE_E_NO_SUCH_ACTOR);
    }
    finish();
}

static void
the_dead_answer_at_once_in_a_simulation(void **state)
{
    (void)state;
    the_dead_answer_at_once(true);
}

static void
the_dead_answer_at_once_on_threads(void **state)
{
    (void)state;
    the_dead_answer_at_once(false);
}

static void
an_actor_is_told_at_once_that_who_it_asks_is_dead(void **state)
{
    (void)state;
    begin(false);
    (void)troupe_stop(world.self, world.agents[2]);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(travel((struct trip){.hops = "12",
                             .timeout_ns = UINT64_MAX,
                             .inner_ns = UINT64_MAX}),
            TROUPE_E_NO_SUCH_ACTOR);
    }
    finish();
}

/* ---- cycles -------------------------------------------------------------- */

static void
an_ask_of_somebody_who_waits_for_it_is_logged(void **state)
{
    (void)state;
    begin(true);
    assert_int_equal(travel((struct trip){.hops = "1230"}), TROUPE_OK);
    finish();
    assert_int_equal(cycles_logged(), 1);
    assert_non_null(strstr(world.log,
        "cycle of asks: <0.1.1> -> <0.2.1> -> <0.3.1> -> <0.4.1> -> <0.1.1>, "
        "the last for route (1 so far)"));
}

static void
a_cycle_may_leave_out_who_began(void **state)
{
    (void)state;
    begin(true);
    assert_int_equal(travel((struct trip){.hops = "121"}), TROUPE_OK);
    finish();
    assert_non_null(
        strstr(world.log, "cycle of asks: <0.2.1> -> <0.3.1> -> <0.2.1>,"));
}

static void
an_actor_that_asks_itself_is_a_cycle(void **state)
{
    (void)state;
    begin(true);
    assert_int_equal(travel((struct trip){.hops = "0"}), TROUPE_OK);
    finish();
    assert_non_null(strstr(world.log, "cycle of asks: <0.1.1> -> <0.1.1>,"));
}

static void
asks_that_do_not_return_are_no_cycle(void **state)
{
    (void)state;
    begin(true);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(travel((struct trip){.hops = "12"}), TROUPE_OK);
        assert_int_equal(
            travel((struct trip){.first = 2, .hops = "10"}), TROUPE_OK);
    }
    assert_int_equal(
        travel_after_answering((struct trip){.hops = "1"}), TROUPE_OK);
    finish();
    assert_int_equal(cycles_logged(), 0);
}

static void
a_continuation_goes_on_with_the_chain(void **state)
{
    (void)state;
    begin(true);
    assert_int_equal(travel_later((struct trip){.hops = "120"}), TROUPE_OK);
    finish();
    assert_int_equal(cycles_logged(), 1);
    assert_non_null(strstr(
        world.log, "cycle of asks: <0.1.1> -> <0.2.1> -> <0.3.1> -> <0.1.1>,"));
}

static void
cycles_are_counted_and_logged_by_powers_of_ten(void **state)
{
    (void)state;
    begin(true);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(travel((struct trip){.hops = "10"}), TROUPE_OK);
    }
    finish();
    assert_int_equal(cycles_logged(), 3);
    assert_non_null(strstr(world.log, "(100 so far)"));
}

/* A thread, 0, 1 ... 7 are in the chain when 8 asks; then 0 is forgotten. */
static void
a_long_chain_forgets_who_began(void **state)
{
    (void)state;
    begin(true);
    assert_int_equal(travel((struct trip){.hops = "1234567890"}), TROUPE_OK);
    assert_int_equal(cycles_logged(), 0);
    assert_int_equal(travel((struct trip){.hops = "1234567892"}), TROUPE_OK);
    finish();
    assert_int_equal(cycles_logged(), 1);
}

/* ---- handing on ---------------------------------------------------------- */

static void
a_request_handed_on_is_answered_to_who_asked(bool simulate)
{
    struct arrived arrived = {-1, 0};

    begin(simulate);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(
            troupe_ask(world.self, world.agents[i % 2], long_ns, arrived,
                &arrived, consult, .pid = world.agents[3]),
            TROUPE_OK);
        assert_int_equal(arrived.err, 0);
    }
    finish();
}

static void
a_request_handed_on_in_a_simulation_is_answered_to_who_asked(void **state)
{
    (void)state;
    a_request_handed_on_is_answered_to_who_asked(true);
}

static void
a_request_handed_on_by_threads_is_answered_to_who_asked(void **state)
{
    (void)state;
    a_request_handed_on_is_answered_to_who_asked(false);
}

static troupe_err
hand_on_from(int first, troupe_pid to)
{
    struct passed passed = {-1, 0};

    assert_int_equal(troupe_ask(world.self, world.agents[first], long_ns,
                         passed, &passed, pass_on, .pid = to),
        TROUPE_OK);
    return (troupe_err)passed.err;
}

/* Agent 1 asks agent 2, who holds the request. The thread has given up on 1. */
static void
begin_with_2_holding(uint64_t inner_ns)
{
    begin(true);
    assert_int_equal(
        travel_after_answering((struct trip){
            .first = 1, .hops = "2", .inner_ns = inner_ns, .hold = true}),
        TROUPE_OK);
    wait_for(TROUPE_MS(1));
}

static void
a_kept_request_is_handed_on_later(void **state)
{
    (void)state;
    begin_with_2_holding(TROUPE_SECONDS(5));
    assert_int_equal(hand_on_from(2, world.agents[3]), TROUPE_OK);
    wait_for(TROUPE_MS(1));
    (void)troupe_tell(world.self, world.agents[3], let_go);
    wait_for(TROUPE_MS(1));
    assert_int_equal(last_of(1).err, TROUPE_OK);
    finish();
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_LATE_REPLY), 0);
}

static void
a_request_that_cannot_be_handed_on_stays(void **state)
{
    (void)state;
    begin_with_2_holding(TROUPE_SECONDS(5));
    assert_int_equal(hand_on_from(2, TROUPE_NO_PID), TROUPE_E_NO_SUCH_ACTOR);
    assert_int_equal(
        hand_on_from(2, troupe_self_pid(world.self)), TROUPE_E_NO_HANDLER);
    (void)troupe_tell(world.self, world.agents[2], let_go);
    wait_for(TROUPE_MS(1));
    assert_int_equal(last_of(1).err, TROUPE_OK);
    finish();
}

static void
a_request_handed_on_to_the_dead_is_answered(void **state)
{
    (void)state;
    begin_with_2_holding(UINT64_MAX);
    (void)troupe_stop(world.self, world.agents[3]);
    assert_int_equal(hand_on_from(2, world.agents[3]), TROUPE_OK);
    wait_for(TROUPE_MS(1));
    assert_int_equal(last_of(1).err, TROUPE_E_NO_SUCH_ACTOR);
    finish();
}

static void
a_request_handed_on_keeps_its_deadline(void **state)
{
    (void)state;
    begin_with_2_holding(TROUPE_SECONDS(5));
    wait_for(TROUPE_SECONDS(6));
    assert_int_equal(last_of(1).err, TROUPE_E_TIMED_OUT);
    assert_int_equal(hand_on_from(2, world.agents[3]), TROUPE_OK);
    finish();
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_EXPIRED), 1);
}

static void
a_crash_after_handing_on_is_not_the_end_of_the_request(void **state)
{
    struct arrived arrived = {-1, 0};

    (void)state;
    fault_put_handlers_back();
    begin(true);
    assert_int_equal(troupe_ask(world.self, world.agents[0], long_ns, arrived,
                         &arrived, stumble, .pid = world.agents[1]),
        TROUPE_OK);
    assert_int_equal(arrived.err, 0);
    assert_int_equal(travel((struct trip){.hops = ""}), TROUPE_E_NO_SUCH_ACTOR);
    finish();
}

/* What the ask kept of the request is freed: the address sanitizer looks. */
static void
a_crash_in_a_continuation_answers_what_was_kept(void **state)
{
    struct arrived arrived;

    (void)state;
    fault_put_handlers_back();
    begin(true);
    assert_int_equal(troupe_ask(world.self, world.agents[0], long_ns, arrived,
                         &arrived, stumble_later, .pid = world.agents[1]),
        TROUPE_E_NO_SUCH_ACTOR);
    finish();
}

int
main(void)
{
    struct troupe_runtime *runtime;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_whose_deadline_has_passed_is_not_handled),
        cmocka_unit_test(a_request_that_waits_too_long_is_not_handled),
        cmocka_unit_test(
            an_answer_that_does_not_come_in_time_is_timed_out_and_then_late),
        cmocka_unit_test(what_is_asked_for_a_request_ends_with_it),
        cmocka_unit_test(an_earlier_deadline_of_its_own_holds),
        cmocka_unit_test(a_continuation_goes_on_with_the_deadline),
        cmocka_unit_test(what_is_asked_after_the_answer_has_its_own_deadline),
        cmocka_unit_test(requests_of_every_size_carry_their_deadline),
        cmocka_unit_test(the_dead_answer_at_once_in_a_simulation),
        cmocka_unit_test(the_dead_answer_at_once_on_threads),
        cmocka_unit_test(an_actor_is_told_at_once_that_who_it_asks_is_dead),
        cmocka_unit_test(an_ask_of_somebody_who_waits_for_it_is_logged),
        cmocka_unit_test(a_cycle_may_leave_out_who_began),
        cmocka_unit_test(an_actor_that_asks_itself_is_a_cycle),
        cmocka_unit_test(asks_that_do_not_return_are_no_cycle),
        cmocka_unit_test(a_continuation_goes_on_with_the_chain),
        cmocka_unit_test(cycles_are_counted_and_logged_by_powers_of_ten),
        cmocka_unit_test(a_long_chain_forgets_who_began),
        cmocka_unit_test(
            a_request_handed_on_in_a_simulation_is_answered_to_who_asked),
        cmocka_unit_test(
            a_request_handed_on_by_threads_is_answered_to_who_asked),
        cmocka_unit_test(a_kept_request_is_handed_on_later),
        cmocka_unit_test(a_request_that_cannot_be_handed_on_stays),
        cmocka_unit_test(a_request_handed_on_to_the_dead_is_answered),
        cmocka_unit_test(a_request_handed_on_keeps_its_deadline),
        cmocka_unit_test(
            a_crash_after_handing_on_is_not_the_end_of_the_request),
        cmocka_unit_test(a_crash_in_a_continuation_answers_what_was_kept),
    };

    for (int i = 0; i < FAULT_SIGNALS_COUNT; i++) {
        signal(fault_signals_of_all[i], SIG_DFL); /* a sanitizer's go */
    }
    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    troupe_runtime_destroy(&runtime);
    fault_save_handlers();
    return cmocka_run_group_tests_name("asking", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a crash ends, and what it does not.
 *
 * cmocka puts its own handlers of the same signals on before each test, so each
 * test puts back those that main() saved (contain()). What should end a process
 * ends a child.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(int64, value)
#define TEXT(FIELD) FIELD(str, text)
#define PEER(FIELD) FIELD(pid, to)
TROUPE_MESSAGE(fail, NUMBER)
TROUPE_MESSAGE(count, NUMBER)
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(total, NUMBER)
TROUPE_MESSAGE(tell_then_fail, PEER)
TROUPE_MESSAGE(build_and_fail, PEER)
TROUPE_MESSAGE(fail_when_told, PEER)
TROUPE_MESSAGE(keep_and_fail, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(fail_when_due, NUMBER)
TROUPE_MESSAGE(unknown, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(text, TEXT)
TROUPE_MESSAGE(signal_self, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(misuse, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(fork_and_fail, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(fail_by_timer, NUMBER)
TROUPE_MESSAGE(watch, PEER)
TROUPE_MESSAGE(leave, TROUPE_NO_FIELDS)

static const uint64_t long_ns = TROUPE_SECONDS(60);

/* ---- the signal handlers ------------------------------------------------- */

enum { SIGNALS_COUNT = 4 };

static const int signals[SIGNALS_COUNT] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
static struct sigaction handlers[SIGNALS_COUNT];

static void
contain(void)
{
    for (int i = 0; i < SIGNALS_COUNT; i++) {
        sigaction(signals[i], &handlers[i], NULL);
    }
}

/* ---- a log that is kept -------------------------------------------------- */

static pthread_mutex_t lines_mutex = PTHREAD_MUTEX_INITIALIZER;
static char lines[8192]; /* by the mutex */

static void
keep_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context;
    if (level == TROUPE_LOG_ERROR) {
        size_t length;

        pthread_mutex_lock(&lines_mutex);
        length = strlen(lines);
        snprintf(lines + length, sizeof(lines) - length, "%s\n", line);
        pthread_mutex_unlock(&lines_mutex);
    }
}

/* ---- actors that crash --------------------------------------------------- */

static void
on_fail(struct troupe_self *self, void *state, const struct fail *fail)
{
    (void)self, (void)state;
    fault_do((enum fault)fail->value);
}

static void
on_count(struct troupe_self *self, void *state, const struct count *count)
{
    int64_t *sum = state;

    (void)self;
    *sum += count->value;
}

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    const int64_t *sum = state;

    (void)get;
    CHECK(troupe_reply(self, total, .value = *sum) == TROUPE_OK);
}

static void
on_tell_then_fail(struct troupe_self *self, void *state,
    const struct tell_then_fail *tell_then_fail)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        CHECK(troupe_tell(self, tell_then_fail->to, count, .value = 1) ==
              TROUPE_OK);
    }
    fault_do(FAULT_NULL);
}

/* The message's own encoder faults, in the middle of the message. */
static void
on_build_and_fail(struct troupe_self *self, void *state,
    const struct build_and_fail *build_and_fail)
{
    (void)state;
    (void)troupe_tell(
        self, build_and_fail->to, text, .text = {fault_page(), 200});
}

static void
on_keep_and_fail(struct troupe_self *self, void *state,
    const struct keep_and_fail *keep_and_fail)
{
    struct troupe_request *request;

    (void)state, (void)keep_and_fail;
    CHECK(troupe_request_keep(self, &request) == TROUPE_OK);
    fault_do(FAULT_NULL);
}

static void
fail_at_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context, (void)answer;
    fault_do(FAULT_NULL);
}

static void
on_fail_when_told(struct troupe_self *self, void *state,
    const struct fail_when_told *fail_when_told)
{
    (void)state;
    CHECK(troupe_ask_then(self, fail_when_told->to, TROUPE_SECONDS(1),
              fail_at_answer, 0, get) == TROUPE_OK);
}

static void
fail_at_third(struct troupe_self *self, void *state, uint64_t context)
{
    int64_t *count = state;

    (void)self, (void)context;
    if (++*count == 3) {
        fault_do(FAULT_PAGE);
    }
}

/* When the third run fails, one is in hand, one waits and two are to come. */
static void
on_fail_when_due(struct troupe_self *self, void *state,
    const struct fail_when_due *fail_when_due)
{
    static const uint64_t periods_ns[] = {
        TROUPE_MS(10), TROUPE_MS(10), TROUPE_SECONDS(3600)};

    (void)state, (void)fail_when_due;
    for (int i = 0; i < 3; i++) {
        CHECK(troupe_every(self, periods_ns[i], fail_at_third, 0, NULL) ==
              TROUPE_OK);
    }
    CHECK(troupe_after(self, TROUPE_MS(500), fail_at_third, 0, NULL) ==
          TROUPE_OK);
}

static void
on_signal_self(struct troupe_self *self, void *state,
    const struct signal_self *signal_self)
{
    (void)self, (void)state, (void)signal_self;
    raise(SIGSEGV);
}

/* A fault of the runtime's own code: the pointer is no message. */
static void
on_misuse(struct troupe_self *self, void *state, const struct misuse *misuse)
{
    struct troupe_message *no_message =
        (struct troupe_message *)(void *)fault_page();

    (void)state, (void)misuse;
    troupe_message_release(self, &no_message);
}

static int
wait_for(pid_t child)
{
    int status;

    CHECK(child > 0);
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

static void
on_fork_and_fail(struct troupe_self *self, void *state,
    const struct fork_and_fail *fork_and_fail)
{
    pid_t child = fork();

    (void)fork_and_fail;
    if (child == 0) {
        fault_do(FAULT_NULL);
    }
    *(int64_t *)state = WTERMSIG(wait_for(child));
    (void)self;
}

TROUPE_BEHAVIOUR(victim, sizeof(int64_t), TROUPE_ON(fail, on_fail),
    TROUPE_ON(count, on_count), TROUPE_ON(get, on_get),
    TROUPE_ON(tell_then_fail, on_tell_then_fail),
    TROUPE_ON(build_and_fail, on_build_and_fail),
    TROUPE_ON(keep_and_fail, on_keep_and_fail),
    TROUPE_ON(fail_when_told, on_fail_when_told),
    TROUPE_ON(fail_when_due, on_fail_when_due),
    TROUPE_ON(signal_self, on_signal_self), TROUPE_ON(misuse, on_misuse),
    TROUPE_ON(fork_and_fail, on_fork_and_fail));

static void
fail_at_start(struct troupe_self *self, void *state)
{
    (void)self, (void)state;
    fault_do(FAULT_NULL);
}

/* With a state that does not fit the slot. */
TROUPE_BEHAVIOUR(
    stillborn, 1000, TROUPE_ON_START(fail_at_start), TROUPE_ON(get, on_get));

static void
fail_at_any(
    struct troupe_self *self, void *state, const struct troupe_message *message)
{
    (void)self, (void)state, (void)message;
    fault_do(FAULT_NULL);
}

/* ---- crashes on other occasions ------------------------------------------ */

static void
fail_at_timer(struct troupe_self *self, void *state, uint64_t context)
{
    (void)self, (void)state, (void)context;
    fault_do(FAULT_NULL);
}

static void
on_fail_by_timer(struct troupe_self *self, void *state,
    const struct fail_by_timer *fail_by_timer)
{
    (void)state;
    CHECK((fail_by_timer->value == 0
                  ? troupe_after(self, TROUPE_MS(1), fail_at_timer, 0, NULL)
                  : troupe_every(self, TROUPE_MS(1), fail_at_timer, 0, NULL)) ==
          TROUPE_OK);
}

static void
fail_at_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    char *text = state;

    (void)self, (void)context;
    CHECK(down->why->kind == TROUPE_EXIT_CRASHED);
    CHECK(down->why->signal == SIGSEGV && down->why->address == 0);
    text[0] = 1;
    fault_do(FAULT_DIVISION);
}

static void
on_watch(struct troupe_self *self, void *state, const struct watch *watch)
{
    (void)state;
    CHECK(troupe_monitor(self, watch->to, fail_at_down, 0, NULL) == TROUPE_OK);
    CHECK(troupe_tell(self, watch->to, fail, .value = FAULT_NULL) == TROUPE_OK);
}

static void
on_leave(struct troupe_self *self, void *state, const struct leave *leave)
{
    (void)state, (void)leave;
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}

static void
fail_at_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)self, (void)state, (void)why;
    fault_do(FAULT_NULL);
}

TROUPE_BEHAVIOUR(unlucky, 100, TROUPE_ON(fail_by_timer, on_fail_by_timer),
    TROUPE_ON(watch, on_watch), TROUPE_ON(leave, on_leave),
    TROUPE_ON_STOP(fail_at_stop));

TROUPE_BEHAVIOUR(catcher, 0, TROUPE_ON_ANY(fail_at_any));

/* ---- runtimes ------------------------------------------------------------ */

struct stage {
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid victim;
    troupe_pid other;
};

static struct stage
open_stage(struct troupe_options options)
{
    struct stage stage;

    lines[0] = '\0';
    options.log = keep_line;
    CHECK(troupe_runtime_create(&options, &stage.runtime) == TROUPE_OK);
    CHECK(troupe_runtime_start(stage.runtime) == TROUPE_OK);
    stage.self = troupe_thread_self(stage.runtime);
    CHECK(troupe_spawn(stage.self, victim, &stage.victim) == TROUPE_OK);
    CHECK(troupe_spawn(stage.self, victim, &stage.other) == TROUPE_OK);
    return stage;
}

static struct troupe_options
on_threads(void)
{
    return TROUPE_OPTIONS(.workers_count = 2);
}

static struct troupe_options
simulated(void)
{
    return TROUPE_OPTIONS(.simulate = true, .seed = 7);
}

static struct troupe_stop_report
close_stage(struct stage *stage)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;

    assert_int_equal(
        troupe_runtime_stop(stage->runtime, long_ns, &report), TROUPE_OK);
    assert_true(report.is_drained);
    troupe_runtime_destroy(&stage->runtime);
    return report;
}

static int64_t
total_of(struct stage *stage, troupe_pid actor)
{
    struct total total = {0};

    assert_int_equal(
        troupe_ask(stage->self, actor, long_ns, total, &total, get), TROUPE_OK);
    return total.value;
}

static void
assert_dead(struct stage *stage, troupe_pid actor)
{
    struct total total;

    assert_int_equal(
        troupe_ask(stage->self, actor, long_ns, total, &total, get),
        TROUPE_E_NO_SUCH_ACTOR);
}

/* ---- what a crash ends --------------------------------------------------- */

static void
ends_one_actor(struct troupe_options options, enum fault fault)
{
    struct stage stage = open_stage(options);
    struct troupe_stop_report report;
    struct total total;

    assert_int_equal(troupe_ask(stage.self, stage.victim, long_ns, total,
                         &total, fail, .value = fault),
        TROUPE_E_ACTOR_FAILED);
    assert_dead(&stage, stage.victim);
    assert_int_equal(
        troupe_tell(stage.self, stage.other, count, .value = 3), TROUPE_OK);
    assert_int_equal(total_of(&stage, stage.other), 3);
    report = close_stage(&stage);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED], 1);
    assert_int_equal(report.actors_alive_count, 1);
}

static void
a_fault_of_each_kind_ends_its_actor_and_no_other(void **state)
{
    (void)state;
    contain();
    for (int fault = 0; fault < FAULTS_COUNT; fault++) {
        ends_one_actor(on_threads(), (enum fault)fault);
    }
}

static void
a_simulation_contains_every_fault_too(void **state)
{
    (void)state;
    contain();
    for (int fault = 0; fault < FAULTS_COUNT; fault++) {
        ends_one_actor(simulated(), (enum fault)fault);
    }
}

static void
one_worker_contains_many_crashes(void **state)
{
    struct stage stage;
    struct troupe_stop_report report;

    (void)state;
    contain();
    stage = open_stage(TROUPE_OPTIONS(.workers_count = 1));
    for (int i = 0; i < 50; i++) {
        troupe_pid doomed;

        assert_int_equal(troupe_spawn(stage.self, victim, &doomed), TROUPE_OK);
        assert_int_equal(troupe_tell(stage.self, doomed, fail,
                             .value = i % 2 ? FAULT_OVERFLOW : FAULT_NULL),
            TROUPE_OK);
    }
    report = close_stage(&stage);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED], 50);
    assert_int_equal(report.actors_alive_count, 2);
}

static void
what_was_sent_before_the_crash_arrives_and_what_waits_is_buried(void **state)
{
    struct stage stage;
    struct troupe_stop_report report;

    (void)state;
    contain();
    stage = open_stage(simulated());
    assert_int_equal(troupe_tell(stage.self, stage.victim, tell_then_fail,
                         .to = stage.other),
        TROUPE_OK);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(
            troupe_tell(stage.self, stage.victim, count, .value = 1),
            TROUPE_OK);
    }
    assert_dead(&stage, stage.victim);
    assert_int_equal(total_of(&stage, stage.other), 3);
    report = close_stage(&stage);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED], 1);
    /* The ten, and the question whether it is dead. */
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR], 11);
}

static void
a_kept_request_is_answered_once(void **state)
{
    struct stage stage;
    struct total total;
    struct troupe_stop_report report;

    (void)state;
    contain();
    stage = open_stage(on_threads());
    assert_int_equal(troupe_ask(stage.self, stage.victim, long_ns, total,
                         &total, keep_and_fail),
        TROUPE_E_ACTOR_FAILED);
    report = close_stage(&stage);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_LATE_REPLY], 0);
}

/* That nothing is left of it is the address sanitizer's to say. */
static void
a_message_that_was_being_built_is_freed(void **state)
{
    struct stage stage;
    struct troupe_stop_report report;

    (void)state;
    contain();
    stage = open_stage(on_threads());
    assert_int_equal(troupe_tell(stage.self, stage.victim, build_and_fail,
                         .to = stage.other),
        TROUPE_OK);
    assert_dead(&stage, stage.victim);
    report = close_stage(&stage);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED], 1);
}

static void
a_crash_in_a_start_is_contained(void **state)
{
    struct stage stage;
    troupe_pid pid;

    (void)state;
    contain();
    stage = open_stage(on_threads());
    assert_int_equal(troupe_spawn(stage.self, stillborn, &pid), TROUPE_OK);
    assert_dead(&stage, pid);
    assert_int_equal(total_of(&stage, stage.other), 0);
    close_stage(&stage);
    assert_non_null(strstr(lines, "(stillborn) crashed: SIGSEGV at address 0x0 "
                                  "with no message in hand\n"));
}

static void
a_crash_in_a_continuation_is_contained(void **state)
{
    struct stage stage;
    struct troupe_stop_report report;

    (void)state;
    contain();
    stage = open_stage(simulated());
    assert_int_equal(troupe_tell(stage.self, stage.victim, fail_when_told,
                         .to = stage.other),
        TROUPE_OK);
    report = close_stage(&stage);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED], 1);
    assert_int_equal(report.actors_alive_count, 1);
    assert_non_null(strstr(lines, "while it handled total{value: 0}"));
}

static void
a_crash_in_a_timer_ends_all_of_them(void **state)
{
    struct stage stage;
    struct troupe_stop_report report;

    (void)state;
    contain();
    stage = open_stage(simulated());
    assert_int_equal(
        troupe_tell(stage.self, stage.victim, fail_when_due), TROUPE_OK);
    troupe_runtime_wait(stage.runtime); /* until nothing is left to run */
    assert_true(troupe_now_ns(stage.self) < TROUPE_SECONDS(1));
    assert_dead(&stage, stage.victim);
    report = close_stage(&stage);
    assert_int_equal(report.actors_alive_count, 1);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED], 0);
    assert_non_null(strstr(lines, "while it ran a timer"));
}

static void
the_end_of_an_ask_in_hand_is_no_dead_letter(void **state)
{
    struct stage stage;
    struct troupe_stop_report report;
    troupe_pid stopped;

    (void)state;
    contain();
    stage = open_stage(simulated());
    assert_int_equal(troupe_spawn(stage.self, catcher, &stopped), TROUPE_OK);
    assert_int_equal(troupe_stop(stage.self, stopped), TROUPE_OK);
    assert_int_equal(
        troupe_tell(stage.self, stage.victim, fail_when_told, .to = stopped),
        TROUPE_OK);
    report = close_stage(&stage);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED], 0);
    assert_int_equal(report.actors_alive_count, 1);
}

static void
a_crash_in_a_handler_of_any_message_is_contained(void **state)
{
    struct stage stage;
    troupe_pid pid;

    (void)state;
    contain();
    stage = open_stage(on_threads());
    assert_int_equal(troupe_spawn(stage.self, catcher, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(stage.self, pid, unknown), TROUPE_OK);
    assert_dead(&stage, pid);
    close_stage(&stage);
}

static void
a_crash_in_a_timers_function_is_contained(void **state)
{
    (void)state;
    contain();
    for (int64_t is_periodic = 0; is_periodic < 2; is_periodic++) {
        struct stage stage = open_stage(simulated());
        struct troupe_stop_report report = TROUPE_STOP_REPORT;
        troupe_pid pid;

        assert_int_equal(troupe_spawn(stage.self, unlucky, &pid), TROUPE_OK);
        assert_int_equal(
            troupe_tell(stage.self, pid, fail_by_timer, .value = is_periodic),
            TROUPE_OK);
        troupe_runtime_wait(stage.runtime);
        assert_dead(&stage, pid);
        report = close_stage(&stage);
        assert_int_equal(
            report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED], 0);
        assert_non_null(strstr(lines, "while it ran a timer"));
    }
}

static void
assert_logged(const char *format, int signal)
{
    char wanted[64];

    snprintf(wanted, sizeof(wanted), format, sigabbrev_np(signal));
    assert_non_null(strstr(lines, wanted));
}

static void
who_watches_is_told_of_the_crash_and_may_crash_itself(void **state)
{
    struct stage stage;
    troupe_pid pid;

    (void)state;
    contain();
    stage = open_stage(on_threads());
    assert_int_equal(troupe_spawn(stage.self, unlucky, &pid), TROUPE_OK);
    assert_int_equal(
        troupe_tell(stage.self, pid, watch, .to = stage.victim), TROUPE_OK);
    assert_int_equal(close_stage(&stage).actors_alive_count, 1);
    assert_logged("(unlucky) crashed: SIG%s", FAULT_DIVISION_SIGNAL);
    assert_non_null(strstr(lines, "while it was told of another's end"));
}

static void
a_crash_in_a_stop_handler_is_contained(void **state)
{
    struct stage stage;
    troupe_pid pid;

    (void)state;
    contain();
    stage = open_stage(on_threads());
    assert_int_equal(troupe_spawn(stage.self, unlucky, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(stage.self, pid, leave), TROUPE_OK);
    assert_dead(&stage, pid);
    close_stage(&stage);
    assert_non_null(strstr(lines, "(unlucky) crashed: SIGSEGV"));
}

static void
a_crash_in_a_stop_handler_does_not_end_the_stop(void **state)
{
    (void)state;
    contain();
    for (int simulate = 0; simulate < 2; simulate++) {
        struct stage stage =
            open_stage(simulate != 0 ? simulated() : on_threads());
        troupe_pid pid;

        for (int i = 0; i < 5; i++) {
            assert_int_equal(
                troupe_spawn(stage.self, unlucky, &pid), TROUPE_OK);
        }
        assert_int_equal(close_stage(&stage).actors_alive_count, 7);
        assert_non_null(strstr(lines, "(unlucky) crashed: SIGSEGV"));
    }
}

static void
the_log_names_actor_signal_address_and_messages(void **state)
{
    struct stage stage;

    (void)state;
    contain();
    stage = open_stage(simulated());
    assert_int_equal(total_of(&stage, stage.other), 0); /* another's */
    assert_int_equal(
        troupe_tell(stage.self, stage.victim, fail, .value = FAULT_DIVISION),
        TROUPE_OK);
    close_stage(&stage);
    assert_logged(
        "(victim) crashed: SIG%s at address 0x", FAULT_DIVISION_SIGNAL);
    assert_non_null(strstr(lines, " while it handled fail{value: 3}\n"));
}

/* The turn's messages, the last of them, and none of another actor's. */
static void
on_burst(struct troupe_self *self, void *state, const struct tell_then_fail *to)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        CHECK(troupe_tell(self, to->to, count, .value = i) == TROUPE_OK);
    }
    CHECK(troupe_tell(self, to->to, fail, .value = FAULT_NULL) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(burster, 0, TROUPE_ON(tell_then_fail, on_burst));

static void
the_log_tells_what_was_handled_before_in_the_same_turn(void **state)
{
    struct stage stage;
    troupe_pid pid;

    (void)state;
    contain();
    stage = open_stage(TROUPE_OPTIONS(.workers_count = 1));
    assert_int_equal(troupe_spawn(stage.self, burster, &pid), TROUPE_OK);
    assert_int_equal(
        troupe_tell(stage.self, pid, tell_then_fail, .to = stage.victim),
        TROUPE_OK);
    close_stage(&stage);
    assert_non_null(strstr(lines,
        "while it handled fail{value: 0}; before that, in the same turn: "
        "count, count, count, count, count, count, count\n"));
}

static void
a_slot_lives_again_after_a_crash(void **state)
{
    struct stage stage;
    troupe_pid last;

    (void)state;
    contain();
    stage = open_stage(
        TROUPE_OPTIONS(.simulate = true, .seed = 7, .actors_count_max = 500));
    last = stage.victim;
    for (int i = 0; i < 1500; i++) {
        troupe_pid next;

        assert_int_equal(
            troupe_tell(stage.self, last, fail, .value = FAULT_NULL),
            TROUPE_OK);
        assert_dead(&stage, last);
        assert_int_equal(troupe_spawn(stage.self, victim, &next), TROUPE_OK);
        assert_int_equal(total_of(&stage, next), 0);
        last = next;
    }
    close_stage(&stage);
}

static void
the_thread_of_a_simulation_keeps_its_signal_stack_and_mask(void **state)
{
    struct stage stage;
    stack_t none = {.ss_flags = SS_DISABLE};
    sigset_t mask_before;
    sigset_t mask_after;
    stack_t before;
    stack_t after;

    (void)state;
    contain();
    pthread_sigmask(SIG_SETMASK, NULL, &mask_before);
    sigaltstack(&none, &before); /* a sanitizer's, perhaps */
    stage = open_stage(simulated());
    assert_int_equal(
        troupe_tell(stage.self, stage.victim, fail, .value = FAULT_OVERFLOW),
        TROUPE_OK);
    close_stage(&stage);
    sigaltstack(&before, &after);
    pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
    assert_true((after.ss_flags & SS_DISABLE) != 0);
    for (int signal = 1; signal < SIGRTMIN; signal++) {
        assert_int_equal(sigismember(&mask_before, signal),
            sigismember(&mask_after, signal));
    }
}

/* ---- what is not contained ----------------------------------------------- */

/* Under qemu-user the child of a fork cannot make threads, nor a program be
 * executed. */
static void
skip_if_emulated(void)
{
    if (getenv("TROUPE_TEST_EMULATED") != NULL) {
        print_message("skipped: qemu-user has no threads after a fork\n");
        skip();
    }
}

/* How a child that runs this ends; 0 if it returns. */
static int
signal_of_child(void (*run)(void))
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        contain();
        run();
        _exit(0);
    }
    status = wait_for(child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void
fault_outside(void)
{
    (void)open_stage(on_threads());
    fault_do(FAULT_NULL);
}

static void
fault_between_the_steps_of_a_simulation(void)
{
    struct stage stage = open_stage(simulated());

    (void)total_of(&stage, stage.victim);
    fault_do(FAULT_NULL);
}

static void
drain(struct stage stage)
{
    (void)troupe_runtime_stop(stage.runtime, long_ns, NULL);
    troupe_runtime_destroy(&stage.runtime);
}

static void
send_signal(void)
{
    struct stage stage = open_stage(on_threads());

    (void)troupe_tell(stage.self, stage.victim, signal_self);
    drain(stage);
}

static void
fault_in_the_runtime(void)
{
    struct stage stage = open_stage(on_threads());

    (void)troupe_tell(stage.self, stage.victim, misuse);
    drain(stage);
}

static void
fault_with(struct troupe_options options)
{
    struct stage stage = open_stage(options);

    (void)troupe_tell(stage.self, stage.victim, fail, .value = FAULT_NULL);
    drain(stage);
}

static void
fault_by_default(void)
{
    fault_with(on_threads());
}

static void
fault_with_the_option(void)
{
    fault_with(TROUPE_OPTIONS(.workers_count = 2, .crash_ends_process = true));
}

static void
fault_with_the_environment(void)
{
    setenv("TROUPE_CONTAIN", "0", 1);
    fault_with(on_threads());
}

static void
only_a_fault_of_a_handler_is_contained(void **state)
{
    (void)state;
    skip_if_emulated();
    assert_int_equal(signal_of_child(fault_by_default), 0);
    assert_int_equal(signal_of_child(fault_outside), SIGSEGV);
    assert_int_equal(
        signal_of_child(fault_between_the_steps_of_a_simulation), SIGSEGV);
    assert_int_equal(signal_of_child(fault_in_the_runtime), SIGSEGV);
    assert_int_equal(signal_of_child(send_signal), SIGSEGV);
}

/* ---- a program with handlers of its own ---------------------------------- */

static void
exit_42(int signal, siginfo_t *info, void *context)
{
    (void)context;
    _exit(signal == SIGSEGV && info->si_code > 0 ? 42 : 1);
}

static void
exit_43(int signal)
{
    _exit(signal == SIGFPE ? 43 : 1);
}

/* A process of its own: the first runtime finds these handlers. */
static void
run_program(char what)
{
    struct sigaction action = {.sa_sigaction = exit_42, .sa_flags = SA_SIGINFO};
    struct stage stage;

    sigaction(SIGSEGV, &action, NULL);
    signal(SIGFPE, exit_43);
    signal(SIGILL, SIG_IGN);
    stage = open_stage(on_threads());
    (void)troupe_tell(stage.self, stage.victim, fail, .value = FAULT_NULL);
    (void)troupe_tell(stage.self, stage.other, fail, .value = FAULT_DIVISION);
    drain(stage);
    raise(SIGILL); /* ignored */
    fault_do(what == 's'   ? FAULT_NULL
             : what == 'f' ? FAULT_DIVISION
                           : FAULT_INSTRUCTION);
    _exit(1);
}

static int
status_of_program(const char *what)
{
    pid_t child = fork();

    if (child == 0) {
        execl("/proc/self/exe", "program", what, (char *)NULL);
        _exit(1);
    }
    return wait_for(child);
}

static void
the_handler_that_was_there_before_is_called(void **state)
{
    int status;

    (void)state;
    skip_if_emulated();
    assert_int_equal(WEXITSTATUS(status_of_program("s")), 42);
    if (FAULT_DIVISION_SIGNAL == SIGFPE) {
        assert_int_equal(WEXITSTATUS(status_of_program("f")), 43);
    }
    status = status_of_program("i"); /* a fault cannot be ignored */
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGILL);
}

static void
containment_is_off_by_option_and_by_environment(void **state)
{
    (void)state;
    skip_if_emulated();
    assert_int_equal(signal_of_child(fault_with_the_option), SIGSEGV);
    assert_int_equal(signal_of_child(fault_with_the_environment), SIGSEGV);
}

static void
a_wrong_environment_is_refused(void **state)
{
    struct troupe_runtime *runtime;

    (void)state;
    setenv("TROUPE_CONTAIN", "yes", 1);
    assert_int_equal(
        troupe_runtime_create(NULL, &runtime), TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "it must be 0"));
    unsetenv("TROUPE_CONTAIN");
}

static void
the_child_of_a_handlers_fork_is_not_contained(void **state)
{
    struct stage stage;

    (void)state;
    contain();
    stage = open_stage(simulated());
    assert_int_equal(
        troupe_tell(stage.self, stage.victim, fork_and_fail), TROUPE_OK);
    assert_int_equal(total_of(&stage, stage.victim), SIGSEGV);
    close_stage(&stage);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_of_each_kind_ends_its_actor_and_no_other),
        cmocka_unit_test(a_simulation_contains_every_fault_too),
        cmocka_unit_test(one_worker_contains_many_crashes),
        cmocka_unit_test(
            what_was_sent_before_the_crash_arrives_and_what_waits_is_buried),
        cmocka_unit_test(a_kept_request_is_answered_once),
        cmocka_unit_test(a_message_that_was_being_built_is_freed),
        cmocka_unit_test(a_crash_in_a_start_is_contained),
        cmocka_unit_test(a_crash_in_a_continuation_is_contained),
        cmocka_unit_test(a_crash_in_a_timer_ends_all_of_them),
        cmocka_unit_test(the_end_of_an_ask_in_hand_is_no_dead_letter),
        cmocka_unit_test(a_crash_in_a_handler_of_any_message_is_contained),
        cmocka_unit_test(a_crash_in_a_timers_function_is_contained),
        cmocka_unit_test(who_watches_is_told_of_the_crash_and_may_crash_itself),
        cmocka_unit_test(a_crash_in_a_stop_handler_is_contained),
        cmocka_unit_test(a_crash_in_a_stop_handler_does_not_end_the_stop),
        cmocka_unit_test(the_log_names_actor_signal_address_and_messages),
        cmocka_unit_test(
            the_log_tells_what_was_handled_before_in_the_same_turn),
        cmocka_unit_test(a_slot_lives_again_after_a_crash),
        cmocka_unit_test(
            the_thread_of_a_simulation_keeps_its_signal_stack_and_mask),
        cmocka_unit_test(only_a_fault_of_a_handler_is_contained),
        cmocka_unit_test(the_handler_that_was_there_before_is_called),
        cmocka_unit_test(containment_is_off_by_option_and_by_environment),
        cmocka_unit_test(a_wrong_environment_is_refused),
        cmocka_unit_test(the_child_of_a_handlers_fork_is_not_contained),
    };
    struct troupe_runtime *runtime;

    unsetenv("TROUPE_CONTAIN");
    if (argc > 1) {
        run_program(argv[1][0]);
    }
    for (int i = 0; i < SIGNALS_COUNT; i++) {
        signal(signals[i], SIG_DFL); /* also under a sanitizer */
    }
    TROUPE_CHECK(troupe_runtime_create(&TROUPE_OPTIONS(), &runtime));
    troupe_runtime_destroy(&runtime);
    for (int i = 0; i < SIGNALS_COUNT; i++) {
        sigaction(signals[i], NULL, &handlers[i]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

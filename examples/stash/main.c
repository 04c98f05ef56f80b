/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stash: a line to an exchange takes a second to be dialled, and is cut now and
 * then. Whoever writes to it need not know: while there is no line, what is to
 * be written is put aside. Simulated, so that the seconds pass at once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <troupe/troupe.h>

#define TEXT(FIELD) FIELD(str, text)
TROUPE_MESSAGE(dial, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(dialled, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(say, TEXT)
TROUPE_MESSAGE(cut, TROUPE_NO_FIELDS)

static void
print_time(struct troupe_self *self)
{
    printf("%" PRIu64 " s: ", troupe_now_ns(self) / TROUPE_SECONDS(1));
}

/* ---- the exchange, which takes its time ---------------------------------- */

struct exchange {
    struct troupe_request *request;
};

static void
on_connected(struct troupe_self *self, void *state, uint64_t context)
{
    struct exchange *exchange = state;

    (void)context;
    TROUPE_CHECK(troupe_reply_to(self, &exchange->request, dialled));
}

static void
on_dial(struct troupe_self *self, void *state, const struct dial *dial)
{
    struct exchange *exchange = state;

    (void)dial;
    TROUPE_CHECK(troupe_request_keep(self, &exchange->request));
    TROUPE_CHECK(troupe_after(self, TROUPE_SECONDS(1), on_connected, 0, NULL));
}

TROUPE_BEHAVIOUR(exchange, sizeof(struct exchange), TROUPE_ON(dial, on_dial));

/* ---- the line ------------------------------------------------------------ */

struct line {
    troupe_pid exchange;
};

TROUPE_BEHAVIOUR_DECLARE(dialling);

static void
on_dialled(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)state, (void)context;
    TROUPE_CHECK(troupe_answer_err(answer));
    print_time(self);
    puts("there is a line");
    (void)troupe_unbecome(self);
    (void)troupe_unstash(self);
}

static void
begin_dialling(struct troupe_self *self, void *state)
{
    const struct line *line = state;

    TROUPE_CHECK(troupe_become_stacked(self, dialling));
    TROUPE_CHECK(troupe_ask_then(
        self, line->exchange, TROUPE_SECONDS(5), on_dialled, 0, dial));
}

static void
on_say(struct troupe_self *self, void *state, const struct say *say)
{
    (void)state;
    print_time(self);
    printf("%.*s\n", (int)say->text.length, say->text.data);
}

static void
on_cut(struct troupe_self *self, void *state, const struct cut *cut)
{
    (void)cut;
    print_time(self);
    puts("the line is cut");
    begin_dialling(self, state);
}

TROUPE_BEHAVIOUR(line, sizeof(struct line), TROUPE_ON_START(begin_dialling),
    TROUPE_ON(say, on_say), TROUPE_ON(cut, on_cut));

static void
on_say_without_line(
    struct troupe_self *self, void *state, const struct say *say)
{
    (void)state;
    if (troupe_stash(self) != TROUPE_OK) {
        printf("too much waits: '%.*s' is dropped\n", (int)say->text.length,
            say->text.data);
    }
}

TROUPE_BEHAVIOUR(
    dialling, sizeof(struct line), TROUPE_ON(say, on_say_without_line));

/* ---- whoever writes to it ------------------------------------------------ */

static void
say_this(struct troupe_self *self, troupe_pid pid, const char *text)
{
    TROUPE_CHECK(
        troupe_tell(self, pid, say, .text = {text, (uint32_t)strlen(text)}));
}

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct line first = {TROUPE_NO_PID};
    troupe_pid pid;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, exchange, &first.exchange));
    TROUPE_CHECK(troupe_spawn_with(
        self, line, &TROUPE_SPAWN_OPTIONS(.state = &first), &pid));
    say_this(self, pid, "hello");
    say_this(self, pid, "is there");
    troupe_runtime_wait(runtime); /* until nothing is left to do */
    say_this(self, pid, "anybody");
    TROUPE_CHECK(troupe_tell(self, pid, cut));
    say_this(self, pid, "who cares");
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

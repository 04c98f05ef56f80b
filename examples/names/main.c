/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names: a newspaper that readers subscribe to without knowing each other. They
 * find the editor by name, before or after there is one, and each issue is one
 * message to all. Simulated, so that it prints the same each time.
 */
#include <stdio.h>
#include <troupe/troupe.h>

#define READER(FIELD) FIELD(str, name)
#define ISSUE(FIELD) FIELD(uint64, number) FIELD(str, headline)
TROUPE_MESSAGE(read_paper, READER)
TROUPE_MESSAGE(subscribe, READER)
TROUPE_MESSAGE(print_issue, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(issue, ISSUE)

/* ---- the editor ---------------------------------------------------------- */

static void
on_subscribe(
    struct troupe_self *self, void *state, const struct subscribe *subscribe)
{
    (void)state;
    printf("editor: %.*s subscribes\n", (int)subscribe->name.length,
        subscribe->name.data);
    TROUPE_CHECK(troupe_join(self, "readers", troupe_sender(self)));
}

static void
on_print_issue(struct troupe_self *self, void *state,
    const struct print_issue *print_issue)
{
    uint64_t *number = state;
    size_t copies;

    (void)print_issue;
    TROUPE_CHECK(troupe_publish_counted(self, "readers", &copies, issue,
        .number = ++*number,
        .headline = troupe_str_of("Actors found by name, experts amazed")));
    printf("editor: %zu copies of issue %u\n", copies, (unsigned)*number);
}

TROUPE_BEHAVIOUR(editor, sizeof(uint64_t), TROUPE_ON(subscribe, on_subscribe),
    TROUPE_ON(print_issue, on_print_issue));

/* ---- readers ------------------------------------------------------------- */

struct reader {
    char name[16];
};

static void
on_editor(struct troupe_self *self, void *state, uint64_t context,
    const char *name, troupe_pid editor)
{
    const struct reader *reader = state;

    (void)context;
    printf("%s: there is an %s\n", reader->name, name);
    TROUPE_CHECK(troupe_tell(
        self, editor, subscribe, .name = troupe_str_of(reader->name)));
}

static void
on_read_paper(
    struct troupe_self *self, void *state, const struct read_paper *wanted)
{
    struct reader *reader = state;

    snprintf(reader->name, sizeof(reader->name), "%.*s",
        (int)wanted->name.length, wanted->name.data);
    TROUPE_CHECK(troupe_await_name(self, "editor", on_editor, 0));
}

static void
on_issue(struct troupe_self *self, void *state, const struct issue *issue)
{
    const struct reader *reader = state;

    (void)self;
    printf("%s: issue %u, \"%.*s\"\n", reader->name, (unsigned)issue->number,
        (int)issue->headline.length, issue->headline.data);
}

TROUPE_BEHAVIOUR(reader, sizeof(struct reader),
    TROUPE_ON(read_paper, on_read_paper), TROUPE_ON(issue, on_issue));

static troupe_pid
start_reader(struct troupe_self *self, const char *name)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(self, reader, &pid));
    TROUPE_CHECK(
        troupe_tell(self, pid, read_paper, .name = troupe_str_of(name)));
    return pid;
}

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid editor;
    troupe_pid second;
    troupe_pid ann;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);

    ann = start_reader(self, "Ann");
    troupe_runtime_wait(runtime); /* there is nobody to subscribe with yet */

    TROUPE_CHECK(troupe_spawn_with(
        self, editor, &TROUPE_SPAWN_OPTIONS(.name = "editor"), &editor));
    (void)start_reader(self, "Bob");
    troupe_runtime_wait(runtime);

    TROUPE_CHECK(
        troupe_tell(self, troupe_whereis(self, "editor"), print_issue));
    troupe_runtime_wait(runtime);

    TROUPE_CHECK(troupe_stop(self, ann));
    TROUPE_CHECK(troupe_tell(self, editor, print_issue));
    troupe_runtime_wait(runtime);

    printf("%s\n", troupe_err_name(troupe_spawn_with(self, editor,
                       &TROUPE_SPAWN_OPTIONS(.name = "editor"), &second)));

    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}

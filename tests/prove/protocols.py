# SPDX-License-Identifier: BSD-2-Clause
"""Rows of tests/protocol: the code that ships, run in every order of its operations
on shared words.

A bug is planted into a copy of the tree, by changing a few characters, and the
same test is built and run there. It must fail; and there must be what is to be
changed, so that a bug cannot go out of date unseen (check_planted.py). A missing fence must fail
with store buffers, and must not without.
"""
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

from evidence import Outcome, Row, complain

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT_S = 120
NOT_COPIED = shutil.ignore_patterns("build", ".git", "__pycache__", "pictures")
FAILURE = re.compile(r"^(\S+\.[ch]:\d+): CHECK|([\w./-]+\.[ch]:\d+): error: Failure", re.M)


@dataclasses.dataclass
class Bug:
    what: str
    path: str
    changes: tuple  # of (what is there once, what is there instead)
    is_fence: bool = False

    def planted(self):
        """The text of the file with the bug in it."""
        text = (ROOT / self.path).read_text(encoding="utf-8")
        for was, becomes in self.changes:
            if text.count(was) != 1:
                raise SystemExit(f"prove: '{self.what}' is to be planted in {self.path}"
                    f" where it says '{was}', and that is there {text.count(was)} times")
            text = text.replace(was, becomes)
        return text


@dataclasses.dataclass
class Protocol:
    claim: str
    test: str
    bugs: tuple


PROTOCOLS = (
    Protocol("inbox: no message is left behind, none is scheduled twice", "test_inbox_sleep", (
        Bug("a push says nothing to who sleeps", "mailbox/inbox.h",
            (("return seen == TP_INBOX_ASLEEP;", "return false;"),)),
        Bug("a push schedules who is awake", "mailbox/inbox.h",
            (("return seen == TP_INBOX_ASLEEP;", "return seen <= TP_INBOX_AWAKE;"),)),
        Bug("a message is not linked to those before it", "mailbox/inbox.h",
            (("seen == TP_INBOX_AWAKE ? NULL : seen;", "NULL;"),)),
        Bug("an owner sleeps, whatever has come", "mailbox/inbox.h",
            (("return ck_pr_cas_ptr(&inbox->head, TP_INBOX_AWAKE, TP_INBOX_ASLEEP);",
              "ck_pr_store_ptr(&inbox->head, TP_INBOX_ASLEEP); return true;"),)),
        Bug("what comes while a message is handled in place is lost", "mailbox/inbox.h",
            (("return ck_pr_cas_ptr(&inbox->head, only, TP_INBOX_ASLEEP);",
              "ck_pr_store_ptr(&inbox->head, TP_INBOX_ASLEEP); return true;"),)),
        Bug("messages are taken by a load and a store", "mailbox/inbox.h",
            (("taken = ck_pr_fas_ptr(&inbox->head, TP_INBOX_AWAKE);",
              "taken = ck_pr_load_ptr(&inbox->head);"
              " ck_pr_store_ptr(&inbox->head, TP_INBOX_AWAKE);"),)))),
    Protocol("actors: each message to the life that it is for, slots are reused",
        "test_slot_reuse", (
        Bug("a stale incarnation is accepted", "actors/actor.c",
            (("return message->incarnation == troupe_pid_incarnation(actor->pid);",
              "return message->incarnation != 0 && actor->pid != TROUPE_NO_PID;"),)),
        Bug("who pushes makes ready who is", "actors/post.c",
            (("    if (tp_inbox_push(&actor->inbox, pushed, pushed)) {",
              "    (void)tp_inbox_push(&actor->inbox, pushed, pushed); {"),)),
        Bug("of a chain the newest is pushed", "actors/post.c",
            (("tp_inbox_push(&actor->inbox, newest, self->chain.oldest)",
              "tp_inbox_push(&actor->inbox, newest, newest)"),)),
        Bug("a slot is given back before it sleeps", "actors/actor.c",
            (("        actor->flags = TP_ACTOR_IS_LEAVING;\n        return false;",
              "        actor->flags = TP_ACTOR_IS_LEAVING;\n"
              "        tp_registry_give(&self->runtime->registry, &self->slots, actor);\n"
              "        return false;"),)),
        Bug("control waits behind other mail", "actors/actor.c",
            (("           actor->mailbox.control != NULL || self->congested != NULL;",
              "           self->congested != NULL;"),)),
        Bug("a message that came too late is not counted off", "actors/actor.c",
            (("        settle(self, actor);\n        tp_life_bury(", "        tp_life_bury("),
             ("    if (actor->unsettled > 0) {\n        settle(self, actor);\n    }\n"
              "    actor->flags = 0;", "    actor->unsettled = 0;\n    actor->flags = 0;"))))),
    Protocol("parker: no wake-up is lost", "test_park", (
        Bug("PARKED is stored over a wake", "scheduler/parker.c",
            (("if (ck_pr_cas_32(&parker->word, TP_PARKER_EMPTY, TP_PARKER_PARKED)) {",
              "ck_pr_store_32(&parker->word, TP_PARKER_PARKED); {"),)),
        Bug("a wake that finds nobody is forgotten", "scheduler/parker.c",
            (("if (ck_pr_fas_32(&parker->word, TP_PARKER_WOKEN) == TP_PARKER_PARKED) {",
              "if (ck_pr_cas_32(&parker->word, TP_PARKER_PARKED, TP_PARKER_WOKEN)) {"),)),
        Bug("a wake is not used up", "scheduler/parker.c",
            (("was = ck_pr_fas_32(&parker->word, TP_PARKER_EMPTY);",
              "was = ck_pr_load_32(&parker->word);"),)))),
    Protocol("workers: work and going to sleep do not miss each other", "test_wake", (
        Bug("missing fence: a worker goes to sleep", "scheduler/scheduler.c",
            (("    ck_pr_store_32(&worker->asleep, 1);\n    ck_pr_fence_memory();",
              "    ck_pr_store_32(&worker->asleep, 1);"),), True),
        Bug("missing fence: others are called for a task", "scheduler/worker.c",
            (("    if (worker->scheduler->workers_count > 1) {\n        ck_pr_fence_memory();",
              "    if (worker->scheduler->workers_count > 1) {"),), True),
        Bug("missing fence: a halt", "scheduler/scheduler.c",
            (("    ck_pr_store_32(&scheduler->is_halting, 1);\n    ck_pr_fence_memory();",
              "    ck_pr_store_32(&scheduler->is_halting, 1);"),), True),
        Bug("missing fence: a drain", "scheduler/scheduler.c",
            (("    ck_pr_store_64(&scheduler->drain, drain);\n    ck_pr_fence_memory();",
              "    ck_pr_store_64(&scheduler->drain, drain);"),), True),
        Bug("a worker is asleep before it is counted so", "scheduler/scheduler.c",
            (("    count_asleep(worker);\n"
              "    ck_pr_fence_atomic_store(); /* who finds it asleep finds it counted */\n"
              "    ck_pr_store_32(&worker->asleep, 1);\n    ck_pr_fence_memory();",
              "    ck_pr_store_32(&worker->asleep, 1);\n    ck_pr_fence_memory();"),
             ("        notice_drained(scheduler);\n",
              "        count_asleep(worker);\n"
              "        notice_drained(scheduler);\n"))),
        Bug("who finds a task wakes nobody for the rest", "scheduler/scheduler.c",
            (("if (SEARCHERS_OF(was) == 1 &&", "if (SEARCHERS_OF(was) > 9 &&"),)),
        Bug("who is bound is not woken", "scheduler/scheduler.c",
            (("    ck_pr_fence_memory();\n    (void)wake(worker);",
              "    ck_pr_fence_memory();\n    (void)worker;"),)))),
    Protocol("run queue: steal against pop, each task once", "test_steal", (
        Bug("a worker's queue is popped as if by one", "scheduler/run_queue.h",
            (("ck_ring_dequeue_spmc(", "ck_ring_dequeue_spsc("),)),)),
    Protocol("newborns: the newest popped, the oldest stolen, each once", "test_newborns", (
        Bug("the last newborn is popped without asking", "scheduler/deque.h",
            (("if (oldest == last && ck_pr_cas_64(&deque->oldest, oldest, newest)) {",
              "if (oldest == last) {"),)),
        Bug("a pop has no fence", "scheduler/deque.h",
            (("    ck_pr_store_64(&deque->newest, last);\n    ck_pr_fence_memory();",
              "    ck_pr_store_64(&deque->newest, last);"),), is_fence=True))),
    Protocol("workers: no task lies while they sleep, drain is not early", "test_worker_sleep", (
        Bug("a worker sleeps without a last look", "scheduler/scheduler.c",
            (("if (!tp_worker_sees_work(worker) && !has_cancelled(worker) &&", "if ("),)),
        Bug("drain does not count wake-ups", "scheduler/scheduler.c",
            (("if (after.idle == before.idle && after.awake == before.awake &&", "if ("),)),
        Bug("a late worker ends the next drain", "scheduler/scheduler.c",
            (("ck_pr_cas_64(&scheduler->drain, drain, drain + 1)) {",
              "(ck_pr_inc_64(&scheduler->drain), true)) {"),)),
        Bug("a claimed worker does not wait for its wake", "scheduler/scheduler.c",
            (("while (!is_woken) {", "while (false) {"),)))),
    Protocol("limit: nobody stays paused, no mark stays on the empty", "test_pause", (
        Bug("a pauser does not look at the mark again", "mailbox/limit.c",
            (("return tp_limit_is_congested(limit);", "return true;"),)),
        Bug("who clears the mark resumes nobody", "mailbox/limit.c",
            (("            return true;\n        }\n    }\n    return false;",
              "        }\n    }\n    return false;"),)),
        Bug("the mark stays at the low mark", "mailbox/limit.c",
            (("held, marks->messages_low + 1, marks->bytes_low + 1)) {",
              "held, marks->messages_low, marks->bytes_low)) {"),)),
        Bug("who takes the paused may take what comes as well", "mailbox/limit.c",
            (("all = ck_pr_fas_ptr(&limit->paused, NULL);",
              "all = ck_pr_load_ptr(&limit->paused);"
              " ck_pr_store_ptr(&limit->paused, NULL);"),)))),
    Protocol("limit: rings of two and three never stand still", "test_ring", (
        Bug("who is congested itself is paused", "actors/pause.c",
            (("bool stays = stays_paused_on(actor, target);", "bool stays = true;"),)),)),
    Protocol("bonds: each end is told once to whom it concerns", "test_bond_programs", (
        Bug("a link is undone on one side", "actors/bond.c",
            (("        send(self, actor, mine, TP_MESSAGE_UNLINK);",
              "        tp_post_free(self, mine);"),)),
        Bug("of two links with one actor both are told", "actors/bond.c",
            (("    while (take_and_free(self, actor, &link)) {\n        is_linked = true;",
              "    if (take_and_free(self, actor, &link)) {\n        is_linked = true;"),)),
        Bug("who was told once is told again", "actors/bond.c",
            (("    bool is_linked = false;\n", "    bool is_linked = true;\n"),)),
        Bug("who links with somebody gone is not told", "actors/bond.c",
            (("turn_back(self, actor, message, TP_MESSAGE_EXIT);",
              "tp_bond_sweep(self, message);"),)),
        Bug("who is watched no more is told of", "actors/bond.c",
            (("        send(self, mine->sender, mine, TP_MESSAGE_DEMONITOR);",
              "        tp_post_free(self, mine);"),)),
        Bug("who undoes links undoes one of two", "actors/bond.c",
            (("    while ((mine = take(self->actor, &link)) != NULL) {",
              "    if ((mine = take(self->actor, &link)) != NULL) {"),)),
        Bug("who watches somebody gone is not told", "actors/bond.c",
            (("        turn_back(self, actor, message, TP_MESSAGE_DOWN);",
              "        tp_bond_sweep(self, message);"),)))),
    Protocol("timeouts: each expires or is cancelled, once", "test_cancel", (
        Bug("who expires does not ask", "scheduler/timeout.c",
            (("        if (ck_pr_cas_32(\n                &timeout->state, TP_TIMEOUT_PENDING,"
              " TP_TIMEOUT_EXPIRED)) {", "        {"),)),
        Bug("who cancels does not ask", "scheduler/timeout.c",
            (("    if (!ck_pr_cas_32(\n            &timeout->state, TP_TIMEOUT_PENDING,"
              " TP_TIMEOUT_CANCELLED)) {",
              "    if (ck_pr_load_32(&timeout->state) != TP_TIMEOUT_PENDING) {"),)),
        Bug("who arms does not ask", "scheduler/timeout.c",
            (("    if (!ck_pr_cas_32(\n            &timeout->state, TP_TIMEOUT_UNARMED,"
              " TP_TIMEOUT_PENDING)) {",
              "    if (ck_pr_load_32(&timeout->state) != TP_TIMEOUT_UNARMED ||\n"
              "        ck_pr_fas_32(&timeout->state, TP_TIMEOUT_PENDING) == UINT32_MAX) {"),)))),
    Protocol("blocks: none is handed out twice, none is lost", "test_depot", (
        Bug("the stack of batches is popped as if alone", "mailbox/block_cache.c",
            (("if (ck_stack_trypop_mpmc(batches, &entry)) {",
              "if ((entry = ck_stack_pop_upmc(batches)) != NULL) {"),)),)),
    Protocol("dead letters: an example is one letter, all are counted", "test_letters", (
        Bug("a reader does not look whether it was overtaken", "actors/letter_example.c",
            (("return ck_pr_load_64(&example->sequence) == sequence;", "return true;"),)),
        Bug("two claim one place", "actors/letter_table.c",
            (("(ck_pr_cas_64_value(word, 0, key, &seen) || seen == key)",
              "(ck_pr_store_64(word, key), true)"),)))),
)


def run(program, environment=None):
    try:
        done = subprocess.run([program], stdout=subprocess.PIPE, check=False,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT_S,
            stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        return done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace"), None


def check(program):
    output, code = run(program)
    orders = sum(int(count) for count in re.findall(r"(\d+) orders", output))
    if code == 0 and orders > 0:
        return Outcome(True, f"{orders:,} orders")
    complain(output)
    return Outcome(False, f"{orders:,} orders", f"{program.name} exited {code}")


class Copy:
    """The tree once more, to plant bugs in."""

    def __init__(self, root):
        self.root = root

    def write(self, path, text):
        """Unchanged files keep their time, so that little is built again."""
        if not path.is_file() or path.read_bytes() != text:
            path.write_bytes(text)

    def update(self):
        shutil.copytree(ROOT, self.root, ignore=NOT_COPIED, dirs_exist_ok=True,
            copy_function=lambda source, to: self.write(pathlib.Path(to),
                pathlib.Path(source).read_bytes()))

    def build(self, target):
        """What was said if that failed."""
        commands = [["cmake", "--build", "--preset", "dev", "-j2", "--target", target]]
        if not (self.root / "build" / "dev" / "build.ninja").exists():
            commands.insert(0, ["cmake", "--preset", "dev", "-DTROUPE_HOUSE_TESTS=OFF"])
        for command in commands:
            done = subprocess.run(command, cwd=self.root, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode != 0:
                return done.stdout
        return ""

    def plant(self, bug):
        self.write(self.root / bug.path, bug.planted().encode())

    def find(self, test, bug):
        self.update()
        self.plant(bug)
        trouble = self.build(test)
        if trouble:
            complain(trouble)
            return None
        program = self.root / "build" / "dev" / "tests" / "protocol" / test
        if bug.is_fence and run(program, {"TROUPE_TEST_SEQUENTIAL": "1"})[1] != 0:
            complain(f"{bug.what}: found without store buffers, too\n")
            return None
        output, code = run(program)
        failure = FAILURE.search(output)
        if code == 0:
            complain(output)
            return None
        if failure is None:
            return f"{test} hangs" if code is None else f"{test} ends with {code}"
        return (failure[1] or failure[2]).removeprefix(f"{self.root}/")


def rows(builds):
    copy = Copy(builds / "prove" / "planted")
    for protocol in PROTOCOLS:
        program = builds / "dev" / "tests" / "protocol" / protocol.test
        yield Row(protocol.claim, "every order", lambda program=program: check(program),
            {bug.what: lambda test=protocol.test, bug=bug: copy.find(test, bug)
                for bug in protocol.bugs})

# SPDX-License-Identifier: BSD-2-Clause
"""Rows of tests/protocol: the code that ships, run in every order of its operations
on shared words.

A bug is planted into a copy of the tree, by changing a few characters, and the
same test is built and run there. It must fail; and there must be what is to be
changed, so that a bug cannot go out of date unseen.
"""
import dataclasses
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
            (("seen == TP_INBOX_AWAKE ? NULL : seen;", "NULL;"),)))),
    Protocol("parker: no wake-up is lost", "test_park", (
        Bug("PARKED is stored over a wake", "scheduler/parker.c",
            (("if (ck_pr_cas_32(&parker->word, TP_PARKER_EMPTY, TP_PARKER_PARKED)) {",
              "ck_pr_store_32(&parker->word, TP_PARKER_PARKED); {"),)),)),
    Protocol("workers: no task lies while they sleep, drain is not early", "test_worker_sleep", (
        Bug("a worker sleeps without a last look", "scheduler/scheduler.c",
            (("if (!tp_worker_sees_work(worker) && !has_cancelled(worker) &&", "if ("),)),
        Bug("who finds a task wakes nobody for the rest", "scheduler/scheduler.c",
            (("if (SEARCHERS_OF(was) == 1 &&", "if (SEARCHERS_OF(was) > 9 &&"),)),
        Bug("drain does not count wake-ups", "scheduler/scheduler.c",
            (("if (ck_pr_load_64(&scheduler->idle) == before &&", "if ("),)),
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
              "        }\n    }\n    return false;"),)))),
    Protocol("limit: rings of two and three never stand still", "test_ring", (
        Bug("who is congested itself is paused", "actors/actor.c",
            (("    if (tp_limit_is_congested(&actor->limit)) {\n        return;\n    }", ""),
             ("        tp_limit_is_congested(&actor->limit)) {\n        actor->flags &=",
              "        false) {\n        actor->flags &="))),)),
    Protocol("timeouts: each expires or is cancelled, once", "test_cancel", (
        Bug("who expires does not ask", "scheduler/timeout.c",
            (("        if (ck_pr_cas_32(\n                &timeout->state, TP_TIMEOUT_PENDING,"
              " TP_TIMEOUT_EXPIRED)) {", "        {"),)),)),
    Protocol("blocks: none is handed out twice, none is lost", "test_depot", (
        Bug("the stack of batches is popped as if alone", "mailbox/block_cache.c",
            (("ck_stack_trypop_mpmc(", "ck_stack_trypop_upmc("),)),)),
    Protocol("dead letters: an example is one letter, all are counted", "test_letters", (
        Bug("a reader does not look whether it was overtaken", "actors/letter_example.c",
            (("return ck_pr_load_64(&example->sequence) == sequence;", "return true;"),)),
        Bug("two claim one place", "actors/letter_table.c",
            (("(ck_pr_cas_64_value(word, 0, key, &seen) || seen == key)",
              "(ck_pr_store_64(word, key), true)"),)))),
)


def run(program):
    try:
        done = subprocess.run([program], stdout=subprocess.PIPE, check=False,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT_S,
            stdin=subprocess.DEVNULL)
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
        for command in (["cmake", "--preset", "dev", "-DTROUPE_HOUSE_TESTS=OFF"],
                ["cmake", "--build", "--preset", "dev", "-j2", "--target", target]):
            done = subprocess.run(command, cwd=self.root, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode != 0:
                return done.stdout
        return ""

    def plant(self, bug):
        text = (ROOT / bug.path).read_text(encoding="utf-8")
        for was, becomes in bug.changes:
            if text.count(was) != 1:
                raise SystemExit(f"prove: '{bug.what}' is to be planted in {bug.path}"
                    f" where it says '{was}', and that is there {text.count(was)} times")
            text = text.replace(was, becomes)
        self.write(self.root / bug.path, text.encode())

    def find(self, test, bug):
        self.update()
        self.plant(bug)
        trouble = self.build(test)
        if trouble:
            complain(trouble)
            return None
        output, code = run(self.root / "build" / "dev" / "tests" / "protocol" / test)
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

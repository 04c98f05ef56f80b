# SPDX-License-Identifier: BSD-2-Clause
"""Rows of tests/protocol that are not of a few operations on shared words: links, where
handlers are ordered, and workers, whose orders are too many and are drawn.

Bugs are planted as in protocols.py.
"""
import dataclasses
import os
import re
import subprocess

from evidence import Outcome, Row, complain
from protocols import FAILURE, Bug, Copy

LIMIT_S = 480


@dataclasses.dataclass
class Ordered:
    claim: str
    method: str
    test: str
    variables: dict
    bugs: tuple


ORDERED = (
    Ordered("links: each end is told once, both agree who is linked", "every order",
        "test_bond_programs", {}, (
        Bug("who undoes a link undoes one of two", "actors/bond.c",
            (("    while ((mine = take(self->actor, &link)) != NULL) {\n        send(self, actor,"
              " mine, TP_MESSAGE_UNLINK);", "    if ((mine = take(self->actor, &link)) != NULL)"
              " {\n        send(self, actor, mine, TP_MESSAGE_UNLINK);"),)),
        Bug("news of an end is believed though the bond was undone", "actors/bond.c",
            (("    bool is_linked = false;\n", "    bool is_linked = true;\n"),)),
        Bug("a monitor of the dead is dropped in silence", "actors/bond.c",
            (("        turn_back(self, actor, message, TP_MESSAGE_DOWN);",
              "        tp_bond_sweep(self, message);"),)))),
    Ordered("workers: none sleeps while a task lies, by drawn orders", "drawn orders",
        "test_worker_sleep", {"TROUPE_TEST_FULL": "1"}, (
        Bug("a worker looks, and then says that it sleeps", "scheduler/scheduler.c",
            (("    ck_pr_store_64(&worker->awaited_count",
              "    bool sees = tp_worker_sees_work(worker);\n\n"
              "    ck_pr_store_64(&worker->awaited_count"),
             ("    if (!tp_worker_sees_work(worker) && !has_cancelled(worker) &&",
              "    if (!sees && !has_cancelled(worker) &&"))),)),
)


def run(program, variables):
    try:
        done = subprocess.run([program], env={**os.environ, **variables}, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            timeout=LIMIT_S, stdin=subprocess.DEVNULL)
        return done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace"), None


def check(it, program):
    output, code = run(program, it.variables)
    count = sum(int(found) for found in re.findall(r"(\d+) orders", output))
    if code == 0 and count > 0:
        return Outcome(True, f"{count:,} orders")
    complain(output)
    return Outcome(False, f"{count:,} orders", f"{program.name} exited {code}")


def find(copy, it, bug):
    copy.update()
    copy.plant(bug)
    trouble = copy.build(it.test)
    if trouble:
        complain(trouble)
        return None
    program = copy.root / "build" / "dev" / "tests" / "protocol" / it.test
    output, code = run(program, it.variables)
    failure = FAILURE.search(output)
    if code == 0:
        complain(output)
        return None
    if failure is None:
        return f"{it.test} hangs" if code is None else f"{it.test} ends with {code}"
    return (failure[1] or failure[2]).removeprefix(f"{copy.root}/")


def rows(builds):
    copy = Copy(builds / "prove" / "planted")
    for it in ORDERED:
        program = builds / "dev" / "tests" / "protocol" / it.test
        yield Row(it.claim, it.method, lambda it=it, program=program: check(it, program),
            {bug.what: lambda it=it, bug=bug: find(copy, it, bug) for bug in it.bugs})

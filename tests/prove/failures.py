# SPDX-License-Identifier: BSD-2-Clause
"""Rows of what the system refuses: memory and threads, each request in its turn.

The bugs are planted into a copy of the tree, as those of protocols.py.
"""
import dataclasses
import re
import subprocess

from evidence import Outcome, Row, complain
from protocols import Bug, Copy

LIMIT_S = 120
FAILURE = re.compile(r"((?:tests|actors|scheduler|base)/[\w/]+\.[ch]:\d+): "
    r"(?:CHECK|error: Failure)")


@dataclasses.dataclass
class Refused:
    claim: str
    programs: tuple  # of (preset, program)
    what: str  # is counted
    bugs: tuple  # of (program, Bug)


REFUSED = (
    Refused("memory: without any of it, nothing is lost or left",
        (("dev", "test_failing_memory"), ("dev", "test_failing_blocks"),
            ("asan", "test_failing_memory")), "requests", (
        ("test_failing_blocks", Bug("a start is forgotten when its actor has no profile",
            "actors/spawn.c",
            (("        tp_start_release(self, start);\n        return err;\n    }\n    ck_pr_store_64",
              "        return err;\n    }\n    ck_pr_store_64"),))),
        ("test_failing_blocks", Bug("one end of a bond is kept without the other",
            "actors/bond.c",
            (("    if (*first != NULL) {\n        tp_post_free(self, *first);\n    }\n", ""),))),
        ("test_failing_memory", Bug("a tell without a message says that it was taken",
            "actors/tell.c",
            (("    tp_dead_letters_record(self, &letter);\n    return why;",
              "    tp_dead_letters_record(self, &letter);\n    return TROUPE_OK;"),))))),
    Refused("threads: without any of them, a start says so and may be tried again",
        (("dev", "test_failing_threads"), ("asan", "test_failing_threads")), "refusals", (
        ("test_failing_threads", Bug("a start that failed counts as one",
            "actors/runtime.c",
            (("        ck_pr_store_32(&runtime->state, TP_RUNTIME_CREATED);\n",
              "        return err;\n"),))),)),
)


def run(program):
    try:
        done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False, text=True, errors="replace", timeout=LIMIT_S, stdin=subprocess.DEVNULL)
        return done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace"), None


def check(builds, refused):
    count = 0
    for preset, program in refused.programs:
        output, code = run(builds / preset / "tests" / program)
        count += sum(int(found) for found in re.findall(rf"(\d+) {refused.what}", output))
        if code != 0:
            complain(output)
            return Outcome(False, f"{count:,} {refused.what}", f"{program} exited {code}")
    return Outcome(count > 0, f"{count:,} {refused.what}")


def find(copy, program, bug):
    copy.update()
    copy.plant(bug)
    trouble = copy.build(program)
    if trouble:
        complain(trouble)
        return None
    output, code = run(copy.root / "build" / "dev" / "tests" / program)
    failure = FAILURE.search(output)
    if code == 0:
        complain(output)
        return None
    if failure is None:
        return f"{program} hangs" if code is None else f"{program} ends with {code}"
    return failure[1]


def rows(builds):
    copy = Copy(builds / "prove" / "planted")
    for refused in REFUSED:
        yield Row(refused.claim, "each in its turn",
            lambda refused=refused: check(builds, refused),
            {bug.what: lambda program=program, bug=bug: find(copy, program, bug)
                for program, bug in refused.bugs})

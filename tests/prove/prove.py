# SPDX-License-Identifier: BSD-2-Clause
"""Shows that the race detectors find the race in `unsafe` and none in `actors`,
and that they would have found one: a planted bug is among what they must find.

    prove.py TSAN_BUILD VALGRIND_BUILD

Prints a table, a line a claim, and exits 0 only if every claim holds.
"""
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SUPPORT = ROOT / "tests" / "support"
LIMIT_S = 240
TRIES = 5  # a detector sees the orders that happened; a race must happen once
FRAME = re.compile(r"([\w./-]+\.[ch]):(\d+)|\(([\w.-]+\.[ch]):(\d+)\)")


@dataclasses.dataclass
class Claim:
    what: str
    program: list
    has_race: bool


@dataclasses.dataclass
class Tool:
    name: str
    build: pathlib.Path
    prefix: list
    report: re.Pattern
    variables: dict


def tools(tsan_build, valgrind_build):
    thread = Tool("ThreadSanitizer", tsan_build, [],
        re.compile(r"WARNING: ThreadSanitizer: (?:data race|heap-use-after-free)"),
        {"TSAN_OPTIONS": "history_size=4 suppressions="
            + str(SUPPORT / "tsan" / "suppressions.txt")})
    helgrind = Tool("Helgrind", valgrind_build,
        ["valgrind", "--tool=helgrind", "--fair-sched=try",
            "--suppressions=" + str(SUPPORT / "helgrind" / "suppressions.txt")],
        re.compile(r"Possible data race"), {})
    return thread, helgrind


def claims(ledger):
    compare = ["troupe-bank", "compare", "--ledger", ledger, "--threads", "2",
        "--runs", "1", "--variants"]
    return (
        Claim("unsafe: shared memory without a lock races",
            compare + ["unsafe"], True),
        Claim("actors: nothing is shared, nothing races",
            compare + ["actors"], False),
        Claim("planted: an actor writes a message it has sent",
            ["planted_write_after_send"], True),
    )


def find_program(build, name):
    for place in (build, build / "tests", build / "tests" / "prove"):
        if (place / name).is_file():
            return str(place / name)
    sys.exit(f"prove: {name} is not in {build}; run ./dev prove")


def run(tool, program):
    command = (tool.prefix + [find_program(tool.build, program[0])]
        + program[1:])
    done = subprocess.run(command, env={**os.environ, **tool.variables},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", timeout=LIMIT_S, stdin=subprocess.DEVNULL)
    return done.stdout, done.returncode


def own_line(text, start):
    """The first line of the project that a report names."""
    for match in FRAME.finditer(text, start, start + 4000):
        name = match.group(1) or match.group(3)
        line = match.group(2) or match.group(4)
        for place in ("examples", "tests/prove", "actors", "mailbox",
                "scheduler", "base"):
            found = list((ROOT / place).rglob(pathlib.Path(name).name))
            if found:
                return f"{found[0].relative_to(ROOT)}:{line}"
    return "?"


def judge(tool, claim):
    start = time.monotonic()
    for _ in range(TRIES if claim.has_race else 1):
        output, code = run(tool, claim.program)
        reports = list(tool.report.finditer(output))
        if reports:
            break
    seconds = time.monotonic() - start
    if claim.has_race:
        holds = bool(reports)
        found = (f"{len(reports)} reported, first at "
            f"{own_line(output, reports[0].start())}") if reports else "none"
    else:
        holds = not reports and code == 0
        found = "none" if not reports else (f"{len(reports)}, first at "
            f"{own_line(output, reports[0].start())}")
        if not reports and code != 0:
            found = f"none, but it exited {code}"
    if not holds:
        sys.stderr.write(output[-4000:])
    return holds, found, seconds


def small_ledger(tool, folder):
    ledger = os.path.join(folder, "ledger.csv")
    with open(ledger, "wb") as out:
        subprocess.run([find_program(tool.build, "troupe-bank"), "generate",
            "--transactions", "4000", "--accounts", "5", "--skew", "1",
            "--seed", "7"], stdout=out, check=True, timeout=LIMIT_S)
    return ledger


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    both = tools(*(pathlib.Path(build).resolve() for build in sys.argv[1:]))
    row = "{:<48} {:<16} {:<8} {:<52} {:>7}"
    print(row.format("claim", "method", "verdict", "races found", "seconds"))
    all_hold = True
    with tempfile.TemporaryDirectory() as folder:
        ledger = small_ledger(both[0], folder)
        for claim in claims(ledger):
            for tool in both:
                holds, found, seconds = judge(tool, claim)
                all_hold &= holds
                print(row.format(claim.what, tool.name,
                    "holds" if holds else "FAILS", found, f"{seconds:.1f}"),
                    flush=True)
    print("every claim holds" if all_hold else "NOT every claim holds")
    sys.exit(0 if all_hold else 1)


main()

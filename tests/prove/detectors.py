# SPDX-License-Identifier: BSD-2-Clause
"""Rows of the race detectors, the sanitizers and memcheck: they find nothing in the
bank of actors, nor valgrind's tools in the tests of the layers, and would have found
what is planted.
"""
import dataclasses
import os
import pathlib
import re
import subprocess

from evidence import Outcome, Row, complain

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "tests" / "support"
LIMIT_S = 240
TRIES = 5  # a detector sees the orders that happened; a race must happen once
TRANSACTIONS = 4000
FRAME = re.compile(r"([\w./-]+\.[ch]):(\d+)|\(([\w.-]+\.[ch]):(\d+)\)")
ADDRESS_SENTENCE = re.compile(r"^troupe: this is the (?:message|state) .*"
    r"; touched by (actor <[\d.]+> \(\w+\))$", re.M)


@dataclasses.dataclass
class Tool:
    name: str
    build: pathlib.Path
    prefix: list
    report: re.Pattern
    variables: dict
    sentence: re.Pattern = re.compile("")  # what a report must hold besides


def tools(builds):
    return (
        Tool("ThreadSanitizer", builds / "tsan", [],
            re.compile(r"WARNING: ThreadSanitizer: (?:data race|heap-use-after-free)"),
            {"TSAN_OPTIONS": "history_size=4 suppressions="
                + str(SUPPORT / "tsan" / "suppressions.txt")}),
        Tool("Helgrind", builds / "valgrind",
            ["valgrind", "--tool=helgrind", "--fair-sched=try",
                "--suppressions=" + str(SUPPORT / "helgrind" / "suppressions.txt")],
            re.compile(r"Possible data race"), {}),
        Tool("AddressSanitizer", builds / "asan", [],
            re.compile(r"ERROR: AddressSanitizer: use-after-poison"), {},
            ADDRESS_SENTENCE),
        Tool("UBSan", builds / "asan", [],
            re.compile(r"\S+:\d+:\d+: runtime error:"), {}),
        Tool("LeakSanitizer", builds / "asan", [],
            re.compile(r"ERROR: LeakSanitizer: detected memory leaks"), {}),
        Tool("memcheck", builds / "valgrind",
            ["valgrind", "--tool=memcheck", "--fair-sched=try", "--leak-check=full"],
            re.compile(r"Invalid (?:read|write) of size|are definitely lost"), {}),
    )


def find_program(build, name):
    for place in (build, build / "tests", build / "tests" / "prove"):
        if (place / name).is_file():
            return str(place / name)
    raise SystemExit(f"prove: {name} is not in {build}; run ./dev prove")


def run(tool, program):
    """What the program said, its exit status, and the tool's reports in it."""
    command = tool.prefix + [find_program(tool.build, program[0])] + program[1:]
    done = subprocess.run(command, env={**os.environ, **tool.variables}, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", timeout=LIMIT_S, stdin=subprocess.DEVNULL)
    return done.stdout, done.returncode, list(tool.report.finditer(done.stdout))


def own_line(text, start):
    """The first line that a report names: of a program, or else of troupe."""
    for places in (("examples", "tests/prove"), ("actors", "mailbox", "scheduler", "base")):
        for match in FRAME.finditer(text, start, start + 4000):
            name = match.group(1) or match.group(3)
            line = match.group(2) or match.group(4)
            for place in places:
                found = list((ROOT / place).rglob(pathlib.Path(name).name))
                if found:
                    return f"{found[0].relative_to(ROOT)}:{line}"
    return "?"


def find(tool, program):
    """Where the bug was reported, and by the doing of which actor if that is said."""
    for _ in range(TRIES):
        output, _, reports = run(tool, program)
        sentence = tool.sentence.search(output)
        if reports and sentence:
            where = own_line(output, reports[0].start())
            return f"{where} by {sentence[1]}" if sentence.groups() else where
    complain(output)
    return None


def check(tool, program):
    output, code, reports = run(tool, program)
    size = f"{TRANSACTIONS:,} transactions"
    if not reports and code == 0:
        return Outcome(True, size)
    complain(output)
    return Outcome(False, size, f"{len(reports)} reports, first at "
        f"{own_line(output, reports[0].start())}" if reports else f"it exited {code}")


def make_ledger(tool, folder):
    ledger = os.path.join(folder, "ledger.csv")
    with open(ledger, "wb") as out:
        subprocess.run([find_program(tool.build, "troupe-bank"), "generate",
            "--transactions", str(TRANSACTIONS), "--accounts", "5", "--skew", "1",
            "--seed", "7"], stdout=out, check=True, timeout=LIMIT_S)
    return ledger


def check_tests(build, tool):
    """The tests of a layer each, which ctest runs under that tool."""
    done = subprocess.run(["ctest", "--test-dir", str(build), "-j2", "--output-on-failure",
        "-L", f"^{tool}$", "-L", "^proved$"], check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT_S)
    passed = re.search(r"100% tests passed, 0 tests failed out of (\d+)", done.stdout)
    if passed:
        return Outcome(True, f"{passed[1]} programs of tests")
    complain(done.stdout)
    return Outcome(False, "", "a test fails, or there is none")


def rows(builds, folder):
    thread, helgrind, address, undefined, leak, memcheck = tools(builds)
    compare = ["troupe-bank", "compare", "--ledger", make_ledger(thread, folder),
        "--threads", "2", "--variants"]
    unsafe = {"the bank without locks": compare + ["unsafe", "--runs", "20"]}
    write = {"an actor writes a message it has sent": ["planted_write_after_send"]}
    borrow = {"an actor reads the state of another": ["planted_borrow_state"]}
    overflow = {"an actor's sum overflows": ["planted_overflow"]}
    forget = {"an actor forgets a message it has made": ["planted_leak"]}
    keep = {"an actor reads a message that is gone": ["planted_read_after_end"]}
    for tool, claim, planted in (
            (thread, "actors: nothing is shared, nothing races", unsafe | write),
            (helgrind, "actors: nothing is shared, nothing races", unsafe | write),
            (address, "actors: nobody touches what is another's", write | borrow),
            (undefined, "actors: nothing is done that C leaves undefined", overflow),
            (leak, "actors: what is made is given back", forget),
            (memcheck, "actors: nothing is read that is gone, nothing is left",
                keep | forget)):
        yield Row(claim, tool.name,
            lambda tool=tool: check(tool, compare + ["actors", "--runs", "1"]),
            {bug: lambda tool=tool, program=program: find(tool, program)
                for bug, program in planted.items()})
    for tool, claim in ((helgrind, "layers: their tests race nowhere"),
            (memcheck, "layers: their tests touch and leave nothing")):
        yield Row(claim, tool.name,
            lambda tool=tool: check_tests(tool.build, tool.name.lower()), {})

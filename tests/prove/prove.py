# SPDX-License-Identifier: BSD-2-Clause
"""Shows that the race detectors find the race in `unsafe` and none in `actors`,
and that they would have found one: a planted bug is among what they must find.
The address sanitizer is to find what breaks isolation, race or not, and to name
the actor.

    prove.py TSAN_BUILD VALGRIND_BUILD ASAN_BUILD FUZZ_BUILD

Then fuzzes each reader of foreign bytes for a while (tests/fuzz).

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
sys.path.insert(0, str(HERE.parent / "fuzz"))
import fuzzing

SUPPORT = ROOT / "tests" / "support"
LIMIT_S = 240
FUZZ_S = 45  # for all targets together, besides the planted bugs
TRIES = 5  # a detector sees the orders that happened; a race must happen once
FRAME = re.compile(r"([\w./-]+\.[ch]):(\d+)|\(([\w.-]+\.[ch]):(\d+)\)")


@dataclasses.dataclass
class Claim:
    what: str
    program: list
    is_reported: bool
    tools: tuple  # those that are to see it so


@dataclasses.dataclass
class Tool:
    name: str
    build: pathlib.Path
    prefix: list
    report: re.Pattern
    variables: dict
    sentence: re.Pattern = re.compile("")  # what a report must hold besides


THREAD, HELGRIND, ADDRESS = "ThreadSanitizer", "Helgrind", "AddressSanitizer"


def tools(tsan_build, valgrind_build, asan_build):
    thread = Tool(THREAD, tsan_build, [],
        re.compile(r"WARNING: ThreadSanitizer: (?:data race|heap-use-after-free)"),
        {"TSAN_OPTIONS": "history_size=4 suppressions="
            + str(SUPPORT / "tsan" / "suppressions.txt")})
    helgrind = Tool(HELGRIND, valgrind_build,
        ["valgrind", "--tool=helgrind", "--fair-sched=try",
            "--suppressions=" + str(SUPPORT / "helgrind" / "suppressions.txt")],
        re.compile(r"Possible data race"), {})
    address = Tool(ADDRESS, asan_build, [],
        re.compile(r"ERROR: AddressSanitizer: use-after-poison"), {},
        re.compile(r"^troupe: this is the (?:message|state) .*"
            r"; touched by (actor <[\d.]+> \(\w+\))$", re.M))
    return thread, helgrind, address


def claims(ledger):
    compare = ["troupe-bank", "compare", "--ledger", ledger, "--threads", "2",
        "--runs", "1", "--variants"]
    return (
        Claim("unsafe: shared memory without a lock races",
            compare + ["unsafe"], True, (THREAD, HELGRIND)),
        Claim("actors: nothing is shared, nothing races",
            compare + ["actors"], False, (THREAD, HELGRIND, ADDRESS)),
        Claim("planted: an actor writes a message it has sent",
            ["planted_write_after_send"], True, (THREAD, HELGRIND, ADDRESS)),
        Claim("planted: an actor reads the state of another",
            ["planted_borrow_state"], True, (ADDRESS,)),
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


def found_in(tool, output, reports):
    """What was reported first, and by the doing of which actor if that is said."""
    found = f"{len(reports)}, first at {own_line(output, reports[0].start())}"
    sentence = tool.sentence.search(output)
    return f"{found} by {sentence[1]}" if sentence and sentence.groups() else found


def judge(tool, claim):
    start = time.monotonic()
    for _ in range(TRIES if claim.is_reported else 1):
        output, code = run(tool, claim.program)
        reports = list(tool.report.finditer(output))
        if reports:
            break
    seconds = time.monotonic() - start
    found = found_in(tool, output, reports) if reports else "none"
    if claim.is_reported:
        holds = bool(reports) and tool.sentence.search(output) is not None
    else:
        holds = not reports and code == 0
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
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    all_tools = tools(*(pathlib.Path(build).resolve() for build in sys.argv[1:4]))
    row = "{:<60} {:<16} {:<8} {:<80} {:>7}"
    print(row.format("claim", "method", "verdict", "reported", "seconds"))
    all_hold = True
    with tempfile.TemporaryDirectory() as folder:
        ledger = small_ledger(all_tools[0], folder)
        for claim in claims(ledger):
            for tool in all_tools:
                if tool.name not in claim.tools:
                    continue
                holds, found, seconds = judge(tool, claim)
                all_hold &= holds
                print(row.format(claim.what, tool.name,
                    "holds" if holds else "FAILS", found, f"{seconds:.1f}"),
                    flush=True)
    for found in fuzzing.rows(sys.argv[4], FUZZ_S):
        all_hold &= found.holds
        print(row.format(found.claim, found.method,
            "holds" if found.holds else "FAILS", found.size,
            f"{found.seconds:.1f}"), flush=True)
    print("every claim holds" if all_hold else "NOT every claim holds")
    sys.exit(0 if all_hold else 1)


main()

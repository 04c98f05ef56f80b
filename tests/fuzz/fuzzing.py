# SPDX-License-Identifier: BSD-2-Clause
"""Runs the fuzz targets, and first shows that they find a planted mistake each.

    fuzzing.py BUILD SECONDS [NAME...]

BUILD is a build of the preset fuzz with its target fuzzers. SECONDS are shared
among the targets; the planted mistakes come on top, each takes seconds. What is
learned stays in BUILD/corpus/NAME, so that the next run goes on from there, and
an input that breaks a target is left in BUILD/found.

Prints a table, a line a claim, and exits 0 only if every claim holds. `rows` hands
the same lines to another program, one by one.
"""
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PLANTED_S = 60
INPUT_S = 10  # an input that takes longer is a finding, too
MEMORY_MB = 2048
WHY = re.compile(r"ERROR: (AddressSanitizer: [\w-]+|libFuzzer: (?!deadly)[\w -]+)"
    r"|(\w+\.[ch]:\d+): CHECK\(|(runtime error: [^\n]+)")

PLANTED = {
    "decode": "a decoder believes a length",
    "ledger": "balances wrap around",
    "message": "bytes behind the value are taken",
    "print": "the printed form believes a length",
    "reader": "the scan of a value in pieces is not begun anew",
    "rpc": "a parameter that grows gets the room it had",
    "scan": "a map of n pairs is taken for n values",
}
CLAIMS = {
    "decode": "decoders read no byte too many, and agree with msgpack-c",
    "ledger": "a ledger file is read as it says, or refused",
    "message": "foreign bytes are handled as meant, or are dead letters",
    "print": "any payload has a printed form for a terminal",
    "reader": "a stream is the same values however it is cut",
    "rpc": "calls of strangers fit their message, or are refused",
    "scan": "the scan accepts what msgpack-c reads, to the same bytes",
}


@dataclasses.dataclass
class Row:
    claim: str
    method: str
    holds: bool
    size: str  # how much was tried, or what was reported
    seconds: float


def names():
    return sorted(CLAIMS)


def program(build, kind, name):
    path = build / "tests" / "fuzz" / f"{kind}_{name}"
    if not path.is_file():
        sys.exit(f"fuzzing: {path.name} is not in {build}; run ./dev fuzz")
    return str(path)


def run(command, limit_s):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, text=True, errors="replace", check=False,
        timeout=limit_s + 60)
    return done.stdout, done.returncode


def fuzz(path, name, seconds, found, corpora):
    dictionary = HERE / f"{name}.dict"
    options = [f"-max_total_time={seconds}", f"-timeout={INPUT_S}",
        f"-rss_limit_mb={MEMORY_MB}", f"-artifact_prefix={found}/{name}-",
        "-print_final_stats=1"]
    if dictionary.is_file():
        options.append(f"-dict={dictionary}")
    return run([path, *options, *map(str, corpora)], seconds)


def reason(output):
    """What broke the target, in a few words."""
    match = WHY.search(output)
    if match is None:
        return "it failed; its own words are above"
    return match[1] or (f"CHECK at {match[2]}" if match[2] else match[3])


def units(output):
    match = re.search(r"stat::number_of_executed_units:\s*(\d+)", output)
    return int(match[1]) if match else 0


def fuzz_planted(build, name):
    """The mistake must be found by fuzzing: no input shows it to begin with."""
    path = program(build, "planted", name)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        seeds = pathlib.Path(folder) / "seeds"
        seeds.mkdir()
        for seed in sorted((HERE / "corpus" / name).iterdir()):
            if run([path, f"-artifact_prefix={folder}/", str(seed)], INPUT_S)[1] == 0:
                shutil.copy(seed, seeds)
        output, code = fuzz(path, name, PLANTED_S, folder, [seeds])
    is_found = code != 0 and WHY.search(output) is not None
    return Row(f"planted: {PLANTED[name]}", "libFuzzer", is_found,
        f"found: {reason(output)}" if is_found else "not found",
        time.monotonic() - start)


def fuzz_target(build, name, seconds):
    found, learned = build / "found", build / "corpus" / name
    found.mkdir(exist_ok=True)
    learned.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    output, code = fuzz(program(build, "fuzz", name), name, seconds, found,
        [learned, HERE / "corpus" / name])
    size = f"{units(output):,} inputs"
    if code != 0:
        sys.stderr.write(output[-4000:])
        size = f"{size}; {reason(output)}"
    return Row(CLAIMS[name], "libFuzzer", code == 0, size, time.monotonic() - start)


def rows(build, seconds, chosen=()):
    """Yields the lines of the table, each when it is known."""
    build = pathlib.Path(build).resolve()
    chosen = list(chosen) or names()
    for name in chosen:
        yield fuzz_planted(build, name)
    for name in chosen:
        yield fuzz_target(build, name, max(1, seconds // len(chosen)))


def main():
    if len(sys.argv) < 3 or not sys.argv[2].isdigit() or set(sys.argv[3:]) - set(CLAIMS):
        sys.exit(__doc__)
    line = "{:<60} {:<10} {:<8} {:<56} {:>7}"
    print(line.format("claim", "method", "verdict", "size", "seconds"), flush=True)
    all_hold = True
    for row in rows(sys.argv[1], int(sys.argv[2]), sys.argv[3:]):
        all_hold &= row.holds
        print(line.format(row.claim, row.method, "holds" if row.holds else "FAILS",
            row.size, f"{row.seconds:.1f}"), flush=True)
    if not all_hold:
        print(f"what breaks a target is in {sys.argv[1]}/found; run the target with it, "
            "and keep it in tests/fuzz/corpus")
    print("every claim holds" if all_hold else "NOT every claim holds")
    sys.exit(0 if all_hold else 1)


if __name__ == "__main__":
    main()

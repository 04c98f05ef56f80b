#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""coverage: how much of each layer the tests have reached, as gcov counted it.

usage: coverage.py BUILD

BUILD is the folder of the preset coverage, after its tests. Prints a table of lines and
branches by layer, and which lines of mailbox, scheduler and actors no test has reached;
docs/evidence.md says why. Lines with TP_ASSERT are left out: their other branch is the
end of the process, and a correct program has none.
"""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
LAYERS = "base mailbox scheduler actors exploration".split()
AIMED_AT = "mailbox scheduler actors".split()
LINE = "{:<12} {:>6} {:>6} {:>7} {:>9} {:>6} {:>7}"


def counted(build):
    """What gcovr makes of the build, by file."""
    with tempfile.NamedTemporaryFile(suffix=".json") as made:
        subprocess.run(["gcovr", "--root", ROOT, *(f"--filter={ROOT}/{layer}/" for layer in LAYERS),
            "--exclude-unreachable-branches", r"--exclude-lines-by-pattern=.*\bTP_ASSERT.*",
            "--json", made.name, build], check=True)
        files = json.load(open(made.name, encoding="utf-8"))["files"]
    return {file["file"]: [line for line in file["lines"] if not line["gcovr/noncode"]]
        for file in files}


def ranges(numbers):
    """1 2 3 7 as 1-3, 7."""
    runs = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "-"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    files = counted(sys.argv[1])
    sums = {layer: collections.Counter() for layer in LAYERS}
    for path, lines in files.items():
        sums[path.partition("/")[0]].update(
            lines=len(lines), reached=sum(line["count"] > 0 for line in lines),
            branches=sum(len(line["branches"]) for line in lines),
            taken=sum(branch["count"] > 0 for line in lines for branch in line["branches"]))
    print(LINE.format("layer", "lines", "reached", "", "branches", "taken", ""))
    for layer, sum_ in sums.items():
        print(LINE.format(layer, sum_["lines"], sum_["reached"],
            percent(sum_["reached"], sum_["lines"]), sum_["branches"], sum_["taken"],
            percent(sum_["taken"], sum_["branches"])))
    print("\nreached by no test:")
    for path, lines in sorted(files.items()):
        missed = [line["line_number"] for line in lines if line["count"] == 0]
        if missed and path.partition("/")[0] in AIMED_AT:
            print(f"{path}: {ranges(missed)}")


main()

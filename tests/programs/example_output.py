#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""An example prints what stands beside it in expected.txt, and exits with 0.

usage: example_output.py PROGRAM EXPECTED
"""
import difflib
import pathlib
import subprocess
import sys


def main():
    program, expected = sys.argv[1:]
    run = subprocess.run([program], stdout=subprocess.PIPE, text=True, timeout=60)
    wanted = pathlib.Path(expected).read_text()
    if run.returncode == 0 and run.stdout == wanted:
        return 0
    print(f"{program} exits with {run.returncode}; - is {expected}, + what it prints")
    sys.stdout.writelines(difflib.unified_diff(
        wanted.splitlines(True), run.stdout.splitlines(True), n=99))
    return 1


if __name__ == "__main__":
    sys.exit(main())

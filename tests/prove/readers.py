# SPDX-License-Identifier: BSD-2-Clause
"""Rows of tests/fuzz: made-up bytes for everything that reads bytes of others."""
import pathlib
import sys

from evidence import Outcome, Row

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fuzz"))
import fuzzing

FUZZ_S = 45  # for all targets together, besides the planted bugs


def check(build, name, seconds):
    done = fuzzing.fuzz_target(build, name, seconds)
    size, _, why = done.size.partition("; ")
    return Outcome(done.holds, size, why)


def find(build, name):
    done = fuzzing.fuzz_planted(build, name)
    return done.size.removeprefix("found: ") if done.holds else None


def rows(builds):
    build = builds / "fuzz"
    names = fuzzing.names()
    for name in names:
        yield Row(fuzzing.CLAIMS[name], "libFuzzer",
            lambda name=name: check(build, name, max(1, FUZZ_S // len(names))),
            {fuzzing.PLANTED[name]: lambda name=name: find(build, name)})

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Shows what holds, and that what shows it would have found otherwise.

    prove.py BUILDS [KIND...]

BUILDS is the folder with the builds of the presets dev, tsan, valgrind, asan and
fuzz, as ./dev prove makes them. KIND: detectors, failures, protocols,
simulation, readers, models (default: all). docs/evidence.md explains each row.

Prints a table, a line a claim, and exits 0 only if every claim holds and every
planted bug is found.
"""
import pathlib
import sys
import tempfile

import detectors
import evidence
import failures
import protocols
import readers
import simulation
import spin

# What spin does takes one processor and none of the builds.
ALONGSIDE = {"models"}
KINDS = {
    "detectors": detectors.rows,
    "failures": lambda builds, folder: failures.rows(builds),
    "protocols": lambda builds, folder: protocols.rows(builds),
    "simulation": lambda builds, folder: simulation.rows(builds),
    "readers": lambda builds, folder: readers.rows(builds),
    "models": lambda builds, folder: spin.rows(),
}


def main():
    kinds = sys.argv[2:] or list(KINDS)
    if len(sys.argv) < 2 or set(kinds) - set(KINDS):
        sys.exit(__doc__)
    builds = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        lanes = [[row for kind in KINDS if kind in lane for row in KINDS[kind](builds, folder)]
            for lane in (set(kinds) - ALONGSIDE, set(kinds) & ALONGSIDE)]
        sys.exit(0 if evidence.prove(lanes) else 1)


main()

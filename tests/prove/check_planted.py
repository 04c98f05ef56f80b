#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every bug that `./dev prove` plants still has its place: a change of the code that
takes it away is seen by ./dev test, not when somebody proves next.

usage: check_planted.py
"""
import pathlib
import sys

import failures
import protocols
import simulation
import spin


def bugs():
    for row in (*protocols.PROTOCOLS, *simulation.SEEDED):
        yield from row.bugs
    for row in failures.REFUSED:
        yield from (bug for _, bug in row.bugs)


def main():
    wrong = []
    for bug in bugs():
        try:
            bug.planted()
        except SystemExit as why:
            wrong.append(str(why))
    for model in spin.models.MODELS:
        text = (pathlib.Path(spin.models.HERE) / f"{model.name}.pml").read_text(encoding="utf-8")
        wrong += [f"{model.name}.pml has no twin {twin}" for twin in model.twins
            if f"BROKEN_{twin}\n" not in text]
    print("\n".join(wrong) or f"{len(list(bugs()))} bugs have their place")
    sys.exit(1 if wrong else 0)


main()

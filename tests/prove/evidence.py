# SPDX-License-Identifier: BSD-2-Clause
"""What a row of `./dev prove` is, and the table that rows make.

A row is a claim, the method that checks it, and bugs planted into what is
checked, which the same method must find. Whoever has a new kind of check gives
Rows; prove.py lists the kinds.
"""
import dataclasses
import sys
import time
from typing import Callable

LINE = "{:<64} {:<16} {:>22} {:>8} {:<6} {:>7}"


@dataclasses.dataclass
class Outcome:
    holds: bool
    size: str  # how much was looked at: orders, states, inputs
    why: str = ""  # what came out instead, if it does not hold


@dataclasses.dataclass
class Row:
    claim: str
    method: str
    check: Callable[[], Outcome]
    # What is planted, and what says where it was found; None: it was not.
    planted: dict[str, Callable[[], str | None]]


def run(row):
    """Prints the row's line. Returns whether it holds, and what was found."""
    start = time.monotonic()
    outcome = row.check()
    found = {bug: find() for bug, find in row.planted.items()}
    holds = outcome.holds and None not in found.values()
    bugs = f"{sum(where is not None for where in found.values())} of {len(found)}"
    print(LINE.format(row.claim, row.method, outcome.size, bugs,
        "holds" if holds else "FAILS", f"{time.monotonic() - start:.1f}"), flush=True)
    if outcome.why:
        print(f"    {outcome.why}", flush=True)
    return holds, found


def prove(rows):
    """Prints the table, then every planted bug. True: all rows hold."""
    start = time.monotonic()
    all_hold = True
    bugs = []
    print(LINE.format("claim", "method", "size", "planted", "result", "seconds"),
        flush=True)
    for row in rows:
        holds, found = run(row)
        all_hold &= holds
        bugs += [(row.method, bug, where) for bug, where in found.items()]
    print("\nplanted, and what found it")
    for method, bug, where in bugs:
        print(f"{bug:<64} {method:<16} {where or 'NOT FOUND'}")
    print(f"\n{'every claim holds' if all_hold else 'NOT every claim holds'}"
        f", after {time.monotonic() - start:.0f} seconds", flush=True)
    return all_hold


def complain(output):
    """Shows the end of what a program said that did not do what it should."""
    sys.stderr.write(output[-4000:])

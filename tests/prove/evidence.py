# SPDX-License-Identifier: BSD-2-Clause
"""What a row of `./dev prove` is, and the table that rows make.

A row is a claim, the method that checks it, and bugs planted into what is
checked, which the same method must find. Whoever has a new kind of check gives
Rows; prove.py lists the kinds.
"""
import concurrent.futures
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


@dataclasses.dataclass
class Result:
    row: Row
    outcome: Outcome
    found: dict[str, str | None]
    seconds: float

    def holds(self):
        return self.outcome.holds and None not in self.found.values()

    def print(self):
        bugs = f"{sum(where is not None for where in self.found.values())} of {len(self.found)}"
        print(LINE.format(self.row.claim, self.row.method, self.outcome.size, bugs,
            "holds" if self.holds() else "FAILS", f"{self.seconds:.1f}"), flush=True)
        if self.outcome.why:
            print(f"    {self.outcome.why}", flush=True)


def run(row):
    start = time.monotonic()
    outcome = row.check()
    found = {bug: find() for bug, find in row.planted.items()}
    return Result(row, outcome, found, time.monotonic() - start)


def results(lanes):
    """Of the rows of each lane in turn, while all lanes run."""
    threads = [concurrent.futures.ThreadPoolExecutor(1) for _ in lanes]
    try:
        jobs = [thread.submit(run, row) for thread, lane in zip(threads, lanes)
            for row in lane]
        for job in jobs:
            yield job.result()
    finally:
        for thread in threads:
            thread.shutdown(cancel_futures=True)


def prove(lanes):
    """Runs the rows of a lane one after the other, the lanes at a time. Prints the table,
    then every planted bug. True: all rows hold."""
    start = time.monotonic()
    done = []
    print(LINE.format("claim", "method", "size", "planted", "result", "seconds"),
        flush=True)
    for result in results(lanes):
        result.print()
        done.append(result)
    print("\nplanted, and what found it")
    for result in done:
        for bug, where in result.found.items():
            print(f"{bug:<64} {result.row.method:<16} {where or 'NOT FOUND'}")
    all_hold = all(result.holds() for result in done)
    print(f"\n{'every claim holds' if all_hold else 'NOT every claim holds'}"
        f", after {time.monotonic() - start:.0f} seconds", flush=True)
    return all_hold


def complain(output):
    """Shows the end of what a program said that did not do what it should."""
    sys.stderr.write(output[-4000:])

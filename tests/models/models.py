#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks the models with spin, and that it rejects their broken twins.

    models.py [NAME...]

A quick run: of each model (default: all) the small worlds and every twin.
`./dev prove` runs the large ones, too, and those under weak fairness.
"""
import dataclasses
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LIMIT_S = 300
MEMORY_MB = 4000
DEPTH_MAX = 1000000
STORED = re.compile(r"(\d+) states, stored")
ERRORS = re.compile(r"errors: (\d+)")
CUT_SHORT = re.compile(r"Search not completed|max search depth too small|reached -DMEMLIM")
REASON = re.compile(r"^pan:1: (.*?)(?: \(at depth \d+\))?$", re.M)


@dataclasses.dataclass
class Model:
    name: str
    safe: str  # what holds in every state
    live: str  # what happens under weak fairness
    worlds: tuple  # small ones
    large: tuple
    fair: tuple
    twins: dict  # what is broken, and the world in which that shows


MODELS = (
    Model("inbox", "inbox: each message is handled once, in order, no block too late",
        "inbox: all are handled, and the owner sleeps",
        worlds=("", "-DSENDERS=1 -DMESSAGES=3"),
        large=("-DSENDERS=3 -DMESSAGES=1", "-DMESSAGES=3", "-DBLOCKS=4"),
        fair=("",),
        twins={
            "FREES_EARLY": "",
            "SLEEPS_BLINDLY": "",
            "PEEKS_AT_MANY": "",
            "TAKES_TOO_MUCH": "",
            "KEEPS_ITS_LINK": "",
            "TAKES_IN_TWO": "",
        }),
    Model("waking", "waking: no task lies while workers sleep, no deadlock",
        "waking: every task runs, drain and halt end",
        worlds=("-DHANDLER_WAITS", "-DHANDLER_WAITS -DINJECTED=2 -DCHILDREN=0",
            "-DLOOP -DHANDLER_WAITS"),
        large=("", "-DLOOP", "-DLOOP -DBOUND=1 -DDEADLINES=0", "-DBOUND=1 -DDEADLINES=0", "-DHANDLER_WAITS -DINJECTED=2",
            "-DHANDLER_WAITS -DDECLINES=2 -DDEADLINES=0",
            "-DDRAIN -DBOUND=1 -DCHILDREN=0 -DDEADLINES=0"),
        fair=("-DHANDLER_WAITS -DDEADLINES=0", "-DLOOP -DHANDLER_WAITS -DDEADLINES=0"),
        twins={
            "LOOKS_EARLY": "-DHANDLER_WAITS -DDEADLINES=0",
            "SLEEPS_UNFENCED": "-DHANDLER_WAITS -DDEADLINES=0",
            "MAKES_UNFENCED": "-DHANDLER_WAITS -DDEADLINES=0",
            "FINDS_QUIETLY": "-DHANDLER_WAITS -DDEADLINES=0 -DINJECTED=2 -DCHILDREN=0",
            "PARKS_BLINDLY": "-DHANDLER_WAITS -DDEADLINES=0",
            "GOES_UNCOUNTED": "-DHANDLER_WAITS",
            "PARKS_ONCE": "-DHANDLER_WAITS",
            "DRAINS_HASTILY": "-DDRAIN -DBOUND=1 -DCHILDREN=0 -DDEADLINES=0",
            "EMPTIES_EARLY": "-DLOOP -DHANDLER_WAITS -DDEADLINES=0",
        }),
    Model("pausing", "pausing: no ring stands still, no mark or note is left",
        "pausing: every message is handled, nobody is paused for ever",
        worlds=("", "-DGRANTED", "-DHIGH=2 -DLOW=1 -DSETTLED=2",
            "-DGRANTED -DHIGH=2 -DLOW=0 -DSETTLED=2 -DBURST=3"),
        large=("-DACTORS=3 -DBURST=1", "-DACTORS=3 -DBURST=2"),
        fair=("", "-DACTORS=3 -DBURST=1"),
        twins={
            "LOOKS_NOT_BACK": "",
            "RELIEVES_LATE": "",
            "HOLDS_THE_CONGESTED": "",
            "COUNTS_LATE": "",
            "SLEEPS_BLINDLY": "",
            "SLEEPS_UNSETTLED": "-DHIGH=2 -DLOW=0 -DSETTLED=2",
            "SLEEPS_CONGESTED": "-DHIGH=2 -DLOW=0 -DSETTLED=2",
        }),
)


def run(command, folder):
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=False,
        stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S).stdout


@dataclasses.dataclass
class Search:
    states: int
    error: str  # empty: none
    output: str


def search(name, world, is_fair=False, is_large=False):
    """Every state of the model in that world. An error is also what left a part of
    them out. For a small one the compiler would take longer than the search."""
    kind = ["-DNFAIR=3"] if is_fair else ["-DSAFETY", "-DNOCLAIM"]
    with tempfile.TemporaryDirectory() as folder:
        output = run(["spin", *world.split(), "-a", str(HERE / f"{name}.pml")], folder)
        output += run(["gcc", "-w", "-O2" if is_large else "-O0", f"-DMEMLIM={MEMORY_MB}", *kind, "-o", "pan",
            "pan.c"], folder)
        if (pathlib.Path(folder) / "pan").is_file():
            output = run(["./pan", f"-m{DEPTH_MAX}", *(["-a", "-f"] if is_fair else [])],
                folder)
    states, errors = STORED.search(output), ERRORS.search(output)
    reason = REASON.search(output)
    error = ""
    if states is None or errors is None:
        error = "it could not be run"
    elif errors[1] != "0":
        error = reason[1] if reason else "an error"
    elif CUT_SHORT.search(output):
        error = "the search was cut short"
    return Search(int(states[1]) if states else 0, error, output)


def find(name, twin, world):
    """What is wrong with the twin; None: spin has found nothing."""
    done = search(name, f"-DBROKEN_{twin} {world}")
    found = "assertion violated" in done.error or "invalid end state" in done.error
    return done.error if found else None


def main():
    chosen = [model for model in MODELS if not sys.argv[1:] or model.name in sys.argv[1:]]
    if not chosen:
        sys.exit(__doc__)
    all_hold = True
    for model in chosen:
        for world in model.worlds:
            done = search(model.name, world)
            all_hold &= not done.error
            print(f"{model.name} {world}: {done.states:,} states,"
                f" {done.error or 'no error'}", flush=True)
            if done.error:
                print(done.output[-4000:])
        for twin, world in model.twins.items():
            found = find(model.name, twin, world)
            all_hold &= found is not None
            print(f"{model.name} broken, {twin}: {found or 'NOT FOUND'}", flush=True)
    sys.exit(0 if all_hold else 1)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""compare: the same benchmarks in troupe and in its peers, on one machine, in one run.

Each run is a process of its own. The runs are interleaved: troupe, then each peer, then
troupe again, so that a machine that slows down for a minute slows all of them down. A
ratio is troupe's median by that of the best peer with as many workers: below 1, troupe
is ahead.

The peers are programs bench-PEER in a folder, made by build.sh. Each takes
`NAME n=N threads=N` and prints one line of JSON: peer, name, unit, messages_count,
value, ok.
"""
import argparse
import json
import math
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

PEERS = ["caf", "erlang", "go", "tokio"]
# What a peer's n is at full size; see README.md for what it counts.
SIZES = {
    "pingpong": 1_000_000, "counting": 5_000_000, "fanin": 500_000, "ring": 2_000_000,
    "fjcreate": 500_000, "fjthrput": 50_000, "big": 5_000, "chameneos": 500_000,
    "banking": 500_000, "skynet": 1_000_000, "idle": 1_000_000,
}
SVG = "build/plot/peers.svg"
LIMIT_S = 120
NOISE = 0.1


class Failed(Exception):
    pass


def size_of(name, scale):
    if name == "skynet":  # the leaves of a full tree
        return 10 ** int(math.log10(max(1, SIZES[name] / scale)))
    return max(1, SIZES[name] // scale)


def command_of(options, who, name, workers):
    if who == "troupe":
        return [options.troupe, name, "--json", "--runs", "1", "--warm-up", "0",
            "--workers", str(workers), "--scale", str(options.scale)]
    return [os.path.join(options.folder, f"bench-{who}"), name,
        f"n={size_of(name, options.scale)}", f"threads={workers}"]


def busy_share(interval_s=0.1):
    """How much of the processors' time other processes take just now."""
    def read():
        with open("/proc/stat", encoding="ascii") as stat:
            times = [int(word) for word in stat.readline().split()[1:9]]
        return sum(times), times[3] + times[4]
    total, idle = read()
    time.sleep(interval_s)
    total_after, idle_after = read()
    return 1 - (idle_after - idle) / max(1, total_after - total)


def run_process(command, limit_s):
    """What it printed and its peak memory. Past the limit it is killed, with its children."""
    with tempfile.TemporaryFile() as printed:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=printed,
            start_new_session=True)
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(child.pid, signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        try:
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            if child.returncode is None:
                os.killpg(child.pid, signal.SIGKILL)
        if child.returncode == -signal.SIGKILL:
            raise Failed(f"killed, as it was not done after {limit_s} s or had no memory")
        printed.seek(0)
        return printed.read(), used.ru_maxrss * 1024


def run_once(options, who, name, workers):
    try:
        text, peak_bytes = run_process(command_of(options, who, name, workers), LIMIT_S)
        said = json.loads(text)
    except (OSError, ValueError) as error:
        raise Failed(f"printed no figures ({error})") from error
    if who == "troupe":
        said = {"peer": options.version, "value": said[0]["median"], **said[0]}
    if not said["ok"]:
        raise Failed("its result was wrong")
    return {**said, "peak_bytes": peak_bytes}


def row_of(who, workers, runs):
    values = [run["value"] for run in runs]
    return {
        "runtime": who, "version": runs[0]["peer"], "name": runs[0]["name"],
        "unit": runs[0]["unit"], "workers_count": workers,
        "messages_count": runs[0]["messages_count"], "median": statistics.median(values),
        "min": min(values), "max": max(values), "runs_count": len(values), "ok": True,
        "peak_bytes": statistics.median(run["peak_bytes"] for run in runs),
    }


class Comparison:
    """What was measured; rows as troupe-bench prints them, one for each runtime."""

    def __init__(self, options):
        self.options = options
        self.runtimes = ["troupe"] + [peer for peer in PEERS if peer not in options.left_out]
        self.rows = []
        self.failures = []
        self.noisy_runs = self.all_runs = 0

    def measure(self, name, workers):
        runs = {who: [] for who in self.runtimes}
        failed = set()
        for index in range(self.options.runs):
            for who in self.runtimes:
                if who not in failed:
                    print(f"{name}, workers {workers}, run {index + 1}: {who}", file=sys.stderr)
                    self.noisy_runs += busy_share() > NOISE
                    self.all_runs += 1
                    try:
                        runs[who].append(run_once(self.options, who, name, workers))
                    except Failed as error:
                        failed.add(who)
                        self.failures.append(f"{who} {name}, workers {workers}: {error}")
        rows = [row_of(who, workers, runs[who]) for who in self.runtimes if who not in failed]
        add_ratio(rows)
        self.rows += rows
        return {row["runtime"]: row for row in rows}


def add_ratio(rows):
    peers = [row for row in rows if row["runtime"] != "troupe"]
    if peers and rows[0]["runtime"] == "troupe":
        best = min(peers, key=lambda row: row["median"])
        rows[0]["best_peer"] = best["runtime"]
        rows[0]["ratio"] = rows[0]["median"] / best["median"] if best["median"] > 0 else None


def machine():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as info:
        models = [line.partition(":")[2].strip() for line in info
            if line.startswith("model name")]
    return f"{os.cpu_count()} x {models[0] if models else os.uname().machine}, " \
        f"Linux {os.uname().release}"


# ---- printing

def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def cell(row):
    return f"{number(row['median'])} ({number(row['min'])})" if row else "failed"


def print_head(comparison):
    print("median (minimum); ratio: troupe's median by the best peer's, below 1 is ahead\n")
    print(f"{'name':<10} {'unit':<11} {'workers':>7}"
        + "".join(f" {who:>16}" for who in comparison.runtimes) + "   ratio")


def print_row(comparison, name, workers, rows):
    ours = rows.get("troupe", {})
    ratio = ours.get("ratio")
    print(f"{name:<10} {next((row['unit'] for row in rows.values()), ''):<11} {workers:>7}"
        + "".join(f" {cell(rows.get(who)):>16}" for who in comparison.runtimes)
        + (f"   {ratio:.2f} {ours['best_peer']}" if ratio is not None else "   -"), flush=True)


def print_foot(comparison):
    versions = dict.fromkeys(row["version"] for row in comparison.rows)
    print(f"\n{machine()}; {'; '.join(versions)}")
    print(f"{comparison.noisy_runs} of {comparison.all_runs} runs began while other processes "
        f"took more than {NOISE:.0%} of the processors.")


def print_sentences(comparison):
    for peer, why in comparison.options.left_out.items():
        print(f"{peer} is left out: {why}", file=sys.stderr)
    for failure in comparison.failures:
        print(f"failed: {failure}", file=sys.stderr)


def print_json(comparison):
    print(json.dumps({"machine": machine(), "left_out": comparison.options.left_out,
        "failures": comparison.failures, "runs_count": comparison.all_runs,
        "noisy_runs_count": comparison.noisy_runs, "rows": comparison.rows}, indent=2))


# ---- the chart

CHART = """\
set terminal svg size 1100,500 dynamic background '#ffffff'
set output "{svg}"
set title "What a message or an actor costs, with {workers} worker(s); less is better"
set ylabel "median, ns or bytes"
set logscale y
set yrange [1:*]
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9
set grid ytics linetype 1 linewidth 0.5 dashtype 3 linecolor rgb "#999999"
set border 3
set tics nomirror
set key outside right top
set xtics rotate by -30
plot for [i=2:{columns}] "{data}" using i:xtic(1) title columnheader(i)
"""


def draw(comparison, svg):
    """A cluster of bars for each benchmark, with the most workers that were measured."""
    workers = max(row["workers_count"] for row in comparison.rows)
    medians = {(row["name"], row["runtime"]): row["median"] for row in comparison.rows
        if row["workers_count"] == workers}
    names = list(dict.fromkeys(name for name, _ in medians))
    data = pathlib.Path(svg).with_suffix(".dat")
    data.parent.mkdir(parents=True, exist_ok=True)
    lines = [["name", *comparison.runtimes]]
    lines += [[name, *(str(medians.get((name, who), "NaN")) for who in comparison.runtimes)]
        for name in names]
    data.write_text("".join(" ".join(line) + "\n" for line in lines), encoding="ascii")
    script = CHART.format(svg=svg, data=data, workers=workers,
        columns=len(comparison.runtimes) + 1)
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    print(f"drawn: {svg}", file=sys.stderr)


# ---- the command

def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def parse(words):
    parser = argparse.ArgumentParser(prog="./dev bench --peers",
        description="Measures troupe beside CAF, Erlang, Go and tokio, interleaved.",
        epilog="Exit status: 0 if every result was right, 1 if a run failed, 2 for bad usage."
        " example: ./dev bench --peers ring counting --runs 9")
    parser.add_argument("names", nargs="*", metavar="NAME",
        help=f"of {' '.join(SIZES)} (default: all)")
    parser.add_argument("--runs", type=positive, default=5, metavar="N", help="of each (default: 5)")
    parser.add_argument("--workers", type=positive, metavar="N",
        help="threads that run actors (default: 1, then 2)")
    parser.add_argument("--scale", type=positive, default=1, metavar="N",
        help="divide all counts by it, to try it out")
    parser.add_argument("--json", action="store_true", help="print JSON, no table")
    parser.add_argument("--plot", action="store_true", help=f"also draw a bar chart, {SVG}")
    parser.add_argument("--only-check", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--troupe", default="build/release/troupe-bench", help=argparse.SUPPRESS)
    parser.add_argument("--folder", default="build/peers", help=argparse.SUPPRESS)
    parser.add_argument("--left-out", action="append", default=[], metavar="PEER:WHY",
        help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    for name in options.names:
        if name not in SIZES:
            parser.error(f"no benchmark of the peers is called '{name}'; "
                f"there are {' '.join(SIZES)}")
    options.left_out = {peer: why.strip() for peer, _, why in
        (word.partition(":") for word in options.left_out)}
    return options


def main(words):
    options = parse(words)
    if options.only_check:
        return 0
    options.version = subprocess.run([options.troupe, "--version"], capture_output=True,
        text=True, check=True).stdout.strip().replace("troupe-bench", "troupe")
    comparison = Comparison(options)
    if not options.json:
        print_head(comparison)
    for name in [name for name in SIZES if name in options.names or not options.names]:
        for workers in [options.workers] if options.workers else [1, 2]:
            rows = comparison.measure(name, workers)
            if not options.json:
                print_row(comparison, name, workers, rows)
    if options.json:
        print_json(comparison)
    else:
        print_foot(comparison)
    print_sentences(comparison)
    if options.plot and comparison.rows:
        draw(comparison, SVG)
    return 1 if comparison.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""compare: the bank's service in troupe, Go and Erlang, and Redis, on one machine, in one
run, under one load generator.

Each server of a round is started on a free loopback port, asked a little to warm up, asked
for its memory, and then loaded by `troupe-bank load` with each number of connections. Then
the next server has its turn, and after the last one the next round begins, so that a
machine that slows down for a minute slows all of them down.

Memory a connection is by how much the server's resident memory has grown when all the
connections are there, each has been answered once, and none asks anything: a client of
this program's own makes them. What the kernel keeps for a socket is in none of the figures.

Redis has no accounts: a deposit is an INCRBY of a key, and there are no transfers.
"""
import argparse
import json
import os
import pathlib
import resource
import signal
import socket
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "peers"))
from compare import NOISE, Failed, busy_share, machine, positive  # noqa: E402

SERVERS = ["troupe", "go", "erlang", "redis"]
CONNECTIONS = [1, 100, 10_000]
FILES_BESIDES = 100  # descriptors of a process that are no connections
START_S = 30
LIMIT_S = 300
WARM_UP = 20_000
# bank.balance of the first account, as the load generator calls it; the same of Redis.
ASK = {
    "rpc": b"\x94\x00\x01\xacbank.balance\x91\xa5acct1",
    "redis": b"*2\r\n$3\r\nGET\r\n$13\r\ntroupe-bank:1\r\n",
}


# ---- a server

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command_of(options, name):
    if name == "troupe":
        return [options.troupe, "serve", "--listen", "127.0.0.1:0"]
    if name == "redis":
        return [options.redis, "--port", str(free_port()), "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no", "--loglevel", "warning",
            "--maxclients", str(max(options.connections) + FILES_BESIDES // 2)]
    return [os.path.join(options.folder, f"service-{name}"), "127.0.0.1:0"]


class Server:
    """A process that serves on 127.0.0.1:port, until the end of a with statement."""

    def __init__(self, options, name):
        self.name = name
        self.protocol = "redis" if name == "redis" else "rpc"
        command = command_of(options, name)
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, text=True, start_new_session=True)
        except OSError as error:
            raise Failed(f"could not be started ({error})") from error
        try:
            self.port = int(command[2]) if name == "redis" else self.announced()
            self.await_connection()
        except BaseException:
            self.end()
            raise

    def announced(self):
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise Failed(f"said no address, but '{line.strip()}'")
        return int(line.rpartition(":")[2])

    def await_connection(self):
        until = time.monotonic() + START_S
        while self.process.poll() is None and time.monotonic() < until:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                time.sleep(0.05)
        raise Failed("takes no connection")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(START_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


# ---- measuring

def load(options, server, *words):
    command = [options.generator, "load", "--connect", server.address, "--protocol",
        server.protocol, "--mix", options.mix, "--accounts", str(options.accounts), "--json",
        *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S,
            stdin=subprocess.DEVNULL, check=False)
        said = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        why = done.stderr.strip() if "done" in locals() else error
        raise Failed(f"the load did not go through: {why}") from error
    if not said["is_right"]:
        raise Failed("it has not what its answers say")
    return said


def memory_of(server, count):
    """Bytes that each of so many quiet connections takes, each answered once."""
    before = server.resident_bytes()
    sockets = []
    try:
        for _ in range(count):
            sockets.append(socket.create_connection(("127.0.0.1", server.port), START_S))
            sockets[-1].sendall(ASK[server.protocol])
            if not sockets[-1].recv(64):
                raise Failed(f"it closed connection {len(sockets)} of {count}")
        return (server.resident_bytes() - before) / count
    except OSError as error:
        raise Failed(f"connection {len(sockets)} of {count}: {error}") from error
    finally:
        for each in sockets:
            each.close()


def run_server(options, name):
    """What each number of connections came to, and the memory of one."""
    with Server(options, name) as server:
        load(options, server, "--requests", str(WARM_UP), "--connections", "1",
            "--pipeline", "64")
        memory = memory_of(server, max(options.connections))
        return memory, {count: load(options, server, "--connections", str(count),
            "--pipeline", str(options.pipeline), "--seconds", str(options.seconds))
            for count in options.connections}


class Comparison:
    """What was measured; a row is a server with a number of connections."""

    def __init__(self, options):
        self.options = options
        self.servers = [name for name in SERVERS if name not in options.left_out]
        self.memory = {name: [] for name in self.servers}
        self.runs = {name: {count: [] for count in options.connections}
            for name in self.servers}
        self.failures = {}
        self.noisy_runs = self.all_runs = 0

    def measure(self):
        for index in range(self.options.runs):
            for name in [name for name in self.servers if name not in self.failures]:
                print(f"run {index + 1} of {self.options.runs}: {name}", file=sys.stderr)
                self.noisy_runs += busy_share() > NOISE
                self.all_runs += 1
                self.measure_once(name)

    def measure_once(self, name):
        try:
            memory, outcomes = run_server(self.options, name)
        except Failed as error:
            self.failures[name] = str(error)
            return
        self.memory[name].append(memory)
        for count, outcome in outcomes.items():
            self.runs[name][count].append(outcome)

    def rows(self):
        rows = [self.row(name, count) for count in self.options.connections
            for name in self.servers if name not in self.failures]
        for row in rows:
            add_ratios(row, rows)
        return rows

    def row(self, name, count):
        runs = self.runs[name][count]
        rates = [run["requests_per_second"] for run in runs]
        return {
            "server": name, "connections_count": count,
            "pipeline": self.options.pipeline, "runs_count": len(runs),
            "requests_per_second": statistics.median(rates),
            "requests_per_second_min": min(rates), "requests_per_second_max": max(rates),
            **{key: statistics.median(run[key] for run in runs)
                for key in ("p50_us", "p99_us", "p999_us")},
            "connection_bytes": statistics.median(self.memory[name]),
        }


def add_ratios(row, rows):
    """What troupe has of it, in a row of another server."""
    for ours in rows:
        if ours["server"] == "troupe" and row["server"] != "troupe" \
                and ours["connections_count"] == row["connections_count"]:
            for key in ("requests_per_second", "p99_us"):
                row[f"troupe_{key}_ratio"] = ours[key] / row[key] if row[key] > 0 else None


# ---- printing

HEADINGS = ["connections", "server", "requests/s", "(least)", "p50 us", "p99 us",
    "bytes/connection", "troupe: rate", "p99"]


def ratio_cell(row, key):
    ratio = row.get(f"troupe_{key}_ratio")
    return "-" if ratio is None else f"{ratio:.2f}x"


def cells_of(row):
    return [f"{row['connections_count']:,}", row["server"],
        f"{row['requests_per_second']:,.0f}", f"({row['requests_per_second_min']:,.0f})",
        f"{row['p50_us']:,.1f}", f"{row['p99_us']:,.1f}", f"{row['connection_bytes']:,.0f}",
        ratio_cell(row, "requests_per_second"), ratio_cell(row, "p99_us")]


def print_table(comparison):
    options = comparison.options
    lines = [HEADINGS] + [cells_of(row) for row in comparison.rows()]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    print(f"medians of {options.runs} runs of {options.seconds} s; {options.mix}; "
        f"{options.pipeline} in flight on each connection;\n"
        "troupe's rate by that of the row: above 1x it is ahead; its p99: below 1x it is\n")
    for line in lines:
        print("  ".join(cell.ljust(width) if i == 1 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths))).rstrip())
    print(f"\n{machine()}; the generator runs on it too.\n{comparison.noisy_runs} of "
        f"{comparison.all_runs} runs began while other processes took more than {NOISE:.0%} "
        "of the processors.")


def print_sentences(comparison):
    for name, why in comparison.options.left_out.items():
        print(f"{name} is left out: {why}", file=sys.stderr)
    for name, why in comparison.failures.items():
        print(f"failed: {name}: {why}", file=sys.stderr)


def print_json(comparison):
    print(json.dumps({"machine": machine(), "left_out": comparison.options.left_out,
        "failures": comparison.failures, "runs_count": comparison.all_runs,
        "noisy_runs_count": comparison.noisy_runs, "mix": comparison.options.mix,
        "rows": comparison.rows()}, indent=2))


# ---- the command

def parse(words):
    parser = argparse.ArgumentParser(prog="./dev bench --service",
        description="Measures the bank's service in troupe beside Go, Erlang and Redis.",
        epilog="Exit status: 0 if every server did right, 1 if one failed, 2 for bad usage."
        " example: ./dev bench --service --pipeline 16")
    parser.add_argument("--runs", type=positive, default=3, metavar="N",
        help="of each server, in turns (default: 3)")
    parser.add_argument("--seconds", type=positive, default=5, metavar="N",
        help="of each load (default: 5)")
    parser.add_argument("--connections", type=positive, nargs="+", default=CONNECTIONS,
        metavar="N", help="how many at a time (default: 1 100 10000)")
    parser.add_argument("--pipeline", type=positive, default=1, metavar="N",
        help="requests in flight on each (default: 1)")
    parser.add_argument("--mix", default="deposit=1", metavar="LIST",
        help="as of troupe-bank load; with transfers Redis is left out (default: deposit=1)")
    parser.add_argument("--accounts", type=positive, default=1000, metavar="N",
        help="accounts (default: 1000)")
    parser.add_argument("--json", action="store_true", help="print JSON, no table")
    parser.add_argument("--only-check", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--generator", default="build/release/troupe-bank",
        help=argparse.SUPPRESS)
    parser.add_argument("--troupe", default="build/release/troupe-bank",
        help=argparse.SUPPRESS)
    parser.add_argument("--redis", default="/usr/bin/redis-server", help=argparse.SUPPRESS)
    parser.add_argument("--folder", default="build/service", help=argparse.SUPPRESS)
    parser.add_argument("--left-out", action="append", default=[], metavar="SERVER:WHY",
        help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    options.left_out = {name: why.strip() for name, _, why in
        (word.partition(":") for word in options.left_out)}
    return options


def raise_files(options):
    """Lets this process and its children have as many files as there are connections;
    where that is not allowed, there are as many connections as files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(options.connections) + FILES_BESIDES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        most = max(1, soft - FILES_BESIDES)
        if most < max(options.connections):
            print(f"a process may have {soft:,} files here: {most:,} connections at most; "
                "ulimit -Hn raises it", file=sys.stderr)
            options.connections = sorted({min(count, most) for count in options.connections})


def leave_out(options):
    """Those that cannot do what is asked."""
    if "transfer" in options.mix:
        options.left_out.setdefault("redis", "it has no transfers")
    known = subprocess.run([options.troupe, "serve", "--help"], capture_output=True,
        check=False)
    if known.returncode != 0:
        options.left_out.setdefault("troupe", "troupe-bank has no serve")


def main(words):
    options = parse(words)
    if options.only_check:
        return 0
    raise_files(options)
    leave_out(options)
    comparison = Comparison(options)
    comparison.measure()
    (print_json if options.json else print_table)(comparison)
    print_sentences(comparison)
    return 1 if comparison.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

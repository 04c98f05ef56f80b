#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The commands of troupe-gdb.py, on a process that stands at a breakpoint and on its
core file; and a dump as JSON, read by a program.

usage: gdb_commands.py PROGRAM SCRIPT

Exits with 77, which ctest takes for skipped, if there is no gdb or it may not trace.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, SCRIPT = sys.argv[1:3]
COMMANDS = ("troupe actors", "troupe mailbox <0.1.1>", "troupe mailbox 2",
    "troupe workers", "troupe mailbox <0.9.1>", "troupe mailbox")


def gdb(*words):
    """What gdb prints when it runs these commands."""
    call = ["gdb", "-nx", "-batch", "-iex", "set auto-load no", "-iex",
        "set debuginfod enabled off"]
    for word in words:
        call += ["-ex", word]
    run = subprocess.run([*call, PROGRAM], stdin=subprocess.DEVNULL, timeout=110,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return run.stdout


def commands():
    """Each command after a line of its own."""
    return [word for command in COMMANDS
        for word in (f"echo == {command}\\n", f"python\ntry:\n  gdb.execute('{command}')\n"
            "except gdb.error as error:\n  print(error)")]


def sections(output):
    """What each command has printed."""
    parts = output.split("== ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            core = pathlib.Path(folder) / "core"
            output = gdb(f"source {SCRIPT}", "break stand_here", "run", *commands(),
                f"gcore {core}", "kill")
            cls.live = sections(output)
            cls.output = output
            if core.exists():
                cls.dead = sections(gdb(f"source {SCRIPT}", f"core-file {core}", *commands()))

    def test_actors_are_listed_with_state_and_mail(self):
        lines = self.live["troupe actors"].splitlines()
        self.assertEqual([line.partition(",")[0] for line in lines[:3]],
            ["<0.1.1> shop: running on worker 0", "<0.2.1> shop: ready",
             "<0.3.1> shop: asleep"], self.output)
        self.assertIn("<0.2.1> shop: ready, counted: 1 (", lines[1])

    def test_messages_are_decoded_the_oldest_first(self):
        lines = self.live["troupe mailbox <0.1.1>"].splitlines()
        self.assertEqual(lines[1:], [
            "in hand: tell from <0.0.1>: look {shelf: <0.2.1>, other: <0.3.1>}",
            "waits: tell from <0.0.1>: order "
            "{item: 'tea', count: 2, buyer: <0.3.1>, is_urgent: True}",
            "waits: tell from <0.0.1>: order "
            "{item: 'more tea', count: 300, buyer: nobody, is_urgent: False}",
            "waits: latest tell from <0.0.1>: price {pence: 90}"], self.output)

    def test_what_has_just_arrived_is_shown(self):
        self.assertEqual(self.live["troupe mailbox 2"].splitlines()[1:], [
            "arrived: tell from <0.1.1>: order "
            "{item: 'milk', count: -70000, buyer: nobody, is_urgent: False}"], self.output)

    def test_workers_say_what_they_run(self):
        self.assertEqual(self.live["troupe workers"].splitlines()[0],
            "worker 0 of runtime 0: runs <0.1.1> shop, tell from <0.0.1>: "
            "look {shelf: <0.2.1>, other: <0.3.1>}", self.output)

    def test_what_is_wrong_is_said(self):
        self.assertIn("no living actor is <0.9.1>", self.live["troupe mailbox <0.9.1>"])
        self.assertIn("usage: troupe mailbox PID", self.live["troupe mailbox"])

    def test_a_core_file_says_the_same(self):
        for command in COMMANDS[:4]:
            self.assertEqual(self.dead[command].splitlines(),
                self.live[command].splitlines(), command)


class Dump(unittest.TestCase):
    def test_a_dump_as_json_is_json(self):
        run = subprocess.run([PROGRAM], stdout=subprocess.PIPE, timeout=60, check=True)
        dump = json.loads(run.stdout)
        self.assertEqual([actor["pid"] for actor in dump["actors"]],
            ["<0.1.1>", "<0.2.1>", "<0.3.1>"])
        self.assertEqual({actor["behaviour"] for actor in dump["actors"]}, {"shop"})


def main():
    if shutil.which("gdb") is None:
        print("skipped: gdb is not installed")
        return 77
    if "may not trace" in (probe := gdb("run")) or "ptrace" in probe:
        print(f"skipped: gdb may not trace a process here: {probe}")
        return 77
    done = unittest.main(argv=sys.argv[:1], exit=False)
    return 0 if done.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())

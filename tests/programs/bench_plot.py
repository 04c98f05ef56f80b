#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench/plot.py over a program that says what it is told to and a stub of gnuplot: what
is drawn of the figures."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PLOT = pathlib.Path(__file__).resolve().parents[2] / "bench" / "plot.py"
BENCH = '#!/bin/sh\necho "$*" >asked\ncat said\nexit $(cat status)\n'


def row(name, workers, median, **more):
    return {"name": name, "unit": "ns/message", "workers_count": workers, "median": median,
        **more}


class Plot(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.write("bench", BENCH)
        self.write("status", "0")
        self.write("gnuplot", "#!/bin/sh\ncat >>drawn\n")

    def write(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def plot(self, rows, *words):
        self.write("said", "" if rows is None else json.dumps(rows))
        return subprocess.run([sys.executable, PLOT, "./bench", "out", *words],
            cwd=self.folder, env={**os.environ, "PATH": f"{self.folder}:/usr/bin:/bin"},
            capture_output=True, text=True, check=False)

    def table(self, name):
        return (self.folder / f"out/{name}.dat").read_text().splitlines()

    def test_an_axis_has_a_line_for_each_number_of_workers_and_the_floor(self):
        self.plot([row("grow-size", workers, 10 * at + workers, axis="bytes", at=at, floor=at)
            for workers in (1, 2) for at in (8, 64)], "grow-size", "--runs", "3")
        self.assertEqual(self.table("grow-size"),
            ["at workers-1 workers-2 floor", "8 81 82 8", "64 641 642 64"])
        self.assertEqual((self.folder / "asked").read_text(), "grow-size --runs 3 --json\n")
        self.assertIn('set output "out/grow-size.svg"', (self.folder / "drawn").read_text())

    def test_against_workers_there_is_one_line(self):
        self.plot([row("grow-workers", at, 40 / at, axis="workers", at=at, floor=20 / at)
            for at in (1, 2)])
        self.assertEqual(self.table("grow-workers"),
            ["at measured floor", "1 40.0 20.0", "2 20.0 10.0"])

    def test_percentiles_are_drawn_in_their_order(self):
        self.plot([row("wake", 1, value, part=part)
            for value, part in ((5, "p50"), (9, "p99"), (20, "p99.9"), (70, "max"))])
        self.assertEqual(self.table("wake"),
            ["at workers-1", "p50 5", "p99 9", "p99.9 20", "max 70"])

    def test_what_has_no_curve_is_measured_and_not_drawn(self):
        done = self.plot([row("ring", 1, 40), row("floor", 1, 4, part="cas")])
        self.assertEqual(done.returncode, 0)
        self.assertFalse((self.folder / "drawn").exists())
        self.assertIn("figures: out/figures.json", done.stdout)

    def test_a_wrong_result_is_drawn_and_told_by_the_status(self):
        self.write("status", "1")
        done = self.plot([row("grow-actors", 1, 40, axis="actors", at=10)])
        self.assertEqual(done.returncode, 1)
        self.assertIn("drawn: out/grow-actors.svg", done.stdout)

    def test_bad_usage_is_not_drawn(self):
        self.write("status", "2")
        self.assertEqual(self.plot(None).returncode, 2)
        self.assertFalse((self.folder / "drawn").exists())


if __name__ == "__main__":
    unittest.main()

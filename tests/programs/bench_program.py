#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each benchmark at a thousandth of its size: what counts is that its result is right.

usage: bench_program.py TROUPE_BENCH
"""
import json
import subprocess
import sys
import unittest

BENCH = sys.argv.pop(1)
KEYS = {"name", "unit", "workers_count", "messages_count", "median", "min", "max",
    "runs_count", "ok"}


def bench(*words):
    return subprocess.run([BENCH, *words], capture_output=True, text=True, check=False)


class Bench(unittest.TestCase):
    def test_each_result_is_right_with_one_worker_and_with_two(self):
        done = bench("--scale", "1000", "--runs", "1", "--json")
        rows = json.loads(done.stdout)
        self.assertEqual([row["name"] for row in rows if not row["ok"]], [])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertGreaterEqual(len(rows), 24)
        for row in rows:
            self.assertEqual(set(row), KEYS)
            self.assertIn(row["workers_count"], (1, 2))

    def test_the_rest_of_the_suite_runs_by_the_name_of_its_group_and_only_by_that(self):
        done = bench("savina", "--scale", "1000", "--runs", "1", "--json")
        rows = json.loads(done.stdout)
        self.assertEqual([row["name"] for row in rows if not row["ok"]], [])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        names = {row["name"] for row in rows}
        self.assertEqual(len(names), 22)
        alone = bench("fibonacci", "--scale", "1000", "--runs", "1", "--json")
        self.assertEqual({row["name"] for row in json.loads(alone.stdout)}, {"fibonacci"})
        others = bench("--scale", "1000", "--runs", "1", "--json")
        self.assertFalse(names & {row["name"] for row in json.loads(others.stdout)})

    def test_the_help_names_every_benchmark(self):
        text = bench("--help").stdout.split()
        unknown = bench("nothing")
        self.assertEqual(unknown.returncode, 2)
        for name in unknown.stderr.partition("there are ")[2].split():
            self.assertIn(name, text)

    def test_a_row_of_the_table_ends_in_what_came_of_the_check(self):
        done = bench("pingpong", "ring", "--scale", "1000", "--runs", "2", "--workers", "2")
        rows = done.stdout.splitlines()[1:]
        self.assertEqual([row.split()[0] for row in rows], ["pingpong", "ring"])
        self.assertEqual([row.split()[-1] for row in rows], ["right", "right"])


if __name__ == "__main__":
    unittest.main()

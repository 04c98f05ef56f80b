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
PERCENTILES = ["p50", "p99", "p99.9", "max"]


def bench(*words):
    return subprocess.run([BENCH, *words], capture_output=True, text=True, check=False)


class Bench(unittest.TestCase):
    def test_each_result_is_right_with_one_worker_and_with_two(self):
        done = bench("--scale", "1000", "--runs", "1", "--warm-up", "0", "--json")
        rows = json.loads(done.stdout)
        self.assertEqual([row["name"] for row in rows if not row["ok"]], [])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertGreaterEqual(len(rows), 100)
        self.assertNotIn("fibonacci", [row["name"] for row in rows])
        for row in rows:
            self.assertLessEqual(KEYS, set(row))
            self.assertGreaterEqual(row["workers_count"], 1)
            self.assertLessEqual(row["min"], row["median"])
            self.assertLessEqual(row["median"], row["max"])
            self.assertIn("troupe ", row["versions"])
            self.assertTrue(row["machine"])

    def test_the_rest_of_the_suite_is_run_by_the_name_of_its_group_alone(self):
        words = ("--scale", "1000", "--runs", "1", "--warm-up", "0", "--json")
        done = bench("savina", *words)
        rows = json.loads(done.stdout)
        self.assertEqual([row["name"] for row in rows if not row["ok"]], [])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len({row["name"] for row in rows}), 22)
        alone = json.loads(bench("fibonacci", *words).stdout)
        self.assertEqual({row["name"] for row in alone}, {"fibonacci"})

    def test_the_help_names_every_benchmark(self):
        text = bench("--help").stdout.split()
        unknown = bench("nothing")
        self.assertEqual(unknown.returncode, 2)
        for name in unknown.stderr.partition("there are ")[2].split():
            self.assertIn(name, text)

    def test_what_grows_has_a_row_for_each_point_that_the_scale_leaves(self):
        rows = json.loads(bench("grow", "--scale", "1000", "--runs", "1", "--warm-up", "0",
            "--workers", "2", "--json").stdout)
        points = {}
        for row in rows:
            points.setdefault(row["name"], []).append(row["at"])
            self.assertGreater(row["floor"], 0)
        self.assertEqual(points, {
            "grow-actors": [10, 100, 1000], "grow-flight": [1, 10, 100],
            "grow-backlog": [1, 10, 100, 1000], "grow-size": [8, 64, 512],
            "grow-fields": [1, 2, 4, 8, 16, 32], "grow-workers": [1, 2]})

    def test_one_point_can_be_asked_for_and_the_scale_does_not_leave_it_out(self):
        rows = json.loads(bench("grow-actors", "--at", "10000", "--scale", "1000", "--runs", "1",
            "--workers", "1", "--json").stdout)
        self.assertEqual([row["at"] for row in rows], [10000])

    def test_waits_have_a_row_for_each_percentile_and_the_seed_that_they_came_of(self):
        rows = json.loads(bench("latency", "wake", "timer-late", "fair", "--scale", "1000",
            "--runs", "1", "--warm-up", "0", "--workers", "1", "--seed", "7", "--json").stdout)
        self.assertEqual([row["part"] for row in rows], 6 * PERCENTILES)
        self.assertEqual({row["seed"] for row in rows}, {7})
        values = [row["median"] for row in rows]
        for i in range(0, len(values), len(PERCENTILES)):
            self.assertEqual(sorted(values[i:i + 4]), values[i:i + 4])

    def test_a_row_of_the_table_ends_in_what_came_of_the_check(self):
        done = bench("pingpong", "ring", "--scale", "1000", "--runs", "2", "--workers", "2")
        rows = done.stdout.partition("\n\n")[0].splitlines()[1:]
        self.assertEqual([row.split()[0] for row in rows], ["pingpong", "ring"])
        self.assertEqual([row.split()[-1] for row in rows], ["right", "right"])

    def test_the_table_ends_with_the_machine_the_versions_and_the_seed(self):
        foot = bench("pingpong", "--scale", "1000", "--runs", "1").stdout.partition("\n\n")[2]
        for word in ("Linux", "troupe", "glibc", "CK", "after 1", "seed 1", "floor"):
            self.assertIn(word, foot)


if __name__ == "__main__":
    unittest.main()

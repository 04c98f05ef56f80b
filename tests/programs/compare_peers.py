#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench/peers/compare.py over programs that say what they are told to: what it runs, in
which order, what it makes of the figures, and what becomes of one that fails."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

COMPARE = pathlib.Path(__file__).resolve().parents[2] / "bench" / "peers" / "compare.py"
PROGRAM = """#!/bin/sh
[ "$1" != --version ] || { echo "troupe-bench 1.2.3"; exit; }
echo "NAME $*" >>asked
values=$(cat NAME.values)
echo "${values#* }" >NAME.values
"""
OURS = """printf '[{"name": "%s", "unit": "ns/message", "workers_count": 2,
"messages_count": 8, "median": %s, "min": 1, "max": 1, "runs_count": 1, "ok": %s}]' \\
    "$1" "${values%% *}" "$(cat troupe.ok)"
"""
PEER = """printf '{"peer": "NAME 9", "name": "%s", "unit": "ns/message", "messages_count": 8,
"value": %s, "ok": %s}' "$1" "${values%% *}" "$(cat NAME.ok)"
"""


class Compare(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.program("troupe", "troupe", OURS, "30 10 20 10 10")
        self.program("go", "bench-go", PEER, "90 50 40 10 10")
        self.program("tokio", "bench-tokio", PEER, "70 80 60 10 10")
        self.write("gnuplot", "#!/bin/sh\ncat >drawn\n")

    def write(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def program(self, name, file, body, values):
        self.write(file, (PROGRAM + body).replace("NAME", name))
        self.write(f"{name}.values", values)
        self.write(f"{name}.ok", "true")

    def compare(self, *words):
        return subprocess.run([sys.executable, COMPARE, "--troupe", "./troupe", "--folder", ".",
            "--left-out", "caf: no header", "--left-out", "erlang: no package", *words],
            cwd=self.folder, env={**os.environ, "PATH": f"{self.folder}:/usr/bin:/bin"},
            capture_output=True, text=True, check=False)

    def rows(self, *words):
        done = self.compare("--json", *words)
        return {row["runtime"]: row for row in json.loads(done.stdout)["rows"]}

    def test_runs_are_interleaved_and_of_the_size_asked_for(self):
        self.compare("ring", "--runs", "2", "--workers", "2", "--scale", "10")
        ours = "troupe ring --json --runs 1 --warm-up 0 --workers 2 --scale 10"
        self.assertEqual((self.folder / "asked").read_text().splitlines(), 2 * [
            ours, "go ring n=200000 threads=2", "tokio ring n=200000 threads=2"])

    def test_a_tree_stays_a_full_one_at_every_scale(self):
        self.compare("skynet", "--runs", "1", "--workers", "2", "--scale", "37")
        self.assertIn("go skynet n=10000 threads=2", (self.folder / "asked").read_text())

    def test_without_workers_there_is_a_row_for_one_and_one_for_two(self):
        lines = self.compare("ring", "--runs", "1").stdout.splitlines()
        self.assertEqual([line.split()[2] for line in lines if line.startswith("ring")],
            ["1", "2"])

    def test_the_ratio_is_of_medians_and_to_the_best_peer(self):
        rows = self.rows("ring", "--runs", "3", "--workers", "2")
        self.assertEqual([rows[who]["median"] for who in ("troupe", "go", "tokio")], [20, 50, 70])
        self.assertEqual((rows["troupe"]["min"], rows["troupe"]["max"]), (10, 30))
        self.assertEqual((rows["troupe"]["best_peer"], rows["troupe"]["ratio"]), ("go", 0.4))
        self.assertNotIn("ratio", rows["go"])

    def test_the_table_has_medians_minima_and_the_ratio(self):
        done = self.compare("ring", "--runs", "3", "--workers", "2")
        row, = [line for line in done.stdout.splitlines() if line.startswith("ring")]
        self.assertEqual(row.split(), "ring ns/message 2 20.0 (10.0) 50.0 (40.0) 70.0 (60.0)"
            " 0.40 go".split())
        self.assertIn("troupe 1.2.3; go 9; tokio 9", done.stdout)

    def test_who_is_left_out_and_why_is_said(self):
        done = self.compare("ring", "--runs", "1")
        self.assertIn("caf is left out: no header\n", done.stderr)
        self.assertEqual(done.returncode, 0)
        said = json.loads(self.compare("ring", "--runs", "1", "--json").stdout)
        self.assertEqual(said["left_out"], {"caf": "no header", "erlang": "no package"})

    def test_a_wrong_result_fails_and_is_no_figure(self):
        self.write("go.ok", "false")
        done = self.compare("ring", "--runs", "3", "--workers", "2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed: go ring, workers 2: its result was wrong", done.stderr)
        self.assertRegex(done.stdout, r"failed .*0\.29 tokio")

    def test_our_own_wrong_result_fails_too(self):
        self.write("troupe.ok", "false")
        done = self.compare("ring", "--runs", "1", "--workers", "2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed: troupe ring", done.stderr)

    def test_a_program_that_is_not_there_fails(self):
        (self.folder / "bench-go").unlink()
        done = self.compare("ring", "--runs", "1", "--workers", "2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed: go ring, workers 2: printed no figures", done.stderr)

    def test_an_unknown_name_is_refused(self):
        done = self.compare("rign", "--only-check")
        self.assertEqual(done.returncode, 2)
        self.assertIn("called 'rign'; there are pingpong", done.stderr)
        self.assertEqual(self.compare("ring", "--only-check").returncode, 0)
        self.assertFalse((self.folder / "asked").exists())

    def test_the_chart_has_a_cluster_for_each_benchmark(self):
        self.compare("ring", "counting", "--runs", "1", "--workers", "2", "--plot")
        self.assertEqual((self.folder / "build/plot/peers.dat").read_text(),
            "name troupe go tokio\ncounting 30 90 70\nring 10 50 80\n")
        self.assertIn('set output "build/plot/peers.svg"', (self.folder / "drawn").read_text())


if __name__ == "__main__":
    unittest.main()

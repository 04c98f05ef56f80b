#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What ./dev demo --plot hands to gnuplot: the figures of `troupe-bank compare --json`,
each kind of line of JSON among them. gnuplot is a stub, and so is the bank."""
import os
import pathlib
import subprocess
import tempfile
import unittest

PLOT = pathlib.Path(__file__).resolve().parents[2] / "examples" / "bank" / "plot.sh"
BANK = """#!/bin/sh
echo "$*" >>asked
cat <<END
[
  {
    "variant": "unsafe",
    "threads_count": $4,
    "runs_count": 4,
    "expected_total_cents": "12",
    "updates_lost_count": 10,
    "transactions_per_second": 1500000.5
  }, {"variant":"actors","threads_count":$4,"transactions_per_second":2e6,
      "updates_lost_count":0,"runs_count":5}
]
END
exit $(cat status)
"""


class Plot(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.write("bank", BANK)
        self.write("status", "0")
        self.write("gnuplot", "#!/bin/sh\ncat >>drawn\n")

    def write(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def plot(self):
        path = f"{self.folder}:/usr/bin:/bin"
        return subprocess.run(["sh", PLOT, "./bank", "out", "--runs", "3"], cwd=self.folder,
            env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)

    def test_the_figures_are_a_line_for_each_number_of_threads(self):
        self.assertEqual(self.plot().returncode, 0)
        self.assertEqual((self.folder / "out/unsafe.dat").read_text(),
            "".join(f"{threads} 1500000.5 2.5\n" for threads in (1, 2, 4, 8, 16)))
        self.assertEqual((self.folder / "out/actors.dat").read_text(),
            "".join(f"{threads} 2e6 0\n" for threads in (1, 2, 4, 8, 16)))

    def test_options_are_handed_to_the_bank(self):
        self.plot()
        self.assertEqual((self.folder / "asked").read_text().splitlines()[2],
            "compare --json --threads 4 --runs 3")

    def test_it_is_drawn_as_svg_and_png(self):
        self.assertIn("out/bank.svg", self.plot().stdout)
        drawn = (self.folder / "drawn").read_text()
        self.assertIn('set output "out/bank.svg"', drawn)
        self.assertIn('set output "out/bank.png"', drawn)
        self.assertIn('[v in "unsafe actors"]', drawn)

    def test_a_bank_that_refuses_is_not_drawn(self):
        self.write("status", "2")
        self.assertEqual(self.plot().returncode, 2)
        self.assertFalse((self.folder / "drawn").exists())

    def test_a_variant_that_was_not_exact_is_drawn_as_it_is(self):
        self.write("status", "1")
        done = self.plot()
        self.assertEqual(done.returncode, 0)
        self.assertIn("not exact", done.stderr)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One lab: what must hold does, and does not if the broken version is in its place.

usage: lab_program.py TROUPE_LAB NAME
"""
import re
import subprocess
import sys
import unittest

LAB, NAME = sys.argv[1:3]
LINE = re.compile(rf"(ok|FAILED) {NAME}: .+: expected .+, observed .+")
CHECKS_LEAST = 3


def lab(*words):
    return subprocess.run([LAB, NAME, *words], capture_output=True, text=True, check=False)


class Lab(unittest.TestCase):
    def test_what_must_hold_does(self):
        done = lab("--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        *checks, last = done.stdout.splitlines()
        if last.startswith("not shown: "):
            return
        for line in [*checks, last]:
            self.assertRegex(line, LINE)
        self.assertGreaterEqual(len(checks) + 1, CHECKS_LEAST)

    def test_with_the_broken_version_in_the_place_of_the_mended_one_it_does_not(self):
        done = lab("--check", "--swapped")
        lines = done.stdout.splitlines()
        if lines and lines[-1].startswith("not shown: "):
            return
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertTrue(any(line.startswith("FAILED ") for line in lines), done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

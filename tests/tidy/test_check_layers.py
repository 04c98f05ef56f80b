#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each thing that check_layers.py looks for is planted in a small tree, and found."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).with_name("check_layers.py")
LICENCE = "/* SPDX-License-Identifier: BSD-2-Clause */\n"


class Planted(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.plant("include/troupe/err.h", '#include <stdio.h>\n#define E(name) TROUPE_E_##name\n')
        self.plant("base/clock.h", '#include "troupe/err.h"\nint tp_clock_read(int FULL);\n')
        self.plant("mailbox/limit.h", '#include "base/clock.h"\n')

    def plant(self, name, text, licence=LICENCE):
        path = pathlib.Path(self.folder.name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(licence + text)

    def check(self):
        done = subprocess.run([sys.executable, CHECKER, self.folder.name],
            capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def assert_found(self, *sentences):
        status, said = self.check()
        self.assertEqual(status, 1, said)
        self.assertEqual(said.splitlines(), list(sentences))

    def test_a_tidy_tree_passes(self):
        self.assertEqual(self.check(), (0, "3 files are tidy\n"))

    def test_an_upward_include_is_found(self):
        self.plant("base/clock.h", '\n#include "mailbox/limit.h"\n')
        self.assert_found("base/clock.h:3: base/ may not include mailbox/")

    def test_siblings_may_not_include_each_other(self):
        self.plant("scheduler/worker.c", '#include "mailbox/limit.h"\n')
        self.assert_found("scheduler/worker.c:2: scheduler/ may not include mailbox/")

    def test_a_public_header_may_not_include_a_layer(self):
        self.plant("include/troupe/actor.h", '#include "base/clock.h"\n')
        self.assert_found("include/troupe/actor.h:2: include/ may not include base/")

    def test_an_example_may_not_look_behind_the_public_headers(self):
        self.plant("examples/bank/main.c", '#include "troupe/err.h"\n#  include "mailbox/limit.h"\n')
        self.assert_found("examples/bank/main.c:3: examples/ may not include mailbox/")

    def test_a_folder_with_rules_of_its_own_has_these_alone(self):
        self.plant("examples/bank/load/client.c", '#include "rpc/message.h"\n')
        self.assertEqual(self.check()[0], 0)
        self.plant("examples/bank/load/client.c", '#include "actors/inbox.h"\n')
        self.assert_found("examples/bank/load/client.c:2: examples/bank/load/ may not include actors/")

    def test_a_way_around_by_a_relative_path_is_found(self):
        self.plant("base/clock.h", '#include "../mailbox/limit.h"\n')
        self.assert_found(
            "base/clock.h:2: ../mailbox/limit.h is not named from the root of the tree")

    def test_an_include_in_a_comment_is_none(self):
        self.plant("base/random.h", '/*\n#include "mailbox/limit.h"\n*/\n')
        self.assertEqual(self.check()[0], 0)

    def test_a_comment_that_names_what_is_gone_is_found(self):
        self.plant("mailbox/limit.h", "int a;\n/*\n * see tp_clock_gone().\n */\n")
        self.assert_found("mailbox/limit.h:4: the comment names tp_clock_gone, which does not exist")

    def test_a_comment_may_name_what_exists_a_prefix_and_what_is_pasted(self):
        self.plant("mailbox/limit.h", "/* tp_clock_read, tp_clock_*, TROUPE_E_FULL */\n")
        self.assertEqual(self.check()[0], 0)

    def test_a_file_without_a_licence_is_found(self):
        self.plant("mailbox/limit.h", "int a;\n", licence="")
        self.assert_found(
            "mailbox/limit.h:1: the first line is not 'SPDX-License-Identifier: BSD-2-Clause'")

    def test_a_script_has_its_licence_below_its_first_line(self):
        self.plant("dev", "# SPDX-License-Identifier: BSD-2-Clause\n", licence="#!/bin/sh\n")
        self.assertEqual(self.check()[0], 0)

    def test_a_test_that_sleeps_is_found(self):
        for function in ("sleep", "usleep", "nanosleep ", "clock_nanosleep", "thrd_sleep"):
            with self.subTest(function):
                self.plant("tests/unit/test_clock.c", f"\nint x = {function}(1);\n")
                self.assert_found("tests/unit/test_clock.c:3: "
                    "a test sleeps; pass the time, or wait for an event")

    def test_a_script_of_a_test_that_sleeps_is_found(self):
        self.plant("tests/wait.sh", "\n  sleep 1\n", licence="# " + LICENCE)
        self.assert_found("tests/wait.sh:3: a test sleeps; pass the time, or wait for an event")

    def test_outside_of_tests_sleeping_is_no_matter_of_this_check(self):
        self.plant("examples/lab.c", f"int x = {'sleep'}(1);\n")
        self.assertEqual(self.check()[0], 0)

    def test_what_was_built_is_not_looked_at(self):
        self.plant("build/dev/generated.c", "int a;\n", licence="")
        self.assertEqual(self.check()[0], 0)

    def test_an_empty_folder_is_no_tidy_tree(self):
        with tempfile.TemporaryDirectory() as empty:
            done = subprocess.run([sys.executable, CHECKER, empty], capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is planted in a page is found by check_docs, and a right page is left alone.

usage: test_check_docs.py LIBRARY...
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK = ROOT / "tests/docs/check_docs.py"

PROGRAM = """\
#include <stdio.h>
int main(void) { puts("hello"); return 0; }
"""


def c(body, mark=None):
    above = f"<!-- {mark} -->\n" if mark else ""
    return f"{above}```c\n{body}```\n"


def sh(line):
    return f"```sh\n{line}\n```\n"


class Pages(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        for name in ("dev", "CMakePresets.json", "CMakeLists.txt"):
            shutil.copy(ROOT / name, self.root / name)
        for name in ("include", "tests/docs"):
            shutil.copytree(ROOT / name, self.root / name)
        self.write("examples/hello.c", PROGRAM)
        self.write("actors/x.c", 'say("the mailbox of %s is " "full");')
        self.write("tests/unit/test_x.c", "a_test_that_exists(void **state)")
        self.write("build/bank", "#!/bin/sh\necho '  --threads N'\n")
        (self.root / "build/bank").chmod(0o755)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def check(self, page):
        self.write("README.md", page)
        return subprocess.run([sys.executable, CHECK, "--root", self.root,
            "--build", self.root / "build", *sys.argv[1:]],
            stdout=subprocess.PIPE, text=True, timeout=60)

    def assert_right(self, page):
        run = self.check(page)
        self.assertEqual(run.returncode, 0, run.stdout)

    def assert_found(self, page, sentence):
        run = self.check(page)
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn(sentence, run.stdout)

    def test_a_right_page_is_left_alone(self):
        self.assert_right(
            c(PROGRAM) + "```text\nhello\n```\n" + "```text part\nello\n```\n"
            + c('puts("hello");\n', "in main") + "```text\nhello\n```\n"
            + c(PROGRAM.splitlines(True)[1], "from examples/hello.c")
            + c(PROGRAM.splitlines(True)[0], "part of it") + "so\n"
            + c(PROGRAM.splitlines(True)[1], "part of it")
            + sh("./dev demo --plot") + sh("TROUPE_SIM=1 build/dev/bank compare --threads 2")
            + sh("cmake --workflow --preset asan") + "[here](README.md#a-word)\n"
            + "## `the mailbox of … is full`\n# A word\n(tests: a_test_that_exists)\n")

    def test_a_program_that_does_not_compile_is_found(self):
        self.assert_found(c("int main(void) { return nothing; }\n"), "README.md:1: does not compile")

    def test_a_program_with_a_warning_is_found(self):
        self.assert_found(c("int main(void) { int unused; return 0; }\n"), "unused")

    def test_a_program_that_fails_is_found(self):
        self.assert_found(c("int main(void) { return 3; }\n"), "README.md:1: exits with 3")

    def test_another_output_is_found(self):
        self.assert_found(c(PROGRAM) + "```text\nbye\n```\n", "prints on stdout\nhello\n")
        self.assert_found(c(PROGRAM) + "```text stderr\nbye\n```\n", "prints on stderr\n")
        self.assert_found(c(PROGRAM) + "```text part\nbye\n```\n", "prints on stdout\nhello\n")

    def test_an_excerpt_that_differs_is_found(self):
        self.assert_found(c('puts("helo");\n', "from examples/hello.c"), "word for word")

    def test_an_unknown_mark_is_found(self):
        self.assert_found(c(PROGRAM, "after lunch"), "'after lunch'")

    def test_commands_that_do_not_exist_are_found(self):
        self.assert_found(sh("./dev demonstrate"), "README.md:1: ./dev has no verb 'demonstrate'")
        self.assert_found(sh("./dev demo --draw"), "there is no option --draw")
        self.assert_found(sh("build/dev/bang"), "there is no program bang")
        self.assert_found(sh("build/dev/bank compare --treads=2"), "there is no option --treads")
        self.assert_found(sh("cmake --workflow --preset fast"), "there is no preset fast")
        self.assert_found(sh("cp -r examples/none ."), "there is no examples/none")
        self.assert_found(sh("frobnicate"), "'frobnicate'")

    def test_links_that_lead_nowhere_are_found(self):
        self.assert_found("\n[x](docs/none.md)\n" + c(PROGRAM), "README.md:2: there is no docs/none.md")
        self.assert_found("[x](#none)\n" + c(PROGRAM), "has no heading #none")

    def test_sentences_and_tests_that_do_not_exist_are_found(self):
        self.assert_found("## `the mailbox of … is empty`\n" + c(PROGRAM), "nothing in the sources")
        self.assert_found("(test: a_test_that_is_gone)\n" + c(PROGRAM), "a_test_that_is_gone")

    def test_a_tree_without_pages_is_no_success(self):
        self.assert_found("no block\n", "there is no page")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

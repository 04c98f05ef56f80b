#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""troupe-lab's command line, its forms, and the pages that go with it.

usage: lab_command.py TROUPE_LAB
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

LAB = sys.argv.pop(1)
ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs/lab"
ANSWERS = ROOT / "lab/answers"
EXERCISES = ROOT / "lab/exercises"
SECTIONS = ["What it shows", "The three versions", "A run", "Questions"]


def lab(*words, moves=""):
    return subprocess.run([LAB, *words], capture_output=True, text=True, check=False,
        input=moves)


def play(name, *moves):
    return lab("play", name, moves="".join(f"{move}\n" for move in moves)).stdout


def names():
    listed = lab().stdout
    return re.findall(r"^  (\S+) +\d+ s  \S", listed, re.M)


class Command(unittest.TestCase):
    def test_without_a_name_it_lists_all_and_says_where_to_start(self):
        done = lab()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("race", names())
        self.assertIn("Start with race", done.stdout)

    def test_a_name_that_there_is_not_gets_the_nearest(self):
        done = lab("rase")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("no lab is called 'rase'; did you mean 'race'?", done.stderr)

    def test_two_names_are_refused(self):
        done = lab("race", "memory")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("one lab at a time, and there is 'memory'", done.stderr)

    def test_two_forms_are_refused(self):
        done = lab("memory", "--check", "--json")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("--check and --json exclude each other", done.stderr)

    def test_all_of_them_are_not_drawn(self):
        done = lab("all", "--svg", "all.svg")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("--svg draws one lab, and not all", done.stderr)

    def test_text_has_the_claim_figures_and_a_verdict(self):
        done = lab("memory")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("The claim: Threads share", done.stdout)
        self.assertRegex(done.stdout, r"a heap block +1 +0 +0")
        self.assertIn("Verdict: holds partly.", done.stdout)
        self.assertRegex(done.stdout, r"\nOn \d+ x ")

    def test_json_has_the_same(self):
        made = json.loads(lab("memory", "--json").stdout)
        self.assertEqual(made["name"], "memory")
        self.assertEqual(made["verdict"], "holds partly")
        self.assertIn(" x ", made["machine"])
        self.assertTrue(all(check["holds"] for check in made["checks"]))
        self.assertIn({"what": "a heap block", "who": "thread", "unit": "", "value": 1.0},
            made["measured"])

    def test_a_picture_is_drawn_where_there_is_one(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "stacks.svg"
            done = lab("stacks", "--check", "--svg", path)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("<svg", path.read_text())
            done = lab("memory", "--check", "--svg", path)
            self.assertIn("there is nothing to draw", done.stderr)

    def test_each_has_a_page_that_the_readme_leads_to(self):
        index = (PAGES / "README.md").read_text()
        for name in names():
            page = (PAGES / f"{name}.md").read_text()
            self.assertEqual(re.findall(r"^## (.*)$", page, re.M), SECTIONS, name)
            self.assertIn(f"]({name}.md)", index)
            self.assertIn(f"./dev lab {name}", page)


class Play(unittest.TestCase):
    def test_the_choices_decide_what_is_lost(self):
        played = play("race", 1, 2, 1, 1)
        self.assertIn("There are 6 orders and 3 outcomes.", played)
        self.assertIn("balance = 120\nIt is over, and wrong: you have broken it.", played)
        self.assertIn("Outcomes found: 1 of 3. u or n to look for another.", played)

    def test_all_outcomes_can_be_found(self):
        played = play("race", 1, 1, 1, 1, "n", 1, 2, 1, 1, "n", 1, 2, 2, 1)
        self.assertIn("balance = 170\nIt is over, and right.", played)
        self.assertIn("Outcomes found: 3 of 3. That is all of them.", played)
        self.assertTrue(played.endswith("\nOutcomes found: 3 of 3.\n"))

    def test_a_step_is_undone(self):
        played = play("race", 1, 1, "u")
        self.assertTrue(played.rstrip().endswith("Outcomes found: 0 of 3."))
        self.assertIn("Now: balance = 150", played)
        self.assertIn("Now: balance = 100\n  1  Alice writes 150 to balance", played[-250:])

    def test_hints_lead_to_what_is_wrong(self):
        for name in "race deadlock mutex semaphore seats order neighbours".split():
            with self.subTest(name):
                moves = []
                while "It is over" not in (played := play(name, *moves)):
                    hinted = re.findall(r"Take (\d+): from here", play(name, *moves, "h"))
                    moves.append(hinted[-1])
                self.assertIn("It is over, and wrong", played)

    def test_from_where_nothing_can_go_wrong_there_is_no_hint(self):
        self.assertIn("From here on every order ends well.", play("race", 1, 1, "h"))

    def test_what_is_no_move_is_told_and_costs_nothing(self):
        played = play("race", 7, "x", "u", 1, 2, 1, 1, 1)
        self.assertIn("There is no choice 7; there are 1 to 2.", played)
        self.assertIn("'x' is no move.", played)
        self.assertIn("This is the beginning.", played)
        self.assertIn("It is over; u undoes", played)
        self.assertIn("Outcomes found: 1 of 3.", played)

    def test_a_game_that_there_is_not_gets_the_nearest(self):
        done = lab("play", "raec")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("no game is called 'raec'; did you mean 'race'?", done.stderr)
        self.assertIn("deadlock", lab("play").stdout)


class Grade(unittest.TestCase):
    def test_what_is_planted_in_the_exercises_is_found(self):
        for name, orders in (("withdraw", "138 of 216"), ("transfer", "6 of 504"),
                ("seats", "4 of 6")):
            with self.subTest(name):
                done = lab("grade", EXERCISES / f"{name}.c")
                self.assertEqual((done.returncode, done.stderr), (1, ""))
                self.assertIn(f"{name}: {orders} orders break it.", done.stdout)

    def test_answers_are_broken_by_no_order(self):
        for name in "withdraw transfer seats".split():
            with self.subTest(name):
                done = lab("grade", ANSWERS / f"{name}.c")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertRegex(done.stdout, rf"^{name}: none of \d+ orders breaks it\.$")

    def test_what_is_no_answer_is_told_so(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "answer.c"
            for text, said in (("int x;\n", "this answers no exercise"),
                    ("int x\n", "error: "),
                    ("void nobody(void); void withdraw(void *p); "
                     "void withdraw(void *p) { (void)p; nobody(); }\n", "nobody")):
                with self.subTest(text):
                    path.write_text(text)
                    done = lab("grade", path)
                    self.assertEqual((done.returncode, done.stdout), (2, ""))
                    self.assertIn(said, done.stderr)
        for words, said in ((("grade",), "grade takes a file"),
                (("grade", "no.c"), "'no.c' cannot be read"),
                (("grade", ROOT / "README.md"), "is no C file")):
            done = lab(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(said, done.stderr)

    def test_an_answer_that_crashes_is_told_so(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "answer.c"
            path.write_text("void withdraw(void *p); "
                "void withdraw(void *p) { (void)p; __builtin_trap(); }\n")
            done = lab("grade", path)
            self.assertEqual(done.returncode, 1)
            self.assertIn("It crashed", done.stdout)


if __name__ == "__main__":
    unittest.main()

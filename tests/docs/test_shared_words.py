#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is planted among the shared words is found, and what is right is left alone."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("shared_words.py")

HEADER = """\
struct tp_door {
    /* Guests inside. Raised by any thread, with release; stale: one too few. */
    uint32_t guests;

    uint32_t colour;
    struct {
        /* 1: locked. Written by the owner, orders nothing, stale: a knock more. */
        uint32_t is_locked;
    } lock[2] __attribute__((aligned(64)));
};
"""
SOURCE = """\
/*
 * 1: all doors are open. Written by anybody, without order. Stale: as it was.
 */
static uint32_t is_open;

static void __attribute__((cold)) enter(struct tp_door *door)
{
    ck_pr_fence_release();
    ck_pr_inc_32(&door->guests);
    ck_pr_store_32(&door->lock[1].is_locked, ck_pr_load_32(&is_open));
}
"""
PAGE = """\
| `door.c: enter` | release |

<!-- made by tests/docs/shared_words.py --write -->
<!-- end -->
After it.
"""


class SharedWords(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        self.files = {"base/door.h": HEADER, "base/door.c": SOURCE, "docs/concurrency.md": PAGE}
        for path, text in self.files.items():
            self.write(path, text)
        self.check("--write")

    def write(self, path, text):
        (self.root / path).parent.mkdir(exist_ok=True)
        (self.root / path).write_text(text)

    def check(self, *options):
        return subprocess.run([sys.executable, CHECK, "--root", self.root, *options],
            capture_output=True, text=True, check=False)

    def plant(self, path, was, becomes):
        text = (self.root / path).read_text()
        self.assertIn(was, text)
        self.write(path, text.replace(was, becomes))
        done = self.check()
        self.assertEqual((done.returncode, done.stderr), (1, ""), done.stdout)
        return done.stdout

    def test_what_is_right_is_listed_and_left_alone(self):
        page = (self.root / "docs/concurrency.md").read_text()
        for word in ("- `tp_door.guests`", "- `tp_door.is_locked`", "- `is_open`"):
            self.assertIn(word, page)
        self.assertTrue(page.endswith("After it.\n"))
        self.assertEqual(self.check().returncode, 0, self.check().stdout)

    def test_a_word_without_a_comment_is_found(self):
        said = self.plant("base/door.c", "door->guests", "door->colour")
        self.assertIn("door.h:5: the comment of tp_door.colour does not say", said)

    def test_a_comment_that_leaves_something_out_is_found(self):
        for was, missing in (("Raised", "who writes it"), ("with release", "its order"),
                ("stale", "what a stale read costs")):
            with self.subTest(missing):
                self.assertIn(f"tp_door.guests does not say {missing}\n",
                    self.plant("base/door.h", was, "-"))
                self.write("base/door.h", HEADER)

    def test_a_word_that_cannot_be_followed_is_found(self):
        self.assertIn("what 'house->guests' is, is not clear",
            self.plant("base/door.c", "&door->guests", "&house->guests"))

    def test_a_list_that_is_out_of_date_is_found(self):
        self.assertIn("the list is not what the comments say",
            self.plant("base/door.h", "one too few", "one too many"))

    def test_a_fence_that_is_not_argued_is_found(self):
        self.assertIn("the fence of door.c: leave is not argued",
            self.plant("base/door.c", " enter(", " leave("))
        self.assertIn("there is no fence in door.c: enter", self.check().stdout)


if __name__ == "__main__":
    unittest.main()

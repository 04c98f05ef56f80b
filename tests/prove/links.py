# SPDX-License-Identifier: BSD-2-Clause
"""The row of links and monitors: every program of a few deeds of two or three actors,
in every order of what they do and handle (tests/protocol/test_bond_programs.c).

What is ordered here are handlers, not operations on shared words: bonds share nothing
but mailboxes. Bugs are planted as for those (protocols.py).
"""
from evidence import Row
from protocols import Bug, Copy, check

CLAIM = "links: each end is told once, both agree who is linked"
TEST = "test_bond_programs"
BUGS = (
    Bug("who undoes a link undoes one of two", "actors/bond.c",
        (("    while ((mine = take(self->actor, &link)) != NULL) {\n        send(self, actor, mine, "
          "TP_MESSAGE_UNLINK);", "    if ((mine = take(self->actor, &link)) != NULL) {\n"
          "        send(self, actor, mine, TP_MESSAGE_UNLINK);"),)),
    Bug("news of an end is believed though the bond was undone", "actors/bond.c",
        (("    bool is_linked = false;\n", "    bool is_linked = true;\n"),)),
    Bug("a monitor of the dead is dropped in silence", "actors/bond.c",
        (("        turn_back(self, actor, message, TP_MESSAGE_DOWN);",
          "        tp_bond_sweep(self, message);"),)),
)


def rows(builds):
    copy = Copy(builds / "prove" / "planted")
    program = builds / "dev" / "tests" / "protocol" / TEST
    yield Row(CLAIM, "every order", lambda: check(program),
        {bug.what: lambda bug=bug: copy.find(TEST, bug) for bug in BUGS})

# SPDX-License-Identifier: BSD-2-Clause
"""Rows of the simulation: systems of actors by ten thousand seeds with faults
(tests/sim), and in every order of their messages (examples).

The bugs of the former are planted into a copy of the tree, as those of
protocols.py. The latter are examples that hold both the system that is right
and the one that is not.
"""
import dataclasses
import os
import re
import subprocess

from evidence import Outcome, Row, complain
from protocols import Bug, Copy

LIMIT_S = 300
SEED = re.compile(r"^(seed=\d+: )(?:/\S*?/(?=tests/))?(.*)$", re.M)
CHECK = re.compile(r"^\S*?((?:tests|actors|mailbox|scheduler|exploration)/[\w/]+\.[ch]:\d+): "
    r"(?:CHECK|assertion)", re.M)
SHORTEST = re.compile(r"^A check fails (after \d+ steps, in no order after fewer):$", re.M)


@dataclasses.dataclass
class Seeded:
    claim: str
    program: str
    bugs: tuple


SEEDED = (
    Seeded("transfers: no cent, message or answer is lost, none is doubled", "sim_transfers", (
        Bug("an account pays though its message was not taken", "tests/sim/sim_transfers.c",
            (("is_told(troupe_tell(self, pay->to, deposit))) {",
              "(is_told(troupe_tell(self, pay->to, deposit)), true)) {"),)),
        Bug("whom a relief is to resume is forgotten", "actors/actor.c",
            (("        tp_post_resume_paused(self, &actor->limit);\n", "        return;\n"),)),
        Bug("the chance of faults goes on from run to run", "actors/faults.c",
            (("    tp_random_init(&faults->random, ~options->seed);",
              "    static uint64_t runs;\n    tp_random_init(&faults->random, ++runs);"),)))),
    Seeded("floods: what waits is bounded, nobody stays paused", "sim_floods", (
        Bug("senders of single messages are never paused", "actors/post.c",
            (("    if (verdict == TP_LIMIT_TAKEN_BUT_CONGESTED && actor",
              "    if (verdict == TP_LIMIT_REFUSED && actor"),)),
        Bug("who is paused goes on with its mail", "actors/actor.c",
            (("    if (__builtin_expect((actor->flags & TP_ACTOR_HOLDS_MAIL) == 0, 1) &&",
              "    if (__builtin_expect((actor->flags & TP_ACTOR_IS_SUSPENDED) == 0, 1) &&"),)))),
    Seeded("lives: the supervised live again, each end is told once", "sim_lives", (
        Bug("the children of a supervisor that was killed live on", "actors/supervised.c",
            (("        send(self, abandoned, &abandoned->finish, TP_MESSAGE_FINISH);\n", ""),)),
        Bug("an end is told to the first who is concerned", "actors/bond.c",
            (("        part(self, end);\n        end = next;", 
              "        part(self, end);\n        end = NULL;\n        (void)next;"),)),
        Bug("a message for the dead is freed without a word", "actors/actor.c",
            (("        settle(self, actor);\n        tp_life_bury(self, actor, message, "
              "TROUPE_DEAD_LETTER_NO_SUCH_ACTOR,\n            TROUPE_E_NO_SUCH_ACTOR);",
              "        settle(self, actor);\n        tp_post_free(self, message);"),)))),
    Seeded("bank: whatever crashes, all cents are there at each cut", "sim_bank", (
        Bug("who had the account before still transfers", "examples/bank/service/bank.c",
            (("    if (is_ours(self, find(bank, credit->from))) {", "    if (true) {"),)),
        Bug("a transfer goes by its number, whoever sent it", "examples/bank/service/arrivals.c",
            (("            memcmp(applied->from, from.data, from.length) == 0) {",
              "            applied->from[0] != 0) {"),)),
        Bug("it is answered before the journal has kept it", "examples/bank/service/due.c",
            (("    if (account->appends_due == 0) {", "    if (true) {"),)),
        Bug("who hears of a cut from another account has no part ready",
            "examples/bank/service/outbox.c",
            (("        if (bank_cut_hear(self, account, credited.heard)) {",
              "        if (true) {"),)))),
)


@dataclasses.dataclass
class Explored:
    claim: str
    program: str
    planted: str  # what the other system in the example does


EXPLORED = (
    Explored("bank: tellers that add lose no cent", "transfers", "a balance is got, then set"),
    Explored("philosophers: all eat", "philosophers", "all take their left fork first"),
    Explored("two that ask each other are both answered", "test_asking_each_other",
        "each waits for the other's answer first"),
)


def run(program, **variables):
    try:
        done = subprocess.run([program], env={**os.environ, **variables}, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            timeout=LIMIT_S, stdin=subprocess.DEVNULL)
        return done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace"), None


def check(program, what, **variables):
    """What: seeds or orders, which the program counts."""
    output, code = run(program, **variables)
    count = sum(int(found) for found in re.findall(rf"(\d+) {what}", output))
    if code == 0 and count > 0:
        return Outcome(True, f"{count:,} {what}")
    complain(output)
    return Outcome(False, f"{count:,} {what}", f"{program.name} exited {code}")


def find_by_seeds(copy, program, bug):
    copy.update()
    copy.plant(bug)
    trouble = copy.build(program)
    if trouble:
        complain(trouble)
        return None
    output, code = run(copy.root / "build" / "dev" / "tests" / program, TROUPE_TEST_FULL="1")
    seed, failure = SEED.search(output), CHECK.search(output)
    if code == 0:
        complain(output)
        return None
    if seed or failure:
        return seed[1] + seed[2] if seed else failure[1]
    return f"{program} hangs" if code is None else f"{program} ends with {code}"


def find_in_orders(program):
    """In the shortest order, and by which seed if the example tries seeds, too."""
    output, _ = run(program)
    shortest, seed = SHORTEST.search(output), re.search(r"^seed=\d+", output, re.M)
    if shortest is None:
        return None
    return f"{shortest[1]}; {seed[0]}" if seed else shortest[1]


def rows(builds):
    copy = Copy(builds / "prove" / "planted")
    for it in SEEDED:
        program = builds / "dev" / "tests" / it.program
        yield Row(it.claim, "seeds, faults",
            lambda program=program: check(program, "seeds", TROUPE_TEST_FULL="1"),
            {bug.what: lambda name=it.program, bug=bug: find_by_seeds(copy, name, bug)
                for bug in it.bugs})
    for it in EXPLORED:
        program = builds / "dev" / "examples" / it.program
        yield Row(it.claim, "every delivery", lambda program=program: check(program, "orders"),
            {it.planted: lambda program=program: find_in_orders(program)})

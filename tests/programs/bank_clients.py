#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""troupe-bank load and troupe-bank call against a small bank in this process: what they
ask, what they make of the answers, and what they say of a bank that does wrong.

usage: bank_clients.py PROGRAM RPC

RPC is examples/rpc, a server of troupe's own.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # nothing is left in the tree
from small_bank import Bank, Refused, RespHandler, RpcHandler, Serving, pack  # noqa: E402

PROGRAM = RPC = ""
LIMIT_S = 100


def run(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=LIMIT_S,
        stdin=subprocess.DEVNULL, check=False)


class Served(unittest.TestCase):
    def serve(self, bank=None, handler=RpcHandler):
        serving = Serving(bank or Bank(), handler)
        self.addCleanup(serving.end)
        return serving


class Load(Served):
    def load(self, serving, *words):
        return run("load", "--connect", serving.address, "--accounts", "20", *words)

    def outcome(self, serving, *words):
        done = self.load(serving, "--json", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        said = json.loads(done.stdout)
        self.assertTrue(said["is_right"])
        self.assertEqual(said["total_cents"], serving.bank.total())
        return said

    def asked(self, serving, method):
        return [params for name, params in serving.bank.calls if name == f"bank.{method}"]

    def test_as_many_requests_are_made_as_are_asked_for(self):
        serving = self.serve()
        said = self.outcome(serving, "--requests", "600", "--connections", "7",
            "--pipeline", "5")
        self.assertEqual(said["requests_count"], 600)
        self.assertEqual(len(self.asked(serving, "open")), 20)
        self.assertEqual(len(self.asked(serving, "total")), 2)
        self.assertEqual(sum(len(self.asked(serving, kind))
            for kind in ("deposit", "transfer", "balance")), 600)
        self.assertEqual(self.asked(serving, "withdraw"), [])
        self.assertLessEqual(said["p50_us"], said["p99_us"])
        self.assertLessEqual(said["p99_us"], said["p999_us"])
        self.assertLessEqual(said["p999_us"], said["max_us"])

    def test_the_mix_says_what_is_asked(self):
        serving = self.serve()
        self.outcome(serving, "--requests", "50", "--mix", "withdraw=1")
        self.assertEqual(len(self.asked(serving, "withdraw")), 50)
        self.assertEqual(self.asked(serving, "deposit"), [])

    def test_a_transfer_is_between_two_accounts_that_were_opened(self):
        serving = self.serve()
        self.outcome(serving, "--requests", "200", "--mix", "transfer=1")
        for sender, receiver, cents in self.asked(serving, "transfer"):
            self.assertNotEqual(sender, receiver)
            self.assertIn(sender, serving.bank.accounts)
            self.assertIn(receiver, serving.bank.accounts)
            self.assertGreater(cents, 0)

    def test_the_same_seed_asks_the_same(self):
        asked = []
        for seed in ("1", "1", "2"):
            serving = self.serve()
            self.outcome(serving, "--requests", "50", "--connections", "1", "--seed", seed)
            asked.append(serving.bank.calls)
        self.assertEqual(asked[0], asked[1])
        self.assertNotEqual(asked[0], asked[2])

    def test_an_open_loop_asks_as_many_as_are_due(self):
        said = self.outcome(self.serve(), "--requests", "200", "--rate", "2000")
        self.assertEqual((said["requests_count"], said["rate"]), (200, 2000))

    def test_a_closed_loop_says_what_its_times_are_worth(self):
        done = self.load(self.serve(), "--requests", "20")
        self.assertEqual(done.returncode, 0)
        self.assertIn("A closed loop: a connection asks again when it is answered", done.stdout)
        self.assertIn(", as its answers say.\n", done.stdout)
        done = self.load(self.serve(), "--requests", "20", "--rate", "1000")
        self.assertIn("times count from when a request was due", done.stdout)

    def test_what_was_there_before_is_no_fault(self):
        serving = self.serve()
        serving.bank.accounts = {"acct1": 5, "another": 700}
        self.outcome(serving, "--requests", "50")

    def test_answers_may_come_cut_up_and_in_any_order(self):
        class Pairing(RpcHandler):
            """Every second answer to a deposit before the one before it, cut in three."""
            kept = b""

            def answer(self, request_id, method, params):
                self.is_deposit = method == "bank.deposit"
                return super().answer(request_id, method, params)

            def send(self, data):
                if self.is_deposit and not self.kept:
                    self.kept = data
                    return
                both, self.kept = data + self.kept, b""
                for part in (both[:7], both[7:-3], both[-3:]):
                    self.wfile.write(part)

        # One connection with two in flight: there is always a second one to come.
        self.outcome(self.serve(handler=Pairing), "--requests", "100", "--connections", "1",
            "--pipeline", "2", "--mix", "deposit=1")

    def test_refusals_are_counted_and_change_nothing(self):
        class Poor(Bank):
            def withdraw(self, account, cents):
                raise Refused(409, "insufficient funds")

        serving = self.serve(Poor())
        said = self.outcome(serving, "--requests", "40", "--mix", "withdraw=1")
        self.assertEqual(said["refused_count"], 40)
        self.assertEqual(said["refusals"],
            [{"code": 409, "count": 40, "text": "insufficient funds"}])

    def test_an_error_that_does_not_say_whether_it_was_done_may_be_either(self):
        class Vague(Bank):
            def deposit(self, account, cents):
                if len(self.calls) % 2:
                    super().deposit(account, cents)
                raise Refused(504, "late", {"retry_ms": 5})

        serving = self.serve(Vague())
        said = self.outcome(serving, "--requests", "40", "--mix", "deposit=1")
        self.assertLess(said["expected_least_cents"], said["total_cents"])
        self.assertLess(said["total_cents"], said["expected_most_cents"])

    def test_a_bank_that_has_not_what_it_says_fails_the_run(self):
        class Liar(Bank):
            def total(self):
                return super().total() + (1 if len(self.calls) > 30 else 0)

        done = self.load(self.serve(Liar()), "--requests", "50")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout,
            r"The bank has [0-9.]+, and by its answers it must have [0-9.]+\.\n")

    def test_a_deposit_that_is_lost_fails_the_run(self):
        class Forgetful(Bank):
            def deposit(self, account, cents):
                balance = super().deposit(account, cents)
                if len(self.calls) == 40:
                    self.accounts[account] -= cents
                return balance

        done = self.load(self.serve(Forgetful()), "--requests", "50", "--mix", "deposit=1",
            "--json")
        self.assertEqual(done.returncode, 1)
        self.assertFalse(json.loads(done.stdout)["is_right"])

    def test_without_a_server_the_address_is_named_and_what_to_do(self):
        serving = Serving(Bank())
        serving.end()
        done = self.load(serving, "--requests", "1")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"there is no connection to {serving.address}: ", done.stderr)
        self.assertIn("is the server running, and is this its address?", done.stderr)

    def test_a_connection_that_is_lost_ends_the_run(self):
        class Dropping(RpcHandler):
            def send(self, data):
                if len(self.server.bank.calls) > 40:
                    raise OSError
                super().send(data)

        done = self.load(self.serve(handler=Dropping), "--requests", "100")
        self.assertEqual(done.returncode, 1)
        self.assertIn("was lost: ", done.stderr)

    def test_what_is_no_answer_ends_the_run(self):
        class Babbling(RpcHandler):
            def send(self, data):
                super().send(self.said)

        for said, why in ((b"HTTP/1.1 400 Bad Request\r\n\r\n", "no MessagePack-RPC"),
                (b"\xc1", "no MessagePack"), (pack([1, 77, None, 5]), "nobody had asked")):
            with self.subTest(why):
                Babbling.said = said
                done = self.load(self.serve(handler=Babbling), "--requests", "10")
                self.assertEqual(done.returncode, 1)
                self.assertIn(why, done.stderr)

    def test_a_server_that_is_silent_is_given_up(self):
        class Silent(RpcHandler):
            def send(self, data):
                pass

        done = self.load(self.serve(handler=Silent), "--requests", "10", "--timeout", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("has answered nothing for 1 s; --timeout says", done.stderr)

    def test_an_account_that_cannot_be_opened_ends_the_run(self):
        class Closed(Bank):
            def open(self, account, cents):
                raise Refused(503, "the mailbox is full")

        done = self.load(self.serve(Closed()), "--requests", "10")
        self.assertEqual(done.returncode, 1)
        self.assertIn("refused to open an account: 503, the mailbox is full", done.stderr)

    def test_redis_is_driven_by_its_own_protocol(self):
        said = self.outcome(self.serve(handler=RespHandler), "--protocol", "redis",
            "--requests", "300", "--pipeline", "4", "--mix", "deposit=2,withdraw=1,balance=1")
        self.assertEqual((said["protocol"], said["requests_count"]), ("redis", 300))

    def test_wrong_words_are_refused_before_anything_is_connected(self):
        for words, why in (
                ((), "load takes --connect ADDRESS"),
                (("--connect", "x:1", "--protocol", "rcp"), "the nearest is rpc"),
                (("--connect", "x:1", "--mix", "deposits=1"), "the nearest is deposit"),
                (("--connect", "x:1", "--protocol", "redis", "--mix", "transfer=1"),
                    "the protocol redis has no transfer"),
                (("--connect", "x:1", "--protocol", "redis", "--token-file", "/dev/null"),
                    "the protocol redis has no token"),
                (("--connect", "x:1", "--accounts", "1"), "a transfer takes two accounts"),
                (("--connect", "x:1", "--seconds", "1", "--requests", "1"), "give one of them"),
                (("--connect", "x:1", "--rate", "0"), "--rate")):
            with self.subTest(words):
                done = run("load", *words)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(why, done.stderr)


class Call(Served):
    def call(self, serving, *words):
        return run("call", "--connect", serving.address, *words)

    def result(self, serving, *words):
        done = self.call(serving, *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.count("\n"), 1)
        return json.loads(done.stdout)

    def test_results_are_json(self):
        serving = self.serve()
        self.assertEqual(self.result(serving, "bank.open", "alice", "500"), 500)
        self.assertEqual(self.result(serving, "bank.open", "bob", "0"), 0)
        self.assertEqual(self.result(serving, "bank.transfer", "alice", "bob", "120"),
            [380, 120])
        self.assertEqual(self.result(serving, "bank.total"), 500)

    def echo(self):
        class Echo(Bank):
            def call(self, method, params):
                return params

        return self.serve(Echo())

    def test_params_are_json_and_other_words_are_text(self):
        words = ("alice", "-5", "2.5", "true", "null", '"7"', "7a", '[1, ["x"]]',
            '{"account": "a", "n": {}}', "", "x" * 300, "9" * 15, "café")
        self.assertEqual(self.result(self.echo(), "any.method", *words),
            ["alice", -5, 2.5, True, None, "7", "7a", [1, ["x"]],
                {"account": "a", "n": {}}, "", "x" * 300, int("9" * 15), "café"])
        self.assertEqual(self.result(self.echo(), "any.method"), [])

    def test_what_json_has_not_is_told_as_it_can(self):
        class Odd(Bank):
            def call(self, method, params):
                return {"bytes": b"\xff\x00", "text": b"abc", 5: [False]}

        self.assertEqual(self.result(self.serve(Odd()), "any.method"),
            {"bytes": "0xff00", "text": "abc", "5": [False]})

    def test_an_error_goes_to_stderr(self):
        done = self.call(self.serve(), "bank.balance", "nobody")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
            (1, "", "troupe-bank: 404, there is no account nobody\n"))

    def test_when_to_try_again_is_told(self):
        class Busy(Bank):
            def total(self):
                raise Refused(503, "the mailbox is full", {"retry_ms": 20})

        done = self.call(self.serve(Busy()), "bank.total")
        self.assertEqual((done.returncode, done.stderr),
            (1, "troupe-bank: 503, the mailbox is full; it may go well in 20 ms\n"))

    def test_an_error_of_another_form_is_told_as_it_is(self):
        class Other(Bank):
            def total(self):
                raise Refused({"why": "none"})

        done = self.call(self.serve(Other()), "bank.total")
        self.assertEqual(done.returncode, 1)
        self.assertIn('by an error: [{"why": "none"}]', done.stderr)

    def test_what_else_the_server_sends_is_passed_over(self):
        class Chatty(RpcHandler):
            def send(self, data):
                for part in (pack([2, "news", []]), pack([1, 99, None, 7]), data[:4], data[4:]):
                    self.wfile.write(part)

        self.assertEqual(self.result(self.serve(handler=Chatty), "bank.total"), 0)

    def test_no_answer_is_told_with_its_reason(self):
        class Closing(RpcHandler):
            said = b""

            def send(self, data):
                super().send(self.said)
                raise OSError

        for said in (b"", b"\x94\x01"):
            with self.subTest(said):
                Closing.said = said
                done = self.call(self.serve(handler=Closing), "bank.total")
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn("gives no answer: ", done.stderr)
        Closing.said = b"\xc1\xc1"
        done = self.call(self.serve(handler=Closing), "bank.total")
        self.assertIn("what is no MessagePack", done.stderr)

    def test_a_server_that_is_silent_is_given_up(self):
        class Silent(RpcHandler):
            def send(self, data):
                pass

        done = self.call(self.serve(handler=Silent), "--timeout", "1", "bank.total")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no answer for 1 s; --timeout says how long to wait", done.stderr)

    def test_wrong_words_are_refused(self):
        for words, why in (
                (("bank.total",), "call takes --connect ADDRESS"),
                (("--connect", "x:1"), "METHOD ARGS..."),
                (("--connect", "x", "bank.total"), '"x" is no address: there is no port; write '),
                (("--connect", "x:1", "m", "[1"), '"[1" is no JSON: '),
                (("--connect", "x:1", "m" * 2000), "at most 1024 bytes")):
            with self.subTest(why):
                done = run("call", *words)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(why, done.stderr)


class CallOfOurs(unittest.TestCase):
    """A server of troupe's own."""

    def serve(self, address):
        server = subprocess.Popen([RPC, address], stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.wait, LIMIT_S)
        self.addCleanup(server.terminate)
        self.addCleanup(server.stdout.close)
        return server.stdout.readline().removeprefix("listening on ").strip()

    def expect(self, address, words, said, status=0):
        done = run("call", "--connect", address, *words)
        self.assertEqual((done.returncode, done.stderr if status else done.stdout),
            (status, said))

    def test_it_is_called_by_position_and_by_name(self):
        address = self.serve("127.0.0.1:0")
        self.expect(address, ["calculator.add", "2", "3.5"], "5.5\n")
        self.expect(address, ["calculator.add", '{"b": 2, "a": 1}'], "3.0\n")

    def test_its_errors_are_told(self):
        address = self.serve("127.0.0.1:0")
        self.expect(address, ["calculator.divide", "1", "0"],
            "troupe-bank: 422, nothing can be divided by 0\n", 1)

    def test_a_unix_socket_will_do(self):
        with tempfile.TemporaryDirectory() as folder:
            address = f"unix:{pathlib.Path(folder) / 'socket'}"
            self.serve(address)
            self.expect(address, ["calculator.add", "1", "1"], "2.0\n")


if __name__ == "__main__":
    PROGRAM, RPC = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()

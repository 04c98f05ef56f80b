#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs troupe-bank serve on a free port, and calls it as a stranger would: by a codec
that shares no code with it (small_bank.py), over TCP and a Unix socket.

    bank_server.py TROUPE_BANK
"""
import concurrent.futures
import itertools
import os
import pathlib
import random
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

import small_bank

LIMIT_S = 60
PREFIX = "listening on "


class Error(Exception):
    """The error of an answer: its elements."""


class Client:
    def __init__(self, address, trust=None):
        """trust: whom to trust by TLS."""
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(address.removeprefix("unix:"))
        else:
            host, port = address.rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)), LIMIT_S)
        self.socket.settimeout(LIMIT_S)
        if trust is not None:
            self.socket = trust.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.stream = self.socket.makefile("rb")
        self.ids = itertools.count(1)

    def read(self, count):
        got = self.stream.read(count)
        if len(got) < count:
            raise EOFError
        return got

    def send(self, method, params):
        number = next(self.ids)
        self.socket.sendall(small_bank.pack([0, number, method, params]))
        return number

    def answer(self):
        kind, number, error, result = small_bank.unpack(self.read)
        assert kind == 1
        return number, error, result

    def call(self, method, *params):
        number = self.send(method, list(params))
        answered, error, result = self.answer()
        assert answered == number
        if error is not None:
            raise Error(*error)
        return result

    def close(self):
        self.stream.close()
        self.socket.close()


class Server:
    def __init__(self, *options, listen="127.0.0.1:0"):
        self.process = subprocess.Popen([PROGRAM, "serve", "--listen", listen, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith(PREFIX):
            raise AssertionError(line + self.process.stderr.read())
        self.address = line.removeprefix(PREFIX).strip()

    def end(self):
        """Told to end; what it said is returned."""
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, said


class BankServer(unittest.TestCase):
    def start(self, *options, **named):
        server = Server(*options, **named)
        self.addCleanup(self.finish, server)
        return server

    def finish(self, server):
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()

    def connect(self, server):
        client = Client(server.address)
        self.addCleanup(client.close)
        return client

    def refused(self, code, call, *params):
        with self.assertRaises(Error) as caught:
            call(*params)
        self.assertEqual(caught.exception.args[0], code)
        return caught.exception.args

    def test_each_method_answers(self):
        client = self.connect(self.start())
        self.assertEqual(client.call("bank.open", "ann", 10000), 10000)
        self.assertEqual(client.call("bank.open", "bob", 0), 0)
        self.assertEqual(client.call("bank.deposit", "ann", 500), 10500)
        self.assertEqual(client.call("bank.withdraw", "ann", 1500), 9000)
        self.assertEqual(client.call("bank.transfer", "ann", "bob", 2500), [6500, 2500])
        self.assertEqual(client.call("bank.balance", "bob"), 2500)
        self.assertEqual(client.call("bank.total"), 9000)
        self.assertEqual(client.call("bank.history", "bob", 1), [{"id": 2,
            "kind": "transfer_in", "amount_cents": 2500, "balance_cents": 2500, "other": "ann"}])

    def test_parameters_may_have_names_and_methods_be_bytes(self):
        client = self.connect(self.start())
        self.assertEqual(client.call(b"bank.open", {"amount_cents": 7, "account": "ann"}), 7)
        self.assertEqual(client.call("bank.deposit", {"account": b"ann", "amount_cents": 1}), 8)

    def test_what_is_wrong_has_a_code(self):
        client = self.connect(self.start())
        client.call("bank.open", "ann", 100)
        self.refused(404, client.call, "bank.balance", "nobody")
        self.refused(409, client.call, "bank.withdraw", "ann", 101)
        self.refused(409, client.call, "bank.open", "ann", 1)
        self.refused(400, client.call, "bank.deposit", "ann", 0)
        self.assertIn("amount_cents", self.refused(400, client.call, "bank.deposit", "ann")[1])
        self.refused(405, client.call, "bank.close", "ann")
        self.refused(405, client.call, "bank.credit", "ann", "bob", 1, 5)

    def test_a_key_is_applied_once(self):
        client = self.connect(self.start())
        client.call("bank.open", "ann", 0)
        for key in ("one", b"two", 3):
            for _ in range(3):
                client.call("bank.deposit", "ann", 5, key)
        self.assertEqual(client.call("bank.balance", "ann"), 15)

    def test_the_total_stands_still_while_money_moves(self):
        server = self.start()
        client = self.connect(server)
        names = [f"account {i}" for i in range(10)]
        for name in names:
            client.call("bank.open", name, 1000)

        def move(seed):
            mover = Client(server.address)
            chance = random.Random(seed)
            for _ in range(20):
                for _ in range(25):
                    mover.send("bank.transfer",
                        [*chance.sample(names, 2), chance.randint(1, 100)])
                for _ in range(25):
                    mover.answer()
            mover.close()

        with concurrent.futures.ThreadPoolExecutor() as pool:
            movers = [pool.submit(move, seed) for seed in range(4)]
            totals = 0
            while totals < 20 or not all(mover.done() for mover in movers):
                self.assertEqual(client.call("bank.total"), 10000)
                totals += 1
            for mover in movers:
                mover.result()
        self.assertEqual(sum(client.call("bank.balance", name) for name in names), 10000)

    def test_a_stop_answers_what_was_asked_and_reports(self):
        server = self.start()
        client = self.connect(server)
        client.call("bank.open", "ann", 100)
        code, said = server.end()
        self.assertEqual(code, 0)
        self.assertIn("drained before the deadline", said)
        self.assertRaises(EOFError, client.answer)

    def test_a_signal_asks_what_its_actors_do(self):
        server = self.start()
        client = self.connect(server)
        client.call("bank.open", "ann", 100)
        server.process.send_signal(signal.SIGUSR1)
        said = ""
        while "bank_journal_actor" not in said:
            said += server.process.stderr.readline()
        self.assertEqual(client.call("bank.balance", "ann"), 100)

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name)

    def token(self, text):
        path = self.folder() / "token"
        path.write_bytes(text)
        return str(path)

    def certificate(self):
        """Files: a certificate for 127.0.0.1, signed by itself, and its key."""
        folder = self.folder()
        certificate, key = str(folder / "certificate.pem"), str(folder / "key.pem")
        try:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                "-days", "2", "-subj", "/CN=bank", "-addext", "subjectAltName=IP:127.0.0.1",
                "-out", certificate, "-keyout", key], check=True, capture_output=True)
        except FileNotFoundError:
            self.skipTest("there is no openssl program")
        return certificate, key

    def ask(self, command, server, *words):
        """By the program's own client: its exit status and what it prints or complains."""
        done = subprocess.run([PROGRAM, command, "--connect", server.address, *words],
            capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.assertEqual(done.stdout if done.returncode else done.stderr, "")
        return done.returncode, done.stderr or done.stdout

    def both(self, server, *options):
        """call and load, with the same options."""
        return (self.ask("call", server, *options, "bank.total"),
            self.ask("load", server, *options, "--requests", "50", "--accounts", "5",
                "--connections", "3"))

    def test_a_token_is_wanted_first(self):
        server = self.start("--token-file", self.token(b"sesame\n"))
        client = self.connect(server)
        self.refused(401, client.call, "bank.total")
        self.assertRaises(EOFError, client.answer)
        client = self.connect(server)
        self.assertEqual(client.call("troupe.auth", "sesame"), True)
        self.assertEqual(client.call("bank.total"), 0)

    def test_a_unix_socket_serves_and_goes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "bank"
            server = self.start(listen=f"unix:{path}")
            self.assertEqual(server.address, f"unix:{path}")
            client = self.connect(server)
            self.assertEqual(client.call("bank.open", "ann", 1), 1)
            self.assertEqual(server.end()[0], 0)
            self.assertFalse(path.exists())

    def test_its_clients_know_the_token(self):
        server = self.start("--token-file", self.token("sésame ".encode()))
        for end in (b"", b"\n", b"\r\n"):
            with self.subTest(end):
                told = self.token("sésame ".encode() + end)
                for code, said in self.both(server, "--token-file", told):
                    self.assertEqual((code, said != ""), (0, True))

    def test_a_server_without_a_token_lets_in_who_has_one(self):
        for code, _ in self.both(self.start(), "--token-file", self.token(b"sesame")):
            self.assertEqual(code, 0)

    def test_who_has_not_the_token_is_told_so(self):
        server = self.start("--token-file", self.token(b"sesame"))
        for code, said in self.both(server, "--token-file", self.token(b"simsim")):
            self.assertEqual(code, 1)
            self.assertRegex(said, "401, this is not the token; --token-file says")
        for code, said in self.both(server):
            self.assertEqual(code, 1)
            self.assertRegex(said, "401, the first request has to be troupe.auth.*; --token-file")

    def test_a_file_that_holds_no_token_is_refused(self):
        server = self.start()
        folder = str(self.folder())
        for file, why in ((f"{folder}/none", "none cannot be read: No such file"),
                (folder, "cannot be read: Is a directory"),
                (self.token(b""), "is empty"), (self.token(b"\r\n"), "is empty"),
                (self.token(b"two\nlines\n"), "alone, as one line"),
                (self.token(b"a\0b"), "alone, as one line"),
                (self.token(b"\xff"), "one line of UTF-8"),
                (self.token(b"x" * 1025), "a token has at most 1024 bytes"),
                (self.token(b"x" * 5000), "a token has at most 1024 bytes")):
            with self.subTest(why):
                asked = [self.fails("--listen", "127.0.0.1:0", "--token-file", file),
                    *self.both(server, "--token-file", file)]
                for code, said in asked:
                    self.assertEqual(code, 2)
                    self.assertIn(why, said)
        longest = self.token(b"x" * 1024 + b"\r\n")
        self.assertEqual(self.ask("call", server, "--token-file", longest, "bank.total")[0], 0)

    def test_by_tls_it_serves_who_trusts_it(self):
        certificate, key = self.certificate()
        code, said = self.fails("--listen", "127.0.0.1:0", "--tls-key", key)
        self.assertEqual(code, 2)
        self.assertIn("--tls-certificate", said)
        server = self.start("--tls-certificate", certificate, "--tls-key", key)
        trust = ssl.create_default_context(cafile=certificate)
        client = Client(server.address, trust)
        self.addCleanup(client.close)
        self.assertEqual(client.call("bank.open", "ann", 5), 5)
        self.assertRaises(ssl.SSLError, Client, server.address, ssl.create_default_context())

    def test_its_clients_speak_tls(self):
        certificate, key = self.certificate()
        token = self.token(b"sesame")
        server = self.start("--tls-certificate", certificate, "--tls-key", key,
            "--token-file", token)
        for code, _ in self.both(server, "--tls-authority", certificate, "--token-file", token):
            self.assertEqual(code, 0)
        for code, said in self.both(server, "--tls-authority", self.certificate()[0]):
            self.assertEqual(code, 1)
            self.assertIn("certificate is not trusted", said)
        for file in ("/none", key):
            for code, said in self.both(server, "--tls-authority", file):
                self.assertEqual(code, 2)
                self.assertRegex(said, f"--tls-authority: .*{file} (is no|cannot be)")

    def test_where_there_is_no_server_it_is_not_the_token_that_is_wrong(self):
        folder = self.folder()
        for command, words in (("call", ("bank.total",)), ("load", ())):
            done = subprocess.run([PROGRAM, command, "--connect", f"unix:{folder}/none",
                "--token-file", self.token(b"sesame"), *words], capture_output=True, text=True,
                timeout=LIMIT_S, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, "(no connection to|no answer: cannot connect).*is the "
                "server running")

    def test_one_with_tls_and_one_without_do_not_understand_each_other(self):
        certificate, key = self.certificate()
        for code, said in self.both(self.start(), "--tls-authority", certificate):
            self.assertEqual(code, 1)
            self.assertIn("is no TLS", said)
        server = self.start("--tls-certificate", certificate, "--tls-key", key)
        for code, said in self.both(server):
            self.assertEqual(code, 1)
            self.assertIn("closed the connection", said)
            self.assertIn("If it speaks TLS, --tls-authority says whom to trust", said)

    def test_a_unix_socket_has_no_certificate(self):
        certificate, _ = self.certificate()
        server = self.start(listen=f"unix:{self.folder()}/bank")
        for code, said in self.both(server, "--tls-authority", certificate):
            self.assertEqual(code, 2)
            self.assertIn("no certificate for a Unix socket", said)

    def fails(self, *options):
        done = subprocess.run([PROGRAM, "serve", *options], capture_output=True, text=True,
            timeout=LIMIT_S, check=False)
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def test_where_it_cannot_listen_it_says_so(self):
        code, said = self.fails("--listen", "0.0.0.0:0")
        self.assertEqual(code, 1)
        self.assertIn("allow", said)
        code, said = self.fails("--listen", "nonsense")
        self.assertEqual(code, 1)
        self.assertIn("nonsense", said)
        server = self.start()
        code, said = self.fails("--listen", server.address)
        self.assertEqual(code, 1)
        self.assertIn("in use", said)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)

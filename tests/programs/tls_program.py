#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs examples/tls, with certificates that the openssl program makes, and lets
strangers talk to it: Python's ssl, openssl s_client; and its own client.

    tls_program.py TLS
"""
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

LIMIT_S = 60
PREFIX = "listening on 127.0.0.1:"
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=LIMIT_S)


def make_certificates(folder):
    """authority.pem, and server.pem that it has signed, for bank.test."""
    os.chdir(folder)
    openssl("req", "-x509", *CURVE, "-keyout", "authority.key", "-out", "authority.pem",
            "-subj", "/CN=authority", "-days", "2")
    openssl("req", *CURVE, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=bank")
    with open("names", "w", encoding="ascii") as names:
        names.write("subjectAltName=DNS:bank.test\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem")


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        make_certificates(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        os.chdir("/")
        cls.folder.cleanup()

    def setUp(self):
        self.server = subprocess.Popen([PROGRAM, "serve", "server.pem", "server.key"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.server.stdout.readline()
        self.assertTrue(line.startswith(PREFIX), line)
        self.port = int(line.removeprefix(PREFIX))

    def tearDown(self):
        self.server.stdin.close()
        self.assertEqual(self.server.wait(LIMIT_S), 0)
        self.server.stdout.close()

    def connect(self, name="bank.test", authority="authority.pem"):
        context = ssl.create_default_context(cafile=authority)
        peer = socket.create_connection(("127.0.0.1", self.port), LIMIT_S)
        return context.wrap_socket(peer, server_hostname=name, suppress_ragged_eofs=False)

    def ask(self, port, name):
        run = subprocess.run([PROGRAM, "ask", "authority.pem", f"127.0.0.1:{port}", name],
                             capture_output=True, text=True, timeout=LIMIT_S, check=True)
        return run.stdout

    def test_python_is_answered_and_told_of_the_end(self):
        with self.connect() as peer:
            for sent in (b"hello", b"!" * 100000):
                peer.sendall(sent)
                back = b""
                while len(back) < len(sent):
                    back += peer.recv(len(sent))
                self.assertEqual(back, sent)
            peer.unwrap().close()

    def test_python_checks_who_it_is(self):
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.connect("robber.test")

    def test_s_client_is_answered(self):
        with subprocess.Popen(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-CAfile",
                 "authority.pem", "-verify_return_error", "-verify_hostname", "bank.test",
                 "-quiet", "-no_ign_eof"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as client:
            client.stdin.write(b"hello\n")
            client.stdin.flush()
            self.assertEqual(client.stdout.readline(), b"hello\n")
            client.stdin.close()
            self.assertEqual(client.wait(LIMIT_S), 0)

    def test_our_client_is_answered_and_checks_who_it_is(self):
        self.assertEqual(self.ask(self.port, "bank.test"), "hello\nthe client stopped\n")
        self.assertIn("for another host", self.ask(self.port, "robber.test"))

    def test_a_file_that_is_wrong_is_named(self):
        run = subprocess.run([PROGRAM, "serve", "server.pem", "authority.key"],
                             capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn("authority.key", run.stderr)

    def test_it_ends_while_some_are_connected(self):
        with self.connect() as peer:
            peer.sendall(b"hello")
            self.assertEqual(peer.recv(5), b"hello")
            self.server.stdin.close()
            self.assertEqual(self.server.wait(LIMIT_S), 0)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)

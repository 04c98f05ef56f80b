#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs examples/echo on a free port and talks to it: one client, a hundred at a time,
one that says first that it sends no more; then ends it while some are connected.

    echo_program.py ECHO
"""
import socket
import subprocess
import sys
import unittest

LIMIT_S = 60
PREFIX = "listening on 127.0.0.1:"


class Echo(unittest.TestCase):
    def setUp(self):
        self.server = subprocess.Popen([PROGRAM], stdout=subprocess.PIPE, text=True)
        line = self.server.stdout.readline()
        self.assertTrue(line.startswith(PREFIX), line)
        self.port = int(line.removeprefix(PREFIX))

    def tearDown(self):
        self.server.terminate()
        self.assertEqual(self.server.wait(LIMIT_S), 0)
        self.server.stdout.close()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), LIMIT_S)

    def expect(self, peer, sent):
        peer.sendall(sent)
        back = b""
        while len(back) < len(sent):
            back += peer.recv(len(sent))
        self.assertEqual(back, sent)

    def test_what_is_sent_comes_back(self):
        with self.connect() as peer:
            self.expect(peer, b"Is there anybody there?")
            self.expect(peer, b"!" * 100000)

    def test_a_hundred_are_served_at_a_time(self):
        peers = [self.connect() for _ in range(100)]
        for number, peer in enumerate(peers):
            self.expect(peer, b"number %d" % number)
        for peer in peers:
            peer.close()

    def test_who_sends_no_more_still_gets_all(self):
        with self.connect() as peer:
            peer.sendall(b"last words")
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(peer.makefile("rb").read(), b"last words")

    def test_it_ends_while_some_are_connected(self):
        with self.connect() as peer:
            self.expect(peer, b"hello")
            self.server.terminate()
            self.assertEqual(peer.recv(1), b"")


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)

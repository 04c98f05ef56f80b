#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs examples/chat and examples/key_value, each on a free port, and talks to them.

    line_servers.py CHAT KEY_VALUE
"""
import signal
import socket
import subprocess
import sys
import unittest

LIMIT_S = 60
PREFIX = "listening on 127.0.0.1:"


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        self.lines = self.socket.makefile("r", encoding="ascii")

    def send(self, text):
        self.socket.sendall(text.encode("ascii"))

    def read(self):
        return self.lines.readline()

    def close(self):
        self.lines.close()
        self.socket.close()


class Server(unittest.TestCase):
    def start(self, program):
        self.clients = []
        self.server = subprocess.Popen([program], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
        line = self.server.stdout.readline()
        self.assertTrue(line.startswith(PREFIX), line)
        self.port = int(line.removeprefix(PREFIX))

    def tearDown(self):
        self.server.send_signal(signal.SIGTERM)
        report = self.server.communicate(timeout=LIMIT_S)[1]
        self.assertEqual(self.server.returncode, 0, report)
        self.assertIn("SIGTERM: stopping", report)
        self.assertRegex(report, "drained before the deadline +yes")
        for client in self.clients:
            client.close()

    def connect(self):
        self.clients.append(Client(self.port))
        return self.clients[-1]


class Chat(Server):
    def setUp(self):
        self.start(CHAT)

    def enter(self, name):
        guest = self.connect()
        guest.send(name + "\n")
        self.assertEqual(guest.read(), f"* {name} is here\n")
        return guest

    def test_what_one_says_all_hear_in_its_order(self):
        anna = self.enter("anna")
        bert = self.enter("bert")
        self.assertEqual(anna.read(), "* bert is here\n")
        bert.send("hel")
        bert.send("lo\r\nis anybody there?\n")
        for guest in (anna, bert):
            self.assertEqual(guest.read(), "bert: hello\n")
            self.assertEqual(guest.read(), "bert: is anybody there?\n")

    def test_who_has_gone_is_missed_by_nobody(self):
        anna = self.enter("anna")
        bert = self.enter("bert")
        self.assertEqual(anna.read(), "* bert is here\n")
        self.clients.remove(bert)
        bert.close()
        anna.send("alone?\n")
        self.assertEqual(anna.read(), "anna: alone?\n")

    def test_a_line_without_end_shows_its_sender_out(self):
        anna = self.enter("anna")
        anna.send("x" * 600)
        self.assertEqual(anna.read(), "")


class KeyValue(Server):
    def setUp(self):
        self.start(KEY_VALUE)

    def test_what_one_sets_another_gets(self):
        one, other = self.connect(), self.connect()
        one.send("set colour dark green\nget colour\n")
        self.assertEqual(one.read(), "ok\n")
        self.assertEqual(one.read(), "dark green\n")
        other.send("get colour\nget size\nset colour red\nget colour\n")
        self.assertEqual([other.read() for _ in range(4)],
                         ["dark green\n", "(none)\n", "ok\n", "red\n"])

    def test_what_it_does_not_know_it_explains(self):
        client = self.connect()
        for line in ("put a b\n", "get\n", "\n", "set a\n"):
            client.send(line)
            self.assertEqual(client.read(), "set KEY VALUE, or get KEY\n")

    def test_it_is_full_at_a_thousand_keys(self):
        client = self.connect()
        for i in range(1000):
            client.send(f"set key{i} {i}\n")
            self.assertEqual(client.read(), "ok\n")
        client.send("set more 1\nset key7 seven\nget key7\n")
        self.assertEqual([client.read() for _ in range(3)], ["full\n", "ok\n", "seven\n"])


if __name__ == "__main__":
    KEY_VALUE = sys.argv.pop()
    CHAT = sys.argv.pop()
    unittest.main()

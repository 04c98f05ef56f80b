#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Calls troupe-bank serve by Debian's python3-msgpack, a codec that others wrote.

    rpc_strangers.py TROUPE_BANK

Exits 77, and says why, where there is no such codec.
"""
import itertools
import random
import signal
import socket
import subprocess
import sys
import unittest

try:
    import msgpack
except ImportError:
    print("skipped: this Python has no msgpack; apt install python3-msgpack")
    sys.exit(77)

LIMIT_S = 60
PREFIX = "listening on 127.0.0.1:"


class Peer:
    def __init__(self, port, **packing):
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        self.packing = packing
        self.unpacker = msgpack.Unpacker(raw=False)
        self.ids = itertools.count(1)

    def pack(self, method, params):
        number = next(self.ids)
        return number, msgpack.packb([0, number, method, params], **self.packing)

    def answer(self):
        while True:
            for kind, number, error, result in self.unpacker:
                assert kind == 1
                return number, error, result
            got = self.socket.recv(65536)
            if not got:
                raise EOFError
            self.unpacker.feed(got)

    def call(self, method, *params):
        number, frame = self.pack(method, list(params))
        self.socket.sendall(frame)
        answered, error, result = self.answer()
        assert answered == number
        return error if error is not None else result


class Strangers(unittest.TestCase):
    def setUp(self):
        self.server = subprocess.Popen([PROGRAM, "serve", "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.server.stdout.readline()
        self.assertTrue(line.startswith(PREFIX), line)
        self.port = int(line.removeprefix(PREFIX))
        self.peers = []

    def tearDown(self):
        for peer in self.peers:
            peer.socket.close()
        self.server.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(LIMIT_S), 0)
        self.server.stdout.close()

    def connect(self, **packing):
        self.peers.append(Peer(self.port, **packing))
        return self.peers[-1]

    def test_text_as_str_and_as_the_bytes_of_old(self):
        peer = self.connect(use_bin_type=False) # all text is raw
        self.assertEqual(peer.call("bank.open", "ann", 10), 10)
        peer = self.connect(use_bin_type=True)
        self.assertEqual(peer.call(b"bank.balance", b"ann"), 10)
        self.assertEqual(peer.call("bank.balance", {"account": "ann"}), 10)

    def test_whole_numbers_of_any_size(self):
        peer = self.connect()
        peer.call("bank.open", "ann", 0)
        balance = 0
        for amount in (1, 127, 128, 255, 256, 65535, 65536, 2**31, 2**32, 2**40):
            balance += amount
            self.assertEqual(peer.call("bank.deposit", "ann", amount), balance)
        self.assertEqual(peer.call("bank.deposit", "ann", -1)[0], 400)
        self.assertEqual(peer.call("bank.deposit", "ann", 2**63)[0], 400)
        self.assertEqual(peer.call("bank.deposit", "ann", 1.5)[0], 400)

    def test_many_at_a_time_in_pieces_of_any_size(self):
        peer = self.connect()
        peer.call("bank.open", "ann", 0)
        chance = random.Random(1)
        frames = dict(peer.pack("bank.deposit", ["ann", 1]) for _ in range(1000))
        data = b"".join(frames.values())
        while data:
            size = chance.choice([1, 2, 3, 100, 5000])
            peer.socket.sendall(data[:size])
            data = data[size:]
        for _ in range(1000):
            number, error, result = peer.answer()
            self.assertIsNone(error)
            self.assertTrue(1 <= result <= 1000)
            del frames[number]
        self.assertEqual(frames, {})
        self.assertEqual(peer.call("bank.total"), 1000)

    def test_what_it_says_of_itself_can_be_read(self):
        described = self.connect().call("troupe.describe")
        methods = {method["name"]: method for method in described[0]["methods"]}
        self.assertEqual(described[0]["name"], "bank")
        self.assertEqual([field["name"] for field in methods["transfer"]["params"]],
            ["from", "to", "amount_cents", "key"])

    def test_a_history_can_be_read(self):
        peer = self.connect()
        peer.call("bank.open", "ann", 5)
        self.assertEqual(peer.call("bank.history", "ann", 9), [{"id": 1, "kind": "open",
            "amount_cents": 5, "balance_cents": 5, "other": None}])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sends a server of MessagePack-RPC what nobody should: frames cut short, nested, of
lengths that are lies, random bytes, and valid ones with some bytes changed. After each
few hundred it asks something decent; in the end the server must not have grown.

    hostile_rpc.py TROUPE_BANK [SECONDS [SEED]]
"""
import os
import random
import socket
import sys
import time

from bank_server import Client, Server
import bank_server
import small_bank

GROWTH_MAX = 16 << 20  # caches of messages and of the system's memory, once filled
# An address sanitizer keeps what was freed, 256 MiB of it unless told otherwise.
QUARANTINE = "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
LENGTHS = (b"\xdd", b"\xdf", b"\xdb", b"\xc6", b"\xc9")  # with 32 bits


def decent(chance):
    method = chance.choice(["bank.deposit", "bank.transfer", "bank.total", "bank.history",
        "troupe.describe", "bank.open", b"bank.balance", "", "x" * chance.randint(0, 500)])
    params = [chance.choice(["ann", "bob", 5, -1, None, 2.5, [], {"account": "ann"}, b"\0"])
        for _ in range(chance.randint(0, 5))]
    return small_bank.pack([0, chance.getrandbits(32), method, params])


def changed(chance):
    frame = bytearray(decent(chance))
    for _ in range(chance.randint(1, 4)):
        frame[chance.randrange(len(frame))] = chance.getrandbits(8)
    return bytes(frame)


def cut_short(chance):
    frame = decent(chance)
    return frame[:chance.randrange(len(frame))]


def nested(chance):
    return b"\x94\x00\x01\xa1x" + chance.choice([b"\x91", b"\x81\xc0"]) * chance.randint(1, 5000)


def liar(chance):
    return b"\x94\x00\x01\xa1x" + chance.choice(LENGTHS) + chance.randbytes(4)


def noise(chance):
    return chance.randbytes(chance.randint(1, 300))


def attack(address, chance):
    """One connection; the server may close it at any time."""
    try:
        with socket.create_connection(address, 60) as peer:
            for _ in range(chance.randint(1, 5)):
                kind = chance.choice([decent, changed, cut_short, nested, liar, noise])
                peer.sendall(kind(chance))
            if chance.random() < 0.5:
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65536):
                    pass
    except OSError:
        pass


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def ask(server, total):
    client = Client(server.address)
    assert client.call("bank.balance", "good") == total, "the server's answer is wrong"
    client.close()


def main():
    bank_server.PROGRAM = sys.argv[1]
    options = os.environ.get("ASAN_OPTIONS")
    os.environ["ASAN_OPTIONS"] = f"{options}:{QUARANTINE}" if options else QUARANTINE
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.getrandbits(32)
    chance = random.Random(seed)
    server = Server()
    host, port = server.address.rsplit(":", 1)
    client = Client(server.address)
    client.call("bank.open", "good", 77)
    client.close()
    for _ in range(500):
        attack((host, int(port)), chance)
    before = resident(server.process.pid)
    count = 500
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(200):
            attack((host, int(port)), chance)
        count += 200
        ask(server, 77)
    grown = resident(server.process.pid) - before
    code, said = server.end()
    print(f"seed={seed}: {count} connections, grown by {grown >> 10} KiB")
    if code != 0 or grown > GROWTH_MAX:
        sys.exit(f"seed={seed}: exit {code}, grown by {grown} bytes\n{said[-2000:]}")


if __name__ == "__main__":
    main()

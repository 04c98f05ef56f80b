#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Opens many connections to troupe-bank serve. Each is answered; then a tenth of them ask
for much and read one byte a round, while the others are answered as before; in the end
the slow ones have got all that they asked for. It says how large the server became.

    many_connections.py TROUPE_BANK [CONNECTIONS]

As many as the limit of open files allows, if that is less.
"""
import resource
import sys

import bank_server
import small_bank
from bank_server import Client, Server

ROUNDS = 5
HISTORIES = 40  # that a slow one asks for; each is some 10 KiB
CHANGES = 100


def raise_files():
    """The hard limit is for the server and this program alike."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def answer_all(clients):
    for client in clients:
        client.send("bank.balance", ["ann"])
    for client in clients:
        _, error, result = client.answer()
        assert error is None and result == CHANGES, (error, result)


class Slow(Client):
    """Reads a byte when it is told to, and keeps it."""

    def begin(self):
        self.got = b""
        for _ in range(HISTORIES):
            self.send("bank.history", ["ann", CHANGES])

    def read_a_byte(self):
        self.got += self.socket.recv(1)

    def finish(self):
        def read(count):
            from_got, self.got = self.got[:count], self.got[count:]
            return from_got + (Client.read(self, count - len(from_got))
                if len(from_got) < count else b"")

        for _ in range(HISTORIES):
            kind, _, error, result = small_bank.unpack(read)
            assert kind == 1 and error is None and len(result) == CHANGES


def main():
    bank_server.PROGRAM = sys.argv[1]
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    count = min(wanted, raise_files() - 100)
    server = Server("--connections", str(count + 1))
    first = Client(server.address)
    first.call("bank.open", "ann", 0)
    for _ in range(CHANGES):
        first.call("bank.deposit", "ann", 1)
    small = resident(server.process.pid)
    clients = [Client(server.address) for _ in range(count)]
    answer_all(clients)
    each = (resident(server.process.pid) - small) / count
    slow = clients[:count // 10]
    for client in slow:
        client.__class__ = Slow
        client.begin()
    for _ in range(ROUNDS):
        for client in slow:
            client.read_a_byte()
        answer_all(clients[count // 10:])
    held = resident(server.process.pid) - small
    for client in slow:
        client.finish()
    answer_all(clients)
    code, said = server.end()
    print(f"{count} connections, {each:.0f} bytes each; with {len(slow)} that do not read "
          f"{held >> 20} MiB; of {wanted} wanted")
    if code != 0:
        sys.exit(f"exit {code}\n{said[-2000:]}")


if __name__ == "__main__":
    main()

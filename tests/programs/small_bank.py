# SPDX-License-Identifier: BSD-2-Clause
"""A small bank for tests of its clients: MessagePack-RPC and RESP, on a port of this
process. Its codec shares no code with troupe's. What it does wrong is a subclass's."""
import socketserver
import struct
import threading


def pack(value):
    """As other packers than troupe's might: whole numbers in 64 bits, text in str 16."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return struct.pack(">Bq", 0xd3, value)
    if isinstance(value, float):
        return struct.pack(">Bd", 0xcb, value)
    if isinstance(value, str):
        return struct.pack(">BH", 0xda, len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return struct.pack(">BH", 0xc5, len(value)) + value
    if isinstance(value, dict):
        pairs = b"".join(pack(key) + pack(of) for key, of in value.items())
        return struct.pack(">BH", 0xde, len(value)) + pairs
    return struct.pack(">BH", 0xdc, len(value)) + b"".join(map(pack, value))


def unpack(read):
    """The next value; read(n) gives n bytes or raises EOFError."""
    tag = read(1)[0]
    if tag <= 0x7f or tag >= 0xe0:
        return tag if tag <= 0x7f else tag - 256
    if tag <= 0x9f:
        return unpack_many(read, tag & 0xf) if tag >= 0x90 else unpack_map(read, tag & 0xf)
    if tag <= 0xbf:
        return read(tag & 0x1f).decode()
    if tag in (0xc0, 0xc2, 0xc3):
        return {0xc0: None, 0xc2: False, 0xc3: True}[tag]
    form, make = {0xca: (">f", None), 0xcb: (">d", None), 0xcc: (">B", None), 0xcd: (">H", None),
        0xce: (">I", None), 0xcf: (">Q", None), 0xd0: (">b", None), 0xd1: (">h", None),
        0xd2: (">i", None), 0xd3: (">q", None), 0xd9: (">B", "text"), 0xda: (">H", "text"),
        0xdb: (">I", "text"), 0xdc: (">H", "array"), 0xdd: (">I", "array"),
        0xde: (">H", "map"), 0xdf: (">I", "map")}[tag]
    number, = struct.unpack(form, read(struct.calcsize(form)))
    if make == "text":
        return read(number).decode()
    if make == "array":
        return unpack_many(read, number)
    return unpack_map(read, number) if make == "map" else number


def unpack_many(read, count):
    return [unpack(read) for _ in range(count)]


def unpack_map(read, count):
    return {unpack(read): unpack(read) for _ in range(count)}


class Refused(Exception):
    """An answer by an error: its elements."""


class Bank:
    """`calls` are all that it was asked. One request is done at a time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.accounts = {}
        self.calls = []

    def call(self, method, params):
        with self.lock:
            self.calls.append((method, params))
            known = {"bank.open": self.open, "bank.deposit": self.deposit,
                "bank.withdraw": self.withdraw, "bank.transfer": self.transfer,
                "bank.balance": self.balance, "bank.total": self.total}.get(method)
            if known is None:
                raise Refused(405, f"there is no method {method}")
            return known(*params)

    def open(self, account, cents):
        if account in self.accounts:
            raise Refused(409, f"there is an account {account} already")
        self.accounts[account] = cents
        return cents

    def deposit(self, account, cents):
        self.accounts[account] = self.balance(account) + cents
        return self.accounts[account]

    def withdraw(self, account, cents):
        if self.balance(account) < cents:
            raise Refused(409, "insufficient funds")
        return self.deposit(account, -cents)

    def transfer(self, sender, receiver, cents):
        return [self.withdraw(sender, cents), self.deposit(receiver, cents)]

    def balance(self, account):
        if account not in self.accounts:
            raise Refused(404, f"there is no account {account}")
        return self.accounts[account]

    def total(self):
        return sum(self.accounts.values())


def read_from(stream):
    def read(count):
        data = stream.read(count)
        if len(data) < count:
            raise EOFError
        return data
    return read


class RpcHandler(socketserver.StreamRequestHandler):
    def answer(self, request_id, method, params):
        try:
            return pack([1, request_id, None, self.server.bank.call(method, params)])
        except Refused as why:
            return pack([1, request_id, list(why.args), None])

    def handle(self):
        read = read_from(self.rfile)
        try:
            while True:
                _, request_id, method, params = unpack(read)
                self.send(self.answer(request_id, method, params))
        except (EOFError, OSError):
            pass

    def send(self, data):
        self.wfile.write(data)


class RespHandler(socketserver.StreamRequestHandler):
    def handle(self):
        while line := self.rfile.readline():
            words = [self.word() for _ in range(int(line[1:]))]
            self.wfile.write(self.answer(*words))

    def word(self):
        data = self.rfile.read(int(self.rfile.readline()[1:]) + 2)
        return data[:-2].decode()

    def answer(self, command, account, cents="0"):
        bank = self.server.bank
        if command == "SET":
            bank.accounts[account] = int(cents)
            return b"+OK\r\n"
        if command == "GET":
            text = str(bank.call("bank.balance", [account])).encode()
            return b"$%d\r\n%s\r\n" % (len(text), text)
        sign = -1 if command == "DECRBY" else 1
        return b":%d\r\n" % bank.call("bank.deposit", [account, sign * int(cents)])


class Serving(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    def __init__(self, bank, handler=RpcHandler, port=0):
        super().__init__(("127.0.0.1", port), handler)
        self.bank = bank
        self.address = "127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}).start()

    def end(self):
        self.shutdown()
        self.server_close()

# SPDX-License-Identifier: BSD-2-Clause
"""What the actors of a stopped program do: commands for gdb, on a process or a core file.

    (gdb) source troupe-gdb.py
    (gdb) troupe actors           each living actor: its behaviour, state, mail
    (gdb) troupe mailbox <0.3.1>  the messages that wait for it, the oldest first
    (gdb) troupe workers          each worker, and what it runs

Nothing is called in the program: all is read from its memory by the library's debug
information (-g). A pid is as troupe prints it, <runtime.slot.incarnation>, or the slot
alone. What is read may have been stopped in the middle of a change: a list that leads
nowhere ends with a line that says so.
"""
import struct

import gdb
import gdb.types

LISTED_MAX = 1000  # messages of one list
INBOX_AWAKE = 1
CHUNK_SLOTS = 4096
LIMIT_BYTES_BITS = 40
LIMIT_CONGESTED = 1 << 63
FLAGS = (("TP_ACTOR_IS_SUSPENDED", "suspended"), ("TP_ACTOR_IS_STOPPING", "stopping"),
    ("TP_ACTOR_IS_PAUSED", "paused"))


# ---- MessagePack ------------------------------------------------------------------

class Broken(Exception):
    """Bytes that are no MessagePack value."""


class Pid(int):
    """A pid, as its 64 bits."""

    def __repr__(self):
        return pid_text(self)


class Reader:
    """Reads values from bytes, one after the other."""

    FIXED = {0xca: ">f", 0xcb: ">d", 0xcc: ">B", 0xcd: ">H", 0xce: ">I", 0xcf: ">Q",
        0xd0: ">b", 0xd1: ">h", 0xd2: ">i", 0xd3: ">q"}
    # Of the tags with a length: its format, and what follows.
    SIZED = {0xc4: (">B", "bin"), 0xc5: (">H", "bin"), 0xc6: (">I", "bin"),
        0xd9: (">B", "str"), 0xda: (">H", "str"), 0xdb: (">I", "str"),
        0xdc: (">H", "array"), 0xdd: (">I", "array"), 0xde: (">H", "map"),
        0xdf: (">I", "map"), 0xc7: (">B", "ext"), 0xc8: (">H", "ext"), 0xc9: (">I", "ext")}

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise Broken
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def value(self, depth=0):
        if depth > 16:
            raise Broken
        tag = self.take(1)[0]
        if tag < 0x80:
            return tag
        if tag >= 0xe0:
            return tag - 0x100
        if tag < 0x90:
            return self.body("map", tag & 15, depth)
        if tag < 0xa0:
            return self.body("array", tag & 15, depth)
        if tag < 0xc0:
            return self.body("str", tag & 31, depth)
        if tag in (0xc0, 0xc2, 0xc3):
            return {0xc0: None, 0xc2: False, 0xc3: True}[tag]
        if tag in self.FIXED:
            return self.number(self.FIXED[tag])
        if 0xd4 <= tag <= 0xd8:
            return self.body("ext", 1 << tag - 0xd4, depth)
        if tag in self.SIZED:
            form, kind = self.SIZED[tag]
            return self.body(kind, self.number(form), depth)
        raise Broken

    def body(self, kind, count, depth):
        if kind == "str":
            return self.take(count).decode("utf-8", "replace")
        if kind == "bin":
            return self.take(count)
        if kind == "ext":
            of, data = self.number(">b"), self.take(count)
            return Pid(int.from_bytes(data, "big")) if (of, count) == (1, 8) else data
        if count > len(self.data):
            raise Broken
        if kind == "array":
            return [self.value(depth + 1) for _ in range(count)]
        return {repr(self.value(depth + 1)): self.value(depth + 1) for _ in range(count)}


# ---- the program's data -----------------------------------------------------------

def pid_text(pid):
    pid = int(pid)
    if pid == 0:
        return "nobody"
    return f"<{pid >> 28 & 15}.{pid & (1 << 28) - 1}.{pid >> 32}>"


def table(name, element, member):
    """A static array of pointers to a struct that has such a member. Where the program
    was optimized as a whole the file of a variable is not known any more."""
    for symbol in gdb.lookup_static_symbols(name):
        value = symbol.value()
        if str(symbol.type.strip_typedefs().target()) == f"struct {element} *" and (
                not value.is_optimized_out and
                gdb.types.has_field(symbol.type.target().target(), member)):
            return value
    raise gdb.GdbError(f"there are no {name}: is this a program that uses troupe, with the "
        "library's debug information?")


def constant(name):
    return int(gdb.parse_and_eval(name))


def runtimes():
    found = table("runtimes", "troupe_runtime", "registry")
    low, high = found.type.range()
    return [found[i].dereference() for i in range(low, high + 1) if int(found[i]) != 0]


def slots(runtime):
    registry = runtime["registry"]
    for index in range(int(registry["slots_count"])):
        chunk = registry["chunks"][index // CHUNK_SLOTS]
        if int(chunk) != 0:
            yield chunk[index % CHUNK_SLOTS]


def is_alive(actor):
    return int(actor["table"]) != 0


def workers(runtime):
    """The selves of a runtime's workers, and the workers of its scheduler; those of
    actors with threads of their own last."""
    scheduler = runtime["scheduler"].dereference()
    for i in range(int(scheduler["workers_count"])):
        yield runtime["workers"][i], scheduler["workers"][i]
    own = runtime["own_threads"]
    for i in range(int(own["count"])):
        self = own["threads"][i]["self"]
        if int(self) != 0 and bool(own["threads"][i]["is_taken"]):
            yield self.dereference(), self["worker"].dereference()


def worker_of(runtime, actor):
    """The self of the worker that runs the actor, or None."""
    for own, _ in workers(runtime):
        if int(own["actor"]) == int(actor.address):
            return own
    return None


def schema_of(number):
    """(name, names of the fields), by the message's number."""
    index = number - 1
    if index < 0:
        return "?", []
    chunks = table("chunks", "chunk", "entries")
    per_chunk = chunks.type.target().target()["entries"].type.sizeof // 8
    chunk = chunks[index // per_chunk]
    entry = chunk["entries"][index % per_chunk] if int(chunk) != 0 else chunk
    if int(entry) == 0:
        return "?", []
    described = entry["described"]
    schema = described.dereference() if int(described) != 0 else entry["named"]
    fields = [schema["fields"][i]["name"].string()
        for i in range(int(schema["fields_count"])) if int(schema["fields"]) != 0]
    return schema["name"].string(), fields


def kind_of(message):
    for field in gdb.lookup_type("enum tp_message_kind").fields():
        if field.enumval == int(message["kind"]):
            return field.name.replace("TP_MESSAGE_", "").lower()
    return "?"


def payload_of(message):
    """Its bytes; a shared message has them in another one, whose address it holds."""
    memory = gdb.selected_inferior()
    address = int(message["payload"].address)
    if kind_of(message) == "shared":
        content = int.from_bytes(memory.read_memory(address, 8), "little")
        address = int(gdb.Value(content).cast(message.type.pointer())["payload"].address)
    return bytes(memory.read_memory(address, int(message["payload_size"])))


def fields_text(message, names):
    data = payload_of(message)
    try:
        value = Reader(data).value()
    except Broken:
        return f"{{{len(data)} bytes that are no MessagePack}}"
    if not isinstance(value, list):
        return f"{{{value!r}}}"
    names = names + ["?"] * (len(value) - len(names))
    return "{" + ", ".join(f"{name}: {item!r}" for name, item in zip(names, value)) + "}"


def in_place(message):
    """The message that waits in a place, which begins with its address."""
    address = message["payload"].address.cast(message.type.pointer().pointer())
    return address.dereference().dereference()


def message_text(message):
    kind = kind_of(message)
    if kind == "place":
        return "latest " + message_text(in_place(message))
    text = f"{kind} from {pid_text(message['sender'])}"
    if kind in ("tell", "shared", "request", "reply"):
        name, names = schema_of(int(message["schema"]))
        has_payload = kind != "reply" or int(message["err"]) == 0
        text += f": {name} {fields_text(message, names) if has_payload else '(no reply)'}"
    if kind in ("request", "reply"):
        text += f", request {int(message['request']):#x}"
    return text


def listed(first):
    """The messages of a list, up to what cannot be read."""
    for _ in range(LISTED_MAX):
        if int(first) == 0:
            return
        message = first.dereference()
        message.fetch_lazy()
        yield message
        first = message["next"]


# ---- what is printed --------------------------------------------------------------

def state_of(runtime, actor):
    flags = int(actor["flags"])
    own = worker_of(runtime, actor)
    for name, text in FLAGS:
        if flags & constant(name):
            on = f" on {pid_text(actor['paused_on'])}" if text == "paused" else ""
            return text + on
    if own is not None:
        return f"running on worker {int(own['worker']['index'])}"
    return "asleep" if int(actor["inbox"]["head"]) == 0 else "ready"


def actor_text(runtime, actor):
    held = int(actor["limit"]["held"])
    counted = held & ~LIMIT_CONGESTED
    text = (f"{pid_text(actor['pid'])} {actor['table']['name'].string()}: "
        f"{state_of(runtime, actor)}")
    if counted:
        text += (f", counted: {counted >> LIMIT_BYTES_BITS} "
            f"({counted & (1 << LIMIT_BYTES_BITS) - 1} bytes)")
    return text + (", congested" if held & LIMIT_CONGESTED else "")


def find(word):
    """The runtime and the living actor that the word names."""
    parts = [int(part) for part in word.strip().strip("<>").split(".")]
    number, slot = (0, parts[0]) if len(parts) == 1 else parts[:2]
    for runtime in runtimes():
        if int(runtime["registry"]["runtime_number"]) != number:
            continue
        for actor in slots(runtime):
            if int(actor["index"]) == slot and is_alive(actor) and (
                    len(parts) < 3 or int(actor["pid"]) >> 32 == parts[2]):
                return runtime, actor
    raise gdb.GdbError(f"no living actor is {word.strip()}: 'troupe actors' lists them")


def print_list(title, messages):
    try:
        for message in messages:
            print(f"{title}: {message_text(message)}")
    except gdb.MemoryError:
        print(f"{title}: and what cannot be read: it was being changed")


def print_extension(actor):
    """What the actor has taken from its mailbox and still has."""
    extension = actor["extension"]
    if int(extension) == 0:
        return
    if int(extension["process"]) != 0 and int(extension["process"]["in_hand"]) != 0:
        print_list("in hand", [extension["process"]["in_hand"].dereference()])
    if int(extension["stash"]) != 0:
        print_list("put aside", listed(extension["stash"]["oldest"]))
    kept = extension["kept"]
    print_list("kept", [kept["items"][i].dereference() for i in range(int(kept["count"]))])


class Troupe(gdb.Command):
    """What the actors of a program do."""

    def __init__(self):
        super().__init__("troupe", gdb.COMMAND_DATA, prefix=True)


class Actors(gdb.Command):
    """troupe actors: each living actor, with its behaviour, its state and its mail."""

    def __init__(self):
        super().__init__("troupe actors", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for runtime in runtimes():
            for actor in slots(runtime):
                if is_alive(actor):
                    print(actor_text(runtime, actor))


class Mailbox(gdb.Command):
    """troupe mailbox PID: the messages that wait for an actor, the oldest first."""

    def __init__(self):
        super().__init__("troupe mailbox", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        if not argument.strip():
            raise gdb.GdbError("usage: troupe mailbox PID, such as <0.3.1> or 3")
        runtime, actor = find(argument)
        own = worker_of(runtime, actor)
        in_hand = int(own["in_hand"]) if own is not None else 0
        print(actor_text(runtime, actor))
        if in_hand:
            print_list("in hand", [own["in_hand"].dereference()])
        print_extension(actor)
        print_list("control", listed(actor["mailbox"]["control"]))
        print_list("waits", listed(actor["mailbox"]["oldest"]))
        head = actor["inbox"]["head"]
        if int(head) != INBOX_AWAKE:
            arrived = [message for message in listed(head) if int(message.address) != in_hand]
            print_list("arrived", reversed(arrived))


class Workers(gdb.Command):
    """troupe workers: each worker, and the actor and message that it runs."""

    def __init__(self):
        super().__init__("troupe workers", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for runtime in runtimes():
            for own, worker in workers(runtime):
                print(f"worker {int(worker['index'])} of runtime "
                    f"{int(runtime['registry']['runtime_number'])}: "
                    f"{self.work(own, worker)}")

    @staticmethod
    def work(own, worker):
        if int(own["actor"]) == 0:
            return "asleep" if int(worker["asleep"]) else "between actors"
        actor = own["actor"].dereference()
        name = actor["table"]["name"].string() if is_alive(actor) else "ended"
        text = f"runs {pid_text(own['pid'])} {name}"
        if int(own["in_hand"]):
            text += f", {message_text(own['in_hand'].dereference())}"
        return text


for command in (Troupe, Actors, Mailbox, Workers):
    command()

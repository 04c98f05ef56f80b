#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""check_layers: what no compiler looks for in the tree.

Fails, with FILE:LINE: and a sentence, if

- a layer includes a layer that is not below it, or a public header anything but
  public headers,
- a comment names one of our identifiers that exists no more,
- a file has no SPDX line,
- a test sleeps: time is a parameter, or an event is waited for.

usage: check_layers.py [ROOT]
"""
import pathlib
import re
import sys

# Each folder and the folders that it may include besides itself and include/troupe.
# The order of the layers is that of the root's CMakeLists.txt.
MAY_INCLUDE = {
    "include": [],
    "base": [],
    "mailbox": ["base"],
    "scheduler": ["base"],
    "actors": ["base", "mailbox", "scheduler"],
    "exploration": ["base", "mailbox", "scheduler", "actors"],
    "net": ["base", "mailbox", "scheduler", "actors"],
    "rpc": ["base", "mailbox", "actors", "net"],
    "blocking": [],
    "cli": ["base"],
    "examples": ["cli"],
    # They ask other servers than ours too, so they read frames by themselves.
    "examples/bank/call": ["mailbox", "rpc", "cli"],
    "examples/bank/greeting": ["net", "rpc"],
    "examples/bank/load": ["base", "mailbox", "rpc", "cli"],
    "bench": ["base", "mailbox", "scheduler", "actors", "cli"],
    "lab": ["base", "mailbox", "actors", "rpc", "exploration", "cli", "bench"],
    "tests": ["base", "mailbox", "scheduler", "actors", "rpc", "exploration", "net", "cli",
              "examples", "bench", "lab"],
}
LICENCE = "SPDX-License-Identifier: BSD-2-Clause"
NOT_OURS = {"build", ".git"}
SCRIPTS = {"dev", "run", "Dockerfile", "CMakeLists.txt"}

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)
OUR_NAME = re.compile(r"\b(?:troupe|TROUPE|tp|TP)_\w+")
SLEEP = re.compile(r"\b(?:(?:clock_)?nano|u|thrd_)?sleep\s*\(")
SHELL_SLEEP = re.compile(r"^[ \t]*sleep[ \t]+[\d$]", re.M)


def blank(comment):
    return re.sub(r"[^\n]", " ", comment[0])


class Source:
    """A file of the tree; `code` is its text without comments, if it is C."""

    def __init__(self, root, path):
        self.text = path.read_text(encoding="utf-8")
        self.name = path.relative_to(root)
        self.folder = self.name.parts[0]
        self.is_c = path.suffix in (".c", ".h", ".cpp")
        self.code = COMMENT.sub(blank, self.text) if self.is_c else self.text

    def problem(self, offset, sentence):
        line = self.text.count("\n", 0, offset) + 1
        return f"{self.name}:{line}: {sentence}"


def sources_of(root):
    for path in sorted(root.rglob("*")):
        kind = path.suffix in (".c", ".h", ".cpp", ".py", ".sh", ".cmake")
        if NOT_OURS & set(path.relative_to(root).parts) or not path.is_file():
            continue
        if kind or path.name in SCRIPTS:
            yield Source(root, path)


def layer_of(source):
    """The innermost folder that has rules of its own, or None."""
    for folder in source.name.parents:
        if folder.as_posix() in MAY_INCLUDE:
            return folder.as_posix()
    return None


def check_includes(source):
    layer = layer_of(source)
    if layer is None or not source.is_c:
        return
    may = MAY_INCLUDE[layer]
    for include in INCLUDE.finditer(source.code):
        named = include[1]
        folder = named.split("/")[0] if "/" in named else None
        if ".." in named.split("/"):
            yield source.problem(include.start(1),
                f"{named} is not named from the root of the tree")
        elif folder in MAY_INCLUDE and folder not in (source.folder, *may):
            yield source.problem(include.start(1),
                f"{layer}/ may not include {folder}/")


def check_licence(source):
    if LICENCE not in "".join(source.text.splitlines(keepends=True)[:2]):
        yield source.problem(0, f"the first line is not '{LICENCE}'")


def check_sleep(source):
    if source.folder != "tests":
        return
    pattern = SHELL_SLEEP if source.name.suffix == ".sh" else SLEEP
    for sleep in pattern.finditer(source.code):
        yield source.problem(sleep.start(), "a test sleeps; pass the time, or wait for an event")


def check_mentions(sources):
    """Names in comments against all names in code, among them those that a macro
    makes by pasting: TROUPE_E_##name makes TROUPE_E_ANY if ANY is a word."""
    words = set()
    pasted = set()
    for source in sources:
        words |= set(re.findall(r"\w+", source.code))
        pasted |= set(re.findall(r"(\w+)\s*##", source.code))

    def exists(name):
        return name in words \
            or any(word.startswith(name) for word in words) \
            or any(name.startswith(head) and name[len(head):] in words for head in pasted)

    for source in sources:
        for comment in COMMENT.finditer(source.text) if source.is_c else ():
            for name in OUR_NAME.finditer(comment[0]):
                if not exists(name[0]):
                    yield source.problem(comment.start() + name.start(),
                        f"the comment names {name[0]}, which does not exist")


def problems_of(sources):
    for source in sources:
        yield from check_includes(source)
        yield from check_licence(source)
        yield from check_sleep(source)
    yield from check_mentions(sources)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    sources = list(sources_of(root))
    if not sources:
        sys.exit(f"check_layers: there are no sources under {root}")
    problems = list(problems_of(sources))
    print("\n".join(problems) or f"{len(sources)} files are tidy")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())

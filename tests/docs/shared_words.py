#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""shared_words: the words that two threads touch, collected from their definitions.

The words are found by how they are reached: the first argument of each ck_pr_*
operation, of each function of ck_ring and ck_stack, and of the compiler's atomics.
The argument leads to a member of a struct or to a variable of a file, and the
comment above that has to say who writes it, with which order, and what a stale read
costs. A comment covers all that follows it up to the next one or an empty line.

usage: shared_words.py [--root ROOT] [--write]

Prints what is wrong, in lines of FILE:LINE, and exits with 1 if anything is: a word
without such a comment, a fence in a function that docs/concurrency.md does not name as
`FILE: FUNCTION`, a function named there that has none, or a list in that page that is
not made of the comments as they are; --write makes it.
"""
import argparse
import dataclasses
import pathlib
import re
import sys
import textwrap

LAYERS = "include/troupe base mailbox scheduler actors exploration net rpc".split()
PAGE = "docs/concurrency.md"
BEGIN = "<!-- made by tests/docs/shared_words.py --write -->\n"
END = "<!-- end -->\n"

OPERATION = re.compile(
    r"\b(?:ck_pr_(?:load|store|cas|fas|faa|add|sub|inc|dec|or|and)_\w+"
    r"|ck_(?:ring|stack)_(?!init)\w+|__atomic_\w+)\(")
SAYS = {
    "who writes it": re.compile(r"\b(?:written|pushed|raised|added to)\b", re.I),
    "its order": re.compile(
        r"\b(?:releas\w+|acquir\w+|fences?|orders? nothing|without order)\b", re.I),
    "what a stale read costs": re.compile(r"\bstale\b", re.I),
}

FENCE = re.compile(r"^[^#\n]*\bck_pr_fence_\w+\(", re.M)
FENCED = re.compile(r"`(\w+\.[ch]: \w+)`")

# Where a function is handed a pointer to a word: what it may point to.
HANDED = {
    ("base/memory.c", "count"): ["shared.blocks_count", "shared.mappings_count"],
    ("mailbox/block_cache.c", "batches"): ["tp_block_depot.classes.batches"],
    ("mailbox/block_cache.c", "batches->head"): ["tp_block_depot.classes.batches"],
    ("mailbox/schema.c", "chunk"): ["chunks"],
    ("mailbox/schema.c", "placed"): ["chunk.entries"],
    ("actors/letter_table.c", "word"): ["tp_letter_kind.key", "tp_letter_row.receiver"],
    ("actors/profile.c", "to"): ["tp_profile_entry.profile"],
    ("actors/profile.c", "from"): ["tp_profile_entry.profile"],
    ("actors/registry.c", "place"): ["tp_registry.chunks"],
}


@dataclasses.dataclass
class Member:
    name: str  # as the page calls it: struct.member, or the variable
    kind: object  # the tag of its struct, a dict of members, or None
    comment: str
    path: str
    line: int


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def text_of(comment):
    """A block comment as one line."""
    body = re.sub(r"^/\*+|\*/$", "", comment)
    return " ".join(" ".join(re.sub(r"^\s*\*", "", line) for line in body.splitlines()).split())


class Source:
    """The members and variables that a file defines."""

    TOKEN = re.compile(r"/\*.*?\*/|\n[ \t]*\n|[{};]|[^{};/\n]+|.|\n", re.S)

    def __init__(self, root, path):
        self.path = path
        self.text = (root / path).read_text(encoding="utf-8")
        self.code = re.sub(r"/\*.*?\*/", blank, self.text, flags=re.S)
        self.structs = {}
        self.variables = {}
        for match in re.finditer(r"^struct (\w+)(?: \{|\n\{)", self.text, re.M):
            if "{" in match[0]:
                self.structs[match[1]] = self.members(match.end(), match[1] + ".",
                    self.above(match.start()))[0]
        for match in re.finditer(r"^static (?:const )?(?:struct (\w+)|\w+)[ *]+(\w+)[^;({]*;",
                self.text, re.M):
            self.variables[match[2]] = self.member(match[2], match[1], match.start(),
                self.above(match.start()))
        for match in re.finditer(r"^static struct \{", self.text, re.M):
            above = self.above(match.start())
            name = re.compile(r"\} (\w+);").search(self.text, match.end())[1]
            kind = self.members(match.end(), name + ".", above)[0]
            self.variables[name] = self.member(name, kind, match.start(), above)

    def fenced(self):
        """The functions that have a fence."""
        for match in FENCE.finditer(self.code):
            head = self.code[:self.code.rindex("\n{", 0, match.start())]
            head = re.split(r"[;}]\n", re.sub(r"__attribute__\(\(.*?\)\)", "", head))[-1]
            name = re.search(r"(\w+)\(", head)[1]
            yield f"{pathlib.Path(self.path).name}: {name}"

    def member(self, name, kind, at, comment):
        return Member(name, kind, comment, self.path, self.text.count("\n", 0, at) + 1)

    def above(self, at):
        """The comment that ends in the line above, or above another definition there."""
        before = self.text[:at].rpartition("\n\n")[2]
        found = re.findall(r"/\*.*?\*/", before, re.S)
        return text_of(found[-1]) if found else ""

    def members(self, at, prefix, comment):
        """The members of the struct whose brace has just been opened, and its end."""
        found, declaration, inner, group = {}, "", None, comment
        for token in iter(lambda: self.TOKEN.match(self.text, at), None):
            at = token.end()
            if token[0].startswith("/*"):
                line = self.text[:token.start()].rpartition("\n")[2]
                group = group if line.strip() else text_of(token[0])
            elif token[0] == "{":
                inner, at = self.members(at, prefix, group)
                declaration = "{"
            elif token[0] == "}":
                return found, at
            elif token[0] == ";":
                self.declare(found, declaration, inner, prefix, group, token.start())
                declaration, inner = "", None
            elif token[0].strip() == "" and token[0].count("\n") > 1:
                group = comment
            else:
                declaration += token[0]
        raise SystemExit(f"{self.path}: a struct without an end")

    def declare(self, found, declaration, inner, prefix, comment, at):
        plain = re.sub(r"__attribute__\s*\(\(.*?\)\)\)?|_Alignas\(\w+\)|\[[^]]*\]", "",
            declaration).strip()
        name = re.search(r"(\w+)$", plain)
        if inner is not None and name is None:
            found.update(inner)  # of an anonymous union
            return
        if name is None:
            return
        tag = re.search(r"\b(?:struct|union) (\w+)", plain)
        kind = inner if inner is not None else tag and tag[1]
        found[name[1]] = self.member(prefix + name[1], kind, at, comment)


class Tree:
    def __init__(self, root):
        self.wrong = []
        self.sources = [Source(root, path) for path in sorted(
            str(path.relative_to(root)) for layer in LAYERS
            for path in (root / layer).glob("*.[ch]"))]
        self.structs = {tag: members for source in self.sources
            for tag, members in source.structs.items()}
        self.words = {}
        for source in self.sources:
            for match in OPERATION.finditer(source.code):
                self.reach(source, match)

    def complain(self, path, line, what):
        self.wrong.append(f"{path}:{line}: {what}")

    def reach(self, source, match):
        argument = self.argument(source.code, match.end())
        line = source.code.count("\n", 0, match.start()) + 1
        handed = HANDED.get((source.path, argument))
        members = [self.named(source, name) for name in handed] if handed else [
            self.resolve(source, argument, match.start())]
        for member in members:
            if member is None:
                self.complain(source.path, line, f"what '{argument}' is, is not clear")
            elif (member.path, member.name) not in self.words:
                self.words[member.path, member.name] = member
                self.judge(member)

    @staticmethod
    def argument(code, at):
        depth, begin = 0, at
        while depth > 0 or code[at] not in ",)":
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(code[at], 0)
            at += 1
        return re.sub(r"\[.*?\]", "", "".join(code[begin:at].split())).lstrip("&")

    def named(self, source, name):
        root, *steps = name.split(".")
        member = source.variables.get(root)
        return self.follow(member, member.kind if member else root, steps)

    def resolve(self, source, argument, at):
        """Follows a->b.c from the declaration of a."""
        root, *steps = re.split(r"->|\.", argument)
        declared = re.findall(rf"struct (\w+)[ *]+(?:const )?{root}\b", source.code[:at])
        member = source.variables.get(root)
        kind = member.kind if member else declared[-1] if declared else None
        return self.follow(member, kind, steps)

    def follow(self, member, kind, steps):
        for step in steps:
            if member and kind is None and step in ("head", "c_head", "p_tail"):
                break  # of a ck_stack or a ck_ring
            members = kind if isinstance(kind, dict) else self.structs.get(kind, {})
            member = members.get(step)
            if member is None:
                return None
            kind = member.kind
        return member

    def argue(self, page):
        fenced = {name for source in self.sources for name in source.fenced()}
        named = set(FENCED.findall(page))
        for name in sorted(fenced - named):
            self.complain(PAGE, 1, f"the fence of {name} is not argued")
        for name in sorted(named - fenced):
            self.complain(PAGE, 1, f"there is no fence in {name}")

    def judge(self, member):
        missing = [what for what, words in SAYS.items() if not words.search(member.comment)]
        if missing:
            self.complain(member.path, member.line,
                f"the comment of {member.name} does not say {', '.join(missing)}")

    def listed(self):
        """The list of the page."""
        lines = []
        for layer in LAYERS:
            words = sorted((member for (path, _), member in self.words.items()
                if path.startswith(layer + "/")),
                key=lambda member: (member.path, member.line))
            if words:
                lines.append(f"### {layer}\n")
            while words:
                same = [word for word in words if word.path == words[0].path
                    and word.comment == words[0].comment]
                words = [word for word in words if word not in same]
                names = ", ".join(f"`{word.name}`" for word in same)
                lines.append("\n".join(textwrap.wrap(
                    f"- {names} ([{same[0].path}](../{same[0].path})): {same[0].comment}",
                    88, subsequent_indent="  ", break_long_words=False,
                    break_on_hyphens=False)))
            lines.append("")
        return "\n".join(lines)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--root", type=pathlib.Path,
        default=pathlib.Path(__file__).resolve().parents[2])
    options.add_argument("--write", action="store_true")
    chosen = options.parse_args()
    tree = Tree(chosen.root)
    page = chosen.root / PAGE
    head, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    was, end, tail = rest.partition(END)
    tree.argue(head)
    now = "\n" + tree.listed() + "\n"
    if not begin or not end:
        tree.complain(PAGE, 1, f"there is no place for the list, {BEGIN.strip()}")
    elif chosen.write:
        page.write_text(head + begin + now + end + tail, encoding="utf-8")
    elif was != now:
        tree.complain(PAGE, head.count("\n") + 1,
            "the list is not what the comments say; shared_words.py --write makes it")
    print("\n".join(tree.wrong) or f"{len(tree.words)} shared words, all with their comments")
    sys.exit(1 if tree.wrong else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""check_docs: what the pages say, tried.

A fenced block of README.md or docs/**/*.md is a whole program if its info string
is c or cpp, unless the line above it says otherwise:

    <!-- from FILE -->      an excerpt: it stands in FILE word for word; FILE is
                            the program
    <!-- of FILE -->        the same, and FILE is tried elsewhere: a server, say
    <!-- part of NAME -->   all parts of that name on one page make one program
    <!-- in PRELUDE -->     a fragment: takes the place of /* HERE */ in
                            tests/docs/PRELUDE.c

Each program is compiled without a warning (fragments may leave things unused),
run, and has to exit with 0. If the next block of the page is a text block, it is
what the program prints; `text stderr` is what it prints there, and a `text part`
stands somewhere in what it prints.

Besides:

- sh blocks: verbs and options of ./dev and of our programs exist, so do presets
  and the files that are named;
- links into the tree lead somewhere;
- a heading that is one `sentence` is an error message of troupe's, a "…" in it
  stands for what differs;
- (test: name) names a test that exists.

usage: check_docs.py --build BUILD --cc CC --cxx CXX [--root ROOT] LIBRARY...
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^(?:<!-- (?P<mark>.*?) -->\n)?```(?P<info>[^\n]*)\n(?P<body>.*?)^```$",
    re.M | re.S)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
TEST = re.compile(r"\(tests?: ([^)]*)\)")
SENTENCE = re.compile(r"^#+ `([^`\n]+)`$", re.M)
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
STRICT = "-g -Wall -Wextra -Wshadow -Wconversion -Wvla -Werror".split()
LOOSE = "-Wno-unused-function -Wno-unused-parameter -Wno-unused-variable".split()
STANDARD = {"c": ["-std=c11", "-pedantic"], "cpp": ["-std=c++17", "-pedantic"]}
TOOLS = "apt-get cc cd cmake cp ctest docker git pkg-config sudo".split()


@dataclasses.dataclass
class Block:
    page: "Page"
    line: int
    info: str
    mark: str
    body: str

    def where(self):
        return f"{self.page.name}:{self.line}"


@dataclasses.dataclass
class Program:
    """What is compiled at once; `at` are the pages that show it."""
    at: str
    language: str
    source: str
    is_loose: bool = False
    stdout: str = None
    stderr: str = None
    parts: list = dataclasses.field(default_factory=list)  # of stdout


class Page:
    def __init__(self, root, path):
        self.path = path
        self.name = str(path.relative_to(root))
        self.text = path.read_text(encoding="utf-8")
        self.blocks = [
            Block(self, self.line_of(fence.start("info")), fence["info"].strip(),
                fence["mark"] or "", fence["body"])
            for fence in FENCE.finditer(self.text)]
        self.prose = FENCE.sub(lambda fence: re.sub(r"[^\n]", " ", fence[0]), self.text)

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1


def pages_of(root):
    names = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    return [Page(root, path) for path in sorted(names)]


# ---- programs ---------------------------------------------------------------

def program_of(root, block, known):
    """The program that a block is or belongs to. known: the page's, by their marks."""
    kind, _, name = block.mark.partition(" ")
    if not kind:
        return Program(block.where(), block.info, block.body)
    if kind == "in":
        prelude = (root / "tests/docs" / f"{name}.c").read_text()
        return Program(block.where(), block.info,
            prelude.replace("/* HERE */", block.body), is_loose=True)
    if kind in ("from", "of"):
        source = (root / name).read_text()
        if block.body not in source:
            raise ValueError(f"this does not stand in {name} word for word")
        if kind == "of":
            return None
        return known.setdefault(block.mark, Program(block.where(), block.info, source))
    if block.mark.startswith("part of "):
        program = known.setdefault(block.mark, Program(block.where(), block.info, ""))
        program.source += block.body
        return program
    raise ValueError(f"nobody knows what the mark '{block.mark}' means")


def programs_of(root, page):
    """The page's programs, and a problem for each block that is none."""
    programs, problems, known, last = [], [], {}, None
    for block in page.blocks:
        language, _, stream = block.info.partition(" ")
        if language in STANDARD:
            try:
                last = program_of(root, block, known)
            except (OSError, ValueError) as why:
                problems.append(f"{block.where()}: {why}")
                continue
            if last is not None and last not in programs:
                programs.append(last)
        elif language == "text" and last is not None:
            if stream == "part":
                last.parts.append(block.body)
            else:
                setattr(last, stream or "stdout", block.body)
        else:
            last = None
    return programs, problems


def differs(what, wanted, got):
    if wanted is None or wanted == got:
        return None
    return f"prints on {what}\n{got}where the page says\n{wanted}".rstrip()


def try_program(program, options, folder):
    """What is wrong with the program; None if nothing is."""
    source = folder / f"{re.sub(r'[^a-z0-9]+', '_', program.at.lower())}.{program.language}"
    binary = source.with_suffix("")
    source.write_text(program.source)
    compiler = options.cc if program.language == "c" else options.cxx
    compiled = subprocess.run([compiler, *STANDARD[program.language], *STRICT,
        *(LOOSE if program.is_loose else []), f"-I{options.root / 'include'}",
        source, "-o", binary, *options.library, "-pthread"],
        stderr=subprocess.PIPE, text=True, timeout=60)
    if compiled.returncode != 0:
        return f"does not compile:\n{compiled.stderr}"
    run = subprocess.run([binary], capture_output=True, text=True, timeout=60)
    if run.returncode != 0:
        return f"exits with {run.returncode}:\n{run.stdout}{run.stderr}"
    for part in program.parts:
        if part not in run.stdout:
            return differs("stdout", part, run.stdout)
    return differs("stdout", program.stdout, run.stdout) \
        or differs("stderr", program.stderr, run.stderr)


def check_programs(pages, options):
    programs = []
    for page in pages:
        found, problems = programs_of(options.root, page)
        programs += found
        yield from problems
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        tried = pool.map(
            lambda program: try_program(program, options, pathlib.Path(folder)), programs)
        for program, problem in zip(programs, tried):
            if problem:
                yield f"{program.at}: {problem}"
    print(f"{len(programs)} programs tried")


# ---- commands ---------------------------------------------------------------

def said_by(command):
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return run.stdout


def options_missing(words, help_text):
    for word in words:
        name = word.split("=")[0]
        if name.startswith("--") and not re.search(re.escape(name) + r"\b", help_text):
            yield f"there is no option {name}"


def check_dev(words, options):
    help_text = said_by([options.root / "dev", "help"])
    verbs = re.findall(r"^  ([a-z, ]+?)(?=  |\s*\[|\s[A-Z])", help_text, re.M)
    if not words or words[0] not in re.findall(r"\w+", " ".join(verbs)):
        yield f"./dev has no verb '{' '.join(words[:1])}'"
    yield from options_missing(words, help_text)


def check_built(program, words, options):
    """A program of a build folder: of a preset, seen in the folder at hand."""
    _, preset, *rest = pathlib.PurePath(program).parts
    path = options.build.joinpath(*rest)
    if preset not in options.presets:
        yield f"there is no preset {preset}"
    if not os.access(path, os.X_OK):
        yield f"there is no program {'/'.join(rest)}"
    elif any(word.startswith("--") for word in words):
        command = words[:1] if not words[0].startswith("-") else []
        yield from options_missing(words, said_by([path, *command, "--help"]))


def check_line(line, options):
    words = shlex.split(line, comments=True)
    while words and re.match(r"[A-Z_]+=", words[0]):
        words.pop(0)
    if not words:
        return
    tool, *rest = words
    if tool == "./dev":
        yield from check_dev(rest, options)
    elif tool.startswith("build/") and tool.split("/")[1] in options.presets:
        yield from check_built(tool, rest, options)
    elif tool not in TOOLS and not tool.startswith("build/"):
        yield f"'{tool}' is none of our programs, and none of {', '.join(TOOLS)}"
    if "--preset" in rest[:-1] and rest[rest.index("--preset") + 1] not in options.presets:
        yield f"there is no preset {rest[rest.index('--preset') + 1]}"
    for word in rest:
        if re.match(r"(examples|tests|docs|cmake|include)/", word) \
                and not (options.root / word).exists():
            yield f"there is no {word}"


def check_commands(pages, options):
    for block in (block for page in pages for block in page.blocks if block.info == "sh"):
        for line in block.body.replace("\\\n", " ").splitlines():
            for problem in check_line(line, options):
                yield f"{block.where()}: {problem}"


# ---- what prose names -------------------------------------------------------

def anchors_of(text):
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def check_links(pages, options):
    for page in pages:
        for link in LINK.finditer(page.prose):
            target, _, anchor = (link[1] or link[2]).partition("#")
            path = (page.path.parent / target) if target else page.path
            where = f"{page.name}:{page.line_of(link.start())}"
            if ":" in target:
                continue
            if not path.exists():
                yield f"{where}: there is no {target}"
            elif anchor and anchor not in anchors_of(path.read_text(encoding="utf-8")):
                yield f"{where}: {target or 'the page'} has no heading #{anchor}"


def sentences_of(root):
    """The string literals of the library and its programs, neighbours joined."""
    for folder in ("include", "base", "mailbox", "scheduler", "actors", "net", "cli", "examples"):
        for path in (root / folder).rglob("*.[ch]"):
            text = re.sub(r'"\s*(?:PRI\w+)?\s*"', "", path.read_text(encoding="utf-8"))
            yield from (string[1].replace('\\"', '"') for string in STRING.finditer(text))


def check_sentences(pages, options):
    known = list(sentences_of(options.root))
    for page in pages:
        for sentence in SENTENCE.finditer(page.prose):
            parts = [part.strip() for part in sentence[1].split("…")]
            if not any(all(part in text for part in parts) for text in known):
                yield f"{page.name}:{page.line_of(sentence.start())}: nothing in the " \
                    f"sources says `{sentence[1]}`"


def check_tests(pages, options):
    words = {word
        for path in (options.root / "tests").rglob("*")
        if path.suffix in (".c", ".py", ".sh") and path.parent.name != "docs"
        for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    for page in pages:
        for named in TEST.finditer(page.prose):
            for name in re.findall(r"\w+", named[1]):
                if name not in words:
                    yield f"{page.name}:{page.line_of(named.start())}: there is no test {name}"


def problems_of(options):
    pages = pages_of(options.root)
    if not any(page.blocks for page in pages):
        yield f"there is no page with a block under {options.root}"
    for check in (check_links, check_sentences, check_tests, check_commands, check_programs):
        yield from check(pages, options)


def parse(words):
    parser = argparse.ArgumentParser(description="Tries what the pages say.")
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--root", type=pathlib.Path, default=root)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--cxx", default="c++")
    parser.add_argument("library", nargs="+")
    options = parser.parse_args(words)
    presets = json.loads((options.root / "CMakePresets.json").read_text())
    options.presets = [preset["name"] for preset in presets["configurePresets"]]
    return options


def main():
    problems = list(problems_of(parse(sys.argv[1:])))
    print("\n".join(problems) or "the pages are right")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Calls troupe-bank serve by npm's @msgpack/msgpack, which it installs into FOLDER.

    rpc_stranger_npm.py TROUPE_BANK FOLDER

Exits 77, and says why, where there is no node, or the package cannot be had.
"""
import os
import pathlib
import shutil
import subprocess
import sys

PACKAGE = "@msgpack/msgpack@2.8.0"
LIMIT_S = 100
PREFIX = "listening on 127.0.0.1:"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def install(folder):
    modules = folder / "node_modules"
    if (modules / "@msgpack" / "msgpack").is_dir():
        return modules
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", folder,
            PACKAGE], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        skip(f"npm has not got {PACKAGE} within {LIMIT_S} s")
    if done.returncode != 0:
        skip(f"npm cannot get {PACKAGE}: {done.stderr[-300:]}")
    return modules


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            skip(f"there is no {tool}; apt install nodejs npm")
    modules = install(folder)
    script = pathlib.Path(__file__).with_name("rpc_stranger.mjs")
    server = subprocess.Popen([program, "serve", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().strip().removeprefix(PREFIX)
        done = subprocess.run(["node", script, port], timeout=LIMIT_S, check=False,
            env={**os.environ, "NODE_PATH": str(modules.resolve())})
    finally:
        server.terminate()
        server.wait(LIMIT_S)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()

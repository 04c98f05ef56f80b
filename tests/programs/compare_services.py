#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench/service/compare.py over small servers and a generator that says what it is told
to: what it starts and asks, in which order, what it makes of the figures, and what becomes
of a server that fails."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
COMPARE = HERE.parents[1] / "bench" / "service" / "compare.py"
SERVER = f"""#!{sys.executable}
import signal, sys
sys.dont_write_bytecode = True
sys.path.insert(0, "{HERE}")
from small_bank import Bank, RespHandler, RpcHandler, Serving
open("started", "a").write("NAME\\n")
if sys.argv[1:] == ["serve", "--help"]:
    sys.exit(SERVE_STATUS)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
bank = Bank()
bank.accounts = {{"acct1": 7, "troupe-bank:1": 7}}
port = int(sys.argv[2]) if sys.argv[1] == "--port" else 0
serving = Serving(bank, HANDLER, port)
print("listening on", serving.address, flush=True)
signal.sigwait([signal.SIGTERM])
serving.end()
"""
# One line of `rates` and `waits` for each load that is no warm-up.
GENERATOR = """#!/bin/sh
echo "$*" >>asked
case "$*" in
*--requests*) echo '{"is_right": true}'; exit ;;
esac
rate=$(head -n 1 rates)
sed -i 1d rates
[ "$rate" != gone ] || { echo "troupe-bank: a connection was lost" >&2; exit 1; }
right=true
[ "$rate" != 0 ] || right=false
echo "{\\"requests_per_second\\": $rate, \\"p50_us\\": 5, \\"p99_us\\": $((1000 / (rate + 1))),"
echo "\\"p999_us\\": 50, \\"is_right\\": $right}"
"""


class CompareServices(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.server("troupe", "troupe-bank")
        self.server("go", "service-go")
        self.server("erlang", "service-erlang")
        self.server("redis", "redis-server", "RespHandler")
        self.write("generator", GENERATOR)
        self.write("asked", "")

    def write(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def server(self, name, file, handler="RpcHandler", serve_status=0):
        self.write(file, SERVER.replace("NAME", name).replace("HANDLER", handler)
            .replace("SERVE_STATUS", str(serve_status)))

    def compare(self, rates, *words, files=None):
        """Two connections, twice, unless the words say another number."""
        self.write("rates", "".join(f"{rate}\n" for rate in rates))
        limit = f"ulimit -n {files};" if files else ""
        command = [sys.executable, str(COMPARE), "--troupe", "./troupe-bank", "--generator",
            "./generator", "--redis", "./redis-server", "--folder", ".", "--connections", "2",
            "--runs", "2", *words]
        return subprocess.run(["sh", "-c", f'{limit} exec "$@"', "sh", *command],
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=100,
            env={**os.environ, "LC_ALL": "C"})

    def rows(self, rates, *words):
        done = self.compare(rates, "--json", *words)
        return {row["server"]: row for row in json.loads(done.stdout)["rows"]}

    def loads(self):
        return [line for line in (self.folder / "asked").read_text().splitlines()
            if "--requests" not in line]

    def test_servers_take_turns_and_each_has_a_process_for_each_turn(self):
        done = self.compare([1] * 8)
        self.assertEqual(done.returncode, 0, done.stderr)
        started = (self.folder / "started").read_text().split()
        self.assertEqual(started[1:], 2 * ["troupe", "go", "erlang", "redis"])

    def test_the_generator_is_told_what_to_ask(self):
        self.compare([1] * 16, "--connections", "1", "3", "--pipeline", "4", "--seconds", "7")
        loads = self.loads()
        self.assertEqual(len(loads), 16)
        self.assertRegex(loads[0], r"load --connect 127.0.0.1:\d+ --protocol rpc --mix "
            r"deposit=1 --accounts 1000 --json --connections 1 --pipeline 4 --seconds 7")
        self.assertIn("--connections 3 ", loads[1])
        self.assertIn("--protocol redis ", loads[6])

    def test_rows_have_medians_and_what_troupe_has_of_them(self):
        # In turns: troupe, go, erlang, redis.
        rows = self.rows([300, 100, 50, 600, 100, 300, 150, 200])
        self.assertEqual([rows[name]["requests_per_second"] for name in rows],
            [200, 200, 100, 400])
        self.assertEqual((rows["troupe"]["requests_per_second_min"],
            rows["troupe"]["requests_per_second_max"]), (100, 300))
        self.assertEqual(rows["erlang"]["troupe_requests_per_second_ratio"], 2)
        self.assertEqual(rows["redis"]["troupe_requests_per_second_ratio"], 0.5)
        self.assertAlmostEqual(rows["erlang"]["troupe_p99_us_ratio"], 6 / 12.5)
        self.assertNotIn("troupe_p99_us_ratio", rows["troupe"])
        self.assertIn("connection_bytes", rows["go"])

    def test_the_table_has_a_line_for_each_server(self):
        done = self.compare([400, 200, 100, 800] * 2)
        lines = {line.split()[1]: line.split() for line in done.stdout.splitlines()
            if line.startswith("          2 ")}
        self.assertEqual(list(lines), ["troupe", "go", "erlang", "redis"])
        self.assertEqual(lines["go"][2:6], ["200", "(200)", "5.0", "4.0"])
        self.assertEqual(lines["go"][-2:], ["2.00x", "0.50x"])
        self.assertEqual(lines["troupe"][-2:], ["-", "-"])

    def test_who_cannot_do_it_is_left_out_with_the_reason(self):
        self.server("troupe", "troupe-bank", serve_status=2)
        done = self.compare([1] * 8, "--mix", "transfer=1", "--left-out", "go: no compiler")
        self.assertEqual(done.returncode, 0)
        for sentence in ("troupe is left out: troupe-bank has no serve",
                "redis is left out: it has no transfers", "go is left out: no compiler"):
            self.assertIn(sentence + "\n", done.stderr)
        self.assertEqual(len(self.loads()), 2)

    def test_a_total_that_is_wrong_fails_and_the_rest_goes_on(self):
        done = self.compare([5, 0, 5, 5, 5, 5, 5])
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed: go: it has not what its answers say", done.stderr)
        self.assertEqual(len(self.loads()), 7)
        self.assertNotRegex(done.stdout, r"\bgo\b")

    def test_a_load_that_does_not_go_through_fails_with_its_own_words(self):
        done = self.compare([5, "gone", 5, 5, 5, 5, 5])
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed: go: the load did not go through: troupe-bank: a connection was "
            "lost", done.stderr)

    def test_a_server_that_does_not_start_fails(self):
        self.write("service-go", "#!/bin/sh\necho no such port\n")
        (self.folder / "service-erlang").unlink()
        done = self.compare([5] * 4)
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed: go: said no address, but 'no such port'", done.stderr)
        self.assertIn("failed: erlang: could not be started", done.stderr)

    def test_there_are_no_more_connections_than_files(self):
        done = self.compare([1] * 8, "--connections", "1000", files=120)
        self.assertIn("a process may have 120 files here: 20 connections at most", done.stderr)
        self.assertIn("--connections 20 ", self.loads()[0])

    def test_wrong_words_are_refused_before_anything_is_started(self):
        self.assertEqual(self.compare([], "--runs", "0").returncode, 2)
        self.assertEqual(self.compare([], "ring").returncode, 2)
        self.assertEqual(self.compare([], "--only-check").returncode, 0)
        self.assertFalse((self.folder / "started").exists())


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""./dev as people meet it: its words, what it installs, and how it sums up tests.

The script is copied to a folder of its own and runs with stubs first on its PATH,
so that nothing is installed or built. Each stub writes what it was called with to
the file `calls`. What makes a package missing or a preset fail is a file, too.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

STUBS = {
    "dpkg-query": r'''
        while [ "${1#-}" != "$1" ]; do [ "$1" != -f ] || shift; shift; done
        for package in "$@"; do
            grep -qxF "$package" missing || echo "installed $package"
        done''',
    "apt-get": '[ ! -e apt-fails ] && : >missing',
    "sudo": '[ ! -e no-sudo ] && { [ "$1" = -n ] || "$@"; }',
    "id": 'cat uid',
    "cmake": 'case "$*" in "--preset $(cat broken)") echo "no such compiler"; exit 1 ;; esac',
    "ctest": r'''
        preset=$2
        cat "said-by-$preset" 2>/dev/null || echo "100% tests passed, 0 tests failed out of 3"
        [ ! -e "xml-of-$preset" ] || cp "xml-of-$preset" "$4"
        [ ! -e "said-by-$preset" ]''',
    "python3": '''
        case "$*" in
        *--only-check*) ! grep -q wrong-name calls ;;
        *) printf "python"; printf " %s" "$@"; echo ;;
        esac''',
    "troupe-bank": "echo bank $*",
    "troupe-bench": "echo bench $*",
}
PROGRAMS = ("troupe-bank", "troupe-bench")
PEERS = ("caf", "erlang", "go", "tokio")
BUILD_PEER = """
echo "build.sh $*" >>calls
[ ! -e "no-$1" ] || { echo "no such header"; exit 1; }
made=$2/KIND-$1
touch "$made" && chmod +x "$made"
"""

ONE_FAILED_ONE_SKIPPED = """\
1/4 Test #1: unit.nested ...   Passed
50% tests passed, 1 tests failed out of 2
      9 - nested (Skipped)

75% tests passed, 1 tests failed out of 4

The following tests did not run:
\t  2 - stress.cgroup (Skipped)

The following tests FAILED:
\t  3 - unit.mailbox (Failed)
"""
SKIPPED_XML = """\
<testcase name="stress.cgroup" classname="stress.cgroup" status="notrun">
<skipped message="SKIP_RETURN_CODE=77"/>
<system-out>[==========] Running
skipped: there is no cgroup v2 here
</system-out>
</testcase>
"""


class DevScript(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        (self.folder / "tests").mkdir()
        for name in ("dev", "CMakeLists.txt", "tests/summary.sh"):
            shutil.copy(ROOT / name, self.folder / name)
        for name, body in STUBS.items():
            folder = "build/release" if name in PROGRAMS else "stubs"
            self.write(f"{folder}/{name}", 
                f"#!/bin/sh\nprintf '%s\\n' \"{name} $*\" >>calls\n{body}\n")
            (self.folder / folder / name).chmod(0o755)
        for peer in PEERS:
            self.write(f"bench/peers/{peer}/source", "")
            self.write(f"bench/service/{peer}/source", "")
        self.write("bench/peers/build.sh", BUILD_PEER.replace("KIND", "bench"))
        self.write("bench/service/build.sh", BUILD_PEER.replace("KIND", "service"))
        for name, text in {"uid": "0", "missing": "", "broken": "none", "calls": ""}.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def dev(self, *words):
        path = f"{self.folder}/stubs:/usr/bin:/bin"
        return subprocess.run([self.folder / "dev", *words], cwd="/", check=False,
            env={**os.environ, "PATH": path, "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True)

    def calls(self, name):
        lines = (self.folder / "calls").read_text().splitlines()
        return [line for line in lines if line.split()[0] == name]

    def installs(self):
        """The packages of each apt-get install that was not a dry run."""
        installs = [call.partition(" install ")[2].split() for call in self.calls("apt-get")
            if " -s " not in call]
        return [packages for packages in installs if packages]

    # Words

    def test_help_is_printed_to_stdout(self):
        for words in (["help"], ["--help"], ["-h"], ["demo", "--help"], ["test", "-h"]):
            with self.subTest(words):
                done = self.dev(*words)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("usage: ./dev VERB", done.stdout)
                self.assertIn("example: ./dev demo", done.stdout)

    def test_without_a_verb_help_goes_to_stderr(self):
        done = self.dev()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("usage: ./dev VERB", done.stderr)

    def test_help_names_every_verb(self):
        said = self.dev("help").stdout
        for verb in "setup demo test prove bench lab fuzz fmt help".split():
            self.assertRegex(said, rf"\b{verb}\b")

    def test_the_version_is_that_of_the_project(self):
        self.assertRegex(self.dev("--version").stdout, r"^troupe \d+\.\d+\.\d+\n$")

    def test_an_unknown_word_names_the_nearest_and_does_nothing(self):
        for words, nearest in ((["tset"], "test"), (["demo", "--polt"], "--plot"), (["fuz"], "fuzz"),
                (["fuzz", "1", "scann"], "scan"),
                (["test", "--ful"], "--full"), (["test", "release1"], "release"),
                (["setup", "tests"], "test")):
            with self.subTest(words):
                done = self.dev(*words)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("unknown", done.stderr)
                self.assertIn(f"'{words[-1]}'; did you mean '{nearest}'?", done.stderr)
                self.assertEqual(self.calls("apt-get") + self.calls("cmake"), [])

    # Packages

    def test_when_nothing_is_missing_no_registry_is_asked(self):
        self.assertEqual(self.dev("demo").returncode, 0)
        self.assertEqual(self.calls("apt-get"), [])
        self.assertEqual(len(self.calls("dpkg-query")), 1)

    def test_root_installs_just_what_is_missing(self):
        self.write("missing", "cmake\nlibck-dev\ngnuplot-nox\n")
        self.assertEqual(self.dev("demo").returncode, 0)
        self.assertEqual(self.installs(), [["cmake", "libck-dev"]])
        self.assertEqual(self.calls("sudo"), [])

    def test_a_user_installs_through_sudo(self):
        self.write("uid", "1000")
        self.write("missing", "clang-format-14\n")
        self.dev("setup", "fmt")
        self.assertEqual(self.installs(), [["clang-format-14"]])
        self.assertTrue(any("apt-get" in call for call in self.calls("sudo")))

    def test_without_root_the_command_to_run_is_printed(self):
        self.write("uid", "1000")
        self.write("no-sudo", "")
        self.write("missing", "ninja-build\nlibcsv-dev\nlibcmocka-dev\n")
        done = self.dev("demo")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr.splitlines()[-1].strip(), "apt-get update && apt-get install"
            " --yes --no-install-recommends libcsv-dev ninja-build")
        self.assertEqual(self.calls("apt-get") + self.calls("cmake"), [])

    def test_when_apt_cannot_install_the_packages_are_named(self):
        self.write("missing", "ninja-build\n")
        self.write("apt-fails", "")
        done = self.dev("demo")
        self.assertEqual(done.returncode, 2)
        self.assertIn("could not install ninja-build", done.stderr)
        self.assertEqual(self.calls("cmake"), [])

    def test_each_verb_asks_for_its_own_packages(self):
        for words, has, lacks in (
                (["demo"], "libcsv-dev", "libcmocka-dev gnuplot-nox clang-14 python3"),
                (["setup", "plot"], "gnuplot-nox", "gcc"),
                (["prove"], "gcc clang-14 valgrind spin python3", "gnuplot-nox pkgconf"),
                (["bench"], "gcc libjansson-dev", "libcmocka-dev valgrind"),
                (["fuzz", "1"], "gcc clang-14 libclang-rt-14-dev libmsgpack-dev", "valgrind"),
                (["test"], "gcc libcmocka-dev clang-14 python3 spin", "gnuplot-nox clang-format-14"),
                (["test", "aarch64"], "gcc-aarch64-linux-gnu qemu-user libcmocka-dev", "gcovr"),
                (["test", "coverage"], "gcovr libcmocka-dev", "qemu-user"),
                (["test", "dev"], "libcmocka-dev", "gcovr qemu-user"),
                (["test", "valgrind"], "gcc libcmocka-dev valgrind", "gnuplot-nox"),
                (["setup", "fmt"], "git clang-format-14", "gcc libcmocka-dev"),
                (["setup", "peers"], "gcc python3", "golang-go"),
                (["setup", "service"], "gcc python3", "golang-go redis-server"),
                (["setup", "redis"], "redis-server", "gcc"),
                (["setup", "tokio"], "librust-tokio-dev cargo rustc", "gcc golang-go"),
                (["setup", "aarch64"], "gcc-aarch64-linux-gnu", "gcc"),
                (["setup"], "gcc libcmocka-dev gnuplot-nox clang-format-14 gcovr qemu-user", "")):
            with self.subTest(words):
                self.write("calls", "")
                self.dev(*words)
                asked = self.calls("dpkg-query")[0].split()
                self.assertLessEqual(set(has.split()), set(asked))
                self.assertFalse(set(lacks.split()) & set(asked))
                self.assertEqual(len(asked), len(set(asked)))

    # The demo

    def test_the_demo_replays_and_then_compares(self):
        done = self.dev("demo")
        self.assertEqual(done.stdout, "bank replay\nbank compare\n")
        self.assertIn("--target troupe-bank", self.calls("cmake")[-1])

    def test_a_demo_that_cannot_be_built_shows_why(self):
        self.write("broken", "release -DBUILD_TESTING=OFF")
        done = self.dev("demo")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("no such compiler", done.stderr)

    # The other programs

    def test_prove_builds_for_each_detector_and_hands_them_over(self):
        done = self.dev("prove")
        self.assertEqual(done.stdout,
            "python tests/prove/prove.py build\n")
        built = [call.split()[3] for call in self.calls("cmake") if " --build " in call]
        self.assertEqual(built, ["tsan", "valgrind", "asan", "fuzz", "dev"])

    def test_fuzz_builds_the_targets_and_hands_on_the_seconds_and_names(self):
        done = self.dev("fuzz", "60")
        self.assertEqual(done.stdout, "python tests/fuzz/fuzzing.py build/fuzz 60\n")
        self.assertIn("--target fuzzers", self.calls("cmake")[-1])
        self.assertEqual(self.dev("fuzz", "5", "scan", "print").stdout,
            "python tests/fuzz/fuzzing.py build/fuzz 5 scan print\n")

    def test_fuzz_without_seconds_says_what_it_takes(self):
        for words in ([], ["scan"], ["1m"], ["-1"]):
            with self.subTest(words):
                done = self.dev("fuzz", *words)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("./dev fuzz 60", done.stderr)
                self.assertEqual(self.calls("cmake"), [])

    def test_the_targets_that_fuzz_knows_are_those_that_there_are(self):
        said = self.dev("fuzz", "1", "none").stderr
        self.assertIn("did you mean", said)
        for folder in (ROOT / "tests/fuzz/corpus").iterdir():
            with self.subTest(folder.name):
                self.assertEqual(self.dev("fuzz", "1", folder.name).returncode, 0)

    def test_bench_is_handed_all_that_follows_it(self):
        self.assertEqual(self.dev("bench", "ring", "--json").stdout, "bench ring --json\n")
        self.assertEqual(self.dev("bench", "--help").stdout, "bench --help\n")

    def test_bench_with_plot_hands_all_else_to_what_draws_the_curves(self):
        done = self.dev("bench", "grow", "--plot", "--runs", "3")
        self.assertEqual(done.stdout, "python bench/plot.py build/release/troupe-bench"
            " build/plot grow --runs 3\n")
        self.assertIn("gnuplot-nox", " ".join(self.calls("dpkg-query")))

    # The peers

    def built_peers(self):
        return [call.split()[1] for call in self.calls("build.sh")]

    def test_with_peers_each_is_built_and_the_words_are_handed_on(self):
        done = self.dev("bench", "ring", "--peers", "--runs", "3")
        self.assertEqual(done.stdout, "python bench/peers/compare.py ring --runs 3\n")
        self.assertEqual(self.built_peers(), list(PEERS))
        self.assertIn("--target troupe-bench", self.calls("cmake")[-1])

    def test_a_peer_that_is_built_is_built_again_only_when_its_source_changes(self):
        self.dev("bench", "--peers")
        self.write("calls", "")
        self.dev("bench", "--peers")
        self.assertEqual(self.built_peers(), [])
        built = (self.folder / "build/peers/bench-go").stat().st_mtime
        os.utime(self.folder / "bench/peers/go/source", (built + 1, built + 1))
        self.dev("bench", "--peers")
        self.assertEqual(self.built_peers(), ["go"])

    def test_a_peer_whose_packages_cannot_be_installed_is_left_out(self):
        self.write("missing", "erlang-base\n")
        self.write("apt-fails", "")
        done = self.dev("bench", "--peers")
        self.assertEqual(done.stdout, "python bench/peers/compare.py --left-out"
            " erlang: erlang-base could not be installed\n")
        self.assertEqual(self.built_peers(), ["caf", "go", "tokio"])

    def test_a_peer_that_cannot_be_built_is_left_out_and_says_where_to_look(self):
        self.write("no-caf", "")
        self.assertEqual(self.dev("bench", "--peers").stdout,
            "python bench/peers/compare.py --left-out"
            " caf: it could not be built; build/peers/caf.log says why\n")
        self.assertEqual((self.folder / "build/peers/caf.log").read_text(), "no such header\n")

    def test_a_wrong_name_is_refused_before_anything_is_built(self):
        self.assertNotEqual(self.dev("bench", "--peers", "wrong-name").returncode, 0)
        self.assertEqual(self.calls("cmake") + self.built_peers(), [])

    def test_the_help_of_the_comparison_builds_nothing(self):
        self.assertEqual(self.dev("bench", "--peers", "--help").stdout,
            "python bench/peers/compare.py --help\n")
        self.assertEqual(self.calls("cmake") + self.built_peers(), [])

    def test_only_to_draw_the_peers_takes_gnuplot(self):
        self.dev("bench", "--peers")
        self.assertNotIn("gnuplot-nox", " ".join(self.calls("dpkg-query")))
        self.dev("bench", "--peers", "--plot")
        self.assertIn("gnuplot-nox", " ".join(self.calls("dpkg-query")))
        self.assertIn("--plot", self.calls("python3")[-1])

    # The service

    def test_with_service_its_peers_are_built_and_the_words_are_handed_on(self):
        done = self.dev("bench", "--service", "--runs", "3")
        self.assertEqual(done.stdout, "python bench/service/compare.py --runs 3\n")
        self.assertEqual(self.built_peers(), ["erlang", "go"])
        self.assertTrue((self.folder / "build/service/service-go").exists())
        self.assertIn("--target troupe-bank", self.calls("cmake")[-1])
        asked = " ".join(self.calls("dpkg-query")).split()
        self.assertLessEqual({"golang-go", "erlang-base", "redis-server", "python3"}, set(asked))

    def test_a_service_that_cannot_be_had_is_left_out(self):
        self.write("no-go", "")
        self.write("missing", "redis-server\n")
        self.write("apt-fails", "")
        done = self.dev("bench", "--service")
        self.assertEqual(done.stdout, "python bench/service/compare.py --left-out"
            " go: it could not be built; build/service/go.log says why --left-out"
            " redis: redis-server could not be installed\n")

    def test_a_wrong_word_or_the_help_of_the_service_builds_nothing(self):
        self.assertNotEqual(self.dev("bench", "--service", "wrong-name").returncode, 0)
        self.assertEqual(self.dev("bench", "--service", "--help").stdout,
            "python bench/service/compare.py --help\n")
        self.assertEqual(self.calls("cmake") + self.built_peers(), [])

    # The tests

    def test_all_presets_are_summed_in_the_last_line(self):
        done = self.dev("test")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "12 passed, 0 failed, 0 skipped")
        self.assertEqual([call.split()[2] for call in self.calls("ctest")],
            ["dev", "asan", "tsan", "release"])

    def test_only_the_presets_named_are_tested(self):
        self.assertEqual(self.dev("test", "release", "dev").stdout.splitlines()[-1],
            "6 passed, 0 failed, 0 skipped")

    def test_a_failed_preset_does_not_stop_the_others_and_comes_last(self):
        self.write("said-by-asan", ONE_FAILED_ONE_SKIPPED)
        self.write("xml-of-asan", SKIPPED_XML)
        done = self.dev("test")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(self.calls("ctest")), 4)
        self.assertEqual(done.stdout.splitlines()[-1], "11 passed, 1 failed, 1 skipped")
        summary = done.stdout[done.stdout.index("== asan failed"):]
        self.assertIn("3 - unit.mailbox (Failed)", summary)
        self.assertNotIn("tests failed out of 2", summary)
        self.assertNotIn("== release", summary)

    def test_a_skipped_test_says_why(self):
        self.write("xml-of-dev", SKIPPED_XML)
        self.assertIn("skipped stress.cgroup: skipped: there is no cgroup v2 here\n",
            self.dev("test", "dev").stdout)

    def test_a_preset_that_is_not_built_counts_as_a_failure(self):
        self.write("broken", "tsan")
        done = self.dev("test")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such compiler", done.stdout[done.stdout.index("== tsan failed"):])
        self.assertEqual(done.stdout.splitlines()[-1], "9 passed, 1 failed, 0 skipped")

    def test_coverage_counts_anew_and_prints_its_figures(self):
        self.write("build/coverage/old.gcda", "")
        done = self.dev("test", "coverage")
        self.assertIn("python tests/coverage.py build/coverage\n", done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "3 passed, 0 failed, 0 skipped")
        self.assertFalse((self.folder / "build/coverage/old.gcda").exists())

    def test_aarch64_has_its_libraries_unpacked_first(self):
        self.write("cmake/sysroot.sh", 'echo "sysroot.sh $*" >>calls')
        self.assertEqual(self.dev("test", "aarch64").returncode, 0)
        self.assertIn(" build/sysroot libboost-context1.74-dev libck-dev ", self.calls("sysroot.sh")[0])
        self.write("cmake/sysroot.sh", "exit 1")
        self.assertEqual(self.dev("test", "aarch64").returncode, 1)

    def test_no_test_at_all_is_a_failure(self):
        self.write("said-by-dev", "No tests were found!!!\n")
        done = self.dev("test", "dev")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.splitlines()[-1], "0 passed, 1 failed, 0 skipped")

    def test_no_test_at_all_is_a_failure_also_if_ctest_is_content(self):
        self.write("stubs/ctest", "#!/bin/sh\necho No tests were found!!!\n")
        done = self.dev("test", "dev")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.splitlines()[-1], "0 passed, 1 failed, 0 skipped")

    def test_when_ctest_fails_with_no_failed_test_that_is_a_failure(self):
        self.write("said-by-dev", "100% tests passed, 0 tests failed out of 3\n")
        done = self.dev("test", "dev")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.splitlines()[-1], "3 passed, 1 failed, 0 skipped")

    def test_full_is_told_to_the_tests(self):
        self.write("stubs/ctest", '#!/bin/sh\necho "full: ${TROUPE_TEST_FULL-no}"\n')
        self.assertIn("full: no\n", self.dev("test", "dev").stdout)
        self.assertIn("full: 1\n", self.dev("test", "--full", "dev").stdout)


if __name__ == "__main__":
    unittest.main()

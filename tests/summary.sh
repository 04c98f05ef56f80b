#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# summary: what ctest said in each preset, the failed ones last, then the sum.
# Reads build/PRESET.log (all output) and build/PRESET.xml (ctest's JUnit file),
# as ./dev test leaves them.
#
# usage: sh tests/summary.sh PRESET...   exit status 1 if a test failed or none ran
set -eu

# Prints how many tests of a preset passed, failed and were skipped. Only the last
# count in the log is the preset's own, as a test may run ctest too. What did not
# come to its tests counts as one failure.
tally() {
    awk '/^[0-9]+% tests passed, / { failed = $4; total = $NF; skipped = 0 }
        /\(Skipped\)$/ { skipped++ }
        /^dev: preset .* failed$/ { broken = 1 }
        END {
            if (total == 0 || (broken && failed == 0)) { failed++; total++ }
            print total - failed - skipped, failed, skipped + 0
        }' "build/$1.log"
}

# Why each skipped test was: the line of its output that says so.
skipped_why() {
    [ -f "build/$1.xml" ] || return 0
    awk -F '"' '
        /<testcase / { name = $2; is_skipped = 0; why = "" }
        /<skipped / { is_skipped = 1; why = $2; next }
        is_skipped && /[Ss][Kk][Ii][Pp]/ {
            sub(/.*<system-out>/, ""); sub(/<\/system-out>.*/, "")
            why = $0; is_skipped = 0
        }
        /<\/testcase>/ && why != "" { print "    skipped " name ": " why }
    ' "build/$1.xml"
}

# What a failed preset said at its end: the failed tests, or why there are none.
failure_of() {
    printf '\n== %s failed; all that it said is in build/%s.log\n' "$1" "$1"
    awk '/^[0-9]+% tests passed, / { text = "" }
        { text = text $0 "\n" }
        END { printf "%s", text }' "build/$1.log" | tail -n 40
}

passed=0 failed=0 skipped=0 failed_presets=
echo
for preset in "$@"; do
    # shellcheck disable=SC2046 # three numbers
    set -- $(tally "$preset")
    printf '%-9s%5d passed %4d failed %4d skipped\n' "$preset" "$@"
    skipped_why "$preset"
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
    [ "$2" = 0 ] || failed_presets="$failed_presets $preset"
done
for preset in $failed_presets; do
    failure_of "$preset"
done
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# plot: the bank's variants against 1, 2, 4, 8 and 16 threads, drawn by gnuplot.
# Above, transactions a second; below, updates lost in one pass over the ledger, as a
# fast variant makes more passes. Leaves in FOLDER the figures (compare-THREADS.json,
# VARIANT.dat) and the picture (bank.svg, bank.png).
#
# usage: sh examples/bank/plot.sh TROUPE_BANK FOLDER [OPTION OF COMPARE...]
set -eu

bank=$1
folder=$2
shift 2
mkdir -p "$folder"
rm -f "$folder"/*.dat

# A line for each object of the JSON array: what its variant is drawn from.
figures_of() {
    tr -d ' \n\t' <"$1" | tr '{' '\n' | awk '
        function value(key,    at) {
            at = index($0, "\"" key "\":")
            if (at == 0) return ""
            split(substr($0, at + length(key) + 3), rest, /[,}]/)
            gsub(/"/, "", rest[1])
            return rest[1]
        }
        /"variant":/ { print value("variant"), value("threads_count"),
            value("transactions_per_second"),
            value("updates_lost_count") / value("runs_count") }'
}

for threads in 1 2 4 8 16; do
    echo "plot: comparing with $threads threads" >&2
    json=$folder/compare-$threads.json
    "$bank" compare --json --threads "$threads" "$@" >"$json" || {
        status=$?
        [ "$status" = 1 ] || exit "$status"
        echo "plot: a safe variant was not exact; it is drawn as it is" >&2
    }
    figures_of "$json" | while read -r variant count per_second lost; do
        echo "$count $per_second $lost" >>"$folder/$variant.dat"
    done
done

variants=
for variant in unsafe mutex locks actors; do
    [ ! -f "$folder/$variant.dat" ] || variants="$variants $variant"
done
[ -n "$variants" ] || { echo "plot: $bank compare --json printed no figures" >&2; exit 1; }

draw() {
    gnuplot <<END
set terminal $1
set output "$folder/bank.$2"
set multiplot layout 2,1
set logscale x 2
set xrange [0.9:18]
set xtics (1, 2, 4, 8, 16)
set yrange [0:*]
set format y "%.1s%c"
set grid ytics linetype 1 linewidth 0.5 dashtype 3 linecolor rgb "#999999"
set border 3
set tics nomirror
set key outside right top
set lmargin 10
set linetype 1 linewidth 2 pointtype 7 linecolor rgb "#d62728"
set linetype 2 linewidth 2 pointtype 5 linecolor rgb "#1f77b4"
set linetype 3 linewidth 2 pointtype 9 linecolor rgb "#9467bd"
set linetype 4 linewidth 2 pointtype 13 linecolor rgb "#2ca02c"
set title "The same ledger, by threads"
set ylabel "transactions a second"
plot for [v in "${variants# }"] "$folder/".v.".dat" using 1:2 with linespoints title v
set title
set xlabel "threads"
set ylabel "updates lost in a pass"
plot for [v in "${variants# }"] "$folder/".v.".dat" using 1:3 with linespoints title v
unset multiplot
END
}

draw "svg size 800,600 dynamic background '#ffffff'" svg
draw "pngcairo size 800,600" png
echo "drawn: $folder/bank.svg and $folder/bank.png"

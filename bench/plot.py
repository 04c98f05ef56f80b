#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""plot: the benchmarks that have curves, measured and drawn by gnuplot.

Each grow-* is drawn against its axis, a line for each number of workers and one for the
floor; each benchmark with percentiles against them. Others are measured and not drawn.
Leaves in FOLDER the figures (figures.json, NAME.dat) and the pictures (NAME.svg).

usage: bench/plot.py TROUPE_BENCH FOLDER [NAME...] [OPTION OF TROUPE-BENCH...]
"""
import json
import pathlib
import subprocess
import sys

PERCENTILES = ["p50", "p99", "p99.9", "max"]
STYLE = """\
set terminal svg size 800,450 dynamic background '#ffffff'
set output "{svg}"
set title "{title}"
set xlabel "{axis}"
set ylabel "median, {unit}"
set yrange [0:*]
set grid ytics linetype 1 linewidth 0.5 dashtype 3 linecolor rgb "#999999"
set border 3
set tics nomirror
set key outside right top
set linetype 1 linewidth 2 pointtype 7 linecolor rgb "#2ca02c"
set linetype 2 linewidth 2 pointtype 5 linecolor rgb "#1f77b4"
set linetype 3 linewidth 2 pointtype 9 linecolor rgb "#999999"
{scales}
plot for [i=2:{columns}] "{data}" using {using} with linespoints title columnheader(i)
"""


def lines_of(rows):
    """What is drawn: the name of each line, and its value at each place."""
    lines = {}
    by_workers = rows[0].get("axis") == "workers"
    for row in rows:
        workers = row["workers_count"]
        name = "measured" if by_workers else f"workers-{workers}"
        place = row["at"] if "axis" in row else row["part"]
        lines.setdefault(name, {})[place] = row["median"]
        if "floor" in row:
            lines.setdefault("floor", {})[place] = row["floor"]
    return dict(sorted(lines.items(), key=lambda line: line[0] == "floor"))


def script_of(name, rows, lines, data, svg):
    if "axis" in rows[0]:
        axis, using = rows[0]["axis"], "1:i"
        scales = "set logscale x 2" if axis in ("workers", "fields") else "set logscale x 10"
        if max(row["median"] for row in rows) > 20 * min(row["median"] for row in rows):
            scales += "\nset yrange [1:*]\nset logscale y 10"
    else:
        axis, using = "of the waits", "0:i:xtic(1)"
        scales = "set xrange [-0.2:3.2]\nset yrange [*:*]\nset logscale y 10"
    return STYLE.format(svg=svg, data=data, title=name, axis=axis, unit=rows[0]["unit"],
        using=using, scales=scales, columns=len(lines) + 1)


def draw(name, rows, folder):
    lines = lines_of(rows)
    places = list(dict.fromkeys(place for line in lines.values() for place in line))
    table = [["at", *lines]] + [[str(place), *(str(line.get(place, "NaN"))
        for line in lines.values())] for place in places]
    data = folder / f"{name}.dat"
    svg = folder / f"{name}.svg"
    data.write_text("".join(" ".join(row) + "\n" for row in table), encoding="ascii")
    subprocess.run(["gnuplot"], input=script_of(name, rows, lines, data, svg), text=True,
        check=True)
    print(f"drawn: {svg}")


def has_curve(rows):
    return "axis" in rows[0] or [row.get("part") for row in rows[:4]] == PERCENTILES


def main(program, folder, *words):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    figures = folder / "figures.json"
    with open(figures, "wb") as out:
        status = subprocess.run([program, *words, "--json"], stdout=out, check=False).returncode
    if status > 1:
        return status
    names = {}
    for row in json.loads(figures.read_text(encoding="utf-8")):
        names.setdefault(row["name"], []).append(row)
    for name, rows in names.items():
        if has_curve(rows):
            draw(name, rows, folder)
    print(f"figures: {figures}")
    return status


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))

"""Compile, sampling, effective draws and memory: this project beside its peers, in one run.

    python benchmarks/fit.py --data FOLDER        # everything; FOLDER holds the public data sets
    python benchmarks/fit.py --rows refresh geo   # rows whose name contains a word, in that order
    python benchmarks/fit.py --quick              # few draws, small rows: does it work here?
    python benchmarks/fit.py --show               # print the table of what was measured before

Peers are installed once into ``benchmarks/.cache``. Every cell runs in a fresh process. What was
measured is kept as JSON after every cell, so that a long table can be made in pieces; a cell that
is measured again counts with its median.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import os
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

from cases import PUBLIC, REFRESH, SIMULATED, make_cases
from cell import SETTINGS, effective_draws, run_cell
from peers import CACHE, ENGINES, WORKBOOK, NotInstalledError, python_of, versions_of

GROWTH = {
    "channels": [(1, 156, n) for n in (4, 8, 16, 32)],
    "weeks": [(1, n, 8) for n in (104, 208, 416, 832)],
    "regions": [(n, 104, 8) for n in (4, 8, 16, 32)],
}
"""Sizes (regions, weeks, channels) on which the growth of our own cost is fitted."""
GROWTH_ROWS = {f"growth {r}x{w}x{c}": (r, w, c) for one in GROWTH.values() for r, w, c in one}
ROWS = [*PUBLIC, *SIMULATED, REFRESH, *GROWTH_ROWS]
PATIENCE = 3
"""Times the limit that the twelve models of a refresh may take together."""
QUICK = {"chains": 2, "tune": 200, "draws": 200}
Record = dict[str, Any]


def measure(row: str, engine: str, asked: argparse.Namespace, settings: Record) -> list[Record]:
    """Measure an engine on a row: without compiled code if asked, then with it."""
    try:
        python_of(engine)
    except NotInstalledError as error:
        return [{"row": row, "engine": engine, "missing": str(error)}]
    folder = CACHE / "cases"
    folder.mkdir(parents=True, exist_ok=True)
    cases = make_cases(row, asked.data, folder)
    kept = CACHE / "compiled" / engine

    def cell(state: str, stage: str, files: list[Path]) -> Record:
        limit = asked.limit * (PATIENCE if stage == "refresh" else 1)
        done = run_cell(engine, files, stage, kept, limit, asked.lock, **settings)
        return {"row": row, "engine": engine, "state": state, **done}

    if row == REFRESH:
        # A refresh finds what an earlier one has compiled, where the engine keeps that.
        first = cell("first", "fit", cases[:1])
        if "seconds" not in first:
            return [first]
        return _judged([cell("warm", "refresh", cases)])
    if row in GROWTH_ROWS or not asked.cold:
        return _judged([cell("warm", "fit", cases)])
    shutil.rmtree(kept, ignore_errors=True)
    cold = cell("cold", "fit", cases)
    if "seconds" not in cold:
        return [cold]
    if cold["wall"] < asked.limit / 3:
        return _judged([cold, cell("warm", "fit", cases)])
    # Long enough to be measured once; only the compiling is repeated, where that can be.
    return _judged([cold, *([cell("warm", "compile", cases)] if engine != "meridian" else [])])


def _judged(records: list[Record]) -> list[Record]:
    """Count effective draws of what was sampled, and let the draws go."""
    for record in records:
        out = record.pop("out", None)
        if out and Path(out).exists():
            if record["row"] != REFRESH:
                record["ess"] = effective_draws(out)
            Path(out).unlink()
    return records


def seconds_of(record: Record) -> tuple[float, float]:
    """Compiling and sampling of a cell; NaN where it did not come so far."""
    marks = record.get("seconds", {})
    compiling = marks.get("compile", math.nan)
    if record["engine"] == WORKBOOK:
        compiling = marks.get("compiled", math.nan) - marks.get("imported", math.nan)
        sampling = marks.get("sampled", math.nan) - marks.get("compiled", math.nan)
    else:
        sampling = marks.get("sampled", math.nan) - marks.get("imported", math.nan) - compiling
    return compiling, sampling


def summarise(records: list[Record]) -> list[Record]:
    """One line for every row and engine; medians where a cell was measured more than once."""
    lines = []
    for row in ROWS:
        for engine in ENGINES:
            mine = [one for one in records if (one["row"], one["engine"]) == (row, engine)]
            if mine:
                lines.append(_line(row, engine, mine))
    return lines


def _line(row: str, engine: str, mine: list[Record]) -> Record:
    line: Record = {"row": row, "engine": engine}
    stopped = [one for one in mine if one.keys() & {"over", "failed", "missing"}]
    done = [one for one in mine if "sampled" in one.get("seconds", {})]
    cold = [one for one in done if one["state"] == "cold"]
    warm = [one for one in done if one["state"] == "warm"]
    if stopped and not done:
        line["stopped"] = stopped[-1]
        if any(one.get("megabytes") for one in stopped):
            line["memory"] = max(one.get("megabytes", 0) for one in stopped)
    loaded = [one for one in mine if one.get("state") == "warm" and "seconds" in one]
    if loaded:
        line["warm compile"] = _median(seconds_of(one)[0] for one in loaded)
    warm = warm or cold
    if warm:
        line["sampling"] = _median(seconds_of(one)[1] for one in warm)
        line["wall"] = _median(one["seconds"]["sampled"] for one in warm)
        line["memory"] = max(one["megabytes"] for one in (*warm, *cold))
        line["gradients"] = warm[-1].get("gradients", 0)
        line["cpu"] = _median(
            one["cpu"]["sampled"] - one["cpu"].get("compiled", one["cpu"]["imported"])
            for one in warm
        )
        if "ess" in warm[-1]:
            line["ess"] = _median(min(one["ess"].values()) for one in warm)
            line["rate"] = line["ess"] / line["sampling"]
        line["times"] = len(warm)
    if cold:
        line["cold compile"] = _median(seconds_of(one)[0] for one in cold)
        line["cold start"] = _median(one["seconds"]["sampled"] for one in cold)
    return line


def _median(values: Any) -> float:
    return float(statistics.median(list(values)))


COLUMNS = {
    "cold start": ("cold start, s", 1),
    "cold compile": ("cold compile, s", 1),
    "warm compile": ("warm compile, s", 1),
    "sampling": ("sampling, s", 1),
    "ess": ("min. ESS", 0),
    "rate": ("ESS/s", 0),
    "memory": ("MB", 0),
}


def print_table(lines: list[Record]) -> None:
    """Print the rows, ours beside the peers, with ratios to ours."""
    heads = [head for head, _ in COLUMNS.values()]
    print("\n| row | engine | " + " | ".join(heads) + " | ESS/s, ours to theirs |")
    print("|---|---|" + "---:|" * (len(heads) + 1))
    ours = {line["row"]: line for line in lines if line["engine"] == WORKBOOK}
    for line in lines:
        if line["row"] in (REFRESH, *GROWTH_ROWS):
            continue
        cells = [_number(line.get(name, math.nan), places) for name, (_, places) in COLUMNS.items()]
        if "stopped" in line:
            cells[3] = _reason(line["stopped"])
        rate = ours.get(line["row"], {}).get("rate", math.nan) / line.get("rate", math.nan)
        told = "" if line["engine"] == WORKBOOK else _number(rate, 1)
        title = ENGINES[line["engine"]].title
        print(f"| {line['row']} | {title} | " + " | ".join(cells) + f" | {told} |")
    _print_refresh([line for line in lines if line["row"] == REFRESH])
    _print_growth([line for line in lines if line["row"] in GROWTH_ROWS])


def _print_refresh(lines: list[Record]) -> None:
    if not lines:
        return
    print(f"\n| {REFRESH}, one after the other | wall, s | MB | theirs to ours |")
    print("|---|---:|---:|---:|")
    own = next((one for one in lines if one["engine"] == WORKBOOK), {}).get("wall", math.nan)
    for line in lines:
        wall = _number(line.get("wall", math.nan), 0)
        if "stopped" in line:
            wall = _reason(line["stopped"])
        ratio = "" if line["engine"] == WORKBOOK else _number(line.get("wall", math.nan) / own, 1)
        memory = _number(line.get("memory", math.nan), 0)
        print(f"| {ENGINES[line['engine']].title} | {wall} | {memory} | {ratio} |")


def _print_growth(lines: list[Record]) -> None:
    found = {GROWTH_ROWS[line["row"]]: line for line in lines if "sampling" in line}
    if not found:
        return
    print("\n| regions x weeks x channels | sampling, s | gradients | µs per gradient | ESS/s |")
    print("|---|---:|---:|---:|---:|")
    for size, line in found.items():
        each = 1e6 * _per_gradient(line)
        print(
            f"| {'x'.join(map(str, size))} | {line['sampling']:.2f} | {line['gradients']:,} "
            f"| {each:.0f} | {line['rate']:.0f} |"
        )
    print()
    for axis, sizes in GROWTH.items():
        place = next(n for n in range(3) if len({size[n] for size in sizes}) > 1)
        points = [(size[place], found[size]) for size in sizes if size in found]
        if len(points) > 2:
            whole = _slope([(n, line["sampling"]) for n, line in points])
            each = _slope([(n, _per_gradient(line)) for n, line in points])
            print(
                f"Sampling grows with {axis}^{whole:.2f}, one gradient with {axis}^{each:.2f} "
                f"({points[0][0]} to {points[-1][0]})."
            )


def _per_gradient(line: Record) -> float:
    return line["cpu"] / max(line["gradients"], 1)


def _slope(points: list[tuple[float, float]]) -> float:
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    return statistics.linear_regression(xs, ys).slope


def _number(value: float, places: int) -> str:
    return f"{value:,.{places}f}" if math.isfinite(value) else "–"


def _reason(stopped: Record) -> str:
    if "missing" in stopped:
        return f"not installed: {stopped['missing']}"
    if "failed" in stopped:
        return f"failed: {stopped['failed']}"
    share = stopped.get("progress")
    done = f" ({100 * share:.1f} % of the draws)" if share is not None else ""
    return f"> {stopped['over']:.0f}{done}"


def main() -> None:
    """Measure what is asked for, keep it, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", default=[""], help="words in rows' names, in order")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--data", type=Path, help="folder of the public data sets")
    parser.add_argument("--results", type=Path, default=CACHE / "fit.json")
    parser.add_argument("--limit", type=float, default=600, help="seconds that a cell may take")
    parser.add_argument("--lock", type=Path, help="file to lock around every cell")
    parser.add_argument("--warm", dest="cold", action="store_false", help="no cold cells")
    parser.add_argument("--quick", action="store_true", help="few draws, small rows")
    parser.add_argument("--show", action="store_true", help="measure nothing")
    asked = parser.parse_args()
    results = asked.results if not asked.quick else asked.results.with_suffix(".quick.json")
    records: list[Record] = json.loads(results.read_text()) if results.exists() else []
    if asked.show:
        print_table(summarise(records))
        return
    rows = list(dict.fromkeys(row for word in asked.rows for row in ROWS if word in row))
    if asked.quick:
        rows = [row for row in rows if row in (*PUBLIC, next(iter(SIMULATED)))]
    if asked.data is None:
        for row in PUBLIC:
            if row in rows:
                print(f"{row}: left out, because --data does not name a folder", file=sys.stderr)
        rows = [row for row in rows if row not in PUBLIC]
    for engine in asked.engines:
        try:
            told = ", ".join(f"{name} {number}" for name, number in versions_of(engine).items())
        except NotInstalledError as error:
            told = f"not installed: {error}"
        print(f"{ENGINES[engine].title}: {told}", flush=True)
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load before {load:.1f}, {dt.date.today()}", flush=True)
    settings = QUICK if asked.quick else {}
    print(", ".join(f"{name} {value}" for name, value in (SETTINGS | settings).items()))
    for row in rows:
        for engine in asked.engines:
            if row in GROWTH_ROWS and engine != WORKBOOK:
                continue
            made = measure(row, engine, asked, settings)
            for one in made:
                told = {key: one[key] for key in ("seconds", "over", "failed") if key in one}
                print(f"{row}, {engine}, {one.get('state', '')}: {told}", flush=True)
            records += made
            results.parent.mkdir(parents=True, exist_ok=True)
            results.write_text(json.dumps(records, indent=1))
    print_table(summarise(records))


if __name__ == "__main__":
    main()

"""The runs of a workbook that were made before: what they saw, and which are of earlier periods."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from mmmlib.params import Params
from mmmlib.runs import Run, list_runs


def past_runs(runs_dir: Path, workbook: str, before: dt.datetime | None = None) -> list[Run]:
    """Return the finished runs of a workbook, those of the earliest period first, then by age.

    Parameters
    ----------
    before
        Only those made before; all if not given.
    """
    finished = []
    for run in list_runs(runs_dir, workbook):
        manifest = run.manifest
        if manifest.status == "done" and (before is None or manifest.created < before):
            finished.append((period_end(manifest.period), run))
    finished.sort(
        key=lambda item: item[0]
    )  # those of one period stay in the order they were made in
    return [run for _, run in finished]


def is_earlier_period(period: str, params: Params) -> bool:
    """Say whether a period ends before the one that a refresh is for.

    Runs of the same period are repeats and trials of the same refresh: what it is held against
    must not depend on how often it was made.
    """
    return period_end(period) < period_end(params.refresh.period)


def period_end(period: str) -> tuple[int, int]:
    """Return year and month with which a period ends.

    >>> period_end("2026-Q2"), period_end("2026-06")
    ((2026, 6), (2026, 6))
    """
    year, _, part = period.partition("-")
    return int(year), 3 * int(part[1:]) if part.startswith("Q") else int(part)

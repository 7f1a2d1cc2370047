"""How far the fits of the worker pool are, and how long they still take: for terminals and logs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from statistics import fmean
from typing import TYPE_CHECKING, Any

from mmmlib.phrases import count_text

if TYPE_CHECKING:
    from mmmlib.model.one_fit import FitRequest

TOPIC = "mmm-fits"
"""Name under which workers tell Dask's scheduler how far they are."""
SECONDS = 5.0
"""How often a worker tells it."""
ENOUGH = 0.05
"""Share of a fit from which its speed says how long the rest takes."""


def teller(request: FitRequest) -> Callable[[FitRequest, float], None]:
    """Return what a worker calls with the share that is done; the scheduler is told now and then."""
    from distributed import get_worker

    worker, began, last = get_worker(), time.time(), [0.0]

    def tell(_: FitRequest, done: float) -> None:
        now = time.time()
        if done >= 1 or now - last[0] >= SECONDS:
            last[0] = now
            event = {"fit": str(request), "began": began, "at": now, "done": done}
            worker.log_event(TOPIC, event)

    return tell


def progress_text(events: Iterable[Mapping[str, Any]], ordered: int, workers: int) -> str:
    """Say in a line how far fits are, and about how long they still take.

    ``events`` are what workers told, the oldest first: ``fit``, ``began`` and ``at`` (seconds),
    ``done`` (share); ``ordered`` is how many fits were asked for, and ``workers`` how many are made
    at a time.

    Examples
    --------
    >>> told = [{"fit": "revenue.pooled", "began": 0.0, "at": 60.0, "done": 0.25}]
    >>> progress_text(told, 1, 2)
    '0 of 1 fit done; revenue.pooled 25 %; about 3 min left'
    """
    latest = {event["fit"]: event for event in events}
    at_work = [event for event in latest.values() if event["done"] < 1]
    total = max(ordered, len(latest))
    over = len(latest) - len(at_work)
    if over == total:
        return ""
    shares = [f"{event['fit']} {100 * event['done']:.0f} %" for event in at_work[:2]]
    parts = [f"{over} of {count_text(total, 'fit')} done", *shares]
    speeds = [
        (event["at"] - event["began"]) / event["done"]
        for event in latest.values()
        if event["done"] >= ENOUGH
    ]
    if speeds:
        rest = sum(1 - event["done"] for event in at_work) + total - len(latest)
        seconds = fmean(speeds) * rest / max(1, min(workers, math.ceil(rest)))
        parts.append(f"about {max(1, round(seconds / 60))} min left")
    return "; ".join(parts)

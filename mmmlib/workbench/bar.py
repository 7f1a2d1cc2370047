"""How far fits are: a bar in a notebook, a line for each in a terminal."""

from __future__ import annotations

import html
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mmmlib.model.fit import say_progress
from mmmlib.model.one_fit import FitRequest, Progress

OFTEN = 0.2
"""Seconds between two drawings of the bar."""


@contextmanager
def progress_bar(requests: Sequence[FitRequest]) -> Iterator[Progress]:
    """Yield what fits tell their progress; the bar goes when they are done."""
    if not _in_notebook():
        yield say_progress
        return
    from IPython.display import HTML, display

    began, drawn = time.monotonic(), 0.0
    done = dict.fromkeys(map(str, requests), 0.0)

    def draw() -> HTML:
        share = sum(done.values()) / max(len(done), 1)
        seconds = time.monotonic() - began
        now = next((name for name, part in done.items() if part < 1), "done")
        return HTML(
            f'<progress value="{share:.3f}" max="1" style="width: 20em"></progress> '
            f"{100 * share:.0f} %, {seconds:.0f} s: {html.escape(now)}"
        )

    bar = display(draw(), display_id=True)

    def report(request: FitRequest, share: float) -> None:
        nonlocal drawn
        done[str(request)] = share
        if share >= 1 or time.monotonic() - drawn > OFTEN:
            drawn = time.monotonic()
            bar.update(draw())

    try:
        yield report
    finally:
        finished = sum(share >= 1 for share in done.values())
        seconds = time.monotonic() - began
        bar.update(HTML(f"{finished} of {len(done)} fits in {seconds:.1f} s"))


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None

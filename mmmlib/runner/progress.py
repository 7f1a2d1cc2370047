"""Show a refresh at work: live on a terminal, by a line a minute in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmmlib.manifest import StepRecord
    from mmmlib.runs import Run

MARKS = {"done": "[green]✓[/]", "failed": "[red]✗[/]"}


class Silent:
    """Says nothing, and remembers the run for the last line."""

    run: Run | None = None

    def run_begins(self, run: Run, resumed: bool) -> None:
        """Keep the run."""
        self.run = run

    def step_begins(self, name: str) -> None:
        """Nothing is shown."""

    def step_says(self, name: str, line: str) -> None:
        """Nothing is shown."""

    def step_ends(self, record: StepRecord, kept: bool) -> None:
        """Nothing is shown."""

    def close(self) -> None:
        """Nothing is open."""


class Log(Silent):
    """A line a minute on every step that is at work, for logs of batch jobs.

    Parameters
    ----------
    every
        Seconds between lines; a step that is done before has none.
    """

    def __init__(self, every: float = 60.0) -> None:
        self._active: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, args=(every,), daemon=True)
        self._thread.start()

    def step_begins(self, name: str) -> None:
        """Start a step's clock."""
        self._active[name] = time.monotonic()

    def step_says(self, name: str, line: str) -> None:
        """Keep the last line for the next minute."""
        self._said[name] = line

    def step_ends(self, record: StepRecord, kept: bool) -> None:
        """Stop the clock."""
        self._active.pop(record.name, None)

    def _write(self, every: float) -> None:
        while not self._over.wait(every):
            now = time.monotonic()
            for name, since in list(self._active.items()):
                if now - since >= every:
                    said = self._said.get(name, "")
                    clock = f"{time.strftime('%H:%M')} {name}, {(now - since) / 60:.0f} min"
                    print(f"{clock}: {said}" if said else clock, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Write no more."""
        self._over.set()
        self._thread.join()


class Live(Silent):
    """One line per step, with a clock on those at work."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        self._console = Console(stderr=True)
        self._active: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._live = RichLive(
            console=self._console,
            get_renderable=self._render,
            refresh_per_second=4,
            transient=True,
            redirect_stdout=False,
        )
        self._live.start()

    def run_begins(self, run: Run, resumed: bool) -> None:
        """Name the run."""
        self.run = run
        again = ", taken up again" if resumed else ""
        self._console.print(f"{run.name}{again}", style="bold", highlight=False)

    def step_begins(self, name: str) -> None:
        """Start a step's clock."""
        self._active[name] = time.monotonic()

    def step_says(self, name: str, line: str) -> None:
        """Show the last line beside the clock."""
        self._said[name] = line

    def step_ends(self, record: StepRecord, kept: bool) -> None:
        """Turn the clock into a line that stays."""
        self._active.pop(record.name, None)
        seconds = "as it was" if kept else f"{record.seconds or 0:.1f} s"
        mark = MARKS.get(record.status, " ")
        self._console.print(f" {mark} {record.name:<18}{seconds:>9}", highlight=False)

    def _render(self) -> Any:
        from rich.text import Text

        now = time.monotonic()
        lines = [
            f" … {name:<18}{now - since:>7.0f} s  {self._said.get(name, '')}"
            for name, since in self._active.items()
        ]
        return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")

    def close(self) -> None:
        """Take the clocks away."""
        self._live.stop()


@contextmanager
def make_watcher() -> Iterator[Silent]:
    """Return what shows progress: live where a person looks at the terminal."""
    watcher = Live() if sys.stderr.isatty() else Log()
    try:
        yield watcher
    finally:
        watcher.close()

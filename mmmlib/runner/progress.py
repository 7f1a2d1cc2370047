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


class Watcher:
    """Is told what happens, and keeps it; shows nothing by itself."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.active: dict[str, float] = {}
        """When each step at work began."""
        self.said: dict[str, str] = {}
        """The last line of each step."""

    def run_begins(self, run: Run, resumed: bool) -> None:
        """Take notice of the run, which is new or taken up again."""
        self.run = run

    def step_begins(self, name: str) -> None:
        """Take notice of a step that begins."""
        self.active[name] = time.monotonic()

    def step_says(self, name: str, line: str) -> None:
        """Take notice of a line that a step prints; called from its thread."""
        self.said[name] = line

    def step_ends(self, record: StepRecord, kept: bool) -> None:
        """Take notice of a step that is done or failed, or is kept as it was."""
        self.active.pop(record.name, None)

    def close(self) -> None:
        """Show nothing more."""


class Log(Watcher):
    """A line on every step that is at work, each so many seconds, for logs of batch jobs."""

    def __init__(self, every: float = 60.0) -> None:
        super().__init__()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, args=(every,), daemon=True)
        self._thread.start()

    def _write(self, every: float) -> None:
        while not self._over.wait(every):
            now = time.monotonic()
            for name, since in list(self.active.items()):
                if now - since >= every:
                    said = self.said.get(name, "")
                    clock = f"{time.strftime('%H:%M')} {name}, {(now - since) / 60:.0f} min"
                    print(f"{clock}: {said}" if said else clock, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Write no more."""
        self._over.set()
        self._thread.join()


class Live(Watcher):
    """One line per step, with a clock on those at work."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        super().__init__()
        self._console = Console(stderr=True)
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
        super().run_begins(run, resumed)
        again = ", taken up again" if resumed else ""
        self._console.print(f"{run.name}{again}", style="bold", highlight=False)

    def step_ends(self, record: StepRecord, kept: bool) -> None:
        """Turn the clock into a line that stays."""
        super().step_ends(record, kept)
        seconds = "as it was" if kept else f"{record.seconds or 0:.1f} s"
        mark = MARKS.get(record.status, " ")
        self._console.print(f" {mark} {record.name:<18}{seconds:>9}", highlight=False)

    def _render(self) -> Any:
        from rich.text import Text

        now = time.monotonic()
        lines = [
            f" … {name:<18}{now - since:>7.0f} s  {self.said.get(name, '')}"
            for name, since in self.active.items()
        ]
        return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")

    def close(self) -> None:
        """Take the clocks away."""
        self._live.stop()


@contextmanager
def make_watcher() -> Iterator[Watcher]:
    """Return what shows progress: live where a person looks at the terminal."""
    watcher = Live() if sys.stderr.isatty() else Log()
    try:
        yield watcher
    finally:
        watcher.close()

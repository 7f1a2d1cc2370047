"""Errors that say what to do.

Every error that a user can cause is an :class:`MMMError`. The command line
prints its text, without a traceback, and leaves with its ``exit_code``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BlockedError", "InputError", "MMMError", "Problem", "RunError", "StepError"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where.

    Parameters
    ----------
    place
        Key, row or column: ``"channels.tv.spend"``, ``"row 14, column tv_S"``.
    found, expected
        What was there and what should be there. Both are shown to the user.
    action
        What to do about it, where that is more than "make it as expected".
    """

    place: str
    found: str
    expected: str
    action: str = ""

    def __str__(self) -> str:
        text = f"{self.place}: found {self.found}; expected {self.expected}."
        return f"{text} {self.action}" if self.action else text


class MMMError(Exception):
    """Root of all errors that the workbook raises on purpose."""

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in a notebook: the message, which says what to do, and no stack."""
        return [f"{type(self).__name__}: {self}"]


class InputError(MMMError):
    """Something that the user gave is wrong. Carries *all* problems of a file.

    Examples
    --------
    >>> print(InputError("media.csv", [Problem("row 3, column tv", "-5", "zero or more")]))
    media.csv: row 3, column tv: found -5; expected zero or more.
    """

    def __init__(
        self, file: str | Path | None, problems: Sequence[Problem], note: str = ""
    ) -> None:
        self.file = None if file is None else str(file)
        self.note = note
        self.problems = tuple(problems)
        super().__init__(self._text())

    @classmethod
    def one(
        cls,
        file: str | Path | None,
        place: str,
        found: str,
        expected: str,
        action: str = "",
    ) -> InputError:
        """Make an error of a single problem."""
        return cls(file, [Problem(place, found, expected, action)])

    def _text(self) -> str:
        head = self.file or "input"
        if self.note:
            head = f"{head} ({self.note})"
        if len(self.problems) == 1:
            return f"{head}: {self.problems[0]}"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        return f"{head}: {len(self.problems)} problems\n{lines}"


class RunError(MMMError):
    """A run folder is missing, damaged or not in a state that allows the request."""


class StepError(MMMError):
    """A step of a refresh failed; the run folder holds what it did and can be resumed."""


class BlockedError(MMMError):
    """A gate blocks. The run is whole and its pack says why."""

    exit_code = 2

"""Everything that is wrong with the sources, told in one message."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mmmlib.errors import InputError, Problem

CAP = 20
"""Problems shown per file; the rest is counted."""


class Problems:
    """A collector: readers and checks add to it, one error is raised at the end."""

    def __init__(self) -> None:
        self._by_file: dict[str, dict[Problem, None]] = {}
        self._notes: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._by_file)

    def add(
        self,
        file: str | Path,
        place: str,
        found: str,
        expected: str,
        action: str = "",
    ) -> None:
        """Note a problem; the same one twice counts once."""
        problem = Problem(place, found, expected, action)
        self._by_file.setdefault(str(file), {})[problem] = None

    def own(self, file: str | Path, source: str, owner: str) -> None:
        """Say whose a file is: messages about it then name the source and its owner."""
        self._notes[str(file)] = f"source {source}, owner {owner or 'not named'}"

    def of(self, file: str | Path) -> list[Problem]:
        """Problems of one file, in the order in which they were seen."""
        return list(self._by_file.get(str(file), ()))

    def raise_if_any(self) -> None:
        """Raise one :class:`~mmmlib.errors.InputError` with all problems of all files."""
        if not self._by_file:
            return
        if len(self._by_file) == 1:
            file, problems = next(iter(self._by_file.items()))
            raise InputError(file, _capped(problems), self._notes.get(file, ""))
        listed = [
            Problem(f"{self._named(file)}, {problem.place}", *_rest(problem))
            for file, problems in self._by_file.items()
            for problem in _capped(problems)
        ]
        raise InputError(f"{len(self._by_file)} files", listed)

    def _named(self, file: str) -> str:
        note = self._notes.get(file)
        return f"{file} ({note})" if note else file


def _rest(problem: Problem) -> tuple[str, str, str]:
    return problem.found, problem.expected, problem.action


def _capped(problems: Iterable[Problem]) -> list[Problem]:
    listed = list(problems)
    if len(listed) <= CAP:
        return listed
    more = len(listed) - CAP
    return [
        *listed[:CAP],
        Problem("the rest of the file", f"{more} more problems", "none"),
    ]

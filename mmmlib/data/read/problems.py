"""Everything that is wrong with the sources, told in one message."""

from __future__ import annotations

from pathlib import Path

from mmmlib.data.read.words import count_of
from mmmlib.errors import InputError, Problem

CAP = 20
"""Problems shown per file; the rest is counted."""


def named_from(folder: Path, file: str | Path) -> str:
    """Name a file from the folder of the sources; whatever lies elsewhere as it is called.

    >>> named_from(Path("/data"), "/data/ads/january.csv"), named_from(Path("/data"), "s3://ads")
    ('ads/january.csv', 's3://ads')
    """
    for root in (folder, folder.resolve()):
        if Path(file).is_relative_to(root):
            return Path(file).relative_to(root).as_posix()
    return str(file)


class Problems:
    """A collector: readers and checks add to it, one error is raised at the end.

    Parameters
    ----------
    folder
        Where the sources lie: messages name files from there, on whatever machine it is.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._by_file: dict[str, dict[Problem, None]] = {}
        self._rest: dict[str, list[Problem]] = {}
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
        problem = Problem(place, self._without_folder(found), expected, action)
        self._by_file.setdefault(self._named(file), {})[problem] = None

    def add_rest(self, file: str | Path, place: str, count: int, expected: str) -> None:
        """Note how many more there are of problems of which some were named; never cut off."""
        problem = Problem(place, f"{count:,} more of these", expected)
        self._by_file.setdefault(self._named(file), {})
        self._rest.setdefault(self._named(file), []).append(problem)

    def own(self, file: str | Path, source: str, owner: str) -> None:
        """Say whose a file is: messages about it then name the source and its owner."""
        self._notes[self._named(file)] = f"source {source}, owner {owner or 'not named'}"

    def of(self, file: str | Path) -> list[Problem]:
        """Problems of one file, in the order in which they were seen."""
        name = self._named(file)
        return [*self._by_file.get(name, ()), *self._rest.get(name, ())]

    def raise_if_any(self) -> None:
        """Raise one :class:`~mmmlib.errors.InputError` with all problems of all files."""
        if not self._by_file:
            return
        if len(self._by_file) == 1:
            (file,) = self._by_file
            raise InputError(file, self._capped(file), self._notes.get(file, ""))
        listed = [
            Problem(f"{self._with_note(file)}, {problem.place}", *_rest(problem))
            for file in self._by_file
            for problem in self._capped(file)
        ]
        raise InputError(f"{len(self._by_file)} files", listed)

    def _named(self, file: str | Path) -> str:
        return str(file) if self._folder is None else named_from(self._folder, file)

    def _without_folder(self, text: str) -> str:
        """Leave the folder out of what a reader says of a file in it."""
        if self._folder is None:
            return text
        return text.replace(f"{self._folder.resolve()}/", "").replace(f"{self._folder}/", "")

    def _with_note(self, file: str) -> str:
        note = self._notes.get(file)
        return f"{file} ({note})" if note else file

    def _capped(self, file: str) -> list[Problem]:
        listed = list(self._by_file[file])
        more = len(listed) - CAP
        if more > 0:
            found = count_of(more, "more problem")
            listed[CAP:] = [Problem("the rest of the file", found, "none")]
        return [*listed, *self._rest.get(file, ())]


def _rest(problem: Problem) -> tuple[str, str, str]:
    return problem.found, problem.expected, problem.action

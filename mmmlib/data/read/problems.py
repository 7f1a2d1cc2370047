"""What is wrong with the sources: collected, and reported in one message as file, place, found, expected.

Errors of DuckDB and of database drivers are put into the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mmmlib.errors import InputError, MMMError, Problem
from mmmlib.phrases import count_text

CAP = 20
"""Examples of one fault that are looked at, and causes that are told of one file."""
SHOWN = 5
"""Problems of one column and cause that are shown; the rest is counted."""


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

    Messages name files from ``folder``, where the sources lie, on whatever machine it is.
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

    def collect(self, error: InputError, place: str = "") -> None:
        """Note the problems of an error, of its file; else of a place."""
        for problem in error.problems:
            self.take(error.file or place, problem)

    def take(self, file: str | Path, one: Problem) -> None:
        """Note a problem that was found elsewhere."""
        self.add(file, one.place, one.found, one.expected, one.action)

    def add_rest(self, file: str | Path, place: str, count: int, expected: str) -> None:
        """Note how many more there are of problems of which some were named; never cut off."""
        problem = Problem(place, f"{count:,} more of these", expected)
        self._by_file.setdefault(self._named(file), {})
        self._rest.setdefault(self._named(file), []).append(problem)

    @property
    def count(self) -> int:
        """How many problems there are, those that are only counted too."""
        return sum(map(len, self._by_file.values())) + sum(
            int(one.found.partition(" ")[0].replace(",", ""))
            for rest in self._rest.values()
            for one in rest
        )

    def join(self, other: Problems) -> None:
        """Take over all that another one noted."""
        for file, found in other._by_file.items():
            self._by_file.setdefault(file, {}).update(found)
        for file, rest in other._rest.items():
            self._rest.setdefault(file, []).extend(rest)
        self._notes |= other._notes

    def own(self, file: str | Path, source: str, owner: str) -> None:
        """Say whose a file is: messages about it then name the source (if any) and its owner."""
        if source:
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
            replace(problem, place=f"{self._with_note(file)}, {problem.place}")
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
        """List the first of every column and cause, and count the others, so that none hides another."""
        causes: dict[tuple[str, ...], list[Problem]] = {}
        for one in self._by_file[file]:
            causes.setdefault(cause_of(one.place, one.expected, one.action), []).append(one)
        listed = [one for some in list(causes.values())[:CAP] for one in some[:SHOWN]]
        rest = [
            Problem(place, f"{len(some) - SHOWN:,} more of these", some[0].expected)
            for (place, *_), some in list(causes.items())[:CAP]
            if len(some) > SHOWN
        ]
        more = sum(map(len, list(causes.values())[CAP:]))
        if more:
            found = count_text(more, "more problem")
            rest.append(Problem("the rest of the file", found, "none"))
        return [*listed, *rest, *self._rest.get(file, ())]


def cause_of(place: str, *words: str) -> tuple[str, ...]:
    """Return by what problems are alike: their column, and what is said of them but for numbers.

    >>> cause_of("row 7, column tv", "a number", "Write 12.5")
    ('column tv', 'a number', 'Write #')
    """
    column = re.sub(r"(the )?row \d+(, )?", "", place)
    return (column or "rows", *(re.sub(r"\d[\d.,']*", "#", text) for text in words))


# --- broken promises ------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """One row that breaks a promise."""

    file: str
    place: str
    found: str
    expected: str = ""
    """What was expected of this row, and what to do, where that says more than the promise."""
    action: str = ""


@dataclass(frozen=True)
class Breach:
    """A promise that was broken.

    ``kind`` is ``type``, ``range``, ``uniqueness`` and so on; ``column`` is empty for the source as
    a whole, and ``count`` the rows (or weeks, or columns) that break it. ``expected`` and
    ``action`` say what was promised, and what to do; there are at most 20 ``examples`` over all
    breaches of a source. ``unreadable`` says whether the values cannot be used at all; the others
    are for the policy to judge.
    """

    kind: str
    column: str
    count: int
    expected: str
    action: str = ""
    examples: tuple[Example, ...] = ()
    unreadable: bool = False


def report_unreadable(breaches: Sequence[Breach], label: str, problems: Problems) -> None:
    """Tell what makes the values unusable, and all else that was broken, as problems."""
    for breach in breaches:
        for example in breach.examples:
            one = example if example.expected else breach
            problems.add(example.file, example.place, example.found, one.expected, one.action)
        rest = breach.count - len(breach.examples)
        if rest > 0:
            place = f"column {breach.column}" if breach.column else "the source"
            problems.add_rest(label, place, rest, breach.expected)


def breach_words(breach: Breach) -> str:
    """Tell a breach in one sentence, with its examples and the count of the rest."""
    examples, file = [], ""
    for one in breach.examples:
        where = f"{one.file}, " if one.file != file else ""  # the file once, not twenty times
        examples.append(f"{where}{one.place}: {one.found}")
        file = one.file
    listed = "; ".join(examples)
    rest = breach.count - len(breach.examples)
    more = f"; and {rest:,} more" if rest > 0 else ""
    about = f"{breach.column}: " if breach.column else ""
    return f"{about}expected {breach.expected}, found {listed or 'others'}{more}."


# --- errors of readers and databases --------------------------------------------------------


def first_line(error: BaseException) -> str:
    """Return the first line of an error that says anything."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason")


@contextmanager
def reading(place: str) -> Iterator[None]:
    """Turn what a database says while it reads into an :class:`InputError`."""
    try:
        yield
    except MMMError:
        raise
    except Exception as error:
        if not is_of_a_database(error):
            raise
        raise InputError.one(*database_problem(error, place)) from error


def is_of_a_database(error: Exception) -> bool:
    """Say whether DuckDB or a driver raised it; all else is a fault of ours."""
    return _module(error) == "duckdb" or is_of_a_server(error)


def is_of_a_server(error: Exception) -> bool:
    """Say whether the driver of a database server raised it."""
    return _module(error) == "psycopg"


def _module(error: Exception) -> str:
    return type(error).__module__.partition(".")[0].lstrip("_")


def why_no_table(error: BaseException, reason: str) -> tuple[str, str, str] | None:
    """Return found, expected and action where a table is held by somebody else, or gone.

    ``reason`` is what the error says, as it may be repeated. None where it is neither.
    """
    kind = type(error).__name__
    if kind == "LockNotAvailable" or "Could not set lock on file" in reason:
        reason = reason.partition(". See also")[0]
        return f"it locked by somebody else ({reason})", "a table that can be read", _LOCKED
    gone = kind in ("TableNotFound", "UndefinedTable")
    if gone or ("does not exist" in reason and "connection" not in reason):
        return f"no such table ({reason})", "the table of this source", _GONE
    return None


def database_problem(error: Exception, place: str) -> tuple[str, str, str, str, str]:
    """Return file, place, found, expected and action of an error of DuckDB or a driver."""
    text = str(error)
    if is_of_a_server(error):
        reason = first_line(error)
        lost = f"no answer from the database ({reason})", "rows", "Begin again."
        return place, "the table", *(why_no_table(error, reason) or lost)
    file = re.search(
        r"^\s*file = (.+)$|file \"([^\"]+)\"|path \"([^\"]+)\"|file '([^']+)'", text, re.MULTILINE
    )
    where = next((group for group in file.groups() if group), place) if file else place
    line = re.search(r"CSV Error on Line: (\d+)|in line (\d+)", text)
    # DuckDB counts the lines of JSON from two.
    number = int(next(filter(None, line.groups()))) - ("JSON" in text) if line else 0
    row = f"row {number}" if line else "the file"
    short = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if short:
        return where, row, f"{short[2]} cells", f"{short[1]} cells, as in the header", CUT_OFF
    for sign, found, expected, action in _READ_ERRORS:
        if re.search(sign, text.lower()):
            return where, row, found, expected, action
    return where, row, f"no readable rows ({first_line(error)})", "rows", ""


CHANGED = (
    "the file",
    "it changed while it was read",
    "a delivery that is complete",
    "Begin again once the upload is over.",
)
"""Place, found, expected and action of a file that was written to in the meantime."""
_LOCKED = "Ask its owner what holds it, such as a load that runs, and begin again when it is over."
_GONE = "Ask its owner whether it moved."
_UTF8 = "Save the file in UTF-8 (Excel: as 'CSV UTF-8')."
CUT_OFF = "The file may be cut off: ask for it again."
_READ_ERRORS = (
    ("not utf-8|invalid unicode|invalid utf-8", "a byte that is not UTF-8", "text in UTF-8", _UTF8),
    ("quote", "broken quoting", "every quote closed", CUT_OFF),
    ("parquet|magic bytes", "no readable Parquet file", "a whole Parquet file", CUT_OFF),
    ("json", "no readable JSON", "one JSON object on every line", CUT_OFF),
)
"""What DuckDB's words for an error of reading mean."""

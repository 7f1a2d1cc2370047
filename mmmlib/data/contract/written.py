"""How the cells of a file seem to be written: marks in numbers, signs beside them, dates, totals.

Looked at for a proposal, over all rows that were looked at; what a source declares is what is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mmmlib.data.contract.forms import DATES, MARKS
from mmmlib.params.messages import shown

SURE = 0.6
"""Share of the filled cells of a column that are numbers, from which it is one of numbers."""
DIGITS = r"[+-]?[0-9][0-9.,'\u2019 \u00a0\u2009\u202f]*"
SIGN = r"(?:[^\w\s.,+'\u2019-]{1,3}|[A-Z]{3}(?!-)|[A-Z]?\$|kr|zł|Fr\.)"
"""What may stand beside a number: the sign of a currency, a per cent sign, a code."""
NUMBER = re.compile(rf"^({SIGN})?\s*({DIGITS})\s*({SIGN})?$")
ID = re.compile(r"^[A-Z]*-?0[0-9]")
"""Digits with a zero in front name something: they are no number."""
DASHES = re.compile(r"^[-–—]+$")
MISSING = re.compile(
    r"^(#?n/?a|nan|null|none|nil|#nv|#div/0!|k\.? ?a\.?|n\.? ?d\.?|s/o|missing|tbd|\?|\.)$",
    re.IGNORECASE,
)
"""What programs and people write where there is no value."""
MARK = re.compile(r"^[^\W\d_][^\d]{2}")
"""A text that marks a total or a note: no date with a typing error."""
LEAST = 3
"""Cells from which a way of writing is that of the file, and not the slip of a cell."""
TOTAL = re.compile(r"total|sum|gesamt|somme|suma|average|mittel", re.IGNORECASE)
"""What rows of totals are called, also in the middle of a file."""
AT_END = 5
"""Rows at the end of a file among which a text without a day is a total or a note."""
TOTALS = 3
"""Different texts in the column of days that may mark totals and notes; more are something else."""


@dataclass(frozen=True)
class Writing:
    """How the cells of a file seem to be written.

    ``options`` are keys of a source that reads them so. ``days`` is the column of days (empty where
    none is found), ``numbers`` are columns of numbers, ``percent`` those of them that have a per
    cent sign, and ``rows`` the rows that are of a day, without totals and notes. ``unsure`` says
    what is a guess, in words, by the key that it is about.
    """

    options: dict[str, Any]
    days: str
    numbers: list[str]
    percent: list[str]
    rows: list[list[str]]
    unsure: dict[str, str] = field(default_factory=dict)


def written_as(header: Sequence[str], rows: Sequence[list[str]], days: str = "") -> Writing:
    """Find how the cells of a file are written; ``days`` is its column of days, if known."""
    rows = [[cell.strip() for cell in row] for row in rows]
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True)) if rows else {}
    days = days if days in columns else _column_of_days(columns)
    options: dict[str, Any] = {}
    unsure: dict[str, str] = {}
    if days:
        rows, marks, empty = _of_days(rows, list(header).index(days))
        if marks:
            options["leave_out"] = marks
            unsure["leave_out"] = "these rows have no day, and are not counted"
        if empty:
            because = "they have no day"
            options["filters"] = [{"where": {days: [""]}, "because": because}]
            unsure["filters"] = (
                f"{empty:,} of {len(rows) + empty:,} rows seen have no {days}: ask why"
            )
        columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True)) if rows else {}
    found = {name: cells for name, cells in columns.items() if name != days and _is_numeric(cells)}
    signs: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    percent: list[str] = []
    numbers: dict[str, list[str]] = {name: [] for name in found}
    for name, cells in found.items():
        for cell in filter(None, cells):
            match = NUMBER.match(cell)
            if match is None:
                texts[cell] += not any(map(str.isdigit, cell))
                continue
            beside = [sign for sign in (match[1], match[3]) if sign]
            signs.update(beside)
            numbers[name].append(match[2].strip())
            if "%" in beside and name not in percent:
                percent.append(name)
    signs = Counter({sign: count for sign, count in signs.items() if count >= LEAST})
    currencies = sorted(sign for sign in signs if sign != "%")
    if len(currencies) > 1:  # left out, they would be added up as one
        unsure["signs"] = (
            f"numbers have several signs, {' and '.join(currencies)}: is it one currency?"
        )
    elif signs:
        options["signs"] = sorted(signs)
    options |= _marks(numbers, unsure)
    words = [text for text, count in texts.items() if count >= LEAST]
    dashes = sorted(text for text in words if DASHES.match(text))
    others = sorted(text for text in words if MISSING.match(text))
    if dashes or others:
        options["missing"] = dashes + others
    if dashes:
        unsure["missing"] = (
            f"if {' or '.join(map(shown, dashes))} means nothing was spent or sold, move it to "
            f"zero: {dashes}"
        )
    return Writing(options, days, list(found), percent, rows, unsure)


def reads_as_day(cell: str) -> bool:
    """Say whether a text is a date in one of the ways that are read."""
    written = [name for name, form in DATES.items() if re.match(form.pattern, cell)]
    # Eight digits may be a number, too.
    return bool(written) and (
        written != ["YYYYMMDD"] or ("1990" <= cell[:4] <= "2100" and "01" <= cell[4:6] <= "12")
    )


def _column_of_days(columns: dict[str, list[str]]) -> str:
    """Name the first column that is one of dates; the fullest of them where some rows lack one."""
    shares = {}
    for name, cells in columns.items():
        filled = [cell for cell in cells if cell]
        dated = sum(map(reads_as_day, filled))
        if filled and dated >= 0.8 * len(filled):
            shares[name] = dated / len(cells)
    return max(shares, key=lambda name: shares[name]) if shares else ""


def _of_days(rows: list[list[str]], place: int) -> tuple[list[list[str]], list[str], int]:
    """Return the rows that are of a day, texts that mark the others, and how many have an empty cell."""
    kept = [row for row in rows if reads_as_day(row[place])]
    near_end = max(len(rows) - AT_END, 0)
    marks = list(
        dict.fromkeys(
            row[place]
            for number, row in enumerate(rows)
            if MARK.match(row[place]) and (number >= near_end or TOTAL.search(row[place]))
        )
    )
    empty = sum(not row[place] for row in rows)
    # Many different texts are dates in a way that is not read, or a column of something else.
    if len(marks) > TOTALS or not kept:
        return rows, [], 0
    return kept, marks, empty


def _is_numeric(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell and not (DASHES.match(cell) or MISSING.match(cell))]
    hits = sum(NUMBER.match(cell) is not None and not ID.match(cell) for cell in filled)
    return bool(filled) and hits >= SURE * len(filled) and not all(map(reads_as_day, filled))


def _marks(numbers: dict[str, list[str]], unsure: dict[str, str]) -> dict[str, str]:
    """Say what stands between thousands and before decimals, as far as the columns' numbers say so."""
    each = [Counter(kind for one in cells for kind in _kinds(one)) for cells in numbers.values()]
    seen = Counter({kind: n for kind, n in sum(each, Counter()).items() if n >= LEAST})
    if seen["point before"] and seen["comma before"]:  # in two ways: nobody can read both
        return {}
    before = max(("point", "comma"), key=lambda mark: seen[f"{mark} before"])
    known = bool(seen[f"{before} before"])
    other = "comma" if before == "point" else "point"
    between = [name for name in MARKS if seen[f"{name} between"]]
    either = [mark for mark in ("point", "comma") if seen[f"{mark} either"] and mark not in between]
    if known and other in either and not between:
        between.append(other)
    elif not known and either and not between:
        # Decimals would hardly always be three digits.
        (mark, *_) = between = [either[0]]
        cores = (one for cells in numbers.values() for one in cells)
        example = next(one for one in cores if f"{mark} either" in _kinds(one))
        unsure["thousands"] = (
            f"{example} is read as {re.sub('[.,]', '', example)}; if it is "
            f"{example.replace(',', '.')}, write decimal: {mark} instead"
        )
    options = {"thousands": between[0]} if len(between) == 1 else {}
    if known and before == "comma" and "point" not in between:
        options["decimal"] = "comma"
    alone = any(one["point either"] and not one["point before"] for one in each)
    if known and before == "point" and alone and not between:
        options["decimal"] = "point"  # said, so that a column of 2.739 is not asked about
    return options


def _kinds(core: str) -> list[str]:
    """Say what a number tells of its marks: ``comma before`` decimals, ``point between`` thousands."""
    core = core.lstrip("+-")
    for name, mark in MARKS.items():
        last = {"comma": r"\.", "point": ","}.get(name, "[.,]")
        found = re.fullmatch(rf"[0-9]{{1,3}}((?:{mark}[0-9]{{3}})+)(?:({last})[0-9]+)?", core)
        # One mark before three digits may stand before decimals, too.
        if found and (name not in ("comma", "point") or found[2] or len(found[1]) > 4):
            decimal = {".": ["point before"], ",": ["comma before"]}.get(found[2] or "", [])
            return [f"{name} between", *decimal]
    for name, mark in (("comma", ","), ("point", r"\.")):
        if re.fullmatch(rf"[1-9][0-9]{{0,2}}{mark}[0-9]{{3}}", core):
            return [f"{name} either"]
        if re.fullmatch(rf"[0-9]*{mark}[0-9]+", core):
            return [f"{name} before"]
    return []

"""A source proposed from a file: how it is written, what a row is, and what its columns may be.

One detection for everybody: ``mmm source`` prints it, ``mmm contract draft FILE`` writes a contract
for it, and a refusal to read a file says what of it is not declared.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.data.contract.forms import DATES, SLASHES
from mmmlib.data.contract.layout_columns import NEEDED
from mmmlib.data.contract.written import Writing, written_as
from mmmlib.data.read.files import find_files
from mmmlib.data.read.looks import Look, look_at
from mmmlib.data.read.opening import open_relation
from mmmlib.data.read.problems import Problems, reading
from mmmlib.data.read.readers import value_as_text
from mmmlib.errors import InputError, Problem
from mmmlib.params.source import DATE_WORD, SEPARATORS, STANDARD, Source

LOOKED_AT = 20_000
"""Rows of a Parquet or JSON file that are looked at."""
OPTIONS = (
    *("encoding", "separator", "sheet", "header_row", "decimal", "thousands", "signs"),
    *("leave_out", "missing"),
)
"""Keys that say how a file is written; the others say what is in it."""
LAYOUT = {"encoding", "separator", "sheet", "header_row"}
"""Those without which no cell can be read."""
WORDS: dict[str, str] = {
    "opportunity": r"opportunity.?id|deal.?id|opportunity|^id$",
    "stage": r"stage|phase",
    "created": r"creat|erstellt|opened|angelegt",
    "closed": r"clos|abschluss|geschlossen",
    "amount": r"amount|betrag|montant|value|wert|\barr\b|\bacv\b",
    "motion": r"motion",
    "campaign": r"campaign|kampagne|campagne|campaña",
    "ad_group": r"ad.?group|ad.?set|anzeigengruppe",
    "spend": r"spend|spent|cost|kosten|ausgaben|d[ée]pens|gasto|inversi[óo]n|budget|_s$|mdsp",
    "impressions": r"impr|impression|views|grp|reach|sends|sessions|visits|_i$|mdip",
    "clicks": r"click|klick|clic|_p$",
    "conversions": r"conv|results",
    "outcome": r"revenue|sales|umsatz|erl[öo]s|takings|turnover|chiffre|ventas|ingresos|orders|"
    r"bookings|pipeline|signups?|leads|bestellung",
    "region": r"region|geo|country|market$|land$|^land|state|\bdma\b|pays|pa[íi]s",
    "name": r"channel|medium|media|kanal|platform|variable|metric|series|reihe",
    "period": r"period|week|month|date|day",
    "geography": r"geograph|region|geo|country|market$",
    "product": r"product|produkt",
    "variable": r"variable|metric|kennzahl",
    "value": r"value|wert|valeur",
}
"""How columns are called, in the languages of the exports that were seen; small letters."""
LAYOUTS = ("crm_pipeline", "master_flat_file", "ad_platform")
"""Those with columns of their own, the one that is hardest to mistake first."""
WON = r"won|gewonnen|gagn|ganad"
COUNTS = r"orders|signups?|leads|bestellung"


@dataclass(frozen=True)
class Proposal:
    """A source that reads a file, as far as the file says it.

    ``keys`` are those of the source, as they go into a parameter file; ``unsure`` says what is a
    guess, in words, by the key that it is about: a reader checks it. ``roles`` are columns by what
    they may be: ``spend``, ``exposure``, ``outcome``, and numbers whose names say nothing.
    """

    keys: dict[str, Any]
    unsure: dict[str, str] = field(default_factory=dict)
    roles: dict[str, list[str]] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    percent: tuple[str, ...] = ()


def propose(source: Source, folder: Path) -> Proposal:
    """Propose a source for the files of a path; of several files the first is looked at.

    ``source`` is what is known of it: its path at least.

    Raises
    ------
    InputError
        If there is no such file, or none that can be opened.
    """
    problems = Problems(folder)
    files = find_files("", source, folder, problems)
    problems.raise_if_any()
    look = look_at(files[0], source) or _look_at_rows(source, folder)
    twice = next((name for name in look.header if look.header.count(name) > 1), None)
    if twice is not None:
        found = f"more than one column called {twice!r}"
        raise InputError.one(files[0], "header", found, "names that differ", "Rename one of them.")
    crm = _layout_by_names(look.header) == "crm_pipeline"
    days = _named("created", look.header) if crm else source.date_column
    writing = written_as(look.header, look.rows, days)
    keys: dict[str, Any] = {"path": source.path} | look.options | writing.options
    unsure = look.unsure | writing.unsure
    if not look.whole:
        unsure["path"] = "only the beginning and the end of the file were looked at"
    frame = pd.DataFrame(writing.rows, columns=look.header, dtype="str")
    roles: dict[str, list[str]] = {}
    if writing.days:
        _say_what_a_row_is(frame, writing, keys, unsure, roles)
    else:
        unsure["date"] = "no column of dates was found: name it"
    for name in writing.percent:
        column: dict[str, Any] = {"type": "number", "unit": "percent"}
        if (frame[name] == "").any():
            column["nullable"] = True
        keys.setdefault("contract", {"columns": {}})["columns"][name] = column
    return Proposal(keys, unsure, roles, tuple(look.header), tuple(writing.percent))


def _look_at_rows(source: Source, folder: Path) -> Look:
    """Look at the first rows of a format that says itself what it holds."""
    problems = Problems(folder)
    relation = open_relation("", source, folder, problems)
    problems.raise_if_any()
    assert relation is not None
    with reading(relation.label):
        table = relation.table.select(relation.columns).limit(LOOKED_AT + 1).to_pyarrow()
    columns = [
        [value_as_text(value) for value in table[name].to_pylist()] for name in relation.columns
    ]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Look({}, relation.columns, rows[:LOOKED_AT], len(rows) <= LOOKED_AT)


# --- what a row is --------------------------------------------------------------------------


def _say_what_a_row_is(
    frame: pd.DataFrame,
    writing: Writing,
    keys: dict[str, Any],
    unsure: dict[str, str],
    roles: dict[str, list[str]],
) -> None:
    """Add layout, grain, region and names of a source to its keys."""
    texts = [str(name) for name in frame if name not in (*writing.numbers, writing.days)]
    dates = _days(frame[writing.days])
    grain, why = grain_of(dates)
    layout = _layout_by_names(list(frame.columns))
    if layout == "crm_pipeline":
        grain, why = "event", ""
    if layout is not None:
        known = {word: _named(word, list(frame.columns)) for word in STANDARD[layout]}
        if layout != "crm_pipeline":
            known[DATE_WORD[layout]] = writing.days
        keys["layout"] = layout
        if called := {word: name for word, name in known.items() if name and name != word}:
            keys["columns"] = called
        if layout == "crm_pipeline":
            stages = sorted(set(frame[known["stage"]]))
            won = [stage for stage in stages if re.search(WON, stage.lower())]
            keys["won"] = won or stages[-1:]
            unsure["won"] = f"which of these stages is won? {', '.join(stages[:12])}"
        if layout != "crm_pipeline" or known["motion"]:
            keys["taxonomy"] = True
            what = "motions" if layout == "crm_pipeline" else "channels"
            unsure["taxonomy"] = f"rules of data.taxonomy name the {what} of these rows"
    elif writing.days != "date":
        keys["date"] = writing.days
    if grain != "week":
        keys["grain"] = grain
    if why:
        unsure["grain"] = why
    region = _named("region", texts)
    if layout == "ad_platform":
        keys["gaps"] = "zero"
        unsure["gaps"] = "a campaign that did not run has no row: such a week is zero"
    if region and layout != "master_flat_file":
        keys["region"] = region
        if layout == "ad_platform":
            unsure["region"] = "or leave it out, and rules of the taxonomy may give it"
    if layout is None:
        _say_what_repeats(frame, writing, texts, keys, unsure)
    taken = {keys.get("value"), *keys.get("repeated", ()), *keys.get("columns", {}).values()}
    for name in writing.numbers if layout is None else ():
        if name not in taken or name in keys.get("repeated", ()):
            roles.setdefault(_role(name), []).append(name)


def _say_what_repeats(
    frame: pd.DataFrame,
    writing: Writing,
    texts: Sequence[str],
    keys: dict[str, Any],
    unsure: dict[str, str],
) -> None:
    """Find the column that tells rows of one day apart, and say what it is."""
    key = [writing.days, *filter(None, [keys.get("region")])]
    if not frame.duplicated(key).any():
        return
    apart = [name for name in texts if name not in key and 1 < frame[name].nunique() <= 60]
    apart = [name for name in apart if not frame.duplicated([*key, name]).any()]
    if not apart:
        return
    name = next((one for one in apart if re.search(WORDS["name"], one.lower())), apart[0])
    per_day = frame.groupby(key)[writing.numbers].nunique().max()
    values = [one for one in writing.numbers if per_day[one] > 1]
    spends = [one for one in values if _role(one) == "spend"]
    if not values:
        return
    by_name = re.search(WORDS["name"], name.lower())
    if not by_name and len(values) > 1 and "region" not in keys:
        keys["region"] = name
        unsure["region"] = f"or the names of series stand in {name}: then write layout: long"
        return
    value = spends[0] if spends else values[0]
    keys |= {"layout": "long", "name": name, "value": value}
    repeated = [one for one in writing.numbers if per_day[one] == 1]
    if repeated:
        keys["repeated"] = repeated
        unsure["repeated"] = "each stands once a day in every row, and is taken once"
    if len(values) > 1:
        rest = ", ".join(one for one in values if one != value)
        unsure["value"] = f"declare the file once more, under another name, for each of {rest}"


def grain_of(days: Sequence[dt.date]) -> tuple[str, str]:
    """Say what a row is by the days between rows, and what is unsure about it.

    >>> grain_of([dt.date(2024, 1, 1), dt.date(2024, 1, 8), dt.date(2024, 1, 15)])
    ('week', '')
    """
    known = sorted(set(days))
    if len(known) < 3:
        return "week", "too few days to see what a row is: week, day, month or event"
    gaps = np.diff(np.array(known, dtype="datetime64[D]")).astype(int)
    restarts = sum(one.month == 1 and one.day == 1 for one in known)
    if np.mean(gaps == 7) >= 0.8:
        cut = gaps[gaps < 7]
        return ("year_week", "weeks end with the year") if restarts and len(cut) else ("week", "")
    if np.median(gaps) in (1, 2, 3) and np.mean(gaps <= 4) > 0.9:
        return "day", ""
    if ((gaps >= 28) & (gaps <= 31)).all():
        return "month", "weeks of one month are then alike: better ask for weeks"
    return "event", "days follow each other without order: is a row something that happened?"


def _days(cells: pd.Series) -> list[dt.date]:
    """Read dates of text by the way that most of them are written in."""
    texts = [cell for cell in cells.unique() if cell]
    fits = {
        name: sum(bool(re.match(form.pattern, t)) for t in texts) for name, form in DATES.items()
    }
    form = DATES[max(fits, key=lambda name: fits[name])]
    month_first = form.pattern == SLASHES and any(
        int(match[2]) > 12 for text in texts if (match := re.match(SLASHES, text))
    )
    found = []
    for text in texts:
        written = form.month_first if month_first else form.rewritten
        plain = re.sub(form.pattern, written, text) if written else text[:10]
        try:
            found.append(dt.datetime.strptime(plain, form.parsed or "%Y-%m-%d").date())
        except ValueError:
            continue
    return found


# --- names ----------------------------------------------------------------------------------


def _named(word: str, names: Sequence[str]) -> str:
    """Return the first column whose name says that it is a word of a layout; empty if none does."""
    exact = [name for name in names if name.lower().replace(" ", "_") == word]
    like = [name for name in names if word in WORDS and re.search(WORDS[word], name.lower())]
    return next(iter((*exact, *like)), "")


def _layout_by_names(names: Sequence[str]) -> str | None:
    """Say which layout with columns of its own a file has, by their names."""
    for layout in LAYOUTS:  # of an ad platform any column may have the days
        found = [_named(word, names) for word in NEEDED[layout] if word != "date"]
        if all(found) and len(set(found)) == len(found):
            return layout
    return None


def _role(name: str) -> str:
    """Say what a column of numbers may be, by its name."""
    lower = name.lower()
    if re.search(r"competitor|(\b|_)per(\b|_)", lower):
        return "number"
    if re.search(WORDS["outcome"], lower):
        return "outcome"
    if re.search(WORDS["spend"], lower):
        return "spend"
    if re.search(f"{WORDS['impressions']}|{WORDS['clicks']}", lower):
        return "exposure"
    return "number"


# --- beside what is declared ----------------------------------------------------------------


def undeclared(source: Source, proposal: Proposal) -> dict[str, Any]:
    """Return the options that are proposed and that a source does not declare.

    What is declared stays: a list of texts gets those that it lacks. A column of days that is not
    there is one, too.
    """
    new: dict[str, Any] = {}
    marks_known = source.decimal is not None or source.thousands is not None
    asked = "thousands" in proposal.unsure or proposal.keys.get("decimal") == "point"
    for key in OPTIONS:
        declared, value = getattr(source, key), proposal.keys.get(key)
        if key in ("decimal", "thousands") and (marks_known or asked):
            continue  # what was said stays, and which of two numbers it is, is asked
        if isinstance(value, list):
            lacking = [one for one in value if one not in (*declared, *source.zero)]
            if lacking:
                new[key] = [*declared, *lacking]
        elif value is not None and declared != value:
            new[key] = value
    days = proposal.keys.get("date")
    if source.layout in ("wide", "long") and days and source.date not in proposal.header:
        new["date"] = days
    return new


def undeclared_problem(source: Source, proposal: Proposal, new: dict[str, Any]) -> Problem:
    """Tell in one problem how a file is written, and what of it a source should declare."""
    words = [
        _FOUND[key].format(_listed(value), separator=SEPARATORS.get(str(value), ""))
        for key, value in new.items()
    ]
    percent = [
        name for name in proposal.percent if "signs" in new and not _is_percent(source, name)
    ]
    units = ", ".join(f"{name}: {{type: number, unit: percent}}" for name in percent)
    share = f", and to its contract: columns: {{{units}}}" if percent else ""
    doubts = [proposal.unsure[key] for key in new if key in proposal.unsure]
    doubt = f" Look at it first: {'; '.join(doubts)}." if doubts else ""
    keys = ", ".join(f"{key}: {_as_yaml(value)}" for key, value in new.items())
    return Problem(
        "how it is written",
        "; ".join(words),
        "that the source declares it",
        f"Add to the source: {keys}{share}.{doubt}",
    )


def _is_percent(source: Source, name: str) -> bool:
    columns = source.contract.columns if source.contract else {}
    return name in columns and columns[name].unit == "percent"


def _listed(value: Any) -> str:
    return " and ".join(f"'{one}'" for one in value) if isinstance(value, list) else str(value)


def _as_yaml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(repr, value))}]"
    return str(value) if re.fullmatch(r"[\w-]+", str(value)) else repr(value)


_FOUND = {
    "encoding": "letters of {}",
    "separator": "columns separated by '{separator}'",
    "sheet": "a table on the sheet {}",
    "header_row": "the column names in row {}",
    "decimal": "decimals after a {}",
    "thousands": "a {} between thousands",
    "signs": "{} beside numbers",
    "leave_out": "rows of no day, marked {}",
    "missing": "{} among numbers",
    "date": "no column of the declared name, and days in {}",
}

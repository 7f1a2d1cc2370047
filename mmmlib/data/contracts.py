"""Contracts: what a source promises, held against all of its rows (D2).

Every promise is an expression that is true for a row that breaks it, so that one pass
over the rows, wherever they lie, counts all of them. Rows are fetched only to name
examples of a promise that was broken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.data.cells import ISO, NUMBER, OFFSET, TIME, why_no_number
from mmmlib.data.problems import CAP, Problems
from mmmlib.data.relations import FILE, ROW, Relation, reading
from mmmlib.data.weekly import Coverage, read_coverage, week_number
from mmmlib.findings import Finding, Level, judge
from mmmlib.params.contract import ColumnContract, Contract
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

Expression = Callable[[Any], Any]
DATES = {
    "YYYY-MM-DD": (rf"^{ISO}{TIME}?{OFFSET}?$", "", ""),
    "YYYY/MM/DD": (r"^([0-9]{4})/([0-9]{2})/([0-9]{2})$", r"\1-\2-\3", ""),
    "YYYYMMDD": (r"^([0-9]{4})([0-9]{2})([0-9]{2})$", r"\1-\2-\3", ""),
    "DD.MM.YYYY": (r"^([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})$", r"\3-\2-\1", ""),
    "DD/MM/YYYY": (r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$", r"\3-\2-\1", r"\3-\1-\2"),
}
"""Formats of dates in text: how they look, and how they become ISO (day first, month first)."""


AT_ONCE = 2_000_000
"""Rows whose keys are compared at a time."""


@dataclass(frozen=True)
class Example:
    """One row that breaks a promise."""

    file: str
    place: str
    found: str


@dataclass(frozen=True)
class Breach:
    """A promise that was broken.

    Parameters
    ----------
    rule
        ``type``, ``range``, ``uniqueness`` and so on.
    column
        The column that it is about; empty for the source as a whole.
    count
        Rows (or weeks, or columns) that break it.
    expected, action
        What was promised, and what to do.
    examples
        At most 20 of them over all breaches of a source.
    unreadable
        Whether the values cannot be used at all; the others are for the policy to
        judge.
    """

    rule: str
    column: str
    count: int
    expected: str
    action: str = ""
    examples: tuple[Example, ...] = ()
    unreadable: bool = False


@dataclass(frozen=True)
class _Rule:
    rule: str
    column: str
    bad: Expression
    expected: str
    unreadable: bool = False
    why: Callable[[str], tuple[str, str]] | None = None
    """From a cell to what was expected and what to do, where the cell tells more."""


@dataclass(frozen=True)
class Checked:
    """A source held against its contract.

    Parameters
    ----------
    breaches
        What was broken; empty for a source that keeps its word.
    table
        The rows, typed as the contract says; None where values cannot be read.
    rows
        How many there are.
    """

    breaches: tuple[Breach, ...]
    table: ir.Table | None
    rows: int
    coverage: Coverage | None = field(default=None, repr=False)


def effective(source: Source, columns: Sequence[str], numbers: Sequence[str]) -> Contract:
    """Return the contract of a source, with what its layout needs in any case.

    Parameters
    ----------
    columns
        Those that were delivered.
    numbers
        Those that are read as numbers.
    """
    given = source.contract or Contract()
    needed: dict[str, ColumnContract] = {}
    for name in _dates(source):
        kind = "time" if source.time_zone else "date"
        # An opportunity that is still open has no closing date.
        needed[name] = ColumnContract(type=kind, nullable=name != source.date_column)
    for name in numbers:
        needed[name] = ColumnContract(type="number", nullable=True)
    needed = {n: c for n, c in needed.items() if n in columns and n not in given.columns}
    return given.model_copy(update={"columns": {**needed, **given.columns}})


def _dates(source: Source) -> list[str]:
    if source.layout == "crm_pipeline":
        return [source.column("created"), source.column("closed")]
    return [source.date_column]


def check_contract(
    relation: Relation,
    contract: Contract,
    week_start: str | None = None,
    currencies: Sequence[str] | None = None,
) -> Checked:
    """Hold a source against its contract.

    Parameters
    ----------
    relation
        The source, open.
    contract
        See :func:`effective`.
    week_start
        Declared first day of the week, for a source of weeks.
    currencies
        Those that a rate is known of, where each row names its own.

    Raises
    ------
    InputError
        If the source cannot be read to its end.
    """
    source = relation.source
    breaches = _check_columns(relation, contract)
    columns = {n: c for n, c in contract.columns.items() if n in relation.table.columns}
    with reading(relation.label):
        relation = relation.held()
        formats, more = _date_formats(relation, columns)
        breaches += more
        typed = {
            name: _typed(name, column, relation, formats.get(name))
            for name, column in columns.items()
        }
        rules = _rules(relation, columns, typed, formats, week_start, currencies)
        counts = _count(relation.table, rules)
        rows = counts.pop()
        left = CAP
        for rule, count in zip(rules, counts, strict=True):
            if count:
                examples = _examples(relation, rule, left, contract)
                left -= len(examples)
                breaches.append(_breach(rule, count, examples))
        if any(breach.unreadable for breach in breaches):
            return Checked(tuple(breaches), None, rows)
        table = relation.table.mutate(
            **{name: make(relation.table) for name, make in typed.items()}
        )
        if relation.is_small:
            table = relation.hold(table)
        coverage = None
        if source.date_column in columns:
            coverage = read_coverage(
                table.select(date=table[source.date_column].cast("date")), week_number(week_start)
            )
        breaches += _check_rows(relation, contract, rows, coverage)
        if contract.unique and all(name in table.columns for name in contract.unique):
            breaches += _check_unique(relation, contract, table, rows, coverage, left)
    return Checked(tuple(breaches), table, rows, coverage)


# --- columns -------------------------------------------------------------------------------


def _check_columns(relation: Relation, contract: Contract) -> list[Breach]:
    known = relation.columns
    file = relation.label
    breaches = []
    for name, column in contract.columns.items():
        if column.required and name not in known:
            seen = f"no such column; there are {', '.join(known[:12])}"
            breaches.append(
                Breach(
                    "columns",
                    name,
                    1,
                    "the column of the contract",
                    did_you_mean(name, known),
                    (Example(file, f"column {name}", seen),),
                    unreadable=True,
                )
            )
    extra = [name for name in known if name not in contract.columns] if contract.closed else []
    breaches += [
        Breach(
            "columns",
            name,
            1,
            "no column beside those of the contract",
            "Add it to the contract if it is meant.",
            (Example(file, f"column {name}", "a new column"),),
        )
        for name in extra
    ]
    return breaches


# --- types ---------------------------------------------------------------------------------


def _text(table: Any, name: str, source: Source) -> Any:
    """A text cell without spaces around it; null where it stands for nothing."""
    text = table[name].strip()
    for word in ("", *source.missing):
        text = text.nullif(word)
    return text


def _date_formats(
    relation: Relation, columns: dict[str, ColumnContract]
) -> tuple[dict[str, str], list[Breach]]:
    """Find the format of most dates of every column of text, in one pass."""
    table = relation.table
    names = [
        name
        for name, column in columns.items()
        if column.type in ("date", "time") and table[name].type().is_string()
    ]
    if not names:
        return {}, []
    counts = {}
    for name in names:
        text = _text(table, name, relation.source)
        for number, (pattern, *_) in enumerate(DATES.values()):
            counts[f"{name}|{number}"] = text.re_search(pattern).cast("int64").sum()
        both = DATES["DD/MM/YYYY"][0]
        parts = text.re_search(both)
        for group in (1, 2):
            value = text.re_extract(both, group).nullif("").try_cast("int64")
            counts[f"{name}|over{group}"] = (parts & (value > 12)).cast("int64").sum()
    seen = table.aggregate(**counts).to_pyarrow().to_pylist()[0]
    formats, breaches = {}, []
    for name in names:
        best = max(enumerate(DATES), key=lambda item: seen[f"{name}|{item[0]}"] or 0)[1]
        if best == "DD/MM/YYYY":
            over = bool(seen[f"{name}|over1"]), bool(seen[f"{name}|over2"])
            if over[0] == over[1]:
                found = "both day/month and month/day" if over[0] else "dates that may be either"
                breaches.append(
                    Breach(
                        "type",
                        name,
                        1,
                        "dates such as 2024-01-29, all in one format",
                        "Write all dates as YYYY-MM-DD.",
                        (Example(relation.label, f"column {name}", found),),
                        unreadable=True,
                    )
                )
            best = "MM/DD/YYYY" if over == (False, True) else best
        formats[name] = best
    return formats, breaches


def _iso(text: Any, name: str) -> Any:
    """Rewrite a text date of a format as ISO."""
    month_first = name == "MM/DD/YYYY"
    pattern, day, month = DATES["DD/MM/YYYY" if month_first else name]
    if not day:
        return text
    return text.re_replace(pattern, month if month_first else day)


def _typed(
    name: str, column: ColumnContract, relation: Relation, date_format: str | None
) -> Expression:
    """Make the expression that reads a column as what the contract says."""
    source = relation.source

    def make(table: Any) -> Any:
        raw = table[name]
        textual = raw.type().is_string()
        value = _text(table, name, source) if textual else raw
        if column.type in ("number", "integer"):
            return value.try_cast("float64") if textual else value.cast("float64")
        if column.type in ("date", "time"):
            return _as_date(value, textual, date_format, source.time_zone)
        if column.type == "boolean" and textual:
            return value.lower().isin(["true", "1", "yes"])
        return value

    return make


def _as_date(value: Any, textual: bool, date_format: str | None, zone: str | None) -> Any:
    import ibis

    if not textual:
        if zone is not None and value.type().is_timestamp() and value.type().timezone:
            return _timezone(zone, value).date()
        return value.cast("date")
    text = _iso(value, date_format or "YYYY-MM-DD")
    day = text.left(10) if (date_format or "YYYY-MM-DD") == "YYYY-MM-DD" else text
    if zone is None:
        return day.try_cast("date")
    # With an offset the moment is known, and its day depends on the zone; without, it is local.
    moment = text.try_cast("timestamp('UTC')")
    return ibis.cases(
        (text.re_search(rf"{OFFSET}$") & (text.length() > 10), _timezone(zone, moment).date()),
        else_=day.try_cast("date"),
    )


def _timezone(zone: str, moment: Any) -> Any:
    import ibis

    @ibis.udf.scalar.builtin(
        name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp")
    )
    def timezone(zone, moment):  # type: ignore[no-untyped-def]
        ...

    return timezone(zone, moment)


# --- rules ---------------------------------------------------------------------------------


def _rules(
    relation: Relation,
    columns: dict[str, ColumnContract],
    typed: dict[str, Expression],
    formats: dict[str, str],
    week_start: str | None,
    currencies: Sequence[str] | None,
) -> list[_Rule]:
    source = relation.source
    rules: list[_Rule] = []
    for name, column in columns.items():
        rules += _rules_of(name, column, typed[name], relation, formats.get(name))
    if source.grain == "week" and week_start is not None and source.date in typed:
        day, start = typed[source.date], week_number(week_start)
        rules.append(
            _Rule(
                "grain",
                source.date,
                lambda t: day(t).day_of_week.index() != start,
                f"a {week_start.capitalize()}, on which weeks start",
            )
        )
    if source.currency_column and source.currency_column in relation.columns:
        money = source.currency_column
        known = sorted(currencies or ())
        rules.append(
            _Rule(
                "currency",
                money,
                lambda t: ~t[money].fill_null("").isin(known),
                f"a currency with a rate ({', '.join(known)})",
                unreadable=True,
            )
        )
    return rules


def _rules_of(
    name: str, column: ColumnContract, typed: Expression, relation: Relation, dates: str | None
) -> list[_Rule]:
    source = relation.source
    kind = relation.table[name].type()
    textual = kind.is_string()
    rules = []

    # Spaces around a text are its file's way of writing; where texts are typed, they are meant.
    loose = column.type != "text" or relation.is_text

    def raw(table: Any) -> Any:
        return _text(table, name, source) if loose and textual else table[name]

    dated = name == source.date_column
    if not column.nullable:
        expected = "a date" if dated else "a value in every row"
        rules.append(_Rule("missing", name, lambda t: raw(t).isnull(), expected, unreadable=dated))
    if textual and column.type in ("number", "integer"):
        pattern = rf"^(?:{NUMBER})$"
        rules.append(
            _Rule(
                "type",
                name,
                lambda t: raw(t).notnull() & ~raw(t).re_search(pattern),
                "a number",
                unreadable=True,
                why=why_no_number,
            )
        )
    elif textual and column.type in ("date", "time"):
        looks = DATES["DD/MM/YYYY" if dates == "MM/DD/YYYY" else dates or "YYYY-MM-DD"][0]
        rules.append(
            _Rule(
                "type",
                name,
                lambda t: raw(t).notnull() & (~raw(t).re_search(looks) | typed(t).isnull()),
                f"a day of the calendar, written {dates} as in most rows",
                unreadable=True,
            )
        )
    elif not textual and not _fits(kind, column.type):
        rules.append(
            _Rule(
                "type",
                name,
                lambda t: t[name].notnull(),
                f"{column.type}, and the column is {kind}",
                unreadable=True,
            )
        )
        return rules
    if column.type in ("number", "integer") and (not textual) and kind.is_floating():
        # Not a number and infinity pass every comparison that is not asked for them.
        rules.append(
            _Rule(
                "type",
                name,
                lambda t: t[name].isnan() | t[name].isinf(),
                "a finite number",
                unreadable=True,
            )
        )
    if column.type == "integer" and not kind.is_integer():
        rules.append(_Rule("type", name, lambda t: typed(t) != typed(t).round(), "a whole number"))
    if column.min is not None or column.max is not None:
        low, high = column.min, column.max

        def outside(t: Any) -> Any:
            value = typed(t)
            below = value < low if low is not None else None
            above = value > high if high is not None else None
            if below is None or above is None:
                return above if below is None else below
            return below | above

        rules.append(_Rule("range", name, outside, _range_words(low, high)))
    if column.one_of:
        allowed = list(column.one_of)
        some = ", ".join(allowed[:8]) + (", …" if len(allowed) > 8 else "")
        rules.append(
            _Rule(
                "values", name, lambda t: raw(t).notnull() & ~raw(t).isin(allowed), f"one of {some}"
            )
        )
    if column.pattern:
        looks_so = f"^(?:{column.pattern})$"
        rules.append(
            _Rule(
                "values",
                name,
                lambda t: raw(t).notnull() & ~raw(t).re_search(looks_so),
                f"text like {column.pattern}",
            )
        )
    return rules


def _range_words(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high:,}"
    if high is None:
        return "zero or more" if low == 0 else f"{low:,} or more"
    return f"{low:,} to {high:,}"


def _fits(kind: Any, wanted: str) -> bool:
    return {
        "text": kind.is_string(),
        "number": kind.is_numeric(),
        "integer": kind.is_numeric(),
        "date": kind.is_date() or kind.is_timestamp(),
        "time": kind.is_date() or kind.is_timestamp(),
        "boolean": kind.is_boolean(),
    }[wanted]


def _count(table: ir.Table, rules: Sequence[_Rule]) -> list[int]:
    """Count the rows that break every rule, and all rows, in one pass."""
    numbers = {
        f"n{number}": table.count(where=rule.bad(table).fill_null(False))
        for number, rule in enumerate(rules)
    }
    row = table.aggregate(**numbers, rows=table.count()).to_pyarrow().to_pylist()[0]
    return [int(row[f"n{number}"]) for number in range(len(rules))] + [int(row["rows"])]


def _examples(
    relation: Relation, rule: _Rule, limit: int, contract: Contract
) -> tuple[tuple[Example, str, str], ...]:
    """Fetch rows that break a rule, with what was expected of each and what to do."""
    if limit <= 0:
        return ()
    found: list[tuple[Example, str, str]] = []
    for file, row in _bad_rows(relation, rule.bad, limit):
        cell = row[rule.column]
        expected, action = rule.why(str(cell)) if rule.why else (rule.expected, "")
        seen = "an empty cell" if cell is None or cell == "" else shown(str(cell))
        place = f"{_row_words(row, relation, contract)}, column {rule.column}"
        found.append((Example(file, place, seen), expected, action))
    return tuple(found)


def _bad_rows(relation: Relation, bad: Expression, limit: int) -> list[tuple[str, dict[str, Any]]]:
    """Fetch at most ``limit`` rows for which ``bad`` holds, file by file."""
    if not relation.files:
        rows = relation.table.filter(bad(relation.table)).limit(limit).to_pyarrow().to_pylist()
        return [(relation.label, row) for row in rows]
    counted = (
        relation.table.filter(bad(relation.table)).group_by(FILE).aggregate(n=lambda t: t.count())
    )
    files = sorted(counted.to_pyarrow()[FILE].to_pylist())
    found: list[tuple[str, dict[str, Any]]] = []
    for file in files:
        table = relation.one_file(file)
        rows = table.filter(bad(table)).order_by(ROW).limit(limit - len(found))
        found += [(file, row) for row in rows.to_pyarrow().to_pylist()]
        if len(found) >= limit:
            break
    return found


def _row_words(row: dict[str, Any], relation: Relation, contract: Contract) -> str:
    """Name a row: by its number in a file, by its key in a database."""
    if ROW in row:
        return f"row {row[ROW]}"
    keys = contract.unique or (relation.source.date_column,)
    return "the row of " + ", ".join(f"{name} {row[name]}" for name in keys if name in row)


def _breach(rule: _Rule, count: int, examples: tuple[tuple[Example, str, str], ...]) -> Breach:
    expected, action = rule.expected, ""
    if examples:
        _, expected, action = examples[0]
    return Breach(
        rule.rule,
        rule.column,
        count,
        expected,
        action,
        tuple(example for example, *_ in examples),
        rule.unreadable,
    )


# --- the source as a whole -----------------------------------------------------------------


def _check_rows(
    relation: Relation, contract: Contract, rows: int, coverage: Coverage | None
) -> list[Breach]:
    breaches = []
    high = contract.max_rows
    if rows < contract.min_rows or (high is not None and rows > high):
        expected = (
            f"{contract.min_rows} rows or more"
            if high is None
            else f"{contract.min_rows} to {high} rows"
        )
        breaches.append(
            Breach(
                "volume",
                "",
                1,
                expected,
                "Ask whether the delivery is complete.",
                (Example(relation.label, "the rows", f"{rows} rows"),),
                unreadable=rows == 0,
            )
        )
    if contract.volume is not None and coverage is not None:
        usual, give = contract.volume.rows_per_week, contract.volume.tolerance
        by_week = coverage.rows_by_week()
        odd = by_week[~by_week.between(usual * (1 - give), usual * (1 + give))]
        if len(odd):
            examples = tuple(
                Example(
                    relation.label,
                    f"the week of {pd.Timestamp(str(week)).date()}",
                    f"{rows:.0f} rows",
                )
                for week, rows in list(odd.items())[-CAP:]
            )
            breaches.append(
                Breach(
                    "volume",
                    "",
                    len(odd),
                    f"{usual * (1 - give):.0f} to {usual * (1 + give):.0f} rows a week",
                    "Too few may be a partial upload, too many a delivery that came twice.",
                    examples,
                )
            )
    return breaches


def _check_unique(
    relation: Relation,
    contract: Contract,
    table: ir.Table,
    rows: int,
    coverage: Coverage | None,
    limit: int,
) -> list[Breach]:
    """Count rows beyond the first of their key.

    Keys are hashed first: as many different hashes as rows prove that no key is there
    twice, at a small part of the memory. Only where that fails the keys are compared.
    """
    names = list(contract.unique)
    if relation.files and _different_hashes(relation, table, names, rows, coverage) == rows:
        return []
    groups = table.group_by(names).aggregate(n=lambda t: t.count()).filter(lambda t: t.n > 1)
    total = groups.aggregate(n=groups.n.sum() - groups.count()).to_pyarrow()["n"][0].as_py()
    if not total:
        return []
    some = groups.order_by(names).limit(max(limit, 1)).to_pyarrow().to_pylist()
    examples: list[Example] = []
    for group in some:
        key = ", ".join(f"{name} {group[name]}" for name in names)
        places = _places_of(relation, table, names, group) if len(examples) < 5 else ""
        examples.append(Example(relation.label, f"the key {key}", f"it {group['n']} times{places}"))
    return [
        Breach(
            "uniqueness",
            ", ".join(names),
            int(total),
            "every key once",
            "A delivery may have come twice: remove the rows of one.",
            tuple(examples),
        )
    ]


def _different_hashes(
    relation: Relation, table: ir.Table, names: list[str], rows: int, coverage: Coverage | None
) -> int:
    """Count the different hashes of keys; where days are part of the key, some days at a time.

    So many rows that their hashes would not fit into memory are then never held together, and
    files that are sorted by day are still read once.
    """
    import ibis

    # DuckDB's own: ibis' hash goes by way of a text of bits, which takes most of the time.
    kinds = tuple(table[name].type() for name in names)
    hash_of = ibis.udf.scalar.builtin(
        _hash_of(len(names)), name="hash", signature=(kinds, "uint64")
    )

    def count(part: ir.Table) -> int:
        hashed = hash_of(*(part[name] for name in names))
        return int(part.aggregate(n=hashed.nunique()).to_pyarrow()["n"][0].as_py() or 0)

    day = relation.source.date_column
    slices = rows // AT_ONCE + 1
    if slices == 1 or coverage is None or day not in names:
        return count(table)
    # Days of about as many rows each; the last slice is open.
    share = coverage.days.cumsum() * slices / rows
    firsts = [pd.Timestamp(str(d)).date() for d in share.groupby(share.astype(int)).head(1).index]
    date = table[day].cast("date")
    total = 0
    for number, first in enumerate(firsts):
        part = table.filter(date >= ibis.literal(first))
        if number + 1 < len(firsts):
            part = part.filter(date < ibis.literal(firsts[number + 1]))
        total += count(part)
    return total


def _hash_of(width: int) -> Callable[..., Any]:
    """Make a function of so many arguments; the database has its body."""
    import inspect

    def hashed(*keys: Any) -> Any:
        return keys

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    hashed.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(f"key{number}", kind) for number in range(width)]
    )
    return hashed


def _places_of(relation: Relation, table: ir.Table, names: list[str], group: dict[str, Any]) -> str:
    """Say in which files a key is."""
    if not relation.files:
        return ""
    rows = table
    for name in names:
        value = group[name]
        rows = rows.filter(rows[name].isnull() if value is None else rows[name] == value)
    kept = [FILE, ROW] if ROW in table.columns else [FILE]
    seen = rows.select(kept).limit(3).to_pyarrow().to_pylist()
    words = [f"row {row[ROW]}" if ROW in row else row[FILE] for row in seen]
    return f" ({', '.join(dict.fromkeys(words))})"


# --- telling -------------------------------------------------------------------------------


def report_unreadable(checked: Checked, relation: Relation, problems: Problems) -> None:
    """Tell what makes the values unusable, and all else that was broken, as problems."""
    for breach in checked.breaches:
        for example in breach.examples:
            problems.add(example.file, example.place, example.found, breach.expected, breach.action)
        rest = breach.count - len(breach.examples)
        if rest > 0:
            place = f"column {breach.column}" if breach.column else "the source"
            problems.add(relation.label, place, f"{rest} more of these", breach.expected)


def contract_findings(
    name: str, source: Source, breaches: Sequence[Breach], rows: int
) -> list[Finding]:
    """Say per source whether it keeps its contract; every broken promise is a finding."""
    if source.contract is None:
        return []
    owner = source.owner or "the owner of the source"
    if not breaches:
        promises = len(source.contract.columns)
        return [
            judge(
                "data.contract",
                name,
                passed=True,
                level=Level.BLOCK,
                message=f"{rows:,} rows keep the contract of {promises} columns.",
                meaning="The source is what its owner promised.",
            )
        ]
    return [
        judge(
            "data.contract",
            name,
            passed=False,
            level=Level.BLOCK,
            value=float(breach.count),
            limit=0.0,
            unit=breach.rule,
            message=breach_words(breach),
            meaning=f"The contract of '{name}' ({breach.rule}) is broken; its owner is {owner}.",
            action=f"{breach.action} Ask {owner} for a correction, or for a new contract.".strip(),
        )
        for breach in breaches
    ]


def breach_words(breach: Breach) -> str:
    """Tell a breach in one sentence, with its examples and the count of the rest."""
    listed = "; ".join(f"{one.file}, {one.place}: {one.found}" for one in breach.examples)
    rest = breach.count - len(breach.examples)
    more = f"; and {rest:,} more" if rest > 0 else ""
    about = f"{breach.column}: " if breach.column else ""
    return f"{about}expected {breach.expected}, found {listed or 'others'}{more}."

"""A source of the data: one file, many files, or a table of a database (D1)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from mmmlib.params.contract import Contract
from mmmlib.params.section import Currency, Days, Name, Section, inside

Gaps = Literal["fail", "zero", "carry", "interpolate"]
Layout = Literal["wide", "long", "master_flat_file", "ad_platform", "crm_pipeline"]
Format = Literal["csv", "parquet", "excel", "jsonl"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

STANDARD: dict[str, tuple[str, ...]] = {
    "master_flat_file": ("period", "geography", "product", "campaign", "variable", "value"),
    "ad_platform": (
        "date",
        "campaign",
        "ad_group",
        "spend",
        "impressions",
        "clicks",
        "conversions",
    ),
    "crm_pipeline": ("opportunity", "stage", "created", "closed", "amount", "motion"),
}
"""Columns of the layouts that have columns of their own."""
DATE_WORD = {"master_flat_file": "period", "ad_platform": "date", "crm_pipeline": "created"}
"""Which of them holds the day of a row."""

FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
"""Formats by the extension of a file's name."""
REMOTE = ("s3", "gs", "gcs", "az", "abfs", "abfss")
"""Object stores that a path may name; they need the extra ``cloud``."""
WILD = re.compile(r"[*?\[]")


def _source_path(path: str) -> str:
    """Refuse a path that leaves data.root, unless it names an object store in full."""
    scheme, mark, rest = path.partition("://")
    if mark and scheme not in REMOTE:
        raise ValueError(f"a path inside data.root, or one of {', '.join(REMOTE)} with '://'")
    inside(rest if mark else path)
    return path


def _without_secrets(url: str) -> str:
    """Refuse a URL that holds a password: it would be kept with every run."""
    if "://" not in url:
        raise ValueError("a connection URL such as postgresql://${DB_HOST}/marketing")
    parts = urlsplit(re.sub(r"\$\{\w+\}", "GIVEN", url))
    given = parts.password or ""
    if (given and given != "GIVEN") or re.search(
        r"(?i)(password|token|secret|key)=(?!GIVEN)", parts.query
    ):
        raise ValueError("no password in the URL; write ${NAME} and set it in the environment")
    return url


SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
"""What may stand between the cells of a row of CSV, by name."""


def _encoding(name: str) -> str:
    """Refuse what no text is written in."""
    try:
        kind = codecs.lookup(name)
    except LookupError:
        raise ValueError("an encoding such as utf-8, cp1252 (Windows) or utf-16") from None
    return kind.name


class LeftOut(Section):
    """Rows that are left out on purpose: not silently, they are counted and told in the pack."""

    where: dict[Name, tuple[str, ...]] = Field(default_factory=dict)
    """Rows in which each of these columns reads one of its texts: ``{Status: [Planned]}``. ``*``
    stands for any text, ``?`` for one letter, ``""`` for an empty cell."""
    unless: dict[Name, tuple[str, ...]] = Field(default_factory=dict)
    """All rows but those: ``{Division: [Group]}`` where divisions stand beside their sum."""
    because: Name
    """Why, in words that the pack repeats."""

    def _faults(self) -> Iterator[str]:
        if bool(self.where) == bool(self.unless):
            yield "either 'where' or 'unless', exactly one of them"

    def __str__(self) -> str:
        """Return the rule in a few words, as messages name it."""
        columns = self.where or self.unless
        texts = " and ".join(
            f"{column} {' or '.join(text or 'empty' for text in some)}"
            for column, some in columns.items()
        )
        return texts if self.where else f"all but {texts}"


class Source(Section):
    """One source of the data, and who owns it (D1, D2)."""

    path: Annotated[str, AfterValidator(_source_path)] = ""
    """A file, a pattern such as ``media/*.csv``, or a folder of partitions (``media/year=2025/``),
    inside ``data.root``; or an object store in full, such as ``s3://bucket/media/*.parquet``."""
    format: Format | None = None
    """Format of the files, where their extension does not say."""
    sheet: str | None = None
    """Excel: name of the sheet; the first one if not given."""
    url: Annotated[str, AfterValidator(_without_secrets)] | None = None
    """Connection URL of a database, instead of a path. ``${NAME}`` stands for an environment
    variable; credentials come only from there."""
    table: str | None = None
    """Table of the database, ``schema.table`` where needed."""
    query: str | None = None
    """A query of the database, instead of a table."""
    layout: Layout = "wide"
    columns: dict[str, Name] = Field(default_factory=dict)
    """For layouts with columns of their own: what the file calls them, such as ``campaign: Campaign
    name``. A column without an entry has the layout's name."""
    name_from: tuple[str, ...] = ()
    """Columns whose texts, joined by `` | ``, form the raw name; the campaign if not given."""
    won: tuple[str, ...] = ("Closed Won",)
    """CRM pipeline: the stages of an opportunity that was won."""
    taxonomy: bool = False
    """Whether the raw names are mapped by the taxonomy, see ``data.taxonomy``."""
    grain: Literal["week", "year_week", "day", "month", "event"] = "week"
    """What a row is: a week, a day, a month, or an event (something that happened); ``year_week`` is
    one of weeks that begin anew on 1 January, dated by its first day. Spend, exposure and outcomes of
    days and events add up to weeks; those of months and of such weeks are spread over their days
    first. For controls, whose level is held over a month, see :attr:`Control.week`."""
    time_zone: str | None = None
    """Time zone in which a day begins, such as Europe/Berlin; for dates with a time of day."""
    date: Name = "date"
    """Column with the first day of the week (or any day in it)."""
    region: Name | None = None
    """Column with the region; without one the source is national."""
    name: Name | None = None
    """Long layout: column with the names of the series."""
    value: Name | None = None
    """Long layout: column with the values."""
    repeated: tuple[Name, ...] = ()
    """Long layout: columns whose value stands in every row of a week (or day) and region, such as an
    outcome beside the spend of each channel. Each is a series of its own, taken once."""
    currency: Currency | None = None
    """Currency of the source's money, where it is not the workbook's."""
    currency_column: Name | None = None
    """Column with the currency of each row."""
    contract: Contract | None = None
    """What the owner promises; a broken promise stops the refresh."""
    owner: str = ""
    delivery: Literal["automatic", "manual"] = "automatic"
    separator: Literal["comma", "semicolon", "tab", "pipe"] = "comma"
    """CSV: what stands between the cells of a row."""
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    """CSV: how its letters are written, such as ``cp1252`` by Excel of Western Europe on Windows."""
    header_row: Annotated[int, Field(ge=1)] = 1
    """CSV and Excel: the row of the column names, where lines of a title stand above it."""
    decimal: Literal["point", "comma"] | None = None
    """Numbers written as text: what stands before the decimals. Without it a point, unless points
    stand between ``thousands``."""
    thousands: Literal["point", "comma", "apostrophe", "space"] | None = None
    """Numbers written as text: what stands between thousands, such as ``comma`` for 1,234.50."""
    signs: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Signs that stand beside numbers and are left out, such as ``€`` or ``%``."""
    leave_out: tuple[Name, ...] = ()
    """Texts in the column of days that mark rows which are none of a day, such as ``Total``."""
    filters: tuple[LeftOut, ...] = ()
    """Rows that are left out on purpose, each rule with its reason; the pack tells how many."""
    missing: tuple[str, ...] = ()
    """Texts that stand for a missing value, besides an empty cell."""
    zero: tuple[Name, ...] = ()
    """Texts that stand for zero among numbers, such as a dash."""
    max_age_days: Days | None = None
    """How old the newest row may be on the day of the refresh (D5); if not given, see
    ``data.limits``."""
    late: Literal["warn", "block"] = "warn"
    """What happens if the newest row is older than that (D5)."""
    gaps: Gaps | None = None
    """What to do where this source lacks a week; if not given, see ``data.gaps``."""

    def _faults(self) -> Iterator[str]:
        yield from self._faults_of_the_place()
        yield from self._faults_of_the_layout()
        units = self.contract.units if self.contract else {}
        if units and self.value_columns is None:
            yield (
                "'contract.units' for the layouts long, master_flat_file only, and the layout is "
                f"{self.layout}; write the 'unit' of each column"
            )
        elif units and self.contract and self.value_columns:
            value = self.value_columns[1]
            if value in self.contract.columns and self.contract.columns[value].unit:
                yield f"either 'contract.units' or the 'unit' of {value}, not both"
        if self.currency and self.currency_column:
            yield "either 'currency' or 'currency_column', not both"
        if self.thousands is not None and self.thousands == self.decimal:
            yield f"another mark between thousands than before decimals, and both are {self.decimal}"

    def _faults_of_the_place(self) -> Iterator[str]:
        if bool(self.path) == bool(self.url):
            yield "either a 'path' or a 'url', exactly one of them"
        if (self.url is None) != (self.table is None and self.query is None):
            yield "'url' together with 'table' or 'query'"
        if self.table is not None and self.query is not None:
            yield "either 'table' or 'query', exactly one of them"

    def _faults_of_the_layout(self) -> Iterator[str]:
        standard = STANDARD.get(self.layout, ())
        if self.layout == "long" and not (self.name and self.value):
            yield "both 'name' and 'value' columns, which layout 'long' needs"
        if self.repeated and self.layout != "long":
            yield f"'repeated' for the layout long only, and the layout is {self.layout}"
        if standard and (self.name or self.value):
            yield f"'columns' instead of 'name' and 'value' in layout {self.layout}"
        unknown = [name for name in self.columns if name not in standard]
        if not standard and (self.columns or self.name_from):
            yield (
                f"'columns' and 'name_from' for the layouts {', '.join(STANDARD)} only, "
                f"and the layout is {self.layout}"
            )
        elif unknown:
            yield (
                f"in 'columns' the words of the layout ({', '.join(standard)}), "
                f"and not {', '.join(unknown)}"
            )

    @property
    def is_spread(self) -> bool:
        """Whether a row is of several days that need not be those of one week: they are spread."""
        return self.grain in ("month", "year_week")

    @property
    def decimal_mark(self) -> str:
        """What stands before the decimals of a number that is written as text."""
        return self.decimal or ("comma" if self.thousands == "point" else "point")

    @property
    def delimiter(self) -> str:
        """The character between the cells of a row of CSV."""
        return SEPARATORS[self.separator]

    @property
    def text_encoding(self) -> str:
        """The encoding by which text is read; a mark at its beginning is no part of it."""
        return "utf-8-sig" if self.encoding == "utf-8" else self.encoding

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """All rules by which rows are left out; a text of ``leave_out`` is one of the column of days."""
        why = "no row of a day"
        marks = [LeftOut(where={self.date_column: (one,)}, because=why) for one in self.leave_out]
        return (*marks, *self.filters)

    def column(self, word: str) -> str:
        """Return what the file calls a column of the layout."""
        return self.columns.get(word, word)

    @property
    def date_column(self) -> str:
        """The column with the day of a row; of a CRM export, the day of creation."""
        word = DATE_WORD.get(self.layout)
        return self.column(word) if word else self.date

    @property
    def region_column(self) -> str | None:
        """The column with the region; None for a national source."""
        if self.region is None and self.layout == "master_flat_file":
            return self.column("geography")
        return self.region

    @property
    def value_columns(self) -> tuple[str, str] | None:
        """The columns with the variable and its value, where one column holds all values."""
        if self.layout == "master_flat_file":
            return self.column("variable"), self.column("value")
        if self.layout == "long":
            return str(self.name), str(self.value)
        return None

    @property
    def whom_to_ask(self) -> str:
        """Who answers for it, in words."""
        return self.owner or "the owner of the source"

    @property
    def where(self) -> str:
        """The place for messages: a path, or a table at a URL."""
        if self.url is None:
            return self.path
        return f"{self.url} ({self.table or 'query'})"

    @property
    def is_one_file(self) -> bool:
        """Whether the source is a single file here."""
        return bool(self.path) and "://" not in self.path and not WILD.search(self.path)

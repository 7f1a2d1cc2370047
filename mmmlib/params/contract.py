"""What a source promises: its columns, their values, its rows (D2)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from mmmlib.params.section import Section, Share

Unit = Literal[
    "",
    "currency",
    "cents",
    "micros",
    "currency_thousands",
    "currency_millions",
    "count",
    "thousands",
    "millions",
    "share",
    "percent",
]
MONEY: dict[str, Fraction] = {
    "currency": Fraction(1),
    "cents": Fraction(1, 100),
    "micros": Fraction(1, 1_000_000),
    "currency_thousands": Fraction(1000),
    "currency_millions": Fraction(1_000_000),
}
"""Units of money: what one of each is in whole units of the source's currency."""
SCALES: dict[str, Fraction] = {
    "": Fraction(1),
    **MONEY,
    "count": Fraction(1),
    "thousands": Fraction(1000),
    "millions": Fraction(1_000_000),
    "share": Fraction(1),
    "percent": Fraction(1, 100),
}
"""What one of every unit is in whole ones; a percent is a hundredth."""


class ColumnContract(Section):
    """What one column holds."""

    type: Literal["text", "number", "integer", "date", "time", "boolean"] = "text"
    """``time`` is a date with a time of day."""
    unit: Unit = ""
    """Unit that a number is delivered in. It is brought to whole ones: cost in ``micros`` to money,
    ``thousands`` of impressions to impressions. ``currency`` stands for money in the source's
    currency; all money is brought to the workbook's currency. ``min`` and ``max`` are of the
    number as delivered."""
    required: bool = True
    """Whether the column has to be there."""
    nullable: bool = False
    """Whether a cell may be empty."""
    min: float | None = None
    max: float | None = None
    """Ends of the range of a number, both allowed."""
    one_of: tuple[str, ...] = ()
    """The only values of a text."""
    pattern: str = ""
    """Regular expression that a whole text has to match."""

    def _faults(self) -> Iterator[str]:
        number = self.type in ("number", "integer")
        if not number and (self.min is not None or self.max is not None or self.unit):
            yield f"'min', 'max' and 'unit' for numbers only, and the type is {self.type}"
        if self.type != "text" and (self.one_of or self.pattern):
            yield f"'one_of' and 'pattern' for texts only, and the type is {self.type}"
        if self.min is not None and self.max is not None and self.min > self.max:
            yield f"min not above max, but they are {self.min:g} and {self.max:g}"


class Volume(Section):
    """How much a source usually delivers."""

    rows_per_week: Annotated[float, Field(gt=0)]
    """Rows of an ordinary week."""
    tolerance: Share = 0.5
    """How far a whole week may be from that, as a share of it."""


class Contract(Section):
    """What a source promises. A broken promise blocks."""

    columns: dict[str, ColumnContract] = Field(default_factory=dict)
    closed: bool = False
    """Whether a column that is not listed breaks the contract."""
    unique: tuple[str, ...] = ()
    """Columns whose values together occur once."""
    allow_duplicate_rows: bool = Field(
        default=False, validation_alias=AliasChoices("allow_duplicate_rows", "same_rows")
    )
    """Whether rows that are alike in every column may occur. If not, days on which every row
    occurs twice break the contract: a delivery came twice, or files overlap."""
    min_rows: Annotated[int, Field(ge=0)] = 1
    max_rows: Annotated[int, Field(ge=1)] | None = None
    volume: Volume | None = None
    """Rows of every whole week; a partial upload falls below it."""
    units: dict[str, Unit] = Field(default_factory=dict)
    """Layouts ``long`` and ``master_flat_file``, where one column holds numbers of several units:
    the unit of every variable (long: series), as the file writes it. One that is not listed breaks
    the contract."""

    @property
    def converts(self) -> bool:
        """Whether a number is delivered in other than whole units."""
        units = [*self.units.values(), *(column.unit for column in self.columns.values())]
        return any(SCALES[unit] != 1 for unit in units)

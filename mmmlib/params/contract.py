"""What the owner of a source promises: its columns, their values, its rows (D2)."""

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
"""Units of money: what one of each is worth in the source's currency."""
SCALES: dict[str, Fraction] = {
    "": Fraction(1),
    **MONEY,
    "count": Fraction(1),
    "thousands": Fraction(1000),
    "millions": Fraction(1_000_000),
    "share": Fraction(1),
    "percent": Fraction(1, 100),
}
"""What one of each unit is as a plain number; a percent is a hundredth."""


class ColumnContract(Section):
    """What one column holds."""

    type: Literal["text", "number", "integer", "date", "time", "boolean"] = "text"
    """``time`` is a date with a time of day."""
    unit: Unit = ""
    """Unit in which the numbers are delivered. They are converted to whole units: cost in
    ``micros`` to money, ``thousands`` of impressions to impressions. ``currency`` stands for money
    in the source's currency; all money is converted to the workbook's currency. ``min`` and
    ``max`` hold for the numbers as delivered."""
    required: bool = True
    """Whether the column has to exist."""
    nullable: bool = False
    """Whether a cell may be empty."""
    min: float | None = None
    max: float | None = None
    """Smallest and largest number allowed."""
    one_of: tuple[str, ...] = ()
    """The only texts allowed."""
    pattern: str = ""
    """Regular expression that the whole text has to match."""

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
    """Rows in an ordinary week."""
    tolerance: Share = 0.5
    """How far a full week may be off, as a share of ``rows_per_week``."""


class Contract(Section):
    """What the owner of a source promises. A broken promise stops the refresh."""

    columns: dict[str, ColumnContract] = Field(default_factory=dict)
    closed: bool = False
    """Whether a column that is not listed breaks the contract."""
    unique: tuple[str, ...] = ()
    """Columns whose values, taken together, occur once."""
    allow_duplicate_rows: bool = Field(
        default=False, validation_alias=AliasChoices("allow_duplicate_rows", "same_rows")
    )
    """Whether rows that are alike in every column may occur. If not, days on which every row
    occurs twice break the contract: a delivery came twice, or files overlap."""
    min_rows: Annotated[int, Field(ge=0)] = 1
    max_rows: Annotated[int, Field(ge=1)] | None = None
    volume: Volume | None = None
    """Rows per full week; a partial upload falls below it."""
    units: dict[str, Unit] = Field(default_factory=dict)
    """For the layouts ``long`` and ``master_flat_file``, where one column holds numbers in several
    units: the unit of each variable (in ``long``: of each series), as the file spells it. A
    variable that is not listed breaks the contract."""

    @property
    def converts(self) -> bool:
        """Whether any number has to be converted to whole units."""
        units = [*self.units.values(), *(column.unit for column in self.columns.values())]
        return any(SCALES[unit] != 1 for unit in units)

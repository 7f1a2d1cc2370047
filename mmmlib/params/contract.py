"""What a source promises: its columns, their values, its rows (D2)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mmmlib.params.section import Section, Share

MONEY = "currency"
"""The unit of a column of money: the source's currency, whichever that is."""


class ColumnContract(Section):
    """What one column holds."""

    type: Literal["text", "number", "integer", "date", "time", "boolean"] = "text"
    """``time`` is a date with a time of day."""
    unit: str = ""
    """Unit of a number. ``currency`` stands for money in the source's currency: it is brought
    to the workbook's currency."""
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

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        number = self.type in ("number", "integer")
        if not number and (self.min is not None or self.max is not None or self.unit):
            raise ValueError(
                f"'min', 'max' and 'unit' for numbers only, and the type is {self.type}"
            )
        if self.type != "text" and (self.one_of or self.pattern):
            raise ValueError(f"'one_of' and 'pattern' for texts only, and the type is {self.type}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min not above max, but they are {self.min:g} and {self.max:g}")
        return self


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
    min_rows: Annotated[int, Field(ge=0)] = 1
    max_rows: Annotated[int, Field(ge=1)] | None = None
    volume: Volume | None = None
    """Rows of every whole week; a partial upload falls below it."""

"""The base of every section of a parameter file, and the kinds of values they share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from mmmlib.params.places import KeyProblem

SLUG = r"^[a-z][a-z0-9_]{0,39}$"
CURRENCY = r"^[A-Z]{3}$"
PERIOD = r"^(19|20|21)[0-9]{2}-(Q[1-4]|(0[1-9]|1[0-2]))$"
Slug = Annotated[str, Field(pattern=SLUG)]
Currency = Annotated[str, Field(pattern=CURRENCY)]
Period = Annotated[str, Field(pattern=PERIOD)]
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(min_length=1)]
"""Name of a column, or a title."""
Positive = Annotated[float, Field(gt=0)]
Day = Annotated[dt.date, Field(ge=dt.date(1900, 1, 1), lt=dt.date(2200, 1, 1))]
Days = Annotated[int, Field(ge=1, le=36_500)]
"""How many days."""

KEY_PROBLEM = "key_problem"
"""Type of the pydantic error whose context is a :class:`KeyProblem`."""


def days_of(period: str) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of a quarter or a month.

    Examples
    --------
    >>> [str(day) for day in days_of("2026-Q4") + days_of("2026-02")]
    ['2026-10-01', '2026-12-31', '2026-02-01', '2026-02-28']
    """
    year, _, part = period.partition("-")
    months = 3 if part.startswith("Q") else 1
    end = int(part.lstrip("Q")) * months
    after = dt.date(int(year) + end // 12, end % 12 + 1, 1)
    return dt.date(int(year), end - months + 1, 1), after - dt.timedelta(days=1)


def inside(path: str) -> str:
    """Return a path; refuse one that leaves the folder that it is read from."""
    parts = PurePosixPath(path).parts
    if PurePosixPath(path).is_absolute() or ".." in parts or "~" in parts or "\0" in path:
        raise ValueError("a path inside data.root, without '..' or a leading '/'")
    return path


InsidePath = Annotated[str, AfterValidator(inside)]


class Section(BaseModel):
    """Base of every section: unknown keys are errors, values never change."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    def _faults(self) -> Iterator[str | KeyProblem]:
        """Yield what is wrong between values that are each in order.

        A text says what was expected of the section; a problem has the key below the section.
        """
        yield from ()

    @model_validator(mode="after")
    def _no_faults(self) -> Self:
        faults = [_details(fault, self) for fault in self._faults()]
        if faults:
            raise ValidationError.from_exception_data(type(self).__name__, faults)
        return self


def _details(fault: str | KeyProblem, section: Section) -> InitErrorDetails:
    if isinstance(fault, str):
        return InitErrorDetails(type="value_error", input=section, ctx={"error": fault})
    words = "found {found}; expected {expected}"
    context = {key: word for key, word in fault._asdict().items() if key != "key"}
    kind = PydanticCustomError(KEY_PROBLEM, words, context)
    return InitErrorDetails(type=kind, loc=fault.key, input=section)

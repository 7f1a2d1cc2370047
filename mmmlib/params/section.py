"""The base of every section of a parameter file, and the kinds of values they share."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SLUG = r"^[a-z][a-z0-9_]{0,39}$"
CURRENCY = r"^[A-Z]{3}$"
PERIOD = r"^[0-9]{4}-(Q[1-4]|(0[1-9]|1[0-2]))$"
Slug = Annotated[str, Field(pattern=SLUG)]
Currency = Annotated[str, Field(pattern=CURRENCY)]
Period = Annotated[str, Field(pattern=PERIOD)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


def _inside(path: str) -> str:
    """Refuse a path that leaves the folder that it is read from."""
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError("a path inside data.root, without '..' or a leading '/'")
    return path


InsidePath = Annotated[str, AfterValidator(_inside)]


class Section(BaseModel):
    """Base of every section: unknown keys are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

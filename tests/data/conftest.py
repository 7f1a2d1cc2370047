"""A small company's files, and parameters that name them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.panel.build import build_panel
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.relations import connect
from mmmlib.errors import InputError
from mmmlib.params import Params
from tests.fakes import fake_params

WEEKS = 12
Built = Callable[..., Panel]
Refused = Callable[..., InputError]


def weekly(weeks: int = WEEKS, first: str = "2024-01-01") -> pd.DataFrame:
    """Rows of a wide national file."""
    count = np.arange(weeks)
    return pd.DataFrame(
        {
            "date": pd.date_range(first, periods=weeks, freq="7D").strftime("%Y-%m-%d"),
            "revenue": 1000.0 + count,
            "search_spend": 100.0 + count,
            "tv_spend": 10.0 * (count % 3),
            "price": 9.5 + count / 10,
        }
    )


def weekly_by_day(weeks: int = WEEKS) -> pd.DataFrame:
    """The days of :func:`weekly`: a seventh of what adds up, the price of the week."""
    frame = weekly(weeks)
    days = frame.loc[frame.index.repeat(7)].reset_index(drop=True)
    for name in ("revenue", "search_spend", "tv_spend"):
        days[name] /= 7
    first = pd.to_datetime(days["date"])
    days["date"] = (first + pd.to_timedelta(days.index % 7, unit="D")).dt.strftime("%Y-%m-%d")
    return days


def regional(*regions: str, weeks: int = WEEKS) -> pd.DataFrame:
    """The same for several regions."""
    return pd.concat([weekly(weeks).assign(region=name) for name in regions])


def small_params(**sections: Any) -> Params:
    """Parameters for :func:`weekly` in ``media.csv``."""
    content: dict[str, Any] = {
        "key_questions": [],
        "data": {"sources": {"media": {"path": "media.csv"}}},
        "channels": {
            "search": {"spend": "search_spend"},
            "tv": {"spend": "tv_spend"},
        },
        "outcomes": {"revenue": {"kind": "revenue", "column": "revenue"}},
        "controls": {"price": {"column": "price"}},
    }
    return fake_params(**(content | sections))


def sources(**options: Any) -> dict[str, Any]:
    """A ``data`` section with one source and its options."""
    return {"sources": {"media": {"path": "media.csv", **options}}}


REGIONAL = {"data": sources(region="region"), "model": {"geography": "regional"}}


def only(error: InputError) -> tuple[str, str, str, str]:
    """Place, found, expected and action of an error's only problem."""
    assert error.file is not None
    assert error.file.endswith("media.csv"), error.file
    assert len(error.problems) == 1, str(error)
    problem = error.problems[0]
    return problem.place, problem.found, problem.expected, problem.action


@pytest.fixture(scope="session", autouse=True)
def one_database() -> Iterator[None]:
    """Keep DuckDB open from test to test: opening it takes a tenth of a small source's time."""
    held = connect()
    yield
    del held


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write ``media.csv`` from a frame or a text; returns its folder."""

    def put(content: pd.DataFrame | str | bytes, name: str = "media.csv") -> Path:
        path = tmp_path / name
        if isinstance(content, pd.DataFrame):
            content.to_csv(path, index=False)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
        return tmp_path

    return put


@pytest.fixture
def built(write: Callable[..., Path]) -> Callable[..., Panel]:
    """Write a frame and build the panel from it."""

    def make(content: pd.DataFrame | str | bytes, **sections: Any) -> Panel:
        return build_panel(small_params(**sections), write(content))

    return make


@pytest.fixture
def refused(write: Callable[..., Path]) -> Callable[..., InputError]:
    """Write a frame and return the error that building from it raises."""

    def make(content: pd.DataFrame | str | bytes, **sections: Any) -> InputError:
        folder = write(content)
        with pytest.raises(InputError) as caught:
            build_panel(small_params(**sections), folder)
        return caught.value

    return make

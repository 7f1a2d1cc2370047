"""Tables take estimates, never bare numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from mmmlib.estimates import Estimate
from mmmlib.findings import Level
from mmmlib.reports.blocks import (
    Chance,
    Column,
    Observed,
    Picture,
    Table,
    label_mark,
    level_mark,
)
from mmmlib.scenarios.pack import Label

COLUMNS = (Column("Channel"), Column("Return", "right"))


@pytest.mark.parametrize("cell", [1.4, np.float64(1.4), 3, None, np.float32(2)])
def test_a_bare_number_is_refused(cell: Any) -> None:
    with pytest.raises(TypeError, match="model's number is an Estimate"):
        Table("t", "caption", COLUMNS, (("tv", cell),))


def test_estimates_and_what_was_counted_are_taken() -> None:
    estimate = Estimate.from_draws(np.linspace(1, 2, 100))
    cells = (estimate, Observed(3.0, "USD"), Chance(0.2), label_mark(Label.SAFE), "no spend")
    table = Table("t", "caption", COLUMNS, tuple(("tv", cell) for cell in cells))
    assert len(table.rows) == 5


def test_a_row_must_fill_the_columns() -> None:
    with pytest.raises(ValueError, match="a row has 1 cells, the table 2 columns"):
        Table("t", "caption", COLUMNS, (("tv",),))


@pytest.mark.parametrize("alt", ["", "A figure", "Returns of the channels"])
def test_a_figure_must_say_what_it_says(alt: str) -> None:
    with pytest.raises(ValueError, match="alternative text"):
        Picture("p", Figure(), "caption", alt)


def test_marks_have_word_symbol_and_class() -> None:
    assert str(label_mark(Label.DO_NOT_INFER)) == "■ do not infer"
    assert label_mark(Label.DO_NOT_INFER).kind == "label never"
    assert [str(level_mark(level)) for level in Level] == ["● Info", "▲ Warn", "■ Block"]

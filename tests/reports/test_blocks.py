"""Figures say what they say; marks have a word beside their colour."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from mmmlib.findings import Level
from mmmlib.reports.blocks import Picture, label_mark, level_mark
from mmmlib.scenarios.pack import Label


@pytest.mark.parametrize("alt", ["", "A figure", "Returns of the channels"])
def test_a_figure_must_say_what_it_says(alt: str) -> None:
    with pytest.raises(ValueError, match="alternative text"):
        Picture("p", Figure(), "caption", alt)


def test_marks_have_word_symbol_and_class() -> None:
    assert str(label_mark(Label.DO_NOT_INFER)) == "■ do not infer"
    assert label_mark(Label.DO_NOT_INFER).kind == "label never"
    assert [str(level_mark(level)) for level in Level] == ["● Info", "▲ Warn", "■ Block"]

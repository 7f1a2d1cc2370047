"""Tables in notebooks: which way a column is aligned, and what is escaped."""

from __future__ import annotations

import re

import pandas as pd

from mmmlib.reports.readable import table_html

TABLE = pd.DataFrame(
    {
        "check": ["Chains agree", "Weeks inside the 90 % band"],
        "seen": ["USD 1.4 to 2.1 M (90 %)", "USD 0.3 to 0.9 M (90 %)"],
        "spend": ["USD 0", "USD 234 k"],
        "R-hat": [1.0021, 1.0004],
        "draws": [1884.0, 2500.0],
        "steps": [17.0, 18.1],
        "share": [1 / 3, float("nan")],
    }
)


def alignment(html: str) -> list[str]:
    """How the columns are aligned, in their order."""
    return re.findall(r"\.col\d+ \{\s*text-align: (\w+)", html)


def test_words_are_left_and_figures_right() -> None:
    assert alignment(table_html(TABLE)) == ["left", *["right"] * 6]


def test_numbers_are_as_long_as_they_have_to_be() -> None:
    html = table_html(TABLE)
    assert ">1.002<" in html
    assert ">2,500<" in html
    assert ">17.0<" in html
    assert ">0.333<" in html


def test_only_an_index_with_a_name_is_shown() -> None:
    assert "row0 " not in table_html(TABLE).partition("</style>")[2].replace("data row0 ", "")
    assert ">search<" in table_html(TABLE.set_index(pd.Index(["search", "tv"], name="channel")))


def test_names_go_through_as_text_and_the_same_table_is_the_same_html() -> None:
    name = "<script>alert(1)</script>"
    named = pd.DataFrame({"channel": [name], name: [name], "spend": [1.5]})
    for table in (named, named.set_index("channel"), named.rename_axis(columns=name)):
        assert "<script>" not in table_html(table)
    assert "<script>" not in table_html(named.set_index(pd.Index([name], name=name)))
    assert table_html(named) == table_html(named.copy())
    assert table_html(named) != table_html(TABLE)


def test_empty_and_long_tables_are_shown_too() -> None:
    assert "channel" in table_html(pd.DataFrame({"channel": [], "spend": []}))
    assert table_html(pd.DataFrame({"week": range(1000)})).count("<tr") < 250


def room(html: str) -> list[str]:
    """Least width of every column of words, where a word may break if it is longer."""
    return re.findall(r"min-width: (\w+);\s*overflow-wrap: anywhere", html)


def test_a_word_of_a_head_or_cell_is_never_broken_into_letters() -> None:
    heads = pd.DataFrame({"unexplained": ["no", "yes"], "where": ["a" * 60, "b"]})
    assert room(table_html(heads)) == ["11ch", "13em"]
    names = pd.DataFrame({"channel": ["paid_search", "x" * 30]})
    assert room(table_html(names)) == ["24ch"]
    indexed = pd.DataFrame({"spend": [1.5]}, index=pd.Index(["tv"], name="channel"))
    assert room(table_html(indexed)) == ["7ch"]
    assert table_html(TABLE).count("anywhere") == len(room(table_html(TABLE)))

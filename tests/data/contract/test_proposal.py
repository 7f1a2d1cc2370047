"""What a file seems to be: proposed by `mmm source`, by a draft and by a refusal to read it."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from mmmlib.data.contract.draft import draft_source
from mmmlib.data.contract.forms import typed_as, written_forms
from mmmlib.data.contract.pasted import source_yaml
from mmmlib.data.contract.proposal import grain_of, propose
from mmmlib.data.contract.written import LEAST, written_as
from mmmlib.data.panel.build import build_panel
from mmmlib.data.read.opening import open_relation
from mmmlib.data.read.problems import Problems
from mmmlib.errors import InputError
from mmmlib.params.contract import ColumnContract
from mmmlib.params.source import LeftOut, Source
from tests.data.conftest import small_params, sources, weekly

HEADER = ["date", "search_spend"]


def european(frame: pd.DataFrame, sign: str = " €") -> list[str]:
    """Write rows as an office of Germany exports them."""

    def number(value: float) -> str:
        text = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
        return f"{text}{sign}" if value else "-"

    days = pd.to_datetime(frame["date"]).dt.strftime("%d.%m.%Y")
    numbers = frame.drop(columns="date").map(number)
    return [";".join([day, *row]) for day, row in zip(days, numbers.to_numpy(), strict=True)]


def dirty(folder: Path) -> pd.DataFrame:
    """Write an export with everything that offices put around and into a table."""
    frame = weekly()
    frame["search_spend"] = (frame["search_spend"] * 1000.5).where(frame.index != 3, 0)
    blanks = ";" * (len(frame.columns) - 1)
    totals = ";".join(["Gesamtsumme", *["1.000,00 €"] * (len(frame.columns) - 1)])
    lines = [f"Mediaplan Köln{blanks}", blanks, ";".join(frame.columns), *european(frame), totals]
    (folder / "media.csv").write_bytes("\r\n".join(lines).encode("cp1252"))
    return frame


def test_a_dirty_export_is_read_by_what_its_refusal_says(tmp_path: Path) -> None:
    frame = dirty(tmp_path)
    with pytest.raises(InputError) as caught:
        build_panel(small_params(), tmp_path)
    problem, *others = caught.value.problems
    assert problem.place == "how it is written"
    assert {one.found for one in others} == {"an empty cell"}  # what the dashes are is asked
    told = YAML(typ="safe").load(
        "{" + problem.action.removeprefix("Add to the source: ").partition(". Look")[0] + "}"
    )
    assert told == {
        "encoding": "cp1252",
        "separator": "semicolon",
        "header_row": 3,
        "thousands": "point",
        "signs": ["€"],
        "leave_out": ["Gesamtsumme"],
        "missing": ["-"],
    }
    assert "move it to zero: ['-']" in problem.action
    declared = told | {"zero": told.pop("missing")}
    panel = build_panel(small_params(data=sources(**declared)), tmp_path)
    np.testing.assert_allclose(panel.frame["spend:search"], frame["search_spend"].round(2))


def test_what_is_wrong_beyond_the_way_of_writing_is_told_with_it(tmp_path: Path) -> None:
    dirty(tmp_path)
    path = tmp_path / "media.csv"
    text = path.read_text(encoding="cp1252")
    path.write_text(text.replace("9,60 €", "12x", 1), encoding="cp1252")
    with pytest.raises(InputError) as caught:
        build_panel(small_params(), tmp_path)
    first, *others = caught.value.problems
    assert first.place == "how it is written"
    (typo,) = [one for one in others if "12x" in one.found]
    assert "missing" not in typo.action  # a value that somebody mistyped is not one that lacks


def test_a_source_is_printed_as_it_can_be_pasted(tmp_path: Path) -> None:
    dirty(tmp_path)
    text = source_yaml(propose(Source(path="media.csv"), tmp_path))
    assert "# unsure: the letters are guessed: is 'Mediaplan Köln" in text
    assert "#   revenue: {kind: revenue, column: revenue}" in text
    (source,) = YAML(typ="safe").load(text).values()
    Source.model_validate(source)
    source["zero"] = source.pop("missing")
    build_panel(small_params(data={"sources": {"media": source}}), tmp_path)
    drafted = YAML(typ="safe").load(source_yaml(*draft_source("media.csv", tmp_path)))["media"]
    assert drafted["contract"]["columns"]["search_spend"]["type"] == "number"
    assert all(drafted[key] == source[key] for key in source if key != "zero")


def test_a_workbook_says_its_sheet_and_header(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "media.xlsx") as book:
        pd.DataFrame({"Plan": ["of March"]}).to_excel(book, sheet_name="Cover", index=False)
        weekly().to_excel(book, sheet_name="Data", index=False, startrow=2)
    found = propose(Source(path="media.xlsx"), tmp_path)
    assert (found.keys["sheet"], found.keys["header_row"]) == ("Data", 3)
    with pytest.raises(InputError, match="sheet: Data, header_row: 3"):
        build_panel(small_params(data=sources(path="media.xlsx")), tmp_path)


def test_a_damaged_workbook_is_refused_once(tmp_path: Path) -> None:
    (tmp_path / "media.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(InputError) as caught:
        build_panel(small_params(data=sources(path="media.xlsx")), tmp_path)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("cells", "options"),
    [
        (["1.5", "22.25"], {}),
        (["1,5", "22,25"], {"decimal": "comma"}),
        (["1.234,5", "22,25"], {"thousands": "point"}),
        (["1,234.5", "1,250"], {"thousands": "comma"}),
        (["1'234.50", "950.10"], {"thousands": "apostrophe"}),
        (["1 234,50", "950,10"], {"thousands": "space", "decimal": "comma"}),
        (["2.739", "3.100"], {"thousands": "point"}),
        (["5 %", "6 %"], {"signs": ["%"]}),
        (["$5", "EUR 6"], {}),  # two currencies are no sum
        (["1.5", "2,5"], {}),  # two ways of writing are not one
        (["1,234,567", "12"], {"thousands": "comma"}),
        (["3", "--", "n/a"], {"missing": ["--", "n/a"]}),
        (["3", "4", "5", "x1"], {}),
    ],
)
def test_numbers_say_how_they_are_written(cells: list[str], options: dict[str, Any]) -> None:
    often = cells * LEAST
    days = [str(dt.date(2024, 1, 1) + dt.timedelta(weeks=n)) for n in range(len(often))]
    found = written_as(HEADER, [list(row) for row in zip(days, often, strict=True)])
    assert found.options == options
    assert found.days == "date"
    once = [[days[0], cells[-1]], *([day, "7"] for day in days[1:])]
    assert not written_as(HEADER, once).options  # a slip of one cell is told with its row


def test_a_mistyped_day_is_no_total() -> None:
    rows = [["2024-01-01", "1"], ["2024-01-0x", "2"], ["2024-01-15", "3"], ["", "4"]] * 5
    found = written_as(HEADER, rows, "date")
    assert found.options == {"filters": [{"where": {"date": [""]}, "because": "they have no day"}]}
    assert found.unsure["filters"].startswith("5 of")


@pytest.mark.parametrize(
    ("gaps", "grain"),
    [([7] * 9, "week"), ([1] * 20, "day"), ([31, 29, 31, 30], "month"), ([9, 2, 40, 5], "event")],
)
def test_days_say_what_a_row_is(gaps: list[int], grain: str) -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=sum(gaps[:n])) for n in range(len(gaps) + 1)]
    assert grain_of(days)[0] == grain


def long_rows() -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=12, freq="W-MON").strftime("%Y-%m-%d")
    rows = [
        (day, 1000 + n, name, 10 * n + ord(name)) for n, day in enumerate(days) for name in "AB"
    ]
    return pd.DataFrame(rows, columns=["Day", "Revenue", "Channel", "Cost"])


def test_layouts_are_told_apart(tmp_path: Path) -> None:
    long_rows().to_csv(tmp_path / "long.csv", index=False)
    keys = propose(Source(path="long.csv"), tmp_path).keys
    assert (keys["layout"], keys["name"], keys["value"]) == ("long", "Channel", "Cost")
    assert keys["repeated"] == ["Revenue"]
    ads = long_rows().rename(columns={"Channel": "Campaign"}).drop(columns="Revenue")
    ads.to_parquet(tmp_path / "ads.parquet")
    keys = propose(Source(path="ads.parquet"), tmp_path).keys
    assert (keys["layout"], keys["gaps"]) == ("ad_platform", "zero")
    assert keys["columns"] == {"date": "Day", "campaign": "Campaign", "spend": "Cost"}
    regions = long_rows().rename(columns={"Channel": "Region", "Cost": "Search cost"})
    regions.to_csv(tmp_path / "regions.csv", index=False)
    found = propose(Source(path="regions.csv"), tmp_path)
    assert found.keys["region"] == "Region"
    assert "layout" not in found.keys
    assert found.roles == {"outcome": ["Revenue"], "spend": ["Search cost"]}


def test_an_export_of_deals_is_one_of_events(tmp_path: Path) -> None:
    deals = pd.DataFrame(
        {
            "Deal ID": [f"D{n}" for n in range(40)],
            "Stage": ["Lead", "Closed Won", "Lost", "Open"] * 10,
            "Created": [f"2024-01-{n % 28 + 1:02d}" if n % 9 else "" for n in range(40)],
            "Closed": [f"2024-02-{n % 28 + 1:02d}" for n in range(40)],
            "Amount": [100 * n for n in range(40)],
        }
    )
    deals.to_csv(tmp_path / "crm.csv", index=False)
    keys = propose(Source(path="crm.csv"), tmp_path).keys
    assert (keys["layout"], keys["grain"], keys["won"]) == ("crm_pipeline", "event", ["Closed Won"])
    assert keys["filters"][0]["where"] == {"Created": [""]}
    assert "taxonomy" not in keys  # no column of motions: there is nothing to name


def test_every_key_of_a_source_is_told_in_the_docs() -> None:
    page = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")
    code = " ".join(re.findall(r"```.*?```|`[^`]*`", page, re.DOTALL))
    keys = {*Source.model_fields, *LeftOut.model_fields}
    assert not [key for key in keys if not re.search(rf"\b{key}\b", code)]


@pytest.mark.parametrize(
    "texts",
    [
        ("2023-11", "2023-12", "2024-01", "2024-05"),
        ("11/2023", "12/2023", "1/2024", "5/2024"),
        ("Nov 2023", "Dec 2023", "Jan 2024", "May 2024"),
        ("Nov-23", "Dec-23", "Jan-24", "May-24"),
        ("November 2023", "December 2023", "January 2024", "May 2024"),
    ],
)
def test_months_are_read_where_a_row_is_one_and_nowhere_else(
    texts: tuple[str, ...], tmp_path: Path
) -> None:
    rows = pd.DataFrame({"Month": texts, "Radio": [1.5, 2.5, 3.5, 4.5]})
    rows.to_csv(tmp_path / "radio.csv", index=False)
    assert propose(Source(path="radio.csv"), tmp_path).keys["date"] == "Month"
    for grain, days in (
        ("month", ["2023-11-01", "2023-12-01", "2024-01-01", "2024-05-01"]),
        ("day", []),
    ):
        source = Source.model_validate({"path": "radio.csv", "date": "Month", "grain": grain})
        relation = open_relation("radio", source, tmp_path, Problems(tmp_path))
        assert relation is not None
        column = ColumnContract(type="date")
        forms, _ = written_forms(relation, {"Month": column})
        read = typed_as(relation.table, "Month", column, source, forms["Month"])
        found = relation.table.select(day=read).to_pyarrow()["day"].to_pylist()
        assert [str(one) for one in found if one is not None] == days


def test_what_names_a_row_has_no_sign() -> None:
    days = [f"2024-01-{n:02d}" for n in range(1, 10)]
    for prefix in ("OPP-", "OPP", "OPP-0", ""):
        found = written_as(HEADER, [[day, f"{prefix}0{n}1"] for n, day in enumerate(days)])
        assert (found.options, found.numbers) == ({}, [])
    euros = written_as(HEADER, [[day, f"EUR {n}.50"] for n, day in enumerate(days)])
    assert euros.options == {"signs": ["EUR"]}

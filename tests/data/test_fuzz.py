"""Damaged and odd data: whatever is delivered, there is a panel or an error for people.

Every case is a good delivery (a layout in a format) to which a few things happened that happen to
deliveries: cells, columns, rows, types or bytes are not what they should be. Cases are made from
their number, so that one that fails can be made again. ``MMM_FUZZ=10000`` runs so many of them.
"""

from __future__ import annotations

import datetime as dt
import decimal
import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mmmlib.data.checks.checks import check_panel
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.panel.build import read_and_build
from mmmlib.errors import MMMError
from tests.data.conftest import small_params, weekly, weekly_by_day

CASES = int(os.environ.get("MMM_FUZZ", "75"))
BATCH, QUICK = 25, 25
"""Cases of one test, and cases of a quick round."""
BATCHES = [
    pytest.param(first, marks=[pytest.mark.slow] if first >= QUICK else [])
    for first in range(0, CASES, BATCH)
]
TAXONOMY = Taxonomy.model_validate(
    {
        "version": "1",
        "valid_from": "2023-01-01",
        "rules": [
            {"glob": "search*", "channel": "search"},
            {"glob": "tv*", "channel": "tv"},
            {"regex": ".", "exclude": "anything else"},
        ],
    }
)
CELLS: tuple[Any, ...] = (
    "", " ", "nan", "NaN", "inf", "-Infinity", "1e999", "-1e308", "1e-400", "0x1F", "1_000", "1,234",
    "1.234.567", "1 234,5", "12%", "€5", "-", "–", "n/a", "NULL", "None", "true", "TRUE", "ja", "٣", "½",
    "0001-01-01", "1677-09-21", "2262-04-12", "9999-12-31", "10000-01-01", "0000-00-00", "2024-02-30",
    "2024-W05", "01/02/2024", "13/13/2024", "2024-01-01T25:00:00", "2024-01-01T00:00:00+99:99",
    "2024-01-01T00:00:00Z", "20240101", "45292", "-2024-01-01", "today", "=1+1", "=cmd|' /C calc'!A0",
    "a" * 5000, "\ufeff", "\u200b", "\u202e", "'", '"', "''; drop table x; --", "\x00", "\x1f", "🎉",
    "line\nbreak", "a,b", "a;b", "\t", "\\", "%s", "{0}", "[x]", "*", "national",
)  # fmt: skip
NAMES = (
    "", " ", "date", "Date", "DATE", "region", "value", "series", "name", "week", "_row", "_file",
    "_delivered", "_hash", "n", "rows", "row", "index", "count", "select", 'a"b', "a'b", "a.b", "a b",
    "a,b", "é", "🎉", "\ufeffdate", "x" * 300, "1", "1.5", "True", "None", "nan", "revenue", "REVENUE",
    "revenue ", "search_spend", "Search_Spend", "tv_spend", "price", "%", "{x}", "a\nb", "filename", "*",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, float("nan"), float("inf"), -1.0, 0, 1e300, -(2**62), 2**62, True, b"\xff\x00", [1, 2], {"a": 1},
    decimal.Decimal("1.10"), dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.datetime(1, 1, 1),
    dt.datetime(2262, 4, 12), dt.time(1, 2), dt.timedelta(days=1), "text", "", np.int8(3),
)  # fmt: skip


# --- a good delivery ------------------------------------------------------------------------


def delivery(rng: random.Random) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows of a good source, and what the parameters say of it."""
    layout = rng.choice(["wide", "wide", "wide", "long", "ad_platform", "master", "crm"])
    grain = rng.choice(["week", "week", "day", "month", "event"])
    rows = weekly() if grain == "week" else weekly_by_day()
    said: dict[str, Any] = {"grain": grain}
    if rng.random() < 0.3:
        rows = pd.concat([rows.assign(region=name) for name in ("north", "south")])
        said["region"] = "region"
    keys = [name for name in ("date", "region") if name in rows]
    if layout == "long":
        rows = rows.melt(keys, var_name="what", value_name="worth")
        said |= {"layout": "long", "name": "what", "value": "worth"}
    elif layout == "ad_platform":
        rows = rows.melt(keys, ["search_spend", "tv_spend"], "campaign", "spend").assign(clicks=3)
        said |= {"layout": "ad_platform", "taxonomy": True}
    elif layout == "master":
        rows = rows.melt(keys, ["search_spend", "tv_spend"], "campaign", "value")
        rows = rows.rename(columns={"date": "period", "region": "geography"})
        rows = rows.assign(variable="spend", **{} if "geography" in rows else {"geography": "x"})
        said |= {"layout": "master_flat_file", "taxonomy": True}
        said.pop("region", None)
    elif layout == "crm":
        rows = rows[keys].rename(columns={"date": "created"}).assign(stage="Closed Won", amount=5.0)
        rows = rows.assign(closed=rows["created"], opportunity=[f"o{n}" for n in range(len(rows))])
        said |= {"layout": "crm_pipeline", "grain": "event"}
    elif rng.random() < 0.2:
        rows["promo"] = rng.choice([1, "yes", "Sale", True])
    return rows.reset_index(drop=True), said


def told_of(rng: random.Random, said: dict[str, Any], rows: pd.DataFrame) -> dict[str, Any]:
    """Add a contract, a currency or a rule of reading to what the parameters say."""
    columns: dict[str, Any] = {}
    for name in rng.sample(list(map(str, rows.columns)), k=min(2, len(rows.columns))):
        kind = rng.choice(["text", "number", "integer", "date", "time", "boolean"])
        columns[name] = {"type": kind, "nullable": rng.random() < 0.5}
        if kind in ("number", "integer") and rng.random() < 0.5:
            columns[name] |= {"min": 0, "max": 100}
    extra: dict[str, Any] = rng.choice(
        [
            {},
            {},
            {"contract": {"columns": columns}},
            {"contract": {"columns": columns, "unique": [str(rows.columns[0])], "closed": True}},
            {"contract": {"volume": {"rows_per_week": 7}, "min_rows": 3}},
            {"gaps": rng.choice(["zero", "carry", "interpolate", "fail"])},
            {"missing": ["n/a", "-"]},
            {"time_zone": "Europe/Berlin"},
            {"currency": "GBP"},
            {"decimal": "comma", "signs": ["€", "%"]},
            {"thousands": rng.choice(["point", "comma", "space", "apostrophe"])},
            {"separator": rng.choice(["semicolon", "tab"])},
            {"header_row": rng.choice([2, 3, 99])},
            {"leave_out": ["today", "2024-01-01"]},
        ]
    )
    return said | extra


# --- what happens to it ---------------------------------------------------------------------


def spoil_cells(rng: random.Random, rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.astype(object)
    for _ in range(rng.choice([1, 1, 3, 40])):
        column = rng.randrange(rows.shape[1])
        rows.iloc[rng.randrange(len(rows)), column] = rng.choice(CELLS)
    return rows


def spoil_a_column(rng: random.Random, rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.astype(object)
    rows.isetitem(rng.randrange(rows.shape[1]), [rng.choice(CELLS)] * len(rows))
    return rows


def rename_columns(rng: random.Random, rows: pd.DataFrame) -> pd.DataFrame:
    names = list(rows.columns)
    for _ in range(rng.choice([1, 1, 2])):
        names[rng.randrange(len(names))] = rng.choice(NAMES)
    return rows.set_axis(names, axis=1)


def add_a_column(rng: random.Random, rows: pd.DataFrame) -> pd.DataFrame:
    extra = pd.DataFrame({rng.choice(NAMES): [rng.choice(CELLS) for _ in range(len(rows))]})
    return pd.concat([rows.reset_index(drop=True), extra], axis=1)


def lose_columns(rng: random.Random, rows: pd.DataFrame) -> pd.DataFrame:
    kept = rng.sample(range(rows.shape[1]), k=rng.randrange(1, rows.shape[1] + 1))
    return rows.iloc[:, kept]


def change_rows(rng: random.Random, rows: pd.DataFrame) -> pd.DataFrame:
    return rng.choice(
        [
            lambda: rows.head(rng.choice([0, 1, 2])),
            lambda: pd.concat([rows, rows]),
            lambda: pd.concat([rows, rows.head(3)]),
            lambda: rows.sample(frac=0.7, random_state=rng.randrange(99)),
            lambda: rows.iloc[::-1],
        ]
    )()


def write_dates(rng: random.Random, rows: pd.DataFrame) -> pd.DataFrame:
    days = next((name for name in ("date", "period", "created") if name in rows), None)
    if days is None or list(rows.columns).count(days) > 1:
        return rows
    written = rng.choice(
        ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d %b %Y", "%Y-%m-%dT%H:%MZ"]
    )
    plain = rows[days].astype(str).where(lambda text: text.str.fullmatch(r"2024-\d\d-\d\d"))
    parsed = pd.to_datetime(plain, errors="coerce", format="%Y-%m-%d")
    shift = rng.choice([0, 0, 1, 6, -365 * 90, 365 * 150, 365 * 230])
    moved = [
        day + dt.timedelta(days=shift) if isinstance(day, dt.date) and day == day else None
        for day in parsed.dt.date.astype(object)
    ]
    return rows.assign(**{days: ["" if d is None else d.strftime(written) for d in moved]})


SPOILS: tuple[Callable[[random.Random, pd.DataFrame], pd.DataFrame], ...] = (
    spoil_cells, spoil_cells, spoil_a_column, rename_columns, rename_columns, add_a_column,
    lose_columns, change_rows, write_dates,
)  # fmt: skip


# --- its file -------------------------------------------------------------------------------


def as_bytes(rng: random.Random, rows: pd.DataFrame, ending: str) -> bytes:
    """Write rows as a file; what a format cannot hold is left out of it."""
    out = io.BytesIO()
    if ending == "xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for record in [list(rows.columns), *rows.to_numpy(dtype=object).tolist()]:
            sheet.append([_for_excel(cell) for cell in record])
        book.save(out)
    elif ending == "parquet":
        arrays = [_for_parquet(rng, rows.iloc[:, place]) for place in range(rows.shape[1])]
        pq.write_table(pa.table(arrays, names=list(map(str, rows.columns))), out)
    elif ending == "jsonl":
        plain = rows.set_axis([f"{n}" for n in rows.columns], axis=1)
        for record in plain.loc[:, ~plain.columns.duplicated()].astype(str).to_dict("records"):
            out.write(json.dumps(record).encode() + b"\n")
    else:
        out.write(rows.to_csv(index=False, lineterminator="\n").encode("utf-8", "replace"))
    return out.getvalue()


def _for_excel(cell: Any) -> Any:
    if isinstance(cell, str):
        return "".join(c for c in cell if c >= " " or c in "\n\t")[:3000]
    return cell if isinstance(cell, int | float | dt.date) and cell == cell else None


def _for_parquet(rng: random.Random, column: pd.Series) -> pa.Array:
    if rng.random() < 0.15:
        try:
            return pa.array([rng.choice((None, rng.choice(VALUES))) for _ in column])
        except (pa.ArrowException, OverflowError, ValueError, TypeError):
            pass
    try:
        return pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):
        return pa.array(column.astype(str))


def damage(rng: random.Random, content: bytes, ending: str) -> bytes:
    """Cut a file off, turn bytes of it, or damage a part of a workbook."""
    if not content:
        return content
    if ending == "xlsx" and rng.random() < 0.7:
        return _damage_workbook(rng, content)
    how = rng.choice(["cut", "flip", "insert", "head", "encode"])
    place = rng.randrange(len(content))
    if how == "cut":
        return content[:place]
    if how == "insert":
        return content[:place] + rng.randbytes(rng.choice([1, 40])) + content[place:]
    if how == "head":
        return (
            rng.choice([b"\xff\xfe", b"\xef\xbb\xbf", b"\n\n", b"Report of May\n\n", b"PK\x03\x04"])
            + content
        )
    if how == "encode" and ending == "csv":
        return content.decode("utf-8").encode(rng.choice(["utf-16", "latin-1", "cp037"]), "replace")
    spoilt = bytearray(content)
    for _ in range(rng.choice([1, 3, 30])):
        spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
    return bytes(spoilt)


def _damage_workbook(rng: random.Random, content: bytes) -> bytes:
    """Rewrite a workbook with one of its parts gone, cut off, empty or altered."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        victim = rng.choice(names)
        how = rng.choice(["gone", "cut", "empty", "swap", "flip", "bzip", "lzma"])
        for name in names:
            part, packed = old.read(name), zipfile.ZIP_DEFLATED
            if name == victim:
                if how == "gone":
                    continue
                if how == "cut":
                    part = part[: rng.randrange(len(part) + 1)]
                elif how == "empty":
                    part = b""
                elif how == "swap":
                    part = old.read(rng.choice(names))
                elif how == "flip" and part:
                    spoilt = bytearray(part)
                    for _ in range(rng.choice([1, 5])):
                        spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
                    part = bytes(spoilt)
                elif how in ("bzip", "lzma"):
                    packed = zipfile.ZIP_BZIP2 if how == "bzip" else zipfile.ZIP_LZMA
            new.writestr(name, part, packed)
    content = out.getvalue()
    if rng.random() < 0.3:
        spoilt = bytearray(content)
        spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        content = bytes(spoilt)
    return content


# --- a case ---------------------------------------------------------------------------------

FROM_TAXONOMY = {"search": {"spend": "search.spend"}, "tv": {"spend": "tv.spend"}}
SIDE = {
    "rates.csv": "currency,from,rate\nGBP,2023-01-01,1.2\nGBP,2024-02-01,1.1\n",
    "prices.csv": "from,index\n2023-01-01,100\n2024-02-01,103\n",
    "lift_tests.csv": "test,channel,outcome,start,end,spend_change,incremental_outcome,"
    "standard_error\na,search,revenue,2024-01-15,2024-01-28,50,250,90\n",
}
DECLARED = {
    "rates.csv": {"rates": "rates.csv"},
    "prices.csv": {"price_level": {"path": "prices.csv", "base": "2024-01-01"}},
    "lift_tests.csv": {"lift_tests": "lift_tests.csv"},
}


def make_case(number: int, folder: Path) -> Any:
    """Write the files of a case; return its parameters."""
    rng = random.Random(number)  # not for secrets
    rows, said = delivery(rng)
    for _ in range(rng.choice([0, 1, 1, 2])):
        spoilt = rng.choice(SPOILS)(rng, rows)
        rows = spoilt if spoilt.shape[1] and len(spoilt) else rows
    said = told_of(rng, said, rows)
    ending = rng.choice(["csv", "csv", "xlsx", "xlsx", "parquet", "jsonl"])
    content = as_bytes(rng, rows, ending)
    if rng.random() < 0.35:
        content = damage(rng, content, ending)
    name = f"media.{ending}"
    if rng.random() < 0.1:
        name, said["path"] = f"media_1.{ending}", f"media_*.{ending}"
        (folder / f"media_2.{ending}").write_bytes(as_bytes(rng, rows.tail(3), ending))
    (folder / name).write_bytes(content)
    sources = {"media": {"path": name} | said}
    extra: dict[str, Any] = {}
    channels, controls = {}, {}
    if said.get("layout") in ("ad_platform", "master_flat_file", "crm_pipeline"):
        plain = weekly()[["date", "revenue", "price", "search_spend", "tv_spend"]]
        plain.to_csv(folder / "plain.csv", index=False)
        sources["plain"] = {"path": "plain.csv"}
        if said["layout"] != "crm_pipeline":
            channels = {"channels": FROM_TAXONOMY}
    for file, content_of in SIDE.items():
        if rng.random() < 0.12:
            spoilt_table = content_of.encode()
            if rng.random() < 0.8:
                table = pd.read_csv(io.StringIO(content_of), dtype=str)
                table = rng.choice(SPOILS[:6])(rng, table)
                spoilt_table = table.to_csv(index=False).encode("utf-8", "replace")
            (folder / file).write_bytes(spoilt_table)
            extra |= DECLARED[file]
    if said.get("currency") and "rates" not in extra:
        (folder / "rates.csv").write_text(SIDE["rates.csv"])
        extra |= DECLARED["rates.csv"]
    if "promo" in rows and rng.random() < 0.7:
        controls = {
            "events": {"promo": {"column": "promo", "equals": rng.choice(["1", "Sale", "ja"])}}
        }
    return small_params(
        data={"sources": sources, **({"taxonomy": "taxonomy.yaml"} if channels else {}), **extra},
        **channels,
        **controls,
    )


def run_case(number: int, folder: Path) -> None:
    """Build the panel of a case and check it; anything but an error for people is a fault."""
    try:
        params = make_case(number, folder)
        built = read_and_build(params, folder, taxonomy=TAXONOMY)
        check_panel(params, built)
    except MMMError as error:
        if not str(error).strip():
            raise AssertionError("an error without a word") from error


@pytest.mark.parametrize("batch", BATCHES)
def test_any_delivery_is_a_panel_or_an_error_for_people(
    tmp_path: Path, batch: int, recwarn: pytest.WarningsRecorder
) -> None:
    faults = []
    for number in range(batch, min(batch + BATCH, CASES)):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            run_case(number, folder)
        except Exception as error:
            faults.append(f"case {number}: {type(error).__name__}: {str(error)[:200]}")
    assert faults == []

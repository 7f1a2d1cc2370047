"""Places of sources: patterns, folders, databases, stores; and what is wrong with them."""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mmmlib.data.read.opening import open_relation
from mmmlib.data.read.problems import Problems
from mmmlib.errors import InputError
from mmmlib.params.source import Source
from tests.data.reading import daily, read_delivery


def weekly_of(folder: Path, **told: Any) -> pd.DataFrame:
    options = {"layout": "ad_platform", "grain": "day", "owner": "Growth"}
    problems = Problems()
    source = Source.model_validate(options | told)
    delivery = read_delivery("ads", source, folder, problems)
    problems.raise_if_any()
    assert delivery is not None
    return delivery.weekly


def refused(folder: Path, **told: Any) -> str:
    with pytest.raises(InputError) as caught:
        weekly_of(folder, **told)
    text = str(caught.value)
    assert "source ads, owner Growth" in text
    return text


@pytest.fixture
def typed() -> pd.DataFrame:
    frame = daily()
    return frame.assign(
        date=pd.to_datetime(frame["date"]).dt.date,
        spend=frame["spend"].astype(float),
        clicks=frame["clicks"].astype(int),
    )


def test_every_kind_of_source_gives_the_same_weeks(tmp_path: Path, typed: pd.DataFrame) -> None:
    expected = None
    typed.to_csv(tmp_path / "a.csv", index=False)
    with gzip.open(tmp_path / "a2.csv.gz", "wt") as file:
        typed.to_csv(file, index=False)
    typed.to_parquet(tmp_path / "a.parquet")
    typed.to_excel(tmp_path / "a.xlsx", index=False)
    typed.astype({"date": str}).to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    for name, part in typed.groupby("campaign"):
        folder = tmp_path / "parts" / f"campaign={name}"
        folder.mkdir(parents=True)
        part.drop(columns="campaign").to_parquet(folder / "part.parquet")
    sources = [
        {"path": "a.csv"},
        {"path": "a2.csv.gz"},
        {"path": "a.parquet"},
        {"path": "a.xlsx"},
        {"path": "a.jsonl"},
        {"path": "parts"},
        {"path": "parts/*/*.parquet"},
    ]
    for told in sources:
        weekly = weekly_of(tmp_path, **told)
        expected = weekly if expected is None else expected
        pd.testing.assert_frame_equal(weekly, expected)


@pytest.mark.parametrize("path", ["../ads.csv", "/etc/passwd", "a/../../b.csv", "~/x.csv"])
def test_no_path_leaves_the_folder(path: str) -> None:
    with pytest.raises(ValidationError, match=r"inside data\.root"):
        Source(path=path)


@given(st.text(max_size=30))
@settings(max_examples=200)
def test_no_accepted_path_leaves_the_folder(text: str) -> None:
    try:
        source = Source(path=text)
    except ValidationError:
        return
    if "://" not in source.path:
        place = Path("/root/of/data") / source.path
        assert ".." not in place.parts
        assert place.is_relative_to("/root/of/data")


def test_no_link_leaves_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "data"
    inside.mkdir()
    daily().to_csv(tmp_path / "secret.csv", index=False)
    (inside / "ads.csv").symlink_to(tmp_path / "secret.csv")
    assert "a link that leaves the folder" in refused(inside, path="ads.csv")


def test_files_that_lack_a_column_without_a_contract(tmp_path: Path) -> None:
    daily().to_csv(tmp_path / "ads_1.csv", index=False)
    daily().drop(columns="clicks").to_csv(tmp_path / "ads_2.csv", index=False)
    assert "no column 'clicks'" in refused(tmp_path, path="ads_*.csv")


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "xlsx"])
def test_a_column_that_is_called_otherwise_in_the_second_file(
    tmp_path: Path, typed: pd.DataFrame, ending: str
) -> None:
    """Its values would be missing without a word, or be filled by the rule for gaps."""

    def put(name: str, frame: pd.DataFrame) -> None:
        path = tmp_path / f"{name}.{ending}"
        if ending == "jsonl":
            frame.astype({"date": str}).to_json(path, orient="records", lines=True)
        elif ending == "parquet":
            frame.to_parquet(path)
        else:
            {"csv": frame.to_csv, "xlsx": frame.to_excel}[ending](path, index=False)

    first, second = typed[typed["campaign"] == "brand"], typed[typed["campaign"] == "search"]
    put("ads_1", first)
    put("ads_2", second.rename(columns={"spend": "Cost"}))
    text = refused(tmp_path, path=f"ads_*.{ending}")
    place = "row 1" if ending in ("csv", "xlsx") else "the columns"
    same = "expected the columns of the other files of this source"
    assert f"ads_2.{ending} (source ads, owner Growth), {place}: found no column 'spend'" in text
    assert f"ads_1.{ending} (source ads, owner Growth), {place}: found no column 'Cost'" in text
    assert same in text
    assert "required: false" in text
    put("ads_2", second.drop(columns="clicks"))
    optional = {"columns": {"clicks": {"type": "number", "required": False, "nullable": True}}}
    weekly = weekly_of(tmp_path, path=f"ads_*.{ending}", contract=optional)
    assert weekly.groupby("series")["value"].sum().to_dict() == {
        "brand.clicks": 84.0,
        "brand.spend": 294.0,
        "search.spend": 294.0,
    }


@pytest.mark.parametrize("path", ["ads", "ads/**/*.csv"])
def test_what_programs_leave_in_a_folder_is_no_delivery(tmp_path: Path, path: str) -> None:
    """JupyterLab keeps a copy of every file that was opened in it."""
    copies = tmp_path / "ads" / ".ipynb_checkpoints"
    copies.mkdir(parents=True)
    (tmp_path / "ads" / "_old").mkdir()
    daily().to_csv(tmp_path / "ads" / "ads.csv", index=False)
    expected = weekly_of(tmp_path, path=path)
    daily().to_csv(copies / "ads-checkpoint.csv", index=False)
    daily().to_csv(tmp_path / "ads" / "._ads.csv", index=False)
    daily().to_csv(tmp_path / "ads" / "_old" / "ads.csv", index=False)
    pd.testing.assert_frame_equal(weekly_of(tmp_path, path=path), expected)
    # Who names them means them.
    pd.testing.assert_frame_equal(weekly_of(tmp_path, path="ads/_old"), expected)
    pd.testing.assert_frame_equal(weekly_of(tmp_path, path="ads/_old/*.csv"), expected)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"date,campaign,spend\n2024-01-01,a,1\n2024-01-0\xe9,a,1\n", "letters of cp1252"),
        (b"date,campaign,spend\n2024-01-01,a,1\n2024-01-02,a\n", "2 cells"),
        (b'date,campaign,spend\n2024-01-01,a,1\n"2024-01-02,a,1\n', "broken quoting"),
        (b"date;campaign;spend\n2024-01-01;a;1\n", "columns separated by ';'"),
        (b"", "an empty file"),
        (b"date,campaign,date\n", "the column 'date' 2 times"),
    ],
)
def test_broken_csv(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "ads.csv").write_bytes(content)
    assert told in refused(tmp_path, path="ads.csv")


@pytest.mark.parametrize(
    "written", ["%m-%d-%Y", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%y", "%m-%d-%Y 00:00:00"]
)
def test_dates_in_json_are_not_guessed(tmp_path: Path, typed: pd.DataFrame, written: str) -> None:
    """The first days of a month would be read as the same day of other months."""
    days = pd.to_datetime(typed["date"])
    first = typed[days < "2024-01-12"].assign(date=days.dt.strftime(written))
    first.to_json(tmp_path / "ads.jsonl", orient="records", lines=True)
    assert "Write all dates as YYYY-MM-DD" in refused(tmp_path, path="ads.jsonl")


@pytest.mark.parametrize("number", [1, 17, 56])
@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        (b'{"date":"2024-01-01","campaign":"br\xe9","spend":1}', "a byte that is not UTF-8"),
        (b'{"date":"2024-01-01","camp', "no readable JSON"),
    ],
)
def test_a_bad_line_of_json_has_its_number(
    tmp_path: Path, typed: pd.DataFrame, number: int, spoilt: bytes, told: str
) -> None:
    lines = typed.astype({"date": str}).to_json(orient="records", lines=True).encode().split(b"\n")
    lines[number - 1] = spoilt
    (tmp_path / "ads.jsonl").write_bytes(b"\n".join(lines))
    assert f"row {number}: found {told}" in refused(tmp_path, path="ads.jsonl")


def test_truncated_files(tmp_path: Path, typed: pd.DataFrame) -> None:
    typed.to_parquet(tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: len(whole) // 2])
    assert "no readable Parquet file" in refused(tmp_path, path="a.parquet")
    typed.astype({"date": str}).to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    whole = (tmp_path / "a.jsonl").read_bytes()
    (tmp_path / "a.jsonl").write_bytes(whole[:-9])
    assert "no readable JSON" in refused(tmp_path, path="a.jsonl")


def test_missing_file_and_sheet(tmp_path: Path, typed: pd.DataFrame) -> None:
    typed.to_excel(tmp_path / "ads.xlsx", index=False)
    assert "Did you mean 'ads.xlsx'?" in refused(tmp_path, path="adz.xlsx")
    assert "sheet Plan: found no such sheet" in refused(tmp_path, path="ads.xlsx", sheet="Plan")


# --- databases -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["postgresql://me:secret@host/db", "postgresql://host/db?password=secret"]
)
def test_no_password_in_the_parameters(url: str) -> None:
    with pytest.raises(ValidationError, match="no password in the URL"):
        Source(url=url, table="ads")


def test_credentials_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADS_PASSWORD", raising=False)
    text = refused(tmp_path, url="postgresql://me:${ADS_PASSWORD}@localhost/db", table="ads")
    assert "no ADS_PASSWORD in the environment" in text


def test_no_answer_does_not_repeat_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv("ADS_PASSWORD", "hunter2")
    url = "postgresql://me:${ADS_PASSWORD}@127.0.0.1:9/db"
    text = refused(tmp_path, url=url, table="ads")
    assert "no answer from the database" in text
    assert "hunter2" not in text


def test_a_database_that_is_a_file(tmp_path: Path, typed: pd.DataFrame) -> None:
    import duckdb

    with duckdb.connect(str(tmp_path / "a.duckdb")) as base:
        base.register("frame", typed)
        base.execute("create table ads as select * replace (date::date as date) from frame")
    typed.to_parquet(tmp_path / "a.parquet")
    expected = weekly_of(tmp_path, path="a.parquet")
    told = {"url": "duckdb://a.duckdb"}
    pd.testing.assert_frame_equal(weekly_of(tmp_path, **told, table="ads"), expected)
    query = {"query": "select * from ads where true"}
    pd.testing.assert_frame_equal(weekly_of(tmp_path, **told, **query), expected)
    assert "no such table (gone)" in refused(tmp_path, **told, table="gone")
    outside = {"query": "select * from read_csv('/etc/passwd')"}
    assert "no answer" in refused(tmp_path, **told, **outside)
    assert "a SQLite database" in refused(tmp_path, url="sqlite:///etc/x.db", table="ads")
    assert "no such file" in refused(tmp_path, url="duckdb://../a.duckdb", table="ads")


def test_a_database_file_that_another_process_writes(tmp_path: Path, typed: pd.DataFrame) -> None:
    typed.to_parquet(tmp_path / "ads.parquet")
    program = (
        "import duckdb, sys; base = duckdb.connect('ads.duckdb');"
        "base.execute(\"create table ads as from 'ads.parquet'\");"
        "print('held', flush=True); sys.stdin.read()"
    )
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    place = {"url": "duckdb:///ads.duckdb", "table": "ads"}
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, **options) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "held\n"
        told = refused(tmp_path, **place)
        writer.communicate("")
    assert "found it locked by somebody else" in told
    assert f"PID {writer.pid}" in told
    assert "Ask its owner what holds it" in told
    assert len(weekly_of(tmp_path, **place))  # once the other one is done


def test_a_server_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg", reason="the extra 'postgres' is not installed")
    monkeypatch.setattr("mmmlib.data.read.opening.PATIENCE", 2)
    begun = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        told = refused(tmp_path, url=f"postgresql://mmm@127.0.0.1:{port}/ads", table="ads")
    assert time.monotonic() - begun < 20
    assert "no answer from the database" in told
    assert "timeout" in told


def test_a_store_whose_library_is_not_here(tmp_path: Path) -> None:
    problems = Problems()
    try:
        import s3fs  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        source = Source(path="s3://bucket/ads/*.parquet", layout="ad_platform")
        assert open_relation("ads", source, tmp_path, problems) is None
        with pytest.raises(InputError, match="the extra 'cloud'"):
            problems.raise_if_any()
    else:
        pytest.skip("s3fs is installed")


def test_a_small_source_is_read_once(
    tmp_path: Path, typed: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}
    for held in (0, 10_000_000):
        monkeypatch.setattr("mmmlib.data.read.relations.HELD", held)
        typed.to_parquet(tmp_path / "a.parquet")
        source = Source.model_validate(
            {"path": "a.parquet", "layout": "ad_platform", "grain": "day"}
        )
        relation = open_relation("ads", source, tmp_path, Problems())
        assert relation is not None
        rows = relation.held().table
        typed.iloc[:3].to_parquet(tmp_path / "a.parquet")  # the file changes under our hands
        seen[held] = rows.count().to_pyarrow().as_py()
    assert seen == {0: 3, 10_000_000: len(typed)}


def test_packed_files_count_by_what_they_hold(
    tmp_path: Path, typed: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed.to_csv(tmp_path / "a.csv", index=False)
    typed.to_parquet(tmp_path / "a.parquet")
    largest = max(path.stat().st_size for path in tmp_path.iterdir())
    monkeypatch.setattr("mmmlib.data.read.relations.HELD", largest)
    small = {}
    for ending in ("csv", "parquet"):
        source = Source(path=f"a.{ending}", layout="ad_platform", grain="day")
        relation = open_relation("ads", source, tmp_path, Problems())
        assert relation is not None
        small[ending] = relation.is_small
    assert small == {"csv": True, "parquet": False}


def test_open_sources_share_one_database(tmp_path: Path, typed: pd.DataFrame) -> None:
    typed.to_parquet(tmp_path / "a.parquet")
    source = Source.model_validate({"path": "a.parquet", "layout": "ad_platform", "grain": "day"})
    one, two = (open_relation("ads", source, tmp_path, Problems()) for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.connection is two.connection

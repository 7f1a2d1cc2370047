"""The same expressions on a real PostgreSQL, started here, give the same weeks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.contract.declared_series import WeeklyAggregation
from mmmlib.data.ingest import ingest
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.panel.build import build_panel
from mmmlib.data.read.problems import Problems, breach_words
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.errors import InputError
from mmmlib.params.source import Source
from tests.data.conftest import small_params, weekly
from tests.data.history.test_rows import new_run, params_for
from tests.data.reading import CONTRACT, daily, read_delivery
from tests.postgres import postgres_server

TAXONOMY = Taxonomy.model_validate(
    {
        "version": "1",
        "valid_from": "2024-01-01",
        "rules": [{"exact": "search", "channel": "search"}, {"glob": "bra*", "channel": "tv"}],
    }
)


URL = "postgresql://mmm:${PG_SECRET}@127.0.0.1:${PG_PORT}/postgres"


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with postgres_server() as settings:
        yield settings


@pytest.fixture
def base(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import psycopg

    for name, value in server.items():
        monkeypatch.setenv(name, value)
    with psycopg.connect(
        host="127.0.0.1",
        port=server["PG_PORT"],
        user="mmm",
        password=server["PG_SECRET"],
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute("drop table if exists ads cascade")
        connection.execute(
            "create table ads (date date, campaign text, spend double precision, clicks int)"
        )
        yield connection


def fill(base: Any, frame: pd.DataFrame) -> None:
    with base.cursor().copy("copy ads from stdin") as copy:
        for row in frame.itertuples(index=False):
            copy.write_row(tuple(row))


def read(folder: Path, taxonomy: Taxonomy | None = None, **told: Any) -> SourceRows:
    options = {
        "layout": "ad_platform",
        "grain": "day",
        "owner": "Growth",
        "contract": CONTRACT,
        "taxonomy": taxonomy is not None,
    }
    problems = Problems()
    source = Source.model_validate(options | told)
    delivery = read_delivery(
        "ads", source, folder, problems, taxonomy=taxonomy, week_start="sunday"
    )
    problems.raise_if_any()
    assert delivery is not None
    return delivery


def test_the_same_weeks_from_files_and_from_postgres(tmp_path: Path, base: Any) -> None:
    frame = daily(100).assign(spend=[f"{0.25 * n}" for n in range(200)])
    fill(base, frame)
    frame.to_csv(tmp_path / "ads.csv", index=False)
    for taxonomy in (None, TAXONOMY):
        here = read(tmp_path, taxonomy, path="ads.csv")
        assert here.breaches == ()
        for told in ({"table": "ads"}, {"query": "select * from public.ads"}):
            there = read(tmp_path, taxonomy, url=URL, **told)
            assert there.breaches == ()
            assert there.rows == here.rows == 200
            pd.testing.assert_frame_equal(there.weekly, here.weekly)


def test_the_same_days_are_missed(tmp_path: Path, base: Any) -> None:
    frame = daily(100).drop(index=[60, 63])  # one campaign on two days of a week
    fill(base, frame)
    frame.to_csv(tmp_path / "ads.csv", index=False)
    long = {"layout": "long", "name": "campaign", "value": "spend", "grain": "day"}
    brand = frozenset({"brand"})
    aggregation = WeeklyAggregation(numbers=brand, sums=brand, whole=brand, every_day=brand)
    found = []
    for place in ({"path": "ads.csv"}, {"url": URL, "table": "ads"}):
        problems = Problems()
        source = Source.model_validate({**long, **place})
        delivery = read_delivery("ads", source, tmp_path, problems, aggregation=aggregation)
        problems.raise_if_any()
        assert delivery is not None
        found.append(delivery.weekly)
    pd.testing.assert_frame_equal(found[0], found[1])
    assert found[0].set_index("week")["absent"].sum() == 2


def test_a_load_that_ran_twice(tmp_path: Path, base: Any) -> None:
    frame = daily(28)
    fill(base, frame)
    assert read(tmp_path, url=URL, table="ads", contract=None).breaches == ()
    fill(base, frame)
    (breach,) = read(tmp_path, url=URL, table="ads", contract=None).breaches
    assert "the days 2024-01-01 to 2024-01-28, region 'national': 56 rows, each there again" in (
        breach_words(breach)
    )


def test_the_same_panel(tmp_path: Path, base: Any) -> None:
    frame = daily(84)
    fill(base, frame)
    frame.to_csv(tmp_path / "ads.csv", index=False)
    weekly()[["date", "revenue", "price"]].to_csv(tmp_path / "media.csv", index=False)
    panels = []
    for place in ({"path": "ads.csv"}, {"url": URL, "table": "public.ads"}):
        ads = {"layout": "ad_platform", "grain": "day", "taxonomy": True, **place}
        data = {
            "taxonomy": "taxonomy.yaml",
            "sources": {"media": {"path": "media.csv"}, "ads": ads},
        }
        channels = {"search": {"spend": "search.spend"}, "tv": {"spend": "tv.spend"}}
        panels.append(build_panel(small_params(data=data, channels=channels), tmp_path, TAXONOMY))
    pd.testing.assert_frame_equal(panels[0].frame, panels[1].frame)


def test_broken_promises_are_told_by_key(tmp_path: Path, base: Any) -> None:
    frame = daily(28)
    frame.loc[3, "spend"] = "-1"
    fill(base, pd.concat([frame, frame.iloc[[5]]]))
    below, twice = map(breach_words, read(tmp_path, url=URL, table="ads").breaches)
    assert "the row of date 2024-01-04, campaign brand, column spend: '-1.0'" in below
    assert "the key date 2024-01-06, campaign brand: it 2 times" in twice


def test_a_table_that_is_gone(tmp_path: Path, base: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"no such table \(gone\)") as caught:
        read(tmp_path, url=URL, table="gone")
    assert "source ads, owner Growth" in str(caught.value)
    monkeypatch.setenv("PG_SECRET", "wr/ong")
    with pytest.raises(InputError, match="password authentication failed") as caught:
        read(tmp_path, url=URL, table="ads")
    assert "the credentials in the environment" in str(caught.value)
    assert "wr/ong" not in str(caught.value)


@pytest.mark.parametrize("place", [{"table": "ads"}, {"query": "select * from ads"}])
def test_a_lock_is_waited_for_and_then_told(
    tmp_path: Path, base: Any, monkeypatch: pytest.MonkeyPatch, place: dict[str, str]
) -> None:
    fill(base, daily(28))
    monkeypatch.setattr("mmmlib.data.read.opening.PATIENCE", 2)
    begun = time.monotonic()
    with base.transaction():
        base.execute("lock table ads in access exclusive mode")
        with pytest.raises(InputError, match="locked by somebody else") as caught:
            read(tmp_path, url=URL, **place)
    assert 1.5 < time.monotonic() - begun < 20
    told = str(caught.value)
    assert "source ads, owner Growth" in told
    assert "Ask its owner what holds it" in told
    assert read(tmp_path, url=URL, **place).rows == 56  # the lock is gone, and so is the trouble


def test_a_limit_that_is_set_is_kept(
    tmp_path: Path, base: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=200")
    begun = time.monotonic()
    with base.transaction():
        base.execute("lock table ads in access exclusive mode")
        with pytest.raises(InputError, match="lock timeout"):
            read(tmp_path, url=URL, table="ads")
    assert time.monotonic() - begun < 20  # and not the thirty seconds of ours


def test_a_locked_table_leaves_the_last_good_vintage_alone(
    tmp_path: Path, base: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(base, daily(56))
    weekly(8).to_csv(tmp_path / "media.csv", index=False)
    params = params_for(path="", url=URL, table="ads")
    good = new_run(tmp_path)
    ingest(params, good, tmp_path)
    before = files_below(good.path)
    assert any("ads.rows" in name for name in before)
    monkeypatch.setattr("mmmlib.data.read.opening.PATIENCE", 1)
    other = new_run(tmp_path, "fake-2026-Q3-1")
    with base.transaction():
        base.execute("lock table ads in access exclusive mode")
        with pytest.raises(InputError, match="locked by somebody else"):
            ingest(params, other, tmp_path)
    assert files_below(good.path) == before
    assert set(files_below(other.path)) == {"manifest.json"}


def files_below(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}

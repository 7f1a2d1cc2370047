"""Tables in parts that runs share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmmlib.data.read import parts
from mmmlib.data.read.parts import INDEX, read_parts, store_of, write_parts
from mmmlib.errors import RunError

SERIES = 12
REGIONS = 40


def history(weeks: int, seed: int = 1) -> pd.DataFrame:
    """A text table, sorted by region and then week, as a file may be."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.gamma(2, 500, (REGIONS, 260, SERIES)), 2)[:, :weeks]
    days = pd.date_range("2021-01-04", periods=weeks, freq="7D").strftime("%Y-%m-%d")
    frame = pd.DataFrame(values.reshape(-1, SERIES)).add_prefix("s").astype("str")
    frame.insert(0, "week", np.tile(days, REGIONS))
    frame.insert(1, "region", np.repeat([f"r{n}" for n in range(REGIONS)], weeks))
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    return frame


def write(folder: Path, frame: pd.DataFrame, name: str = "run") -> Path:
    write_parts(folder / name, store_of(folder), frame, pd.to_datetime(frame["week"]), {"a": "b"})
    return folder / name


def used(folder: Path) -> int:
    """Bytes on disk; a file with two names counts once."""
    files = {path.stat().st_ino: path.stat().st_size for path in all_files(folder)}
    return sum(files.values())


def all_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    frame = history(60)
    again, facts = read_parts(write(tmp_path, frame))
    pd.testing.assert_frame_equal(again, frame, check_index_type=False)
    assert facts == {"a": "b"}
    assert len(list((tmp_path / "run").glob("*.parquet"))) >= 3


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.integers(-400, 4000) | st.none(), st.text(st.characters(codec="utf-8"))),
        min_size=1,
        max_size=40,
    ),
    gaps=st.lists(st.integers(1, 10**9), min_size=40, max_size=40),
)
def test_any_order_labels_and_text_come_back(
    tmp_path: Path, rows: list[tuple[int | None, str]], gaps: list[int]
) -> None:
    labels = pd.Index(np.cumsum(gaps[: len(rows)]), name="row")
    frame = pd.DataFrame({"text": [text for _, text in rows]}, index=labels, dtype="str")
    start = pd.Timestamp("2020-01-01")
    days = [pd.NaT if day is None else start + pd.Timedelta(days=day) for day, _ in rows]
    write_parts(tmp_path / "t", store_of(tmp_path), frame, pd.Series(pd.DatetimeIndex(days)), {})
    pd.testing.assert_frame_equal(read_parts(tmp_path / "t")[0], frame)


def test_a_year_of_weekly_refreshes_takes_less_than_ten_tables(tmp_path: Path) -> None:
    """Each has a week more and tells the last three otherwise: 10 MB would stay under 100.

    ``benchmarks/vintages.py`` writes the whole year.
    """
    rng = np.random.default_rng(3)
    whole = history(156 + 8)
    size = len(history(156).to_csv(index=False))
    day = pd.to_datetime(whole["week"])
    weeks = np.sort(day.unique())
    taken = []
    for refresh in range(8):
        end = 156 + refresh
        seen = whole[day <= weeks[end]].copy()
        young = (day[seen.index] > weeks[end - 3]).to_numpy()
        seen.loc[young, "s0"] = np.round(rng.gamma(2, 500, young.sum()), 2).astype(str)
        seen.index = pd.RangeIndex(2, len(seen) + 2)
        write(tmp_path, seen, f"run{refresh}")
        taken.append(used(tmp_path))
    assert taken[0] + 51 * (taken[-1] - taken[0]) / 7 < 5 * size


def test_the_same_table_twice_takes_no_more_room(tmp_path: Path) -> None:
    one = write(tmp_path, history(60), "one")
    before = used(tmp_path)
    two = write(tmp_path, history(60), "two")
    assert used(tmp_path) - before == (two / INDEX).stat().st_size
    assert {p.name for p in one.iterdir()} == {p.name for p in two.iterdir()}


def test_a_new_week_changes_one_part(tmp_path: Path) -> None:
    one, two = write(tmp_path, history(60), "one"), write(tmp_path, history(61), "two")
    shared = {p.name for p in one.glob("*.parquet")} & {p.name for p in two.glob("*.parquet")}
    assert len(shared) >= len(list(one.glob("*.parquet"))) - 1


def test_the_youngest_weeks_are_read_alone(tmp_path: Path) -> None:
    frame = history(156)
    folder = write(tmp_path, frame)
    first = min(folder.glob("*.parquet"))
    first.unlink()  # not needed for young weeks
    young, _ = read_parts(folder, weeks=10)
    assert len(young) < len(frame) / 2
    pd.testing.assert_frame_equal(young, frame.loc[young.index], check_index_type=False)
    days = pd.to_datetime(frame["week"])
    needed = frame.index[days >= days.max() - pd.Timedelta(weeks=10)]
    assert set(needed) <= set(young.index)


def test_a_run_is_readable_alone(tmp_path: Path) -> None:
    frame = history(30)
    write(tmp_path / "here", frame)
    shutil.copytree(tmp_path / "here" / "run", tmp_path / "there")
    shutil.rmtree(tmp_path / "here")
    pd.testing.assert_frame_equal(read_parts(tmp_path / "there")[0], frame, check_index_type=False)
    whole = pd.read_parquet(tmp_path / "there")
    assert sorted(whole["s0"]) == sorted(frame["s0"])


def test_without_hard_links_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    frame = history(30)
    folder = write(tmp_path, frame)
    shutil.rmtree(store_of(tmp_path))
    pd.testing.assert_frame_equal(read_parts(folder)[0], frame, check_index_type=False)


@pytest.mark.parametrize("damage", ["gone", "changed", "index"])
def test_damage_is_told(tmp_path: Path, damage: str) -> None:
    folder = write(tmp_path, history(30))
    part = next(folder.glob("*.parquet"))
    if damage == "gone":
        part.unlink()
    elif damage == "changed":
        content = part.read_bytes()
        part.chmod(0o644)
        part.write_bytes(content[:-1] + b"x")
    else:
        (folder / INDEX).write_text("{}")
    with pytest.raises(RunError, match="not the index" if damage == "index" else "not what"):
        read_parts(folder)


def test_a_damaged_part_of_the_store_is_not_linked(tmp_path: Path) -> None:
    write(tmp_path, history(30), "one")
    for stored in all_files(store_of(tmp_path)):
        stored.chmod(0o644)
        stored.write_bytes(b"x")
    again, _ = read_parts(write(tmp_path, history(30), "two"))
    assert len(again) == 30 * REGIONS


def test_what_an_earlier_attempt_left_is_replaced(tmp_path: Path) -> None:
    write(tmp_path, history(100))
    folder = write(tmp_path, history(20))
    assert len(read_parts(folder)[0]) == 20 * REGIONS
    assert len(pd.read_parquet(folder)) == 20 * REGIONS


def test_parts_are_not_smaller_than_they_need_to_be(tmp_path: Path) -> None:
    small = history(60).iloc[:, :3]
    folder = write(tmp_path, small)
    count = len(list(folder.glob("*.parquet")))
    size = sum(len(text) for name in small for text in small[name])
    assert count <= 2 * size / parts.PART_BYTES + 2

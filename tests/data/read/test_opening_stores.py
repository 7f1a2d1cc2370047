"""Object stores, by a store in memory that answers where S3 would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry

from mmmlib.data.read.problems import Problems
from mmmlib.errors import InputError
from mmmlib.params.source import Source
from tests.data.reading import CONTRACT, daily, read_delivery


class Bucket(MemoryFileSystem):
    """A store in memory under the name of another one."""

    protocol = "s3"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("s3://").strip("/")


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    fsspec.register_implementation("s3", Bucket, clobber=True)
    store = Bucket()
    store.store.clear()
    yield store
    store.store.clear()
    _registry.pop("s3")


def read(path: str, **told: Any) -> pd.DataFrame:
    options = {"layout": "ad_platform", "grain": "day", "owner": "Growth", "path": path}
    problems = Problems()
    source = Source.model_validate(options | told)
    delivery = read_delivery("ads", source, Path("/nowhere"), problems)
    problems.raise_if_any()
    assert delivery is not None
    return delivery.weekly


def test_files_of_a_store_are_read_like_those_of_a_folder(bucket: Bucket) -> None:
    frame = daily()
    first, second = frame[frame["date"] < "2024-01-15"], frame[frame["date"] >= "2024-01-15"]
    bucket.pipe("/marketing/2024/a.csv", first.to_csv(index=False).encode())
    bucket.pipe("/marketing/2024/b.csv", second.to_csv(index=False).encode())
    typed = frame.assign(spend=frame["spend"].astype(float), clicks=frame["clicks"].astype(int))
    bucket.pipe("/marketing/all.parquet", typed.to_parquet())
    many = read("s3://marketing/2024/*.csv", contract=CONTRACT)
    one = read("s3://marketing/all.parquet")
    pd.testing.assert_frame_equal(many, one)
    assert many["value"].sum() == 10.5 * 56 + 3 * 56


def test_what_is_not_in_the_store_is_named(bucket: Bucket) -> None:
    with pytest.raises(InputError, match=r"s3://marketing/none\.csv \(source ads, owner Growth\)"):
        read("s3://marketing/none.csv")
    with pytest.raises(InputError, match="no such file"):
        read("s3://marketing/*.csv")


def test_a_bad_cell_of_a_store_has_file_row_and_column(bucket: Bucket) -> None:
    frame = daily()
    frame.loc[5, "spend"] = "much"
    bucket.pipe("/marketing/a.csv", frame.to_csv(index=False).encode())
    with pytest.raises(InputError, match=r"a\.csv.*row 7, column spend: found 'much'"):
        read("s3://marketing/a.csv", contract=CONTRACT)

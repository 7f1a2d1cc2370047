"""Where the sources are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmlib.data.read.files import data_folder, hash_source
from mmmlib.errors import InputError
from mmmlib.params.source import Source
from tests.data.conftest import small_params, sources, weekly


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder that is the working folder."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    return project


def put(folder: Path, name: str = "media.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    weekly().to_csv(folder / name, index=False)
    return folder


def test_a_root_is_taken_from_the_working_folder(here: Path) -> None:
    folder = put(here / "raw" / "weekly")
    params = small_params(data={"root": "raw/weekly", **sources()})
    assert data_folder(params) == folder


def test_a_root_that_is_not_there(here: Path) -> None:
    params = small_params(data={"root": "raw", **sources()})
    with pytest.raises(InputError, match=r"data\.root: found 'raw', and no folder at"):
        data_folder(params)


def test_own_data_goes_before_a_neighbours(here: Path) -> None:
    neighbour = put(here.parent / "neighbour" / "data")
    assert data_folder(small_params()) == neighbour
    own = put(here / "data", "other.csv")
    assert data_folder(small_params()) == neighbour
    put(own)
    assert data_folder(small_params()) == own


def test_the_folder_that_has_some_files_is_taken_so_that_the_missing_one_is_named(
    here: Path,
) -> None:
    folder = put(here.parent / "neighbour" / "data")
    both = {"sources": {"media": {"path": "media.csv"}, "ads": {"path": "ads.csv"}}}
    assert data_folder(small_params(data=both)) == folder


def test_no_folder_at_all_says_how_to_name_one(here: Path) -> None:
    with pytest.raises(InputError) as caught:
        data_folder(small_params())
    assert "--set data.root=FOLDER" in str(caught.value)
    assert "'media.csv'" in str(caught.value)


@pytest.mark.parametrize("path", ["../media.csv", "/etc/passwd", "a/../../media.csv"])
def test_a_path_cannot_leave_the_folder(path: str) -> None:
    with pytest.raises(ValueError, match=r"inside data\.root"):
        small_params(data=sources(path=path))


def test_the_hash_of_partitions_is_the_same_on_every_machine(tmp_path: Path) -> None:
    source = Source(path="ads", grain="day")
    hashes = set()
    for machine in ("one", "other"):
        for month in ("01", "02"):
            put(tmp_path / machine / "ads" / f"month={month}")
        hashes.add(hash_source(source, tmp_path / machine))
    assert len(hashes) == 1
    assert "" not in hashes

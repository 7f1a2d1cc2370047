"""The store keeps what it acknowledged, in one chain, whoever writes and whatever happens."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from mmmlib.errors import InputError, MMMError
from mmmlib.governance.chain import back_up, export_entries, import_entries, verify_store
from mmmlib.governance.store import FILE, FIRST, Head, open_store, store_exists

WRITE = """
import sys
from pathlib import Path
from mmmlib.governance.store import open_store

with open_store(Path(sys.argv[1])) as store:
    for k in range(int(sys.argv[2])):
        entry = store.append("note", sys.argv[3], lambda entries: {"before": len(entries)})
        print(entry.seq, flush=True)
"""

SWAPPED = """
UPDATE entries SET seq = 9 WHERE seq = 2;
UPDATE entries SET seq = 2 WHERE seq = 3;
UPDATE entries SET seq = 3 WHERE seq = 9;
"""


def fill(folder: Path, count: int = 5) -> None:
    with open_store(folder) as store:
        for k in range(count):
            store.append("note", f"run{k % 2}", lambda _, k=k: {"text": f"é{k}", "value": k / 3})


def alter(folder: Path, change: str) -> None:
    """Change the file past the store, as somebody would who wants to."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.executescript(change)


def test_entries_come_back_as_they_were_written(tmp_path: Path) -> None:
    assert not store_exists(tmp_path)
    fill(tmp_path)
    assert store_exists(tmp_path)
    with open_store(tmp_path) as store:
        entries = store.entries()
        assert [one.seq for one in entries] == [1, 2, 3, 4, 5]
        assert entries[0].before == FIRST
        assert entries[4].body == {"text": "é4", "value": 4 / 3}
        assert [one.seq for one in store.entries("note", "run1")] == [2, 4]
        assert store.entries("decision") == []
        assert store.head() == Head(5, entries[4].hash)
        assert verify_store(store, [Head(0, FIRST), Head(3, entries[2].hash)]) == []


def test_what_speaks_against_an_entry_leaves_nothing(tmp_path: Path) -> None:
    def refuse(_: object) -> dict[str, object]:
        raise InputError.one(None, "day", "none", "one")

    fill(tmp_path)
    with open_store(tmp_path) as store:
        with pytest.raises(InputError):
            store.append("note", "x", refuse)
        assert store.head().seq == 5


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE entries SET body = replace(body, '\"value\":1.0', '\"value\":2.0')", "Entry 4"),
        ("UPDATE entries SET made = '2020' WHERE seq = 2", "Entry 2 (note, run1) was altered."),
        ("UPDATE entries SET subject = 'run9' WHERE seq = 5", "Entry 5"),
        ("DELETE FROM entries WHERE seq = 3", "Entry 3 is missing"),
        (
            SWAPPED,
            "Entry 2 does not follow",
        ),
    ],
)
def test_whatever_is_changed_is_found(tmp_path: Path, change: str, fault: str) -> None:
    fill(tmp_path)
    alter(tmp_path, change)
    with open_store(tmp_path) as store:
        assert any(fault in one for one in verify_store(store))


def test_a_chain_that_was_cut_and_rebuilt_is_found_by_what_was_published(tmp_path: Path) -> None:
    fill(tmp_path)
    with open_store(tmp_path) as store:
        head = store.head()
    for path in tmp_path.glob(f"{FILE}*"):
        path.unlink()
    fill(tmp_path)
    with open_store(tmp_path) as store:
        assert verify_store(store) == []  # in itself it is whole
        assert "cut or rebuilt" in verify_store(store, [head])[0]


def test_out_and_in_again(tmp_path: Path) -> None:
    fill(tmp_path)
    with open_store(tmp_path) as store:
        entries = store.entries()
        assert export_entries(store, tmp_path / "entries.jsonl") == 5
        back_up(store, tmp_path / "copy.sqlite")
        with pytest.raises(InputError, match="an empty store"):
            import_entries(store, tmp_path / "entries.jsonl")
    for name in ("new.sqlite", "copy.sqlite"):
        with open_store(tmp_path, str(tmp_path / name)) as store:
            if name == "new.sqlite":
                assert import_entries(store, tmp_path / "entries.jsonl") == 5
            assert store.entries() == entries


def test_an_altered_export_is_not_imported(tmp_path: Path) -> None:
    fill(tmp_path)
    path = tmp_path / "entries.jsonl"
    with open_store(tmp_path) as store:
        export_entries(store, path)
    for line, found in (("é3", "line 4"), ("{", "line 1")):
        text = path.read_text(encoding="utf-8").replace(line, "x", 1)
        (tmp_path / "altered.jsonl").write_text(text, encoding="utf-8")
        with open_store(tmp_path, str(tmp_path / f"{found}.sqlite")) as store:
            with pytest.raises(InputError, match=found):
                import_entries(store, tmp_path / "altered.jsonl")
            assert store.entries() == []


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    fill(tmp_path)
    alter(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    with (
        pytest.raises(MMMError, match=r"newer version of mmm-workbook \(9999\)"),
        open_store(tmp_path),
    ):
        pass


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("oracle://x", "postgresql"),
        ("nonsense://", "postgresql"),
        ("/no/such/folder/store.sqlite", "no folder for it"),
    ],
)
def test_places_that_are_none(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(InputError, match=words), open_store(tmp_path, url):
        pass


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("not a database, but long enough to be looked at" * 20)
    with pytest.raises(MMMError, match="cannot be used") as caught, open_store(tmp_path):
        pass
    assert "recorded" not in str(caught.value)  # nothing was to be recorded


def test_what_cannot_be_recorded_is_said_to_be_lost(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE entries")
        with pytest.raises(MMMError, match="Nothing was recorded"):
            store.append("sign_off", "a run", lambda _: {})


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, tmp_path, "40", f"writer{k}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for k in range(2)
    ]
    seen = [int(line) for one in writers for line in one.communicate(timeout=120)[0].split()]
    assert [one.returncode for one in writers] == [0, 0]
    assert sorted(seen) == list(range(1, 81))
    with open_store(tmp_path) as store:
        assert verify_store(store) == []
        # Each saw all that were before it, and nobody wrote between its look and its entry.
        assert [one.body["before"] for one in store.entries()] == list(range(80))


def test_a_writer_that_is_killed_leaves_every_acknowledged_entry(tmp_path: Path) -> None:
    acknowledged = 0
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE, tmp_path, "1000", "writer"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.2)
        os.kill(writer.pid, signal.SIGKILL)
        rest, _ = writer.communicate()
        acknowledged = max([acknowledged + 1, *map(int, rest.split())])
        with open_store(tmp_path) as store:
            assert verify_store(store) == []
            assert store.head().seq >= acknowledged

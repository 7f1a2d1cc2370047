"""The store on a real PostgreSQL: the same chain, and writers at once lose nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from mmmlib.errors import MMMError
from mmmlib.governance.chain import export_entries, import_entries, verify_store
from mmmlib.governance.store import Head, open_store
from tests.fake_run import make_fake_run
from tests.governance.race import hold, play
from tests.governance.test_workflow import NEEDED, prepare
from tests.postgres import postgres_server

WRITE = """
import sys
from pathlib import Path
from mmmlib.governance.store import open_store

with open_store(Path(), sys.argv[1]) as store:
    for k in range(40):
        store.append("note", sys.argv[2], lambda entries: {"before": len(entries)})
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres_server() as settings:
        yield f"postgresql+psycopg://mmm:p%40ss%2Fword@127.0.0.1:{settings['PG_PORT']}/postgres"


def test_writers_at_once_lose_nothing(url: str, tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITE, url, f"writer{k}"]) for k in range(2)]
    assert [one.wait(timeout=120) for one in writers] == [0, 0]
    with open_store(tmp_path, url) as store:
        entries = store.entries()
        assert verify_store(store, [Head(7, entries[6].hash)]) == []
        assert [one.body["before"] for one in entries] == list(range(80))
        assert {one.subject for one in entries} == {"writer0", "writer1"}
        # What leaves one database comes into another as it was.
        assert export_entries(store, tmp_path / "entries.jsonl") == 80
    with open_store(tmp_path) as copy:
        assert import_entries(copy, tmp_path / "entries.jsonl") == 80
        assert copy.entries() == entries
    with open_store(tmp_path, url) as store:
        with store.engine.begin() as connection:
            connection.execute(text("UPDATE entries SET made = '2020' WHERE seq = 5"))
        assert any("Entry 5" in fault for fault in verify_store(store))


def test_two_who_sign_decide_and_publish_at_once(url: str, tmp_path: Path) -> None:
    with open_store(tmp_path, url) as store, store.engine.begin() as connection:
        connection.execute(text("DELETE FROM entries"))
    template = prepare(make_fake_run(tmp_path / "template"))
    hold(play(tmp_path, template, 4, url), 4, len(NEEDED))


def test_a_server_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="the extra 'postgres' is not installed")
    place = "postgresql+psycopg://mmm:secret@127.0.0.1:1/postgres"
    with pytest.raises(MMMError, match="cannot be used") as caught, open_store(tmp_path, place):
        pass
    assert "secret" not in str(caught.value)

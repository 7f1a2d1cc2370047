"""The store of what people did with runs: signed, waived, published, decided, learned.

Entries are appended and never changed. Each carries the hash of the one before, so that whatever
is altered, removed or put in another order is found by :func:`mmmlib.governance.chain.verify_store`; the newest hash goes
out with every published pack, which shows a chain that was cut and rebuilt. The store is an SQLite
file beside the runs, or PostgreSQL by its URL.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    Engine,
    MetaData,
    String,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mmmlib.errors import InputError, MMMError

STORE_ENV = "MMM_STORE"
FILE = "store.sqlite"
FIRST = "0" * 64
"""What stands for the hash before the first entry."""
LOCK_NUMBER = 0x6D6D6D
"""PostgreSQL's advisory lock under which entries are appended."""
MIGRATIONS = Path(__file__).parent / "migrations"


class Base(DeclarativeBase):
    """Tables of the store."""

    metadata = MetaData()


class EntryRow(Base):
    """One entry of the chain."""

    __tablename__ = "entries"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    subject: Mapped[str] = mapped_column(String(200), index=True)
    made: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    before: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class Entry(NamedTuple):
    """One entry: what was recorded, about what, and when."""

    seq: int
    """From 1."""
    kind: str
    """What it records: ``sign_off``, ``decision``."""
    subject: str
    """What it is about: the id of a run or of a decision."""
    made: str
    """When it was written; UTC, ISO 8601."""
    body: dict[str, Any]
    before: str
    """Hash of the entry before."""
    hash: str


class Head(NamedTuple):
    """The end of the chain: published with a pack, it shows later that none was cut."""

    seq: int
    hash: str


class Store:
    """An open store, on a database with the store's tables."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def append(
        self,
        kind: str,
        subject: str,
        make_body: Callable[[Sequence[Entry]], dict[str, Any]],
    ) -> Entry:
        """Append an entry; it is kept once this returns, whatever happens then.

        ``make_body`` gets all entries as they stand, and returns what is recorded or raises what speaks
        against it. Nobody else appends meanwhile, so a rule that it checks holds.
        """
        with (
            database_errors(self.engine, " Nothing was recorded."),
            self.engine.begin() as connection,
        ):
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER})"))
            entries = _read(connection)
            body = json.loads(canonical(make_body(entries)))
            last = entries[-1] if entries else None
            made = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
            seq, before = (last.seq + 1, last.hash) if last else (1, FIRST)
            digest = entry_hash(seq, kind, subject, made, body, before)
            entry = Entry(seq, kind, subject, made, body, before, digest)
            connection.execute(insert(EntryRow).values(**entry_row(entry)))
        return entry

    def entries(self, kind: str | None = None, subject: str | None = None) -> list[Entry]:
        """Return entries in their order, of one kind and about one subject where these are given."""
        with database_errors(self.engine), self._reading() as connection:
            return _read(connection, kind, subject)

    def head(self) -> Head:
        """Return the number and hash of the newest entry."""
        with database_errors(self.engine), self._reading() as connection:
            query = select(EntryRow.seq, EntryRow.hash).order_by(EntryRow.seq.desc()).limit(1)
            row = connection.execute(query).first()
        return Head(row.seq, row.hash) if row else Head(0, FIRST)

    def _reading(self) -> Connection:
        return self.engine.connect().execution_options(mmm_reads=True)


# --- opening ----------------------------------------------------------------------------


@contextmanager
def open_store(runs_dir: Path, url: str | None = None) -> Iterator[Store]:
    """Open the store, which is made if it is not there yet.

    By default it is ``$MMM_STORE``, or ``store.sqlite`` in the folder of runs; ``url`` is that of a database
    (``postgresql+psycopg://…``), or the path of a file. MMMError if it cannot be opened, or was written by
    a newer version.
    """
    engine = _engine(runs_dir, url)
    try:
        with database_errors(engine):
            _bring_up_to_date(engine)
        yield Store(engine)
    finally:
        engine.dispose()


def store_exists(runs_dir: Path) -> bool:
    """Say whether there is a store, without making one."""
    place = os.environ.get(STORE_ENV)
    return bool(place and "://" in place) or Path(place or runs_dir / FILE).is_file()


def _engine(runs_dir: Path, url: str | None) -> Engine:
    place = url or os.environ.get(STORE_ENV) or str(runs_dir / FILE)
    if "://" not in place:
        path = Path(place)
        if not path.parent.is_dir():
            raise InputError.one(path, "the store", "no folder for it", "a folder that is there")
        place = f"sqlite:///{path}"
    try:
        patient = {"timeout": 60} if place.startswith("sqlite") else {}
        engine = create_engine(make_url(place), connect_args=patient)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise InputError.one(
            None,
            "the store",
            f"{place.partition('://')[0]}:// ({error})",
            "the path of a file, or a URL such as postgresql+psycopg://…",
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # Transactions begin where we say so, and what is acknowledged is on disk.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # Readers do not wait for writers in WAL mode; writers take turns from the start.
    reads = connection.get_execution_options().get("mmm_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def database_errors(engine: Engine, lost: str = "") -> Iterator[None]:
    """Tell what a database cannot do in a sentence, and what is lost by that."""
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig or error).strip().splitlines()[0]
        place = engine.url.render_as_string(hide_password=True)
        raise MMMError(f"The store at {place} cannot be used: {reason}.{lost}") from error


def _bring_up_to_date(engine: Engine) -> None:
    """Make the tables, or move them to this version's form."""
    known = sorted(file.name.split("_")[0] for file in MIGRATIONS.glob("versions/[0-9]*.py"))
    with engine.connect().execution_options(mmm_reads=True) as connection:
        made = inspect(connection).has_table("alembic_version")
        asked = text("SELECT version_num FROM alembic_version")
        current = connection.scalar(asked) if made else None
    if current == known[-1]:
        return
    if current is not None and current not in known:
        raise MMMError(
            f"The store at {engine.url.render_as_string(hide_password=True)} was written by a newer "
            f"version of mmm-workbook ({current}). Install that version or a later one here."
        )
    # A second of imports that only a new or an older store needs.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _alone(engine), engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")  # nothing where another process has done it meanwhile


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Let one process at a time change the form of the tables."""
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER + 1})"))
            yield
        return
    from filelock import FileLock

    with FileLock(f"{engine.url.database}.lock"):
        # For good, in the file: readers then do not wait for writers.
        raw = engine.raw_connection()
        try:
            assert isinstance(raw.driver_connection, sqlite3.Connection)
            raw.driver_connection.execute("PRAGMA journal_mode=WAL").close()
        finally:
            raw.close()
        yield


def _read(
    connection: Connection, kind: str | None = None, subject: str | None = None
) -> list[Entry]:
    query = select(EntryRow.__table__).order_by(EntryRow.seq)
    if kind is not None:
        query = query.where(EntryRow.kind == kind)
    if subject is not None:
        query = query.where(EntryRow.subject == subject)
    return [
        Entry(row.seq, row.kind, row.subject, row.made, json.loads(row.body), row.before, row.hash)
        for row in connection.execute(query)
    ]


def entry_row(entry: Entry) -> dict[str, Any]:
    """Return an entry as its row."""
    return entry._asdict() | {"body": canonical(entry.body)}


def entry_hash(
    seq: int, kind: str, subject: str, made: str, body: dict[str, Any], before: str
) -> str:
    """Hash an entry with the hash of the one before it."""
    return hashlib.sha256(canonical([seq, kind, subject, made, body, before]).encode()).hexdigest()


def canonical(value: object) -> str:
    """Write a value in the one form that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

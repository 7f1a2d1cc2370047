"""The store's chain of entries as a whole: verified, taken out, brought in, backed up."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, insert, select

from mmmlib.errors import InputError
from mmmlib.governance.store import (
    FIRST,
    Entry,
    EntryRow,
    Head,
    Store,
    canonical,
    database_errors,
    entry_hash,
    entry_row,
)
from mmmlib.runs import write_with


def verify_store(store: Store, heads: Sequence[Head] = ()) -> list[str]:
    """Say what is wrong with the chain of entries, in a sentence per fault.

    ``heads`` are ends of the chain that were published earlier; each must still be part of it.
    """
    faults = []
    before, expected = FIRST, 1
    entries = store.entries()
    for entry in entries:
        if entry.seq != expected:
            faults.append(f"Entry {expected} is missing: entry {entry.seq} stands in its place.")
        if entry.before != before:
            faults.append(f"Entry {entry.seq} does not follow the one before it.")
        if entry_hash(*entry[:-1]) != entry.hash:
            faults.append(f"Entry {entry.seq} ({entry.kind}, {entry.subject}) was altered.")
        before, expected = entry.hash, entry.seq + 1
    found = {entry.seq: entry.hash for entry in entries} | {0: FIRST}
    faults += [
        f"The pack published after entry {head.seq} names another entry of that number: the "
        f"chain was cut or rebuilt since."
        for head in heads
        if found.get(head.seq) != head.hash
    ]
    return faults


def export_entries(store: Store, path: Path) -> int:
    """Write all entries as JSON lines, and return how many."""
    entries = store.entries()
    lines = "".join(map(entry_line, entries))
    write_with(path, lambda part: part.write_text(lines, encoding="utf-8"))
    return len(entries)


def entry_line(entry: Entry) -> str:
    """Write an entry as a line of JSON."""
    return f"{canonical(entry._asdict())}\n"


def import_entries(store: Store, path: Path) -> int:
    """Read exported entries into an empty store, and return how many.

    Nothing is imported, and InputError raised, where a line is no entry or the chain does not hold.
    """
    entries = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entries.append(Entry(**json.loads(line)))
        except (ValueError, TypeError):
            raise InputError.one(
                path, f"line {number}", "something else", "an entry that 'mmm store export' wrote"
            ) from None
    before = FIRST
    for number, entry in enumerate(entries, start=1):
        if (entry.seq, entry.before) != (number, before) or entry_hash(*entry[:-1]) != entry.hash:
            raise InputError.one(
                path,
                f"line {number}",
                "an entry that was altered, or does not follow the one before",
                "the whole chain as it was exported",
            )
        before = entry.hash
    with database_errors(store.engine), store.engine.begin() as connection:
        if connection.execute(select(func.count()).select_from(EntryRow)).scalar():
            raise InputError.one(path, "the store", "entries", "an empty store to import into")
        if entries:
            connection.execute(insert(EntryRow), [entry_row(entry) for entry in entries])
    return len(entries)


def back_up(store: Store, path: Path) -> None:
    """Copy an SQLite store into a file that is not there yet, whole, also while others write."""
    if store.engine.dialect.name != "sqlite":
        raise InputError.one(
            None,
            "the store",
            store.engine.dialect.name,
            "an SQLite file",
            "Use the database's own tools, or 'mmm store export'.",
        )
    if path.exists():
        raise InputError.one(path, "FILE", "a file", "a name that is free")

    def copy(part: Path) -> None:
        with closing(sqlite3.connect(part)) as target, store.engine.connect() as connection:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.backup(target)

    write_with(path, copy)

"""Who looked at published packs (U3), from logs of whoever serves them.

A log in the combined format of web servers, or a CSV with the columns ``time``, ``consumer`` and
``run``. What is kept is how often each consumer looked at each run on each day; consumers are a
keyed hash unless the policy allows names, so that a return is seen and nobody is.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import hmac
import os
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mmmlib.errors import InputError
from mmmlib.governance.records import Views
from mmmlib.governance.store import Entry, Store
from mmmlib.params.messages import shown
from mmmlib.runs import sha256_file, write_atomic

KEY_ENV = "MMM_VIEWS_KEY"
KEY = "views.key"
COLUMNS = ("time", "consumer", "run")
COMBINED = re.compile(
    r"^(?P<host>\S+) \S+ (?P<user>\S+) "
    r"\[(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/(?P<year>\d{4}):(?P<clock>[\d:]{8}) (?P<zone>[+-]\d{4})\] "
    r'"(?P<method>[A-Z]+) (?P<path>\S+)'
    r'[^"]*" (?P<status>\d{3}) '
)
PAGE = re.compile(
    r"/(?P<run>[a-z][a-z0-9_]*-\d{4}-(?:Q[1-4]|\d{2})-[0-9a-f]{8})/(?:[^?#]*\.(?:html|pdf|xlsx))?(?:[?#]|$)"
)
SEEN = ("200", "304")
MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        start=1,
    )
}


class _View(NamedTuple):
    run: str
    consumer: str
    day: dt.date


def import_views(store: Store, log: Path, workbook: str, key: bytes, *, names: bool) -> int:
    """Record the views of a workbook's packs that a log tells (combined format, or CSV by its ending).

    Consumers are hashed with the key unless the policy allows names. Returns how many views there were;
    logs may overlap: what is measured is who looked, not how often. InputError if the log is neither, was
    imported before, or tells of no pack of the workbook.
    """
    digest = sha256_file(log)
    counts = Counter(view for view in _read(log) if view.run.startswith(f"{workbook}-"))
    if not counts:
        raise InputError.one(
            log, "the log", "no view of a pack", f"views of published packs of {workbook}"
        )
    everyone = {view.consumer for view in counts}
    who = {one: one if names else _hashed(one, key) for one in everyone}
    found: dict[str, dict[str, dict[dt.date, int]]] = {}
    for (run, consumer, day), number in counts.items():
        days = found.setdefault(run, {}).setdefault(who[consumer], {})
        days[day] = days.get(day, 0) + number

    def body(entries: Sequence[Entry]) -> dict[str, object]:
        if any(one.kind == "views" and one.body["log"] == digest for one in entries):
            raise InputError.one(log, "the log", "one that was imported before", "a new log")
        return Views(workbook=workbook, log=digest, views=found).body()

    store.append("views", workbook, body)
    return sum(counts.values())


def consumers_of(entries: Sequence[Entry], workbook: str) -> dict[str, set[str]]:
    """Return who looked at each run, as any log tells."""
    found: dict[str, set[str]] = {}
    for entry in entries:
        if entry.kind == "views" and entry.body["workbook"] == workbook:
            for run, consumers in entry.body["views"].items():
                found.setdefault(run, set()).update(consumers)
    return found


def views_key(folder: Path) -> bytes:
    """Return the key that consumers are hashed with: ``$MMM_VIEWS_KEY``, or a file that is made.

    Whoever has the key can tell whether a name is among the consumers: it stays out of exports.
    """
    if words := os.environ.get(KEY_ENV):
        return words.encode()
    path = folder / KEY
    if not path.is_file():
        write_atomic(path, secrets.token_hex(32).encode())
        path.chmod(0o600)
    return path.read_bytes()


def _hashed(consumer: str, key: bytes) -> str:
    return hmac.new(key, consumer.strip().casefold().encode(), hashlib.sha256).hexdigest()[:16]


def _read(log: Path) -> Iterator[_View]:
    with log.open(encoding="utf-8", errors="replace", newline="") as lines:
        yield from (_of_csv if log.suffix.lower() == ".csv" else _combined)(log, lines)


def _of_csv(log: Path, lines: Iterable[str]) -> Iterator[_View]:
    rows = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or [])]
    if missing:
        raise InputError.one(
            log,
            "header",
            shown(",".join(rows.fieldnames or [])),
            f"the columns {', '.join(COLUMNS)}",
        )
    for number, row in enumerate(rows, start=2):
        try:
            day = dt.datetime.fromisoformat(row["time"])
        except (ValueError, TypeError):
            raise InputError.one(
                log,
                f"line {number}, time",
                shown(row["time"] or ""),
                "a time such as 2026-07-01T09:30",
            ) from None
        yield _View(row["run"], row["consumer"], _in_utc(day))


def _combined(log: Path, lines: Iterable[str]) -> Iterator[_View]:
    first, read = "", False
    for line in lines:
        first = first or line.strip()
        found = COMBINED.match(line)
        when = found and _time(found)
        if found is None or when is None:
            continue
        read = True
        page = PAGE.search(found["path"])
        if page is None or found["method"] != "GET" or found["status"] not in SEEN:
            continue
        who = found["host"] if found["user"] == "-" else found["user"]
        yield _View(page["run"], who, _in_utc(when))
    if not read:
        raise InputError.one(
            log,
            "the log",
            shown(first[:80]),
            "lines in the combined format of web servers, or a .csv file",
        )


def _time(found: re.Match[str]) -> dt.datetime | None:
    """Read the time of a line; None where it is none."""
    day, month, year, clock, zone = found.group("day", "month", "year", "clock", "zone")
    try:  # many times faster than strptime
        return dt.datetime.fromisoformat(f"{year}-{MONTHS.get(month)}-{day}T{clock}{zone}")
    except ValueError:
        return None


def _in_utc(when: dt.datetime) -> dt.date:
    return (when.astimezone(dt.UTC) if when.tzinfo else when).date()

"""Tables on disk in parts of some weeks: what two refreshes have in common is kept once.

A table becomes a folder of Parquet files, one for every few weeks, with an index. Every
part lies under the hash of its content in a store that all runs of a folder share; the
run's own file is a hard link to it. So a year of weekly refreshes, of which each changes
the newest weeks only, takes little more room than one; and a run that is copied away
alone takes its parts along, because a link is the file itself.

The store holds nothing of its own: it may be deleted at any time, and later runs then
share among themselves. Where the file system has no hard links, parts are copied.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from mmmlib.errors import RunError
from mmmlib.runs import replacing, write_atomic

if TYPE_CHECKING:
    import pyarrow as pa

STORE = "vintages"
"""Folder of the store, beside the runs."""
INDEX = "_index.json"
"""Readers of a folder of Parquet files leave out what begins with an underscore."""
PART_BYTES = 48 * 1024
"""Least size of a part in memory. Small parts share more between refreshes; each has a
foot of some kilobytes."""
LONGEST = 1024
"""Most weeks in a part."""
MONDAY = np.datetime64("1970-01-05")


class Part(BaseModel):
    """One file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    sha256: str
    rows: int
    last: dt.date | None = None
    """The newest day in it."""


class PartsIndex(BaseModel):
    """What a folder of parts holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = 1
    facts: dict[str, str]
    """What the writer wants to be remembered of the table."""
    labels: str
    """Label of every row, part after part: differences, compressed. A row that moves in the
    file does not change its part."""
    parts: tuple[Part, ...]


def store_of(runs_dir: Path) -> Path:
    """Return the store of a folder of runs."""
    return runs_dir / STORE


def write_parts(
    folder: Path, store: Path, frame: pd.DataFrame, days: pd.Series, facts: dict[str, str]
) -> Path:
    """Write a table; see :func:`write_arrow`.

    ``frame`` is labelled by whole numbers that rise: rows of the file it came from. ``days`` is the
    day of every row, in its order; rows without one form a part of their own.
    """
    import pyarrow as pa

    content = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    labels = frame.index.to_numpy(dtype=np.int64)
    return write_arrow(folder, store, content, labels, days.to_numpy(), facts)


def write_arrow(
    folder: Path,
    store: Path,
    content: pa.Table,
    labels: NDArray[np.int64],
    days: NDArray[np.datetime64],
    facts: dict[str, str],
    least: int = PART_BYTES,
) -> Path:
    """Write an Arrow table with the label and the day of every row; return its index.

    The index has the ``facts``, and is written last: without it there is no table. ``folder``
    becomes the table, and parts of an earlier attempt are replaced; ``store`` is shared by all
    runs, see :func:`store_of`. A part has ``least`` bytes in memory or more, and covers some weeks.
    """
    day = days.astype("datetime64[D]")
    block = _blocks(day, content.nbytes, least)
    order = np.argsort(block, kind="stable")
    starts = np.flatnonzero(np.diff(block[order], prepend=block[order][:1] - 1))
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for number, rows in enumerate(np.split(order, starts[1:])):
        bytes_ = _encode(content.take(rows))
        digest = hashlib.sha256(bytes_).hexdigest()
        file = f"{number:04d}-{digest[:16]}.parquet"
        _put(folder / file, store / digest[:2] / f"{digest}.parquet", digest, bytes_)
        known = day[rows][~np.isnat(day[rows])]
        last = known.max().astype(object) if len(known) else None
        parts.append(Part(file=file, sha256=digest, rows=len(rows), last=last))
    index = PartsIndex(facts=facts, labels=_pack(labels[order]), parts=tuple(parts))
    path = write_atomic(folder / INDEX, index.model_dump_json(indent=1).encode())
    written = {INDEX, *(part.file for part in parts)}
    for left in folder.iterdir():
        if left.name not in written:
            left.unlink()
    return path


def read_parts(folder: Path, weeks: int | None = None) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read a table as it was written: values, labels and order of the rows.

    No more parts are read than so many ``weeks`` before the newest day need.

    Raises
    ------
    RunError
        If the index or a part is missing, or is not what was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    index = read_index(folder)
    ends = np.cumsum([part.rows for part in index.parts])
    every = _unpack(index.labels)
    tables, labels = [], []
    for part, end in zip(index.parts, ends, strict=True):
        if not _is_young(part, index.parts, weeks):
            continue
        labels.append(every[end - part.rows : end])
        path = folder / part.file
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != part.sha256:
            raise RunError(f"{path}: missing, or not what the run kept. Restore it from a backup.")
        tables.append(pq.read_table(io.BytesIO(content)))
    frame = pa.concat_tables(tables).to_pandas()
    frame.index = pd.Index(np.concatenate(labels), name="row")
    return frame.sort_index(), index.facts


def _is_young(part: Part, parts: tuple[Part, ...], weeks: int | None) -> bool:
    newest = max((one.last for one in parts if one.last is not None), default=None)
    if weeks is None or newest is None:
        return True
    return part.last is not None and part.last >= newest - dt.timedelta(weeks=weeks)


def read_index(folder: Path) -> PartsIndex:
    """Read the index of a table.

    Raises
    ------
    RunError
        If it is not there, or no index.
    """
    path = folder / INDEX
    try:
        return PartsIndex.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise RunError(f"{path}: not there; the run has no such table.") from None
    except ValidationError as error:
        raise RunError(f"{path}: not the index of a table.") from error


# --- parts ---------------------------------------------------------------------------


def _blocks(values: NDArray[np.datetime64], size: int, least: int) -> NDArray[np.int64]:
    """Number of the block of weeks that each row is in; -1 without a day.

    Blocks are counted from a fixed Monday and are a power of two long, so that the same
    week is in the same block in the next refresh too.
    """
    known = ~np.isnat(values)
    week = np.full(len(values), -1, dtype=np.int64)
    week[known] = (values[known] - MONDAY).astype(np.int64) // 7
    weekly = size / max(len(np.unique(week[known])), 1)
    weeks = 1
    while weeks * weekly < least and weeks < LONGEST:
        weeks *= 2
    return np.where(known, week // weeks, np.iinfo(np.int64).min // 2)


def _encode(part: pa.Table) -> bytes:
    """Encode as Parquet; the same content gives the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    floats = [field.name for field in part.schema if pa.types.is_floating(field.type)]
    others = [name for name in part.column_names if name not in floats]
    sink = io.BytesIO()
    pq.write_table(
        part,
        sink,
        compression="zstd",
        compression_level=9,
        use_dictionary=others,
        use_byte_stream_split=floats or False,
        write_statistics=False,
        store_schema=False,
    )
    return sink.getvalue()


def _put(path: Path, stored: Path, digest: str, content: bytes) -> None:
    """Put a part into the store, if it is not there whole, and into the run."""
    if not stored.is_file() or hashlib.sha256(stored.read_bytes()).hexdigest() != digest:
        with replacing(stored) as temporary:
            temporary.write_bytes(content)
        stored.chmod(0o444)  # one file for many runs: not to be written through one of them
    if path.is_file() and path.samefile(stored):
        return
    path.unlink(missing_ok=True)
    try:
        os.link(stored, path)
    except OSError:  # no hard links here, or too many of them
        write_atomic(path, content)


# --- labels --------------------------------------------------------------------------


def _pack(labels: NDArray[np.int64]) -> str:
    steps = np.diff(labels, prepend=0).astype("<i8")
    # Bytes of equal weight side by side: the high ones are all zero and vanish.
    planes = steps.view(np.uint8).reshape(-1, 8).T.tobytes()
    return base64.b64encode(zlib.compress(planes, 9)).decode()


def _unpack(text: str) -> NDArray[np.int64]:
    planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    steps = np.ascontiguousarray(planes.reshape(8, -1).T).reshape(-1).view("<i8")
    return np.cumsum(steps, dtype=np.int64)

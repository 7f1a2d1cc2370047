"""Lines of JSON that are kept: what was measured once is not measured again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

type Line = dict[str, Any]


def read_lines(file: Path) -> list[Line]:
    """Read what is there; a last line that was cut off is left out."""
    if not file.exists():
        return []
    whole = [line for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in whole]


def measured(
    file: Path,
    wanted: Iterable[tuple[str, int]],
    measure: Callable[[str, int], Line] | None,
    workers: int = 1,
    kind: str = "kind",
) -> list[Line]:
    """Measure the cases that are not there yet, and return all that are wanted.

    Parameters
    ----------
    file
        With one line a case; its folder is made.
    wanted
        Kind and seed of each case.
    measure
        From kind and seed to a line, which has both; none where nothing is to be measured.
    workers
        Processes.
    kind
        The name that the kind has in a line.
    """
    wanted, lines = list(wanted), read_lines(file)
    there = {(line[kind], line["seed"]) for line in lines}
    missing = [one for one in wanted if one not in there]
    if measure is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        with ProcessPoolExecutor(workers) as pool, file.open("a") as stream:
            waiting = [pool.submit(measure, *one) for one in missing]
            for done, future in enumerate(as_completed(waiting), start=1):
                line = future.result()
                stream.write(json.dumps(line) + "\n")
                stream.flush()
                lines.append(line)
                print(f"{done} of {len(missing)}: {line[kind]} {line['seed']}", flush=True)
    return [line for line in lines if (line[kind], line["seed"]) in wanted]

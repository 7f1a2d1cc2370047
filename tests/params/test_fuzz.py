"""Whatever stands in a parameter file, policy, roles or taxonomy: it is read, or refused with what is wrong and where.

``MMM_FUZZ=10000 pytest tests/params/test_fuzz.py`` tries more than the few hundred of a test run.
"""

from __future__ import annotations

import json
import os
import random
import re
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mmmlib.data.naming.taxonomy import read_taxonomy
from mmmlib.errors import InputError
from mmmlib.governance.policy import read_policy
from mmmlib.governance.roles import read_roles
from mmmlib.params import Params
from mmmlib.params.load import next_period, read_params
from mmmlib.params.places import read_yaml

HERE = Path(__file__).parent
CASES = int(os.environ.get("MMM_FUZZ", "400"))
BATCHES = 8
PARAMS = HERE.parents[1] / "params"
READERS: dict[Path, Callable[[Path, list[str]], object]] = {
    HERE / "full.yaml": read_params,
    HERE / "good.yaml": read_params,
    PARAMS / "governance" / "policy.yaml": lambda path, _: read_policy(path),
    PARAMS / "governance" / "roles.yaml": lambda path, _: read_roles(path),
    PARAMS / "taxonomies" / "demo.yaml": lambda path, _: read_taxonomy(path),
}
BASES = random.Random(0).choices(list(READERS), weights=[8, 4, 1, 1, 2], k=100)
TEXTS = {path: path.read_text(encoding="utf-8") for path in READERS}
CONTENTS = {path: read_yaml(text, str(path)).content for path, text in TEXTS.items()}
KEYS = sorted({word for text in TEXTS.values() for word in re.findall(r"[a-z_]+(?=:)", text)})
JUNK: list[Any] = [
    None, True, False, 0, -1, 1, 2, 53, 10**6, 2**63, -(2**64), 10**25, 0.0, -0.5, 1e-320, 1e308,
    float("nan"), float("inf"), "", " ", "-", "0", "12", "1e3", "null", "true", "on", "2026-01-31",
    "2026-02-30", "0001-01-01", "9999-12-31", "2026-Q1", "0000-Q1", "1899-Q4", "2199-Q4", "9999-12", "USD", "usd", "\u0000",
    "\u202e", "é", "日本", "x" * 5000, "../x", "/etc/passwd", "~/x", "s3://b/../x", "s3://", "://", "a://b",
    "postgresql://u:secret@h/d", "http://[", "${X}", "(?P<", "[", "*", "pooled", "workbook",
    [], [[]], [None], [1, "a"], {}, {"": ""}, {"a": {}}, {"low": 2, "high": 1}, {"low": "x"},
]  # fmt: skip
SNIPPETS = [
    "\t", "  ", "\n", ":", ": ", "- ", "#", "'", '"', "{", "}", "[", "]", "&a ", "*a", "<<: *a\n", "!!int ",
    "!!binary x", "!!set {a}", "!!timestamp 2026", "!!python/object:os.system x", "? ", "| ", ">-\n",
    "---\n", "...\n", "%YAML 1.1\n", "0o17", "0b11", "1_000", "1:30", ".inf", "-.NAN", "~", "=",
    "\ufeff", "\x85", "\u2028", "\x07", '"\\ud800"', '"\\x00"', "9" * 5000, "0x" + "f" * 5000, "1e" + "9" * 400,
]  # fmt: skip


def paths_of(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = content.items() if isinstance(content, dict) else ()
    entries = enumerate(content) if isinstance(content, list) else entries
    for key, value in entries:
        yield (*path, key)
        yield from paths_of(value, (*path, key))


def like(value: str | float, chance: random.Random) -> str | float:
    """A value that could stand for another."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value[: chance.randrange(len(value) + 1)] + chance.choice(["", "x", " ", ".", "é"])
    return value * chance.choice([-1, 0, 0.5, 2, 10, 1000, 1e6, 1e12, 1e300])


def changed_structure(content: Any, chance: random.Random) -> str:
    """A whole file with some of its parts removed, renamed, exchanged or replaced."""
    content = deepcopy(content)
    for _ in range(chance.choice((1, 1, 2, 4))):
        paths = list(paths_of(content))
        path, other = chance.choice(paths), chance.choice(paths)
        parent = content
        for part in path[:-1]:
            parent = parent[part]
        source = content
        for part in other:
            source = source[part]
        kind = chance.randrange(9)
        old = parent[path[-1]]
        if kind > 5 and isinstance(old, str | int | float):
            parent[path[-1]] = like(old, chance)
        elif kind == 0:
            del parent[path[-1]]
        elif kind == 1 and isinstance(parent, dict):
            parent[chance.choice([*KEYS, "x", "X y", "1", ""])] = parent.pop(path[-1])
        elif kind == 2:
            parent[path[-1]] = deepcopy(source)
        elif kind == 3:
            parent[path[-1]] = [parent[path[-1]], deepcopy(source)]
        elif kind == 4:
            parent[path[-1]] = {chance.choice(KEYS): parent[path[-1]]}
        else:
            parent[path[-1]] = deepcopy(chance.choice(JUNK))
    if chance.random() < 0.5:
        return json.dumps(content, default=str, ensure_ascii=chance.random() < 0.5)
    stream = StringIO()
    YAML(typ="safe", pure=True).dump(content, stream)
    return stream.getvalue()


def changed_text(text: str, chance: random.Random) -> str:
    """A whole file with some of its characters and lines changed."""
    for _ in range(chance.choice((1, 1, 2, 5))):
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.choice((0, 0, 1, 1, 5, 40)))
        lines = text.splitlines(keepends=True)
        line = chance.randrange(len(lines))
        kind = chance.randrange(5)
        if kind == 0:
            text = text[:start] + chance.choice(SNIPPETS) + text[end:]
        elif kind == 1:
            text = text[:start] + text[end:]
        elif kind == 2:
            lines.insert(chance.randrange(len(lines)), lines[line])
            text = "".join(lines)
        elif kind == 3:
            value = chance.choice([*SNIPPETS, *map(str, JUNK)])
            lines[line] = re.sub(r"(?<=: )[^,}\n]+", lambda _, v=value: v, lines[line], count=1)
            text = "".join(lines)
        else:
            text = text[:end] if chance.random() < 0.3 else text + chance.choice(SNIPPETS)
        text = text or "x"
    return text


def changed_file(base: Path, chance: random.Random) -> tuple[bytes, list[str]]:
    """Bytes of a file, and overrides."""
    if chance.random() < 0.6:
        text = changed_structure(CONTENTS[base], chance)
    else:
        text = changed_text(TEXTS[base], chance)
    data = text.encode("utf-8", "surrogatepass")
    if chance.random() < 0.05:
        spot = chance.randrange(len(data))
        data = data[:spot] + bytes([chance.randrange(256)]) + data[spot:]
    overrides = []
    while chance.random() < 0.15:
        path = chance.choice(list(paths_of(CONTENTS[base])))
        value = chance.choice([*SNIPPETS, *map(str, JUNK)])
        overrides.append(f"{'.'.join(map(str, path))}={value}")
    return data, overrides


def read_case(number: int, path: Path) -> object:
    """Write the file of a case, and read it."""
    chance = random.Random(number)
    base = chance.choice(BASES)
    data, overrides = changed_file(base, chance)
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return READERS[base](path, overrides)


def use(params: Params) -> None:
    """Take what every refresh takes of its parameters before any data is read."""
    assert params.as_of
    assert params.views[0] == params.primary
    next_period(params.refresh.period, params.refresh.kind)
    for model in params.model_names:
        assert params.return_unit(model)
        assert params.subject_label(model)
    for test in params.lift_tests.values():
        assert test.model in params.model_names
    for source in params.data.sources.values():
        assert source.date_column
    again = Params.model_validate_json(params.model_dump_json())
    assert again == params


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_file_is_read_or_refused_with_a_reason(batch: int, tmp_path: Path) -> None:
    faults = []
    for number in range(batch, CASES, BATCHES):
        try:
            value = read_case(number, tmp_path / "file.yaml")
            if isinstance(value, Params):
                use(value)
        except InputError as error:
            if not error.problems or any(not one.place for one in error.problems):
                faults.append((number, "no problem", str(error)[:200]))
        except Exception as error:  # whatever it is, it is no message for people
            faults.append((number, type(error).__name__, str(error)[:200]))
    assert not faults


def test_the_cases_reach_far(tmp_path: Path) -> None:
    """Some are read, and the rest are refused for many different reasons."""
    read, reasons = 0, set()
    for number in range(150):
        try:
            read_case(number, tmp_path / "file.yaml")
            read += 1
        except InputError as error:
            reasons |= {one.expected for one in error.problems}
    assert read > 10
    assert len(reasons) > 40

"""The public surface: what ``__all__`` names exists, is documented, and its examples run."""

from __future__ import annotations

import doctest
import importlib
import os
from pathlib import Path

import pytest

from tests.docstrings import ROOT, faults_of, public_modules, raised_by

LIBRARY = ROOT / "mmmlib"


def test_types_are_declared_to_be_there() -> None:
    assert (LIBRARY / "py.typed").is_file()


@pytest.mark.parametrize("name", public_modules())
def test_public_functions_are_documented(name: str) -> None:
    assert not list(faults_of(name))


@pytest.mark.parametrize("name", public_modules())
def test_examples_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    module = importlib.import_module(name)
    assert not doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed


def test_what_is_lacking_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lacking.py").write_text(
        '__all__ = ["f"]\n\n\n'
        "def f(a, b):\n"
        '    """Add.\n\n    Parameters\n    ----------\n    a\n        One.\n    """\n'
        "    if a < b:\n        raise ValueError(a)\n"
        "    return a + b\n"
    )
    monkeypatch.syspath_prepend(os.fspath(tmp_path))
    faults = "\n".join(faults_of("lacking"))
    for words in ("PR01", "RT01", "raises ValueError", "no section Examples"):
        assert words in faults
    assert raised_by.__doc__

"""A small workbook on disk, for tests that run the real thing: few draws, lenient limits."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import traceback
import warnings
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ruamel.yaml import YAML

from mmmlib.cli.app import main
from tests.fakes import CHANNELS, fake_panel

ROOT = Path(__file__).resolve().parents[1]
MMM = [sys.executable, "-m", "mmmlib.cli"]
SILENT = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
"""Warnings that Python itself does not show."""


def write_workbook(folder: Path, **sections: Any) -> Path:
    """Write parameters, policy, roles and data of a small national workbook.

    Returns
    -------
    Path
        The parameter file. The data lies in ``data/`` beside it.
    """
    panel = fake_panel().frame.drop(columns=["region", "imputed"])
    panel.columns = [
        column.replace("spend:", "").replace("outcome:", "").replace("control:", "")
        + ("_spend" if column.startswith("spend:") else "")
        for column in panel.columns
    ]
    panel = panel.rename(columns={"revenue.pooled": "revenue", "signups.pooled": "signups"})
    (folder / "data").mkdir(parents=True)
    panel.to_csv(folder / "data" / "media.csv", index=False, date_format="%Y-%m-%d")
    content: dict[str, Any] = {
        "workbook": "small",
        "title": "A small company",
        "currency": "USD",
        "refresh": {"period": "2026-Q1", "as_of": "2026-01-05"},
        "audience": {
            "serves": "growth",
            "supports": ["Shift budget between channels within a quarter"],
            "not_for": ["Set individual sales targets"],
        },
        "key_questions": [
            {"question": "Can we scale search?", "kind": "scale", "channel": "search"}
        ],
        "data": {
            "root": str(folder / "data"),
            "sources": {"media": {"path": "media.csv", "date": "week", "owner": "Data team"}},
        },
        "channels": {name: {"label": name.title(), "spend": f"{name}_spend"} for name in CHANNELS},
        "outcomes": {"revenue": {"label": "Revenue", "kind": "revenue", "column": "revenue"}},
        "controls": {"price": {"column": "price"}},
        "model": {"chains": 2, "tune": 300, "draws": 200, "kept_draws": 400},
        "health": {"max_rhat": 1.2, "min_ess": 20, "max_divergent_share": 1.0},
        "compute": {"workers": 1},
        "governance": {"policy": "governance/policy.yaml", "roles": "governance/roles.yaml"},
    }
    file = folder / "small.yaml"
    with file.open("w") as stream:
        YAML().dump(content | sections, stream)
    shutil.copytree(ROOT / "params" / "governance", folder / "governance")
    return file


def mmm(*words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does.

    A refresh gets a process of its own. What else there is runs in this one, which has imported
    what the command needs: that is most of the time it takes.
    """
    said = [str(word) for word in words]
    settings = {"COLUMNS": "200"} | env
    if said[0] != "refresh":
        return in_this_process(said, settings)
    return subprocess.run(
        [*MMM, *said],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | settings,
    )


def in_this_process(
    words: list[str], env: dict[str, str], folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run the command here, with a folder, an environment and Python's own rules for warnings."""
    out, err = io.StringIO(), io.StringIO()
    with (
        chdir(folder),
        patch.dict(os.environ, env),
        patch.object(sys, "argv", ["mmm", *words]),
        patch.object(warnings, "formatwarning", warnings.formatwarning),
        patch.object(warnings, "showwarning", show_warning),
        warnings.catch_warnings(),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        warnings.simplefilter("default")
        for category in SILENT:
            warnings.simplefilter("ignore", category)
        code = 1
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
        except Exception:
            traceback.print_exc()
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def show_warning(message: Warning | str, category: type[Warning], *where: Any) -> None:
    """Write a warning as Python does where no test collects it."""
    sys.stderr.write(warnings.formatwarning(message, category, *where[:2]))

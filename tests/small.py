"""A small workbook on disk, for tests that run the real thing: few draws, lenient limits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.fakes import CHANNELS, fake_panel

ROOT = Path(__file__).resolve().parents[1]
MMM = [sys.executable, "-m", "mmmlib.cli"]


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
    """Run the command as a person does."""
    return subprocess.run(
        [*MMM, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"} | env,
    )

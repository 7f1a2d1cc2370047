"""The record of a run: who it is, what it was made with, what each step did, how it ended."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MODEL_FIT = "model_fit"
"""The step that fits the models; it is left out where the data is not ready."""

StepStatus = Literal["pending", "running", "done", "failed", "skipped"]
RunStatus = Literal["running", "stopped", "failed", "done"]
"""``stopped`` and ``failed`` runs can be resumed, and so can a ``running`` one whose process died."""


class StepRecord(BaseModel):
    """What one step did."""

    model_config = ConfigDict(extra="forbid")

    name: str
    status: StepStatus = "pending"
    seconds: float | None = None
    key: str = ""
    """Hash of everything that the step depends on; a finished step is reused only if it matches."""
    outputs: dict[str, str] = Field(default_factory=dict)
    """sha256 of every file that the step wrote, by path in the run folder."""
    message: str = ""


class Manifest(BaseModel):
    """Identity and record of a run; ``manifest.json``."""

    model_config = ConfigDict(extra="forbid")

    version: int = 2
    """From 2 on a manifest has a seal."""
    run: str
    workbook: str
    period: str
    created: dt.datetime
    parent: str | None = None
    parent_reason: str = ""
    """Why that run is the parent, or why there is none; empty in runs that did not write it down."""
    trial: list[str] = Field(default_factory=list)
    """Keys of the model that the command line set: such a run tries something out."""
    code_version: str = ""
    code_dirty: bool = False
    notebooks: dict[str, str] | None = None
    """Notebooks of the refresh that are not as they were committed or released, and what was
    changed; None where there was nothing to hold them against."""
    library: str = ""
    """sha256 over the sources of mmmlib."""
    python: str = ""
    packages: dict[str, str] = Field(default_factory=dict)
    seed: int = 0
    report_format: int | None = None
    """Version of the pack's fixed format (``mmmlib/reports/format.toml``)."""
    params: str = ""
    """sha256 of the resolved parameters."""
    inputs: dict[str, str] = Field(default_factory=dict)
    """sha256 of every input file, by its name."""
    kept: dict[str, str] = Field(default_factory=dict)
    """What the run keeps of every source: its cells, its rows, or sums by week."""
    steps: list[StepRecord] = Field(default_factory=list)
    status: RunStatus = "running"
    verdict: str | None = None
    """Worst gate level once gates were passed: info, warn or block."""
    files: dict[str, str] = Field(default_factory=dict)
    """sha256 of the files that no step wrote (parameters, policy, roles, taxonomy), at the end."""
    seal: str = ""
    """sha256 of all else that stands here."""

    def sealed(self) -> bytes:
        """Return the text of ``manifest.json``, sealed with the hash of its own content.

        The seal is in the file itself, which is written whole or not at all: with a second file
        a run that was cut off between the two would look as if somebody had altered it.
        """
        content = self.model_dump(mode="json", exclude={"seal"})
        content["seal"] = seal_of(content)
        return json.dumps(content, indent=2, ensure_ascii=False).encode()

    @property
    def left_out(self) -> str:
        """Why this refresh fitted no model; empty where it did, or may yet."""
        fit = next((step for step in self.steps if step.name == MODEL_FIT), None)
        return fit.message if fit is not None and fit.status == "skipped" else ""

    def why_missing(self, what: str) -> str:
        """Say why something of the run is not there and what to do, by how far the run has come."""
        if self.left_out:
            return (
                f"{self.run}: {what} is not there, because no model was fitted in this run. "
                f"{self.left_out} Notebook 01 and 'mmm show {self.run}' say what stands against it: "
                f"correct that, and make the refresh again."
            )
        advice = {
            "done": "The run is finished, so it was lost since: restore it, or make the refresh again.",
            "running": "The refresh is at work on it: wait for its end. If its process died, finish "
            "the run with 'mmm refresh … --resume'.",
        }
        finish = f"The run is {self.status}: finish it with 'mmm refresh … --resume'."
        return f"{self.run}: {what} is not there. {advice.get(self.status, finish)}"


def seal_of(content: dict[str, object]) -> str:
    """Hash what stands in a manifest beside its seal."""
    others = {key: value for key, value in content.items() if key != "seal"}
    return hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()

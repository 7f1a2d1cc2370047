"""How a run stands in review: its state, who has signed it, what is still needed."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from mmmlib.findings import Level, titles
from mmmlib.governance.records import SignOff, Waiver
from mmmlib.governance.verdict import GateEntry, Release, SignOffNeeded
from mmmlib.phrases import date_text, listed
from mmmlib.runs import Run, sha256_json


class State(StrEnum):
    """Where a run is on its way."""

    DRAFT = "draft"
    IN_REVIEW = "in review"
    BLOCKED = "blocked"
    APPROVED = "approved"
    LIMITED = "approved for a limited audience"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


APPROVED = (State.APPROVED, State.LIMITED, State.PUBLISHED, State.SUPERSEDED)
"""States of a run that all signed: it may be the next refresh's parent."""


class Signature(NamedTuple):
    """A signature as it stands."""

    record: SignOff
    proven: bool
    """True where the signer's key proves it; else a name that was typed in."""

    def __str__(self) -> str:
        how = "signed with a key" if self.proven else "name typed in"
        return f"{self.record.person} ({self.record.role}, {self.record.subject}; {how})"


class Review(NamedTuple):
    """How a run stands."""

    state: State
    level: Level
    """Worst level of its findings, waivers taken into account."""
    signatures: tuple[Signature, ...]
    """Those that count."""
    missing: tuple[SignOffNeeded, ...]
    blocking: tuple[GateEntry, ...]
    """Findings that block and were not waived."""
    waivers: tuple[Waiver, ...]
    """Those that hold today."""

    @property
    def release(self) -> Release:
        """The release status that its pages show."""
        if self.state in (State.BLOCKED, State.WITHDRAWN):
            return Release.NOT_APPROVED
        if self.missing:
            return Release.DRAFT
        return Release.APPROVED if self.level is Level.INFO else Release.LIMITED

    @property
    def sentence(self) -> str:
        """The status in words, with who signed and what is missing."""
        parts = []
        if self.blocking:
            one = self.blocking[0].finding
            more = f" and {len(self.blocking) - 1} more" if len(self.blocking) > 1 else ""
            parts.append(f"Blocked by {one.check} ({one.subject}){more}: {one.message}")
        parts += [waiver_text(one) for one in self.waivers]
        if self.signatures:
            parts.append(f"Signed by {signed_text(self.signatures)}.")
        if self.missing and not self.blocking:
            parts.append(f"Still to sign: {needed_text(self.missing)}.")
        return " ".join(parts)


def waiver_text(one: Waiver) -> str:
    """Say what was waived, by whom, until when and why; the check by the name that pages give it."""
    on = "" if one.subject == "workbook" else f" ({one.subject})"
    what = titles().get(one.check, one.check)
    return (
        f"Waived until {date_text(one.until)} by {one.person}: {what}{on}. Reason: "
        f"{one.why.rstrip('.')}."
    )


def signed_text(signatures: Iterable[Signature]) -> str:
    """Write signatures by person, and once how they were given where that is the same for all."""
    subjects: dict[tuple[str, str, bool], list[str]] = {}
    for one in signatures:
        key = (one.record.person, one.record.role, one.proven)
        subjects.setdefault(key, []).append(one.record.subject)
    how = {True: "signed with a key", False: "name typed in"}
    alike = len({proven for *_, proven in subjects}) == 1
    people = [
        f"{person} ({role}: {', '.join(signed)}{'' if alike else f'; {how[proven]}'})"
        for (person, role, proven), signed in subjects.items()
    ]
    if not alike:
        return listed(people)
    proven = next(iter(subjects))[-1]
    many = "with their keys" if proven else "names typed in"
    return f"{listed(people)}; {how[proven] if len(people) == 1 else many}"


def run_digest(run: Run) -> str:
    """Hash what a signature is given for: artefacts, inputs, parameters, policy and roles."""
    manifest = run.manifest
    outputs = {
        name: sha
        for step in manifest.steps
        for name, sha in step.outputs.items()
        if name.startswith("artefacts/") and name != "artefacts/rendering.json"
    }
    return sha256_json([manifest.run, manifest.params, manifest.inputs, manifest.files, outputs])


def needed_text(missing: Iterable[SignOffNeeded]) -> str:
    """Write the signatures that are needed by person: who, as what, for what."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for one in missing:
        subjects.setdefault((one.person, one.role), []).append(one.subject)
    return listed([f"{who} ({role}: {', '.join(what)})" for (who, role), what in subjects.items()])

"""The gates: every finding of a run, ranked by the policy (G3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import xarray as xr
from pydantic import BaseModel

from mmmlib.errors import RunError
from mmmlib.findings import Finding, FindingList, Level, Status, none_of, not_run
from mmmlib.governance.labels import label_channels, label_pack
from mmmlib.governance.policy import Policy, Required, counted, rank, read_policy
from mmmlib.governance.rebuild import rebuild_finding
from mmmlib.governance.roles import read_roles
from mmmlib.governance.signoffs import sign_offs_needed
from mmmlib.governance.verdict import Claim, GateEntry, GateResult, Release
from mmmlib.health.motions import sum_health
from mmmlib.model.effects import effects_of, has_effects
from mmmlib.params.load import params_of
from mmmlib.params.schema import Params
from mmmlib.phrases import count_text
from mmmlib.readiness.verdict import Readiness, Verdict
from mmmlib.refresh.comparison import Comparison
from mmmlib.runs import Run
from mmmlib.scenarios.evidence import with_new_weeks
from mmmlib.scenarios.pack import ScenarioPack

__all__ = ["data_that_blocks", "judged_pack", "pass_gates"]

POLICY = "policy.yaml"
ROLES = "roles.yaml"
NOT_READY_CHECK = "gates.model"
NOTEBOOKS_CHECK = "gates.notebooks"
UNREADABLE_CHECK = "gates.artefact"
RELEASES = {
    Level.BLOCK: Release.NOT_APPROVED,
    Level.WARN: Release.LIMITED,
    Level.INFO: Release.DRAFT,
}
"""What a worst level means for publication while nothing is signed."""
SKIPPED_WHEN_NOT_READY = ("health.", "refresh.", "scenarios.")
"""Rooms whose steps a not-ready verdict leaves out on purpose."""


@dataclass(frozen=True)
class RunEvidence:
    """What a run left behind, as the gates see it; None for what is not there."""

    data: FindingList | None
    readiness: Readiness | None
    health: dict[str, FindingList]
    comparison: Comparison | None
    scenarios: ScenarioPack | None
    record: tuple[Finding, ...] = ()
    """On the record itself: changed notebooks, artefacts that cannot be read, a rebuild that is due."""

    @property
    def not_ready(self) -> bool:
        """Whether readiness said that no model may be fitted."""
        return self.readiness is not None and self.readiness.overall is Verdict.NOT_READY

    def findings(self) -> list[Finding]:
        """All findings, in the order of the run."""
        found: list[Finding] = []
        parts = (self.data, self.readiness, *self.health.values(), self.comparison, self.scenarios)
        for part in parts:
            found += part.findings if part else ()
        return [*found, *self.record]


def pass_gates(run: Run) -> GateResult:
    """Pass the gates with everything that a run left behind.

    Parameters
    ----------
    run
        With ``policy.yaml`` and ``roles.yaml`` in its folder.

    Returns
    -------
    GateResult
        Worst first. Block means NOT APPROVED, warn LIMITED AUDIENCE, info DRAFT
        until it is signed.

    Raises
    ------
    InputError
        If policy or roles are missing or wrong.
    """
    params = params_of(run)
    policy = read_policy(run.path / POLICY)
    roles = read_roles(run.path / ROLES)
    evidence = gather(run, params)
    entries = judge_all(evidence, policy, params, has_parent=run.manifest.parent is not None)
    level = max((entry.level for entry in entries), default=Level.BLOCK)
    result = GateResult(
        level=level,
        release=RELEASES[level],
        policy_version=policy.version,
        entries=tuple(entries),
        claims=label_returns(
            evidence,
            policy,
            params,
            entries,
            lambda model: effects_of(run, model) if has_effects(run, model) else None,
        ),
    )
    pack = evidence.scenarios and label_pack(evidence.scenarios, result, params)
    sign_offs = sign_offs_needed(evidence.comparison, pack, roles, params)
    if evidence.not_ready:
        sign_offs = ()
    words = statement(level, entries, evidence, params)
    return result.model_copy(update={"sign_offs": sign_offs, "statement": words})


def gather(run: Run, params: Params) -> RunEvidence:
    """Read the findings of a run; an artefact that cannot be read is a finding itself."""
    unreadable: list[Finding] = []

    def load[M: BaseModel](name: str, kind: type[M]) -> M | None:
        if not run.has(name):
            return None
        try:
            return run.load_json(name, kind)
        except RunError:
            why = f"artefacts/{name} cannot be read."
            unreadable.append(
                not_run(UNREADABLE_CHECK, name, why, action="Run the step that makes it again.")
            )
            return None

    health = {}
    for model in params.model_names:
        findings = load(f"models/{model}/health.json", FindingList)
        if findings is not None:
            health[model] = findings
    evidence = RunEvidence(
        data=load("data.json", FindingList),
        readiness=load("readiness.json", Readiness),
        health=health,
        comparison=load("refresh.json", Comparison),
        scenarios=load("scenarios.json", ScenarioPack),
        record=(notebooks_finding(run), *unreadable),
    )
    if not health:
        return evidence
    rebuild = rebuild_finding(run, evidence.findings(), evidence.comparison)
    return replace(evidence, record=(*evidence.record, rebuild))


def notebooks_finding(run: Run) -> Finding:
    """Say whether the notebooks that a run executes are those that were committed or released."""
    notebooks = run.manifest.notebooks
    if notebooks is None:
        why = (
            "There is nothing to hold the notebooks against: whether one was changed is not known."
        )
        return not_run(NOTEBOOKS_CHECK, "workbook", why, level=Level.INFO)
    changed = [f"{name} ({what})" for name, what in notebooks.items()]
    return none_of(
        NOTEBOOKS_CHECK,
        "workbook",
        len(changed),
        f"Notebooks were changed since they were committed or released: {', '.join(changed)}.",
        "Every notebook is as it was committed or released.",
    )


def judged_pack(run: Run, result: GateResult) -> ScenarioPack | None:
    """Read a run's scenario pack as the gates label it; None where there is none.

    Parameters
    ----------
    run
        A run with its scenarios.
    result
        What the gates decided on it.

    Returns
    -------
    ScenarioPack or None
        With the labels that the gates leave to each plan and answer.

    Examples
    --------
    ::

        pack = judged_pack(run, pass_gates(run))
    """
    params = params_of(run)
    pack = gather(run, params).scenarios
    return pack and label_pack(pack, result, params)


def judge_all(
    evidence: RunEvidence, policy: Policy, params: Params, *, has_parent: bool
) -> list[GateEntry]:
    """Rank every finding and every required check that is missing; worst first."""
    entries = []
    for finding in evidence.findings():
        level, rule = rank(policy, finding)
        entries.append(GateEntry(finding=counted(finding, level), level=level, rule=rule))
    entries += _missing(evidence, policy, params, has_parent=has_parent)
    # Stable: inside a level the order of the run is kept.
    return sorted(entries, key=lambda entry: -entry.level.rank)


def statement(
    level: Level,
    entries: Iterable[GateEntry],
    evidence: RunEvidence,
    params: Params,
) -> str:
    """Say the verdict in a sentence or two."""
    if evidence.not_ready:
        instead = _instead(evidence, params)
        return f"Not approved: the data is not ready for a model. {instead}".strip()
    bad = [entry for entry in entries if entry.level is level and level is not Level.INFO]
    count = count_text(len(bad), "finding")
    if level is Level.BLOCK:
        if len(bad) == 1:
            return f"Not approved: 1 finding blocks. {bad[0].finding.message}"
        first = f" The first: {bad[0].finding.message}" if bad else ""
        return f"Not approved: {count} block.{first}"
    if level is Level.WARN:
        return f"Gates passed with {count} to review."
    return "Gates passed."


# --- required checks ------------------------------------------------------------------


def _missing(
    evidence: RunEvidence, policy: Policy, params: Params, *, has_parent: bool
) -> list[GateEntry]:
    """Make a blocking entry for every required check that left no finding."""
    known_parent = evidence.comparison.parent if evidence.comparison else None
    compared = has_parent or known_parent is not None
    entries: list[GateEntry] = []
    left_out: list[Required] = []
    for required in policy.required:
        if required.when == "has_parent" and not compared:
            continue
        if required.when == "quarterly" and params.refresh.kind != "quarterly":
            continue
        if evidence.not_ready and required.check.startswith(SKIPPED_WHEN_NOT_READY):
            left_out.append(required)
            continue
        subjects = params.model_names if required.per == "model" else ("workbook",)
        for subject in subjects:
            findings = (
                _of_model(evidence, subject) if required.per == "model" else evidence.findings()
            )
            if required.is_met_by(findings):
                continue
            reason = f": {required.reason}" if required.reason else ""
            rule = f"required check '{required.check}' is missing{reason}"
            said = f"The required check '{required.check}' left no result for {subject}."
            action = "Finish the run, or find out why the check was left out."
            missing = not_run(required.check, subject, said, action=action)
            entries.append(GateEntry(finding=missing, level=Level.BLOCK, rule=rule))
    if evidence.not_ready:
        entries.append(_not_ready(evidence, left_out, params))
    return entries


def _of_model(evidence: RunEvidence, model: str) -> list[Finding]:
    health = evidence.health.get(model)
    found = list(health.findings) if health else []
    # Other rooms name the model in the subject: "revenue.pooled" or "revenue.pooled/search".
    return found + [
        finding
        for finding in evidence.findings()
        if finding.subject == model or finding.subject.startswith(f"{model}/")
    ]


def _not_ready(evidence: RunEvidence, left_out: list[Required], params: Params) -> GateEntry:
    """Say once, instead of for every check and model, that there is no model and what to do."""
    models = len(params.model_names)
    count = sum(models if one.per == "model" else 1 for one in left_out)
    return GateEntry(
        finding=not_run(
            NOT_READY_CHECK,
            "workbook",
            f"{count_text(count, 'required check')} did not run because the data is not ready for a "
            f"model.",
            action=_instead(evidence, params),
        ),
        level=Level.BLOCK,
        rule="no model, because readiness said not ready",
    )


def _instead(evidence: RunEvidence, params: Params) -> str:
    designs = evidence.readiness.alternatives if evidence.readiness else ()
    if not designs:
        found = evidence.readiness.findings if evidence.readiness else ()
        blocks = [*blocking_data(evidence.readiness), *(f for f in found if f.level is Level.BLOCK)]
        return next((f.action for f in blocks if f.action), "")
    first = designs[0]
    return (
        f"Instead of a model: a {first.kind} of {params.channel_label(first.channel)} for "
        f"{first.weeks} weeks; the health panel has {count_text(len(designs), 'design')}."
    )


def blocking_data(readiness: Readiness | None) -> list[Finding]:
    """Return the finding of readiness that the data blocks, if it does."""
    found = readiness.findings if readiness else ()
    return [f for f in found if f.check == "readiness.data" and f.status is not Status.OK]


def data_that_blocks(run: Run) -> list[Finding]:
    """Return the findings of a run's data that its policy lets block: nothing is fitted then.

    Parameters
    ----------
    run
        An open run.

    Returns
    -------
    list of Finding
        Empty where nothing of the data blocks.
    """
    policy = read_policy(run.path / POLICY)
    found = run.load_json("data.json", FindingList).findings
    return [counted(f, Level.BLOCK) for f in found if rank(policy, f)[0] is Level.BLOCK]


def label_returns(
    evidence: RunEvidence,
    policy: Policy,
    params: Params,
    entries: Iterable[GateEntry],
    fitted: Callable[[str], xr.Dataset | None],
) -> dict[str, dict[str, Claim]]:
    """Label what is said of every return, by what the policy makes of the findings.

    The policy may only add to what speaks against a claim: that it lets a finding pass for the run as a
    whole rests on the channel's own label. ``fitted`` gives the effects of a model, or of an outcome over
    its motions; None where there are none.
    """
    if evidence.readiness is None:
        return {}
    readiness = with_new_weeks(evidence.readiness, evidence.data)
    blocking = [entry.finding for entry in entries if entry.level is Level.BLOCK]
    healths = {model: _raised(health, policy) for model, health in evidence.health.items()}
    claims = {}
    sums = (name for name in params.outcomes if len(params.parts_of(name)) > 1)
    # Questions are put to the sum of an outcome's motions whether or not it leads.
    for model in dict.fromkeys((*params.views, *sums)):
        effects = fitted(model)
        if effects is not None:
            health = healths.get(model)
            if model not in params.model_names:
                health = sum_health(model, effects, healths, params)
            claims[model] = label_channels(
                effects, readiness, health, evidence.comparison, params, blocking
            )
    return claims


def _raised(found: FindingList, policy: Policy) -> FindingList:
    """Return findings at the level of the policy where that is worse than the proposed one."""
    raised = []
    for finding in found.findings:
        level, _ = rank(policy, finding)
        worse = max(finding.level, level)
        raised.append(counted(finding, level).model_copy(update={"level": worse}))
    return FindingList(findings=tuple(raised))

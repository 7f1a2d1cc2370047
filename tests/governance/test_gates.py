"""The gates on whole runs: worst wins, and what is missing never passes."""

from __future__ import annotations

import shutil

import pytest

from mmmlib.errors import InputError
from mmmlib.findings import FindingList, Level, Status, checks_of, not_run
from mmmlib.governance.agenda import MOST, agenda_markdown, build_agenda, escape_markdown
from mmmlib.governance.gates import judged_pack, pass_gates
from mmmlib.governance.verdict import GateResult, Release
from mmmlib.readiness.verdict import Readiness, Verdict
from mmmlib.refresh.comparison import Comparison, DataChange
from mmmlib.scenarios.build import pack_of_run
from mmmlib.scenarios.pack import Label, ScenarioPack
from tests.fake_run import NASTY, make_fake_pair, make_fake_run
from tests.scenarios.helpers import finding

MODELS = ("revenue.pooled", "signups.pooled")


def _calm(run):
    """Put known findings where the fake run has its own: every check ran and passed."""
    readiness = run.load_json("readiness.json", Readiness)
    channels = dict.fromkeys(readiness.channels, Verdict.READY) | {"events": Verdict.CAVEATS}
    run.save_json(
        "readiness.json",
        Readiness(
            overall=Verdict.CAVEATS,
            channels=channels,
            findings=_all_passed(["readiness.history"], "workbook"),
        ),
    )
    for model in MODELS:
        _health(run, model)
    moved = run.load_json("refresh.json", Comparison).movements
    _replace(
        run,
        "refresh.json",
        findings=_all_passed(checks_of("refresh"), "workbook"),
        movements=tuple(
            m.model_copy(update={"beyond_noise": m.channel == "search"}) for m in moved
        ),
        data_changes=(DataChange(series="spend:search", kind="restated", cells=4),),
    )
    run.save_json("scenarios.json", pack_of_run(run))
    return run


def _all_passed(checks, subject):
    return tuple(finding(check, subject) for check in checks)


def _health(run, model, *more, without=()):
    checks = [check for check in checks_of("health") if check not in without]
    findings = (*_all_passed(checks, model), *more)
    run.save_json(f"models/{model}/health.json", FindingList(findings=findings))


def _replace(run, name, value=None, **parts):
    value = value or run.load_json(name, Comparison).model_copy(update=parts)
    run.save_json(name, value)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    first, second = make_fake_pair(tmp_path_factory.mktemp("runs"))
    return _calm(first), _calm(second)


@pytest.fixture
def run(template, tmp_path):
    return _copy(template[1], tmp_path)


@pytest.fixture
def first(template, tmp_path):
    return _copy(template[0], tmp_path)


def _copy(run, folder):
    path = folder / run.path.name
    shutil.copytree(run.path, path)
    return type(run)(path)


def _levels(result):
    return {(entry.finding.check, entry.finding.subject): entry.level for entry in result.entries}


def _quiet(run):
    """Take every warning out, so that the run is as calm as can be."""
    pack = pack_of_run(run)
    calm = tuple(one for one in pack.findings if one.status is Status.OK)
    run.save_json("scenarios.json", pack.model_copy(update={"findings": calm}))
    return run


def test_a_calm_run_is_a_draft_that_waits_for_signatures(run):
    result = pass_gates(_quiet(run))
    assert result.level is Level.INFO
    assert result.release is Release.DRAFT
    assert result.statement == "Gates passed."
    assert result.awaiting.startswith("Awaiting sign-off by")
    assert {entry.level for entry in result.entries} == {Level.INFO}


def test_a_warning_limits_the_audience(run):
    _health(_quiet(run), MODELS[0], finding(passed=False, level=Level.WARN))
    result = pass_gates(run)
    assert (result.level, result.release) == (Level.WARN, Release.LIMITED)
    assert "1 finding to review" in result.statement


def test_the_worst_wins_and_comes_first(run):
    _health(
        run,
        MODELS[1],
        finding(passed=False, level=Level.WARN, subject=MODELS[1]),
        finding(passed=False, level=Level.BLOCK, subject=MODELS[1], message="Chains disagree."),
    )
    result = pass_gates(run)
    assert (result.level, result.release) == (Level.BLOCK, Release.NOT_APPROVED)
    assert result.entries[0].finding.message == "Chains disagree."
    assert "Chains disagree." in result.statement
    assert [entry.level.rank for entry in result.entries] == sorted(
        (entry.level.rank for entry in result.entries), reverse=True
    )


@pytest.mark.parametrize("model", MODELS)
def test_a_required_check_that_is_missing_on_one_model_blocks(run, model):
    _health(run, model, without=("health.rhat",))
    result = pass_gates(run)
    assert result.level is Level.BLOCK
    assert _levels(result)["health.rhat", model] is Level.BLOCK


def test_a_required_check_that_did_not_run_blocks_whatever_it_proposed(run):
    late = not_run("health.holdout_error", MODELS[0], "no time", level=Level.INFO)
    _health(run, MODELS[0], late)
    result = pass_gates(run)
    assert result.level is Level.BLOCK
    entry = next(one for one in result.entries if one.finding == late)
    assert entry.level is Level.BLOCK


@pytest.mark.parametrize(
    "name",
    [
        "data.json",
        "readiness.json",
        "refresh.json",
        "scenarios.json",
        "models/revenue.pooled/health.json",
    ],
)
def test_an_artefact_that_is_gone_blocks(run, name):
    run.artefact(name).unlink()
    assert pass_gates(run).release is Release.NOT_APPROVED


@pytest.mark.parametrize("name", ["data.json", "models/signups.pooled/health.json"])
def test_an_artefact_that_is_damaged_blocks(run, name):
    run.artefact(name).write_text("{", encoding="utf-8")
    result = pass_gates(run)
    assert _levels(result)["gates.artefact", name] is Level.BLOCK


def test_a_notebook_that_was_changed_is_for_review(run):
    assert _levels(pass_gates(run))["gates.notebooks", "workbook"] is Level.INFO
    manifest = run.manifest
    manifest.notebooks = {"03_health": "1 cell added"}
    run.write_manifest(manifest)
    (entry,) = [e for e in pass_gates(run).entries if e.finding.check == "gates.notebooks"]
    assert (entry.level, entry.finding.status) == (Level.WARN, Status.FLAG)
    assert "03_health (1 cell added)" in entry.finding.message
    manifest.notebooks = None
    run.write_manifest(manifest)
    (entry,) = [e for e in pass_gates(run).entries if e.finding.check == "gates.notebooks"]
    assert (entry.level, entry.finding.status) == (Level.INFO, Status.NOT_RUN)


def test_nan_never_passes(run):
    _health(run, MODELS[0], finding("health.media_share", value=float("nan")))
    result = pass_gates(run)
    assert result.level is Level.BLOCK
    assert "not a number" in result.entries[0].rule
    assert result.entries[0].finding.status is Status.FLAG
    assert {one.label for one in result.claims[MODELS[0]].values()} == {Label.DO_NOT_INFER}


def test_a_first_refresh_needs_no_movement_but_every_signature(first):
    _replace(first, "refresh.json", findings=_all_passed(["refresh.parent"], "workbook"))
    result = pass_gates(_quiet(first))
    assert result.level is Level.INFO
    assert {one.subject for one in result.sign_offs} >= {"data", "model"}
    assert {one.role for one in result.sign_offs} >= {
        "Data Owner",
        "Model Owner",
        "MMM Product Owner",
    }


def test_a_parent_in_the_manifest_is_enough_to_ask_for_the_comparison(run):
    _replace(
        run,
        "refresh.json",
        parent=None,
        movements=(),
        findings=_all_passed(["refresh.parent"], "workbook"),
    )
    assert _levels(pass_gates(run))["refresh.movement", "workbook"] is Level.BLOCK


class TestNotReady:
    @pytest.fixture
    def run(self, tmp_path):
        return make_fake_run(tmp_path, not_ready=True)

    def test_it_blocks_once_with_the_reason_and_the_alternative(self, run):
        result = pass_gates(run)
        assert result.release is Release.NOT_APPROVED
        assert "not ready for a model" in result.statement
        test = run.load_json("readiness.json", Readiness).alternatives[0]
        assert (
            f"{test.kind} of {test.channel.capitalize()} for {test.weeks} weeks" in result.statement
        )
        found = [one for one in result.entries if one.finding.check == "gates.model"]
        assert len(found) == 1
        assert found[0].finding.status is Status.NOT_RUN
        assert not any(one.finding.check.startswith("health.") for one in result.entries)
        assert result.sign_offs == () and result.claims == {}

    def test_the_agenda_puts_the_test_on_the_table(self, run):
        agenda = build_agenda(run, pass_gates(run))
        decisions = next(one for one in agenda.items if one.title == "Decisions on the table")
        test = run.load_json("readiness.json", Readiness).alternatives[0]
        assert any(
            f"{test.kind} of {test.channel.capitalize()}" in point for point in decisions.points
        )

    @pytest.mark.parametrize(("more", "words"), [(0, "1 design."), (2, "3 designs.")])
    def test_designs_are_counted(self, run, more, words):
        readiness = run.load_json("readiness.json", Readiness)
        designs = (readiness.alternatives[0],) * (1 + more)
        run.save_json("readiness.json", readiness.model_copy(update={"alternatives": designs}))
        assert pass_gates(run).statement.endswith(f"; the health panel has {words}")

    def test_missing_data_findings_still_block_by_name(self, run):
        run.artefact("data.json").unlink()
        assert _levels(pass_gates(run))["data.*", "workbook"] is Level.BLOCK


@pytest.mark.parametrize("name", ["policy.yaml", "roles.yaml"])
def test_without_policy_or_roles_nothing_passes(run, name):
    (run.path / name).unlink()
    with pytest.raises(InputError, match=name):
        pass_gates(run)


def test_claims_follow_readiness_and_movement(run):
    claims = pass_gates(run).claims
    assert set(claims) == set(MODELS)
    revenue = claims["revenue.pooled"]
    assert revenue["events"].label is Label.REVIEW  # ready with caveats
    assert revenue["search"].label is Label.REVIEW  # moved by more than noise
    assert "more than noise" in " ".join(revenue["search"].reasons)
    assert all(claim.reasons for claim in revenue.values())


def test_a_question_on_an_outcome_over_its_motions_is_judged_though_another_leads(tmp_path):
    motions = {name: {"column": name} for name in ("self_serve", "sales_assisted")}
    run = make_fake_run(
        tmp_path,
        primary_outcome="signups",
        outcomes={
            "revenue": {"label": "Revenue", "kind": "revenue", "motions": motions},
            "signups": {"kind": "count", "unit": "signups", "column": "signups"},
        },
        key_questions=[
            {"question": "Scale it?", "kind": "scale", "channel": "search", "outcome": "revenue"}
        ],
    )
    result = pass_gates(run)
    assert set(result.claims["revenue"]) == set(result.claims["signups.pooled"])
    (answer,) = judged_pack(run, result).answers
    assert answer.model == "revenue"
    assert not any("No gate has judged" in reason for reason in answer.reasons)


def test_a_model_that_did_not_converge_has_no_claims_to_infer(run):
    _health(run, MODELS[0], finding(passed=False, message="Chains disagree."))
    claims = pass_gates(run).claims
    assert {claim.label for claim in claims[MODELS[0]].values()} == {Label.DO_NOT_INFER}
    assert Label.DO_NOT_INFER not in {claim.label for claim in claims[MODELS[1]].values()}


def test_claims_follow_the_level_that_the_policy_gives(run):
    _health(run, MODELS[0], finding(passed=False, level=Level.INFO, message="Hm."))
    policy = run.path / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    rule = "  - {check: health.rhat, gate: block, reason: we are strict}\n"
    policy.write_text(text.replace("rules:\n", f"rules:\n{rule}"), encoding="utf-8")
    claims = pass_gates(run).claims[MODELS[0]]
    assert {claim.label for claim in claims.values()} == {Label.DO_NOT_INFER}


def test_a_block_takes_every_safe_label_away(run):
    _health(run, MODELS[1], finding(subject=MODELS[1], passed=False))
    result = pass_gates(run)
    labels = {claim.label for claims in result.claims.values() for claim in claims.values()}
    assert Label.SAFE not in labels
    pack = judged_pack(run, result)
    assert {one.label for one in (*pack.scenarios, *pack.answers)} == {Label.DO_NOT_INFER}
    assert "safe to act on" not in agenda_markdown(build_agenda(run, result))
    assert not any(one.subject == "recommendation" for one in result.sign_offs)


def test_the_verdict_survives_the_disk(run):
    result = pass_gates(run)
    assert GateResult.model_validate_json(result.model_dump_json()) == result


class TestAgenda:
    def test_has_the_five_items(self, run):
        agenda = build_agenda(run, pass_gates(run))
        assert [item.title for item in agenda.items] == [
            "Gate violations",
            "What changed",
            "Follow-ups that are due",
            "Decisions on the table",
            "Scenarios",
            "Recommendation",
        ]
        text = agenda_markdown(agenda)
        assert "Spend: Search restated" in text
        assert "Can we scale paid search?" in text

    def test_what_does_not_fit_is_counted(self, run):
        moved = run.load_json("refresh.json", Comparison).movements
        one = next(m for m in moved if m.quantity == "roi")
        many = (one.model_copy(update={"beyond_noise": True}),) * (MOST + 1)
        _replace(run, "refresh.json", movements=many)
        agenda = build_agenda(run, pass_gates(run))
        assert "1 more in the change log." in agenda.items[1].points

    def test_no_signature_is_left_out_for_the_questions(self, run):
        pack = run.load_json("scenarios.json", ScenarioPack)
        answers = (pack.answers[0],) * (MOST + 2)
        run.save_json("scenarios.json", pack.model_copy(update={"answers": answers}))
        result = pass_gates(run)
        points = build_agenda(run, result).items[3].points
        assert "2 more in the scenario pack." in points
        asked = {point.partition(":")[0] for point in points if point.startswith("Sign-off of")}
        assert asked == {f"Sign-off of {one.subject}" for one in result.sign_offs}

    def test_a_block_leaves_no_recommendation(self, run):
        _health(run, MODELS[0], finding(passed=False))
        agenda = build_agenda(run, pass_gates(run))
        assert "a gate blocks" in agenda.items[-1].points[0]
        # Channels and outcomes have the names that people know.
        assert agenda.items[0].points[0].startswith("BLOCK · Revenue: ")

    def test_names_stay_text(self, tmp_path):
        run = make_fake_run(tmp_path, nasty_names=True)
        text = agenda_markdown(build_agenda(run, pass_gates(run)))
        assert "<script>" not in text
        assert "&lt;script&gt;" in text
        assert "`tick`" not in text.replace("\\`", "")
        assert NASTY not in text

    @pytest.mark.parametrize(
        ("text", "escaped"),
        [
            ("- a", "\\- a"),
            ("12. a", "12\\. a"),
            ("# a", "\\# a"),
            ("a\n# b", "a \\# b"),
            ("a *b* _c_ `d` $e$ | [f](g)", "a \\*b\\* \\_c\\_ \\`d\\` \\$e\\$ \\| \\[f\\](g)"),
            ("https://x.y", "https\\://x.y"),
            ("a & <b>", "a &amp; &lt;b&gt;"),
            ("2026-Q2: 1.4 to 2.1", "2026-Q2: 1.4 to 2.1"),
        ],
    )
    def test_escaping(self, text, escaped):
        assert escape_markdown(text) == escaped

import math
from dataclasses import replace

import pytest
from pydantic import ValidationError

from mmmlib.findings import (
    Finding,
    FindingList,
    Level,
    Status,
    at_least,
    at_most,
    catalogue,
    checks_of,
    judge,
    not_run,
    worst,
)
from mmmlib.reports.tables.checks import check_name


def test_levels_are_ordered_by_severity_not_by_name():
    assert Level.INFO < Level.WARN < Level.BLOCK
    assert sorted([Level.WARN, Level.BLOCK, Level.INFO]) == [
        Level.INFO,
        Level.WARN,
        Level.BLOCK,
    ]
    assert max(Level) is Level.BLOCK
    assert Level.BLOCK >= Level.BLOCK > Level.WARN


@pytest.mark.parametrize("compare", [at_most, at_least])
def test_nan_never_passes(compare):
    finding = compare("health.bfmi", "model", math.nan, 1.0, "seen", level=Level.BLOCK)
    assert finding.status is Status.FLAG
    assert finding.level is Level.BLOCK


@pytest.mark.parametrize(
    ("compare", "value", "status"),
    [
        (at_most, 1.0, Status.OK),
        (at_most, 1.01, Status.FLAG),
        (at_least, 1.0, Status.OK),
        (at_least, 0.99, Status.FLAG),
    ],
)
def test_the_limit_itself_passes(compare, value, status):
    finding = compare("health.bfmi", "model", value, 1.0, "seen")
    assert finding.status is status
    assert finding.level is (Level.INFO if status is Status.OK else Level.WARN)


def test_what_passed_needs_no_action():
    said = {"message": "seen", "owner": "Ada"}
    assert judge("data.months", "c", passed=True, **said).action == ""
    assert judge("data.months", "c", passed=False, **said).action == "Ask Ada for weeks or days."


def test_a_case_says_what_is_other_in_it():
    usual = judge("refresh.structure", "regions", passed=False, message="seen")
    units = judge("refresh.structure", "units", passed=False, message="seen", case="units")
    assert (usual.level, units.level) == (Level.WARN, Level.BLOCK)
    assert units.meaning != usual.meaning
    assert units.action == usual.action != ""


def test_a_check_can_be_like_another():
    bulk, tail = (catalogue()[f"health.ess_{name}"] for name in ("bulk", "tail"))
    assert bulk.title != tail.title
    assert replace(bulk, title="") == replace(tail, title="")
    assert "health.coverage_50.wide" in catalogue()
    assert "health.coverage_50.wide" not in checks_of("health")


def test_not_run_blocks_unless_told_otherwise():
    assert not_run("a.b", "c", "no holdout").level is Level.BLOCK
    assert not_run("a.b", "c", "no holdout", level=Level.INFO).status is Status.NOT_RUN


def test_ok_with_a_severity_is_refused():
    with pytest.raises(ValidationError, match="level info"):
        Finding(check="a.b", subject="c", level=Level.WARN, status=Status.OK, message="seen")


def test_worst():
    findings = [
        judge("health.rhat", "x", passed=True, message="fine"),
        judge("health.bfmi", "x", passed=False, message="odd"),
    ]
    assert worst(findings) is Level.WARN
    assert worst([]) is Level.INFO


def test_findings_survive_json_with_nan():
    finding = at_most("health.rhat", "x", math.nan, 1.0, "seen")
    kept = FindingList(findings=(finding,))
    again = FindingList.model_validate_json(kept.model_dump_json())
    value = again.findings[0].value
    assert math.isnan(float(value))
    assert again.findings[0].status is Status.FLAG


def test_findings_of_old_runs_are_read():
    old = (
        '{"check": "health.flat", "subject": "revenue", "level": "warn", "status": "flag",'
        ' "value": "nan", "limit": 0.5, "unit": "share", "message": "seen", "meaning": "why",'
        ' "action": "what"}'
    )
    finding = Finding.model_validate_json(old)
    assert (finding.check, finding.meaning, finding.action) == ("health.flat", "why", "what")
    assert check_name(finding) == "Model: flat"

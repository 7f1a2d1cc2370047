import math

import pytest
from pydantic import ValidationError

from mmmlib.findings import (
    Finding,
    FindingList,
    Level,
    Status,
    at_least,
    at_most,
    judge,
    not_run,
    worst,
)


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
    finding = compare("health.x", "model", math.nan, 1.0, level=Level.BLOCK, message="seen")
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
    finding = compare("health.x", "model", value, 1.0, level=Level.WARN, message="seen")
    assert finding.status is status
    assert finding.level is (Level.INFO if status is Status.OK else Level.WARN)


def test_what_passed_needs_no_action():
    words = {"level": Level.WARN, "message": "seen", "action": "do it"}
    assert judge("a.b", "c", passed=True, **words).action == ""
    assert judge("a.b", "c", passed=False, **words).action == "do it"


def test_not_run_blocks_unless_told_otherwise():
    assert not_run("a.b", "c", "no holdout").level is Level.BLOCK
    assert not_run("a.b", "c", "no holdout", level=Level.INFO).status is Status.NOT_RUN


def test_ok_with_a_severity_is_refused():
    with pytest.raises(ValidationError, match="level info"):
        Finding(check="a.b", subject="c", level=Level.WARN, status=Status.OK, message="seen")


def test_worst():
    findings = [
        judge("a", "x", passed=True, level=Level.BLOCK, message="fine"),
        judge("b", "x", passed=False, level=Level.WARN, message="odd"),
    ]
    assert worst(findings) is Level.WARN
    assert worst([]) is Level.INFO


def test_findings_survive_json_with_nan():
    finding = at_most("a", "x", math.nan, 1.0, level=Level.WARN, message="seen")
    kept = FindingList(findings=(finding,))
    again = FindingList.model_validate_json(kept.model_dump_json())
    value = again.findings[0].value
    assert math.isnan(float(value))
    assert again.findings[0].status is Status.FLAG

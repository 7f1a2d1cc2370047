"""The policy: strict to read, first match decides, and nothing is let off in silence."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from mmmlib.errors import InputError
from mmmlib.findings import Finding, Level, Status, not_run
from mmmlib.governance.policy import AS_PROPOSED, NAN_RULE, Policy, rank, read_policy
from mmmlib.governance.roles import read_roles
from tests.scenarios.helpers import finding

DEFAULT = Path(__file__).parents[2] / "params" / "governance" / "policy.yaml"


def _policy(*rules, required=("health.rhat",)):
    return Policy.model_validate(
        {
            "version": "1",
            "required": [{"check": check, "per": "model"} for check in required],
            "rules": list(rules),
        }
    )


def _rule(**parts):
    return {"check": "*", "gate": "info", "reason": "because"} | parts


def _flag(level=Level.WARN, **parts):
    return finding(passed=False, level=level, **parts)


def test_the_policy_that_comes_along_is_in_order():
    policy = read_policy(DEFAULT)
    assert policy.version
    assert {"health.rhat", "health.holdout_error"} <= {one.check for one in policy.required}


@pytest.mark.parametrize("read", [read_policy, read_roles])
def test_a_file_that_is_not_there_can_be_copied(tmp_path, read):
    (tmp_path / "practice.yaml").touch()
    name = read.__name__.removeprefix("read_")
    with pytest.raises(InputError) as caught:
        read(tmp_path / f"{name}.yaml")
    assert f"copy params/governance/{name}.yaml of the project" in str(caught.value)
    assert "practice.yaml" not in str(caught.value)


def test_without_a_rule_the_check_proposes():
    assert rank(_policy(), _flag()) == (Level.WARN, AS_PROPOSED)
    assert rank(_policy(), finding()) == (Level.INFO, AS_PROPOSED)


def test_the_first_rule_that_matches_decides():
    policy = _policy(_rule(check="health.rhat", gate="block"), _rule(check="health.*", gate="info"))
    level, rule = rank(policy, _flag())
    assert level is Level.BLOCK
    assert rule == "rule 1 (health.rhat): because"


@pytest.mark.parametrize(
    "parts",
    [
        {"check": "data.*"},
        {"subject": "signups.*"},
        {"status": ["not_run"]},
        {"level": ["block"]},
    ],
)
def test_everything_that_a_rule_names_must_match(parts):
    assert rank(_policy(_rule(**parts)), _flag())[1] == AS_PROPOSED


def test_a_rule_leaves_passed_findings_alone_unless_it_names_them():
    assert rank(_policy(_rule(gate="block")), finding())[0] is Level.INFO
    assert rank(_policy(_rule(gate="warn", status=["ok"])), finding())[0] is Level.WARN


def test_no_rule_lets_a_required_check_off_that_did_not_run():
    policy = _policy(_rule(check="health.rhat", gate="info"))
    level, rule = rank(policy, not_run("health.rhat", "revenue.pooled", "no", level=Level.INFO))
    assert level is Level.BLOCK
    assert "required" in rule


def test_an_optional_check_that_did_not_run_is_ranked_like_any_other():
    policy = _policy(required=("data.*",))
    assert rank(policy, not_run("data.age", "media", "no", level=Level.INFO))[0] is Level.INFO
    assert rank(policy, not_run("data.age", "media", "no"))[0] is Level.BLOCK


@pytest.mark.parametrize("value", [math.nan, "nan", "NaN"])
def test_nan_never_passes(value):
    level, rule = rank(_policy(_rule(status=["ok"])), finding(value=value))
    assert (level, rule) == (Level.BLOCK, NAN_RULE)


def test_nan_that_went_through_a_file_never_passes():
    text = finding(value=math.nan).model_dump_json()
    assert rank(_policy(), Finding.model_validate_json(text))[0] is Level.BLOCK


@pytest.mark.parametrize(
    ("pattern", "findings", "met"),
    [
        ("health.rhat", [finding()], True),
        ("health.rhat", [], False),
        ("health.rhat", [finding("health.bfmi")], False),
        # Named: it stands among the findings, where it blocks by itself.
        ("health.rhat", [not_run("health.rhat", "m", "no")], True),
        ("health.*", [not_run("health.rhat", "m", "no")], False),
        ("health.*", [finding("health.bfmi")], True),
    ],
)
def test_what_meets_a_requirement(pattern, findings, met):
    (required,) = _policy(required=(pattern,)).required
    assert required.is_met_by(findings) is met


class TestReading:
    def _read(self, tmp_path, text):
        path = tmp_path / "policy.yaml"
        path.write_text(text, encoding="utf-8")
        return read_policy(path)

    def test_all_problems_at_once_with_their_places(self, tmp_path):
        text = """\
version: 1
required:
  - {check: health.rhatt, per: modell}
rules:
  - {check: health.rhat, gate: blok, reason: x}
  - {check: helth.rhat, gate: warn}
  - {chekc: health.rhat, gate: warn, reason: x}
  - {check: "health.*", gate: warn, reason: x}
  - {check: health.bfmi, gate: block, reason: x}
extra: true
"""
        with pytest.raises(InputError) as error:
            self._read(tmp_path, text)
        told = str(error.value)
        for words in (
            "version",
            "'health.rhatt', which no check is called",
            "Did you mean 'health.rhat'?",
            "'modell'",
            "'blok'",
            "'helth.rhat'",
            "a value for 'reason'",
            "unknown key 'chekc'",
            "Did you mean 'check'?",
            "rule 4 above always answers first",
            "unknown key 'extra'",
        ):
            assert words in told, words
        assert "line 3, column" in told

    def test_letting_a_required_check_off_is_told(self, tmp_path):
        text = """\
version: "1"
required: [{check: health.rhat, per: model}]
rules:
  - {check: "health.*", status: [not_run], gate: info, reason: we are in a hurry}
"""
        with pytest.raises(InputError, match=r"let through for the required check 'health\.rhat'"):
            self._read(tmp_path, text)

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "version: '1'\nrequired: []\n", "version: '1'\nrequired: nothing\nrules: 3\n"],
    )
    def test_a_policy_that_requires_nothing_is_none(self, tmp_path, text):
        with pytest.raises(InputError):
            self._read(tmp_path, text)

    def test_duplicate_keys(self, tmp_path):
        with pytest.raises(InputError, match="version"):
            self._read(tmp_path, 'version: "1"\nversion: "2"\nrequired: [{check: health.rhat}]\n')

    def test_no_file(self, tmp_path):
        with pytest.raises(InputError, match=r"policy\.yaml"):
            read_policy(tmp_path / "policy.yaml")


def test_statuses_are_those_of_findings():
    rule = _policy(_rule()).rules[0]
    assert set(rule.status) == {Status.FLAG, Status.NOT_RUN}

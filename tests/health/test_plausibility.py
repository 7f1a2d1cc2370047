from __future__ import annotations

import numpy as np
import pytest

from mmmlib.findings import Level, Status
from mmmlib.health.plausibility import check_apart, check_media_share, check_returns, check_to_come
from mmmlib.model.effects import roi, share
from mmmlib.params.limits import HealthParams
from tests.fakes import fake_effects

LIMITS = HealthParams()


def test_ordinary_returns_pass_and_show_their_range() -> None:
    findings = check_returns(fake_effects(), LIMITS)
    assert {finding.status for finding in findings} == {Status.OK}
    assert all("(90" in finding.message for finding in findings)


def test_returns_above_the_limit_are_flagged_by_their_median() -> None:
    effects = fake_effects(scale=60.0)
    findings = check_returns(effects, LIMITS)
    assert {finding.level for finding in findings} == {Level.WARN}
    for finding in findings:
        channel = finding.subject.partition("/")[2]
        expected = float(roi(effects).sel(channel=channel).median())
        assert finding.value == pytest.approx(expected, rel=1e-5)


def test_a_return_far_above_all_others_is_named_whatever_the_unit() -> None:
    for model in ("revenue.pooled", "signups.pooled"):
        effects = fake_effects(model=model)
        effects["spend_effect"] = effects["spend"] * 2 + 0 * effects["spend_effect"]
        assert {one.status for one in check_apart(effects, LIMITS)} == {Status.OK}
        effects["spend_effect"] = effects["spend_effect"] * (
            1 + 2.5 * (effects["channel"] == "video")
        )
        found = {one.subject.partition("/")[2]: one for one in check_apart(effects, LIMITS)}
        assert {name for name, one in found.items() if one.status is Status.FLAG} == {"video"}
        assert found["video"].value == pytest.approx(3.5, rel=1e-4)
        assert (found["video"].level, found["search"].value) == (
            Level.INFO,
            pytest.approx(3.5 ** (-1 / 3), rel=1e-4),
        )


def test_two_channels_are_too_few_to_say_that_one_stands_apart() -> None:
    findings = check_apart(fake_effects().isel(channel=slice(2)), LIMITS)
    assert {one.status for one in findings} == {Status.OK}
    assert {one.value for one in findings} == {None}  # not NaN: the gates take that for not run
    assert "too few" in findings[0].message


def test_a_count_has_no_limit_in_money() -> None:
    findings = check_returns(fake_effects(model="signups.pooled", scale=1000.0), LIMITS)
    assert [finding.status for finding in findings] == [Status.OK]
    assert findings[0].message.startswith("Not applicable")


def test_a_channel_without_spend_has_no_return() -> None:
    effects = fake_effects()
    effects["spend"] = effects["spend"] * (effects["channel"] != "video")
    found = {finding.subject: finding for finding in check_returns(effects, LIMITS)}
    assert found["revenue.pooled/video"].status is Status.NOT_RUN
    assert found["revenue.pooled/search"].status is Status.OK


def test_media_share_is_that_of_all_channels() -> None:
    effects = fake_effects()
    finding = check_media_share(effects, LIMITS)[0]
    assert finding.status is Status.OK
    assert finding.value == pytest.approx(float(share(effects).sum("channel").median()), rel=1e-4)


def test_channels_that_explain_nearly_everything_are_flagged() -> None:
    effects = fake_effects()
    effects["baseline_part"] = effects["baseline_part"] * 0.01
    assert check_media_share(effects, LIMITS)[0].level is Level.WARN


def test_a_share_that_is_not_a_number_does_not_pass() -> None:
    effects = fake_effects()
    effects["contribution"][0, 0, 0] = effects["spend_effect"][0, 0, 0] = np.nan
    assert check_media_share(effects, LIMITS)[0].status is Status.FLAG
    assert check_returns(effects, LIMITS)[0].status is Status.FLAG


def test_a_return_of_which_much_is_still_to_come_is_named() -> None:
    effects = fake_effects()
    assert {one.status for one in check_to_come(effects, LIMITS)} == {Status.OK}
    effects["contribution"][:, 0] *= 0.6
    found = check_to_come(effects, LIMITS)
    assert [one.status for one in found] == [Status.FLAG, Status.OK, Status.OK, Status.OK]
    assert found[0].value == pytest.approx(0.4, abs=0.02)
    assert "is still to come after the last week (limit 25" in found[0].message
    assert found[0].level is Level.WARN
    effects["contribution"][0, 1, 0] = np.nan
    assert check_to_come(effects, LIMITS)[1].status is Status.FLAG

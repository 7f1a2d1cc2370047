"""Reasons under the returns: what several channels have in common is said once."""

from __future__ import annotations

from mmmlib.findings import Level, Reason, judge
from mmmlib.governance.labels import UNSETTLED, WIDE
from mmmlib.governance.verdict import GateEntry
from mmmlib.reports.results import Results
from mmmlib.reports.words.labels import reasons_once


def test_a_reason_that_differs_in_its_numbers_only_is_said_once(second: Results) -> None:
    gates, model = second.gates, second.leading.name
    assert gates is not None
    names = second.params.paid_channels[:3]
    shares = dict(zip(names, (0.3, 0.4, 0.55), strict=True))
    moved = {
        name: judge(
            "health.prior_sensitivity",
            f"{model}/{name}",
            passed=False,
            value=share,
            limit=0.25,
            message=f"Under another reasonable prior it would move by {share:.0%}.",
        )
        for name, share in shares.items()
    }
    entries = tuple(GateEntry(finding=one, level=Level.WARN, rule="r") for one in moved.values())
    results = Results(second.run, second.params, gates.model_copy(update={"entries": entries}))
    labels = [results.channel(name) for name in names]
    doubted: dict[str, tuple[Reason, ...]] = {
        name: (
            Reason.of(moved[name], f"In other words than the finding: {name}."),
            Reason(f"The range is wide ({name}).", WIDE),
            Reason("Not settled: probability 1.", UNSETTLED),
        )
        for name in names
    }
    doubted[names[0]] = (*doubted[names[0]], Reason(f"{labels[0]} has no spend in this window."))
    said = list(reasons_once(results, doubted))
    everyone = f"{labels[0]}, {labels[1]} and {labels[2]}."
    assert [one.lead for one in said] == [everyone, everyone, everyone, f"{labels[0]}."]
    prior, wide, unsettled, own = (one.text.replace("\N{NO-BREAK SPACE}", " ") for one in said)
    assert prior.endswith("prior would move them by 30 to 55 % (limit 25 %).")
    assert wide == "The ranges are wide: their ends differ by more than a factor of 10."
    assert unsettled == "Not settled: probability 1."  # one text stays as it is
    assert own == "It has no spend in this window."  # the name stands before it

from __future__ import annotations

import numpy as np

from mmmlib.reports.cells import Observed
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.results import Results
from mmmlib.reports.tables.channels import (
    NEXT,
    SHOWN,
    agreement,
    channel_table,
    claim_table,
    rank_table,
)
from tests.fakes import fake_effects, fake_params
from tests.reports.leaders import with_scale

PARAMS = fake_params()


def test_every_channel_has_its_ranges_before_and_after_the_fit() -> None:
    numbers = ModelNumbers(fake_effects())
    table = channel_table(PARAMS, numbers, numbers.channels)
    assert table.column("Channel") == tuple(map(PARAMS.channel_label, PARAMS.channels))
    ranges = ("Return before the fit", "Share before the fit", "Return", NEXT, "Contribution",
              "Share of outcome", "Half of the effect after")  # fmt: skip
    for _, row in table.only("Channel", *ranges).to_frame().iterrows():
        values = row.iloc[1:].to_numpy(dtype=float).reshape(len(ranges), 3)
        assert (np.diff(values, axis=1) > 0).all()


def test_a_channel_without_spend_or_prior_has_none() -> None:
    effects = fake_effects()
    effects["spend"].loc[{"channel": "video"}] = 0.0
    effects["prior_roi"] = effects["prior_roi"] * np.nan
    numbers = ModelNumbers(effects)
    table = channel_table(PARAMS, numbers, [numbers.channel("video")])
    assert table.column("Return") == ("no spend",)
    assert table.column("Return before the fit") == table.column("Narrowed by") == (None,)
    assert numbers.least_learnt == ()


def test_what_was_learnt_least_comes_first() -> None:
    numbers = ModelNumbers(fake_effects(draws=1000))
    narrowed = channel_table(PARAMS, numbers, numbers.least_learnt).column("Narrowed by")
    values = [cell.value for cell in narrowed if isinstance(cell, Observed)]
    assert len(values) == 4
    assert values == sorted(values)


def test_labels_are_those_of_the_gates_and_none_without(second: Results) -> None:
    numbers, gates = second.leading, second.gates
    assert gates is not None
    judged = channel_table(PARAMS, numbers, numbers.channels, gates).only(*SHOWN)
    claims = claim_table(PARAMS, gates).only("Label")
    assert judged.column("Label") == claims.column("Label")[: len(numbers.channels)]
    never = channel_table(PARAMS, numbers, numbers.channels)
    assert {str(mark) for mark in never.column("Label")} == {"■ do not infer"}
    assert len(claims.rows) == len(PARAMS.channels) * len(PARAMS.model_names)


def test_outcomes_of_one_name_keep_a_column_each(second: Results) -> None:
    models = [second.leading, second.leading]
    assert len(rank_table(PARAMS, models).columns) == 4


def test_outcomes_that_disagree_are_seen() -> None:
    one, other = with_scale("social", 9.0), with_scale("social", 0.01)
    assert agreement([one, other], "social") == "they disagree"
    assert agreement([one, one], "social") == "within their ranges"
    assert agreement([one], "social") == "one model only"

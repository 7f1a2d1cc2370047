from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mmmlib.cli.app import app
from mmmlib.params.load import read_params
from mmmlib.refresh.data_changes import restated_cells
from mmmlib.simulate.sequences import EVENT, FIRST_WEEKS, WORLDS, make_sequence, weeks_at


@pytest.mark.parametrize("world", WORLDS)
def test_a_world_is_a_stable_one_until_it_happens(world: str) -> None:
    """The same seed is the same company: before the event nobody can tell worlds apart."""
    if world in ("restated history", "taxonomy move", "collinear spend", "new channel"):
        pytest.skip("its history differs, or its company does")
    stable, made = make_sequence("stable", 3), make_sequence(world, 3)
    for refresh, same in ((EVENT - 1, True), (EVENT, world == "stable")):
        one, other = (sequence.panel(refresh).frame for sequence in (stable, made))
        assert one.equals(other) is same


def test_the_largest_channel_has_a_tenth_of_all_spend_and_its_effect_halves() -> None:
    for seed in range(5):
        stable, made = make_sequence("stable", seed), make_sequence("effect change", seed)
        assert made.spend[made.channel].sum() / made.spend.sum() >= 0.1
        ratio = made.contribution[made.channel] / stable.contribution[made.channel]
        changed = weeks_at(EVENT - 1)
        np.testing.assert_allclose(ratio, np.where(np.arange(len(ratio)) < changed, 1, 0.5))


def test_history_is_restated_at_the_event_only() -> None:
    made = make_sequence("restated history", 1)
    cells = restated_cells(made.panel(EVENT - 1), made.panel(EVENT))
    assert set(cells["series"]) == {f"spend:channel_{made.channel}"}
    assert len(cells) <= 30
    np.testing.assert_allclose(cells["before"], 0.9 * cells["after"])
    assert restated_cells(made.panel(EVENT), made.panel(EVENT + 1)).empty
    moved = make_sequence("taxonomy move", 1)
    before, after = (moved.seen_spend(refresh).sum(0) for refresh in (EVENT - 1, EVENT))
    np.testing.assert_allclose(before, after[: len(before)])


def test_a_new_channel_is_asked_for_when_it_is_there() -> None:
    made = make_sequence("new channel", 1)
    assert len(made.names(EVENT)) == len(made.names(EVENT - 1)) + 1
    assert made.params(EVENT).channels.keys() == set(made.panel(EVENT).names("spend"))


def test_an_unknown_world_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="tracking break"):
        make_sequence("stabel", 1)


def test_the_command_writes_what_every_refresh_would_have_seen(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["simulate", str(tmp_path), "--worlds", "level break"])
    assert done.exit_code == 0, done.output
    folders = sorted((tmp_path / "level_break").iterdir())
    assert len(folders) == 13
    for folder, seen in ((folders[0], False), (folders[EVENT], True)):
        frame = pd.read_csv(folder / "data.csv")
        assert len(frame) >= FIRST_WEEKS
        params = read_params(folder / "params.json")
        assert {one.spend for one in params.channels.values()} <= set(frame)
        assert json.loads((folder / "truth.json").read_text())["seen"] is seen
    refused = CliRunner().invoke(app, ["simulate", str(tmp_path), "--worlds", "steady"])
    assert refused.exit_code != 0

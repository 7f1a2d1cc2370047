"""Refresh or rebuild: what speaks for one, told with its reasons; nothing happens by itself."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from mmmlib.errors import InputError
from mmmlib.findings import Finding, Level, Status, judge
from mmmlib.governance.follow_up import entries_of_workbook, entry_lines, follow_up_of
from mmmlib.governance.rebuild import ENTRIES, rebuild_finding, record_observation
from mmmlib.governance.store import open_store
from mmmlib.params.load import params_of
from mmmlib.refresh.comparison import Comparison
from mmmlib.runs import Run, write_atomic
from tests.fake_run import make_fake_pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    return make_fake_pair(tmp_path_factory.mktemp("runs"))


def moved(run: Run, higher: float, *, beyond: bool) -> Comparison:
    """The run's comparison, with every movement beyond noise or none, up with a probability."""
    found = run.load_json("refresh.json", Comparison)
    moves = [
        one.model_copy(update={"beyond_noise": beyond, "higher": higher}) for one in found.movements
    ]
    return found.model_copy(update={"movements": tuple(moves)})


def see(run: Run, tmp_path: Path, **more: Any) -> None:
    """Record that the field sees a channel doing worse, and let the run know."""
    day = params_of(run).as_of - dt.timedelta(days=30)
    values = {
        "text": "Search leads dried up",
        "channel": "search",
        "direction": "worse",
        "person": "Lee Novak",
        "seen": day,
    }
    with open_store(tmp_path) as store:
        record_observation(store, run, values | more)
        write_atomic(run.path / ENTRIES, entry_lines(entries_of_workbook(store.entries(), "fake")))


def test_a_calm_refresh_needs_no_rebuild(pair: tuple[Run, Run]) -> None:
    found = rebuild_finding(pair[1], [], moved(pair[1], 0.9, beyond=False))
    assert (found.status, found.value, found.level) == (Status.OK, 0, Level.INFO)


@pytest.mark.parametrize(
    ("check", "subject", "said"),
    [
        ("refresh.structure", "channels", "The business changed: Seen"),
        ("health.changed_effect", "revenue.pooled/tv", "A break: Seen"),
        ("data.level_shift", "outcome:revenue.pooled", "A break: Seen"),
        ("data.level_shift", "spend:search", ""),  # spend is the company's own doing
        ("refresh.forecast", "revenue.pooled", "Residuals drift: Seen"),
    ],
)
def test_what_other_checks_saw_speaks_for_it(
    pair: tuple[Run, Run], check: str, subject: str, said: str
) -> None:
    seen = judge(check, subject, passed=False, message="Seen.")
    found = rebuild_finding(pair[1], [seen], None)
    assert (found.status is Status.FLAG) is bool(said)
    assert said in found.message


def test_what_moves_twice_unexplained_speaks_for_it(pair: tuple[Run, Run]) -> None:
    before, after = pair
    plain = before.load_json("refresh.json", Comparison)
    again = moved(after, 0.9, beyond=True)
    before.save_json("refresh.json", again)
    try:
        found = rebuild_finding(after, [], again)
        assert "Movements that stay unexplained: " in found.message
        assert rebuild_finding(after, [], moved(after, 0.9, beyond=False)).status is Status.OK
    finally:
        before.save_json("refresh.json", plain)


def test_what_the_field_sees_is_held_against_the_model(
    pair: tuple[Run, Run], tmp_path: Path
) -> None:
    after = pair[1]
    see(after, tmp_path)

    def finding(higher: float) -> Finding:
        return rebuild_finding(after, [], moved(after, higher, beyond=False))

    assert "'Search leads dried up' (Lee Novak" in finding(0.8).message
    assert finding(0.2).status is Status.OK  # the model says so, too
    (told,) = follow_up_of(after).observations
    assert told.startswith("Search leads dried up (Lee Novak")
    see(after, tmp_path, direction="better")
    assert finding(0.2).status is Status.FLAG
    with pytest.raises(InputError, match="Did you mean 'search'"):
        see(after, tmp_path, channel="serch")
    with pytest.raises(InputError, match="what was seen"):
        see(after, tmp_path, text=" ")


def test_what_is_long_ago_is_forgotten(pair: tuple[Run, Run], tmp_path: Path) -> None:
    after = pair[1]
    see(after, tmp_path, seen=params_of(after).as_of - dt.timedelta(days=200))
    assert rebuild_finding(after, [], moved(after, 0.8, beyond=False)).status is Status.OK
    assert follow_up_of(after).observations == ()

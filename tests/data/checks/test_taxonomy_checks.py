"""Findings on raw names, and on a taxonomy that changed since the parent run."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from mmmlib.data.checks.taxonomy_checks import check_change, check_names, check_use
from mmmlib.data.history.taxonomy_moves import Former, Moves, moves_between
from mmmlib.data.naming.naming import Naming, name_rows
from mmmlib.data.naming.taxonomy import MappingRule, Taxonomy
from mmmlib.findings import Finding, Level, Status
from mmmlib.params.data import DataLimits
from mmmlib.params.source import Source

DAY = dt.date(2024, 6, 30)
ADS = Source(path="ads.csv", layout="ad_platform", taxonomy=True)
PARAMS: Any = SimpleNamespace(
    currency="USD", data=SimpleNamespace(limits=DataLimits(), sources={"ads": ADS})
)
ROWS = [
    ("2024-01-01", "GS_brand", 600.0),
    ("2024-01-09", "GS_brand", 300.0),
    ("2024-01-09", "YT_film", 100.0),
]


def taxonomy(*rules: dict[str, Any], version: str = "1", since: int = 1) -> Taxonomy:
    made = tuple(MappingRule(**rule) for rule in rules)
    return Taxonomy(version=version, valid_from=dt.date(2024, since, 1), rules=made)


BASE = ({"glob": "GS_*", "channel": "search"}, {"glob": "YT_*", "channel": "video"})


def naming(rules: Taxonomy, rows: list[tuple[str, str, float]] = ROWS) -> Naming:
    days, campaigns, spend = map(list, zip(*rows, strict=True))
    table = ibis.memtable(pa.table({"date": days, "campaign": campaigns, "spend": spend}))
    return name_rows(table, "ads", ADS, rules)


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def changed(now: Taxonomy, before: Taxonomy | None, problem: str = "") -> dict[str, Finding]:
    former = Former("demo-1", before, problem, pd.Timestamp("2024-01-08"))
    moves = moves_between(now, former, [naming(now)], 0)
    return by_check(check_change(now, former, moves, DAY, "USD"))


def test_all_is_well() -> None:
    rules = taxonomy(*BASE)
    found = [*check_names(PARAMS, rules, [naming(rules)])]
    found += check_use(PARAMS, {"search.spend", "ads.video.spend"}, [naming(rules)])
    assert {finding.status for finding in found} == {Status.OK}
    assert len(found) == 5


@pytest.mark.parametrize(("spend", "level"), [(5.0, Level.WARN), (500.0, Level.BLOCK)])
def test_unmapped_names_are_listed_by_spend(spend: float, level: Level) -> None:
    rules = taxonomy(*BASE)
    rows = [*ROWS, ("2024-01-09", "small", 1.0), ("2024-01-09", "large", spend)]
    found = by_check(check_names(PARAMS, rules, [naming(rules, rows)]))["data.unmapped"]
    assert found.level is level
    assert found.message.index("large") < found.message.index("small")


def test_spend_that_no_channel_takes_is_told() -> None:
    rules = taxonomy(*BASE)
    (found,) = check_use(PARAMS, {"search.spend"}, [naming(rules)])
    assert found.status is Status.FLAG
    assert "video.spend" in found.message
    assert found.value == pytest.approx(0.1)


def test_overlaps_dead_rules_and_exclusions_are_named() -> None:
    rules = taxonomy(
        {"glob": "GS_*", "channel": "search"},
        {"glob": "*brand", "channel": "brand"},
        {"exact": "nobody", "channel": "tv"},
        {"glob": "YT_*", "exclude": "a test"},
    )
    found = by_check(check_names(PARAMS, rules, [naming(rules)]))
    assert "'GS_brand' (rule 1, also 2)" in found["data.taxonomy_overlap"].message
    dead = found["data.taxonomy_dead"].message
    assert "rule 2 (glob *brand: always answered" in dead
    assert "rule 3 (exact nobody: matches no name)" in dead
    assert "'YT_film'" in found["data.excluded"].message


# --- change ----------------------------------------------------------------------------------


def test_the_same_rules_move_nothing() -> None:
    found = changed(taxonomy(*BASE), taxonomy(*BASE))
    assert {finding.status for finding in found.values()} == {Status.OK}
    assert set(found) == {
        "data.taxonomy_version", "data.taxonomy_lost", "data.taxonomy_history",
    }  # fmt: skip


def test_changed_rules_under_the_same_version_block() -> None:
    other = taxonomy({"glob": "*", "channel": "search"})
    found = changed(other, taxonomy(*BASE))["data.taxonomy_version"]
    assert found.level is Level.BLOCK
    assert "the version is still 1" in found.message


def test_a_version_that_is_not_yet_in_force_blocks() -> None:
    found = by_check(check_change(taxonomy(*BASE, since=7), None, None, DAY, "USD"))
    assert found["data.taxonomy_version"].level is Level.BLOCK


def test_moved_history_is_told_by_channel_and_week() -> None:
    now = taxonomy({"glob": "*", "channel": "search"}, version="2")
    former = Former("demo-1", taxonomy(*BASE), last_week=pd.Timestamp("2024-01-08"))
    moves = moves_between(now, former, [naming(now)], 0)
    assert isinstance(moves, Moves)
    cells = moves.cells.set_index(["series", "week"])[["before", "after"]]
    week = pd.Timestamp("2024-01-08")
    assert cells.loc[("search.spend", week)].tolist() == [300.0, 400.0]
    assert cells.loc[("video.spend", week)].tolist() == [100.0, 0.0]
    assert len(cells) == 2
    assert moves.share == pytest.approx(0.1)
    found = by_check(check_change(now, former, moves, DAY, "USD"))["data.taxonomy_history"]
    assert found.level is Level.WARN
    message = found.message.replace("\u00a0", " ")
    assert "video.spend loses USD 100 in the week of 2024-01-08" in message
    assert "search.spend gains USD 100" in message


def test_weeks_that_the_parent_did_not_have_are_no_history() -> None:
    now = taxonomy({"glob": "*", "channel": "search"}, version="2")
    former = Former("demo-1", taxonomy(*BASE), last_week=pd.Timestamp("2024-01-01"))
    moves = moves_between(now, former, [naming(now)], 0)
    assert moves is not None
    assert moves.cells.empty


def test_a_dated_rule_moves_no_history() -> None:
    dated = {"glob": "YT_*", "channel": "search", "valid_from": dt.date(2024, 2, 1)}
    found = changed(taxonomy(dated, *BASE, version="2"), taxonomy(*BASE))
    assert found["data.taxonomy_history"].status is Status.OK
    assert found["data.taxonomy_version"].status is Status.OK


def test_a_name_that_lost_its_channel_blocks() -> None:
    found = changed(taxonomy(BASE[0], version="2"), taxonomy(*BASE))
    assert found["data.taxonomy_lost"].level is Level.BLOCK
    assert "'YT_film'" in found["data.taxonomy_lost"].message


def test_a_parent_that_cannot_be_read_fails_closed() -> None:
    found = changed(taxonomy(*BASE), None, "The last refresh cannot be read: gone")
    assert found["data.taxonomy_history"].status is Status.NOT_RUN
    assert found["data.taxonomy_history"].level is Level.BLOCK


def test_a_taxonomy_that_is_gone_blocks() -> None:
    former = Former("demo-1", taxonomy(*BASE))
    (found,) = check_change(None, former, None, DAY, "USD")
    assert found.level is Level.BLOCK
    (first,) = check_change(None, None, None, DAY, "USD")
    assert first.status is Status.OK

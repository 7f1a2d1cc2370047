"""Tables for BI tools: one fact a row, as the pack says it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmmlib.cli.app import app
from mmmlib.errors import RunError
from mmmlib.reports.export import COLUMNS, export_run, facts_of, weeks_of
from mmmlib.reports.results import Results, results_of
from tests.fake_run import make_fake_pair, make_fake_run

DOCS = Path(__file__).parents[2] / "docs" / "tables.md"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return results_of(make_fake_pair(tmp_path_factory.mktemp("runs"))[1])


@pytest.fixture(scope="module")
def facts(results: Results) -> pd.DataFrame:
    return facts_of(results)


def test_a_row_is_one_fact_and_says_what_the_pack_says(results, facts) -> None:
    assert tuple(facts.columns) == COLUMNS
    key = ["run", "model", "channel", "plan", "quantity"]
    assert not facts.duplicated(key).any()
    numbers = results.leading
    for one in numbers.channels:
        mine = facts["model"].eq(numbers.name) & facts["channel"].eq(one.channel)
        (row,) = facts[mine & facts["quantity"].eq("return")].to_dict("records")
        assert (row["low"], row["high"]) == (one.roi.low, one.roi.high)
        assert row["label"] == str(results.claim(numbers.name, one.channel).label)
        assert (row["first_week"], row["unit"]) == (numbers.first_week, "USD per USD 1")


def test_whatever_is_estimated_has_a_range_and_a_label(facts) -> None:
    counted = facts["low"].isna()
    assert set(facts.loc[counted, "quantity"]) == {
        "spend",
        "outcome",
        "spend_change",
        "weekly_spend",
        "probability_better",
    }
    told = facts[~counted]
    assert (told["low"].le(told["median"]) & told["median"].le(told["high"])).all()
    assert (told["mass"] == 0.9).all()
    assert set(told["label"]) <= {"safe to act on", "needs review", "do not infer"}
    assert facts.loc[facts["plan"] != "", "quantity"].eq("outcome_change").any()


def test_weeks_hold_what_was_observed(results) -> None:
    weeks = weeks_of(results)
    effects = results.leading.effects
    seen = weeks[
        (weeks["model"] == results.leading.name) & (weeks["quantity"] == "observed_outcome")
    ]
    np.testing.assert_allclose(seen["median"], effects["observed"].to_numpy())
    assert (weeks["first_week"] == weeks["last_week"]).all()


def test_both_formats_hold_the_same_and_docs_name_every_quantity(
    results, facts, tmp_path: Path
) -> None:
    as_csv, _ = export_run(results, tmp_path / "new" / "csv", "csv")
    as_parquet, weeks = export_run(results, tmp_path, "parquet")
    assert as_parquet.name == f"{results.run.name}.facts.parquet"
    pd.testing.assert_frame_equal(pd.read_parquet(as_parquet), facts)
    text = pd.read_csv(as_csv, parse_dates=["first_week", "last_week"]).fillna({"label": ""})
    np.testing.assert_allclose(text["median"], facts["median"])
    docs = DOCS.read_text(encoding="utf-8")
    for quantity in {*facts["quantity"], *pd.read_parquet(weeks)["quantity"]}:
        assert f"`{quantity}`" in docs


def test_the_command_names_the_files_and_a_run_without_a_model_is_an_error(
    results, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(results.run.path), "--format", "parquet", "--to", str(tmp_path)]
    app(words, standalone_mode=False)
    files = capsys.readouterr().out.split()
    assert [Path(file).exists() for file in files] == [True, True]
    none = make_fake_run(tmp_path / "runs", not_ready=True)
    with pytest.raises(RunError, match="no fitted model"):
        export_run(results_of(none), tmp_path)

"""Runs made once for all tests of the reports."""

from __future__ import annotations

import pytest

from mmmlib.reports.results import Results, results_of
from mmmlib.runs import Run
from tests.fake_run import make_fake_run


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A first refresh."""
    return make_fake_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def second_run(first_run: Run) -> Run:
    """The refresh after the first, in the same folder."""
    return make_fake_run(first_run.runs_dir, parent=first_run)


@pytest.fixture(scope="session")
def nasty_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A refresh whose names break what is not escaped, after one with the same names."""
    folder = tmp_path_factory.mktemp("runs")
    parent = make_fake_run(folder, nasty_names=True)
    return make_fake_run(folder, parent=parent, nasty_names=True)


@pytest.fixture(scope="session")
def unready_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A refresh that stopped at readiness."""
    return make_fake_run(tmp_path_factory.mktemp("runs"), not_ready=True)


@pytest.fixture(params=["first_run", "second_run", "nasty_run", "unready_run"])
def any_results(request: pytest.FixtureRequest) -> Results:
    """Each kind of run in turn."""
    return results_of(request.getfixturevalue(request.param))


@pytest.fixture(scope="session")
def second(second_run: Run) -> Results:
    """Results of the second refresh."""
    return results_of(second_run)

"""A refresh whose parent was deleted comes to its end, and says that nothing was compared."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mmmlib.data.history.taxonomy_moves import former_of
from mmmlib.data.panel.panel import panel_of
from mmmlib.errors import RunError
from mmmlib.model.fit import inherited_scales
from mmmlib.params.load import params_of
from mmmlib.reports.results import results_of
from mmmlib.reports.sections import change_log
from mmmlib.runs import Run
from tests.refresh.test_compare import make


@pytest.fixture
def orphan(tmp_path: Path) -> Run:
    parent = make(tmp_path)
    run = make(tmp_path, parent)
    shutil.rmtree(parent.path)
    return run


def test_its_steps_do_without_the_parent(orphan: Run) -> None:
    former = former_of(orphan)
    assert former is not None
    assert former.run == orphan.manifest.parent
    assert former.problem.startswith("The last refresh cannot be read")
    assert inherited_scales(orphan, panel_of(orphan), params_of(orphan)) == {}
    assert list(change_log.format(results_of(orphan))) == []


def test_who_asks_for_the_parent_is_told_whose_parent_it_is(orphan: Run) -> None:
    with pytest.raises(RunError, match=f"{orphan.name} is compared with {orphan.manifest.parent}"):
        _ = orphan.parent

from __future__ import annotations

import pandas as pd

from mmmlib.reports.cells import Observed
from mmmlib.reports.tables.data import revision_table, series_table
from tests.fakes import fake_panel


def test_the_series_say_what_the_last_year_was() -> None:
    panel = fake_panel(weeks=104)
    table = series_table(panel)
    assert list(table.column("Series")) == [name.partition(":")[2] for name in panel.series]
    units = dict(zip(table.column("Series"), table.column("Unit"), strict=True))
    assert units["search"] == "USD"
    assert all(isinstance(cell, Observed) for cell in table.column("The year before"))
    assert set(series_table(fake_panel(weeks=60)).column("The year before")) == {None}


def test_revisions_have_a_column_for_each_source() -> None:
    shares = pd.DataFrame({"media": [0.2, 0.1]}, index=["0", "8 and older"])
    table = revision_table(shares)
    assert table.rows[0] == ("0", Observed(0.2, "share"))
    assert [column.head for column in table.columns] == ["Age in weeks", "media"]
    assert revision_table(pd.DataFrame()).rows == ()

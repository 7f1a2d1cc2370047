from __future__ import annotations

import pytest

from mmmlib.refresh.changes import changes_every_time
from mmmlib.refresh.comparison import DataChange
from mmmlib.reports.words.bridges import restated_sentence


def restated(share: float, worst: float | None) -> DataChange:
    return DataChange(series="spend:tv", kind="restated", cells=3, share=share, worst_share=worst)


def test_restated_history_is_told_with_its_size() -> None:
    said = restated_sentence([restated(0.001, 0.02), restated(0.0004, 0.03)]).replace("\xa0", " ")
    assert said == (
        "2 series restated, each by 0.1 % or less of its total, and by 3 % or less of any 13 weeks."
    )
    assert "any 13 weeks" not in restated_sentence([restated(0.001, None)])
    assert "restated" in restated_sentence([])


@pytest.mark.parametrize(
    ("key", "every"),
    [
        ("refresh.period", True),
        ("data.sources.ads.path", True),
        ("data.simulated.vintage", True),
        ("data.sources.ads.date", False),
        ("model.trend", False),
    ],
)
def test_dates_and_paths_that_change_every_time_are_no_changes(key: str, every: bool) -> None:
    assert changes_every_time(key) is every

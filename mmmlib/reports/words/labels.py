"""What a label was worth where the truth is known: the sentence behind it. (O8)"""

from __future__ import annotations

from collections.abc import Iterable

from mmmlib.governance.label_rates import label_rates
from mmmlib.reports.blocks import Bullets, Prose
from mmmlib.scenarios.pack import Label


def label_worth(shown: Iterable[Label]) -> Bullets:
    """Say of each label that is shown how often it was right.

    Parameters
    ----------
    shown
        Labels of a section, in any order.
    """
    rates, labels = label_rates(), set(shown)
    return Bullets(
        tuple(
            Prose(rates[one].text(), lead=f"{one.capitalize()}.") for one in Label if one in labels
        )
    )

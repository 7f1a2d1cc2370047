"""How often the checks of a refresh speak up, and when they should: their operating card.

``gate_rates.json`` beside this file is what ``benchmarks/gates.py --publish`` counted on sequences
of refreshes that nobody had looked at; docs/gates.md has its tables.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RATES = Path(__file__).with_name("gate_rates.json")


@dataclass(frozen=True)
class GateRates:
    """What the checks of a refresh, all together, did in simulated sequences.

    ``warned`` of ``refreshes`` in which nothing happened had a warning, with the 95 % range ``low``
    to ``high`` of their share. ``seen`` has, by what happened, the sequences in which it was seen
    within two refreshes, and all of them.
    """

    warned: int
    refreshes: int
    low: float
    high: float
    seen: dict[str, tuple[int, int]]


@cache
def gate_rates(file: Path = RATES) -> GateRates:
    """Read what the checks of a refresh are worth.

    Parameters
    ----------
    file
        As the benchmark writes it.

    Examples
    --------
    >>> gate_rates().refreshes > 0
    True
    """
    counted = json.loads(file.read_text(encoding="utf-8"))
    seen = {world: (found, of) for world, (found, of) in counted["seen"].items()}
    return GateRates(**counted["alarms"], seen=seen)

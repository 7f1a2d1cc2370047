"""What the pandoc filter of the pack makes of tables."""

from __future__ import annotations

import re
import subprocess

from mmmlib.provenance import RELEASED
from mmmlib.reports.render_pandoc import pandoc

PLAN = """\
| Channel | Today (USD a week) | Planned (USD a week) | Change | Within past spend? |
|:--------|-------------------:|---------------------:|-------:|:------------------|
| Content syndication | 89.2 k | 108 k | no change | yes |

: Weekly spend.
"""


def column_widths(markdown: str) -> list[int]:
    """Return the percentage of each column of the first table."""
    command = [pandoc(), "--to=html", f"--lua-filter={RELEASED / 'reports' / 'pack.lua'}"]
    done = subprocess.run(command, input=markdown, capture_output=True, text=True, check=True)
    return [int(width) for width in re.findall(r'<col style="width: (\d+)%"', done.stdout)]


def test_room_that_rows_leave_is_for_the_heads() -> None:
    channel, today, planned, change, seen = column_widths(PLAN)
    assert channel < 30  # it fits on one line in a quarter of the table
    assert change < 20
    assert min(today, planned, seen) >= 14


def test_long_text_gets_what_numbers_leave() -> None:
    long = "Stop the channel everywhere for some weeks and compare with the weeks before. " * 3
    name, weeks, how = column_widths(
        f"| Channel | Weeks | How |\n|:--|--:|:--|\n| Display | 12 | {long} |\n\n: A test.\n"
    )
    assert how > 70
    assert max(name, weeks) < 15


def test_in_print_labels_leave_the_room_to_what_they_label() -> None:
    table = "| Level | Part | Passed |\n|:--|:--|--:|\n| [Warn]{.level .warn} | Data | 114 |\n\n: Parts.\n"
    command = [pandoc(), "--to=typst", f"--lua-filter={RELEASED / 'reports' / 'pack.lua'}"]
    done = subprocess.run(command, input=table, capture_output=True, text=True, check=True)
    assert "#pack-table((auto, 1fr, auto,)," in done.stdout


def test_in_print_what_announces_a_list_stays_with_it() -> None:
    command = [pandoc(), "--to=typst", f"--lua-filter={RELEASED / 'reports' / 'pack.lua'}"]
    text = "It may be used to:\n\n- Shift budget\n\nIt ends.\n\n- Alone\n"
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    assert done.stdout.count("#block(sticky: true)[") == 1
    assert done.stdout.index("sticky") < done.stdout.index("It may be used to:")

"""The numbers behind the pack's tables, as a workbook for those who calculate on.

Every estimate stands in three columns: low, median, high, shown with as many digits as on the
pages. Units are in the column heads. A text that a spreadsheet could take for a formula is written with an
apostrophe in front, which shows it as text.
"""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.reports.cells import Value
from mmmlib.reports.results import Results
from mmmlib.reports.sheets import sheets
from mmmlib.reports.table import PlainColumn, Table

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
NARROW, WIDE = 10, 60


def write_tables(results: Results, path: Path) -> Path:
    """Write ``tables.xlsx``; a part of the run whose step did not run has no sheet.

    The same run gives the same bytes: the file says it was made when the run was.
    """
    import xlsxwriter

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(str(path), options) as workbook:
        created = results.run.manifest.created
        workbook.set_properties(
            {
                "title": safe_text(f"{results.params.title}, {results.run.manifest.period}"),
                "created": created.astimezone(dt.UTC).replace(tzinfo=None),
            }
        )
        for name, table in sheets(results).items():
            _write_sheet(workbook, name, table)
    return path


def safe_text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    XlsxWriter writes it as a string in any case; the apostrophe keeps it one when the
    sheet is saved as CSV and opened again.
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _write_sheet(workbook: xlsxwriter.Workbook, name: str, table: Table) -> None:
    page = workbook.add_worksheet(name)
    head = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
    columns = table.plain_columns()
    for place, column in enumerate(columns):
        page.write_string(0, place, safe_text(column.head), head)
        for line, (value, number) in enumerate(
            zip(column.values, column.formats, strict=True), start=1
        ):
            _write_cell(page, line, place, value, _shown(workbook, value, number))
        page.set_column(place, place, _width(column))
    page.freeze_panes(1, 2 if len(columns) > 5 else 0)
    page.repeat_rows(0)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    if name != "About":
        page.autofilter(0, 0, len(table.rows), len(columns) - 1)


def _shown(workbook: xlsxwriter.Workbook, value: Value, number: str) -> Format:
    if isinstance(value, dt.date):
        number = "yyyy-mm-dd"
    settings = {"valign": "top"} | ({"num_format": number} if number else {"text_wrap": True})
    return workbook.add_format(settings)


def _write_cell(page: Any, line: int, place: int, value: Value, shown: Format) -> None:
    if value is None or value == "":
        page.write_blank(line, place, None, shown)
    elif isinstance(value, str):
        page.write_string(line, place, safe_text(value), shown)
    elif isinstance(value, dt.date):
        page.write_datetime(line, place, dt.datetime.combine(value, dt.time()), shown)
    elif math.isfinite(value):
        page.write_number(line, place, value, shown)
    else:
        page.write_string(line, place, "unknown", shown)


def _width(column: PlainColumn) -> int:
    """Width in characters: as wide as the texts need, within bounds."""
    texts = [value for value in column.values if isinstance(value, str)]
    needed = [NARROW, *(len(text) + 2 for text in [*column.head.split(), *texts])]
    return min(max(needed), WIDE)

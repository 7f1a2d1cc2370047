"""What the firm's systems export: daily campaigns, opportunities, sheets; never a tidy panel.

Weekly totals are those of :mod:`mmmlib.simulate.delivery`, to the cent. How a week
falls on days, campaigns and deals is drawn once for the whole future, so that a
later vintage tells an earlier week the same way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.runs import write_with
from mmmlib.simulate import b2b_software as firm
from mmmlib.simulate.history import LAST_WEEK, History

REGIONS = list(firm.REGIONS)
DAY = np.timedelta64(1, "D")


def export(history: History, weekly: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the firm's exports, by file name, from what its systems hold week by week.

    ``ads.csv``, ``agency.csv``, ``crm.parquet``, ``product.xlsx``, ``web.jsonl``, ``controls.csv``
    and ``lift_tests.csv``; ``weekly`` is that of :func:`mmmlib.simulate.delivery.deliver`.
    """
    crm = weekly["crm"]
    leads = crm[["week", "region", "leads_sales_assisted"]]
    return {
        "ads.csv": _ads(history, weekly["media"]),
        "agency.csv": _agency(weekly["media"]),
        "crm.parquet": _opportunities(history, crm),
        "product.xlsx": weekly["product"],
        "web.jsonl": weekly["web"].merge(leads, on=["week", "region"], validate="1:1"),
        "controls.csv": weekly["controls"],
        "lift_tests.csv": weekly["lift_tests"],
    }


# --- media --------------------------------------------------------------------------------


def _ads(history: History, media: pd.DataFrame) -> pd.DataFrame:
    """The ad platforms' report: one row per day, market, campaign and ad group."""
    parts = []
    for channel, campaigns in firm.CAMPAIGNS.items():
        weeks, cents = _cents(media, firm.CHANNELS[channel].column)
        rng = history.rng(f"days {channel}")
        weight = rng.lognormal(0, 0.35, (len(REGIONS), LAST_WEEK, len(campaigns), 7))
        weight *= np.array([share for *_, share in campaigns])[:, None]
        weight[..., 5:] *= 0.6  # little is bought for weekends
        split = _split(cents, weight[:, : len(weeks)].reshape(*cents.shape, -1))
        split = split.reshape(*cents.shape, len(campaigns), 7)
        rate = rng.uniform(0.8, 1.2, (len(campaigns), 1))
        days = weeks.to_numpy()[:, None] + np.arange(7) * DAY
        for number, (pattern, group, _) in enumerate(campaigns):
            spend = split[:, :, number]
            shown = np.round(spend / 100 / firm.CPM[channel] * 1000 * rate[number])
            clicks = np.round(shown * firm.CLICK_RATE[channel])
            year = pd.DatetimeIndex(days.ravel()).year.to_numpy()
            names = np.array([pattern.format(year=y) for y in range(2023, 2032)])[year - 2023]
            parts.append(
                pd.DataFrame(
                    {
                        "Day": np.tile(days.ravel(), len(REGIONS)),
                        "Market": np.repeat(list(firm.MARKETS.values()), days.size),
                        "Campaign name": np.tile(names, len(REGIONS)),
                        "Ad group": group,
                        "Cost": spend.ravel() / 100,
                        "Impressions": shown.ravel().astype("int64"),
                        "Clicks": clicks.ravel().astype("int64"),
                        "Conversions": np.round(clicks.ravel() * 0.03).astype("int64"),
                    }
                )
            )
    ads = pd.concat([*parts, _pilot(history, media["week"].max())], ignore_index=True)
    return ads.sort_values(["Day", "Market", "Campaign name"], kind="stable", ignore_index=True)


def _pilot(history: History, last: pd.Timestamp) -> pd.DataFrame:
    """A small campaign that somebody began without telling anyone: no rule knows its name."""
    name, market, first, count, daily = firm.PILOT
    days = pd.date_range(first, periods=count, freq="D")
    spend = np.round(daily * history.rng("pilot").lognormal(0, 0.2, count), 2)
    pilot = pd.DataFrame(
        {
            "Day": days,
            "Market": market,
            "Campaign name": name,
            "Ad group": "all",
            "Cost": spend,
            "Impressions": np.round(spend * 40).astype("int64"),
            "Clicks": np.round(spend / 9).astype("int64"),
            "Conversions": 0,
        }
    )
    return pilot[pilot["Day"] < last + pd.Timedelta(days=7)]


def _agency(media: pd.DataFrame) -> pd.DataFrame:
    """The agency's master flat file: what is booked by hand, week by week."""
    parts = []
    for channel, pattern in firm.BOOKINGS.items():
        rows = media[media["channel"] == firm.CHANNELS[channel].column]
        quarter = rows["week"].dt.quarter.astype(str)
        names = [
            pattern.format(year=week.year, quarter=number)
            for week, number in zip(rows["week"], quarter, strict=True)
        ]
        parts.append(
            pd.DataFrame(
                {
                    "Period": rows["week"],
                    "Geography": rows["region"].map(firm.MARKETS),
                    "Product": "Platform",
                    "Campaign": names,
                    "Variable": "Spend",
                    "Value": rows["spend"],
                }
            )
        )
    flat = pd.concat(parts)
    return flat.sort_values(["Period", "Geography", "Campaign"], kind="stable", ignore_index=True)


def _cents(media: pd.DataFrame, column: str) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """Spend of a channel in cents; shape (region, week)."""
    rows = media[media["channel"] == column]
    square = rows.pivot(index="region", columns="week", values="spend").loc[REGIONS]
    weeks = pd.DatetimeIndex(square.columns)
    return weeks, np.round(square.to_numpy() * 100).astype("int64")


def _split(total: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Split whole numbers by weights along the last axis, exactly; shape of ``weight``."""
    share = np.cumsum(weight, axis=-1)
    share /= share[..., -1:]
    upto = np.round(share * total[..., None]).astype("int64")
    return np.diff(upto, axis=-1, prepend=0)


# --- deals ----------------------------------------------------------------------------------


def _opportunities(history: History, crm: pd.DataFrame) -> pd.DataFrame:
    """The CRM's export: one row per opportunity, open, won or lost.

    As many were created in a week as the firm's table says, and the won ones that
    were closed in a week add up to its bookings. A deal that will be won is open
    until it closes; those that closed in the first months were created before them.
    """
    weeks = pd.DatetimeIndex(sorted(crm["week"].unique()))
    today = weeks[-1] + pd.Timedelta(days=6)
    model = list(firm.OUTCOMES).index("pipeline.sales_assisted")
    parts = []
    for row, region in enumerate(REGIONS):
        rng = history.rng(f"deals {region}")
        created = history.outcome[model, row].astype("int64")  # in the end, all weeks
        won = np.maximum(np.round(created * firm.WIN_RATE), 1).astype("int64")
        closes = np.repeat(np.arange(LAST_WEEK), won)
        lag = rng.integers(*firm.DEAL_WEEKS, len(closes))
        size = rng.lognormal(0, 0.5, len(closes))
        close_day, create_day = rng.integers(0, 5, (2, len(closes)))
        begun = closes - lag
        # A week cannot have more deals that will be won than opportunities.
        full = np.bincount(begun[begun >= 0], minlength=LAST_WEEK) > created
        if full.any():
            raise AssertionError(f"more deals than opportunities in {region}")
        known = crm[crm["region"] == region].sort_values("week")
        booked = np.round(known["revenue_sales_assisted"].to_numpy() * 100).astype("int64")
        opportunities = known["opportunities_sales_assisted"].to_numpy()
        amount = np.zeros(len(closes), dtype="int64")
        for week in range(len(weeks)):
            deals = closes == week
            amount[deals] = _split(booked[week], size[deals])
        later = closes >= len(weeks)
        amount[later] = np.round(size[later] * firm.DEAL_SIZE * 100)
        seen = begun < len(weeks)
        deals = pd.DataFrame(
            {
                "number": np.arange(len(closes)),
                "week": begun,
                "Created Date": _date(history, begun, create_day),
                "Close Date": _date(history, closes, close_day).where(~later),
                "Stage": np.where(later, "Negotiation", firm.WON),
                "Amount": amount / 100,
                "Sales Motion": "Inbound",
            }
        )[seen]
        begun_known = np.bincount(begun[(begun >= 0) & seen], minlength=len(weeks))
        rest = opportunities - begun_known[: len(weeks)]
        others = _others(history, region, rest, weeks, today)
        both = pd.concat([deals, others], ignore_index=True)
        both.insert(
            0, "Opportunity Id", region.upper() + "-" + both["number"].astype(str).str.zfill(6)
        )
        both["Region"] = region
        parts.append(both.drop(columns=["number", "week"]))
    deals = pd.concat(parts, ignore_index=True)
    return deals.sort_values(["Created Date", "Opportunity Id"], kind="stable", ignore_index=True)


def _others(
    history: History, region: str, count: np.ndarray, weeks: pd.DatetimeIndex, today: pd.Timestamp
) -> pd.DataFrame:
    """Opportunities that are not won: lost after some months, or open still."""
    if (count < 0).any():
        raise AssertionError(f"fewer opportunities than deals in {region}")
    rng = history.rng(f"lost {region}")
    most = int(count.max())
    # Drawn for a whole rectangle, so that a week's first ones are the same in every vintage.
    shape = (LAST_WEEK, firm.MOST_A_WEEK)
    if most > shape[1]:
        raise AssertionError(f"{most} opportunities in a week of {region}")
    taken = np.arange(shape[1]) < count[:, None]
    day = rng.integers(0, 5, shape)[: len(weeks)][taken]
    lasts = rng.integers(7, 200, shape)[: len(weeks)][taken]
    size = rng.lognormal(0, 0.6, shape)[: len(weeks)][taken]
    outbound = (rng.random(shape) < 0.45)[: len(weeks)][taken]
    week = np.nonzero(taken)[0]
    number = 500_000 + (week * shape[1] + np.nonzero(taken)[1])
    created = _date(history, week, day)
    closed = created + pd.to_timedelta(lasts, unit="D")
    lost = closed <= today
    return pd.DataFrame(
        {
            "number": number,
            "week": week,
            "Created Date": created,
            "Close Date": closed.where(lost),
            "Stage": np.where(lost, "Closed Lost", "Qualified"),
            "Amount": np.round(size * firm.DEAL_SIZE, 2),
            "Sales Motion": np.where(outbound, "Outbound", "Inbound"),
        }
    )


def _date(history: History, week: np.ndarray, day: np.ndarray) -> pd.Series:
    first = history.weeks[0].to_datetime64()
    days = np.asarray(week * 7 + day).astype("timedelta64[D]")
    return pd.Series(first + days).astype("datetime64[ns]")


# --- files ------------------------------------------------------------------------------------


def write_export(path: Path, table: pd.DataFrame) -> Path:
    """Write an export in the format of its ending; the same table, the same bytes."""
    return write_with(path, lambda target: _WRITERS[path.suffix](target, table))


def _csv(path: Path, table: pd.DataFrame) -> None:
    table.to_csv(path, index=False, lineterminator="\n", date_format="%Y-%m-%d")


def _parquet(path: Path, table: pd.DataFrame) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    days = {str(name): table[name].dt.date for name in table if table[name].dtype.kind == "M"}
    content = pa.Table.from_pandas(table.assign(**days), preserve_index=False)
    pq.write_table(content.replace_schema_metadata(None), path)


def _jsonl(path: Path, table: pd.DataFrame) -> None:
    days = {
        str(name): table[name].dt.strftime("%Y-%m-%d")
        for name in table
        if table[name].dtype.kind == "M"
    }
    table.assign(**days).to_json(path, orient="records", lines=True)


def _excel(path: Path, table: pd.DataFrame) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(path)
    book.set_properties({"created": dt.datetime(2023, 1, 1)})  # else the file tells the time
    sheet, date = book.add_worksheet("Outcomes"), book.add_format({"num_format": "yyyy-mm-dd"})
    for column, name in enumerate(table):
        sheet.write_string(0, column, str(name))
        for row, value in enumerate(table[name], 1):
            if isinstance(value, pd.Timestamp):
                sheet.write_datetime(row, column, value.to_pydatetime(), date)
            elif isinstance(value, str):
                sheet.write_string(row, column, value)
            else:
                sheet.write_number(row, column, value)
    book.close()


_WRITERS: dict[str, Callable[[Path, pd.DataFrame], None]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".jsonl": _jsonl,
    ".xlsx": _excel,
}

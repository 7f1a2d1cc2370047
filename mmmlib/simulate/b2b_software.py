"""The demo company: it sells software to businesses, by itself and through a sales team.

Signups become pipeline, pipeline becomes revenue. Each stage answers to media
later than the one before: self-serve within weeks, sales-assisted revenue over a
quarter. The numbers below are the truth that a model is to find.
"""

from __future__ import annotations

from dataclasses import dataclass

from mmmlib.simulate import budgets
from mmmlib.simulate.budgets import Budget

FIRST_WEEK = "2023-07-03"
WEEKS = 156
"""Length of the first vintage; it ends with the second quarter of 2026."""
WEEKS_PER_VINTAGE = 13
LAST_VINTAGE = 12
ADSTOCK_WEEKS = 13

REGIONS = {"amer": 0.5, "emea": 0.32, "apac": 0.18}
"""Share of the business."""
TARGET_COMPANIES = {"amer": 410_000, "emea": 350_000, "apac": 260_000}


@dataclass(frozen=True)
class ChannelTruth:
    """One channel: its budget, its carryover and what it is worth to each outcome."""

    column: str
    weekly: float
    """Mean weekly spend, all regions, USD."""
    budget: Budget
    adstock: str
    retention: float
    """Of self-serve signups; later stages keep more."""
    peak: float
    saturation: str
    shape: tuple[float, ...]
    """Parameters of the saturation, for spend divided by the mean of its weeks with spend."""
    signups: float
    """Share of self-serve signups that it causes."""
    opportunities: float
    """Share of sales-assisted opportunities that it causes."""
    roi_self_serve: float
    roi_sales_assisted: float
    """Revenue per USD of spend, by motion."""


CHANNELS = {
    "search": ChannelTruth(
        "paid_search", 110e3, budgets.demand_following, "geometric", 0.30, 0.0,
        "logistic", (1.4,), 0.120, 0.080, 1.60, 1.20,
    ),
    "social": ChannelTruth(
        "paid_social", 70e3, budgets.always_on, "geometric", 0.45, 0.0,
        "logistic", (1.5,), 0.060, 0.035, 1.10, 0.80,
    ),
    "video": ChannelTruth(
        "online_video", 60e3, budgets.flighted, "geometric", 0.50, 0.0,
        "logistic", (1.2,), 0.050, 0.030, 1.20, 0.80,
    ),
    "events": ChannelTruth(
        "conferences", 50e3, budgets.bursts, "delayed", 0.80, 1.0,
        "logistic", (0.9,), 0.012, 0.070, 0.45, 3.00,
    ),
    "content": ChannelTruth(
        # Many signups, little revenue: the quality of demand differs by channel.
        "content_syndication", 40e3, budgets.campaigns, "geometric", 0.50, 0.0,
        "logistic", (1.4,), 0.055, 0.030, 0.50, 0.60,
    ),
    "partner": ChannelTruth(
        "partner_funds", 35e3, budgets.quarterly, "delayed", 0.80, 1.5,
        "logistic", (1.0,), 0.015, 0.045, 0.70, 2.60,
    ),
    "brand": ChannelTruth(
        "brand", 80e3, budgets.long_flights, "delayed", 0.82, 2.0,
        "hill", (1.1, 1.3), 0.060, 0.060, 1.40, 1.80,
    ),
    "display": ChannelTruth(
        "display", 25e3, budgets.flat, "geometric", 0.30, 0.0,
        "logistic", (1.2,), 0.020, 0.010, 0.80, 0.50,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class OutcomeTruth:
    """One outcome of one motion. Sizes are shares of the level, all regions together."""

    column: str
    file: str
    level: float
    """Weekly outcome that would come without media, at the start."""
    growth: float
    """Growth of the level over a year."""
    season: float
    """Height of the yearly wave."""
    noise: float
    """Standard deviation of a week, all regions together, as a share of the level."""
    price: float
    competitors: float
    demand: float
    """Effect of ten points of each index."""
    launch: float
    year_end: float
    """Effect of the events while they last."""
    slower: float
    """Retention of a channel is raised to ``1 / slower``."""
    later: float
    """Weeks that the peak of a delayed channel moves back."""
    whole: bool
    """Whether it is counted in whole numbers."""


OUTCOMES = {
    "signups.self_serve": OutcomeTruth(
        "signups_self_serve", "product", 2_200.0, 0.10, 0.07, 0.035,
        -0.10, -0.06, 0.10, 0.12, -0.22, 1.0, 0.0, True,
    ),
    "signups.sales_assisted": OutcomeTruth(
        "leads_sales_assisted", "crm", 700.0, 0.06, 0.06, 0.05,
        -0.05, -0.05, 0.08, 0.10, -0.25, 1.1, 0.0, True,
    ),
    "pipeline.self_serve": OutcomeTruth(
        "trials_self_serve", "product", 950.0, 0.09, 0.07, 0.04,
        -0.12, -0.06, 0.09, 0.12, -0.22, 1.2, 0.3, True,
    ),
    "pipeline.sales_assisted": OutcomeTruth(
        "opportunities_sales_assisted", "crm", 180.0, 0.06, 0.08, 0.05,
        -0.06, -0.07, 0.07, 0.08, -0.28, 1.6, 1.0, True,
    ),
    "revenue.self_serve": OutcomeTruth(
        "revenue_self_serve", "product", 1.05e6, 0.11, 0.06, 0.035,
        0.05, -0.06, 0.09, 0.10, -0.18, 1.3, 0.5, False,
    ),
    "revenue.sales_assisted": OutcomeTruth(
        "revenue_sales_assisted", "crm", 1.60e6, 0.07, 0.09, 0.06,
        0.04, -0.07, 0.06, 0.04, -0.25, 2.2, 2.5, False,
    ),
}  # fmt: skip

EVENTS = {
    "launch": ("2025-02-03", "2025-02-23"),
    "year_end_2023": ("2023-12-18", "2023-12-31"),
    "year_end_2024": ("2024-12-16", "2024-12-29"),
    "year_end_2025": ("2025-12-15", "2025-12-28"),
    "year_end_2026": ("2026-12-14", "2026-12-27"),
    "year_end_2027": ("2027-12-13", "2027-12-26"),
    "year_end_2028": ("2028-12-18", "2028-12-31"),
}
"""First and last day; whole weeks."""
PRICE_CHANGE = ("2025-09-01", 0.08)
"""First week of the new price list, and by how much it is higher."""
SLOWDOWN = ("2025-01-06", 0.5)
"""From this week on the level grows by this share of its earlier growth."""


@dataclass(frozen=True)
class PlannedTest:
    """A geo test: spend in one region was changed for some weeks."""

    channel: str
    region: str
    model: str
    start: str
    weeks: int
    change: float
    """Change of spend, as a share of what would have been spent."""
    precision: float
    """Standard error, as a share of the true lift."""
    vintage: int
    """First vintage that has the result."""


LIFT_TESTS = (
    PlannedTest("search", "amer", "revenue.self_serve", "2025-04-07", 6, 0.50, 0.20, 1),
    PlannedTest("video", "emea", "signups.self_serve", "2025-09-29", 8, -1.00, 0.25, 1),
    PlannedTest("brand", "apac", "revenue.self_serve", "2026-01-12", 8, 0.80, 0.30, 1),
    PlannedTest("display", "amer", "revenue.self_serve", "2026-07-06", 8, 1.00, 0.30, 2),
    PlannedTest("partner", "emea", "revenue.sales_assisted", "2026-10-05", 10, 0.60, 0.30, 3),
)

# --- what the first delivery of a week gets wrong -------------------------------------

LATE_BOOKINGS = (0.95, 0.975, 0.985, 0.995)
"""Share of the sales team's outcomes that is booked already, newest week first."""
LATE_INVOICES = ("events", "partner")
INVOICE_WEEKS, INVOICE_ERROR = 6, 0.04
"""Newest weeks of these channels that hold estimates, and how far these are off (sd)."""
FEES = ("social", "emea", "2025-03-03", 8, 1.12, 2)
"""Spend that was first delivered with agency fees: channel, region, first week, weeks,
factor, and the vintage from which on it is right."""

# --- what its systems call things ----------------------------------------------------------

MARKETS = {"amer": "Americas", "emea": "EMEA", "apac": "Asia Pacific"}
"""What ad platforms and the agency call the regions."""
CAMPAIGNS: dict[str, tuple[tuple[str, str, float], ...]] = {
    "search": (("GS_Brand_{year}", "exact", 0.35), ("GS_Generic_{year}", "broad", 0.65)),
    "social": (("LI_LeadGen_{year}", "managers", 0.6), ("META_Lookalike_{year}", "all", 0.4)),
    "video": (("YT_Explainer_{year}", "skippable", 1.0),),
    "display": (("DV360_Retargeting_{year}", "visitors", 1.0),),
}
"""Channels that ad platforms report: campaign, ad group and share of the channel's spend."""
CPM = {"search": 95.0, "social": 42.0, "video": 18.0, "display": 6.0}
CLICK_RATE = {"search": 0.035, "social": 0.006, "video": 0.002, "display": 0.0008}
BOOKINGS = {
    "events": "Conference - {year} Q{quarter}",
    "content": "Syndication - {year}",
    "partner": "Partner MDF {year} Q{quarter}",
    "brand": "Brand TV & Print {year}",
}
"""Channels that are booked by hand, and what the agency calls their campaigns."""
PILOT = ("PILOT_podcast-ads_2026", "Americas", "2026-05-11", 28, 260.0)
"""A campaign that no rule knows: name, market, first day, days, USD a day. It is not part of any
channel's spend."""

WON = "Closed Won"
WIN_RATE = 0.18
DEAL_WEEKS = (3, 26)
"""Fewest weeks, and one more than most, from an opportunity to a won deal."""
DEAL_SIZE = 45e3
"""Typical amount of a deal that is not won yet, USD."""
MOST_A_WEEK = 400
"""More opportunities of one region than any week has."""

"""A company with known truth: its history, its vintages as files, its effects.

>>> company = make_company("b2b_software", seed=1)
>>> company.write_vintage(Path("data"), vintage=1)  # doctest: +SKIP
>>> company.truth(1)["roi"]  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.errors import InputError
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.runs import write_with
from mmmlib.simulate import b2b_software as firm
from mmmlib.simulate.structure import Response, activity, autoregressive

COMPANIES = ("b2b_software",)
LAST_WEEK = firm.WEEKS + firm.WEEKS_PER_VINTAGE * (firm.LAST_VINTAGE - 1)


def list_companies() -> tuple[str, ...]:
    """Names of the companies that can be simulated."""
    return COMPANIES


def make_company(name: str, seed: int = 1) -> Company:
    """Return a company; the same name and seed give the same company.

    Raises
    ------
    InputError
        If there is no company of that name, or the seed is negative.
    """
    if name not in COMPANIES:
        raise InputError.one(
            None,
            "data.simulated.company",
            shown(name),
            f"one of {', '.join(COMPANIES)}",
            did_you_mean(name, COMPANIES),
        )
    if seed < 0:
        raise InputError.one(None, "data.simulated.seed", shown(seed), "zero or more")
    return Company(name, seed)


def write_vintages(
    company: str, seed: int, out: Path, vintages: Sequence[int]
) -> list[Path]:
    """Write vintages of a company, each to its own folder with the truth beside the data.

    Returns
    -------
    list of Path
        The folders, ``out/vintage_<number>``; each holds the files of the firm
        and ``truth.nc``, which no refresh reads.
    """
    firm_ = make_company(company, seed)
    folders = []
    for vintage in vintages:
        folder = Path(out) / f"vintage_{vintage}"
        firm_.write_vintage(folder, vintage)
        truth = firm_.truth(vintage)
        write_with(
            folder / "truth.nc",
            lambda path, truth=truth: truth.to_netcdf(path, engine="h5netcdf"),
        )
        folders.append(folder)
    return folders


@dataclass(frozen=True)
class Company:
    """The B2B software company of :mod:`mmmlib.simulate.b2b_software`, with a seed.

    The whole future is laid out at once; a vintage is what was known at its time.
    Arrays are ordered as ``firm.CHANNELS``, ``firm.REGIONS``, ``firm.OUTCOMES``.
    """

    name: str
    seed: int

    # --- its files

    def write_vintage(self, folder: str | Path, vintage: int) -> list[Path]:
        """Write the files of a vintage, as the firm's systems would deliver them.

        ``media.csv`` (long), ``product.csv``, ``crm.csv`` and ``web.csv`` (by region),
        ``controls.csv`` (national), ``lift_tests.csv``. Same seed, same bytes.
        """
        folder = Path(folder)
        paths = []
        for name, frame in self.delivered(vintage).items():
            text = frame.to_csv(
                index=False, lineterminator="\n", date_format="%Y-%m-%d"
            )
            paths.append(
                write_with(folder / name, lambda path, t=text: path.write_text(t))
            )
        return paths

    def delivered(self, vintage: int) -> dict[str, pd.DataFrame]:
        """Return the files of a vintage as tables, by file name."""
        weeks = self.weeks(vintage)
        count, regions = len(weeks), list(firm.REGIONS)
        spend = self._reported_spend(vintage)
        columns = [truth.column for truth in firm.CHANNELS.values()]
        index = pd.MultiIndex.from_product([columns, regions, weeks])
        media = pd.DataFrame({"spend": spend.ravel()}, index=index).reset_index()
        media.columns = ["channel", "region", "week", "spend"]
        grid = pd.MultiIndex.from_product([regions, weeks], names=["region", "week"])
        by_file: dict[str, pd.DataFrame] = {}
        reported = self._reported_outcomes(vintage)
        for row, truth in enumerate(firm.OUTCOMES.values()):
            table = by_file.setdefault(truth.file, pd.DataFrame(index=grid))
            values = reported[row].ravel()
            table[truth.column] = values.astype("int64") if truth.whole else values
        web = pd.DataFrame(index=grid)
        for column, visits in self._visits.items():
            web[column] = visits[:, :count].ravel()
        web["target_companies"] = np.repeat(list(firm.TARGET_COMPANIES.values()), count)
        controls = pd.DataFrame({k: v[:count] for k, v in self._controls.items()})
        controls.insert(0, "week", weeks)
        tables = {name: table.reset_index() for name, table in by_file.items()}
        order = ["week", "region", "channel", "spend"]
        return {
            "media.csv": _by_week(media[order]),
            **{name: _by_week(table) for name, table in tables.items()},
            "web.csv": _by_week(web.reset_index()),
            "controls.csv": controls,
            "lift_tests.csv": self._lift_tests(vintage),
        }

    def restated(self, earlier: int, later: int) -> pd.DataFrame:
        """List every value that two vintages tell differently for the same week.

        Returns
        -------
        DataFrame
            Columns ``file``, ``series``, ``region``, ``week``, ``before``, ``after``.
        """
        before, after = self.delivered(earlier), self.delivered(later)
        parts = []
        for file in before:
            if file == "lift_tests.csv":
                continue
            old, new = _melted(before[file], file), _melted(after[file], file)
            both = old.join(new, how="inner", lsuffix="_old", rsuffix="_new")
            changed = both[both["value_old"] != both["value_new"]]
            changed.columns = ["before", "after"]
            parts.append(changed)
        return pd.concat(parts).reset_index()

    # --- its truth

    def weeks(self, vintage: int) -> pd.DatetimeIndex:
        """First days (Mondays) of the weeks that a vintage has."""
        if not 1 <= vintage <= firm.LAST_VINTAGE:
            raise InputError.one(
                None,
                "data.simulated.vintage",
                shown(vintage),
                f"a whole number from 1 to {firm.LAST_VINTAGE}",
            )
        return self._weeks[: firm.WEEKS + firm.WEEKS_PER_VINTAGE * (vintage - 1)]

    def truth(self, vintage: int) -> xr.Dataset:
        """Return what really happened over the weeks of a vintage.

        Returns
        -------
        xarray.Dataset
            ``contribution`` (model, channel, region, week) in the outcome's unit;
            ``baseline``, ``noise`` and ``outcome`` (model, region, week), which add
            up: outcome = baseline + contribution + noise, to the rounding of counts;
            ``spend`` (channel, region, week), USD; ``roi`` (model, channel), outcome
            per USD over these weeks; ``half_life`` (model, channel), weeks;
            ``adstock_weight`` (model, channel, lag); ``saturation`` (channel, shape);
            ``media_scale`` (channel, region); ``coefficient`` (model, channel, region).
        """
        weeks = self.weeks(vintage)
        upto = slice(len(weeks))
        models, channels = list(firm.OUTCOMES), list(firm.CHANNELS)
        three = ("model", "region", "week")
        responses = [self._responses(model) for model in models]
        lags = firm.ADSTOCK_WEEKS
        shapes = [(*c.shape, np.nan)[:2] for c in firm.CHANNELS.values()]
        truth = xr.Dataset(
            {
                "contribution": (
                    ("model", "channel", *three[1:]),
                    self._contribution[..., upto],
                ),
                "baseline": (three, self._baseline[..., upto]),
                "noise": (three, self._noise[..., upto]),
                "outcome": (three, self._outcome[..., upto]),
                "spend": (("channel", "region", "week"), self._spend[..., upto]),
                "half_life": (
                    ("model", "channel"),
                    [[r.half_life(lags) for r in row] for row in responses],
                ),
                "adstock_weight": (
                    ("model", "channel", "lag"),
                    [[r.weights(lags) for r in row] for row in responses],
                ),
                "saturation": (("channel", "shape"), shapes),
                "media_scale": (("channel", "region"), self._scale),
                "coefficient": (("model", "channel", "region"), self._coefficient),
            },
            coords={
                "model": models,
                "channel": channels,
                "region": list(firm.REGIONS),
                "week": weeks,
            },
            attrs={"company": self.name, "seed": self.seed, "vintage": vintage},
        )
        over = ["region", "week"]
        truth["roi"] = truth["contribution"].sum(over) / truth["spend"].sum(over)
        return truth

    # --- how it came about: each part has its own stream of random numbers

    def _rng(self, part: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, crc32(part.encode())])

    @cached_property
    def _weeks(self) -> pd.DatetimeIndex:
        return pd.date_range(firm.FIRST_WEEK, periods=LAST_WEEK, freq="7D", name="week")

    @cached_property
    def _season(self) -> np.ndarray:
        """Yearly wave of two terms, high in spring and autumn; shape (week,)."""
        turn = 2 * np.pi * self._weeks.dayofyear.to_numpy() / 365.25
        return 0.7 * np.cos(turn - 1.6) + 0.5 * np.cos(2 * turn - 1.9)

    @cached_property
    def _controls(self) -> dict[str, np.ndarray]:
        """Indices around 100 that move the outcomes beside marketing; each (week,)."""
        first, rise = firm.PRICE_CHANGE
        price = 100 * (1 + rise * (self._weeks >= first))
        competitors = autoregressive(self._rng("competitors"), (LAST_WEEK,), 0.85, 7.0)
        demand = autoregressive(self._rng("demand"), (LAST_WEEK,), 0.7, 7.0)
        return {
            "price_index": price,
            "competitor_index": np.round(100 + competitors, 2),
            "category_demand": np.round(100 + 6 * self._season + demand, 2),
        }

    @cached_property
    def _spend(self) -> np.ndarray:
        """True spend, USD; shape (channel, region, week)."""
        demand = self._controls["category_demand"]
        spend = np.empty((len(firm.CHANNELS), len(firm.REGIONS), LAST_WEEK))
        for row, (name, truth) in enumerate(firm.CHANNELS.items()):
            rng = self._rng(f"spend {name}")
            national = truth.weekly * truth.budget(rng, LAST_WEEK, demand)
            # Tilted towards the ends that a plan knows: money follows the size of a region.
            shares = np.array(list(firm.REGIONS.values())) * rng.lognormal(0, 0.15, 3)
            moving = shares[:, None] * rng.lognormal(0, 0.12, (3, LAST_WEEK))
            spend[row] = national * moving / moving.sum(axis=0)
        return np.round(spend, 2)

    @cached_property
    def _scale(self) -> np.ndarray:
        """Largest national week of the first vintage, split as spend is; (channel, region)."""
        past = self._spend[..., : firm.WEEKS]
        share = past.sum(axis=2) / past.sum(axis=(1, 2))[:, None]
        return past.sum(axis=1).max(axis=1)[:, None] * share

    def _responses(self, model: str) -> list[Response]:
        outcome = firm.OUTCOMES[model]
        return [
            Response(
                c.adstock,
                c.retention ** (1 / outcome.slower),
                c.peak + outcome.later if c.adstock == "delayed" else 0.0,
                c.saturation,
                c.shape,
            )
            for c in firm.CHANNELS.values()
        ]

    def _activity(self, model: str, spend: np.ndarray) -> np.ndarray:
        return activity(spend, self._scale, self._responses(model), firm.ADSTOCK_WEEKS)

    @cached_property
    def _coefficient(self) -> np.ndarray:
        """Weekly outcome at full saturation; shape (model, channel, region).

        Set so that the first vintage has the returns and shares that the firm's
        table states; regions differ in how well a channel works.
        """
        past = self._spend[..., : firm.WEEKS]
        size = np.array(list(firm.REGIONS.values()))
        works = size * self._rng("regions").lognormal(0, 0.2, (len(firm.CHANNELS), 3))
        works /= works.sum(axis=1, keepdims=True)
        total = np.empty((len(firm.OUTCOMES), len(firm.CHANNELS)))
        for row, (model, outcome) in enumerate(firm.OUTCOMES.items()):
            active = (self._activity(model, past) * works[..., None]).sum(axis=(1, 2))
            worth = [_worth(model, c) for c in firm.CHANNELS.values()]
            if model.startswith("revenue"):
                caused = np.array(worth) * past.sum(axis=(1, 2))
            else:
                whole = outcome.level * firm.WEEKS / (1 - sum(worth))
                caused = np.array(worth) * whole
            total[row] = caused / active
        return total[..., None] * works

    @cached_property
    def _contribution(self) -> np.ndarray:
        """Outcome caused; shape (model, channel, region, week)."""
        active = np.stack(
            [self._activity(model, self._spend) for model in firm.OUTCOMES]
        )
        return self._coefficient[..., None] * active

    @cached_property
    def _baseline(self) -> np.ndarray:
        """Outcome without media; shape (model, region, week)."""
        years = np.arange(LAST_WEEK) / 52.18
        since, share = firm.SLOWDOWN
        turn = years[np.searchsorted(self._weeks, pd.Timestamp(since))]
        growing = np.minimum(years, turn) + share * np.maximum(years - turn, 0)
        index = [(values - 100) / 10 for values in self._controls.values()]
        launch = self._during("launch")
        year_end = sum(self._during(name) for name in firm.EVENTS if name != "launch")
        size = np.array(list(firm.REGIONS.values()))
        return np.stack(
            [
                o.level
                * size[:, None]
                * (
                    1
                    + o.growth * growing
                    + o.season * self._season
                    + o.price * index[0]
                    + o.competitors * index[1]
                    + o.demand * index[2]
                    + o.launch * launch
                    + o.year_end * year_end
                )
                for o in firm.OUTCOMES.values()
            ]
        )

    def _during(self, event: str) -> np.ndarray:
        first, last = firm.EVENTS[event]
        return ((self._weeks >= first) & (self._weeks <= last)).astype(float)

    @cached_property
    def _noise(self) -> np.ndarray:
        """What nothing explains; shape (model, region, week)."""
        root = np.sqrt(list(firm.REGIONS.values()))
        return np.stack(
            [
                o.noise
                * o.level
                * root[:, None]
                * self._rng(f"noise {m}").normal(size=(3, LAST_WEEK))
                for m, o in firm.OUTCOMES.items()
            ]
        )

    @cached_property
    def _outcome(self) -> np.ndarray:
        """Outcome as it finally was; shape (model, region, week)."""
        value = self._baseline + self._contribution.sum(axis=1) + self._noise
        decimals = [0 if outcome.whole else 2 for outcome in firm.OUTCOMES.values()]
        rows = zip(np.maximum(value, 0), decimals, strict=True)
        return np.stack([np.round(row, places) for row, places in rows])

    @cached_property
    def _visits(self) -> dict[str, np.ndarray]:
        """Visits of the web site; each (region, week)."""
        rng = self._rng("visits")
        per_visit = rng.uniform(5, 12, len(firm.CHANNELS))
        paid = (self._spend / per_visit[:, None, None]).sum(axis=0)
        demand = self._controls["category_demand"] / 100
        size = np.array(list(firm.REGIONS.values()))[:, None]
        organic = 75e3 * size * demand * rng.lognormal(0, 0.06, (3, LAST_WEEK))
        paid_visits = np.round(paid).astype("int64")
        return {
            "visits": paid_visits + np.round(organic).astype("int64"),
            "paid_visits": paid_visits,
        }

    # --- how it was told

    def _reported_spend(self, vintage: int) -> np.ndarray:
        count = len(self.weeks(vintage))
        spend = self._spend[..., :count].copy()
        channels, regions = list(firm.CHANNELS), list(firm.REGIONS)
        rng = self._rng(f"invoices {vintage}")
        for name in firm.LATE_INVOICES:
            newest = spend[channels.index(name), :, -firm.INVOICE_WEEKS :]
            newest *= np.exp(rng.normal(0, firm.INVOICE_ERROR, newest.shape))
        channel, region, first, lasting, factor, right_from = firm.FEES
        if vintage < right_from:
            start = np.searchsorted(self._weeks, pd.Timestamp(first))
            spend[
                channels.index(channel), regions.index(region), start : start + lasting
            ] *= factor
        return np.round(spend, 2)

    def _reported_outcomes(self, vintage: int) -> np.ndarray:
        count = len(self.weeks(vintage))
        outcome = self._outcome[..., :count].copy()
        for row, truth in enumerate(firm.OUTCOMES.values()):
            if truth.file == "crm.csv":
                booked = np.array(firm.LATE_BOOKINGS)[::-1]
                newest = outcome[row, :, -len(booked) :] * booked
                outcome[row, :, -len(booked) :] = np.round(
                    newest, 0 if truth.whole else 2
                )
        return outcome

    def _lift_tests(self, vintage: int) -> pd.DataFrame:
        """Results of the geo tests that ended before the vintage."""
        weeks, rows = self.weeks(vintage), []
        channels, regions = list(firm.CHANNELS), list(firm.REGIONS)
        for number, test in enumerate(firm.LIFT_TESTS):
            if test.vintage > vintage:
                continue
            start = int(np.searchsorted(weeks, pd.Timestamp(test.start)))
            window = slice(start, start + test.weeks)
            at = (channels.index(test.channel), regions.index(test.region))
            tested = self._spend.copy()
            tested[(*at, window)] *= 1 + test.change
            change = tested[(*at, window)].sum() - self._spend[(*at, window)].sum()
            model = list(firm.OUTCOMES).index(test.model)
            gain = (
                self._activity(test.model, tested)[at]
                - self._activity(test.model, self._spend)[at]
            )
            lift = self._coefficient[model, *at] * gain[window].sum()
            error = test.precision * abs(lift)
            seen = self._rng(f"lift test {number}").normal(lift, error)
            outcome, _, motion = test.model.partition(".")
            rows.append(
                {
                    "test": f"{test.channel}_{test.region}_{test.start}",
                    "channel": test.channel,
                    "region": test.region,
                    "outcome": outcome,
                    "motion": motion,
                    "start": weeks[start],
                    "end": weeks[start + test.weeks - 1] + pd.Timedelta(days=6),
                    "spend_change": round(float(change), 2),
                    "incremental_outcome": round(float(seen), 2),
                    "standard_error": round(float(error), 2),
                }
            )
        return pd.DataFrame(rows)


def _worth(model: str, channel: firm.ChannelTruth) -> float:
    """Return per USD for revenue, share of the outcome for what is counted."""
    outcome, _, motion = model.partition(".")
    if outcome == "revenue":
        return (
            channel.roi_self_serve
            if motion == "self_serve"
            else channel.roi_sales_assisted
        )
    if motion == "self_serve":
        return channel.signups if outcome == "signups" else 0.9 * channel.signups
    return (
        channel.opportunities if outcome == "pipeline" else 0.8 * channel.opportunities
    )


def _by_week(table: pd.DataFrame) -> pd.DataFrame:
    first = ["week", "region"]
    rest = [name for name in table.columns if name not in first]
    return table[first + rest].sort_values(first, kind="stable", ignore_index=True)


def _melted(table: pd.DataFrame, file: str) -> pd.DataFrame:
    """Turn a file's table into one value per series, region and week."""
    if "region" not in table:
        table = table.assign(region="")
    if "channel" in table:
        long = table.rename(columns={"channel": "series", "spend": "value"})
    else:
        long = table.melt(["week", "region"], var_name="series")
    long = long.assign(file=file, value=long["value"].astype(float))
    return long.set_index(["file", "series", "region", "week"])[["value"]].sort_index()

"""Raw names mapped by ordered rules, by day, with nothing lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmlib.data.naming.naming import name_rows
from mmmlib.data.naming.taxonomy import (
    ALWAYS,
    EXCLUDED,
    FOREVER,
    UNMAPPED,
    MappingRule,
    Taxonomy,
    apply_mapping,
    map_names,
)
from mmmlib.params.source import Source

ADS = Source(path="ads.csv", layout="ad_platform", taxonomy=True, region="market")


def taxonomy(*rules: dict[str, Any], **more: Any) -> Taxonomy:
    return Taxonomy(
        version="1",
        valid_from=dt.date(2024, 1, 1),
        rules=tuple(MappingRule(**r) for r in rules),
        **more,
    )


def names(*texts: str, source: str = "ads") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": source,
            "name": list(texts),
            "first": dt.date(2024, 1, 1),
            "last": dt.date(2024, 12, 31),
            "rows": 10,
            "spend": [float(100 - number) for number in range(len(texts))],
        }
    )


def ads(*rows: tuple[str, str, float], market: str = "US") -> Any:
    days, campaigns, spend = map(list, zip(*rows, strict=True))
    return ibis.memtable(
        pa.table(
            {"date": days, "campaign": campaigns, "spend": spend, "market": [market] * len(rows)}
        )
    )


def sums(rows: Any) -> dict[str, float]:
    found = pd.DataFrame(rows.to_pyarrow().to_pydict())
    return found.groupby("series")["value"].sum().to_dict() if len(found) else {}


def test_the_first_rule_decides() -> None:
    rules = taxonomy(
        {"exact": "GS_brand", "channel": "brand"},
        {"glob": "GS_*", "channel": "search"},
        {"regex": "generic$", "channel": "social"},
    )
    mapping = map_names(rules, names("GS_brand", "GS_generic", "gs_brand", "x_generic"))
    channels = mapping.frame.set_index("name")["channel"].to_dict()
    assert channels == {
        "GS_brand": "brand", "GS_generic": "search", "gs_brand": UNMAPPED, "x_generic": "social",
    }  # fmt: skip
    assert mapping.decided == {1: 1, 2: 1, 3: 1}
    assert mapping.matched == {1: 1, 2: 2, 3: 2}
    also = mapping.frame.set_index("name")["also"].to_dict()
    assert also["GS_brand"] == (2,)
    assert also["GS_generic"] == (3,)
    assert list(mapping.unmapped["name"]) == ["gs_brand"]


def test_a_rule_may_hold_for_one_source_only() -> None:
    rules = taxonomy({"source": "crm", "glob": "*", "motion": "sales"})
    assert list(map_names(rules, names("A")).frame["channel"]) == [UNMAPPED]
    assert list(map_names(rules, names("A", source="crm")).frame["motion"]) == ["sales"]


def test_groups_of_a_regex_are_taken() -> None:
    rules = taxonomy({"regex": "^(?P<region>EMEA|APAC)_(?P<channel>TV)_"})
    row = map_names(rules, names("EMEA_TV_x")).frame.iloc[0]
    assert (row["channel"], row["region"]) == ("tv", "emea")


def test_a_dated_rule_leaves_history_alone() -> None:
    rules = taxonomy(
        {"exact": "A", "channel": "social", "valid_from": dt.date(2024, 6, 1)},
        {"exact": "A", "channel": "search"},
    )
    rows = ads(("2024-05-31", "A", 1.0), ("2024-06-01", "A", 2.0))
    naming = name_rows(rows, "ads", ADS, rules)
    assert sums(naming.rows) == {"search.spend": 1.0, "social.spend": 2.0}
    assert naming.mapping is not None
    assert naming.mapping.decided == {1: 1, 2: 1}


def test_a_row_without_a_day_is_not_lost() -> None:
    rules = taxonomy(
        {"exact": "A", "channel": "social", "valid_from": dt.date(2024, 6, 1)},
        {"exact": "A", "channel": "search"},
    )
    naming = name_rows(ads(("", "A", 4.0), ("2024-06-01", "A", 2.0)), "ads", ADS, rules)
    assert sum(sums(naming.rows).values()) == 6.0


def test_unmapped_rows_are_kept_and_excluded_ones_left_out() -> None:
    rules = taxonomy({"glob": "jobs*", "exclude": "hiring"}, {"exact": "A", "channel": "tv"})
    rows = ads(("2024-01-01", "A", 1.0), ("2024-01-01", "jobs x", 2.0), ("2024-01-01", "?", 4.0))
    naming = name_rows(rows, "ads", ADS, rules)
    assert sums(naming.rows) == {"tv.spend": 1.0, f"{UNMAPPED}.spend": 4.0}
    assert naming.mapping is not None
    assert EXCLUDED in set(naming.mapping.frame["channel"])


def test_regions_are_renamed_and_a_rule_overrides_them() -> None:
    rules = taxonomy(
        {"exact": "A", "channel": "tv"},
        {"exact": "B", "channel": "tv", "region": "apac"},
        regions={"US": "amer"},
    )
    rows = name_rows(
        ads(("2024-01-01", "A", 1.0), ("2024-01-01", "B", 2.0)), "ads", ADS, rules
    ).rows
    found = pd.DataFrame(rows.to_pyarrow().to_pydict())
    assert found.set_index("region")["value"].to_dict() == {"amer": 1.0, "apac": 2.0}


def test_names_that_the_mapping_does_not_know_are_unmapped() -> None:
    rules = taxonomy({"glob": "*", "channel": "tv"})
    naming = name_rows(ads(("2024-01-01", "A", 1.0), ("2024-01-01", "B", 2.0)), "ads", ADS, rules)
    partial = map_names(rules, names("A"))
    assert sums(apply_mapping(naming.tidy, partial, "ads")) == {
        "tv.spend": 1.0, f"{UNMAPPED}.spend": 2.0,
    }  # fmt: skip


LETTERS = st.text(alphabet="ab*?[]_.|\\^$()é '\"%", min_size=1, max_size=6)


DATES = st.one_of(st.none(), st.dates(dt.date(2024, 1, 1), dt.date(2024, 3, 1)))


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    rule: dict[str, Any] = {draw(st.sampled_from(["exact", "glob"])): draw(LETTERS)}
    if draw(st.integers(0, 5)) == 0:
        rule["exclude"] = "on purpose"
    else:
        rule["channel"] = draw(st.sampled_from(["tv", "radio"]))
    days = sorted(day for day in (draw(DATES), draw(DATES)) if day is not None)
    rule |= dict(zip(("valid_from", "valid_until"), days, strict=False))
    return rule


@settings(max_examples=100)
@given(
    st.lists(rules(), min_size=1, max_size=6),
    st.lists(LETTERS, min_size=1, max_size=8, unique=True),
)
def test_every_name_is_something_on_every_day(
    chosen: list[dict[str, Any]], texts: list[str]
) -> None:
    mapping = map_names(taxonomy(*chosen), names(*texts))
    assert set(mapping.frame["name"]) == set(texts)
    assert mapping.frame["spend"].sum() == names(*texts)["spend"].sum()
    for _, spans in mapping.frame.groupby("name"):
        assert spans["since"].iloc[0] == ALWAYS
        assert spans["until"].iloc[-1] == FOREVER
        assert list(spans["until"][:-1]) == list(spans["since"][1:])


@settings(max_examples=100)
@given(
    LETTERS,
    st.dates(dt.date(2023, 12, 1), dt.date(2024, 4, 1)),
    st.lists(rules(), min_size=1, max_size=6),
)
def test_a_span_says_what_the_first_valid_rule_says(
    text: str, day: dt.date, chosen: list[dict[str, Any]]
) -> None:
    made = taxonomy(*chosen)
    spans = map_names(made, names(text)).frame
    span = spans[(spans["since"] <= day) & (day < spans["until"])].iloc[0]
    expected = next(
        (
            rule.read(text)
            for rule in made.rules
            if rule.since <= day < rule.until and rule.read(text) is not None
        ),
        (UNMAPPED, "", ""),
    )
    assert (span["channel"], span["motion"], span["region"]) == expected


@settings(max_examples=30)
@given(
    st.lists(rules(), min_size=1, max_size=4),
    st.lists(
        st.tuples(
            st.dates(dt.date(2023, 12, 25), dt.date(2024, 3, 10)).map(str),
            LETTERS,
            st.integers(0, 9),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_money_is_mapped_unmapped_or_excluded_and_never_lost(
    chosen: list[dict[str, Any]], rows: list[tuple[str, str, int]]
) -> None:
    made = taxonomy(*chosen)
    naming = name_rows(ads(*((d, n, float(v)) for d, n, v in rows)), "ads", ADS, made)
    left_out = 0
    for day, name, value in rows:
        span = map_names(made, names(name.strip() or "(no name)")).frame
        on = dt.date.fromisoformat(day)
        channel = span[(span["since"] <= on) & (on < span["until"])]["channel"].iloc[0]
        left_out += value if channel == EXCLUDED else 0
    assert sum(sums(naming.rows).values()) + left_out == sum(value for *_, value in rows)

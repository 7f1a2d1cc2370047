"""What leads the pack, what it consists of, and that every parameter is read by something."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from mmmlib.params import Params
from tests.fakes import fake_params, two_motions

LIBRARY = Path(__file__).resolve().parents[2] / "mmmlib"


def test_an_outcome_with_motions_leads_as_their_sum() -> None:
    params = two_motions()
    assert params.primary == "revenue"
    assert params.parts_of("revenue") == ("revenue.self_serve", "revenue.sales_assisted")
    assert params.views == ("revenue", *params.model_names)
    assert params.model_label("revenue") == params.subject_label("revenue") == "Revenue"
    assert params.return_unit("revenue") == "USD/USD"


def test_one_motion_may_lead() -> None:
    params = two_motions(primary_outcome="revenue.sales_assisted")
    assert params.primary == "revenue.sales_assisted"
    assert params.views == ("revenue.sales_assisted", "revenue.self_serve")


def test_an_outcome_without_motions_is_its_model() -> None:
    assert fake_params().primary == "revenue.pooled"
    assert fake_params(primary_outcome="signups").primary == "signups.pooled"
    assert fake_params().views == fake_params().model_names


def test_what_is_neither_outcome_nor_model_cannot_lead() -> None:
    with pytest.raises(
        ValidationError,
        match="found 'profit'; expected one of revenue, signups,",
    ):
        fake_params(primary_outcome="profit")


def sections(section: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield section
    for field in section.model_fields.values():
        for part in parts_of(field.annotation):
            yield from sections(part)


def parts_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from parts_of(inner)


def test_every_parameter_is_read() -> None:
    read = {
        node.attr
        for path in LIBRARY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    unread = {
        f"{section.__name__}.{name}"
        for section in sections(Params)
        for name in section.model_fields
        if name not in read
    }
    assert not unread


def test_channels_of_one_label_stay_apart() -> None:
    params = fake_params()
    first, second, *_ = params.channels
    channels = params.channels | {
        name: params.channels[name].model_copy(update={"label": "Video"})
        for name in (first, second)
    }
    same = params.model_copy(update={"channels": channels})
    labels = [same.channel_label(name) for name in channels]
    assert len(set(labels)) == len(channels)
    assert same.channel_label(first) == "Video (1)"

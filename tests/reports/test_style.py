"""Colours stay apart for every reader, and stay with their channel."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from mmmlib.reports.figures.waterfall import STEP_COLOURS
from mmmlib.reports.style import (
    CHANNEL_COLOURS,
    FAINT,
    LABEL_COLOURS,
    OTHER,
    channel_colours,
    workbook_style,
)

# Full colour deficiency on linear RGB: Machado, Oliveira and Fernandes (2009).
SIGHTS = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
APART = 20.0
"""CIELAB distance between two channels; one is the least that a trained eye sees."""


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(colour: str, sight: str) -> np.ndarray:
    seen = np.clip(SIGHTS[sight] @ linear(colour), 0, 1)
    xyz = TO_XYZ @ seen / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(colour: str) -> float:
    return float(1.05 / (TO_XYZ[1] @ linear(colour) + 0.05))


@pytest.mark.parametrize("sight", SIGHTS)
def test_channels_stay_apart_for_every_reader(sight: str) -> None:
    for one, other in combinations(CHANNEL_COLOURS, 2):
        distance = np.linalg.norm(lab(one, sight) - lab(other, sight))
        assert distance >= APART, f"{one} and {other} look alike with {sight} sight"


def test_channels_stand_out_on_white() -> None:
    for colour in (*CHANNEL_COLOURS, OTHER, *list(STEP_COLOURS.values())[1:]):
        assert contrast(colour) >= 3, colour


@pytest.mark.parametrize("sight", SIGHTS)
def test_no_channel_looks_like_a_comparison_or_other(sight: str) -> None:
    for colour in CHANNEL_COLOURS:
        for grey in (FAINT, OTHER):
            assert np.linalg.norm(lab(colour, sight) - lab(grey, sight)) >= 14


@pytest.mark.parametrize("sight", SIGHTS)
def test_other_channels_are_not_in_the_grey_of_a_comparison(sight: str) -> None:
    assert np.linalg.norm(lab(OTHER, sight) - lab(FAINT, sight)) >= 25


def test_the_measure_sees_colours_that_are_alike() -> None:
    red, green = "#C0392B", "#6B8E23"
    near = np.linalg.norm(lab(red, "deutan") - lab(green, "deutan"))
    assert near < 0.5 * np.linalg.norm(lab(red, "normal") - lab(green, "normal"))


def test_label_words_are_legible_on_white() -> None:
    for colour in LABEL_COLOURS.values():
        assert contrast(colour) >= 4.5


def test_a_channel_keeps_its_colour_when_others_follow() -> None:
    before = channel_colours(["a", "b", "c"])
    after = channel_colours(["a", "b", "c", "d"])
    assert {name: after[name] for name in before} == before
    assert len(set(after.values())) == 4


def test_channels_after_the_seventh_share_one_colour() -> None:
    colours = channel_colours(f"c{number}" for number in range(10))
    assert [colours[f"c{number}"] for number in (7, 8, 9)] == [OTHER] * 3
    assert len(set(colours.values())) == 8


def test_drawing_leaves_no_setting_behind() -> None:
    import matplotlib as mpl

    before = mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]
    with workbook_style():
        assert mpl.rcParams["svg.hashsalt"] == "mmm-workbook"
        assert mpl.rcParams["text.parse_math"] is False
    assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == before

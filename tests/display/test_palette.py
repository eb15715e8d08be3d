"""Colours, computed from the one table: bright where it is urgent, legible, and apart for all."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from leakwatch.display import palette
from leakwatch.display.lines import LINE_STYLES, LineKind

# Machado, Oliveira, Fernandes 2009, complete loss, for linear red, green and blue.
EYES = {
    "all": np.eye(3),
    "no red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
# IEC 61966-2-1: linear red, green and blue to CIE XYZ with D65.
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE_XYZ = np.array([0.95047, 1.0, 1.08883])
# CIE 1976: 2.3 is just noticeable side by side; lines lie apart and thin, for a glance.
APART = 40.0
INKS = ("INK", "QUIET", "DISABLED", "WARN", "ACCENT")
WHITE, BLACK = "#FFFFFF", "#000000"
STATES = {
    "STOP": palette.STOP,
    "WATCH": palette.WATCH,
    "BLIND": palette.BLIND,
    "CLEAR": palette.CLEAR,
    "PARTLY": palette.PARTLY,
    "OFF": palette.OFF,
    "ACKNOWLEDGED": palette.ACKNOWLEDGED,
}
LINES = {
    "wall": palette.WALL,
    "cement": palette.CEMENT,
    "vein": palette.VEIN,
    "shortest": palette.SHORTEST,
}


def linear(colour, eyes="all"):
    stored = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255.0
    light = np.where(stored <= 0.04045, stored / 12.92, ((stored + 0.055) / 1.055) ** 2.4)
    return np.clip(EYES[eyes] @ light, 0.0, 1.0)


def luminance(colour, eyes="all"):
    return float(linear(colour, eyes) @ [0.2126, 0.7152, 0.0722])


def contrast(first, second, eyes="all"):
    dark, bright = sorted((luminance(first, eyes), luminance(second, eyes)))
    return (bright + 0.05) / (dark + 0.05)


def difference(first, second, eyes):
    labs = []
    for colour in (first, second):
        ratio = TO_XYZ @ linear(colour, eyes) / WHITE_XYZ
        f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
        labs.append((116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])))
    return float(np.hypot.reduce(np.subtract(*labs)))


@pytest.mark.parametrize("eyes", EYES)
def test_what_is_more_urgent_is_brighter(eyes):
    order = (palette.STOP, palette.WATCH, palette.BLIND, palette.CLEAR, palette.OFF)
    shown = [luminance(one.ground, eyes) for one in order]
    assert all(brighter > 1.1 * darker for brighter, darker in pairwise(shown)), shown
    assert luminance(palette.PARTLY.ground, eyes) < luminance(palette.BLIND.ground, eyes)


def test_stop_flashes_to_bright_and_nothing_else_outshines_its_darker_half():
    assert luminance(palette.STOP.flash_ground) > 0.8
    for name, state in STATES.items():
        if name != "STOP":
            brightest = max(luminance(state.ground), luminance(state.flash_ground))
            assert brightest < luminance(palette.STOP.ground), name


def test_off_is_dark_grey_with_light_words():
    stored = [int(palette.OFF.ground[at : at + 2], 16) for at in (1, 3, 5)]
    assert max(stored) - min(stored) < 12
    assert luminance(palette.OFF.ground) < 0.03 < 0.5 < luminance(palette.OFF.ink)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("state", STATES)
def test_words_of_every_state_are_legible(state, eyes):
    colours = STATES[state]
    assert contrast(colours.ground, colours.ink, eyes) >= 4.5
    assert contrast(colours.flash_ground, colours.flash_ink, eyes) >= 4.5


@pytest.mark.parametrize(
    "ink",
    [
        "INK",
        "QUIET",
        "DISABLED",
        "WARN",
        "ACCENT",
        "DUE",
        "TRAINEE",
        "LEAKWATCH",
        "TARGET",
        "MISSED",
    ],
)
@pytest.mark.parametrize("ground", ["SCREEN", "SUNKEN", "RAISED"])
def test_words_beside_the_image_are_legible(ink, ground):
    assert contrast(getattr(palette, ink), getattr(palette, ground)) >= 4.5


@pytest.mark.parametrize("ground", ["BUTTON", "BUTTON_HOVER"])
def test_buttons_are_legible(ground):
    assert contrast(palette.INK, getattr(palette, ground)) >= 4.5


@pytest.mark.parametrize("state", STATES)
def test_bars_stand_out_on_the_timeline_and_on_paper(state):
    bar = STATES[state].bar
    assert min(contrast(bar, palette.RAISED), contrast(bar, WHITE)) >= 3.0
    assert contrast(bar, BLACK) >= 4.5


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize(("first", "second"), list(combinations(LINES, 2)))
def test_lines_that_decide_are_told_apart(first, second, eyes):
    assert difference(LINES[first], LINES[second], eyes) >= APART


@pytest.mark.parametrize("eyes", EYES)
def test_stop_and_clear_are_told_apart(eyes):
    for stop in (palette.STOP.ground, palette.STOP.flash_ground, palette.STOP.bar):
        assert difference(stop, palette.CLEAR.ground, eyes) >= 20.0
    assert difference(palette.STOP.ground, palette.CLEAR.ground, eyes) >= 30.0


def test_each_line_is_told_by_its_width_or_dashes_alone():
    for first, second in combinations(LineKind, 2):
        a, b = LINE_STYLES[first], LINE_STYLES[second]
        wider = max(a.width, b.width) / min(a.width, b.width)
        assert a.dash != b.dash or wider >= 1.5, (first, second)


def test_each_line_stands_out_from_its_dark_edge():
    for kind, style in LINE_STYLES.items():
        assert contrast(style.colour, BLACK) >= 4.5, kind


@pytest.mark.parametrize("ink", ["PAPER_TRAINEE", "PAPER_MISSED"])
def test_words_on_paper_are_legible(ink):
    assert contrast(getattr(palette, ink), WHITE) >= 4.5


def test_no_window_has_a_colour_that_is_not_in_the_table():
    package = Path(palette.__file__).parents[1]
    found = [
        f"{path.relative_to(package)}: {line.strip()}"
        for folder in ("gui", "training", "display")
        for path in sorted((package / folder).rglob("*.py"))
        if path.name != "palette.py"
        for line in path.read_text().splitlines()
        if re.search(r"#[0-9A-Fa-f]{6}\b|GlobalColor", line)
    ]
    assert found == []

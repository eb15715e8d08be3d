"""What is read at two metres is large enough, computed from the typeface and the screen."""

from __future__ import annotations

import math

import pytest
from handmade import make_alert, make_observation, make_tube
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QWidget

from leakwatch.config import Settings
from leakwatch.core.results import Level, Reason, WallDistance
from leakwatch.display.banner import keys_of, level_banner, off_banner, unknown_banner
from leakwatch.display.facts import Fact
from leakwatch.gui.widgets.banner_view import BannerView
from leakwatch.gui.widgets.facts_view import FactsView
from leakwatch.gui.widgets.fonts import LEGIBLE, font
from leakwatch.gui.widgets.image_window import scale_of
from leakwatch.gui.widgets.overlay_items import LABEL
from leakwatch.gui.widgets.side_strip import PADDING, WIDTH

pytestmark = pytest.mark.usefixtures("fonts")

SETTINGS = Settings()
# A 24-inch screen of 1920 x 1080, read from two metres.
SCREEN, DIAGONAL_MM, AWAY_MM, LEAST_DEGREES = (1920, 1080), 24 * 25.4, 2000.0, 0.3
PITCH_MM = DIAGONAL_MM / math.hypot(*SCREEN)
LEAST_PX = AWAY_MM * math.tan(math.radians(LEAST_DEGREES)) / PITCH_MM
DISTANCE = WallDistance(1.0, 12.4, 0.8, (1.0, 1.0), (1.0, 1.0))


def capital_px(letters, bold=True):
    return QFontMetricsF(font(letters, bold)).capHeight()


def banners():
    margin, tube = Reason.POSTERIOR_MARGIN, Reason.TUBULAR_FILLING
    seen = make_observation(wall_distance=DISTANCE)
    for level, reasons in (
        (Level.STOP, (margin,)),
        (Level.STOP, (tube,)),
        (Level.STOP, (margin, tube)),
        (Level.STOP, (Reason.OUTSIDE_BODY,)),
        (Level.WATCH, (margin,)),
        (Level.WATCH, (Reason.PREDICTED_BREACH,)),
        (Level.CLEAR, ()),
    ):
        for one in (seen, make_observation(20, tubes=(make_tube(),))):
            yield level_banner(make_alert(level, *reasons), one, SETTINGS)
    acknowledged = make_alert(Level.WATCH, margin, acknowledged=(margin,))
    yield level_banner(acknowledged, seen, SETTINGS, "02:55")
    for reason in Reason:
        if any(keys_of((reason,))):
            blind = make_observation(unavailable=(reason,), cement=None)
            yield level_banner(make_alert(Level.UNKNOWN, reason), blind, SETTINGS)
    yield off_banner("Fluoroscopy off for 12.3 s: no monitoring")
    yield unknown_banner("No new frame for 3.2 s", "check the source")


@pytest.fixture
def scale(qtbot):
    view = QWidget()
    qtbot.addWidget(view)
    view.resize(*SCREEN)
    return scale_of(view)


def test_the_screen_is_the_one_that_was_asked_for():
    assert 0.276 < PITCH_MM < 0.278
    assert 37.5 < LEAST_PX < 38.0


def test_legible_letters_are_high_enough(scale):
    assert capital_px(round(LEGIBLE * scale)) >= LEAST_PX
    assert LABEL >= LEGIBLE


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_level_and_first_reason_are_high_enough(qtbot, scale, language, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_LANGUAGE", language)
    for banner in banners():
        view = BannerView()
        qtbot.addWidget(view)
        view.set_scale(scale)
        view.resize(SCREEN[0], view.height())
        view.show_clock("02:55:01", 0.0)
        view.show_banner(banner)
        view.grab()
        assert capital_px(view.word_pixels) >= LEAST_PX, banner
        texts = view.laid_out
        assert sum(one.height for one in texts) <= view.height(), banner
        if banner.reasons:
            assert capital_px(texts[0].pixels) >= LEAST_PX, (banner.reasons, texts)


@pytest.mark.parametrize("shown", ["1.4 ± 0.8 mm", "12.4 ± 0.8 mm", "1.2 ± 0.4 mm behind the wall"])
def test_distance_beside_the_image_is_high_enough(qtbot, scale, shown):
    view = FactsView()
    qtbot.addWidget(view)
    view.set_scale(scale)
    view.resize(round((WIDTH - 2 * PADDING) * scale), 700)
    view.show_facts((Fact("Cement to posterior wall", shown, large=True),))
    (placed,), hidden = view._placed()
    assert capital_px(placed.value_px) >= LEAST_PX
    assert hidden == 0

"""trend.png: what the curves hold, and what is said where there are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from handmade import (
    CALIBRATION,
    UNCALIBRATED,
    make_alert,
    make_observation,
    make_snapshot,
)
from PIL import Image

from leakwatch.config import Settings
from leakwatch.core.errors import SinkError
from leakwatch.core.results import Cement, Event, EventKind, Level, Reason, WallDistance
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.display.trend_samples import TrendSample, sample_of
from leakwatch.sinks.trend_events import MOST_MOMENTS
from leakwatch.sinks.trend_page import (
    TREND_NAME,
    Trend,
    draw_trend_figure,
)

LEVELS = [Level.UNKNOWN] * 4 + [Level.CLEAR] * 6 + [Level.WATCH] * 5 + [Level.STOP] * 5


def points():
    return [
        sample_of(make_observation(index), make_alert(level)) for index, level in enumerate(LEVELS)
    ]


def words(figure):
    texts = [text for axis in figure.axes for text in axis.texts] + figure.texts
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    return [text.get_text() for text in texts] + [title for title in titles if title]


def test_curves_hold_the_measurements():
    figure = draw_trend_figure(points(), [], CALIBRATION, Settings())
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    times, distances = lines["distance"].get_data()
    assert np.allclose(times, [0.125 * index for index in range(20)])
    assert np.allclose(distances, [(38.0 - index) * 0.25 for index in range(20)])
    assert list(lines["margin 5 mm"].get_ydata()) == [5.0, 5.0]
    assert np.allclose(figure.axes[1].get_lines()[0].get_ydata(), 9.4)
    assert np.allclose(figure.axes[2].get_lines()[0].get_ydata(), 0.1)


def test_levels_have_words_and_hatches():
    figure = draw_trend_figure(points(), [], CALIBRATION, Settings())
    strip = figure.axes[3]
    assert [text.get_text() for text in strip.texts] == ["UNKNOWN", "CLEAR", "WATCH", "STOP"]
    assert len({patch.get_hatch() for patch in strip.patches}) == 4


def test_partly_watched_has_a_word_a_colour_and_a_hatch_of_its_own():
    partly = make_observation(unavailable=(Reason.NO_WALL,))
    blind = make_observation(unavailable=(Reason.MOTION,))
    seen = [
        sample_of(replace(one, time_s=0.125 * index), make_alert(Level.UNKNOWN))
        for index, one in enumerate([partly] * 8 + [blind] * 8)
    ]
    strip = draw_trend_figure(seen, [], CALIBRATION, Settings()).axes[3]
    assert [text.get_text() for text in strip.texts] == ["PARTLY", "UNKNOWN"]
    assert len({(patch.get_hatch(), patch.get_facecolor()) for patch in strip.patches}) == 2


def test_stop_is_marked_with_its_reason():
    stop = Event(15, 1.875, EventKind.ALERT, Level.STOP, Reason.TUBULAR_FILLING)
    other = Event(15, 1.875, EventKind.TECHNICAL, Level.UNKNOWN, Reason.MOTION)
    said = words(draw_trend_figure(points(), [stop, other], CALIBRATION, Settings()))
    assert "1" in said
    assert "1  1.88 s  STOP: Tubular filling: probable venous leak" in said
    assert not [text for text in said if "moved" in text]


def test_reasons_of_one_moment_share_a_line_and_a_fault_has_its_own():
    margin = Event(15, 1.875, EventKind.ALERT, Level.STOP, Reason.POSTERIOR_MARGIN)
    tube = replace(margin, reason=Reason.TUBULAR_FILLING)
    unjudged = Event(15, 1.875, EventKind.TECHNICAL, Level.STOP, Reason.VIEW)
    fault = Event(19, 2.375, EventKind.TECHNICAL, Level.STOP, Reason.DECODE, text="cut off")
    said = words(
        draw_trend_figure(points(), [margin, tube, unjudged, fault], CALIBRATION, Settings())
    )
    first, second = next(text for text in said if "\n" in text).splitlines()
    assert first.startswith("1  1.88 s  STOP: Cement near the posterior wall; Tubular filling")
    assert "lateral" not in first
    assert second == "2  2.38 s  STOP: The next frame is damaged"


def test_run_with_many_stops_is_told_in_few_lines():
    stops = [
        Event(index, 0.125 * index, EventKind.ALERT, Level.STOP, Reason.TUBULAR_FILLING)
        for index in range(20)
    ]
    said = words(draw_trend_figure(points(), stops, CALIBRATION, Settings()))
    lines = next(text for text in said if "\n" in text).splitlines()
    assert len(lines) == MOST_MOMENTS + 1
    assert lines[-1] == "12 more: see events.jsonl"


def test_no_millimetres_says_why_and_draws_pixels():
    distance = WallDistance(38.0, None, None, (50.0, 48.0), (88.0, 48.0))
    cement = Cement((), 150.0, None, None)
    observation = make_observation(wall_distance=distance, cement=cement, calibration=UNCALIBRATED)
    bare = [
        sample_of(replace(observation, time_s=0.125 * index), make_alert()) for index in range(5)
    ]
    figure = draw_trend_figure(bare, [], UNCALIBRATED, Settings())
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    assert list(lines["distance"].get_ydata()) == [38.0] * 5
    assert set(lines) == {"posterior wall", "distance"}
    assert list(figure.axes[1].get_lines()[0].get_ydata()) == [150.0] * 5
    labels = [axis.get_ylabel() for axis in figure.axes]
    assert [label for label in labels if "mm" in label] == []
    assert "Not calibrated: no spacing in the tags" in words(figure)


def test_what_was_not_measured_has_no_scale():
    bare = [replace(point, distance=None, volume_ml=None) for point in points()]
    figure = draw_trend_figure(bare, [], CALIBRATION, Settings())
    for axis in (figure.axes[0], figure.axes[2]):
        assert not axis.get_lines()
        assert not list(axis.get_yticks())
    assert "No distance was measured in this run" in words(figure)


def test_without_a_volume_its_growth_is_drawn_and_no_millilitre_is_written():
    grown = [
        replace(point, volume_ml=None, amount=4.0 * index) for index, point in enumerate(points())
    ]
    figure = draw_trend_figure(grown, [], CALIBRATION, Settings())
    drawn = np.asarray(figure.axes[2].get_lines()[0].get_ydata())
    assert drawn == pytest.approx(np.arange(len(grown)) / (len(grown) - 1))
    assert figure.axes[2].get_ylabel() == "Cement growth\n(largest: 1)"
    none = [replace(point, amount=0.0) for point in grown]
    assert not draw_trend_figure(none, [], CALIBRATION, Settings()).axes[2].get_lines()


def test_spacing_source_and_notice_are_on_the_page():
    figure = draw_trend_figure(points(), [], CALIBRATION, Settings())
    said = words(figure)
    assert any("ImagerPixelSpacing*SOD/SID" in text for text in said)
    assert said.count(RESEARCH_NOTICE) == 1


@pytest.mark.parametrize("frames", [1, 20])
def test_file_is_written(tmp_path, frames):
    sink = Trend(tmp_path, Settings())
    for index in range(frames):
        sink.append(make_snapshot(index))
    sink.close()
    with Image.open(tmp_path / TREND_NAME) as image:
        assert image.size[0] >= 1000


def test_unseen_cement_is_a_gap():
    observation = make_observation(0, cement=None, wall_distance=None)
    point = sample_of(observation, make_alert())
    assert {point.distance, point.sigma, point.area, point.volume_ml} == {None}


def test_run_without_frames_leaves_no_page_of_an_earlier_run(tmp_path):
    (tmp_path / TREND_NAME).write_bytes(b"old")
    sink = Trend(tmp_path, Settings())
    with pytest.raises(SinkError, match="no frame"):
        sink.close()
    assert not (tmp_path / TREND_NAME).exists()


def test_page_that_cannot_be_written(tmp_path):
    sink = Trend(tmp_path, Settings())
    sink.append(make_snapshot(0))
    (tmp_path / TREND_NAME).mkdir()
    with pytest.raises(SinkError, match=r"trend\.png cannot be written"):
        sink.close()


def test_time_without_frames_and_frames_not_assessed_are_no_line_in_any_plot():
    # 26 s without frames, as while the pedal is up, then a last image that is only repeated.
    times = [0.125 * index for index in range(20)]
    times += [times[-1] + 26.0 + 0.125 * index for index in range(1, 21)]
    told = [replace(make_observation(5), time_s=time_s) for time_s in times]
    told[30:34] = [replace(one, unavailable=(Reason.STALE,)) for one in told[30:34]]
    figure = draw_trend_figure(
        [sample_of(one, make_alert()) for one in told], [], CALIBRATION, Settings()
    )
    for axis in figure.axes[:3]:
        drawn = [line.get_xdata() for line in axis.get_lines() if line.get_marker() == "."]
        ends = [(line[0], line[-1]) for line in drawn]
        assert ends == [(times[0], times[19]), (times[20], times[29]), (times[34], times[-1])]
    assert "no frames\nfor 26 s" in words(figure)
    clear = [patch.get_extents().width for patch in figure.axes[3].patches]
    whole = figure.axes[3].get_window_extent().width
    assert sum(clear) < 0.25 * whole  # nor was the level shown meanwhile


def test_the_margin_is_drawn_as_the_operator_set_it():
    changed = [
        replace(one, margin_mm=8.0 if place >= 10 else None) for place, one in enumerate(points())
    ]
    figure = draw_trend_figure(changed, [], CALIBRATION, Settings())
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    assert list(lines["margin 8 mm"].get_xdata()) == [1.25, 2.375]
    assert list(lines["margin 5 mm"].get_xdata()) == [0.0, 1.25]


def test_every_kind_of_event_has_a_sign():
    told = [
        Event(4, 0.5, EventKind.ALERT, Level.WATCH, Reason.POSTERIOR_MARGIN),
        Event(6, 0.75, EventKind.ACKNOWLEDGE, Level.WATCH, text="cleared"),
        Event(8, 1.0, EventKind.TECHNICAL, text="recording of frames is 2 s behind"),
        Event(9, 1.125, EventKind.ANNOTATION, text="$cement$ at 4 minutes"),
        Event(10, 1.25, EventKind.ALERT, Level.CLEAR),
    ]
    figure = draw_trend_figure(points(), told, CALIBRATION, Settings())
    signs = {
        line.get_label(): list(line.get_xdata())
        for line in figure.axes[0].get_lines()
        if line.get_linestyle() == "None"
    }
    assert signs == {
        "WATCH": [0.5],
        "technical": [1.0],
        "note": [1.125],
    }
    assert not figure.axes[0].get_title(loc="left")  # a delay is no fault of the monitoring


def test_a_single_frame_has_a_trend():
    figure = draw_trend_figure([TrendSample(0.0, 9.0)], [], CALIBRATION, Settings())
    figure.canvas.draw()

"""What lies outside of a found body, and what is not judged."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from leakwatch.core.marks import Side
from leakwatch.vision.vertebra.body_outline import Body, Part
from leakwatch.vision.vertebra.outside_body import judged_outline

MM = 0.5
# Four standard deviations of 0.7 mm, none of it rough, less 0.8 mm: 2 mm.
MOVED = (MM, 4.0, (0.0, 0.0), 0.8, 40.0)
# A square body of 30 mm around (200, 200), its front at the left: 60 pixels, from 170 to 230.
LOW, HIGH = 170.0, 230.0


def part(start: tuple[float, float], end: tuple[float, float], unsure: str | None = None) -> Part:
    return Part(np.linspace(start, end, 15), 0.7, 2.0, unsure)


def body(head_up: bool = True) -> Body:
    top = part((HIGH, LOW), (LOW, LOW))
    bottom = part((HIGH, HIGH), (LOW, HIGH))
    wall = part((HIGH, HIGH), (HIGH, LOW))
    front = part((LOW, HIGH), (LOW, LOW))
    square = np.array([[LOW, LOW], [HIGH, LOW], [HIGH, HIGH], [LOW, HIGH]])
    ends = (top, bottom) if head_up else (bottom, top)
    return Body(square, wall.line_px, Side.LEFT, wall, *ends, front, ())


def covers(outline: np.ndarray, column: float, row: float) -> bool:
    return cv2.pointPolygonTest(outline.astype(np.float32), (column, row), False) > 0


@pytest.mark.parametrize("head_up", [True, False])
def test_found_sides_are_moved_by_the_extra(head_up: bool) -> None:
    outline = judged_outline(body(head_up), *MOVED)
    # 2 mm are 4 pixels: 3 beyond a side is inside, 5 beyond is outside.
    for column, row in ((200, LOW - 3), (200, HIGH + 3), (LOW - 3, 200)):
        assert covers(outline, column, row)
    for column, row in ((200, LOW - 5), (200, HIGH + 5), (LOW - 5, 200)):
        assert not covers(outline, column, row)


def test_a_rough_side_is_moved_by_both_doubts() -> None:
    # Four times hypot(0.7, 0.72) are 4 mm, less 0.8 mm: 6.4 pixels.
    outline = judged_outline(body(), MM, 4.0, (0.72, 0.72), 0.8, 40.0)
    assert covers(outline, LOW - 6, 200)
    assert not covers(outline, LOW - 7, 200)


def test_cement_is_outside_only_beyond_the_silhouette() -> None:
    # 2 mm, and 3 mm that the silhouette lies above the drawn endplates, 1 mm at the front.
    outline = judged_outline(body(), *MOVED, (3.0, 1.0))
    for column, row in ((200, LOW - 9), (200, HIGH + 9), (LOW - 5, 200)):
        assert covers(outline, column, row)
    for column, row in ((200, LOW - 11), (200, HIGH + 11), (LOW - 7, 200)):
        assert not covers(outline, column, row)


def test_the_less_sure_end_of_a_side_is_moved_further() -> None:
    whole = body()
    # From 0.7 mm below to 1.2 mm above: 2 mm, and 4 mm.
    front = replace(whole.front, sigmas_mm=np.linspace(0.7, 1.2, 15))
    outline = judged_outline(replace(whole, front=front), *MOVED)
    assert covers(outline, LOW - 7, LOW + 2)
    assert not covers(outline, LOW - 9, LOW + 2)
    assert covers(outline, LOW - 3, HIGH - 2)
    assert not covers(outline, LOW - 5, HIGH - 2)


def test_the_waist_of_the_front_is_smoother_than_its_rims() -> None:
    # Four times hypot(0.7, 0.72), less 0.8 mm, are 6.4 pixels at the rims; 4 in the middle.
    outline = judged_outline(body(), MM, 4.0, (0.72, 0.0), 0.8, 40.0)
    assert covers(outline, LOW - 6, LOW + 1)
    assert not covers(outline, LOW - 5, 200)
    assert covers(outline, 200, LOW - 6)


def test_nothing_is_judged_behind_the_wall() -> None:
    assert covers(judged_outline(body(), *MOVED), HIGH + 70, 200)


@pytest.mark.parametrize(
    ("name", "at"),
    [("upper", (200, LOW - 60)), ("lower", (200, HIGH + 60)), ("front", (LOW - 60, 200))],
)
def test_an_unsure_side_is_not_judged_and_the_others_are(
    name: str, at: tuple[float, float]
) -> None:
    whole = body()
    doubtful = replace(whole, **{name: replace(getattr(whole, name), unsure="no edge")})
    outline = judged_outline(doubtful, *MOVED)
    assert covers(outline, *at)
    others = {"upper": (200, LOW - 5), "lower": (200, HIGH + 5), "front": (LOW - 5, 200)}
    del others[name]
    assert not any(covers(outline, *other) for other in others.values())

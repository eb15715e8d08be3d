"""Marks laid over the reference anatomy."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import test_body_outline as bodies

from leakwatch.config import CementSettings, VertebraSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.frame import View
from leakwatch.core.geometry import Scale, WorkingGrid
from leakwatch.core.marks import Marks, Side
from leakwatch.vision.vertebra import projected_marks

GRID = WorkingGrid(100, 120, 2)
PLACER = projected_marks.MarkPlacer(Scale(0.5), CementSettings())
LINE = read_only(np.array([[120.5, 60.5], [120.5, 140.5]]))
GIVEN = Marks(View.LATERAL, posterior_wall_px=LINE, anterior=Side.LEFT, needle_tip_px=(80.5, 100.5))


def placed(given: Marks, shift: tuple[float, float] = (0.0, 0.0)) -> projected_marks.PlacedMarks:
    return PLACER.place(given, None, GRID, shift, 10.0)


def test_marks_come_onto_the_working_grid_and_back_onto_the_reference() -> None:
    one = placed(GIVEN, (3.0, -4.0))
    assert one.wall is not None
    # Two by two pixels with centres 0 and 1 become one with its centre at 0: (120.5 - 0.5) / 2.
    assert one.wall.line == pytest.approx(np.array([[57.0, 34.0], [57.0, 74.0]]))
    assert one.tip == pytest.approx((37.0, 54.0))
    assert one.shift == (3.0, -4.0)


def test_in_front_of_the_wall_is_where_anterior_says() -> None:
    left = placed(GIVEN).wall
    assert left is not None
    assert left.distance is not None
    assert left.distance[50, 20] == pytest.approx(40.0, abs=0.1)
    assert left.distance[50, 100] == pytest.approx(-40.0, abs=0.1)


def test_first_cement_tells_the_side_where_nobody_did() -> None:
    unknown = placed(Marks(View.LATERAL, posterior_wall_px=LINE))
    assert unknown.wall is not None
    assert unknown.wall.inside is None
    mask = np.zeros((100, 120), bool)
    assert PLACER.with_side_of_cement(unknown, mask) is unknown
    mask[45:55, 90:95] = True
    known = PLACER.with_side_of_cement(unknown, mask)
    assert known.wall is not None
    assert known.wall.distance is not None
    assert known.wall.distance[50, 92] > 0
    assert known.wall.distance[50, 20] < 0
    later = mask.copy()
    later[40:60, 10:40] = True
    assert PLACER.with_side_of_cement(known, later) is known


def test_no_marks_are_no_wall_and_cement_may_appear_anywhere() -> None:
    none = placed(Marks())
    assert (none.wall, none.outline, none.outside, none.tip, none.origin, none.body) == (None,) * 6


@pytest.mark.parametrize(("first", "share"), [(0, 1.0), (50, 0.5), (100, 0.0)])
def test_share_of_the_wall_that_is_exposed(first: int, share: float) -> None:
    seen = np.zeros((100, 120), bool)
    seen[first:] = True
    one = placed(Marks(View.LATERAL, posterior_wall_px=LINE, anterior=Side.LEFT))
    assert projected_marks.exposed_share(one, seen) == pytest.approx(share, abs=0.08)


def test_a_wall_that_left_the_picture_is_not_exposed() -> None:
    away = placed(GIVEN, (100.0, 0.0))
    assert projected_marks.exposed_share(away, np.ones((100, 120), bool)) == 0.0
    assert projected_marks.exposed_share(placed(Marks()), np.zeros((100, 120), bool)) == 1.0


@pytest.mark.parametrize(
    ("front", "back", "known"),
    [
        ((40.0, 50.0), (110.0, 45.0), True),
        ((52.0, 50.0), (110.0, 45.0), True),
        ((58.5, 50.0), (110.0, 45.0), False),
        ((30.0, 50.0), (50.0, 45.0), False),
    ],
    ids=["through the wall", "just through", "ends at the wall", "all on one side"],
)
def test_a_cannula_through_the_wall_tells_the_side(
    front: tuple[float, float], back: tuple[float, float], known: bool
) -> None:
    unknown = placed(Marks(View.LATERAL, posterior_wall_px=LINE))
    told = PLACER.with_side_of_cannula(unknown, front, back)
    assert told.wall is not None
    assert (told.wall.inside is not None) == known
    if known:
        assert told.wall.distance is not None
        assert told.wall.distance[50, 30] > 0
        assert told.origin is not None
        assert not told.origin[:, 65:].any()


def test_a_mark_goes_before_the_cannula() -> None:
    given = placed(GIVEN)
    assert PLACER.with_side_of_cannula(given, (100.0, 50.0), (20.0, 50.0)) is given


STILL = (0.0, 0.0)


def a_mask(top: int, left: int, size: int = 3) -> np.ndarray:
    mask = np.zeros((100, 120), np.bool_)
    mask[top : top + size, left : left + size] = True
    return mask


@pytest.mark.parametrize(
    ("top", "left", "hidden"),
    [
        (50, 45, True),  # in front of the wall: the body, which the wall implies
        (50, 57, True),  # the wall
        (50, 64, True),  # behind it, within the margin
        (50, 75, False),
        (5, 5, False),
    ],
)
def test_what_masks_hide(top: int, left: int, hidden: bool) -> None:
    assert projected_marks.hides(a_mask(top, left), STILL, placed(GIVEN), None) is hidden


def test_cement_that_reaches_a_mask_goes_on_beneath_it() -> None:
    assert projected_marks.hides(a_mask(5, 5), STILL, None, a_mask(5, 8))
    assert not projected_marks.hides(a_mask(5, 5), STILL, None, a_mask(5, 12))
    assert not projected_marks.hides(a_mask(5, 5), STILL, None, None)


def test_anatomy_moves_under_a_mask_that_stands_still() -> None:
    here = a_mask(50, 75)
    assert not projected_marks.hides(here, STILL, placed(GIVEN), None)
    assert projected_marks.hides(here, (12.0, 0.0), placed(GIVEN), None)


class FoundOutline:
    """A drawn body of which only the wall is marked; see `test_vertebra`."""

    SCALE, GRID = Scale(bodies.MM), WorkingGrid(bodies.SIZE, bodies.SIZE, 1)
    TOLERANCE_MM = 1.25

    def __init__(
        self, image: np.ndarray | None = None, *, wall: bool = True, **changes: object
    ) -> None:
        image = bodies.spine() if image is None else image
        line = bodies.true_side(-bodies.DEPTH_MM / 2)
        given = Marks(
            View.LATERAL,
            posterior_wall_px=read_only(line) if wall else None,
            anterior=Side.LEFT,
            vertebra="L3",
        )
        placer = projected_marks.MarkPlacer(self.SCALE, CementSettings())
        before = placer.place(given, None, self.GRID, STILL, 10.0)
        self.before = before
        self.placed = projected_marks.with_found_outline(
            before,
            bodies.picture(image, **changes),
            "L3",
            self.TOLERANCE_MM,
            CementSettings(),
            VertebraSettings(),
        )

    def outside_mm(self, forward_mm: float, up_mm: float = 0.0) -> float:
        assert self.placed.outside is not None
        column, row = bodies.CENTRE + np.array([-forward_mm, -up_mm]) / bodies.MM
        return float(self.placed.outside[round(row), round(column)]) * bodies.MM


def test_in_front_of_a_marked_wall_the_body_is_found_and_judged() -> None:
    found = FoundOutline()
    front, top = bodies.DEPTH_MM / 2, bodies.HEIGHT_MM / 2
    assert found.placed.searched
    for forward, up in ((front - 1.0, 0.0), (0.0, top - 1.0), (0.0, 1.0 - top)):
        assert found.outside_mm(forward, up) == 0.0
    # As doubtful as the sides are, 5 mm beyond one is outside: a vein, a disc.
    for forward, up in ((front + 5.0, 0.0), (0.0, top + 5.0), (0.0, -top - 5.0)):
        assert found.outside_mm(forward, up) > found.TOLERANCE_MM
    # Behind the wall its own rule holds.
    assert found.outside_mm(-front - 8.0) == 0.0


def test_the_sides_that_are_judged_can_be_drawn() -> None:
    found = FoundOutline().placed.found
    assert len(found) == 3
    middles = np.abs([(side.mean(axis=0) - bodies.CENTRE) * bodies.MM for side in found])
    half_height, half_depth = bodies.HEIGHT_MM / 2, bodies.DEPTH_MM / 2
    assert middles.max(axis=1) == pytest.approx([half_height, half_height, half_depth], abs=1.5)


def test_where_no_side_is_seen_nothing_is_judged() -> None:
    grey = np.random.default_rng(3).normal(2.0, 0.01, (bodies.SIZE, bodies.SIZE))
    found = FoundOutline(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 3.0))
    assert found.outside_mm(bodies.DEPTH_MM / 2 + 10.0) == 0.0
    assert found.placed.body is found.before.body
    assert found.placed.found == ()


def test_without_a_wall_or_without_millimetres_no_body_is_looked_for() -> None:
    assert FoundOutline(wall=False).placed.outside is None
    assert FoundOutline(calibrated=False).placed.outside is None


def test_in_front_of_a_wall_higher_than_any_body_none_is_looked_for() -> None:
    # Each pixel said to be as large as five: the wall is some 120 mm high.
    found = FoundOutline(mm_per_px=5.0 * bodies.MM).placed
    assert found.searched
    assert found.outside is None

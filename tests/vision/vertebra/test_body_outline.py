"""The body is drawn by a formula: where its sides are is known without any search."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.config import VertebraSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.geometry import WorkingGrid, distance_to_polyline
from leakwatch.core.marks import Side
from leakwatch.vision.vertebra.body_outline import Body, BodyFinder
from leakwatch.vision.vertebra.straightened_patch import Axes, SpinePicture

SETTINGS = VertebraSettings()
MM = 0.3  # of a pixel
SIZE = 360
CENTRE = np.array([180.0, 178.0])
DEPTH_MM, HEIGHT_MM, DISC_MM = 34.0, 26.0, 9.0
# An edge without blur is found where it is: no rim is added by the drawing.
SHARP_MM = 1.0
LINE_MM = 0.8  # how far inside a side the middle of its bright cortex is drawn


def spine(
    *, degrees: float = 0.0, anterior: Side = Side.LEFT, noise: float = 0.01, seed: int = 5
) -> np.ndarray:
    """Attenuation of three bodies with bright cortex, a foramen behind each disc, soft tissue."""
    row, column = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    angle = np.radians(degrees)
    right, down = (column - CENTRE[0]) * MM, (row - CENTRE[1]) * MM
    u = np.cos(angle) * right + np.sin(angle) * down
    v = -np.sin(angle) * right + np.cos(angle) * down
    forward = -u if anterior is Side.LEFT else u
    image = 2.0 - 0.004 * np.hypot(right, down)
    for step in (-1, 0, 1):
        height = v - step * (HEIGHT_MM + DISC_MM)
        # Distance into the body, negative outside.
        inside = np.minimum(DEPTH_MM / 2 - np.abs(forward), HEIGHT_MM / 2 - np.abs(height))
        body = np.clip(inside / 0.5 + 0.5, 0.0, 1.0)
        line = np.exp(-(((inside - LINE_MM) / 0.8) ** 2)) * (inside > 0)
        image = image + 0.25 * body + 0.2 * line
        hole = np.hypot(forward + DEPTH_MM / 2 + 4.0, height - 9.0) < 4.0
        image = image - 0.3 * hole
    image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 0.5 / MM)
    return image + np.random.default_rng(seed).normal(0.0, noise, image.shape).astype(np.float32)


def picture(image: np.ndarray, **changes: object) -> SpinePicture:
    seen = read_only(np.ones(image.shape, np.bool_))
    made = SpinePicture(
        read_only(image.astype(np.float32)), seen, None, WorkingGrid(SIZE, SIZE, 1), MM, True
    )
    return replace(made, **changes)


def true_side(forward_mm: float, degrees: float = 0.0, anterior: Side = Side.LEFT) -> np.ndarray:
    """The line at `forward_mm` from the middle, over 80 % of the height, in pixels."""
    sign = -1.0 if anterior is Side.LEFT else 1.0
    v = np.linspace(-0.4, 0.4, 20) * HEIGHT_MM
    u = np.full(20, sign * forward_mm)
    angle = np.radians(degrees)
    right, down = np.cos(angle) * u - np.sin(angle) * v, np.sin(angle) * u + np.cos(angle) * v
    return CENTRE + np.stack([right, down], axis=1) / MM


def apart_mm(line: np.ndarray, other: np.ndarray) -> float:
    return float(distance_to_polyline(line, other).mean()) * MM


def click(image: np.ndarray, at: np.ndarray = CENTRE, **given_: object) -> Body:
    given_ = {"anterior": Side.LEFT, "level": "L3"} | given_
    return BodyFinder(SETTINGS).find(picture(image), (float(at[0]), float(at[1])), **given_)


@pytest.mark.parametrize("degrees", [0.0, -14.0, 20.0])
@pytest.mark.parametrize("anterior", [Side.LEFT, Side.RIGHT])
def test_click_finds_every_side(degrees: float, anterior: Side) -> None:
    body = click(
        spine(degrees=degrees, anterior=anterior), CENTRE + np.array([8, -9]), anterior=anterior
    )
    edge = DEPTH_MM / 2
    wall = true_side(-edge + SETTINGS.back_hollow_mm, degrees, anterior)
    assert apart_mm(wall, body.posterior_wall_px) < SHARP_MM
    assert apart_mm(true_side(edge, degrees, anterior), body.front.line_px) < SHARP_MM
    area_mm2 = cv2.contourArea(body.outline_px.astype(np.float32)) * MM**2
    assert area_mm2 == pytest.approx(DEPTH_MM * HEIGHT_MM, rel=0.1)
    assert body.unsure == ()


def test_outline_goes_round_the_body_once() -> None:
    body = click(spine())
    polygon = body.outline_px.astype(np.float32)
    assert cv2.pointPolygonTest(polygon, tuple(CENTRE), False) > 0
    # Simple: as large as its own filled mask.
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(canvas, [np.round(polygon).astype(np.int32)], 1)
    assert canvas.sum() == pytest.approx(cv2.contourArea(polygon), rel=0.03)


def test_the_same_click_gives_the_same_body() -> None:
    first, second = click(spine()), click(spine())
    assert np.array_equal(first.outline_px, second.outline_px)
    assert first.unsure == second.unsure


@settings(max_examples=8, deadline=None)
@given(st.integers(-30, 30), st.integers(-30, 30))
def test_body_moves_with_the_picture(right: int, down: int) -> None:
    image = spine(noise=0.003)
    moved = cv2.warpAffine(
        image,
        np.float32([[1, 0, right], [0, 1, down]]),
        (SIZE, SIZE),
        borderMode=cv2.BORDER_REPLICATE,
    )
    here, there = click(image), click(moved, CENTRE + np.array([right, down]))
    offset = there.posterior_wall_px - here.posterior_wall_px
    assert np.abs(offset - (right, down)).max() * MM < 0.3


def test_noise_alone_is_unsure() -> None:
    noise = np.random.default_rng(2).normal(2.0, 0.02, (SIZE, SIZE))
    body = click(noise)
    assert all(part.unsure for part in (body.upper, body.lower, body.front))
    assert body.wall.unsure is not None


def test_flat_picture_is_unsure_and_finite() -> None:
    body = click(np.full((SIZE, SIZE), 2.0))
    assert np.isfinite(body.outline_px).all()
    assert all(part.unsure for part in (body.wall, body.upper, body.lower, body.front))


def test_a_part_outside_of_the_field_is_unsure() -> None:
    seen = np.ones((SIZE, SIZE), np.bool_)
    seen[:, : round(CENTRE[0] - 0.3 * DEPTH_MM / MM)] = False
    body = BodyFinder(SETTINGS).find(
        picture(spine(), seen=seen), tuple(CENTRE), anterior=Side.LEFT, level="L3"
    )
    assert body.front.unsure is not None
    assert "exposed" in body.front.unsure
    assert body.wall.unsure is None


def test_the_wall_passes_a_hint_and_is_surer() -> None:
    image = spine()
    without = click(image)
    behind = true_side(-DEPTH_MM / 2 + 2.6)  # more hollow than most
    body = click(image, hints_px=behind[9:11])
    assert apart_mm(behind, without.posterior_wall_px) > 1.2
    assert apart_mm(behind[9:11], body.posterior_wall_px) < 0.5
    assert apart_mm(behind, body.posterior_wall_px) < 0.8
    assert body.wall.sigma_mm < 0.7 * without.wall.sigma_mm


def test_a_hint_on_the_front_moves_the_front_alone() -> None:
    image = spine()
    without, ahead = click(image), true_side(DEPTH_MM / 2 + 1.5)
    body = click(image, hints_px=ahead[10:11])
    assert apart_mm(ahead[10:11], body.front.line_px) < 0.7
    assert apart_mm(without.posterior_wall_px, body.posterior_wall_px) < 0.4


def test_without_millimetres_it_says_so_and_finds_the_scale() -> None:
    nominal = picture(spine(), mm_per_px=MM * 1.3, calibrated=False)
    body = BodyFinder(SETTINGS).find(nominal, tuple(CENTRE), anterior=Side.LEFT, level="L3")
    assert any("millimetres" in doubt for doubt in body.unsure)
    assert apart_mm(true_side(DEPTH_MM / 2), body.front.line_px) < 1.5


def test_without_millimetres_the_wall_is_unsure_until_a_person_points_at_it() -> None:
    nominal = picture(spine(), mm_per_px=MM * 1.3, calibrated=False)
    alone = BodyFinder(SETTINGS).find(nominal, tuple(CENTRE), anterior=Side.LEFT)
    assert "no millimetres" in (alone.wall.unsure or "")
    wall = true_side(-DEPTH_MM / 2 + 1.0)
    pointed = BodyFinder(SETTINGS).find(
        nominal, tuple(CENTRE), anterior=Side.LEFT, hints_px=wall[9:11]
    )
    assert pointed.wall.unsure is None
    assert apart_mm(wall[9:11], pointed.posterior_wall_px) < 0.7


def test_the_picture_upside_down_is_the_same_body() -> None:
    image = spine()
    upright = click(image)
    turned = click(image[::-1], (CENTRE[0], SIZE - 1 - CENTRE[1]), head_up=False)
    wall = turned.posterior_wall_px * (1, -1) + (0, SIZE - 1)
    assert apart_mm(wall, upright.posterior_wall_px) < 0.3


def test_a_rod_is_no_endplate() -> None:
    image = np.full((SIZE, SIZE), 2.0) + np.random.default_rng(1).normal(0, 0.01, (SIZE, SIZE))
    image = image.astype(np.float32)
    # Through the whole picture, where an endplate might be.
    row = round(CENTRE[1] - HEIGHT_MM / 2 / MM)
    image[row : row + 10] += 0.5
    body = click(cv2.GaussianBlur(image, (0, 0), 1.0))
    assert body.upper.unsure is not None


def test_binning_does_not_move_the_body() -> None:
    image = spine(noise=0.002)
    twice = cv2.resize(image, (2 * SIZE, 2 * SIZE), interpolation=cv2.INTER_LINEAR)
    half = cv2.resize(twice, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    fine = picture(half, grid=WorkingGrid(SIZE, SIZE, 2), mm_per_px=MM / 2)
    at = 2 * CENTRE + 0.5
    body = BodyFinder(SETTINGS).find(fine, tuple(at), anterior=Side.LEFT, level="L3")
    same = click(image)
    assert np.abs((body.posterior_wall_px - 0.5) / 2 - same.posterior_wall_px).max() * MM < 0.3


class TestOutlineFromWall:
    """From a wall that was marked, as a person marks it: 80 % of its height."""

    def found(self, image: np.ndarray, **given_: object) -> Body:
        wall = true_side(-DEPTH_MM / 2)
        return BodyFinder(SETTINGS).from_wall(picture(image), wall, Side.LEFT, **given_)

    def test_finds_endplates_and_front(self) -> None:
        body = self.found(spine())
        assert body.unsure == ()
        assert apart_mm(true_side(DEPTH_MM / 2), body.front.line_px) < SHARP_MM
        heights = [
            abs(part.line_px[:, 1] - CENTRE[1]).mean() * MM for part in (body.upper, body.lower)
        ]
        assert heights == pytest.approx([HEIGHT_MM / 2 - LINE_MM] * 2, abs=SHARP_MM / 2)

    def test_keeps_the_wall_as_it_was_marked(self) -> None:
        body = self.found(spine())
        assert np.array_equal(body.posterior_wall_px, true_side(-DEPTH_MM / 2))

    def test_the_direction_of_the_wall_does_not_matter(self) -> None:
        wall = true_side(-DEPTH_MM / 2)
        one, other = (
            BodyFinder(SETTINGS).from_wall(picture(spine()), line, Side.LEFT)
            for line in (wall, wall[::-1])
        )
        assert one.front.line_px == pytest.approx(other.front.line_px, abs=1e-6)

    def test_without_a_front_only_the_front_is_unsure(self) -> None:
        image = spine()
        ahead = round(CENTRE[0] - (DEPTH_MM / 2 - 4.0) / MM)
        # Whatever is there goes on forwards as it is.
        image[:, :ahead] = image[:, ahead : ahead + 8].mean(axis=1)[:, None]
        image += np.random.default_rng(8).normal(0.0, 0.01, image.shape).astype(np.float32)
        body = self.found(image)
        assert body.upper.unsure is None
        assert body.front.unsure is not None

    def test_the_tip_lies_in_the_body(self) -> None:
        # A bright line half way back looks like a front; the tip is ahead of it.
        image = spine()
        column = round(CENTRE[0] + 2.0 / MM)
        image[:, column : column + 5] += 0.25
        tip = tuple(CENTRE - (12.0 / MM, 0.0))
        body = self.found(image, needle_tip_px=tip)
        assert body.front.line_px[:, 0].max() < tip[0]

    def test_without_millimetres_the_wall_gives_the_scale(self) -> None:
        wall = true_side(-DEPTH_MM / 2)
        nominal = picture(spine(), mm_per_px=1.0, calibrated=False)
        body = BodyFinder(SETTINGS).from_wall(nominal, wall, Side.LEFT, level="L3")
        assert any("millimetres" in doubt for doubt in body.unsure)
        assert apart_mm(true_side(DEPTH_MM / 2), body.front.line_px) < 2.0


@given(st.floats(-3.0, 3.0), st.floats(-500, 500), st.floats(-500, 500), st.floats(0.1, 1.0))
def test_axes_go_there_and_back(angle: float, column: float, row: float, mm: float) -> None:
    forward = np.array([np.cos(angle), np.sin(angle)])
    axes = Axes(np.array([column, row]), forward, np.array([-forward[1], forward[0]]), mm)
    points = np.array([[1.0, 2.0], [-30.0, 4.0]])
    assert axes.to_mm(axes.to_px(points)) == pytest.approx(points, abs=1e-6)
    # One millimetre forward is 1 / mm pixels along the axis.
    step = axes.to_px(np.array([[1.0, 0.0]]))[0] - axes.origin_px
    assert step == pytest.approx(forward / mm)


@pytest.mark.parametrize("apart_mm", [4.2, 6.0])
def test_both_contours_of_an_oblique_view_are_told_and_given(apart_mm: float) -> None:
    image, half = spine(noise=0.0), round(apart_mm / 2 / MM)
    both = 0.5 * (np.roll(image, half, 1) + np.roll(image, -half, 1))
    noise = np.random.default_rng(1).normal(0.0, 0.005, both.shape)
    body = BodyFinder(SETTINGS).find(picture(both + noise), (180.0, 178.0), anterior=Side.LEFT)
    wall = body.wall
    assert "two edges" in (wall.unsure or "")
    assert wall.other_px is not None
    # The back is on the right: nearer to the middle, and further off.
    columns = sorted([wall.line_px[:, 0].mean(), wall.other_px[:, 0].mean()])
    back_px = CENTRE[0] + DEPTH_MM / 2 / MM
    ahead_px = SETTINGS.back_hollow_mm / MM
    true = [back_px - half - ahead_px, back_px + half - ahead_px]
    assert columns == pytest.approx(true, abs=1.5 / MM)


def test_a_sure_side_has_no_second_contour() -> None:
    body = BodyFinder(SETTINGS).find(picture(spine()), (180.0, 178.0), anterior=Side.LEFT)
    assert body.unsure == ()
    assert [part.other_px for part in (body.wall, body.upper, body.lower, body.front)] == [None] * 4

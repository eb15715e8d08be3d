"""A patient who turns in the plane of the image: no new cement, and marks that turn along."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from msgspec import structs
from scene import COLUMNS, MARGIN, MM_PER_PX, ROWS, Scene, breath, disc
from test_stages import MARKS, PER_MM, SETTINGS, WALL_COLUMN, snapshots

from leakwatch.core.frame import Frame
from leakwatch.core.results import Level, Snapshot

WALL = MARKS.posterior_wall_px
assert WALL is not None
CENTRE = tuple(WALL.mean(axis=0))
BOLUS = disc(165, 120, 6.0 / MM_PER_PX, 12.0 * PER_MM)


def cortices() -> np.ndarray:
    """Attenuation of the edges of three vertebral bodies."""
    edges = np.zeros((ROWS, COLUMNS), np.float32)
    for top in (-10, 80, 170):
        cv2.rectangle(edges, (int(WALL_COLUMN), top), (210, top + 70), 1.0, 2)
    return 0.25 * cv2.GaussianBlur(edges, (0, 0), 0.9)


def turn(image: np.ndarray, degrees: float, margin: int) -> np.ndarray:
    centre = (CENTRE[0] + margin, CENTRE[1] + margin)
    matrix = cv2.getRotationMatrix2D(centre, -degrees, 1.0)
    size = (image.shape[1], image.shape[0])
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC)


def frames_of_turn(by_deg: float, first: int = 30, last: int = 36) -> list[Frame]:
    """Cement that does not grow, in a patient who turns within six frames."""
    scene = Scene()
    scene.base[MARGIN:-MARGIN, MARGIN:-MARGIN] += cortices()
    base, told = scene.base, []
    for index in range(60):
        degrees = by_deg * float(np.clip((index - first) / (last - first), 0.0, 1.0))
        scene.base = turn(base, degrees, MARGIN)
        share = float(np.clip((index - 10) / 10, 0.0, 1.0))
        added = turn(share * BOLUS, degrees, 0)
        told.append(scene.frame(index, shift=breath(index, 2.0), added=added))
    return told


def area_mm2(one: Snapshot) -> float:
    cement = one.observation.cement
    assert cement is not None
    assert cement.area_mm2 is not None
    return cement.area_mm2


@pytest.mark.parametrize("by_deg", [-2.5, 2.5])
def test_a_turn_adds_no_cement_and_blinds_nothing(by_deg: float) -> None:
    told = snapshots(frames_of_turn(by_deg))
    assert not [one.frame.index for one in told[:50] if one.alert.level is Level.STOP]
    assert told[-1].alert.level is not Level.UNKNOWN
    assert area_mm2(told[-1]) == pytest.approx(area_mm2(told[28]), rel=0.1)


def test_without_its_term_the_same_turn_is_blind_or_adds_cement() -> None:
    motion = structs.replace(SETTINGS.motion, min_turn_deg=90.0)
    blunt = structs.replace(SETTINGS, motion=motion)
    told = snapshots(frames_of_turn(2.5), settings=blunt)
    bad = [one for one in told if one.alert.level in (Level.STOP, Level.UNKNOWN)]
    assert len(bad) > 15  # the baseline alone takes 9


@pytest.mark.parametrize("by_deg", [-2.0, 2.0])
def test_the_wall_turns_along(by_deg: float) -> None:
    told = snapshots(frames_of_turn(by_deg))
    wall = told[-1].observation.wall_px
    assert wall is not None
    assert WALL is not None
    assert tilt_deg(told[-1]) == pytest.approx(by_deg, abs=0.3)
    true = WALL.mean(axis=0) + breath(59, 2.0)
    assert np.hypot(*(wall.mean(axis=0) - true)) < 0.6


@pytest.mark.parametrize("frame", [50])
def test_marks_of_a_turned_frame_hold(frame: int) -> None:
    """They were made on the image as it lay then."""
    turned = turn_points(WALL, 2.0) + np.array(breath(frame, 2.0))
    marks = replace(MARKS, posterior_wall_px=turned, reference_frame=frame, needle_tip_px=None)
    wall = snapshots(frames_of_turn(2.0), marks)[-1].observation.wall_px
    assert wall is not None
    true = turn_points(WALL, 2.0) + np.array(breath(59, 2.0))
    assert np.abs(wall[[0, -1]] - true[[0, -1]]).max() < 1.0


@pytest.mark.parametrize("by_deg", [-18.0, 18.0])
def test_a_turn_without_end_is_followed_so_far_and_then_unknown(by_deg: float) -> None:
    told = snapshots(frames_of_turn(by_deg, first=26, last=56))
    tilts = [tilt_deg(one) for one in told if one.alert.level is not Level.UNKNOWN]
    assert 5.0 < max(abs(one) for one in tilts) <= SETTINGS.motion.max_turn_deg + 0.3
    assert {one.alert.level for one in told[-5:]} == {Level.UNKNOWN}


def tilt_deg(one: Snapshot) -> float:
    wall = one.observation.wall_px
    assert wall is not None
    return float(np.degrees(np.arctan2(wall[0][0] - wall[-1][0], wall[-1][1] - wall[0][1])))


def turn_points(points: np.ndarray | None, degrees: float) -> np.ndarray:
    assert points is not None
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points - CENTRE) @ matrix.T + CENTRE

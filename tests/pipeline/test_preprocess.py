"""What blinds the monitor for a while must not blind it for good, and no clock may hide it."""

from __future__ import annotations

from dataclasses import replace

import injection
import numpy as np
import pytest

from leakwatch.config import LivenessSettings, Settings
from leakwatch.core.arrays import FloatImage
from leakwatch.core.frame import Acquisition, IntensityRelationship, ProjectionGeometry, Shutter
from leakwatch.core.results import Condition, Observation, Reason
from leakwatch.pipeline import stages
from leakwatch.vision.liveness import new_images

SIZE, FRAME_S, NOISE = 96, 0.125, 0.02
SETTINGS = LivenessSettings()
SEEN = np.ones((SIZE, SIZE), np.bool_)


def _pictures(count: int, noise: float, seed: int) -> list[FloatImage]:
    rng = np.random.default_rng(seed)
    row = np.linspace(0.0, 6.0, SIZE)
    anatomy = 0.3 * np.sin(row)[:, None] * np.cos(row)
    return [
        (anatomy + rng.normal(0.0, noise, anatomy.shape)).astype(np.float32) for _ in range(count)
    ]


def _looked_at(pictures: list[FloatImage]) -> list[new_images.Liveness]:
    check = new_images.LivenessCheck(SETTINGS)
    tiles = check.tiles_over(None, 0.0, (SIZE, SIZE))
    state = new_images.LivenessState(tiles)
    found = []
    for index, picture in enumerate(pictures):
        state, seen = check.compare(state, picture, SEEN, index * FRAME_S)
        found.append(seen)
    return found


def test_live_pictures_after_snow_are_new_again_within_a_second() -> None:
    live, snow = _pictures(24, NOISE, 1), _pictures(10, 50.0 * NOISE, 2)

    found = _looked_at(live[:12] + snow + live[12:])

    assert all(seen.is_new for seen in found[22 + 8 :])


def test_smoother_pictures_are_new_again_within_a_second() -> None:
    found = _looked_at(_pictures(12, NOISE, 1) + _pictures(20, 0.2 * NOISE, 2))

    assert all(seen.is_new for seen in found[12 + 8 :])


def test_a_picture_held_after_snow_is_not_new() -> None:
    live, snow = _pictures(13, NOISE, 1), _pictures(10, 50.0 * NOISE, 2)

    found = _looked_at(live[:12] + snow + 20 * live[12:])

    assert not any(seen.is_new for seen in found[-20:])


def test_a_held_picture_with_a_little_other_noise_is_not_learnt_as_new() -> None:
    live, other = _pictures(12, NOISE, 1), _pictures(30, 0.2 * NOISE, 2)
    mean = np.mean(live, axis=0, dtype=np.float32)
    held = [live[-1] + (one - mean) * np.float32(0.5) for one in other]

    found = _looked_at(live + held)

    assert not any(seen.is_new for seen in found[12 + 8 :])


@pytest.mark.parametrize("step_s", [0.0, -0.5 * FRAME_S])
def test_a_held_picture_is_stale_while_the_clock_stands_or_goes_back(step_s: float) -> None:
    state = stages.initial_state(Settings(), injection.MARKS, injection.CALIBRATION)
    live = list(injection.frames(10))
    for frame in live:
        state, seen = stages.step(state, frame)
        assert Reason.STALE not in seen.unavailable
    for again in range(1, 12):
        held = replace(live[-1], index=9 + again, time_s=live[-1].time_s + step_s * again)
        state, seen = stages.step(state, held)
        assert Reason.STALE in seen.unavailable


def _told(changes: dict[int, Acquisition]) -> list[Observation]:
    """What frames show of which the head says something else from some of them on."""
    state = stages.initial_state(Settings(), injection.MARKS, injection.CALIBRATION)
    now, seen = KNOWN, []
    for frame in injection.frames(12):
        now = changes.get(frame.index, now)
        state, observation = stages.step(state, replace(frame, acquisition=now))
        seen.append(observation)
    return seen


GEOMETRY = ProjectionGeometry(
    sid_mm=1050.0,
    sod_mm=720.0,
    imager_pixel_spacing_mm=(0.34, 0.34),
    primary_angle_deg=-90.0,
    field_of_view_mm=300.0,
)
KNOWN = replace(injection.ACQUISITION, geometry=GEOMETRY, patient_orientation=("A", "F"))


@pytest.mark.parametrize(
    ("now", "reason", "words"),
    [
        (replace(GEOMETRY, primary_angle_deg=-86.0), Reason.VIEW, "rotated"),
        (replace(GEOMETRY, primary_angle_deg=None), Reason.VIEW, "rotated"),
        (
            replace(GEOMETRY, imager_pixel_spacing_mm=(0.17, 0.17)),
            Reason.VIEW,
            "detector pixel 0.34, now 0.17",
        ),
        (replace(GEOMETRY, sid_mm=1250.0), Reason.VIEW, "source to detector 1050, now 1250"),
        (replace(GEOMETRY, sod_mm=None), Reason.VIEW, "source to patient 720, now unknown"),
        (replace(GEOMETRY, field_of_view_mm=200.0), Reason.VIEW, "field of view"),
        (("P", "F"), Reason.VIEW, "Patient Orientation"),
        (IntensityRelationship.LOG, Reason.EXPOSURE, "pixel format"),
    ],
)
def test_a_frame_of_which_the_head_says_something_else_is_not_compared(
    now: ProjectionGeometry | tuple[str, str] | IntensityRelationship, reason: Reason, words: str
) -> None:
    if isinstance(now, ProjectionGeometry):
        other = replace(KNOWN, geometry=now)
    elif isinstance(now, IntensityRelationship):
        other = replace(KNOWN, pixel_format=replace(KNOWN.pixel_format, relationship=now))
    else:
        other = replace(KNOWN, patient_orientation=now)

    seen = _told({7: other, 9: KNOWN})

    assert all(reason not in one.unavailable for one in (*seen[2:7], *seen[9:]))
    for one in seen[7:9]:
        assert reason in one.unavailable
        assert any(words in condition.text for condition in one.conditions)


def test_a_little_jitter_of_what_the_head_says_does_not_matter() -> None:
    shaken = replace(GEOMETRY, sid_mm=1051.0, primary_angle_deg=-90.5)
    seen = _told({7: replace(KNOWN, geometry=shaken)})
    assert all(Reason.VIEW not in one.unavailable for one in seen[2:])


@pytest.mark.parametrize("shape", ["edge", "corners"])
def test_a_shutter_hides_what_it_covers_in_the_frames_that_have_it(shape: str) -> None:
    wall = 140.0  # right of it lie the marked wall and its margin
    shutter = Shutter(right=wall)
    if shape == "corners":
        corners = np.array([[0.0, 0.0], [wall, 0.0], [wall, 240.0], [0.0, 240.0]])
        shutter = Shutter(vertices_px=corners)

    seen = _told({7: replace(KNOWN, shutter=shutter), 9: KNOWN})

    hidden = [_is_hidden(one) for one in seen]
    assert hidden == [False] * 7 + [True] * 2 + [False] * 3


def _is_hidden(observation: Observation) -> bool:
    """Whether something that is watched is hidden."""
    return any(one.condition is Condition.WHOLE and not one.holds for one in observation.conditions)

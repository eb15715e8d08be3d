"""What is done to the C-arm while nothing in a header says so: UNKNOWN by the pixels, and back.

Each change lasts for a while and is taken back. Between, no frame is CLEAR, and the reason stands
in words; after, the level comes back by itself.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import injection
import numpy as np
import pytest
from live_room import Room

from leakwatch.core.arrays import read_only
from leakwatch.core.results import Level, Reason
from leakwatch.live.status import DisplayState

CALM, CHANGED, AFTER = 8, 6, 14
RNG = np.random.default_rng(12)


def another_moment(pixels):
    """Return the same anatomy with other quanta: no picture comes twice."""
    still = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), 1.5)
    noisy = still + RNG.normal(0.0, 12.0, pixels.shape)
    return noisy.clip(1, 4095).astype(np.uint16)


FRAMES = [
    replace(
        frame,
        index=index,
        time_s=index * injection.FRAME_S,
        pixels=read_only(another_moment(frame.pixels)),
    )
    for index, frame in enumerate(
        frame for _ in range(5) for frame in list(injection.frames(injection.FIRST_CEMENT))
    )
]


def turned(pixels):
    """Another direction: the same tissue, and nothing where it was."""
    return np.ascontiguousarray(pixels.T[::-1])


def zoomed(pixels):
    """A smaller field of the intensifier."""
    rows, columns = pixels.shape
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), 0.0, 1.35)
    return cv2.warpAffine(pixels, matrix, (columns, rows), borderMode=cv2.BORDER_REFLECT)


def collimated(pixels):
    """Blades that close over half of the field."""
    covered = pixels // 200
    covered[100:140, 90:130] = pixels[100:140, 90:130]
    return covered


def table_moved(pixels):
    """By 30 mm: further than is followed."""
    return np.roll(pixels, 120, axis=1)


CHANGES = [
    (turned, Reason.MOTION, "Too much motion"),
    (zoomed, Reason.MOTION, "Too much motion"),
    (collimated, Reason.EXPOSURE, "Exposure changed, or vertebra covered"),
    (table_moved, Reason.MOTION, "Too much motion"),
]


NAMES = ["turned", "zoomed", "collimated", "table"]


@pytest.mark.parametrize(("change", "reason", "words"), CHANGES, ids=NAMES)
def test_a_change_is_unknown_with_its_reason_and_returns_by_itself(change, reason, words):
    with Room() as room:
        assert room.run(FRAMES[:CALM])[-1] is Level.CLEAR
        for frame in FRAMES[CALM : CALM + CHANGED]:
            pixels = read_only(np.ascontiguousarray(change(another_moment(frame.pixels))))
            room.feed(replace(frame, pixels=pixels))
            now = room.shown()
            assert (now.level, now.state) == (Level.UNKNOWN, DisplayState.LIVE)
            assert reason in now.reasons
            assert words in now.banner.reasons
        back = [
            replace(frame, pixels=read_only(another_moment(frame.pixels)))
            for frame in FRAMES[CALM + CHANGED : CALM + CHANGED + AFTER]
        ]
        levels = room.run(back)
        assert levels[-1] is Level.CLEAR
        assert Level.STOP not in levels

"""Whether a frame shows the reference in every part: truth is what was done to the picture."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from scene import COLUMNS, ROWS, Scene
from test_motion import passed, reference

from leakwatch.config import SameSettings
from leakwatch.vision.registration.sameness import Sameness, TileComparator

SETTINGS = SameSettings()
COMPARATOR = TileComparator(SETTINGS)
WHOLE = (slice(0, ROWS // 2), slice(0, COLUMNS // 2))
SHIFT = (3.0, -4.0)


class Changed(Scene):
    """A scene whose stored pictures are changed on the way."""

    def __init__(self, change: Callable[[np.ndarray], np.ndarray]) -> None:
        super().__init__(seed=5)
        self.change = change

    def pixels(self, *given: object, **drawn: object) -> np.ndarray:
        stored = self.change(super().pixels(*given, **drawn).astype(np.float32))  # type: ignore[arg-type]
        return np.clip(np.round(stored), 0, 4095).astype(np.uint16)


def as_it_is(picture: np.ndarray) -> np.ndarray:
    return picture


BODY = np.zeros((ROWS // 2, COLUMNS // 2), bool)
BODY[24:96, 36:108] = True
AREA = np.repeat(np.repeat(BODY, 2, axis=0), 2, axis=1)


def seen(
    change: Callable[[np.ndarray], np.ndarray],
    open_share: float = 1.0,
    excluded: np.ndarray | None = None,
) -> Sameness:
    start = reference(Scene())
    frame, field = passed(Changed(change), shift=SHIFT)
    open_ = field.open.copy()
    open_[:, round(open_share * open_.shape[1]) :] = 0
    moved = (SHIFT[0] / 2, SHIFT[1] / 2)
    tiles = COMPARATOR.reference_tiles(start, AREA, WHOLE)
    return COMPARATOR.compare(tiles, frame, open_, moved, excluded)


def torn(picture: np.ndarray) -> np.ndarray:
    return np.vstack([picture[: ROWS // 2], np.roll(picture[ROWS // 2 :], 24, axis=1)])


def blurred(picture: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), 6.0)


def test_the_same_anatomy_moved_is_explained() -> None:
    found = seen(as_it_is)
    assert found.offered > 20
    assert found.compared > 0.95 * found.offered
    assert found.explained > 0.95


@pytest.mark.parametrize("change", [torn, blurred])
def test_another_picture_is_not_explained(change: Callable[[np.ndarray], np.ndarray]) -> None:
    found = seen(change)
    assert found.explained < SETTINGS.min_explained
    assert found.compared >= SETTINGS.min_compared_share * found.offered


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_what_is_covered_or_burnt_out_cannot_be_compared(share: float) -> None:
    """What was left was explained, however little it was."""
    found = seen(as_it_is, share)
    assert found.offered == seen(as_it_is).offered
    assert found.compared < SETTINGS.min_compared_share * found.offered


def test_where_most_of_the_body_may_be_cement_the_rest_does_not_tell_of_it() -> None:
    """What came while a picture was held made every later frame another picture, for ever."""
    assert seen(torn).body_unlike > SETTINGS.max_body_unlike / 2
    most = BODY.copy()
    most[:, 80:] = False
    half = BODY.copy()
    half[:, 64:] = False
    assert seen(torn, excluded=most).body_unlike == 0.0
    assert seen(torn, excluded=half).body_unlike > 0.0

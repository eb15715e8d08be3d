"""What cannot be used is refused: what was wrong, what was found, what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import leakwatch

STACK = np.random.default_rng(7).integers(0, 4000, (3, 64, 64)).astype(np.uint16)
UPRIGHT = [(40, 10), (40, 50)]
GIVEN: dict[str, Any] = {"fps": 8, "bits_stored": 12}
WALL = GIVEN | {"anterior": "right"}


def analyzed(images: Any = STACK, **arguments: Any) -> Callable[[], Any]:
    return lambda: leakwatch.analyze(images, **(GIVEN | arguments))


def with_nan() -> Any:
    images = STACK / 4095.0
    images[1, 5, 9] = np.nan
    return images


# What is given, and words of the message: what was found, and what to do.
REFUSED: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "one image": (analyzed(STACK[0]), ("(64, 64), one image", "images[None]")),
    "colour": (analyzed(np.stack([STACK] * 3, -1)), ("with 3 channels", "images[..., 0]")),
    "one in colour": (analyzed(STACK[0][..., None] * np.ones(3)), ("one image in colour",)),
    "list in colour": (analyzed([np.ones((64, 64, 3))]), ("3 colours", "grey values")),
    "no image": (analyzed(STACK[:0]), ("no image", "at least one")),
    "nothing": (analyzed(iter([])), ("there is none", "at least one")),
    "path": (analyzed("a.dcm"), ("the path a.dcm", "open_sequence")),
    "axes exchanged": (analyzed(np.moveaxis(STACK, 0, 2)), ("one image in colour",)),
    "many frames, axes exchanged": (
        analyzed(np.ones((64, 64, 20), np.uint16)),
        ("has 20 x 64 pixels", "(frames, rows, columns): are they exchanged"),
    ),
    "not a number": (
        analyzed(with_nan(), bits_stored=None),
        ("image 1: 1 pixel", "column 9, row 5", "nan_to_num"),
    ),
    "floats": (
        analyzed(STACK.astype(float), bits_stored=None),
        ("to 3998", "Divide by the largest value"),
    ),
    "floats with bits": (analyzed(STACK / 4095.0), ("bits_stored is 12", "leave bits_stored out")),
    "bits unknown": (
        analyzed(bits_stored=None),
        ("uint16, and bits_stored is not given", "bits_stored=12"),
    ),
    "bits too few": (analyzed(bits_stored=10), ("10 bits hold 0 to 1023", "bits_stored of the")),
    "bits of uint8": (analyzed(np.ones((3, 64, 64), np.uint8)), ("holds uint8", "Give 8")),
    "bits as text": (analyzed(bits_stored="12"), ("found '12'", "such as 12")),
    "negative": (analyzed(STACK.astype(int) - 100), ("found -", "add the offset")),
    "booleans": (analyzed(STACK > 9), ("holds bool", "grey values")),
    "masked": (analyzed([np.ma.masked_greater(STACK[0], 9)]), ("masked array", "filled")),
    "sizes": (analyzed([STACK[0], STACK[0][:40]]), ("64 x 40 pixels", "Begin another run")),
    "kinds": (analyzed([STACK[0], STACK[0] / 4095]), ("holds float64", "alike")),
    "no time": (analyzed(fps=None), ("found neither", "fps=7.5")),
    "two times": (analyzed(times_s=[0, 1, 2]), ("found both",)),
    "times that stand": (
        analyzed(fps=None, times_s=[0, 1, 1]),
        ("image 2: expected more than 1 s", "Times must increase"),
    ),
    "too few times": (analyzed(fps=None, times_s=[0, 1]), ("expected 3 times, found", "(2,)")),
    "too few of a stream": (
        analyzed(iter(STACK), fps=None, times_s=[0, 1]),
        ("holds 2 times", "one for each"),
    ),
    "too many of a stream": (
        analyzed(iter(STACK), fps=None, times_s=range(4)),
        ("more times than there are images (3)",),
    ),
    "time differences": (
        analyzed(fps=None, times_s=np.arange(3).astype("timedelta64[ms]")),
        ("timedelta64", "seconds as floats"),
    ),
    "no rate": (analyzed(fps=0), ("found 0", "images a second")),
    "wall outside": (
        analyzed(wall=[(100, 10), (100, 50)], anterior="right"),
        ("[100.0, 10.0], outside of the picture of 64 columns and 64 rows",),
    ),
    "columns and rows exchanged": (
        analyzed(wall=[(10, 40), (50, 40)], anterior="right"),
        ("at 90°", "are they exchanged"),
    ),
    "columns apart from rows": (
        analyzed(wall=[[40, 40, 41], [10, 30, 50]]),
        ("shape (n, 2)", "one pair for each point"),
    ),
    "wall of text": (analyzed(wall="spine"), ("found 'spine'", "pairs (column, row)")),
    "wall without numbers": (analyzed(wall=[(40, 10), (40, np.nan)]), ("[1][1]: nan",)),
    "anterior": (
        analyzed(wall=UPRIGHT, anterior="front"),
        ('found "front"', "Write left or right"),
    ),
    "two marks": (analyzed(wall=UPRIGHT, marks=leakwatch.Marks()), ("beside wall", "make_marks")),
    "marks of another kind": (analyzed(marks={}), ("found dict", "make_marks")),
    "marks of plain values": (
        analyzed(marks=leakwatch.Marks(anterior="up")),  # type: ignore[arg-type]
        ('found "up"', "Write left or right"),
    ),
    "millimetres": (analyzed(mm_per_px=3.0), ("mm_per_px of the case is 3", "at the vertebra")),
    "millimetres as text": (analyzed(mm_per_px="0.2"), ("found '0.2'",)),
    "baseline beyond": (
        analyzed(marks=leakwatch.make_marks(baseline_frames=(0, 9))),
        ("names frame 8", "3 frames"),
    ),
    "photometric": (analyzed(photometric="RGB"), ("found 'RGB'", "MONOCHROME2")),
    "relationship": (analyzed(relationship="linear"), ("found 'linear'", "LIN or LOG or DISP")),
    "settings": (analyzed(settings={}), ("found dict", "load_settings")),
    "view": (lambda: leakwatch.make_marks(view="side"), ('found "side"', "lateral, ap")),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_what_was_found_and_what_to_do(name: str) -> None:
    call, words = REFUSED[name]
    with pytest.raises(leakwatch.LeakWatchError) as raised:
        call()
    text = str(raised.value)
    assert [word for word in words if word not in text] == [], text
    assert re.search(r"[.?]$", text), text


def test_images_that_look_inverted_are_refused_with_the_other_polarity() -> None:
    rows, columns = np.mgrid[:128, :128]
    circle = np.hypot(rows - 64, columns - 64) < 50
    anatomy = 1500.0 + np.random.default_rng(3).normal(0, 100, (128, 128)).cumsum(0) * 0.3
    image = np.where(circle, np.clip(anatomy, 200, 3000), 4095).astype(np.uint16)
    with pytest.raises(leakwatch.LeakWatchError, match="photometric='MONOCHROME1'"):
        leakwatch.Monitor(bits_stored=12).step(image, 0.0)

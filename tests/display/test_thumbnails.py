"""Thumbnails: what they show, and that their number is bounded."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.display.thumbnails import SIDE_PX, ThumbnailStore, thumbnail_of

IMAGE = np.arange(1024 * 768, dtype=np.uint32).reshape(1024, 768).astype(np.uint16)


@pytest.mark.parametrize(
    "at_px", [None, (0.0, 0.0), (767.0, 1023.0), (-90.0, 5000.0), (300.0, 9.0)]
)
@pytest.mark.parametrize("shape", [(1024, 768), (90, 70), (1, 1), (3, 2000)])
def test_a_thumbnail_is_small_keeps_values_and_no_large_image_alive(at_px, shape):
    pixels = np.resize(IMAGE, shape)
    small = thumbnail_of(pixels, at_px)
    assert max(small.shape) <= SIDE_PX
    assert min(small.shape) >= 1
    assert small.dtype == pixels.dtype
    assert small.base is None or small.base.nbytes == small.nbytes
    assert set(small.ravel().tolist()) <= set(pixels.ravel().tolist())


def test_a_thumbnail_around_a_point_contains_it_and_a_bad_point_gives_the_whole():
    pixels = np.zeros((512, 512), np.uint16)
    pixels[296:305, 400:409] = 77
    assert 77 in thumbnail_of(pixels, (404.0, 300.0))
    assert 77 not in thumbnail_of(pixels, (100.0, 100.0))
    assert thumbnail_of(pixels, (float("nan"), 1.0)).shape == (128, 128)


def test_the_oldest_are_dropped_and_counted_and_alarms_outlast_the_rest():
    store, small = ThumbnailStore(3), np.zeros((2, 2), np.uint8)
    store.put(0, small, alarm=True)
    for frame in range(1, 10):
        store.put(frame, small, alarm=False)
    assert [frame for frame in range(10) if store.get(frame) is not None] == [0, 7, 8, 9]
    assert store.dropped == 6
    store.put(8, small, alarm=True)  # the alarm of a frame that had a note before
    store.put(8, small, alarm=False)
    assert [frame for frame, _ in store.items()] == [7, 9, 0, 8]


@pytest.mark.parametrize("shape", [(4, 5, 3), (0, 7), (6,)])
def test_what_is_no_grey_image_has_no_thumbnail(shape):
    store = ThumbnailStore(3)
    store.put(0, thumbnail_of(np.zeros(shape), (1.0, 1.0)), alarm=True)
    assert store.get(0) is None

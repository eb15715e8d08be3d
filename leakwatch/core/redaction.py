"""Blanking of rectangles with burned-in text, which later stages treat as not visible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from leakwatch.core.arrays import Array, Rectangle, read_only
from leakwatch.core.frame import Acquisition, Frame


def mask_frame(frame: Frame, masks_px: Sequence[Rectangle]) -> Frame:
    """Return a frame with `masks_px` blanked and listed in its acquisition.

    Parameters
    ----------
    frame : Frame
    masks_px : sequence of (left, top, right, bottom)
        May extend over the border.
    """
    acquisition = with_masks(frame.acquisition, masks_px)
    if acquisition is frame.acquisition:
        return frame
    pixels = mask_pixels(frame.pixels, acquisition.masks_px, acquisition)
    return replace(frame, pixels=read_only(pixels), acquisition=acquisition)


def with_masks(acquisition: Acquisition, masks_px: Sequence[Rectangle]) -> Acquisition:
    """Return an acquisition with masks added; the same object if it has them already.

    Burned-in text is assumed to be removed by them.
    """
    inside = (clip_rectangle(mask, acquisition.columns, acquisition.rows) for mask in masks_px)
    new = [mask for mask in inside if mask is not None and mask not in acquisition.masks_px]
    if not new:
        return acquisition
    text = False if acquisition.burned_in_annotation else acquisition.burned_in_annotation
    return replace(acquisition, masks_px=(*acquisition.masks_px, *new), burned_in_annotation=text)


def clip_rectangle(mask: Rectangle, columns: int, rows: int) -> Rectangle | None:
    """Return the part of a rectangle that is inside the image; None if there is none."""
    left, top, right, bottom = mask
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, columns), min(bottom, rows)
    return (left, top, right, bottom) if left < right and top < bottom else None


def mask_pixels(pixels: Array, masks_px: Sequence[Rectangle], acquisition: Acquisition) -> Array:
    """Return a copy of `pixels` with rectangles set to the value of no X-ray intensity.

    Parameters
    ----------
    pixels : ndarray
        ``(rows, columns)``.
    masks_px : sequence of (left, top, right, bottom)
        Inside the image.
    acquisition : Acquisition
        Provides the pixel format.
    """
    form = acquisition.pixel_format
    blank = 2**form.bits_stored - 1 if form.photometric == "MONOCHROME1" else 0
    covered = np.array(pixels)
    for left, top, right, bottom in masks_px:
        covered[top:bottom, left:right] = min(blank, np.iinfo(pixels.dtype).max)
    return covered

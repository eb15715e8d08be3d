"""Rectangles in which text stood: blanked, and known as blind to all that follow. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from leakwatch.core.arrays import Array, Rectangle, read_only
from leakwatch.core.frame import Acquisition, Frame


def masked_frame(frame: Frame, masks_px: Sequence[Rectangle]) -> Frame:
    """A frame with `masks_px` blanked, which its acquisition says; the same one without any.

    Parameters
    ----------
    frame : Frame
    masks_px : sequence of (left, top, right, bottom)
        May reach over the border.
    """
    acquisition = with_masks(frame.acquisition, masks_px)
    if acquisition is frame.acquisition:
        return frame
    pixels = masked(frame.pixels, acquisition.masks_px, acquisition)
    return replace(frame, pixels=read_only(pixels), acquisition=acquisition)


def with_masks(acquisition: Acquisition, masks_px: Sequence[Rectangle]) -> Acquisition:
    """An acquisition whose frames are blanked there too; the same one where they are already.

    Text that was burned in is taken to be gone.
    """
    inside = (clipped(mask, acquisition.columns, acquisition.rows) for mask in masks_px)
    new = [mask for mask in inside if mask is not None and mask not in acquisition.masks_px]
    if not new:
        return acquisition
    text = False if acquisition.burned_in_annotation else acquisition.burned_in_annotation
    return replace(acquisition, masks_px=(*acquisition.masks_px, *new), burned_in_annotation=text)


def clipped(mask: Rectangle, columns: int, rows: int) -> Rectangle | None:
    """The part of a rectangle that lies in the picture; None where none does."""
    left, top, right, bottom = mask
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, columns), min(bottom, rows)
    return (left, top, right, bottom) if left < right and top < bottom else None


def masked(pixels: Array, masks_px: Sequence[Rectangle], acquisition: Acquisition) -> Array:
    """A copy of `pixels` with rectangles as dark as where no beam comes.

    Parameters
    ----------
    pixels : ndarray
        ``(rows, columns)``.
    masks_px : sequence of (left, top, right, bottom)
        Inside of the picture.
    acquisition : Acquisition
        Says what dark is.
    """
    form = acquisition.pixel_format
    blank = 2**form.bits_stored - 1 if form.photometric == "MONOCHROME1" else 0
    covered = np.array(pixels)
    for left, top, right, bottom in masks_px:
        covered[top:bottom, left:right] = min(blank, np.iinfo(pixels.dtype).max)
    return covered

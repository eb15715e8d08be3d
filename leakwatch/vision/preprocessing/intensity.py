"""Stored values to log attenuation, with the exposed field."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import IntensitySettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, Rectangle, read_only
from leakwatch.core.frame import Acquisition, IntensityRelationship, PixelFormat, Shutter
from leakwatch.core.geometry import WorkingGrid


def more_value_is_more_beam(pixel_format: PixelFormat) -> bool:
    """Return whether a larger stored value means more X-ray beam.

    Pixel Intensity Relationship Sign decides where it is given (PS3.3 C.8.11.3.1.2). Else the
    display convention of the modality does: fluoroscopy shows bone dark, so that MONOCHROME2
    (small values dark) has small values behind bone; radiography shows it bright.
    """
    if pixel_format.relationship_sign is not None:
        return pixel_format.relationship_sign > 0
    return (pixel_format.photometric == "MONOCHROME2") != pixel_format.bone_is_bright


def attenuation_scale_known(pixel_format: PixelFormat) -> bool:
    """Return whether added log attenuation can be converted to a thickness of cement: LIN only.

    LOG pixels are logarithmic by an unknown factor, DISP pixels by an unknown curve.
    """
    return pixel_format.relationship is IntensityRelationship.LIN


def log_attenuation(pixels: Array, pixel_format: PixelFormat, grid: WorkingGrid) -> FloatImage:
    """Return log attenuation ``-ln(I)`` on the working grid, up to a constant.

    Beer-Lambert: in this scale cement adds its own attenuation whatever lies behind it
    (subtraction is done in log space, PS3.4 N.2.5). `LIN` takes a log after binning, so that
    quanta are added and not their logs; `LOG` is scaled as if its full range were that of ``ln``
    over the stored bits; `DISP` and unknown pixels are treated as `LIN`, a guess that
    `attenuation_scale_known` owns up to.

    Parameters
    ----------
    pixels : ndarray
        ``(rows, columns)``, stored values.
    pixel_format : PixelFormat
    grid : WorkingGrid

    Returns
    -------
    ndarray
        ``(grid.rows, grid.columns)``, float32.
    """
    whole = pixels
    if grid.binning > 1.0:
        rows, columns = round(grid.rows * grid.binning), round(grid.columns * grid.binning)
        whole = cv2.resize(
            pixels[:rows, :columns], (grid.columns, grid.rows), interpolation=cv2.INTER_AREA
        )
    value = whole.astype(np.float32)
    if pixel_format.signed:
        value += float(1 << (pixel_format.bits_stored - 1))
    top = float((1 << pixel_format.bits_stored) - 1)
    if not more_value_is_more_beam(pixel_format):
        np.subtract(top, value, out=value)
    if pixel_format.relationship is IntensityRelationship.LOG:
        value *= np.float32(-math.log(top + 1.0) / top)
        return value
    # Half a count: the finest that a stored zero can still mean. In place throughout: at this
    # size a new array costs more than the arithmetic.
    cv2.max(value, 0.5, dst=value)
    cv2.log(value, dst=value)
    return np.negative(value, out=value)


@dataclass(frozen=True, slots=True)
class ExposedField:
    """Part of the image that the beam reaches, on a grid coarser than the working one.

    Parameters
    ----------
    coarse : ndarray of bool
        Field without its blurred rim, coarse grid.
    area_fraction : float
        Of the whole picture, 0 to 1.
    level : float
        Median log attenuation of the middle of the picture.
    """

    coarse: BoolImage
    area_fraction: float
    level: float


def exposed_field(attenuation: FloatImage, settings: IntensitySettings) -> ExposedField:
    """Find shutter, blanked corners and collimator: dark areas that touch the border.

    Parameters
    ----------
    attenuation : ndarray
        ``(rows, columns)``, working grid.
    settings : IntensitySettings

    Returns
    -------
    ExposedField
        All False where the picture is blank: the same value all over its middle.
    """
    step = settings.field_step_px
    small = np.ascontiguousarray(attenuation[::step, ::step])
    rows, columns = small.shape
    centre = small[rows // 4 : rows - rows // 4, columns // 4 : columns - columns // 4]
    # Where blades cover most of the middle, its median is theirs: the brightest tenth is not.
    ordered = np.partition(centre, (centre.size // 10, centre.size // 2), axis=None)
    bright, level = float(ordered[centre.size // 10]), float(ordered[centre.size // 2])
    if centre.min() == centre.max():
        return ExposedField(read_only(np.zeros((rows, columns), np.bool_)), 0.0, level)
    open_level = min(level, bright + math.log(settings.anatomy_range))
    limit = open_level - math.log(settings.blanked_fraction)
    dark = np.ones((rows + 2, columns + 2), np.uint8)
    dark[1:-1, 1:-1] = small > limit
    # Only what touches the border: metal or a tumour inside the field stays in the field.
    cv2.floodFill(dark, None, (0, 0), 2)
    field = (dark[1:-1, 1:-1] != 2).view(np.uint8)
    rim = 2 * settings.field_rim_steps + 1
    field = cv2.erode(
        field, np.ones((rim, rim), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    share = cv2.countNonZero(field) / field.size
    return ExposedField(read_only(field.view(np.bool_)), share, level)


@dataclass(frozen=True, slots=True)
class BladesState:
    """Positions of the collimator's blades, and since when they have been there.

    Parameters
    ----------
    area_fraction : float or None
        Exposed share of the last frame.
    still_frames : int or None
        Frames since they last moved; None where they never did.
    """

    area_fraction: float | None = None
    still_frames: int | None = None


def follow_blades(
    state: BladesState, field: ExposedField, settings: IntensitySettings
) -> tuple[BladesState, bool]:
    """Tell whether blades move, or moved just now.

    Detector lag keeps an afterglow of what a blade has just covered: brighter than a blade and
    darker than the anatomy was, as dense cement with a straight edge would be.

    Parameters
    ----------
    state : BladesState
    field : ExposedField
    settings : IntensitySettings

    Returns
    -------
    BladesState, bool
    """
    share, still = field.area_fraction, state.still_frames
    if share == 0.0:  # a blank picture shows no blades
        return state, False
    before = state.area_fraction
    if before is not None and abs(share - before) > settings.blades_share * max(before, share):
        still = 0
    elif still is not None:
        still += 1
    moving = still is not None and still < settings.blades_settle_frames
    return BladesState(share, still), moving


def field_on_grid(field: ExposedField, rows: int, columns: int) -> BoolImage:
    """Return the exposed field on a grid of ``(rows, columns)``."""
    high, wide = rows // field.coarse.shape[0], columns // field.coarse.shape[1]
    if (high * field.coarse.shape[0], wide * field.coarse.shape[1]) == (rows, columns):
        # Nearly always, and four times as fast.
        repeated: BoolImage = np.repeat(np.repeat(field.coarse, wide, axis=1), high, axis=0)
        return repeated
    scaled = cv2.resize(
        field.coarse.astype(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST
    )
    exposed: BoolImage = scaled.view(np.bool_)
    return exposed


def saturated(
    attenuation: FloatImage, pixel_format: PixelFormat, settings: IntensitySettings
) -> BoolImage:
    """Return the mask of saturated pixels at the bright end, where nothing can be measured.

    Parameters
    ----------
    attenuation : ndarray
        From `log_attenuation`.
    pixel_format : PixelFormat
    settings : IntensitySettings
    """
    top = float((1 << pixel_format.bits_stored) - 1)
    least = -math.log(settings.saturated_share * top)
    if pixel_format.relationship is IntensityRelationship.LOG:
        least = -math.log(top + 1.0) * settings.saturated_share
    clipped: BoolImage = attenuation < np.float32(least)
    return clipped


def shutter_on_grid(shutter: Shutter, grid: WorkingGrid) -> BoolImage:
    """Return the area that the shutter tags leave open (PS3.3 C.7.6.11), on the working grid."""
    open_ = np.ones((grid.rows, grid.columns), np.uint8)
    row, column = np.mgrid[: grid.rows, : grid.columns]
    points = grid.to_frame(np.stack([column, row], axis=-1))
    edges = (
        (shutter.left, points[..., 0], 1),
        (shutter.right, points[..., 0], -1),
        (shutter.top, points[..., 1], 1),
        (shutter.bottom, points[..., 1], -1),
    )
    for edge, along, sign in edges:
        if edge is not None:
            open_[(along - edge) * sign <= 0] = 0
    if shutter.centre_px is not None and shutter.radius_px is not None:
        offset = points - np.asarray(shutter.centre_px)
        open_[np.hypot(offset[..., 0], offset[..., 1]) > shutter.radius_px] = 0
    if shutter.vertices_px is not None:
        polygon = np.zeros_like(open_)
        vertices = np.round(grid.to_working(shutter.vertices_px)).astype(np.int32)
        cv2.fillPoly(polygon, [vertices], 1)
        open_ &= polygon
    return open_.astype(bool)


def masks_on_grid(masks_px: Sequence[Rectangle], grid: WorkingGrid) -> BoolImage:
    """Return the area that rectangles hide, on the working grid, with a rim of two pixels.

    One is averaged or interpolated with them, and the other is for whole pixels of a shift.
    """
    hidden = np.zeros((grid.rows, grid.columns), np.bool_)
    for left, top, right, bottom in masks_px:
        first_row = max(math.floor(top / grid.binning) - 2, 0)
        first_column = max(math.floor(left / grid.binning) - 2, 0)
        end_row = math.ceil(bottom / grid.binning) + 2
        end_column = math.ceil(right / grid.binning) + 2
        hidden[max(first_row, 0) : max(end_row, 0), max(first_column, 0) : max(end_column, 0)] = (
            True
        )
    return hidden


def open_and_masked(
    acquisition: Acquisition, grid: WorkingGrid
) -> tuple[BoolImage | None, BoolImage | None]:
    """Return the area left open by shutter and masks, and that hidden by masks; None for none."""
    tags, masks_px = acquisition.shutter, acquisition.masks_px
    open_ = None if tags is None else read_only(shutter_on_grid(tags, grid))
    if not masks_px:
        return open_, None
    masked = read_only(masks_on_grid(masks_px, grid))
    return read_only(~masked if open_ is None else open_ & ~masked), masked

"""Settings of calibration: plausible pixel spacings, and their standard deviations."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class CalibrationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Plausible pixel spacings and their standard deviations.

    Parameters
    ----------
    min_mm_per_px, max_mm_per_px : float
        Possible pixel spacings of a C-arm at the vertebra: from 60 mm on 3000 pixels to 500 mm on
        250.
    max_anisotropy : float
        Relative difference of the two sides of a pixel that still counts as square: 0.05 mm in 5
        mm.
    max_magnification : float
        No patient is within the third of the source-image distance next to the source.
    person_sigma_share : float
        Relative standard deviation of a manual measurement of an object of known size: one and a
        half pixels at each end of 25 mm, or 3 degrees of tilt and 5 mm of depth.
    depth_sigma_mm : float
        Standard deviation of the vertebra's depth relative to the centre of the beam, mm: it is
        centred visually in the other view.
    min_sod_mm : float
        Minimum source-object distance, mm: assumed if unknown, so that the error is not
        underestimated.
    conflict_share : float
        Values of the header that differ by more contradict each other: twice the effect of depth.
    fit_share : float
        A calibration applies within this relative difference of its distances and spacings.
    fit_angle_deg : float
        It applies within this difference of its angles, degrees: a vertebra 20 mm off the axis
        moves 3.5 mm in depth, which is half a per cent.
    grid_max_residual_px : float
        95 % of the crossings of a grid must be within this distance of the fit, pixels: a larger
        distance means another object or a blurred image.
    grid_min_cover : float
        Share of the exposed field that the grid must cover: the distortion is unknown beyond it.
    grid_max_skew : float
        Maximum relative difference of a grid's two directions: a plate tilted by 8 degrees.
    cannula_depth_mm : float
        Standard deviation of the depth of a cannula in the vertebra relative to the centre of the
        body, mm: from the midline to a pedicle.
    object_depth_mm : float
        The same for a ruler or sphere placed beside the vertebra by eye.
    tilt_sigma_deg : float
        Standard deviation of the tilt of a cannula or ruler out of the image plane, degrees: it
        appears shorter by 1 - cos. A cannula through a pedicle is tilted by 10 to 25 degrees.
    point_sigma_px : float
        Standard deviation of a point set by the user on an edge or an end, pixels of the frame.
    edge_sigma_px : float
        Standard deviation of a detected edge, pixels.
    cannula_sigma_share : float
        Relative standard deviation of outer diameters about the nominal value of their gauge.
    """

    min_mm_per_px: Annotated[float, within(0.01, 0.2)] = 0.02
    max_mm_per_px: Annotated[float, within(0.5, 3.0)] = 2.0
    max_anisotropy: Annotated[float, within(0.0, 0.05)] = 0.01
    max_magnification: Annotated[float, within(1.2, 5.0)] = 3.0
    person_sigma_share: Annotated[float, within(0.001, 0.2)] = 0.02
    depth_sigma_mm: Annotated[float, within(0.0, 100.0)] = 20.0
    min_sod_mm: Annotated[float, within(200.0, 1500.0)] = 500.0
    conflict_share: Annotated[float, within(0.005, 0.3)] = 0.06
    fit_share: Annotated[float, within(0.001, 0.2)] = 0.02
    fit_angle_deg: Annotated[float, within(0.5, 45.0)] = 10.0
    grid_max_residual_px: Annotated[float, within(0.05, 5.0)] = 0.5
    grid_min_cover: Annotated[float, within(0.1, 1.0)] = 0.7
    grid_max_skew: Annotated[float, within(0.001, 0.1)] = 0.01
    cannula_depth_mm: Annotated[float, within(0.0, 60.0)] = 15.0
    object_depth_mm: Annotated[float, within(0.0, 200.0)] = 15.0
    tilt_sigma_deg: Annotated[float, within(0.0, 45.0)] = 8.0
    point_sigma_px: Annotated[float, within(0.05, 10.0)] = 1.0
    edge_sigma_px: Annotated[float, within(0.05, 5.0)] = 0.25
    cannula_sigma_share: Annotated[float, within(0.001, 0.2)] = 0.01

"""Settings of what is believed about millimetres."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class CalibrationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which spacings are believed, and how far.

    Parameters
    ----------
    min_mm_per_px, max_mm_per_px : float
        Spacing at the vertebra that a C-arm can give: 60 mm on 3000 pixels, 500 mm on 250.
    max_anisotropy : float
        Share by which the two sides of a pixel may differ and still count as equal: 0.05 mm at
        5 mm.
    max_magnification : float
        No patient lies within a third of the way from source to detector.
    person_sigma_share : float
        Standard deviation, as a share, where an object of known size was measured by hand: a
        pixel and a half at each end of 25 mm, or 3 degrees of tilt and 5 mm of depth.
    depth_sigma_mm : float
        How far the vertebra lies in front of or behind the centre of the beam, mm, as a standard
        deviation: it is centred by eye, in the other view.
    min_sod_mm : float
        Source to object at least, mm: taken where it is not known, so that the error is the
        larger one.
    conflict_share : float
        Tags that differ by more contradict each other: twice what depth explains.
    fit_share : float
        A calibration holds within this share of its distances and spacings.
    fit_angle_deg : float
        And within this of its angles, degrees: a vertebra 20 mm off the axis moves 3.5 mm in
        depth, half a per cent.
    grid_max_residual_px : float
        95 % of the crossings of a grid must lie this near to the fit, pixels: more is no grid, or
        no sharp picture of one.
    grid_min_cover : float
        Share of the exposed field that the grid must cover: beyond it the distortion is a guess.
    grid_max_skew : float
        By which share a grid may look longer along one side: a plate that is tilted by 8 degrees.
    cannula_depth_mm : float
        How far a cannula in the vertebra lies before or behind the middle of the body along the
        beam, mm, one standard deviation: from the midline to a pedicle.
    object_depth_mm : float
        The same of a ruler or sphere that was laid beside the vertebra by eye.
    tilt_sigma_deg : float
        How far a cannula or ruler is tilted out of the plane of the picture, degrees: it looks
        shorter than it is, by 1 - cos. A cannula through a pedicle leans 10 to 25 degrees.
    point_sigma_px : float
        How well a hand sets a point on an edge or an end, pixels of the frame.
    edge_sigma_px : float
        How well an edge is known that was found in the picture, pixels.
    cannula_sigma_share : float
        Of outer diameters about the nominal one of their gauge.
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

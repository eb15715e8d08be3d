"""Settings of what is believed about millimetres."""

from __future__ import annotations

import msgspec


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
    """

    min_mm_per_px: float = 0.02
    max_mm_per_px: float = 2.0
    max_anisotropy: float = 0.01
    max_magnification: float = 3.0
    person_sigma_share: float = 0.02
    depth_sigma_mm: float = 20.0
    min_sod_mm: float = 500.0
    conflict_share: float = 0.06
    fit_share: float = 0.02
    fit_angle_deg: float = 10.0

"""Settings of the alert rules."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class AlertingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Alert rules.

    Parameters
    ----------
    margin_mm : float
        STOP if cement may be this near to the posterior wall (IPSIS: about 5 mm).
    watch_mm : float
        WATCH if it is this near.
    sigmas : float
        `k` of ``distance - k * sigma <= margin``: one standard deviation on the safe side.
    marks_sigma_mm : float
        Standard deviation of a marked wall, mm (0.3 mm is one and a half pixels of a usual field).
    edge_sigma_mm : float
        Standard deviation of a detected edge of cement, mm.
    front_mm : float
        Range behind the cement front in which its thickness is determined, mm: the width of blur.
    front_radius_mm : float
        Radius of a cement front, mm: that of a bolus of 2 ml.
    outside_tolerance_mm : float
        Cement counts as outside the marked body beyond this distance: outlines are drawn by hand,
        and the rim of the body extends beyond its silhouette.
    outside_area_mm2 : float
        Minimum area outside: 1 mm of a 2 mm vein.
    confirm_frames : int
        Consecutive frames in which a condition of STOP must be met, against the noise of single
        frames.
    clear_mm : float
        Cement nearer than the margin by this distance needs no second frame: cement grows by as
        much at its rim before it is confirmed, see ``cement.rim_mm``.
    release_s : float
        WATCH ends this time after its last reason, s.
    predict_s : float
        WATCH if the cement front will reach the margin within this time: twice an operator's
        response time of 2.4 s.
    speed_window_s : float
        Time over which the speed of the cement front is measured.
    speed_min_frames : int
        Minimum number of frames for it.
    min_speed_mm_s : float
        Lower speeds count as no motion: a bolus front moves at 0.04 mm/s.
    worse_by : float
        After an acknowledgement, the same reason raises STOP again if it is worse by this (mm
        nearer, mm of tubular filling, mm of growth outside).
    not_judged_share : float
        If more than this share of the frames after the baseline was not assessed, the end of a run
        states this first: "no STOP" does not apply to them.
    """

    margin_mm: Annotated[float, within(1.0, 20.0)] = 5.0
    watch_mm: Annotated[float, within(1.0, 40.0)] = 8.0
    sigmas: Annotated[float, within(0.0, 4.0)] = 1.0
    marks_sigma_mm: Annotated[float, within(0.0, 5.0)] = 0.3
    edge_sigma_mm: Annotated[float, within(0.0, 3.0)] = 0.3
    front_mm: Annotated[float, within(0.5, 10.0)] = 2.0
    front_radius_mm: Annotated[float, within(1.0, 20.0)] = 8.0
    outside_tolerance_mm: Annotated[float, within(0.0, 5.0)] = 1.25
    outside_area_mm2: Annotated[float, within(0.5, 20.0)] = 2.0
    confirm_frames: Annotated[int, within(1, 10)] = 2
    clear_mm: Annotated[float, within(0.0, 5.0)] = 1.0
    release_s: Annotated[float, within(0.0, 30.0)] = 1.0
    predict_s: Annotated[float, within(0.0, 30.0)] = 5.0
    speed_window_s: Annotated[float, within(0.5, 20.0)] = 3.0
    speed_min_frames: Annotated[int, within(3, 100)] = 6
    min_speed_mm_s: Annotated[float, within(0.01, 5.0)] = 0.1
    worse_by: Annotated[float, within(0.1, 5.0)] = 0.5
    not_judged_share: Annotated[float, within(0.0, 1.0)] = 0.1

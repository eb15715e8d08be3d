"""Settings of the decision what the operator is told."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class AlertingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of alerting.

    Parameters
    ----------
    margin_mm : float
        STOP when cement may be this near the posterior wall (IPSIS: about 5 mm).
    watch_mm : float
        WATCH when it is this near.
    sigmas : float
        `k` of ``distance - k * sigma <= margin``: one standard deviation on the safe side.
    marks_sigma_mm : float
        How well a person draws a wall, mm (0.3 mm is a pixel and a half of a usual field).
    edge_sigma_mm : float
        How well the edge of cement is found, mm.
    front_mm : float
        The thickness of cement behind its front is looked up within this, mm: as far as blur.
    front_radius_mm : float
        Radius of a front of cement, mm: that of a bolus of 2 ml.
    outside_tolerance_mm : float
        Cement counts as outside the marked body beyond this: the outline is drawn by hand, and
        the body's rim bulges out of its silhouette.
    outside_area_mm2 : float
        Least area outside: 1 mm of a 2 mm vein.
    confirm_frames : int
        Frames running in which a stop condition must hold: against one frame's noise.
    clear_mm : float
        Cement nearer than the margin by this needs no second frame: it is as much as cement grows
        at its rim before it is confirmed, see ``cement.rim_mm``.
    release_s : float
        WATCH goes this long after its last reason, s.
    predict_s : float
        WATCH when the front will reach the margin within this time: twice an operator's
        response of 2.4 s.
    speed_window_s : float
        The front's speed is measured over so long.
    speed_min_frames : int
        And over so many frames.
    min_speed_mm_s : float
        Slower is no movement: a bolus front creeps at 0.04 mm/s.
    worse_by : float
        After an acknowledgement the same reason raises STOP again when it got worse by this
        (mm nearer, mm of vein, mm that its edge moves all around where it is outside).
    not_judged_share : float
        Where more than this share of the frames after the baseline was not judged, the end of a
        run says so first: "no STOP" does not hold for them.
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

"""Settings of the decision what the operator is told."""

from __future__ import annotations

import msgspec


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
    """

    margin_mm: float = 5.0
    watch_mm: float = 8.0
    sigmas: float = 1.0
    marks_sigma_mm: float = 0.3
    edge_sigma_mm: float = 0.3
    outside_tolerance_mm: float = 1.25
    outside_area_mm2: float = 2.0
    confirm_frames: int = 2
    clear_mm: float = 1.0
    release_s: float = 1.0
    predict_s: float = 5.0
    speed_window_s: float = 3.0
    speed_min_frames: int = 6
    min_speed_mm_s: float = 0.1
    worse_by: float = 0.5

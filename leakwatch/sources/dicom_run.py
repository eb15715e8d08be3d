"""Which frames belong to one run."""

from __future__ import annotations

import numpy as np

from leakwatch.model import Acquisition, Shutter

# A C-arm that moved further than this shows another projection, not another frame.
_SAME_SPACING, _SAME_ANGLE_DEG = 0.01, 2.0


def run_difference(one: Acquisition, other: Acquisition) -> str:
    """What tells two frames of different runs apart; empty for frames of one run.

    Parameters
    ----------
    one, other : Acquisition
    """
    if (one.columns, one.rows) != (other.columns, other.rows):
        return f"{one.columns} x {one.rows} pixels against {other.columns} x {other.rows}"
    if one.pixel_format != other.pixel_format:
        return f"{one.pixel_format} against {other.pixel_format}"
    for name, tolerance in (
        ("sid_mm", _SAME_SPACING * (one.geometry.sid_mm or 0)),
        ("primary_angle_deg", _SAME_ANGLE_DEG),
        ("secondary_angle_deg", _SAME_ANGLE_DEG),
    ):
        here, there = getattr(one.geometry, name), getattr(other.geometry, name)
        if here is not None and there is not None and abs(here - there) > tolerance:
            return f"{name} {here:g} against {there:g}"
    for name in ("imager_pixel_spacing_mm", "pixel_spacing_mm"):
        here, there = getattr(one.geometry, name), getattr(other.geometry, name)
        if here and there and abs(here[0] - there[0]) > _SAME_SPACING * here[0]:
            return f"{name} {here[0]:g} against {there[0]:g}"
    return ""


def same_shutter(one: Shutter | None, other: Shutter | None) -> bool:
    """Whether the same part of the picture is blanked.

    Parameters
    ----------
    one, other : Shutter or None
    """
    if one is None or other is None:
        return one is other
    edges = ("left", "right", "top", "bottom", "centre_px", "radius_px")
    if any(getattr(one, edge) != getattr(other, edge) for edge in edges):
        return False
    here, there = one.vertices_px, other.vertices_px
    return here is there or (here is not None and there is not None and np.array_equal(here, there))

"""From the back of a body as it is seen to its posterior wall in the midline."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch.config import VertebraSettings
from leakwatch.model import Array
from leakwatch.vision.vertebra_patch import Patch
from leakwatch.vision.vertebra_sides import Edge

# Part of the back that lies at the height of the pedicles, as shares of half the height.
_PEDICLES = (0.05, 0.8)
# The line is looked for so far in front of, and behind, where the rims alone would put the wall.
_AHEAD_MM, _BEHIND_MM = 5.0, 4.0
_STEP_MM, _ALONG = 0.25, 21
# Of curvatures in their own unit, to a place: a line that is one unit brighter decides.
_SHARPNESS = 2.0


@dataclass(frozen=True, slots=True)
class Midline:
    """The wall in the midline.

    Parameters
    ----------
    edge : Edge
        Its place, with all that is unsure about it.
    common_sd_mm : float
        The part of its standard deviation that is one for the whole wall.
    """

    edge: Edge
    common_sd_mm: float


def midline(patch: Patch, back: Edge, half_mm: float, settings: VertebraSettings) -> Midline:
    """Place the wall of the midline by the bright line at the pedicles, else by the rims.

    Parameters
    ----------
    patch : Patch
        In the axes of `back`.
    back : Edge
        The posterior edge as it is seen.
    half_mm : float
        Half the height of the body.
    settings : VertebraSettings
    """
    by_rims = replace(back, outward_mm=back.outward_mm - settings.back_hollow_mm)
    line_mm, evidence = _line(patch, by_rims, half_mm, settings)
    if evidence < settings.back_line_evidence:
        return _with_doubt(by_rims, settings.back_hollow_sd_mm)
    moved = line_mm - settings.back_line_mm
    by_line = replace(by_rims, outward_mm=by_rims.outward_mm - moved)
    return _with_doubt(by_line, settings.back_line_sd_mm)


def _with_doubt(edge: Edge, common_sd_mm: float) -> Midline:
    return Midline(replace(edge, sigma_mm=np.hypot(edge.sigma_mm, common_sd_mm)), common_sd_mm)


def _line(
    patch: Patch, wall: Edge, half_mm: float, settings: VertebraSettings
) -> tuple[float, float]:
    """How far in front of `wall` the bright line runs, and how bright it is."""
    t = np.linspace(_PEDICLES[0] * half_mm, _PEDICLES[1] * half_mm, _ALONG)
    ahead = np.arange(-_BEHIND_MM, _AHEAD_MM + 1e-6, _STEP_MM)
    forward = -wall.at(t)[:, None] + ahead
    points = np.stack([forward, np.broadcast_to(t[:, None], forward.shape)], axis=-1)
    outwards = np.broadcast_to(np.array([-1.0, 0.0]), points.shape)
    _, curvature, seen = patch.drop_and_line(points, outwards, 0.0)
    share = np.maximum(seen.sum(axis=0), 1)
    profile: Array = (curvature * seen).sum(axis=0) / share
    weight = np.exp(_SHARPNESS * (profile - profile.max()))
    return float(weight @ ahead / weight.sum()), float(profile.max())

"""Collapse of a vertebral body: wedge and biconcave fractures, and impacted bone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leakwatch.simulator.anatomy.vertebra_shape import Axes
from leakwatch.simulator.anatomy.vertebra_sizes import VertebraSize

Field = npt.NDArray[np.float64]

# A biconcave body loses more above than below, as most do.
_UPPER_SHARE = 0.6
# Endplates sink within this share of the radius; the rim, and with it the posterior wall, stands.
_SINKS_WITHIN = 0.85
# Trabeculae are pressed together below the endplate that sank: so much is added for all of the
# height, and it falls to 1/e over this depth. A loss of 40 % leaves a band of some 120 HU.
_IMPACTION, _IMPACTION_DEPTH_MM = 0.3, 3.0


@dataclass(frozen=True, slots=True)
class Fracture:
    """Loss of height of a body.

    Parameters
    ----------
    wedge : float
        Share of the height that the front has lost.
    biconcave : float
        Share of the height that the middle has lost, from above and from below together.
    impacted : bool
        Whether the bone below the endplates that sank is denser.
    """

    wedge: float = 0.0
    biconcave: float = 0.0
    impacted: bool = True

    @property
    def is_none(self) -> bool:
        """Return whether the body is not fractured."""
        return self.wedge == 0.0 and self.biconcave == 0.0


UNBROKEN = Fracture()


def unbroken_axes(axes: Axes, size: VertebraSize, fracture: Fracture) -> Axes:
    """Return the coordinates of a collapsed body's voxels before it collapsed."""
    if fracture.is_none:
        return axes
    right, anterior, superior = axes
    above, below = _losses(axes, size, fracture)
    half = size.height_mm / 2
    whole = (superior + half - below * size.height_mm) / (1.0 - (above + below)) - half
    return right, anterior, whole


def impaction(axes: Axes, size: VertebraSize, fracture: Fracture) -> Field | float:
    """Return the factor by which trabecular bone is denser where it was pressed together."""
    if fracture.is_none or not fracture.impacted:
        return 1.0
    above, below = _losses(axes, size, fracture)
    whole = unbroken_axes(axes, size, fracture)[2]
    half = size.height_mm / 2
    factor: Field = 1.0 + _IMPACTION * (
        above * np.exp(-np.clip(half - whole, 0.0, None) / _IMPACTION_DEPTH_MM)
        + below * np.exp(-np.clip(half + whole, 0.0, None) / _IMPACTION_DEPTH_MM)
    )
    return factor


def _losses(axes: Axes, size: VertebraSize, fracture: Fracture) -> tuple[Field, Field]:
    """Return the shares of the height that are missing above and below."""
    right, anterior, _ = axes
    above = fracture.wedge * np.clip(anterior / size.depth_mm + 0.5, 0.0, 1.0)
    if fracture.biconcave == 0.0:
        return above, np.zeros((1, 1, 1))
    squared = (2.0 * right / size.width_mm) ** 2 + (2.0 * anterior / size.depth_mm) ** 2
    middle = fracture.biconcave * np.clip(1.0 - squared / _SINKS_WITHIN**2, 0.0, 1.0)
    return above + _UPPER_SHARE * middle, (1.0 - _UPPER_SHARE) * middle

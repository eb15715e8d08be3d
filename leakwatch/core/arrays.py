"""Types of arrays and points, and read-only arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
PointArray = npt.NDArray[np.float64]
FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]
Point = tuple[float, float]
# Left, top, right, bottom in pixels; right and bottom are not included.
Rectangle = tuple[int, int, int, int]


def read_only(array: Array) -> Array:
    """Return `array`, or a view of it, with writing disabled.

    Parameters
    ----------
    array : ndarray
        Any array.

    Returns
    -------
    ndarray
        The same data; ``flags.writeable`` is False.
    """
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view

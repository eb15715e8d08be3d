"""Least squares with a few unknowns: NumPy's solvers take ten times as long to call as to work."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.core.arrays import Array


def solve_normal(normal: Array, pull: Array) -> Array:
    """Return the solution of normal equations; of least norm where it is not unique.

    Parameters
    ----------
    normal : ndarray
        ``(n, n)``, symmetric.
    pull : ndarray
        ``(n,)``.

    Returns
    -------
    ndarray
        ``(n,)``, float64.
    """
    left = np.asarray(normal, np.float64)
    right = np.asarray(pull, np.float64)[:, None]
    _, solution = cv2.solve(left, right, flags=cv2.DECOMP_SVD)
    return np.asarray(solution[:, 0], np.float64)

"""A whole stack of images to a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy.typing as npt

from leakwatch.api.images import Photometric, Relationship, images_of, times_of
from leakwatch.api.marks import make_marks
from leakwatch.api.monitor import Monitor
from leakwatch.api.table import ResultTable, table_of
from leakwatch.config import Settings
from leakwatch.core.errors import InputError
from leakwatch.core.marks import Marks
from leakwatch.core.spacing import Calibration


def analyze(  # noqa: PLR0913 - an argument for each thing that is known of an array
    images: npt.ArrayLike | Iterable[npt.ArrayLike],
    *,
    fps: float | None = None,
    times_s: npt.ArrayLike | None = None,
    mm_per_px: float | Calibration | None = None,
    wall: npt.ArrayLike | None = None,
    anterior: Literal["left", "right"] | None = None,
    marks: Marks | None = None,
    settings: Settings | None = None,
    bits_stored: int | None = None,
    photometric: Photometric = "MONOCHROME2",
    relationship: Relationship | None = None,
) -> ResultTable:
    """Measure each image of a run, in order, as `leakwatch analyze` does.

    Parameters
    ----------
    images : array_like or iterable
        ``(frames, rows, columns)``, or images one by one. Integers, or floats from 0 to 1.
    fps : float or None
        Images a second, or
    times_s : array_like or None
        the time of each image, s, increasing.
    mm_per_px : float, Calibration or None
        Millimetres per pixel at the vertebra, not at the detector. None: distances in pixels.
    wall : array_like or None
        Posterior wall as marked on the first image: ``(n, 2)`` points (column, row).
    anterior : {"left", "right"} or None
        The side of the image that is anterior.
    marks : Marks or None
        In place of `wall` and `anterior`, where more is known: see `make_marks`.
    settings, bits_stored, photometric, relationship
        As of `Monitor`.

    Returns
    -------
    ResultTable
        A row for each image; `notes` names the rules that did not apply.

    Raises
    ------
    LeakWatchError
        An argument cannot be used; the message says which, what was found, and what to do.
    """
    if marks is not None and (wall is not None or anterior is not None):
        raise InputError(
            "marks: given beside wall or anterior. Put them into one: "
            "make_marks(wall=..., anterior=...)."
        )
    if marks is None and (wall is not None or anterior is not None):
        marks = make_marks(wall, anterior=anterior)
    stack, count = images_of(images)
    times = times_of(fps, times_s, count)
    monitor = Monitor(
        marks,
        mm_per_px,
        settings,
        bits_stored=bits_stored,
        photometric=photometric,
        relationship=relationship,
        number_of_images=count,
    )
    results = []
    for index, image in enumerate(stack):
        time_s = next(times, None)
        if time_s is None:
            raise InputError(
                f"times_s: holds {index} times, and there are more images. Give one for each."
            )
        results.append(monitor.step(image, time_s))
    if not results:
        raise InputError("images: there is none. Give at least one.")
    if count is None and times_s is not None and next(times, None) is not None:
        raise InputError(
            f"times_s: holds more times than there are images ({len(results)}). Give one for each."
        )
    return table_of(results, monitor.notes)

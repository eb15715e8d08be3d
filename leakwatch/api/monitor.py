"""Monitoring of images one by one, with the functions of window, analysis and benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import overload

import numpy.typing as npt

from leakwatch.alerting.inactive_rules import find_inactive_rules
from leakwatch.alerting.rules import AlertState, acknowledge
from leakwatch.alerting.rules import initial_state as initial_alerts
from leakwatch.api.images import ImageReader, Photometric, Relationship, next_time
from leakwatch.api.marks import NAME, calibration_of, case_of
from leakwatch.api.result import FrameResult, result_of
from leakwatch.case_files.case_file import check_fits
from leakwatch.config import Settings
from leakwatch.core.errors import InputError
from leakwatch.core.frame import Frame
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.pipeline.fold import fold_frame
from leakwatch.pipeline.preprocess import find_inversion
from leakwatch.pipeline.stages import initial_state as initial_vision
from leakwatch.pipeline.state import PipelineState
from leakwatch.plausibility.cement_product import check_cement_product
from leakwatch.plausibility.marks_consistency import check_consistency


@dataclass(frozen=True, slots=True)
class _Watched:
    """State after an image."""

    vision: PipelineState
    alerts: AlertState
    notes: tuple[str, ...]
    last: Snapshot | None = None


class Monitor:
    """Monitor of the images of one sequence, as they arrive.

    Parameters
    ----------
    marks : Marks or None
        See `make_marks`. None: no marks, and the posterior wall is not monitored.
    calibration : Calibration, float or None
        Millimetres per pixel at the vertebra, as a number or as `OpenedSequence.calibration`.
        None: not calibrated, and distances in pixels.
    settings : Settings or None
        None: the defaults.
    bits_stored : int or None
        Bits of the detector, such as 12. Required for integers of more than 8 bits.
    photometric : {"MONOCHROME2", "MONOCHROME1"}
        Whether bone and cement are dark (small values), as usual in fluoroscopy, or bright.
    relationship : {"LIN", "LOG", "DISP"} or None
        What a value says of the beam: it is linear, logarithmic, or made for display. None: not
        known; it is taken as linear, and only a reading of the syringe gives a volume.
    number_of_images : int or None
        If known, frames that the marks refer to are checked against it.

    Raises
    ------
    LeakWatchError
        An argument is invalid.
    """

    def __init__(
        self,
        marks: Marks | None = None,
        calibration: Calibration | float | None = None,
        settings: Settings | None = None,
        *,
        bits_stored: int | None = None,
        photometric: Photometric = "MONOCHROME2",
        relationship: Relationship | None = None,
        number_of_images: int | None = None,
    ) -> None:
        self.settings = Settings() if settings is None else settings
        self._case: CaseFile = case_of(marks, calibration, self.settings)
        self._spacing = calibration
        self._begin_reading = partial(
            ImageReader, bits_stored, photometric, relationship, number_of_images
        )
        self._reader = self._begin_reading()
        self._watched: _Watched | None = None
        self._count = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """Inactive rules, and what is unusual; known after the first image."""
        return () if self._watched is None else self._watched.notes

    @overload
    def step(self, image: npt.ArrayLike, time_s: float) -> FrameResult: ...
    @overload
    def step(self, image: Frame) -> FrameResult: ...
    def step(self, image: npt.ArrayLike | Frame, time_s: float | None = None) -> FrameResult:
        """Analyse the next image.

        Parameters
        ----------
        image : array_like or Frame
            ``(rows, columns)``: integers, or floats from 0 to 1. It is copied. A frame of an
            opened sequence brings its time, and what its file tells of the pixels.
        time_s : float
            Seconds, later than those of the image before.

        Returns
        -------
        FrameResult

        Raises
        ------
        LeakWatchError
            The image or the time cannot be used, or, with the first image, the marks do not fit
            it. The monitor is as it was before.
        """
        before = None if self._watched is None else self._watched.last
        if isinstance(image, Frame):  # the clock of its file may have stopped: the fold detects it
            frame = image
        else:
            now_s = next_time(time_s, None if before is None else before.frame.time_s, self._count)
            if self._watched is None:  # a first image that does not match is discarded
                self._reader = self._begin_reading()
            frame = self._reader.frame(image, self._count, now_s)
        known = self._begun(frame) if self._watched is None else self._watched
        vision, alerts, snapshot = fold_frame(known.vision, known.alerts, frame)
        self._watched = _Watched(vision, alerts, known.notes, snapshot)
        self._count = frame.index + 1
        return result_of(snapshot)

    def acknowledge(self) -> None:
        """Clear the latched STOP; only an operator may do so.

        It is raised again if its cause gets worse, and for any other reason.
        """
        watched = self._watched
        if watched is None or watched.last is None:
            return
        alerts, _ = acknowledge(watched.alerts, watched.last.observation)
        self._watched = _Watched(watched.vision, alerts, watched.notes, watched.last)

    def _begun(self, first: Frame) -> _Watched:
        """Check the marks against the first image, like all commands."""
        case, acquisition, settings = self._case, first.acquisition, self.settings
        check_fits(case, acquisition, NAME)
        check_cement_product(case, settings, NAME)
        _check_polarity(first, settings)
        scale = calibration_of(case, self._spacing, acquisition, settings)
        unusual = check_consistency(case, acquisition, scale, settings, NAME)
        rules = find_inactive_rules(case.marks, scale, acquisition, settings)
        off = tuple(one.text for one in rules)
        vision = initial_vision(settings, case.marks, scale)
        return _Watched(vision, initial_alerts(settings), (*off, *unusual))


def _check_polarity(first: Frame, settings: Settings) -> None:
    why = find_inversion(first, settings)
    if why:
        told = first.acquisition.pixel_format.photometric
        other = "MONOCHROME1" if told == "MONOCHROME2" else "MONOCHROME2"
        raise InputError(
            f"image {first.index}: looks inverted for photometric={told!r}: {why}. Give "
            f"photometric={other!r}, or set trust_tags in section [polarity] of the settings."
        )

"""From a sequence to snapshots: open a run, and fold over its frames.

Analysis, replay, training and bench open a run and fold over it in the same way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from leakwatch import alerting, calibration, pipeline
from leakwatch.agreement import check_agrees
from leakwatch.case import CASE_SUFFIX, check_fits, dicom_path, load_case
from leakwatch.config import Settings
from leakwatch.errors import SourceError
from leakwatch.frame_log import log_frame, stages_for
from leakwatch.log_file import FIELDS
from leakwatch.looking import inverted
from leakwatch.measurement import blind_for
from leakwatch.model import (
    Acquisition,
    Alert,
    Calibration,
    CaseFile,
    EventKind,
    Frame,
    FrameSource,
    Marks,
    Observation,
    Quality,
    Reason,
    Snapshot,
    StoredSource,
)
from leakwatch.pipeline_state import PipelineState, without_last_moments
from leakwatch.sources.same_sequence import check_same_sequence
from leakwatch.sources.stored_pictures import open_stored
from leakwatch.stage_times import begin_stage, current_stage

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """A sequence with everything that a fold over it needs.

    Parameters
    ----------
    name : str
        For titles and messages.
    path : Path
        The sequence.
    source : FrameSource
        Open; whoever opened the run closes it.
    frames : iterator of Frame
        All frames, the first included.
    acquisition : Acquisition
        Of the first frame.
    marks : Marks
    calibration : Calibration
    settings : Settings
    doubts : tuple of str
        What of the case is unusual, for the person.
    opener : callable or None
        Opens the sequence again; None: by its path.
    """

    name: str
    path: Path
    source: FrameSource
    frames: Iterator[Frame]
    acquisition: Acquisition
    marks: Marks
    calibration: Calibration
    settings: Settings
    doubts: tuple[str, ...] = ()
    opener: Callable[[], StoredSource] | None = None

    def reopen(self) -> StoredSource:
        """Open the sequence a second time, for pixels that were not kept."""
        if self.opener is not None:
            return self.opener()
        return open_stored(self.path, self.settings.live_video)

    def snapshots(self) -> Iterator[Snapshot]:
        """Fold over the frames from the beginning; once."""
        vision = pipeline.initial_state(self.settings, self.marks, self.calibration)
        return fold(self.frames, vision, alerting.initial_state(self.settings), str(self.path))


def open_run(
    path: Path,
    settings: Settings,
    case_path: Path | None = None,
    calibration_path: Path | None = None,
    opener: Callable[[], StoredSource] | None = None,
) -> Run:
    """Open a sequence with its marks and calibration, and read its first frame.

    Parameters
    ----------
    path : Path
        A sequence, or a NAME.case.json, which names its sequence.
    settings : Settings
    case_path : Path or None
        Marks and calibration that a person gave.
    calibration_path : Path or None
        Calibration file of the C-arm.
    opener : callable or None
        Opens what `path` does not name alone, such as one run of several in a folder.

    Returns
    -------
    Run

    Raises
    ------
    CaseError, SourceError, CalibrationError
        What was given cannot be read, does not fit together, or contradicts itself.
    """
    if case_path is None and path.name.endswith(CASE_SUFFIX):
        case_path = path
    case = CaseFile("", Marks()) if case_path is None else load_case(case_path)
    if case_path is not None and path == case_path:
        path = dicom_path(case_path, case)
    elif case_path is not None:
        check_same_sequence(path, dicom_path(case_path, case), str(case_path))
    source = open_stored(path, settings.live_video) if opener is None else opener()
    try:
        frames = source.frames()
        first = next(frames, None)
        if first is None:
            raise SourceError(f"{path}: there is no frame in it. Choose another sequence.")
        _check_polarity(first, path, settings)
        check_fits(case, first.acquisition, str(case_path))
        scale = calibration.resolve(first.acquisition, case, calibration_path, settings.calibration)
        doubts = check_agrees(case, first.acquisition, scale, settings, str(case_path))
    except BaseException:
        source.close()
        raise
    whole = chain([first], frames)
    shared = first.acquisition
    return Run(path.name, path, source, whole, shared, case.marks, scale, settings, doubts, opener)


def _check_polarity(first: Frame, path: Path, settings: Settings) -> None:
    """Refuse a picture that is inverted: bone would be soft tissue, and cement be light."""
    why = inverted(first, settings)
    if why:
        pixels = first.acquisition.pixel_format
        raise SourceError(
            f"{path}: the picture looks inverted against its tags ({pixels.photometric}): {why}. "
            "Export it again as it was acquired. If the tags are right, set `trust_tags = true` "
            "in section [polarity] of the settings (`leakwatch mark`: --trust-tags)."
        )


def fold(
    frames: Iterable[Frame],
    vision: PipelineState,
    alerts: alerting.AlertState,
    where: str = "",
) -> Iterator[Snapshot]:
    """Run ``step`` and ``decide`` over `frames`, one snapshot a frame, dropping none.

    Where the source breaks after its first frame, one more snapshot follows, with its `fault`: the
    last frame again, of which nothing is known any more. So the level that was shown last is never
    a CLEAR that nobody watches.

    Parameters
    ----------
    frames : iterable of Frame
        In order.
    vision : PipelineState
        From ``pipeline.initial_state``.
    alerts : AlertState
        From ``alerting.initial_state``.
    where : str
        Path of the source. It is left out of a `fault`, which is written: two runs give the same
        bytes wherever the file lies, and a path may name a patient.

    Yields
    ------
    Snapshot

    Raises
    ------
    SourceError
        There is not even a first frame.
    """
    last: Snapshot | None = None
    try:
        for frame in frames:
            with stages_for(_LOG) as stages:
                vision, alerts, last = folded(vision, alerts, frame)
            log_frame(_LOG, last, stages.ms)
            yield last
        return
    except SourceError as error:
        if last is None:
            raise
        _LOG.info("the frames ended early", exc_info=True)
        fault = str(error).removeprefix(f"{where}: ")
    # Whatever a source dies of, what it gave before is kept and its end is told.
    except Exception as error:
        fault = f"the frames broke off: {type(error).__name__}: {error}"
        _LOG.debug("the frames broke off", exc_info=True)
        if last is None:
            raise SourceError(fault) from error
    ended = not_judged(alerts, vision.calibration, last.frame, Reason.DECODE, fault, fault)[1]
    log_frame(_LOG, ended, {})
    yield ended


def folded(
    vision: PipelineState, alerts: alerting.AlertState, frame: Frame
) -> tuple[PipelineState, alerting.AlertState, Snapshot]:
    """Fold one frame; a stage that breaks makes it UNKNOWN, and the run goes on.

    It never breaks twice for what it remembers of the last moments: that is then forgotten.

    Parameters
    ----------
    vision : PipelineState
    alerts : AlertState
    frame : Frame

    Returns
    -------
    PipelineState, AlertState, Snapshot
    """
    started = time.perf_counter()
    before = vision
    try:
        vision, observation = pipeline.step(vision, frame)
    # Whatever broke, the person must be told that nobody watches this frame.
    except Exception as error:  # noqa: BLE001
        observation, alerts, alert = _broken(before, alerts, frame, error)
        vision = _after_failure(before, frame)
    else:
        begin_stage("alerting")
        try:
            alerts, alert = alerting.decide(alerts, observation)
        except Exception as error:  # noqa: BLE001
            observation, alerts, alert = _broken(before, alerts, frame, error)
    latency_ms = (time.perf_counter() - started) * 1e3
    return vision, alerts, Snapshot(frame, observation, alert, latency_ms)


def _broken(
    vision: PipelineState, alerts: alerting.AlertState, frame: Frame, error: Exception
) -> tuple[Observation, alerting.AlertState, Alert]:
    """Decide on a frame at which a stage broke."""
    stage = current_stage()
    what = f"{type(error).__name__}: {error}"
    observation = blind_for(frame, vision.calibration, Quality(), Reason.STAGE_ERROR, what)
    try:
        alerts, alert = alerting.decide(alerts, observation)
    # It broke for what it remembers of the last moments: a STOP, and what was seen of it, stay.
    except Exception:  # noqa: BLE001
        alerts = replace(alerts, streaks=(), watch_until_s=None, watch_reasons=(), distances=())
        alerts, alert = alerting.decide(alerts, observation)
    alert = _saying(alert, what)
    # What breaks at every frame is told once.
    level = logging.ERROR if alert.events else logging.DEBUG
    _LOG.log(
        level,
        "frame %d is not analysed: %s",
        frame.index,
        what,
        exc_info=error,
        extra={FIELDS: {"frame": frame.index, "time_s": frame.time_s, "stage": stage or None}},
    )
    return observation, alerts, alert


def _after_failure(vision: PipelineState, frame: Frame) -> PipelineState:
    """Return what the next frame is looked at with, after one at which a stage broke.

    What is known can be at fault, or the frame. A frame that can be looked at without what was
    remembered of the last moments tells that those are at fault: they would break each frame that
    follows. Else all that was known stays.
    """
    try:
        return pipeline.step(without_last_moments(vision), frame)[0]
    except Exception:  # noqa: BLE001
        return vision


def not_judged(
    alerts: alerting.AlertState,
    calibration: Calibration,
    frame: Frame,
    reason: Reason,
    text: str = "",
    fault: str | None = None,
) -> tuple[alerting.AlertState, Snapshot]:
    """Decide on a frame, or on the want of one, of which nothing can be known.

    Parameters
    ----------
    alerts : AlertState
    calibration : Calibration
    frame : Frame
        Where none follows, the last one, at the time of now.
    reason : Reason
    text : str
        What is wrong, for the events.
    fault : str or None
        Of the snapshot.

    Returns
    -------
    AlertState, Snapshot
    """
    observation = blind_for(frame, calibration, Quality(), reason, text)
    alerts, alert = alerting.decide(alerts, observation)
    # The front's last position is old: nothing is predicted from it any more.
    alert = replace(_saying(alert, text) if text else alert, time_to_margin_s=None)
    return alerts, Snapshot(frame, observation, alert, 0.0, fault)


def _saying(alert: Alert, text: str) -> Alert:
    """Put what broke into the technical events of `alert`."""
    events = tuple(
        replace(event, text=text) if event.kind is EventKind.TECHNICAL else event
        for event in alert.events
    )
    return replace(alert, events=events)

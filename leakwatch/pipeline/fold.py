"""Fold of frames through stages and rules; a failed stage gives UNKNOWN, and the run continues."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from leakwatch.alerting import rules
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Frame
from leakwatch.core.messages import text
from leakwatch.core.results import Alert, EventKind, Observation, Quality, Reason, Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.diagnostics.frame_log import log_frame, stages_for
from leakwatch.diagnostics.log_file import FIELDS
from leakwatch.diagnostics.stage_times import begin_stage, current_stage
from leakwatch.pipeline import stages
from leakwatch.pipeline.measurement import make_unassessed_for
from leakwatch.pipeline.state import PipelineState, without_transient_state

_LOG = logging.getLogger(__name__)


def fold(
    frames: Iterable[Frame],
    vision: PipelineState,
    alerts: rules.AlertState,
    where: str = "",
) -> Iterator[Snapshot]:
    """Run ``step`` and ``decide`` over `frames`, one snapshot per frame.

    If the source fails after its first frame, one more snapshot follows with its `fault`: the last
    frame again, not assessed. The last level shown is therefore never a CLEAR of a dead source.

    Parameters
    ----------
    frames : iterable of Frame
        In order.
    vision : PipelineState
        From ``stages.initial_state``.
    alerts : AlertState
        From ``rules.initial_state``.
    where : str
        Path of the source. It is removed from a `fault`, which is written to files: results do not
        depend on the folder, and a path may name a patient.

    Yields
    ------
    Snapshot

    Raises
    ------
    SourceError
        There is no first frame.
    """
    last: Snapshot | None = None
    try:
        for frame in frames:
            with stages_for(_LOG) as timer:
                vision, alerts, last = fold_frame(vision, alerts, frame)
            log_frame(_LOG, last, timer.ms)
            yield last
        return
    except SourceError as error:
        if last is None:
            raise
        _LOG.info("the frames ended early", exc_info=True)
        fault = str(error).removeprefix(f"{where}: ")
    # Whatever the cause, frames before the failure are kept and the failure is reported.
    except Exception as error:
        fault = text(
            "the source failed: {kind}: {error}", kind=type(error).__name__, error=str(error)
        )
        _LOG.debug("the source failed", exc_info=True)
        if last is None:
            raise SourceError(fault) from error
    ended = skip_frame(alerts, vision.calibration, last.frame, Reason.DECODE, fault, fault)[1]
    log_frame(_LOG, ended, {})
    yield ended


def fold_frame(
    vision: PipelineState, alerts: rules.AlertState, frame: Frame
) -> tuple[PipelineState, rules.AlertState, Snapshot]:
    """Fold one frame; a failed stage gives UNKNOWN, and the run continues.

    Transient state that makes a stage fail is discarded, so that it does not fail twice.

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
        vision, observation = stages.step(vision, frame)
    # Whatever failed, the operator must see that this frame was not assessed.
    except Exception as error:  # noqa: BLE001
        observation, alerts, alert = _decide_on_failure(before, alerts, frame, error)
        vision = _after_failure(before, frame)
    else:
        begin_stage("alerting")
        try:
            alerts, alert = rules.decide(alerts, observation)
        except Exception as error:  # noqa: BLE001
            observation, alerts, alert = _decide_on_failure(before, alerts, frame, error)
    latency_ms = (time.perf_counter() - started) * 1e3
    return vision, alerts, Snapshot(frame, observation, alert, latency_ms)


def _decide_on_failure(
    vision: PipelineState, alerts: rules.AlertState, frame: Frame, error: Exception
) -> tuple[Observation, rules.AlertState, Alert]:
    """Decide on a frame in which a stage failed."""
    stage = current_stage()
    what = f"{type(error).__name__}: {error}"
    observation = make_unassessed_for(
        frame, vision.calibration, Quality(), Reason.STAGE_ERROR, what
    )
    try:
        alerts, alert = rules.decide(alerts, observation)
    # It broke for what it remembers of the last moments: a STOP, and what was seen of it, stay.
    except Exception:  # noqa: BLE001
        alerts = replace(alerts, streaks=(), watch_until_s=None, watch_reasons=(), distances=())
        alerts, alert = rules.decide(alerts, observation)
    alert = _with_event_text(alert, what)
    # A failure in every frame is logged once.
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
    """Return the state for the next frame, after one in which a stage failed.

    Either the state or the frame is at fault. If the frame passes without the transient state, that
    state would fail every following frame and is discarded. Otherwise the state is kept.
    """
    try:
        return stages.step(without_transient_state(vision), frame)[0]
    except Exception:  # noqa: BLE001
        return vision


def skip_frame(
    alerts: rules.AlertState,
    calibration: Calibration,
    frame: Frame,
    reason: Reason,
    why: str = "",
    fault: str | None = None,
) -> tuple[rules.AlertState, Snapshot]:
    """Decide on a frame that cannot be assessed, or on the absence of a frame.

    Parameters
    ----------
    alerts : AlertState
    calibration : Calibration
    frame : Frame
        If none follows, the last one with the current time.
    reason : Reason
    why : str
        The fault, for the events.
    fault : str or None
        Of the snapshot.

    Returns
    -------
    AlertState, Snapshot
    """
    observation = make_unassessed_for(frame, calibration, Quality(), reason, why)
    alerts, alert = rules.decide(alerts, observation)
    # The last position of the front is too old for a prediction.
    alert = replace(_with_event_text(alert, why) if why else alert, time_to_margin_s=None)
    return alerts, Snapshot(frame, observation, alert, 0.0, fault)


def _with_event_text(alert: Alert, why: str) -> Alert:
    """Return the alert with the fault in its technical events."""
    events = tuple(
        replace(event, text=why) if event.kind is EventKind.TECHNICAL else event
        for event in alert.events
    )
    return replace(alert, events=events)

"""One frame through stages and rules: a stage that breaks makes it UNKNOWN, and the run goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from leakwatch.alerting import rules
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Frame
from leakwatch.core.results import Alert, EventKind, Observation, Quality, Reason, Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.pipeline import stages
from leakwatch.pipeline.measurement import blind_for
from leakwatch.pipeline.state import PipelineState, without_last_moments

_LOG = logging.getLogger(__name__)


def fold(
    frames: Iterable[Frame],
    vision: PipelineState,
    alerts: rules.AlertState,
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
        From ``stages.initial_state``.
    alerts : AlertState
        From ``rules.initial_state``.
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
            vision, alerts, last = folded(vision, alerts, frame)
            yield last
        return
    except SourceError as error:
        if last is None:
            raise
        fault = str(error).removeprefix(f"{where}: ")
    # Whatever a source dies of, what it gave before is kept and its end is told.
    except Exception as error:
        fault = f"the frames broke off: {type(error).__name__}: {error}"
        _LOG.debug("the frames broke off", exc_info=True)
        if last is None:
            raise SourceError(fault) from error
    yield not_judged(alerts, vision.calibration, last.frame, Reason.DECODE, fault, fault)[1]


def folded(
    vision: PipelineState, alerts: rules.AlertState, frame: Frame
) -> tuple[PipelineState, rules.AlertState, Snapshot]:
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
        vision, observation = stages.step(vision, frame)
    # Whatever broke, the person must be told that nobody watches this frame.
    except Exception as error:  # noqa: BLE001
        observation, alerts, alert = _broken(before, alerts, frame, error)
        vision = _after_failure(before, frame)
    else:
        try:
            alerts, alert = rules.decide(alerts, observation)
        except Exception as error:  # noqa: BLE001
            observation, alerts, alert = _broken(before, alerts, frame, error)
    latency_ms = (time.perf_counter() - started) * 1e3
    return vision, alerts, Snapshot(frame, observation, alert, latency_ms)


def _broken(
    vision: PipelineState, alerts: rules.AlertState, frame: Frame, error: Exception
) -> tuple[Observation, rules.AlertState, Alert]:
    """Decide on a frame at which a stage broke."""
    what = f"{type(error).__name__}: {error}"
    observation = blind_for(frame, vision.calibration, Quality(), Reason.STAGE_ERROR, what)
    try:
        alerts, alert = rules.decide(alerts, observation)
    # It broke for what it remembers of the last moments: a STOP, and what was seen of it, stay.
    except Exception:  # noqa: BLE001
        alerts = replace(alerts, streaks=(), watch_until_s=None, watch_reasons=(), distances=())
        alerts, alert = rules.decide(alerts, observation)
    alert = _saying(alert, what)
    # What breaks at every frame is told once.
    level = logging.ERROR if alert.events else logging.DEBUG
    debugging = error if _LOG.isEnabledFor(logging.DEBUG) else None
    _LOG.log(level, "frame %d is not analysed: %s", frame.index, what, exc_info=debugging)
    return observation, alerts, alert


def _after_failure(vision: PipelineState, frame: Frame) -> PipelineState:
    """Return what the next frame is looked at with, after one at which a stage broke.

    What is known can be at fault, or the frame. A frame that can be looked at without what was
    remembered of the last moments tells that those are at fault: they would break each frame that
    follows. Else all that was known stays.
    """
    try:
        return stages.step(without_last_moments(vision), frame)[0]
    except Exception:  # noqa: BLE001
        return vision


def not_judged(
    alerts: rules.AlertState,
    calibration: Calibration,
    frame: Frame,
    reason: Reason,
    text: str = "",
    fault: str | None = None,
) -> tuple[rules.AlertState, Snapshot]:
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
    alerts, alert = rules.decide(alerts, observation)
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

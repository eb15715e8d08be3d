"""The fold over a source: frames in, snapshots out. Live, replay and bench call the same two functions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from leakwatch import alerting, pipeline
from leakwatch.model import Frame, Snapshot


def fold(
    frames: Iterable[Frame],
    vision: pipeline.PipelineState,
    alerts: alerting.AlertState,
) -> Iterator[Snapshot]:
    """Run ``step`` and ``decide`` over `frames`, one snapshot a frame, dropping none.

    Parameters
    ----------
    frames : iterable of Frame
        In order. Errors that it raises pass through after the snapshots of whole frames.
    vision : PipelineState
        From ``pipeline.initial_state``.
    alerts : AlertState
        From ``alerting.initial_state``.

    Yields
    ------
    Snapshot
    """
    for frame in frames:
        started = time.perf_counter()
        vision, observation = pipeline.step(vision, frame)
        alerts, alert = alerting.decide(alerts, observation)
        latency_ms = (time.perf_counter() - started) * 1e3
        yield Snapshot(frame, observation, alert, latency_ms)

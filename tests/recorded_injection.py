"""The injection of `injection`, watched and recorded as a session."""

from __future__ import annotations

from pathlib import Path

import injection

from leakwatch import alerting, pipeline
from leakwatch.config import Settings
from leakwatch.session import fold
from leakwatch.sinks.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recorder import Recorder


def record_injection(folder: Path, frames: int = injection.FRAMES) -> None:
    """Fold over the first `frames` and record them into `folder`."""
    used = Settings()
    vision = pipeline.initial_state(used, injection.MARKS, injection.CALIBRATION)
    known = Recording(injection.MARKS, injection.CALIBRATION, used, "test")
    recorder, lines = FrameRecorder(folder, known), Recorder(folder)
    for snapshot in fold(injection.frames(frames), vision, alerting.initial_state(used)):
        recorder.append(snapshot)
        lines.append(snapshot)
    recorder.close()
    lines.close()

"""The injection of `injection`, watched and recorded as a session."""

from __future__ import annotations

from pathlib import Path

import injection

from leakwatch.alerting import rules
from leakwatch.config import Settings
from leakwatch.core.marks import Marks
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.recorder import Recorder


def record_injection(folder: Path, frames: int = injection.FRAMES, begun: int = 0) -> None:
    """Fold over the first `frames` and record them into `folder`, from frame `begun` on.

    Where a record begins during the injection, its marks are lost, as where the patient moved.
    """
    used = Settings()
    vision = stages.initial_state(used, injection.MARKS, injection.CALIBRATION)
    marks = Marks(view=injection.MARKS.view) if begun else injection.MARKS
    known = Recording(marks, injection.CALIBRATION, used, "test")
    recorder, lines = FrameRecorder(folder, known), Recorder(folder)
    for snapshot in fold(injection.frames(frames), vision, rules.initial_state(used)):
        if snapshot.frame.index >= begun:
            recorder.append(snapshot)
            lines.append(snapshot)
    recorder.close()
    lines.close()

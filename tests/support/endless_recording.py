"""Records sessions one after another until it is killed; prints each frame that is recorded.

Usage: python endless_recording.py FOLDER. Files are cut after a few frames, so that a kill
falls into every stage of their life.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from handmade import CALIBRATION, MARKS, make_snapshot

from leakwatch.config import Settings
from leakwatch.sinks.recording import frame_recorder
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.recorder import Recorder

FRAMES_OF_PART, FRAMES_OF_SESSION = 5, 17


def main(folder: Path) -> None:
    frame_recorder.PART_FRAMES = FRAMES_OF_PART
    snapshots = [make_snapshot(index) for index in range(FRAMES_OF_SESSION)]
    for session in itertools.count():
        place = folder / f"{session:04d}"
        place.mkdir()
        recorder = FrameRecorder(place, Recording(MARKS, CALIBRATION, Settings(), "test"))
        lines = Recorder(place)
        for snapshot in snapshots:
            lines.append(snapshot)
            recorder.append(snapshot)
            sys.stdout.write(f"{session} {snapshot.frame.index}\n")
            sys.stdout.flush()
        recorder.close()
        lines.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Settings of the live session: clocks, queues, and changes of the view."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class LiveSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Live session.

    Parameters
    ----------
    stale_after_s : float
        Without a frame for longer, the image is not current, s: the slowest fluoroscopy for cement
        has a frame every 0.13 s, so that half a second means several lost frames.
    clock_leap_s : float
        Maximum difference between the source's time and the time of arrival from one frame to the
        next, s. A larger one, or a step back, means that a clock was set. Networks delay frames by
        some tenths of a second.
    geometry_share : float
        Distances and spacings in the header with a larger relative difference change the
        magnification: 0.1 mm in 5 mm.
    return_after_s : float
        The reference view must be back for this time before it is assessed again, s: two senders
        that alternate are not both the patient.
    last_image_s : float
        After the last assessed frame, frames that cannot be assessed are accepted for this time, s,
        and the assessed one remains on the screen if no other follows: frames darken at the end of
        an exposure, and a turn to another view takes more than a second.
    take_back_steps : int
        Number of new baselines that can be undone: each keeps the previous state, some 100 MB at
        1024 x 1024.
    audio_pause_s : float
        Longest pause of the alarm sound, s (two minutes, as IEC 60601-1-8 allows).
    waiting_frames : int
        Frames that may wait for the analysis before the oldest is dropped: a tenth of a second at
        30 frames/s covers a single slow frame, and images must not be older.
    learning_frames : int
        The same during acquisition of the baseline: nothing is assessed yet, and each frame
        improves it.
    waiting_bytes : int
        Pixels of waiting frames, bytes: 30 frames of 2048 x 2048 with 16 bits, also during
        acquisition of the baseline.
    sink_queue_frames : int
        Snapshots that may wait for a slow disk: ten seconds at 30 frames/s. Further frames are not
        recorded, which is reported and counted; lines and events always are.
    sink_queue_mb : float
        The same in megabytes of pixels, which large frames reach first: 61 of 1024 x 1024.
    behind_after_s : float
        If the oldest waiting frame of a recording is older, s, the recording is reported as
        delayed: more than a second would be lost if the program were killed.
    latency_frames : int
        Number of the latest frames in the percentiles of latency: ten minutes at 30 frames/s.
    close_s : float
        Maximum time to wait for sinks at the end, s.
    """

    stale_after_s: Annotated[float, within(0.2, 3.0)] = 0.5
    clock_leap_s: Annotated[float, within(0.1, 30.0)] = 1.0
    geometry_share: Annotated[float, within(0.001, 0.2)] = 0.02
    return_after_s: Annotated[float, within(0.0, 30.0)] = 1.0
    last_image_s: Annotated[float, within(0.1, 10.0)] = 1.0
    take_back_steps: Annotated[int, within(1, 20)] = 3
    audio_pause_s: Annotated[float, within(1.0, 120.0)] = 120.0
    waiting_frames: Annotated[int, within(1, 30)] = 3
    learning_frames: Annotated[int, within(1, 300)] = 30
    waiting_bytes: Annotated[int, within(1 << 20, 1 << 34)] = 1 << 28
    sink_queue_frames: Annotated[int, within(1, 3000)] = 300
    sink_queue_mb: Annotated[float, within(1.0, 4096.0)] = 128.0
    behind_after_s: Annotated[float, within(0.1, 60.0)] = 1.0
    latency_frames: Annotated[int, within(10, 1000000)] = 18000
    close_s: Annotated[float, within(0.1, 120.0)] = 10.0

"""Settings of the live session: clocks, queues, and what counts as the same view."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class LiveSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Frames that come when they come.

    Parameters
    ----------
    stale_after_s : float
        No frame for longer is no picture of the present, s: the slowest fluoroscopy for cement
        gives one in 0.13 s, so that half a second is several lost frames.
    clock_leap_s : float
        The time that a source gives may run before or behind the time of arrival by this between
        two frames, s; more, or a step back, is a clock that was set. Networks bunch frames up by
        some tenths.
    geometry_share : float
        Distances and spacings in the head that differ by a larger share change the magnification:
        0.1 mm on 5 mm.
    return_after_s : float
        The reference view must be back for so long before it is judged again, s: two senders that
        take turns are never both the patient.
    last_image_s : float
        A frame that cannot be judged may follow the last judged one by so long, s, and the judged
        one stays on the screen when no other comes: a beam that ends dims its last frames, and a
        second is less than it takes to turn to another view.
    take_back_steps : int
        So many new baselines can be taken back, one after the other: each keeps what was known
        before it, some 100 MB at 1024 x 1024.
    audio_pause_s : float
        Longest pause of the alarm's sound, s (two minutes, as IEC 60601-1-8 allows).
    waiting_frames : int
        Frames that may wait for the analysis before the oldest is dropped: a tenth of a second at
        30 frames/s rides out a single slow frame, and a picture may be no older.
    learning_frames : int
        The same while the baseline is learnt: nothing is judged yet, and each frame makes it
        better.
    sink_queue_frames : int
        Snapshots that may wait for a slow disk: ten seconds at 30 frames/s. More are not recorded,
        which is told and counted; lines and events always are.
    sink_queue_mb : float
        The same in megabytes of pixels, which is reached first by large frames: 61 of 1024 x 1024.
    behind_after_s : float
        A recording whose oldest waiting frame is older, s, is said to be behind: a program that is
        killed would lose more than a second.
    latency_frames : int
        The last frames whose latencies are counted in percentiles: ten minutes at 30 frames/s.
    close_s : float
        At the end sinks are waited for so long, s.
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
    sink_queue_frames: Annotated[int, within(1, 3000)] = 300
    sink_queue_mb: Annotated[float, within(1.0, 4096.0)] = 128.0
    behind_after_s: Annotated[float, within(0.1, 60.0)] = 1.0
    latency_frames: Annotated[int, within(10, 1000000)] = 18000
    close_s: Annotated[float, within(0.1, 120.0)] = 10.0

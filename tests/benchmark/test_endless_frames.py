"""Frames that go on after a case's end are new images, of which each is analysed."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from leakwatch.alerting import rules
from leakwatch.benchmark.endless_frames import EndlessFrames
from leakwatch.benchmark.latency import enlarge_case
from leakwatch.config import Settings
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold_frame

CASE = Path(__file__).resolve().parents[2] / "sample_dicom" / "epidural.case.json"
FRAMES_PER_S = 7.5
HELD, SHOWN = 24, 60


def test_no_frame_after_the_end_of_the_list_is_taken_for_a_held_image() -> None:
    settings = Settings()
    frames, marks, scale = enlarge_case(CASE, settings, HELD, side_px=352)
    vision, alerts = stages.initial_state(settings, marks, scale), rules.initial_state(settings)
    repeated = []
    for index, pixels in enumerate(islice(EndlessFrames(frames).pixels(), SHOWN)):
        frame = replace(frames[0], pixels=pixels, index=index, time_s=index / FRAMES_PER_S)
        vision, alerts, snapshot = fold_frame(vision, alerts, frame)
        repeated.append(snapshot.observation.repeated)
    assert repeated == [False] * SHOWN


def test_the_list_comes_first_and_what_follows_has_its_mean_and_its_noise() -> None:
    frames, _, _ = enlarge_case(CASE, Settings(), HELD, side_px=352)
    shown = list(islice(EndlessFrames(frames).pixels(), HELD + 4))
    assert all(one is frame.pixels for one, frame in zip(shown, frames, strict=False))
    last = np.stack([frame.pixels for frame in frames[-16:]]).astype(float)
    grain = np.median(np.abs(last[-1] - last[-2]))
    for before, after in zip(shown[HELD:], shown[HELD + 1 :], strict=False):
        assert after.dtype == frames[0].pixels.dtype
        assert abs(after.mean() - last.mean()) < 0.01 * last.mean()
        assert 0.8 < np.median(np.abs(after.astype(float) - before)) / grain < 1.25

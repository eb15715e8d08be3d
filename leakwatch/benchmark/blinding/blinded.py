"""Evaluation of LeakWatch on cases changed by blinding methods.

A case is analysed once. Each blinding method continues from the state before the first frame that
it changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import cv2
import msgspec
import numpy as np

from leakwatch.alerting import rules
from leakwatch.benchmark.blinding.blinding import (
    BlindingMethod,
    Kind,
    Scene,
    Values,
    apply_method,
    find_body,
    to_beam,
    to_stored,
)
from leakwatch.benchmark.cases.case_truth import CaseTruth
from leakwatch.benchmark.cases.dataset import BenchCase
from leakwatch.config import Settings
from leakwatch.core.arrays import Array
from leakwatch.core.errors import BenchError
from leakwatch.core.frame import Frame
from leakwatch.core.messages import text
from leakwatch.core.results import Alert, Level, Observation
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold_frame
from leakwatch.pipeline.state import PipelineState
from leakwatch.runner.stored_run import AnalysisRun, open_run

# Frames count as not assessable only this long after the change.
GRACE_S = 1.0
# A STOP later than this after it is due, or after a pause in which it became due, is missed.
LATE_S = 1.0
# This area of true cement is certainly visible.
SEEN_MM2 = 20.0


class Outcome(msgspec.Struct, frozen=True):
    """Result of one blinding method on one case.

    Parameters
    ----------
    method, kind, case : str
    start : int
        First changed frame.
    frames : int
        Number of frames from there on.
    unknown : int
        Those that were UNKNOWN.
    blind : int
        Frames without a visible vertebra, from `GRACE_S` after the start on.
    assessed : tuple of int
        Those of them that were CLEAR or WATCH.
    stops : int
        Those of them with a latched STOP.
    undetected : int
        Those with a STOP in which every condition was met, so that the change was not detected.
    stopped_before : bool
        A STOP was given before the start and is latched, which hides the result.
    due : bool
        A STOP is due, and must be given.
    missed, false : bool
        A due STOP was missed; a STOP was false.
    stop_frame : int or None
        First frame with STOP.
    reasons : dict of str to int
        Why frames were UNKNOWN.
    """

    method: str
    kind: str
    case: str
    start: int
    frames: int
    unknown: int
    blind: int
    assessed: tuple[int, ...]
    stops: int
    undetected: int
    stopped_before: bool
    due: bool
    missed: bool
    false: bool
    stop_frame: int | None
    reasons: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Fork:
    """State before a frame."""

    vision: PipelineState
    alerts: rules.AlertState


@dataclass(frozen=True, slots=True)
class _Decision:
    """Result of one frame."""

    at: int
    alert: Alert
    observation: Observation


def find_starts(case: BenchCase, before: int, start_s: float | None = None) -> tuple[int, int]:
    """Return the first frames to change: one without and one with visible cement.

    Parameters
    ----------
    case : BenchCase
    before : int
        So many frames at the beginning hold no cement.
    start_s : float or None
        Seconds of the sequence, for both; None: a third of the time from the baseline to the first
        frame in which a STOP is not false, and the middle between that and the first visible
        cement.

    Returns
    -------
    (int, int)
        Both are before the first frame in which a STOP is not false: a STOP would hide that a
        change is not detected.
    """
    truth = case.truth
    end = truth.frames if truth.right_from is None else truth.right_from
    first = max(before, 2)
    if start_s is not None:
        at = min(max(round(start_s * truth.fps), 2), truth.frames - 1)
        return at, at
    early = first + max(end - first, 0) // 3
    area = truth.area_mm2
    seen = np.flatnonzero(area >= SEEN_MM2) if area is not None else np.array([], int)
    cement = int(seen[0]) if len(seen) else early
    late = cement + max(end - cement, 0) // 2
    return min(early, truth.frames - 1), min(max(early, late), truth.frames - 1)


def evaluate_case(
    case: BenchCase,
    methods: Sequence[BlindingMethod],
    settings: Settings,
    other: BenchCase | None = None,
    start_s: float | None = None,
) -> tuple[Outcome, ...]:
    """Analyse a case once, and once per blinding method from its start on.

    Parameters
    ----------
    case : BenchCase
    methods : sequence of Way
    settings : Settings
    other : BenchCase or None
        Another patient's case. Methods that need one are omitted without it.
    start_s : float or None
        As in `find_starts`.

    Raises
    ------
    BenchError
        The case has no marks, or its truth has another number of frames.
    """
    run = open_run(case.case_path, settings)
    with closing(run.source):
        frames = tuple(run.frames)
    if len(frames) != case.truth.frames:
        raise BenchError(
            text(
                "{case}: the sequence has {found} frames, but its truth {expected}. Give the "
                "truth of this sequence.",
                case=case.name,
                found=len(frames),
                expected=case.truth.frames,
            )
        )
    before = _frames_before_cement(run, case.truth)
    early, late = find_starts(case, before, start_s)
    pixels = () if other is None else _convert_frames(frames[early - 1], other, settings)
    scene = make_blinding_scene(run, frames, case, early, before, pixels)
    forks = dict(_forks(run, frames, {early, late}))
    outcomes = []
    for method in methods:
        if method.name == "other-patient" and not scene.other:
            continue
        at = late if method.with_cement else early
        outcomes.append(_make_outcome(method, replace(scene, start=at), frames, forks[at], case))
    return tuple(outcomes)


def make_blinding_scene(
    run: AnalysisRun,
    frames: Sequence[Frame],
    case: BenchCase,
    start: int,
    before: int,
    other: tuple[Array, ...] = (),
) -> Scene:
    """Return the scene on which blinding methods work.

    Parameters
    ----------
    run : AnalysisRun
    frames : sequence of Frame
        All frames of the case.
    case : BenchCase
    start : int
        First changed frame.
    before : int
        So many frames at the beginning hold no cement.
    other : tuple of ndarray
        Another patient's frames.

    Raises
    ------
    BenchError
        Neither a wall nor an outline is marked.
    """
    truth, marks = case.truth, run.marks
    mm_per_px = truth.mm_per_px or run.calibration.mm_per_px or _assumed_scale(run)
    body = find_body(marks.posterior_wall_px, marks.body_outline_px, marks.anterior, mm_per_px)
    if body is None:
        raise BenchError(
            text(
                "{case}: neither a wall nor an outline is marked. Mark one of them.", case=case.name
            )
        )
    return Scene(
        tuple(frame.pixels for frame in frames),
        tuple(frame.time_s for frame in frames),
        run.acquisition.pixel_format,
        start,
        before,
        body[0],
        _offsets(truth, case.reference_frame),
        body[1],
        mm_per_px,
        other,
    )


def _assumed_scale(run: AnalysisRun) -> float:
    """Return the pixel spacing of a frame that shows 150 mm, as an assumption."""
    return 150.0 / run.acquisition.columns


def _offsets(truth: CaseTruth, reference: int) -> Values:
    """Return the anatomy's shift from the reference frame; the last known one if unknown."""
    motion = np.zeros((truth.frames, 2)) if truth.motion_px is None else truth.motion_px.copy()
    for at in range(len(motion)):
        if not np.isfinite(motion[at]).all():
            motion[at] = motion[at - 1] if at else 0.0
    return np.asarray(motion - motion[reference])


def _frames_before_cement(run: AnalysisRun, truth: CaseTruth) -> int:
    if run.marks.baseline_frames is not None:
        return max(run.marks.baseline_frames[1], 2)
    injected = truth.injected_ml
    later = np.flatnonzero(injected > 0.0) if injected is not None else np.array([], int)
    return max(int(later[0]) if len(later) else truth.frames // 5, 2)


def _convert_frames(frame: Frame, other: BenchCase, settings: Settings) -> tuple[Array, ...]:
    """Return another case's frames in the size, format and brightness of this one's."""
    run = open_run(other.case_path, settings)
    with closing(run.source):
        theirs = tuple(to_beam(one.pixels, run.acquisition.pixel_format) for one in run.frames)
    own = frame.acquisition.pixel_format
    gain = np.median(to_beam(frame.pixels, own)) / max(float(np.median(theirs[0])), 1.0)
    size = frame.pixels.shape[::-1]
    return tuple(
        to_stored(cv2.resize(one, size) * np.float32(gain), own, frame.pixels.dtype)
        for one in theirs
    )


def _forks(run: AnalysisRun, frames: Sequence[Frame], at: set[int]) -> Iterator[tuple[int, _Fork]]:
    vision = stages.initial_state(run.settings, run.marks, run.calibration)
    alerts = rules.initial_state(run.settings)
    for number in range(max(at) + 1):
        if number in at:
            yield number, _Fork(vision, alerts)
        vision, alerts, _ = fold_frame(vision, alerts, frames[number])


def _make_outcome(
    method: BlindingMethod, scene: Scene, frames: Sequence[Frame], fork: _Fork, case: BenchCase
) -> Outcome:
    decisions = tuple(_fold_method(method, scene, frames, fork))
    # A latched STOP hides changes that are not detected.
    stopped_before = bool(fork.alerts.latched)
    all_blind = [one for one in decisions if _is_not_assessable(method, scene, one.at)]
    blind = [] if stopped_before else all_blind
    stops = [one for one in blind if one.alert.level is Level.STOP]
    unknown = [one for one in decisions if one.alert.level is Level.UNKNOWN]
    reasons = Counter(reason.value for one in unknown for reason in one.observation.unavailable)
    due, missed = _is_missed(method, scene, decisions, case.truth)
    stop = next((one.at for one in decisions if one.alert.level is Level.STOP), None)
    return Outcome(
        method=method.name,
        kind=method.kind.value,
        case=case.name,
        start=scene.start,
        frames=len(decisions),
        unknown=len(unknown),
        blind=len(blind),
        assessed=tuple(one.at for one in blind if one.alert.level in (Level.CLEAR, Level.WATCH)),
        stops=len(stops),
        undetected=sum(not one.observation.unavailable for one in stops),
        stopped_before=stopped_before,
        due=due,
        missed=missed,
        false=not stopped_before and _is_false(stop, case.truth),
        stop_frame=stop,
        reasons=dict(sorted(reasons.items())),
    )


def _fold_method(
    method: BlindingMethod, scene: Scene, frames: Sequence[Frame], fork: _Fork
) -> Iterator[_Decision]:
    vision, alerts = fork.vision, fork.alerts
    for frame in frames[scene.start :]:
        pixels = apply_method(method, scene, frame.index)
        if pixels is None:
            continue
        later = replace(frame, pixels=pixels, time_s=frame.time_s + method.pause_s)
        vision, alerts, snapshot = fold_frame(vision, alerts, later)
        yield _Decision(frame.index, snapshot.alert, snapshot.observation)


def _is_not_assessable(method: BlindingMethod, scene: Scene, at: int) -> bool:
    if method.kind is Kind.HARMLESS:
        return False
    return GRACE_S <= scene.since_s(at) < method.lasts_s - 5e-7


def _is_missed(
    method: BlindingMethod, scene: Scene, decisions: Sequence[_Decision], truth: CaseTruth
) -> tuple[bool, bool]:
    """Return whether a STOP is due, and whether it was missed."""
    if method.kind is Kind.BLIND or truth.due_frame is None:
        return False, False
    seen_again_s = 0.0 if method.kind is Kind.HARMLESS else method.lasts_s
    due_s = max(scene.times_s[truth.due_frame], scene.times_s[scene.start] + seen_again_s)
    given = any(
        one.alert.level is Level.STOP and scene.times_s[one.at] <= due_s + LATE_S
        for one in decisions
    )
    return True, not given


def _is_false(stop: int | None, truth: CaseTruth) -> bool:
    return stop is not None and (truth.right_from is None or stop < truth.right_from)

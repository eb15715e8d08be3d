"""Fold a case in which the vertebra is hidden, or is not, and judge what was said of it.

A case is folded once. Each way goes on from what was known before the first frame that it changes.
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
    Kind,
    Scene,
    Values,
    Way,
    as_beam,
    as_stored,
    body_of,
    shown,
)
from leakwatch.benchmark.cases.case_truth import CaseTruth
from leakwatch.benchmark.cases.dataset import BenchCase
from leakwatch.config import Settings
from leakwatch.core.arrays import Array
from leakwatch.core.errors import BenchError
from leakwatch.core.frame import Frame
from leakwatch.core.results import Alert, Level, Observation
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold_frame
from leakwatch.pipeline.state import PipelineState
from leakwatch.runner.stored_run import Run, open_run

# What is shown may be old for so long: no frame counts as blind before.
GRACE_S = 1.0
# A STOP that comes so long after it is due, or after a pause in which it got due, is missed.
LATE_S = 1.0
# So much true cement is seen by anybody.
SEEN_MM2 = 20.0


class Outcome(msgspec.Struct, frozen=True):
    """What became of one way over one case.

    Parameters
    ----------
    way, kind, case : str
    start : int
        First frame that was changed.
    frames : int
        How many were folded from there on.
    unknown : int
        Of them, UNKNOWN.
    blind : int
        Frames in which the vertebra could not be seen, from `GRACE_S` after the start on.
    seeing : tuple of int
        Of them, those that were CLEAR or WATCH.
    stops : int
        Of them, those under a STOP, which stays.
    unseen : int
        Of those, frames in which every condition held: no guard saw it, and the STOP hides that.
    stopped_before : bool
        A STOP was given before the start, and stays: nothing is told of a guard then.
    due : bool
        A STOP is due, and must be given.
    missed, false : bool
        It was not; one was given that is not due.
    stop_frame : int or None
        The first that was STOP.
    reasons : dict of str to int
        Why frames were UNKNOWN.
    """

    way: str
    kind: str
    case: str
    start: int
    frames: int
    unknown: int
    blind: int
    seeing: tuple[int, ...]
    stops: int
    unseen: int
    stopped_before: bool
    due: bool
    missed: bool
    false: bool
    stop_frame: int | None
    reasons: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Fork:
    """What is known before a frame."""

    vision: PipelineState
    alerts: rules.AlertState


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said of one frame that was shown."""

    at: int
    alert: Alert
    observation: Observation


def starts(case: BenchCase, before: int, start_s: float | None = None) -> tuple[int, int]:
    """Return the first frame to change, without cement and with cement that was seen.

    Parameters
    ----------
    case : BenchCase
    before : int
        So many frames at the beginning hold no cement.
    start_s : float or None
        Seconds of the sequence, for both; None: a third of the time from the baseline to the first
        frame in which a STOP is not false, and the middle between that and the first cement seen.

    Returns
    -------
    (int, int)
        Where a STOP is not false from some frame on, both lie before: one that was given hides
        what a guard does not see.
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


def judge_case(
    case: BenchCase,
    ways: Sequence[Way],
    settings: Settings,
    other: BenchCase | None = None,
    start_s: float | None = None,
) -> tuple[Outcome, ...]:
    """Fold a case once, and each way from its start on.

    Parameters
    ----------
    case : BenchCase
    ways : sequence of Way
    settings : Settings
    other : BenchCase or None
        Another patient's case. Ways that need one are left out without it.
    start_s : float or None
        As in `starts`.

    Raises
    ------
    BenchError
        Nothing is marked in the case, or its truth is of another length.
    """
    run = open_run(case.case_path, settings)
    with closing(run.source):
        frames = tuple(run.frames)
    if len(frames) != case.truth.frames:
        raise BenchError(f"{case.name}: {len(frames)} frames, but truth has {case.truth.frames}.")
    before = _frames_before_cement(run, case.truth)
    early, late = starts(case, before, start_s)
    pixels = () if other is None else _like(frames[early - 1], other, settings)
    scene = scene_of(run, frames, case, early, before, pixels)
    forks = dict(_forks(run, frames, {early, late}))
    outcomes = []
    for way in ways:
        if way.name == "other-patient" and not scene.other:
            continue
        at = late if way.with_cement else early
        outcomes.append(_outcome(way, replace(scene, start=at), frames, forks[at], case))
    return tuple(outcomes)


def scene_of(
    run: Run,
    frames: Sequence[Frame],
    case: BenchCase,
    start: int,
    before: int,
    other: tuple[Array, ...] = (),
) -> Scene:
    """Return what ways work on.

    Parameters
    ----------
    run : Run
    frames : sequence of Frame
        All of the case.
    case : BenchCase
    start : int
        First frame that is changed.
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
    body = body_of(marks.posterior_wall_px, marks.body_outline_px, marks.anterior, mm_per_px)
    if body is None:
        raise BenchError(f"{case.name}: no wall and no outline is marked. Mark one of them.")
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


def _assumed_scale(run: Run) -> float:
    """Return millimetres per pixel of a frame that shows 150 mm, where nobody tells them."""
    return 150.0 / run.acquisition.columns


def _offsets(truth: CaseTruth, reference: int) -> Values:
    """Return where the anatomy lies, from the reference frame; the last known place else."""
    motion = np.zeros((truth.frames, 2)) if truth.motion_px is None else truth.motion_px.copy()
    for at in range(len(motion)):
        if not np.isfinite(motion[at]).all():
            motion[at] = motion[at - 1] if at else 0.0
    return np.asarray(motion - motion[reference])


def _frames_before_cement(run: Run, truth: CaseTruth) -> int:
    if run.marks.baseline_frames is not None:
        return max(run.marks.baseline_frames[1], 2)
    injected = truth.injected_ml
    later = np.flatnonzero(injected > 0.0) if injected is not None else np.array([], int)
    return max(int(later[0]) if len(later) else truth.frames // 5, 2)


def _like(frame: Frame, other: BenchCase, settings: Settings) -> tuple[Array, ...]:
    """Return another case's frames in the size, format and brightness of this one's."""
    run = open_run(other.case_path, settings)
    with closing(run.source):
        theirs = tuple(as_beam(one.pixels, run.acquisition.pixel_format) for one in run.frames)
    own = frame.acquisition.pixel_format
    gain = np.median(as_beam(frame.pixels, own)) / max(float(np.median(theirs[0])), 1.0)
    size = frame.pixels.shape[::-1]
    return tuple(
        as_stored(cv2.resize(one, size) * np.float32(gain), own, frame.pixels.dtype)
        for one in theirs
    )


def _forks(run: Run, frames: Sequence[Frame], at: set[int]) -> Iterator[tuple[int, _Fork]]:
    vision = stages.initial_state(run.settings, run.marks, run.calibration)
    alerts = rules.initial_state(run.settings)
    for number in range(max(at) + 1):
        if number in at:
            yield number, _Fork(vision, alerts)
        vision, alerts, _ = fold_frame(vision, alerts, frames[number])


def _outcome(
    way: Way, scene: Scene, frames: Sequence[Frame], fork: _Fork, case: BenchCase
) -> Outcome:
    said = tuple(_folded(way, scene, frames, fork))
    # A STOP from before hides whatever is not seen afterwards.
    stopped_before = bool(fork.alerts.latched)
    all_blind = [one for one in said if _is_blind(way, scene, one.at)]
    blind = [] if stopped_before else all_blind
    stops = [one for one in blind if one.alert.level is Level.STOP]
    unknown = [one for one in said if one.alert.level is Level.UNKNOWN]
    reasons = Counter(reason.value for one in unknown for reason in one.observation.unavailable)
    due, missed = _missed(way, scene, said, case.truth)
    stop = next((one.at for one in said if one.alert.level is Level.STOP), None)
    return Outcome(
        way=way.name,
        kind=way.kind.value,
        case=case.name,
        start=scene.start,
        frames=len(said),
        unknown=len(unknown),
        blind=len(blind),
        seeing=tuple(one.at for one in blind if one.alert.level in (Level.CLEAR, Level.WATCH)),
        stops=len(stops),
        unseen=sum(not one.observation.unavailable for one in stops),
        stopped_before=stopped_before,
        due=due,
        missed=missed,
        false=not stopped_before and _is_false(stop, case.truth),
        stop_frame=stop,
        reasons=dict(sorted(reasons.items())),
    )


def _folded(way: Way, scene: Scene, frames: Sequence[Frame], fork: _Fork) -> Iterator[_Said]:
    vision, alerts = fork.vision, fork.alerts
    for frame in frames[scene.start :]:
        pixels = shown(way, scene, frame.index)
        if pixels is None:
            continue
        later = replace(frame, pixels=pixels, time_s=frame.time_s + way.pause_s)
        vision, alerts, snapshot = fold_frame(vision, alerts, later)
        yield _Said(frame.index, snapshot.alert, snapshot.observation)


def _is_blind(way: Way, scene: Scene, at: int) -> bool:
    if way.kind is Kind.HARMLESS:
        return False
    return GRACE_S <= scene.since_s(at) < way.lasts_s - 5e-7


def _missed(way: Way, scene: Scene, said: Sequence[_Said], truth: CaseTruth) -> tuple[bool, bool]:
    """Tell whether a STOP is due, and whether it was not given in time."""
    if way.kind is Kind.BLIND or truth.due_frame is None:
        return False, False
    seen_again_s = 0.0 if way.kind is Kind.HARMLESS else way.lasts_s
    due_s = max(scene.times_s[truth.due_frame], scene.times_s[scene.start] + seen_again_s)
    given = any(
        one.alert.level is Level.STOP and scene.times_s[one.at] <= due_s + LATE_S for one in said
    )
    return True, not given


def _is_false(stop: int | None, truth: CaseTruth) -> bool:
    return stop is not None and (truth.right_from is None or stop < truth.right_from)

"""Processing of one case in any process: run the detector, and return what it wrote.

Input and output are plain data. A process that dies leaves nothing behind, and the case can be
processed again wherever the paths lead to the same files.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

import msgspec

from leakwatch.benchmark.cases.case_truth import CaseTruth
from leakwatch.benchmark.cases.dataset import BenchCase
from leakwatch.benchmark.metrics.mask_overlap import MaskScorer
from leakwatch.benchmark.metrics.metrics import score
from leakwatch.benchmark.metrics.threshold_sweep import Raised, ThresholdSweep, sweep_distances
from leakwatch.benchmark.pictures.case_pictures import CasePainter, Seen
from leakwatch.benchmark.pictures.overlay import OVERLAY_NAME, Overlay
from leakwatch.benchmark.pictures.worst_frames import WorstFrames, draw_worst
from leakwatch.benchmark.work.detector import (
    LEAKWATCH,
    LOG_NAME,
    NAIVE,
    Detector,
    DetectorError,
    run_command,
)
from leakwatch.benchmark.work.fingerprint import program_hash
from leakwatch.benchmark.work.naive import naive_lines
from leakwatch.benchmark.work.stepped_detector import stepped_records
from leakwatch.case_files.case_file import encode_case, load_case
from leakwatch.case_files.run_records import FrameRecord, read_frames
from leakwatch.config import Settings
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.core.results import Level
from leakwatch.runner.stored_run import AnalysisRun, open_run
from leakwatch.sinks.recording.recorder import EVENTS_NAME, FRAMES_NAME, Recorder

WORK_NAME: Final = "work.json"
# Done; the case cannot be read, whatever the detector; or the detector failed on it.
Status = Literal["done", "unreadable", "failed"]
DONE: Final = "done"
UNREADABLE: Final = "unreadable"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One case for one detector.

    Parameters
    ----------
    case : BenchCase
    detector : Detector
    settings : Settings
    wall_only : bool
        Use the wall as the only mark.
    inputs, masks, fingerprint, program : str
        See `fingerprint`.
    """

    case: BenchCase
    detector: Detector
    settings: Settings
    wall_only: bool
    inputs: str
    masks: str
    fingerprint: str
    program: str


class WorstPicture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An image in the folder of the case."""

    file: str
    frame: int
    why: str
    error_mm: float | None


class CaseWork(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """work.json: the result of a case, beside the files written by the detector.

    Parameters
    ----------
    fingerprint : str
        Hash of all inputs; while it is the same, the result is valid.
    status : Status
    why : str or None
        What went wrong.
    seconds : float
        Duration.
    raised : tuple of (float, tuple of int)
        STOPs at other thresholds; empty if the detector has none.
    dice : tuple of (int, float)
    pictures : tuple of WorstPicture
    """

    fingerprint: str
    status: Status
    why: str | None = None
    seconds: float = 0.0
    raised: Raised = ()
    dice: tuple[tuple[int, float], ...] = ()
    pictures: tuple[WorstPicture, ...] = ()


@dataclass(frozen=True, slots=True)
class Worked:
    """A `CaseWork` and its files by name."""

    work: CaseWork
    files: dict[str, bytes]


class _Unreadable(LeakWatchError):
    """Case that is faulty, whatever the detector."""


def do_case(job: Job) -> Worked:
    """Run the detector on one case. Does not raise: failures are part of the result.

    Parameters
    ----------
    job : Job

    Returns
    -------
    Worked
        With the lines written before a failure.
    """
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="leakwatch-bench-") as scratch:
        out = Path(scratch) / "out"
        out.mkdir()
        pictures: dict[str, bytes] = {}
        try:
            work = _score_case(job, out, pictures)
        except LeakWatchError as error:
            work = CaseWork(job.fingerprint, UNREADABLE, str(error))
        except DetectorError as error:
            work = CaseWork(job.fingerprint, FAILED, str(error))
        # Any failure of a case must not affect the others.
        except Exception as error:  # noqa: BLE001
            work = CaseWork(job.fingerprint, FAILED, f"{type(error).__name__}: {error}")
        written = {
            name: (out / name).read_bytes()
            for name in (FRAMES_NAME, EVENTS_NAME, LOG_NAME)
            if (out / name).is_file()
        }
    seconds = round(time.perf_counter() - started, 2)
    return Worked(msgspec.structs.replace(work, seconds=seconds), written | pictures)


def _score_case(job: Job, out: Path, pictures: dict[str, bytes]) -> CaseWork:
    if job.program != program_hash():
        raise _Unreadable(
            text(
                "the worker process has another LeakWatch, or other libraries, than the one that "
                "started it. Install the same on all machines."
            )
        )
    with _open(job) as run:
        _check_count(run.acquisition.number_of_frames, job.case)
        with closing(CasePainter(run, job.case.truth)) as painter:
            scorers = _Scorers.of(job.case.truth, painter)
            if job.detector.name == LEAKWATCH:
                raised = _follow_leakwatch(run, job, out, scorers)
            else:
                raised = _follow_other(run, job, out, scorers)
            drawn = draw_worst(scorers.worst.found(), painter)
    told = []
    for one, image in drawn:
        name = f"worst-{one.frame:06d}.jpg"
        pictures[name] = image
        told.append(WorstPicture(name, one.frame, one.why, one.error_mm))
    pictures[OVERLAY_NAME] = scorers.overlay.encode()
    return CaseWork(
        job.fingerprint, DONE, raised=raised, dice=scorers.masks.dice, pictures=tuple(told)
    )


@dataclass(frozen=True, slots=True)
class _Scorers:
    """Scorers to which every frame is added."""

    masks: MaskScorer
    worst: WorstFrames
    overlay: Overlay

    @classmethod
    def of(cls, truth: CaseTruth, painter: CasePainter) -> _Scorers:
        return cls(MaskScorer(dict(truth.masks)), WorstFrames(truth), Overlay(truth, painter))

    def add(self, frame: int, distance_mm: float | None, level: Level, seen: Seen) -> None:
        self.worst.add(frame, distance_mm, level, seen)
        self.overlay.add(frame, level, seen)


def _follow_leakwatch(run: AnalysisRun, job: Job, out: Path, scorers: _Scorers) -> Raised:
    sweep, recorder, count = ThresholdSweep(job.settings, job.case.truth), Recorder(out), 0
    try:
        for snapshot in run.iter_snapshots():
            recorder.append(snapshot)
            if snapshot.fault is not None:
                raise _Unreadable(text("the input ended early: {why}", why=snapshot.fault))
            count += 1
            # A file may contain more frames than announced; they have no truth.
            if count > job.case.truth.frames:
                continue
            sweep.add(snapshot.observation)
            scorers.masks.add(snapshot, job.settings)
            wall = snapshot.observation.wall_distance
            distance_mm = None if wall is None else wall.distance_mm
            scorers.add(snapshot.frame.index, distance_mm, snapshot.alert.level, snapshot)
    finally:
        recorder.close()
    _check_count(count, job.case)
    return sweep.raised


def _follow_other(run: AnalysisRun, job: Job, out: Path, scorers: _Scorers) -> Raised:
    raised: Raised = ()
    if job.detector.name == NAIVE:
        frames, events = naive_lines(run, partial(scorers.masks.add_mask, run.acquisition))
        (out / FRAMES_NAME).write_bytes(frames)
        (out / EVENTS_NAME).write_bytes(events)
        records = _checked_records(job.case, out)
        raised = sweep_distances(records, job.settings, job.case.truth.right_from)
    elif job.detector.identity:
        on_mask = partial(scorers.masks.add_mask, run.acquisition)
        stepped = stepped_records(run, job.detector, on_mask)
        lines = b"".join(msgspec.json.encode(one, enc_hook=str) + b"\n" for one in stepped)
        (out / FRAMES_NAME).write_bytes(lines)
        records = _checked_records(job.case, out)
    else:
        records = _records_of_command(run, job, out)
        scorers.masks.add_folder(out / "masks", run.acquisition)
    for record in records:
        scorers.add(record.frame, record.distance_mm, record.level, record)
    return raised


def _records_of_command(run: AnalysisRun, job: Job, out: Path) -> tuple[FrameRecord, ...]:
    case_path = _case_with_wall_only(job, out.parent) if job.wall_only else job.case.case_path
    try:
        run_command(job.detector, job.case.sequence, case_path, out)
        return _checked_records(job.case, out)
    except DetectorError:
        # If the sequence itself is damaged, reading it raises, and the detector is not the cause.
        _check_count(sum(1 for _ in run.frames), job.case)
        raise


def _checked_records(case: BenchCase, out: Path) -> tuple[FrameRecord, ...]:
    """Return the validated lines of another detector.

    Raises
    ------
    DetectorError
        It wrote nothing, or nothing that can be scored.
    """
    try:
        records = read_frames(out / FRAMES_NAME)
        score(case.truth, records, case.reference_frame)
    except (LeakWatchError, ValueError) as error:
        reason = str(error).replace(f"{out}/", "")
        raise DetectorError(
            text(
                "its {name} cannot be scored: {reason}",
                name=FRAMES_NAME,
                reason=reason,
            )
        ) from error
    return records


@contextmanager
def _open(job: Job) -> Iterator[AnalysisRun]:
    run = open_run(job.case.case_path, job.settings)
    try:
        yield replace(run, marks=keep_only_wall(run.marks)) if job.wall_only else run
    finally:
        run.source.close()


def keep_only_wall(marks: Marks) -> Marks:
    """Return marks with the wall as the only mark."""
    return Marks(marks.view, marks.reference_frame, None, marks.posterior_wall_px)


def _case_with_wall_only(job: Job, folder: Path) -> Path:
    case = load_case(job.case.case_path)
    # An absolute path does not depend on the folder of the case file.
    fewer = replace(case, dicom_path=str(job.case.sequence), marks=keep_only_wall(case.marks))
    path = folder / job.case.case_path.name
    path.write_bytes(encode_case(fewer))
    return path


def _check_count(frames: int | None, case: BenchCase) -> None:
    if frames is not None and frames != case.truth.frames:
        raise _Unreadable(
            text(
                "the sequence has {found} frames, but its truth {expected}. Give the truth of this "
                "sequence.",
                found=frames,
                expected=case.truth.frames,
            )
        )

"""The work on one case, in whatever process it is done: run the detector, keep what it wrote.

It takes and gives plain data. A process that dies leaves nothing behind, and the work can be done
again anywhere that the paths lead to the same files.
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
from leakwatch.benchmark.metrics.mask_overlap import MaskJudge
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
from leakwatch.core.results import Level
from leakwatch.runner.stored_run import Run, open_run
from leakwatch.sinks.recording.recorder import EVENTS_NAME, FRAMES_NAME, Recorder

WORK_NAME: Final = "work.json"
# done; the case cannot be read, so that no detector is to blame; or the detector failed on it.
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
        Use no mark but the wall.
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
    """A picture in the case's folder."""

    file: str
    frame: int
    why: str
    error_mm: float | None


class CaseWork(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """work.json: what became of a case, beside the files that the detector wrote.

    Parameters
    ----------
    fingerprint : str
        Of all that it depends on; while it is the same, the work need not be done again.
    status : Status
    why : str or None
        What went wrong.
    seconds : float
        That it took.
    raised : tuple of (float, tuple of int)
        STOPs at other thresholds; empty where the detector has none.
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
    """A `CaseWork` and the files that belong to it, by name."""

    work: CaseWork
    files: dict[str, bytes]


class _Unreadable(Exception):
    """The case itself is at fault."""


def do_case(job: Job) -> Worked:
    """Run the detector over one case. Never raises: what goes wrong is the result.

    Parameters
    ----------
    job : Job

    Returns
    -------
    Worked
        With the lines that were written before anything went wrong.
    """
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="leakwatch-bench-") as scratch:
        out = Path(scratch) / "out"
        out.mkdir()
        pictures: dict[str, bytes] = {}
        try:
            work = _judged(job, out, pictures)
        except (LeakWatchError, _Unreadable) as error:
            work = CaseWork(job.fingerprint, UNREADABLE, str(error))
        except DetectorError as error:
            work = CaseWork(job.fingerprint, FAILED, str(error))
        # Whatever a case breaks by, the others go on.
        except Exception as error:  # noqa: BLE001
            work = CaseWork(job.fingerprint, FAILED, f"{type(error).__name__}: {error}")
        written = {
            name: (out / name).read_bytes()
            for name in (FRAMES_NAME, EVENTS_NAME, LOG_NAME)
            if (out / name).is_file()
        }
    seconds = round(time.perf_counter() - started, 2)
    return Worked(msgspec.structs.replace(work, seconds=seconds), written | pictures)


def _judged(job: Job, out: Path, pictures: dict[str, bytes]) -> CaseWork:
    if job.program != program_hash():
        raise _Unreadable(
            "the process that works on it has another LeakWatch, or other libraries, than the one "
            "that asks. Install the same everywhere."
        )
    with _opened(job) as run:
        _check_count(run.acquisition.number_of_frames, job.case)
        with closing(CasePainter(run, job.case.truth)) as painter:
            judges = _Judges.of(job.case.truth, painter)
            if job.detector.name == LEAKWATCH:
                raised = _follow_leakwatch(run, job, out, judges)
            else:
                raised = _follow_other(run, job, out, judges)
            drawn = draw_worst(judges.worst.found(), painter)
    told = []
    for one, image in drawn:
        name = f"worst-{one.frame:06d}.jpg"
        pictures[name] = image
        told.append(WorstPicture(name, one.frame, one.why, one.error_mm))
    pictures[OVERLAY_NAME] = judges.overlay.encode()
    return CaseWork(
        job.fingerprint, DONE, raised=raised, dice=judges.masks.dice, pictures=tuple(told)
    )


@dataclass(frozen=True, slots=True)
class _Judges:
    """What looks at every frame as it goes by."""

    masks: MaskJudge
    worst: WorstFrames
    overlay: Overlay

    @classmethod
    def of(cls, truth: CaseTruth, painter: CasePainter) -> _Judges:
        return cls(MaskJudge(dict(truth.masks)), WorstFrames(truth), Overlay(truth, painter))

    def add(self, frame: int, distance_mm: float | None, level: Level, seen: Seen) -> None:
        self.worst.add(frame, distance_mm, level, seen)
        self.overlay.add(frame, level, seen)


def _follow_leakwatch(run: Run, job: Job, out: Path, judges: _Judges) -> Raised:
    sweep, recorder, count = ThresholdSweep(job.settings, job.case.truth), Recorder(out), 0
    try:
        for snapshot in run.snapshots():
            recorder.append(snapshot)
            if snapshot.fault is not None:
                raise _Unreadable(f"the input ended early: {snapshot.fault}")
            count += 1
            # A file may hold more frames than it promises; they have no truth.
            if count > job.case.truth.frames:
                continue
            sweep.add(snapshot.observation)
            judges.masks.add(snapshot, job.settings)
            wall = snapshot.observation.wall_distance
            distance_mm = None if wall is None else wall.distance_mm
            judges.add(snapshot.frame.index, distance_mm, snapshot.alert.level, snapshot)
    finally:
        recorder.close()
    _check_count(count, job.case)
    return sweep.raised


def _follow_other(run: Run, job: Job, out: Path, judges: _Judges) -> Raised:
    raised: Raised = ()
    if job.detector.name == NAIVE:
        frames, events = naive_lines(run, partial(judges.masks.add_mask, run.acquisition))
        (out / FRAMES_NAME).write_bytes(frames)
        (out / EVENTS_NAME).write_bytes(events)
        records = _checked_records(job.case, out)
        raised = sweep_distances(records, job.settings, job.case.truth.right_from)
    elif job.detector.identity:
        on_mask = partial(judges.masks.add_mask, run.acquisition)
        lines = b"".join(
            msgspec.json.encode(one) + b"\n" for one in stepped_records(run, job.detector, on_mask)
        )
        (out / FRAMES_NAME).write_bytes(lines)
        records = _checked_records(job.case, out)
    else:
        records = _records_of_command(run, job, out)
        judges.masks.add_folder(out / "masks", run.acquisition)
    for record in records:
        judges.add(record.frame, record.distance_mm, record.level, record)
    return raised


def _records_of_command(run: Run, job: Job, out: Path) -> tuple[FrameRecord, ...]:
    case_path = _case_with_wall_only(job, out.parent) if job.wall_only else job.case.case_path
    try:
        run_command(job.detector, job.case.sequence, case_path, out)
        return _checked_records(job.case, out)
    except DetectorError:
        # No detector is to blame for a sequence that breaks: reading it through raises.
        _check_count(sum(1 for _ in run.frames), job.case)
        raise


def _checked_records(case: BenchCase, out: Path) -> tuple[FrameRecord, ...]:
    """What another detector wrote.

    Raises
    ------
    DetectorError
        It wrote nothing, or nothing that can be judged.
    """
    try:
        records = read_frames(out / FRAMES_NAME)
        score(case.truth, records, case.reference_frame)
    except (LeakWatchError, ValueError) as error:
        reason = str(error).replace(f"{out}/", "")
        raise DetectorError(f"its {FRAMES_NAME} cannot be judged: {reason}") from error
    return records


@contextmanager
def _opened(job: Job) -> Iterator[Run]:
    run = open_run(job.case.case_path, job.settings)
    try:
        yield replace(run, marks=only_wall(run.marks)) if job.wall_only else run
    finally:
        run.source.close()


def only_wall(marks: Marks) -> Marks:
    """The same as if a person had marked nothing but the wall."""
    return Marks(marks.view, marks.reference_frame, None, marks.posterior_wall_px)


def _case_with_wall_only(job: Job, folder: Path) -> Path:
    case = load_case(job.case.case_path)
    # An absolute path stays as it is, wherever the case file that names it lies.
    fewer = replace(case, dicom_path=str(job.case.sequence), marks=only_wall(case.marks))
    path = folder / job.case.case_path.name
    path.write_bytes(encode_case(fewer))
    return path


def _check_count(frames: int | None, case: BenchCase) -> None:
    if frames is not None and frames != case.truth.frames:
        raise _Unreadable(
            f"the sequence has {frames} frames, and its truth {case.truth.frames}. Is this the "
            "truth of another sequence?"
        )

"""Damaged objects through the ways in that are no live session: stored, recorded, marked, copied.

A sequence in a file or a folder, and a session that was recorded, are folded over; what is CLEAR is
held against the pixels as in `mutated_sessions`. A case is marks over a good sequence. A copy
without the patient names nobody, and shows what the original shows.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import injection
import numpy as np
import pydicom.uid as uids
from dicom_writing import sequence_item, write
from mutants import mutant as byte_mutant
from mutated_sessions import CALM, SETTINGS, SYNTAXES, Found, Witness
from object_mutants import KINDS as DAMAGE
from object_mutants import kind_of, object_mutant
from pydicom.dataset import Dataset

from leakwatch.alerting import rules
from leakwatch.case_files.case_file import encode_case
from leakwatch.config import Settings
from leakwatch.core.errors import LeakWatchError, SourceError
from leakwatch.core.marks import CaseFile
from leakwatch.deidentification.deidentified_files import CopyResult, copy_deidentified
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold
from leakwatch.runner.recorded_case import open_recorded
from leakwatch.runner.stored_run import AnalysisRun, open_run
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.lossless_pixels import Compression
from leakwatch.sinks.recording.recorder import Recorder
from leakwatch.sources.stored.opening import open_source

NAME, DAY = b"DOE^JOHN", b"19500203"
KNOWN = (injection.MARKS, injection.MM_PER_PX, 0.005)
FRAME_MS = 1000 * injection.FRAME_S


def syntax_of(number: int) -> uids.UID:
    """Each syntax with each kind of damage in turn."""
    return SYNTAXES[(number + number // len(DAMAGE)) % len(SYNTAXES)]


class Objects:
    """Whole sequences in each syntax, made once, and damaged ones by number; some are enhanced."""

    def __init__(self, folder: Path, seed: int, **tags: Any) -> None:
        self.seed, self.whole = seed, {}
        for syntax in SYNTAXES:
            more = enhanced() if syntax == uids.RLELossless or not self.whole else {}
            path = write(
                folder / "made.dcm", list(CALM), syntax,
                FrameTime=FRAME_MS, SOPInstanceUID="1.2.3.9.1", **tags, **more,
            )  # fmt: skip
            self.whole[syntax] = path.read_bytes()

    def damaged(self, number: int) -> bytes:
        other = SYNTAXES[number // 7 % len(SYNTAXES)]
        return object_mutant(self.whole[syntax_of(number)], self.whole[other], number, self.seed)


def enhanced() -> dict[str, Any]:
    """Tags of an Enhanced XA object whose groups say the same of all frames, but their times."""
    groups = [
        sequence_item(
            FrameContentSequence=[
                sequence_item(FrameReferenceDateTime=f"20240301101112.{125 * index:03}000")
            ],
            PositionerPositionSequence=[
                sequence_item(PositionerPrimaryAngle=90.0, PositionerSecondaryAngle=0.0)
            ],
        )
        for index in range(len(CALM))
    ]
    return {
        "SOPClassUID": uids.EnhancedXAImageStorage,
        "PerFrameFunctionalGroupsSequence": groups,
        "SharedFunctionalGroupsSequence": [
            sequence_item(PixelMeasuresSequence=[sequence_item(PixelSpacing=[0.25, 0.25])])
        ],
    }


def folded(run: AnalysisRun, found: Found) -> None:
    """Hold each level of a run against its picture."""
    witness = Witness(CALM, found, marked_on_first=True)
    witness.damaged = True
    try:
        for snapshot in run.iter_snapshots():
            witness.append(snapshot)
            found.lost += snapshot.fault is not None
    finally:
        run.source.close()


def stored_file(folder: Path, seed: int) -> Callable[[int, Found], None]:
    """A file with its marks, as `analyze`, `replay` and `mark` open it."""
    objects, case, path = Objects(folder, seed), folder / "x.case.json", folder / "x.dcm"
    case.write_bytes(encode_case(CaseFile(path.name, *KNOWN)))

    def one(number: int, found: Found) -> None:
        path.write_bytes(objects.damaged(number))
        folded(open_run(path, SETTINGS, case), found)

    return one


def stored_folder(folder: Path, seed: int) -> Callable[[int, Found], None]:
    """A folder of single frames, one or two of them damaged."""
    case, frames = folder / "x.case.json", folder / "run"
    case.write_bytes(encode_case(CaseFile(frames.name, *KNOWN)))
    frames.mkdir()
    whole = {}
    for syntax in SYNTAXES:
        for index, pixels in enumerate(CALM):
            path = write(
                folder / "made.dcm", [pixels], syntax,
                InstanceNumber=index + 1, SOPInstanceUID=f"1.2.3.9.{index + 1}",
                AcquisitionDate="20240301", AcquisitionTime=f"10111{index}.5",
            )  # fmt: skip
            whole[syntax, index] = path.read_bytes()

    def one(number: int, found: Found) -> None:
        rng = np.random.default_rng([seed, number, 2])
        hit = set(rng.integers(len(CALM), size=rng.integers(1, 3)).tolist())
        syntax = syntax_of(number)
        for index in range(len(CALM)):
            content, other = whole[syntax, index], whole[syntax, (index + 1) % len(CALM)]
            if index in hit:
                content = object_mutant(content, other, number, seed)
            (frames / f"{index}.dcm").write_bytes(content)
        folded(open_run(frames, SETTINGS, case), found)

    return one


def recorded_session(folder: Path, seed: int) -> Callable[[int, Found], None]:
    """A recorded session of which one file is damaged."""
    whole = {}
    for compression in Compression:
        made = folder / compression
        made.mkdir()
        recording = Recording(
            injection.MARKS, injection.CALIBRATION, Settings(), "test", compression=compression
        )
        recorder, lines = FrameRecorder(made, recording), Recorder(made)
        state = stages.initial_state(Settings(), injection.MARKS, injection.CALIBRATION)
        frames = injection.frames(len(CALM))
        for snapshot in fold(frames, state, rules.initial_state(Settings())):
            recorder.append(snapshot)
            lines.append(snapshot)
        recorder.close()
        lines.close()
        whole[compression] = {path.name: path.read_bytes() for path in sorted(made.iterdir())}

    def one(number: int, found: Found) -> None:
        files = whole[list(Compression)[number % 2]]
        others = whole[list(Compression)[(number + 1) % 2]]
        names = [name for name in files if name != "events.jsonl" and name != "frames.jsonl"]
        (sequence,) = (name for name in names if name.endswith(".dcm"))
        hit = sequence if number % 3 else names[number // 3 % len(names)]
        target = folder / "session"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for name, content in files.items():
            damaged = content
            if name == hit and name.endswith(".dcm"):
                damaged = object_mutant(content, others[name], number, seed)
            elif name == hit:
                damaged = text_mutant(content, [seed, number])
            (target / name).write_bytes(damaged)
        folded(open_recorded(target), found)

    return one


def case_file(folder: Path, seed: int) -> Callable[[int, Found], None]:
    """Marks of any kind over a good sequence."""
    case, path = folder / "x.case.json", folder / "x.dcm"
    write(path, list(CALM), FrameTime=FRAME_MS)
    good = encode_case(CaseFile(path.name, *KNOWN))

    def one(number: int, found: Found) -> None:
        case.write_bytes(text_mutant(good, [seed, number]))
        folded(open_run(path, SETTINGS, case), found)

    return one


def deidentified(folder: Path, seed: int) -> Callable[[int, Found], None]:
    """A copy names nobody, is read, and shows what is read of the original."""
    told = ("PatientName", "ImageComments", "StudyDescription", "DeviceSerialNumber")
    named: dict[str, Any] = dict.fromkeys(told, NAME.decode())
    named |= {"PatientBirthDate": DAY.decode(), "RequestAttributesSequence": [_asked_for()]}
    objects, path, out = Objects(folder, seed, **named), folder / "x.dcm", folder / "out"

    def one(number: int, found: Found) -> None:
        shutil.rmtree(out, ignore_errors=True)
        path.write_bytes(objects.damaged(number))
        done: CopyResult = copy_deidentified(path, out)
        copies = list(out.iterdir())
        if done.written != len(copies):
            found.failures.append(f"object {number}: {len(copies)} files are left")
        found.refused += not copies
        for copy in copies:
            found.levels["copied"] += 1
            if any(secret in copy.read_bytes() for secret in (NAME, DAY, b"Nobody^Shall")):
                found.failures.append(f"object {number} ({kind_of(number)}): a name is in the copy")
            if not _shows_the_same(path, copy):
                found.failures.append(f"object {number} ({kind_of(number)}): the copy differs")

    return one


def _asked_for() -> Dataset:
    """An item that names the patient, in elements of the standard and of a maker."""
    item = sequence_item(RequestedProcedureDescription=NAME.decode(), PatientComments=DAY.decode())
    item.add_new(0x00290010, "LO", "A MAKER")
    item.add_new(0x00291001, "OB", NAME + DAY)
    return item


def _shows_the_same(path: Path, copy: Path) -> bool:
    old, new = open_source(path), open_source(copy)
    pairs = zip(old.frames(), new.frames(), strict=True)
    return all(np.array_equal(one.pixels, two.pixels) for one, two in pairs)


def text_mutant(content: bytes, seed: list[int]) -> bytes:
    """JSON, or lines of it, or TOML, with a value that does not belong there, or damaged bytes."""
    rng = np.random.default_rng([*seed, 3])
    if rng.integers(3) == 0:
        return byte_mutant(content, seed, 0)
    try:
        parsed = [json.loads(line) for line in content.splitlines()]
        separator = b"\n"
    except ValueError:
        try:
            parsed, separator = [json.loads(content)], b""
        except ValueError:
            return byte_mutant(content, seed, 0)
    line = int(rng.integers(len(parsed)))
    parsed[line] = _changed(parsed[line], rng)
    text = separator.join(json.dumps(one).encode() for one in parsed)
    deep = int((10, 3000, 100_000)[rng.integers(3)])
    return text.replace(b'"@deep"', b"[" * deep + b"]" * deep)


def _changed(value: Any, rng: np.random.Generator) -> Any:
    """The value with one of its parts exchanged, dropped, or put in twice."""
    if isinstance(value, dict) and value and rng.integers(4):
        key = list(value)[rng.integers(len(value))]
        changed = dict(value)
        changed[key] = _changed(value[key], rng)
        if not rng.integers(8):
            del changed[key]
        return changed
    if isinstance(value, list) and value and rng.integers(2):
        at = int(rng.integers(len(value)))
        return [*value[:at], _changed(value[at], rng), *value[at + 1 :]]
    if isinstance(value, int | float) and rng.integers(3):
        return type(value)(value * rng.choice([0.5, 0.95, 1.05, 2.0]) + rng.integers(2))
    new: tuple[Any, ...] = (
        None, True, -1, 0, 1e308, float("nan"), float("inf"), 10**400, 2**63, "", "\0", "x" * 70000,
        "../../x", "\ud800", [], {}, [[]], [value] * 3, [[1.5, 2.5]] * 5000, {"a": value}, "@deep",
    )  # fmt: skip
    return new[rng.integers(len(new))]


WAYS: dict[str, Callable[[Path, int], Callable[[int, Found], None]]] = {
    "file": stored_file,
    "stored-folder": stored_folder,
    "session": recorded_session,
    "case": case_file,
    "deidentify": deidentified,
}


def run(
    way: str,
    count: int,
    seed: int,
    told: Callable[[int, Found], None] = lambda *_: None,
    first: int = 0,
) -> Found:
    """Send `count` damaged objects into one way in, from number `first` on."""
    found = Found()
    with tempfile.TemporaryDirectory() as name:
        one = WAYS[way](Path(name), seed)
        for found.number in range(first, first + count):
            began = time.monotonic()
            try:
                one(found.number, found)
            except (LeakWatchError, SourceError):
                found.refused += 1
            # That is what is looked for: anything else than a sentence.
            except Exception as error:  # noqa: BLE001
                told_kind = f"{kind_of(found.number)}, {type(error).__name__}"
                found.failures.append(f"object {found.number} ({told_kind}): {error}"[:300])
            found.slowest_s = max(found.slowest_s, time.monotonic() - began)
            found.objects += 1
            told(found.number + 1, found)
    return found

"""bench.toml: a manifest of a data set whose truth is labels of frames, or masks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from leakwatch.benchmark.cases.case_truth import CaseTruth, case_truth
from leakwatch.benchmark.cases.dataset import (
    SIMULATED_DOSE_UNIT,
    Adapter,
    BenchSet,
    Entry,
    collect_cases,
    contract_cases,
    entry,
    find_masks,
)
from leakwatch.case_files.case_file import dicom_path, load_case
from leakwatch.case_files.truth_file import load_truth
from leakwatch.core.errors import BenchError, CaseError
from leakwatch.core.messages import text
from leakwatch.files.bounded_input import parse_toml, read_at_most, why_unread
from leakwatch.files.strict_input import explain
from leakwatch.sources.stored.opening import open_source

MANIFEST_NAME = "bench.toml"

# Labels are approximate in time: a STOP up to this long before the first label is not false.
EARLY_S = 1.0

_Text = Annotated[str, Meta(min_length=1)]
_Positive = Annotated[float, Meta(gt=0)]


class ManifestCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One case; paths are relative to the manifest.

    Parameters
    ----------
    name : str
    case : str
        NAME.case.json with view and marks.
    truth : str or None
        NAME.truth.json; without it the keys from `leak` to `labels` are required.
    leak : str or None
    fps : float or None
    labels : str or None
        CSV with the columns ``frame,stop``: 1 from the frame on in which a STOP is due, else 0.
        Rows may be omitted: a label applies until the next one.
    masks : str or None
        Folder of PNG files, 000042.png for frame 42.
    dose : float or None
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
    case: _Text
    truth: _Text | None = None
    leak: Literal["none", "near", "epidural", "vein_ant", "disc"] | None = None
    fps: _Positive | None = None
    labels: _Text | None = None
    masks: _Text | None = None
    dose: _Positive | None = None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Contents of a manifest file."""

    schema: Literal["leakwatch.bench-set/1"]
    case: Annotated[list[ManifestCase], Meta(min_length=1)]
    dose_unit: str = SIMULATED_DOSE_UNIT


def find_cases(folder: Path, adapter: Adapter | None = None) -> BenchSet:
    """Return the data set in `folder`: by `adapter`, by bench.toml, or every case with its truth.

    Raises
    ------
    BenchError
        There is no case, or the manifest violates its schema.
    """
    if adapter is not None:
        return collect_cases(folder, adapter)
    path = folder / MANIFEST_NAME
    if not path.is_file():
        return collect_cases(folder, contract_cases)
    manifest = load_manifest(path)
    return collect_cases(folder, lambda found: manifest_cases(found, manifest), manifest.dose_unit)


def load_manifest(path: Path) -> Manifest:
    """Read and validate a bench.toml.

    Raises
    ------
    BenchError
        It cannot be read, or violates the schema.
    """
    try:
        found = parse_toml(read_at_most(path))
        return msgspec.convert(found, Manifest)
    except OSError as error:
        raise BenchError(
            text(
                "{path}: cannot be read: {reason}. Check the path.",
                path=path,
                reason=error.strerror,
            )
        ) from error
    except msgspec.ValidationError as error:
        raise BenchError(
            text("{path}: {why}", path=path, why=explain(error, found, Manifest, {}))
        ) from error
    except ValueError as error:
        raise BenchError(
            text("{path}: {why}. Correct it.", path=path, why=why_unread(error, "TOML"))
        ) from error


def manifest_cases(folder: Path, manifest: Manifest) -> Iterator[Entry]:
    """Yield the cases of a bench.toml."""
    for one in manifest.case:
        case_path = folder / one.case
        masks = () if one.masks is None else find_masks(folder / one.masks)
        told = [folder / name for name in (one.truth, one.labels) if name is not None]
        yield entry(
            one.name,
            case_path,
            partial(_truth, folder, one, masks),
            (folder / MANIFEST_NAME, *told, *(path for _, path in masks)),
            one.dose,
        )


def _truth(folder: Path, case: ManifestCase, masks: tuple[tuple[int, Path], ...]) -> CaseTruth:
    if case.masks is not None and not masks:
        raise CaseError(
            text(
                "{folder}: no PNG named by a frame number in it. Add the masks, or remove `masks`.",
                folder=folder / case.masks,
            )
        )
    if case.truth is not None:
        return case_truth(load_truth(folder / case.truth), masks)
    if case.leak is None or case.fps is None:
        raise CaseError(
            text(
                "{manifest}: case {case} has no truth file. Give `truth`, or `leak`, `fps` and, "
                "if a STOP is due, `labels`.",
                manifest=folder / MANIFEST_NAME,
                case=case.name,
            )
        )
    frames = _number_of_frames(folder / case.case)
    due = None if case.labels is None else find_first_label(folder / case.labels, frames)
    right_from = None if due is None else max(0, due - round(EARLY_S * case.fps))
    return CaseTruth(case.leak, case.fps, frames, due, right_from, masks=masks)


def _number_of_frames(case_path: Path) -> int:
    sequence = dicom_path(case_path, load_case(case_path))
    source = open_source(sequence)
    try:
        count = source.number_of_frames
    finally:
        source.close()
    if count is None:
        raise CaseError(
            text(
                "{sequence}: the number of frames is not stated. Export it again.",
                sequence=sequence,
            )
        )
    return count


def find_first_label(path: Path, frames: int) -> int | None:
    """Return the first frame labelled 1; None if there is none.

    Raises
    ------
    CaseError
        The file cannot be read, or a row is not a frame with 0 or 1.
    """
    try:
        content = read_at_most(path).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(content, newline="")))
    except (OSError, ValueError, csv.Error) as error:
        raise CaseError(
            text("{path}: cannot be read: {error}. Give a CSV file.", path=path, error=str(error))
        ) from error
    labelled = []
    for line, row in enumerate(rows, start=2):
        frame, stop = row.get("frame") or "", row.get("stop") or ""
        if not frame.isdecimal() or int(frame) >= frames or stop not in ("0", "1"):
            raise CaseError(
                text(
                    "{path}, line {line}: expected a frame below {frames} and 0 or 1 in the "
                    "columns frame and stop; found {frame!r} and {stop!r}. Correct it.",
                    path=path,
                    line=line,
                    frames=frames,
                    frame=frame,
                    stop=stop,
                )
            )
        if stop == "1":
            labelled.append(int(frame))
    return min(labelled, default=None)

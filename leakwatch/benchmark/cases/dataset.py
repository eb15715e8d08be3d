"""Cases of a data set: a folder of case and truth files, or another data set by an adapter.

An adapter is a function that yields the cases of a folder::

    def cases(folder: Path) -> Iterator[Entry]:
        for path in sorted(folder.glob("*.case.json")):
            truth = CaseTruth(leak="none", fps=15.0, frames=90, due_frame=None, right_from=None)
            yield entry(path.stem, path, lambda: truth)

Values unknown to the data set stay None in `CaseTruth`; metrics that need them are not available.
How to write one: docs/how-to/benchmark-a-detector.md.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from leakwatch.benchmark.cases.case_truth import CaseTruth, case_truth
from leakwatch.case_files.case_file import CASE_SUFFIX, dicom_path, load_case
from leakwatch.case_files.truth_file import MASKS_SUFFIX, TRUTH_SUFFIX, load_truth, truth_path
from leakwatch.core.errors import BenchError, CaseError, LeakWatchError
from leakwatch.core.messages import text
from leakwatch.files.bounded_input import parse_json, read_at_most
from leakwatch.files.untrusted_text import escape_control_characters

SCENARIO_SUFFIX = ".scenario.json"
SIMULATED_DOSE_UNIT = "quanta per mm² and pulse"
WITHOUT_LEAK = ("none", "near")


@dataclass(frozen=True, slots=True, eq=False)
class BenchCase:
    """One case that can be scored. Small and self-contained: it is sent to other processes.

    Parameters
    ----------
    name : str
        Unique in the data set; results are in a folder of this name.
    case_path, sequence : Path
        NAME.case.json, and the DICOM file or folder that it names.
    reference_frame : int
        Of the marks.
    truth : CaseTruth
    sources : tuple of Path
        Every file on which a result depends.
    dose : float or None
    leak_path : str or None
        Path of the leak, more specific than `CaseTruth.leak`.
    """

    name: str
    case_path: Path
    sequence: Path
    reference_frame: int
    truth: CaseTruth
    sources: tuple[Path, ...]
    dose: float | None = None
    leak_path: str | None = None


@dataclass(frozen=True, slots=True)
class Unusable:
    """A case that cannot be scored, and why."""

    name: str
    why: str


Entry = BenchCase | Unusable


class Adapter(Protocol):
    """Reader of another kind of data set."""

    def __call__(self, folder: Path) -> Iterable[Entry]:
        """Yield the cases of the data set in `folder`, in a fixed order.

        Called once, before any case is scored. A broken case is an `Unusable`, not an error.

        Raises
        ------
        LeakWatchError
            There is no such data set in `folder`.
        """


@dataclass(frozen=True, slots=True)
class BenchSet:
    """All cases below a folder.

    Parameters
    ----------
    cases : tuple of BenchCase
    unusable : tuple of Unusable
    dose_unit : str
        Unit of the dose of every case.
    """

    cases: tuple[BenchCase, ...]
    unusable: tuple[Unusable, ...]
    dose_unit: str = SIMULATED_DOSE_UNIT


def collect_cases(folder: Path, adapter: Adapter, dose_unit: str = SIMULATED_DOSE_UNIT) -> BenchSet:
    """Return all cases found by `adapter` below `folder`, sorted by name.

    Raises
    ------
    BenchError
        There is no case, or two have the same name.
    """
    if not folder.is_dir():
        raise BenchError(
            text(
                "{folder}: no such folder. Give the folder that contains the cases.",
                folder=folder,
            )
        )
    # A report, its links and its folders have this name, and file names need not be valid text.
    named = (replace(one, name=escape_control_characters(one.name)) for one in adapter(folder))
    entries = sorted(named, key=lambda one: one.name)
    if not entries:
        raise BenchError(
            text(
                "{folder}: no *{suffix} below it. Give a folder with cases.",
                folder=folder,
                suffix=CASE_SUFFIX,
            )
        )
    names = [one.name for one in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BenchError(
            text(
                "{folder}: two cases are named {name}. Rename one of them.",
                folder=folder,
                name=twice[0],
            )
        )
    cases = tuple(one for one in entries if isinstance(one, BenchCase))
    unusable = tuple(one for one in entries if isinstance(one, Unusable))
    return BenchSet(cases, unusable, dose_unit)


def contract_cases(folder: Path) -> Iterator[Entry]:
    """Yield every NAME.case.json with its NAME.truth.json: the adapter of LeakWatch's own files.

    Optional are NAME.masks/ with a PNG for each drawn frame, and NAME.scenario.json with the dose
    and the leak's path of a simulated case. A truth without its case is unusable.
    """
    for path in sorted(folder.rglob(f"*{CASE_SUFFIX}")):
        name = path.relative_to(folder).as_posix().removesuffix(CASE_SUFFIX)
        truth, masks = truth_path(path), find_masks(find_sibling(path, MASKS_SUFFIX))
        dose, leak_path = read_scenario(find_sibling(path, SCENARIO_SUFFIX))
        yield entry(
            name,
            path,
            partial(_contract_truth, truth, masks),
            (truth, *(mask for _, mask in masks)),
            dose,
            leak_path,
        )
    for path in sorted(folder.rglob(f"*{TRUTH_SUFFIX}")):
        stem = path.name.removesuffix(TRUTH_SUFFIX)
        if not path.with_name(stem + CASE_SUFFIX).is_file():
            name = path.relative_to(folder).as_posix().removesuffix(TRUTH_SUFFIX)
            yield Unusable(
                name,
                text(
                    "{path}: no {stem}{suffix} beside it. Add it.",
                    path=path,
                    stem=stem,
                    suffix=CASE_SUFFIX,
                ),
            )


def _contract_truth(path: Path, masks: tuple[tuple[int, Path], ...]) -> CaseTruth:
    return case_truth(load_truth(path), masks)


def entry(
    name: str,
    case_path: Path,
    truth: Callable[[], CaseTruth],
    sources: Iterable[Path] = (),
    dose: float | None = None,
    leak_path: str | None = None,
) -> Entry:
    """Return a case with its marks validated; `Unusable` if that, or `truth`, fails.

    Parameters
    ----------
    name : str
    case_path : Path
    truth : callable
        Reads the truth; may raise `LeakWatchError`.
    sources : iterable of Path
        Files of the truth; case and sequence are added.
    dose : float or None
    leak_path : str or None
        More specific than the leak of the truth; ignored if that is ``none`` or ``near``.
    """
    try:
        case = load_case(case_path)
        sequence = dicom_path(case_path, case)
        if not sequence.exists():
            raise CaseError(
                text(
                    "{sequence}: no such sequence, although {case} names it. Correct the path in "
                    "the case file.",
                    sequence=sequence,
                    case=case_path.name,
                )
            )
        known, frame = truth(), case.marks.reference_frame
        if frame >= known.frames:
            raise CaseError(
                text(
                    "{case_path}: reference_frame is {frame}, but the truth has {frames} frames. "
                    "Correct one of them.",
                    case_path=case_path,
                    frame=frame,
                    frames=known.frames,
                )
            )
    except LeakWatchError as error:
        return Unusable(name, str(error))
    files = (case_path.resolve(), *(path.resolve() for path in sources))
    return BenchCase(
        name,
        case_path.resolve(),
        sequence.resolve(),
        frame,
        known,
        (*files, sequence.resolve()),
        dose,
        None if known.leak in WITHOUT_LEAK else leak_path,
    )


def find_sibling(case_path: Path, suffix: str) -> Path:
    """Return the path NAME + `suffix` beside a NAME.case.json."""
    return case_path.with_name(case_path.name.removesuffix(CASE_SUFFIX) + suffix)


def find_masks(folder: Path) -> tuple[tuple[int, Path], ...]:
    """Return PNG files named by frame numbers, such as 000042.png; none without a folder."""
    found = [(path.stem, path.resolve()) for path in folder.glob("*.png")]
    return tuple(sorted((int(stem), path) for stem, path in found if stem.isdecimal()))


def read_scenario(path: Path) -> tuple[float | None, str | None]:
    """Return quanta per mm² and pulse, and the leak that opens first, of a NAME.scenario.json.

    None if unknown: the file may be absent or of another version.
    """
    try:
        scenario = parse_json(read_at_most(path))
    except (OSError, ValueError):
        return None, None
    try:
        dose = float(scenario["detector"]["quanta_per_mm2"])
    except (ValueError, KeyError, TypeError):
        dose = None
    try:
        first = min(scenario["leaks"], key=lambda leak: float(leak["opens_ml"]), default=None)
        return dose, None if first is None else str(first["path"])
    except (ValueError, KeyError, TypeError):
        return dose, None


def load_adapter(path: Path) -> Adapter:
    """Return the function `cases` of a Python file.

    Raises
    ------
    BenchError
        The file cannot be run, or has no such function.
    """
    spec = importlib.util.spec_from_file_location("bench_adapter", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise BenchError(text("{path}: not a Python file. Give the file of an adapter.", path=path))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    # The user's code may raise anything, which its author needs to see.
    except Exception as error:
        raise BenchError(
            text(
                "{path}: {kind}: {error}. Correct it.",
                path=path,
                kind=type(error).__name__,
                error=str(error),
            )
        ) from error
    adapter = getattr(module, "cases", None)
    if not callable(adapter):
        raise BenchError(text("{path}: no function `cases(folder)` in it. Add it.", path=path))
    found: Adapter = adapter
    return found

"""The cases of a set: a folder of case and truth files, or a set of another shape by its adapter.

An adapter is a function that takes the set's folder and yields its cases::

    def cases(folder: Path) -> Iterator[Entry]:
        for path in sorted(folder.glob("*.case.json")):
            truth = CaseTruth(leak="none", fps=15.0, frames=90, due_frame=None, right_from=None)
            yield entry(path.stem, path, lambda: truth)

What a set does not know stays None in `CaseTruth`, and the metrics that need it are not available.
How to write one: docs/how-to/benchmark-a-detector.md.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from leakwatch.benchmark.cases.case_truth import CaseTruth, case_truth
from leakwatch.case_files.case_file import CASE_SUFFIX, dicom_path, load_case
from leakwatch.case_files.truth_file import MASKS_SUFFIX, TRUTH_SUFFIX, load_truth, truth_path
from leakwatch.core.errors import BenchError, CaseError, LeakWatchError
from leakwatch.files.bounded_input import parse_json, read_at_most

SCENARIO_SUFFIX = ".scenario.json"
SIMULATED_DOSE_UNIT = "quanta per mm² and pulse"
WITHOUT_LEAK = ("none", "near")


@dataclass(frozen=True, slots=True, eq=False)
class BenchCase:
    """One case that can be judged. Small, and whole in itself: it is sent to other processes.

    Parameters
    ----------
    name : str
        Differs from that of every other case of the set; its results lie in a folder of this name.
    case_path, sequence : Path
        NAME.case.json, and the DICOM file or folder that it names.
    reference_frame : int
        Of the marks.
    truth : CaseTruth
    sources : tuple of Path
        Every file that a result depends on.
    dose : float or None
    leak_path : str or None
        The way that the cement takes, finer than `CaseTruth.leak`.
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
    """A case that cannot be judged, and why."""

    name: str
    why: str


Entry = BenchCase | Unusable


class Adapter(Protocol):
    """Reads a set of another shape."""

    def __call__(self, folder: Path) -> Iterable[Entry]:
        """Yield the cases of the set in `folder`, in an order that stays.

        Called once, before any case is judged. One broken case is an `Unusable` and not an error.

        Raises
        ------
        LeakWatchError
            There is no such set in `folder`.
        """


@dataclass(frozen=True, slots=True)
class BenchSet:
    """All cases below a folder.

    Parameters
    ----------
    cases : tuple of BenchCase
    unusable : tuple of Unusable
    dose_unit : str
        Of the dose of every case.
    """

    cases: tuple[BenchCase, ...]
    unusable: tuple[Unusable, ...]
    dose_unit: str = SIMULATED_DOSE_UNIT


def collect(folder: Path, adapter: Adapter, dose_unit: str = SIMULATED_DOSE_UNIT) -> BenchSet:
    """All that `adapter` finds below `folder`, by name.

    Raises
    ------
    BenchError
        There is no case, or two have one name.
    """
    if not folder.is_dir():
        raise BenchError(f"{folder}: there is no such folder. Give the one that holds the cases.")
    entries = sorted(adapter(folder), key=lambda one: one.name)
    if not entries:
        raise BenchError(f"{folder}: no *{CASE_SUFFIX} lies below it. Give a folder with cases.")
    names = [one.name for one in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BenchError(f"{folder}: two cases have the name {twice[0]}. Rename one of them.")
    cases = tuple(one for one in entries if isinstance(one, BenchCase))
    unusable = tuple(one for one in entries if isinstance(one, Unusable))
    return BenchSet(cases, unusable, dose_unit)


def contract_cases(folder: Path) -> Iterator[Entry]:
    """The adapter of the program's own files: every NAME.case.json with its NAME.truth.json.

    Beside them may lie NAME.masks/ with a PNG for each drawn frame, and NAME.scenario.json, which
    tells the dose and the leak's path of a simulated case. A truth without its case is told.
    """
    for path in sorted(folder.rglob(f"*{CASE_SUFFIX}")):
        name = path.relative_to(folder).as_posix().removesuffix(CASE_SUFFIX)
        truth, masks = truth_path(path), mask_files(sibling(path, MASKS_SUFFIX))
        dose, leak_path = simulated(sibling(path, SCENARIO_SUFFIX))
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
            yield Unusable(name, f"{path}: there is no {stem}{CASE_SUFFIX} beside it. Add it.")


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
    """A case with its marks read and checked; `Unusable` where that, or `truth`, fails.

    Parameters
    ----------
    name : str
    case_path : Path
    truth : callable
        Reads the truth; may raise `LeakWatchError`.
    sources : iterable of Path
        Files that the truth comes from; case and sequence are added.
    dose : float or None
    leak_path : str or None
        Finer than the leak of the truth; of no use where that is ``none`` or ``near``.
    """
    try:
        case = load_case(case_path)
        sequence = dicom_path(case_path, case)
        if not sequence.exists():
            raise CaseError(f"{sequence}: there is no such sequence. {case_path.name} names it.")
        known, frame = truth(), case.marks.reference_frame
        if frame >= known.frames:
            raise CaseError(
                f"{case_path}: reference_frame is {frame}, but the truth has {known.frames} frames."
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


def sibling(case_path: Path, suffix: str) -> Path:
    """NAME + `suffix` beside a NAME.case.json."""
    return case_path.with_name(case_path.name.removesuffix(CASE_SUFFIX) + suffix)


def mask_files(folder: Path) -> tuple[tuple[int, Path], ...]:
    """PNG files whose names are numbers of frames, such as 000042.png; none without a folder."""
    found = [(path.stem, path.resolve()) for path in folder.glob("*.png")]
    return tuple(sorted((int(stem), path) for stem, path in found if stem.isdecimal()))


def simulated(path: Path) -> tuple[float | None, str | None]:
    """Quanta per mm² and pulse, and the leak that opens first, of a NAME.scenario.json.

    None where nobody says: the file may be of another version, or not be there.
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
    """The function `cases` of a Python file.

    Raises
    ------
    BenchError
        The file cannot be run, or has no such function.
    """
    spec = importlib.util.spec_from_file_location("bench_adapter", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise BenchError(f"{path}: is no Python file. Give the file of an adapter.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    # It is somebody's code: whatever it raises, its author must be told.
    except Exception as error:
        raise BenchError(f"{path}: {type(error).__name__}: {error}. Correct it.") from error
    adapter = getattr(module, "cases", None)
    if not callable(adapter):
        raise BenchError(f"{path}: has no function `cases(folder)`. Add it.")
    found: Adapter = adapter
    return found

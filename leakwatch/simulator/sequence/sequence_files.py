"""Files of a simulated sequence: NAME.dcm, NAME.case.json, NAME.truth.json, NAME.scenario.json.

Besides, where they are asked for, NAME.masks/ with a PNG of the cement in each frame.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec

from leakwatch.case_files.case_file import CASE_SUFFIX, encode_case
from leakwatch.case_files.truth_file import TRUTH_SUFFIX, encode_truth
from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text
from leakwatch.simulator.scenario.scenario import SCENARIO_SUFFIXES
from leakwatch.simulator.scenario.scenario_sections import plain
from leakwatch.simulator.sequence.dicom_writer import encode_dicom
from leakwatch.simulator.sequence.drawn_masks import Mask, mask_png
from leakwatch.simulator.sequence.simulation import Simulation


def write_simulation(simulation: Simulation, folder: Path) -> tuple[Path, ...]:
    """Write a sequence with what a person marks, its truth, and the scenario with all defaults.

    Parameters
    ----------
    simulation : Simulation
    folder : Path
        Made where absent; files of the same names are replaced.

    Returns
    -------
    tuple of Path
        In the order DICOM, case, truth, scenario.

    Raises
    ------
    SinkError
        A file cannot be written.
    """
    name = simulation.scenario.name
    scenario = (
        msgspec.json.format(msgspec.json.encode(plain(simulation.scenario)), indent=1) + b"\n"
    )
    files = {
        f"{name}.dcm": encode_dicom(simulation),
        f"{name}{CASE_SUFFIX}": encode_case(simulation.case),
        f"{name}{TRUTH_SUFFIX}": encode_truth(simulation.truth),
        f"{name}{SCENARIO_SUFFIXES['json']}": scenario,
    }
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file_name, data in files.items():
            path = folder / file_name
            path.write_bytes(data)
            paths.append(path)
    except OSError as error:
        raise _unwritten(error, folder) from error
    return tuple(paths)


def write_sequence(simulation: Simulation, folder: Path, name: str) -> Path:
    """Write the frames alone, as NAME.dcm.

    Raises
    ------
    SinkError
        The file cannot be written.
    """
    path = folder / f"{name}.dcm"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_dicom(simulation))
    except OSError as error:
        raise _unwritten(error, folder) from error
    return path


def write_masks(masks: Iterable[tuple[int, Mask]], folder: Path) -> int:
    """Write masks as 000042.png for frame 42; the folder is made, and emptied before.

    Parameters
    ----------
    masks : iterable of (int, ndarray)
        See `drawn_masks.cement_masks`.
    folder : Path

    Returns
    -------
    int
        How many there are.

    Raises
    ------
    SinkError
        A file cannot be written.
    """
    count = 0
    try:
        if folder.is_dir():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        for frame, mask in masks:
            (folder / f"{frame:06d}.png").write_bytes(mask_png(mask))
            count += 1
    except OSError as error:
        raise _unwritten(error, folder) from error
    return count


def _unwritten(error: OSError, folder: Path) -> SinkError:
    reason = error.strerror or type(error).__name__
    return SinkError(
        text(
            "{path}: cannot be written: {reason}. Choose another --out.",
            path=error.filename or folder,
            reason=reason,
        )
    )

"""A simulated sequence as files: NAME.dcm, NAME.case.json, NAME.truth.json, NAME.scenario.json."""

from __future__ import annotations

from pathlib import Path

import msgspec

from leakwatch.case import CASE_SUFFIX, TRUTH_SUFFIX, encode_case, encode_truth
from leakwatch.errors import SinkError
from leakwatch.phantom.dicom_writer import encode_dicom
from leakwatch.phantom.scenario import SCENARIO_SUFFIXES
from leakwatch.phantom.scenario_sections import plain
from leakwatch.phantom.simulate import Simulation


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
        reason = error.strerror or type(error).__name__
        raise SinkError(
            f"{error.filename or folder}: cannot be written: {reason}. Choose another --out."
        ) from error
    return tuple(paths)

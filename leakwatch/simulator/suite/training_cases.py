"""Built-in cases for training: made on request, and kept.

Each lies in a folder of its own, whose name tells what it was made from: a case of another version
of the program or of its scenario is never taken for it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from leakwatch import __version__
from leakwatch.case_files.case_file import CASE_SUFFIX
from leakwatch.core.errors import ConfigError, SinkError
from leakwatch.core.messages import text
from leakwatch.simulator.scenario.scenario_sections import plain
from leakwatch.simulator.scene.scene import frame_times_s
from leakwatch.simulator.sequence.request import anatomy_of
from leakwatch.simulator.sequence.sequence_files import write_simulation
from leakwatch.simulator.sequence.simulation import simulate
from leakwatch.simulator.suite.suite_case import unexpected_outcome
from leakwatch.simulator.suite.suite_file import SuiteCase, expand, load_suite

SUITE = "training"


def training_cases() -> tuple[SuiteCase, ...]:
    """Return all training cases, the easiest first."""
    return expand(load_suite(SUITE))


def frames_of(case: SuiteCase) -> int:
    """Return the number of frames of a case."""
    return len(frame_times_s(case.scenario))


def find_kept_case(case: SuiteCase, folder: Path) -> Path | None:
    """Return NAME.case.json of an existing case; None if it was not made.

    Parameters
    ----------
    case : SuiteCase
    folder : Path
        Where the cases are kept.
    """
    name = case.scenario.name
    path = folder / _folder_name(case) / f"{name}{CASE_SUFFIX}"
    return path if path.is_file() else None


def make_training_case(
    case: SuiteCase, folder: Path, on_frame: Callable[[], None] = lambda: None
) -> Path:
    """Return NAME.case.json of a case, which is made if missing.

    Parameters
    ----------
    case : SuiteCase
    folder : Path
        Made where absent.
    on_frame : callable
        Called after each frame that is made; what it raises ends the making, and nothing is left.

    Raises
    ------
    ConfigError
        The truth of the case is not what the case is for.
    SinkError
        It cannot be written.
    """
    kept = find_kept_case(case, folder)
    if kept is not None:
        return kept
    scenario = case.scenario
    simulation = simulate(scenario, anatomy_of(scenario), on_frame)
    why = unexpected_outcome(case, simulation.truth)
    if why is not None:
        raise ConfigError(
            text("{scenario} cannot be used for training: {why}", scenario=scenario.name, why=why)
        )
    target = folder / _folder_name(case)
    partial = target.with_name(f".{target.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        write_simulation(simulation, partial)
        for old in folder.glob(f"{scenario.name}-*"):
            shutil.rmtree(old)
        partial.rename(target)  # at once: half a case is never found
    except OSError as error:
        raise SinkError(
            text(
                "{folder}: the case cannot be saved: {reason}. Check permissions and free disk "
                "space.",
                folder=folder,
                reason=error.strerror,
            )
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target / f"{scenario.name}{CASE_SUFFIX}"


def _folder_name(case: SuiteCase) -> str:
    told = msgspec.json.encode(plain(case.scenario))
    digest = hashlib.sha256(__version__.encode() + b"\n" + told).hexdigest()
    return f"{case.scenario.name}-{digest[:12]}"

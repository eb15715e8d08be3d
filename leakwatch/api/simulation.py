"""Simulated sequences with exact truth, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from leakwatch.api.images import Photometric, Relationship
from leakwatch.core.marks import Marks
from leakwatch.core.truth import Truth


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated injection.

    Parameters
    ----------
    name : str
        Of the scenario.
    images : ndarray
        ``(frames, rows, columns)``, uint16.
    times_s : ndarray
        ``(frames,)``.
    marks : Marks
        What a person would mark.
    mm_per_px : float
        At the vertebra.
    bits_stored : int
    photometric, relationship : str
        As `Monitor` takes them.
    truth : Truth
        `truth.frames` has distance, area and volume of each frame.
    """

    name: str
    images: npt.NDArray[np.uint16]
    times_s: npt.NDArray[np.float64]
    marks: Marks
    mm_per_px: float
    bits_stored: int
    photometric: Photometric
    relationship: Relationship
    truth: Truth


def simulate(
    scenario: str | Path = "epidural", *, seed: int | None = None, out: str | Path | None = None
) -> Simulated:
    """Simulate a cement injection; takes some seconds.

    Parameters
    ----------
    scenario : str or Path
        A built-in scenario (`leakwatch simulate --list`), or a TOML file.
    seed : int or None
        None: that of the scenario. The same seed gives the same images.
    out : str, Path or None
        Folder into which NAME.dcm, NAME.case.json, NAME.truth.json and NAME.scenario.json are
        written, as `evaluate` and the commands read them.

    Returns
    -------
    Simulated

    Raises
    ------
    LeakWatchError
        There is no such scenario, or it cannot be written.
    """
    # Imported here: the simulator is no part of a program that watches.
    from leakwatch.simulator.sequence.request import anatomy_of, requested_scenario
    from leakwatch.simulator.sequence.sequence_files import write_simulation
    from leakwatch.simulator.sequence.simulation import simulate as simulated

    wanted = requested_scenario(str(scenario), seed)
    made = simulated(wanted, anatomy_of(wanted))
    if out is not None:
        write_simulation(made, Path(out))
    stored = wanted.pixels
    return Simulated(
        wanted.name,
        made.frames,
        made.times_s,
        made.case.marks,
        made.truth.mm_per_px,
        stored.bits,
        "MONOCHROME1" if stored.inverted else "MONOCHROME2",
        stored.relationship.value,
        made.truth,
    )
